"""What a webhook's body claims, whichever kind of API posted it: the account is known only once the job was found.
Never here: HTTP, and belief in what a webhook says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.midjourney.mjproxy.readings import read_hint as read_proxy_hint
from bot.midjourney.ohmygpt.webhook import read_hint as read_ohmygpt_hint

if TYPE_CHECKING:
    from bot.midjourney.ohmygpt.webhook import WebhookHint


def read_hint(body: bytes) -> WebhookHint | None:
    """Read it by its shape; None for anything else. Never raises."""
    return read_ohmygpt_hint(body) or read_proxy_hint(body)
