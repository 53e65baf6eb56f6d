"""A server's settings and what moderators keep beside them: blocks, strikes, grants, the audit, the books as read.
Never here: Discord's objects, storage, and decisions (those are in services)."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final

from bot.domain.costs import Cost
from bot.domain.days import UTC_ZONE
from bot.domain.intake.batches import DEFAULT_JOBS, MOST_JOBS
from bot.domain.people import NEVER
from bot.domain.pools import Pool, PoolRule  # noqa: TC001 - storage's codec reads the annotations when the program runs
from bot.domain.prices import Price  # noqa: TC001 - as above
from bot.domain.servers.access import ChannelPolicy, MediaRule, NewcomerGate, PressPolicy
from bot.domain.servers.declarations import Named, Number, Switch, setting
from bot.domain.servers.image_rules import ImagePolicy
from bot.domain.servers.moderation import StrikePolicy, WordRule
from bot.domain.servers.prompt_rules import KindRule, ParameterLimit, PromptAddition  # noqa: TC001 - as above

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey

NOTHING_SPENT: Final = Cost()
KEPT: Final = -1
"""Days after which a server forgets prompts whose moderators decided that they are kept, whatever the owner's rule is."""
DELETION_DELAY_MS: Final = 30 * 86_400_000
"""How long a server's data outlives the bot's leaving: somebody may have removed it by mistake."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something."""

    user_id: int
    name: str


@dataclass(frozen=True, slots=True)
class ServerTotal:
    """Units a day for the whole server in a pool."""

    pool: Pool
    per_day: int


@dataclass(frozen=True, slots=True)
class Pools:
    """Which pools are switched off, and which one a command means that names none (None: the deployment's)."""

    off: tuple[Pool, ...] = ()
    default: Pool | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Moderators stopped things for a while."""

    pool: Pool | None
    """None: everything."""
    words: str
    """What members read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuildSettings:
    """All that the moderators of one server decided. Every field but the first two is a section of the audit."""

    guild_id: int
    revision: int = 0
    """Grows with each change; 0 for a server that never changed anything."""
    pools: Pools = field(default_factory=Pools)
    rules: tuple[PoolRule, ...] = ()
    """A pool without any rule follows the deployment's defaults."""
    totals: tuple[ServerTotal, ...] = ()
    prices: tuple[Price, ...] = ()
    zone: str = setting("zone", "name", Named.ZONE, default=UTC_ZONE, path="pool zone", sentence="zone")
    """The time zone in which a day begins."""
    locale: str | None = setting(
        "language",
        "language",
        Named.LANGUAGE,
        default=None,
        optional=True,
        unset="automatic",
        sentence="language",
    )
    """Language of public cards; None: Discord's setting of the server."""
    press: PressPolicy = field(default_factory=PressPolicy)
    channels: ChannelPolicy = field(default_factory=ChannelPolicy)
    gate: NewcomerGate = field(default_factory=NewcomerGate)
    media: tuple[MediaRule, ...] = ()
    words: tuple[WordRule, ...] = ()
    strikes: StrikePolicy = field(default_factory=StrikePolicy)
    log_channel: int | None = setting(
        "log", "channel", Named.CHANNEL, default=None, optional=True, unset="off", sentence="log"
    )
    retention_days: int | None = setting(
        "retention",
        "days",
        Number(1, 3_650, names=((KEPT, "never"),), hint="retention_hint"),
        default=None,
        optional=True,
        unset="off",
        unset_value=KEPT,
    )
    """After so many days prompts of finished jobs are forgotten; `KEPT`: never; None: as the owner says."""
    pauses: tuple[Pause, ...] = ()
    images: ImagePolicy = field(default_factory=ImagePolicy)
    additions: tuple[PromptAddition, ...] = ()
    limits: tuple[ParameterLimit, ...] = ()
    kinds: tuple[KindRule, ...] = ()
    batch: int = setting(
        "batch",
        "most",
        Number(1, MOST_JOBS),
        default=DEFAULT_JOBS,
        path="mod prompts batch",
        sentence="prompt_batch",
    )
    """Jobs that one prompt may ask for (`--repeat`, choices in braces); 1: no more than one."""

    news_after: int | None = setting(
        "pings",
        "after",
        Number(NEVER, 86_400, names=((NEVER, "never"), (0, "always")), hint="pings_hint"),
        default=None,
        optional=True,
        unset="automatic",
    )
    """Seconds after which a result comes as a new message that pings; 0: always, `NEVER`: never, None: as usual."""
    translate: bool = setting(
        "translate", "on", Switch(), default=False, sentence="translate", needs_model=True
    )
    """Whether prompts of members who did not say otherwise are sent in English."""
    previews: bool = setting("previews", "on", Switch(), default=True, sentence="previews")
    """Whether cards show a picture while it is being made, where the service gives one: as Midjourney itself does."""

    def pause_of(self, pool: Pool) -> Pause | None:
        """What stops a pool at the moment: everything's pause, or its own."""
        return next((p for wanted in (None, pool) for p in self.pauses if p.pool is wanted), None)

    def total(self, pool: Pool) -> int | None:
        """The server's units a day in a pool; None: unlimited."""
        return next((t.per_day for t in self.totals if t.pool is pool), None)

    def rules_of(self, pool: Pool) -> tuple[PoolRule, ...]:
        """The rules of one pool."""
        return tuple(rule for rule in self.rules if rule.pool is pool)


