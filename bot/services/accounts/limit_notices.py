"""What is worth telling of a key's limits and of a membership: 80 % of the cap, the cap, a week before an end.
Never here: telling it, and remembering what was told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.schedule import HOUR
from bot.domain.upstream_keys import NEARLY_PERCENT
from bot.texts import Text, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.upstream_keys import UpstreamKey

EARLY_MS: Final = 7 * 24 * HOUR
WHOLE: Final = 100
MEMBERSHIP_END: Final = "membership@"
"""So begins the mark of a membership's end, which stands beside those of a key."""


def notices_of_key(key: UpstreamKey, now: int) -> Mapping[str, Text | None]:
    """What holds of a key now, by marks that change with the cap and the end, so that a new one is told anew.

    None: it holds, and something that says more is told in its place.
    """
    found: dict[str, Text | None] = {}
    percent = key.percent
    if percent is not None and key.cap is not None and key.used is not None:
        used, cap = int(key.used), int(key.cap)
        if percent >= WHOLE:
            found[f"whole@{cap}"] = text("log.key_used_up", used=used, limit=cap)
        if percent >= NEARLY_PERCENT:
            nearly = text("log.key_nearly_used", percent=percent, used=used, limit=cap)
            found[f"nearly@{cap}"] = None if percent >= WHOLE else nearly
    if key.expires_at is not None and key.expires_at - now <= EARLY_MS:
        found[f"end@{key.expires_at}"] = text("log.key_ends", until=key.expires_at // 1_000)
    return found


def notices_of_membership(end: int | None, now: int) -> Mapping[str, Text | None]:
    """The same of a membership's end."""
    if end is None or end - now > EARLY_MS:
        return {}
    return {f"{MEMBERSHIP_END}{end}": text("log.membership_ends", until=end // 1_000)}
