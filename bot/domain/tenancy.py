"""The owner's policy above servers: who may draw on accounts that the owner pays, and how much at most.
Never here: what moderators decide (they divide this budget), Discord, and counting (storage does that)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.texts import Text

MINE: Final = "mine"
OPEN: Final = "open"
BASE_COST: Final = 1
"""What a job costs the owner at least, in units, whatever a server's moderators ask for it: upstream names no prices. Where
one call is paid by the picture, each costs it."""
OWN_KEY_WAITING: Final = 200
"""Jobs that may wait in a server with a key of its own, unless its ceiling says another number: it pays for them itself,
but the queue is everybody's."""
PARTS: Final = 4
LARGEST_ID: Final = 2**63 - 1
"""What a database can hold; no id of Discord's or of ours is larger."""
_ID: Final = re.compile("[1-9][0-9]{0,18}")


class Ceiling(NamedTuple):
    """The most that may be drawn; None: as much as anybody likes. Days and months are UTC's, and every pool counts."""

    per_day: int | None = None
    """Units a day."""
    per_month: int | None = None
    """Units a month."""
    at_once: int | None = None
    """Jobs upstream at the same time, in each pool of an account."""
    waiting: int | None = None
    """Jobs queued behind those, in every pool."""

    @override
    def __str__(self) -> str:
        """As settings and commands spell it."""
        if self == NO_CEILING:
            return "unlimited"
        return "/".join("unlimited" if n is None else str(n) for n in self)


NO_CEILING: Final = Ceiling()


def parse_ceiling(spelling: str) -> Ceiling:
    """Read `300/3000/3/20` (a day / a month / at once / waiting), parts of it `unlimited`, or all of it.

    Raises ValueError with a sentence that says what is wrong.
    """
    words = spelling.strip().lower()
    parts = ["unlimited"] * PARTS if words == "unlimited" else [part.strip() for part in words.split("/")]
    if len(parts) != PARTS:
        raise ValueError("must read per-day/per-month/at-once/waiting, such as 300/3000/3/20, or unlimited")
    numbers = [_number(part) for part in parts]
    if 0 in numbers[2:]:
        raise ValueError(
            "must let at least one job run and one wait; 0 units a day keeps a server from beginning any"
        )
    return Ceiling(*numbers)


def _number(part: str) -> int | None:
    if part == "unlimited":
        return None
    if not part.isascii() or not part.isdigit() or len(part) > 9:  # noqa: PLR2004 - what a 32-bit column holds
        raise ValueError(f"holds “{part}”, which is neither a whole number nor unlimited")
    return int(part)


def read_id(typed: str) -> int | None:
    """One of Discord's ids as people paste it; None for anything else, also for what only Python takes for a number."""
    words = typed.strip()
    if _ID.fullmatch(words) is None or int(words) > LARGEST_ID:
        return None
    return int(words)


@dataclass(frozen=True, slots=True)
class Access:
    """Which servers draw on the owner's accounts, besides those that were let in one by one."""

    mine: bool = False
    """Servers that the application's owner, or a member of its team, owns."""
    everyone: bool = False
    ids: frozenset[int] = frozenset()

    def admits(self, guild_id: int | None, server: KnownServer | None) -> bool:
        """Whether a server may draw on the owner's accounts. What is not known is not let in."""
        if server is not None and server.shut_at is not None:
            return False
        if self.everyone or guild_id in self.ids:
            return True
        return server is not None and (server.let_in_at is not None or (self.mine and server.ours))


def parse_access(spelling: str) -> Access:
    """Read `mine`, `open` or ids of servers with commas between them; raises ValueError with a sentence."""
    words = spelling.strip().lower()
    if words in {MINE, OPEN}:
        return Access(mine=words == MINE, everyone=words == OPEN)
    parts = [part.strip() for part in words.split(",") if part.strip()]
    ids = [read_id(part) for part in parts]
    if not ids or None in ids:
        raise ValueError("must be mine, open, or ids of servers with commas between them")
    return Access(ids=frozenset(id_ for id_ in ids if id_ is not None))


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownServer:
    """What is stored of a server, as processes at Discord's gateway saw it, and what the owner decided."""

    guild_id: int
    name: str = ""
    owner_id: int | None = None
    ours: bool = False
    """Whether its owner is the application's owner or a member of its team."""
    left_at: int | None = None
    """Since when the bot is not there."""
    greeted_at: int | None = None
    asked_at: int | None = None
    """When the owner was asked about it."""
    let_in_at: int | None = None
    let_in_by: int | None = None
    """Who let it in; None: somebody at the command line."""
    shut_at: int | None = None
    """Since when it is kept out, whatever else holds."""
    ceiling: Ceiling | None = None
    """Its own, in place of the usual one."""

    def ceiling_by(self, usual: Ceiling) -> Ceiling:
        """What it may draw: its own ceiling; else none for the owner's own servers, and the usual one for others."""
        if self.ceiling is not None:
            return self.ceiling
        return NO_CEILING if self.ours else usual


class Used(NamedTuple):
    """What was drawn on the owner's accounts, in units, and what is on its way."""

    today: int
    month: int
    running: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """On which terms of the owner a job may begin, checked in the transaction that inserts it."""

    guild_id: int | None
    """Its server."""
    account: str
    cost: int
    """Units that it takes from the owner's budget."""
    access: Access
    usual: Ceiling
    """Of servers without a ceiling of their own."""
    of_account: Ceiling
    refusal: Text
    """What a server hears that is not let in."""


class TenantStore(Protocol):
    """What is stored of servers for the owner's policy."""

    async def find(self, guild_id: int) -> KnownServer | None:
        """Read one; None: no process ever saw it."""

    async def every(self) -> Sequence[KnownServer]:
        """Read all, by name."""

    async def note(self, guild_id: int, *, name: str, owner_id: int | None, ours: bool) -> KnownServer:
        """Store what Discord says of a server in which the bot is now; what the owner decided stays."""

    async def joined(self, guild_id: int) -> None:
        """The bot is there (again), whatever else is known of it."""

    async def left(self, guild_id: int, at: int) -> None:
        """The bot was sent away."""

    async def claim(self, guild_id: int, what: str, at: int) -> bool:
        """Take it upon this process to greet (`greeted_at`), or to ask the owner (`asked_at`): one of all may, once."""

    async def let_in(self, guild_id: int, *, by: int | None, at: int) -> KnownServer:
        """Let a server draw on the owner's accounts; one that nobody saw yet, too."""

    async def shut_out(self, guild_id: int, *, at: int) -> KnownServer:
        """Keep a server off the owner's accounts, whatever else holds."""

    async def set_ceiling(self, guild_id: int, ceiling: Ceiling | None) -> KnownServer:
        """Give a server a ceiling of its own; None: the usual one again."""

    async def used(self, now: int, guild_ids: Sequence[int]) -> Mapping[int, Used]:
        """Read what servers have drawn on the owner's accounts today and this month."""