SECTIONS: Final = tuple(f.name for f in fields(GuildSettings) if f.name not in {"guild_id", "revision"})
"""What can be changed, by name."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of a server's history."""

    id: int
    guild_id: int
    at: int
    actor: Actor
    action: str
    """`settings` (the sections are keys of before and after), `undo`, or what was done to a member or the queue."""
    subject: int | None
    """The member concerned."""
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    undoes: int | None = None
    """The entry whose change this one took back."""
    undone_by: int | None = None
    size: int = field(default=0, compare=False)
    """Bytes of what it says, as it is stored."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A change of settings that was written; `entry` is None if there was nothing to change."""

    before: GuildSettings
    after: GuildSettings
    entry: AuditEntry | None


@dataclass(frozen=True, slots=True)
class Block:
    """A member who may not make pictures."""

    user_id: int
    until: int | None
    """None: until somebody lifts it."""
    reason: str
    by: Actor
    at: int


@dataclass(frozen=True, slots=True)
class Strike:
    """A strike that still counts, or did."""

    user_id: int
    at: int
    why: str
    """The rule's pattern; never the prompt."""
    spent: bool
    """It counts no more: it has led to a block, was forgiven, or is too old."""


@dataclass(frozen=True, slots=True)
class Struck:
    """Where a strike has led."""

    count: int
    """The member's strikes with this one; 0 if the server's strikes of an hour are used up."""
    blocked_until: int | None
    fresh: bool
    """False if it was not counted: the same interaction was before, or the server's strikes of an hour are used up."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Extra units for a member, used when the day's own are gone."""

    id: int
    user_id: int
    pool: Pool
    units: int
    left: int
    reason: str
    by: Actor
    at: int
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class GrantsLeft:
    """What a member's unexpired grants have left in a pool: what somebody is asked about who would take it back."""

    units: int
    newest: int
    """The latest grant's id: a later one was not asked about. 0 if there is none."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the books say about a member today in a pool, and about the server."""

    spent: int = 0
    """Of the day's own allowance."""
    granted: int = 0
    """Left of unexpired grants."""
    running: int = 0
    waiting: int = 0
    server_spent: int = 0
    spent_this_month: int = 0
    """Of the month's own allowance, if the month was asked for."""


@dataclass(frozen=True, slots=True)
class PoolTotals:
    """A pool of a server today, for the panel."""

    spent: int = 0
    running: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class UsageRow:
    """What a member spent on a day in a pool, as the ledger has it: refunds are taken off the day that paid."""

    day: date
    pool: Pool
    user_id: int
    units: int
    jobs: int
    """Jobs that were not refunded."""
    cost: Cost = NOTHING_SPENT


@dataclass(frozen=True, slots=True)
class MemberView:
    """All that a moderator sees of a member."""

    user_id: int
    block: Block | None
    strikes: Sequence[Strike]
    """The latest ones."""
    counting: int
    """How many strikes count today, of all."""
    grants: Sequence[Grant]
    jobs: Sequence[Job]
    """The latest ones, without their actions."""
    spent_today: Mapping[Pool, int]
    made: int
    """Jobs in this server, ever."""


@dataclass(frozen=True, slots=True)
class ErasedCard:
    """A message in Discord that shows words of somebody who was erased."""

    message_id: int
    channel_id: int
    guild_id: int
    job_key: JobKey
    own: bool
    """It is theirs, and is deleted; else another's, and is drawn anew without the words."""
    tries: int
    """Attempts, this one included."""


def differing(before: GuildSettings, after: GuildSettings) -> tuple[str, ...]:
    """The sections in which two settings differ."""
    return tuple(name for name in SECTIONS if getattr(before, name) != getattr(after, name))
