"""Keys of the image service's account, as whoever holds its admin key sees and makes them: caps, expiry, what was used.
Never here: calls, and a key in any value that is shown (what holds one shows it in no repr)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from bot.domain.schedule import DAY

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

PERMISSIONS: Final = ("midjourney", "file-v1")
"""What a key needs to make pictures here, and nothing more (contract §0.2)."""
NEARLY_PERCENT: Final = 80
"""From this share of its cap on a key is nearly used up."""
_REMARK: Final = re.compile(r"Easel ([a-z0-9][a-z0-9_-]{0,31}) #([0-9a-z]{6,20})")


def remark_of(subject: str, tag: str) -> str:
    """What is written beside a key upstream: whom it is for, and the tag by which it is found again."""
    return f"Easel {subject} #{tag}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamKey:
    """One key of the account; everything but the key itself may be missing upstream."""

    key: str = field(repr=False)
    remark: str = ""
    used: Decimal | None = None
    """Credits that were paid with it, ever."""
    cap: Decimal | None = None
    """Credits that may be paid with it; None: as many as the account has."""
    expires_at: int | None = None
    created_at: int | None = None
    used_at: int | None = None
    permissions: tuple[str, ...] = ()
    is_admin: bool = False
    is_disabled: bool = False

    @property
    def subject(self) -> str | None:
        """Whom it was made for; None: it is none of ours, and nobody is told of it."""
        match = _REMARK.fullmatch(self.remark)
        return None if match is None else match[1]

    @property
    def tag(self) -> str:
        """What tells it from our other keys."""
        match = _REMARK.fullmatch(self.remark)
        return "" if match is None else match[2]

    @property
    def percent(self) -> int | None:
        """How much of the cap is used, rounded down; None: unknown, or there is no cap."""
        if self.used is None or self.cap is None or self.cap <= 0:
            return None
        return int(self.used * 100 / self.cap)


class KeyAdmin(Protocol):
    """The account's keys, through its admin key. Every method raises `RemoteError`.

    Nothing is repeated here: making a key twice makes two, and a key whose making nobody answered is found by its remark.
    """

    async def keys(self) -> Sequence[UpstreamKey]:
        """Every key of the account; at most once a second."""

    async def make_key(self, *, remark: str, cap: int, expires_at: int) -> str:
        """Make a key for pictures, with a cap in credits (1 at least) and an end (milliseconds since 1970)."""

    async def change_key(self, key: UpstreamKey) -> None:
        """Have a key be as this value says: cap, expiry, disabled or not. The same may be asked twice."""

    async def delete_key(self, key: str) -> None:
        """Delete a key for good."""

    async def membership_end(self) -> int | None:
        """When the account's membership ends; None: it has none, or does not say."""


@runtime_checkable
class KeyHolder(Protocol):
    """An account that can tell whether a listed key is its own."""

    def holds(self, key: str) -> bool:
        """Whether it pays with this key."""


def read_end(typed: str, now: int) -> int:
    """Read an end: a day (`2027-01-31`, until it is over in UTC) or days from now (`30d`). Raises ValueError."""
    words = typed.strip().lower()
    days = re.fullmatch(r"([0-9]{1,5}) ?d(?:ays?)?", words)
    if days is not None:
        return now + int(days[1]) * DAY
    day = datetime.strptime(words, "%Y-%m-%d").replace(tzinfo=UTC)
    return int(day.timestamp() * 1000) + DAY - 1_000
