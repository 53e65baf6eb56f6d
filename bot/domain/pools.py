"""Pools, and what a member may do in them: rules, allowances and the choice between several.
Never here: counting (that is a query inside the inserting transaction) and Discord's role objects."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from bot.texts import Text, text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

DEFAULT_RULE: Final = "default"
"""The rule of a server that has none: the deployment's."""


class Pool(StrEnum):
    """The pools of image APIs (contract §7, family §6). A chain stays in the one it began in."""

    NORMAL = "NORMAL"
    """Cheap; may take minutes."""
    FAST = "FAST"
    """Dearer and quicker; upstream's own default, which is why the pool is always sent explicitly."""
    TURBO = "TURBO"
    """Quicker still, at twice the price; only some servers of the `/mj` family have it."""
    DRAW = "DRAW"
    """The second engine, for `/draw` alone: no job of Midjourney's runs in it, and none of its own anywhere else."""


MIDJOURNEY_POOLS: Final = (Pool.NORMAL, Pool.FAST, Pool.TURBO)
USUAL_POOLS: Final = (Pool.NORMAL, Pool.FAST)
"""Shown everywhere, also where they are off; any other pool only where an account serves it."""


def midjourneys(pools: Iterable[Pool]) -> list[Pool]:
    """Those that a prompt of Midjourney's can go to: it moves to no other, and an order of the engine's moves nowhere."""
    return [pool for pool in pools if pool in MIDJOURNEY_POOLS]


