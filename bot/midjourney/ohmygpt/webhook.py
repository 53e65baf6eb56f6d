"""Webhooks as hints: the address that names a job, and the little that a body may tell (contract §3).
Never here: HTTP, and belief in what a webhook says; the result is always read again from the API."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from bot.midjourney.ohmygpt.wire import read_object

if TYPE_CHECKING:
    from bot.domain.tasks import RemoteTaskId, TaskStatus

PATH: Final = "/hook"
"""The receiver listens at `PATH/{token}`, POST only, and answers 204 at once whatever comes."""
LONGEST_BODY: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class WebhookHint:
    """What a body claims. It decides nothing but how soon the task is read."""

    task_id: RemoteTaskId
    status: TaskStatus


def webhook_address(public_url: str | None, token: str) -> str | None:
    """Build the address that is sent along with a submission; None if the bot cannot be reached from outside.

    The token is the only secret there is: posts are not signed and come from no fixed address.
    """
    if not public_url:
        return None
    return f"{public_url.rstrip('/')}{PATH}/{quote(token, safe='')}"


def read_hint(body: bytes) -> WebhookHint | None:
    """Read a task object at top level or inside `data` (contract §8 row 21); None for anything else. Never raises."""
    if len(body) > LONGEST_BODY:
        return None
    try:
        posted = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(posted, dict):
        return None
    task = read_object(posted) or read_object(posted.get("data"))
    return None if task is None else WebhookHint(task_id=task.task_id, status=task.status)
