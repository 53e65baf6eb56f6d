"""A link to the page on which one person paints the region that one button is to repaint, and the store of such links.
Never here: the token itself (only its digest is known), HTTP, and what is painted."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from bot.domain.keys import JobKey

LINK_LIFE_MS: Final = 10 * 60_000
"""How long a link is good for."""
LINK_KEPT_MS: Final = 24 * 3_600_000
"""How long after its end a link's row stays: whoever comes late still gets a sentence in their own language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionLink:
    """Good for one person, one button of one job, a few minutes and one job that comes of it.

    There is no login on the page: whoever has the link acts as the person it was made for.
    """

    digest: str = field(repr=False)
    """Of the token, see `digest_of`; whoever reads the database cannot use the link."""
    job: JobKey
    position: int
    user_id: int
    guild_id: int | None
    asker: str = field(repr=False)
    """The person as the services wrote them down, to begin the job in their name."""
    locale: str
    """The person's language."""
    expires_at: int
    used_at: int | None = None

    def is_open(self, now: int) -> bool:
        """Whether a region may still be sent in."""
        return self.used_at is None and now < self.expires_at


def digest_of(token: str) -> str:
    """What is kept of a token. It is random and long, so a plain hash tells nothing about it."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


class RegionLinkStore(Protocol):
    """Links as rows. Every method raises `StorageTrouble` and is one transaction."""

    async def add(self, link: RegionLink) -> None:
        """Keep a new link."""

    async def find(self, digest: str) -> RegionLink | None:
        """Read a link, used and expired ones too."""

    async def use(self, digest: str, at: int) -> bool:
        """Mark it used; True for exactly one of all who ask, in any process."""


class Screens(Protocol):
    """Makes pictures fit for a screen. Nothing here is quick, and nothing blocks the event loop."""

    async def fit(self, picture: bytes) -> bytes:
        """A WebP of a still picture, with at most 2048 pixels a side."""