def shown_pools(served: Collection[Pool]) -> tuple[Pool, ...]:
    """The pools that a server sees, given which its accounts serve."""
    return tuple(pool for pool in Pool if pool in USUAL_POOLS or pool in served)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one member may do in one pool of one server; `None` means unlimited."""

    per_day: int | None
    """Units a day."""
    running: int | None
    """Jobs upstream at the same time."""
    waiting: int | None
    """Jobs queued behind those."""
    rule: str = DEFAULT_RULE
    """Which rule gave it, for refusals and `/quota`: `default`, or a role id (the server's own: everyone)."""
    per_month: int | None = None
    """Units a month."""
    cooldown: int = 0
    """Seconds from one job to the next."""

    def at_once(self) -> int | None:
        """How many unfinished jobs a member may have in all, running or waiting."""
        if self.running is None or self.waiting is None:
            return None
        return self.running + self.waiting

    def gives_nothing(self) -> bool:
        """Whether it has no unit for anybody: what they have is granted."""
        return 0 in {self.per_day, self.per_month}

    def without_jobs(self) -> Allowance:
        """The same for what is paid and begins no job: only units count, unless no job may ever begin."""
        if self.at_once() == 0:
            return replace(self, cooldown=0)
        return replace(self, running=None, waiting=None, cooldown=0)


UNLIMITED = Allowance(None, None, None)


class Unset:
    """Nothing was said about a number: it stays as it is."""


UNSET: Final = Unset()
NewLimit = int | None | Unset


@dataclass(frozen=True, slots=True)
class AllowanceChange:
    """What was said about an allowance; None is unlimited."""

    per_day: NewLimit = UNSET
    running: NewLimit = UNSET
    waiting: NewLimit = UNSET
    per_month: NewLimit = UNSET
    cooldown: int | Unset = UNSET
    """Seconds; 0 asks for no rest."""

    def over(self, base: Allowance) -> Allowance:
        """Fill what was not said from what held so far."""

        def pick(said: NewLimit, so_far: int | None) -> int | None:
            return so_far if isinstance(said, Unset) else said

        return Allowance(
            pick(self.per_day, base.per_day),
            pick(self.running, base.running),
            pick(self.waiting, base.waiting),
            per_month=pick(self.per_month, base.per_month),
            cooldown=base.cooldown if isinstance(self.cooldown, Unset) else self.cooldown,
        )

    def is_empty(self) -> bool:
        """Whether nothing was said at all."""
        said = (self.per_day, self.running, self.waiting, self.per_month, self.cooldown)
        return all(isinstance(n, Unset) for n in said)


@dataclass(frozen=True, slots=True)
class PoolRule:
    """What a role gives its members in one pool of one server (design §5); `None` means unlimited."""

    guild_id: int
    pool: Pool
    role_id: int
    """The server's own id stands for everyone, as it does with Discord."""
    per_day: int | None
    running: int | None
    waiting: int | None
    per_month: int | None = None
    cooldown: int = 0
    """Seconds from one job of a member to the next."""

    def allowance(self) -> Allowance:
        """The same for one member."""
        return Allowance(
            self.per_day,
            self.running,
            self.waiting,
            rule=str(self.role_id),
            per_month=self.per_month,
            cooldown=self.cooldown,
        )


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """What a server's settings say about accepting a job, checked in the transaction that inserts it."""

    revision: int
    """The settings this was decided by; if they have changed, the decision is made anew."""
    zone: str
    """The time zone in which its days begin."""
    per_day: int | None = None
    """Units a day for the whole server in this pool."""


def allowance_of(
    rules: Iterable[PoolRule], pool: Pool, *, guild_id: int, role_ids: Collection[int]
) -> Allowance | None:
    """The most generous rule of the member's roles in a pool; None if no rule matches."""
    mine = {guild_id, *role_ids}
    return most_generous(rule.allowance() for rule in rules if rule.pool is pool and rule.role_id in mine)


def name_rule(rule: str, guild_id: int | None) -> Text:
    """Name a rule in a sentence; Discord itself writes a role's name."""
    if rule == DEFAULT_RULE:
        return text("rule.default")
    if rule == str(guild_id):
        return text("rule.everyone")
    return text("rule.role", role=rule)


def most_generous(allowances: Iterable[Allowance]) -> Allowance | None:
    """Pick the rule that gives most: units a day first, then running at once, waiting, units a month (design §5)."""

    def generosity(a: Allowance) -> tuple[float, ...]:
        most = (a.per_day, a.running, a.waiting, a.per_month)
        return (*(float("inf") if n is None else float(n) for n in most), -a.cooldown)

    return max(allowances, key=generosity, default=None)


def parse_default_rules(spelling: str) -> Mapping[Pool, Allowance]:
    """Read `NORMAL=50/3/10,FAST=10/1/5` (per day / running at once / waiting; `unlimited`; `off`).

    A pool that is off, or not named, is missing from the result. Raises ValueError with a sentence that names
    the part it could not read (design §8, `DEFAULT_RULES`).
    """
    rules: dict[Pool, Allowance] = {}
    named: set[Pool] = set()
    for part in filter(None, (p.strip() for p in spelling.split(","))):
        name, _, value = (s.strip() for s in part.partition("="))
        try:
            pool = Pool(name.upper())
        except ValueError:
            raise ValueError(
                f"“{part}” does not name a pool: write NORMAL=…, FAST=…, TURBO=… or DRAW=…"
            ) from None
        if pool in named:
            raise ValueError(f"{pool} is named twice")
        named.add(pool)
        if value.lower() == "off":
            continue
        numbers = ["unlimited"] * 3 if value.lower() == "unlimited" else value.split("/")
        match [_limit(n, part) for n in numbers]:
            case [per_day, running, waiting]:
                rules[pool] = Allowance(per_day, running, waiting)
            case _:
                raise ValueError(f"“{part}” must read per-day/running/waiting, unlimited or off")
    return rules


def _limit(spelling: str, part: str) -> int | None:
    word = spelling.strip().lower()
    if word == "unlimited":
        return None
    if not word.isascii() or not word.isdigit() or len(word) > 9:  # noqa: PLR2004 - what a 32-bit column holds
        raise ValueError(
            f"“{spelling}” in “{part}” is neither a whole number of at most nine digits nor unlimited"
        )
    return int(word)
