"""The tables, as SQLAlchemy Core sees them: columns, keys, and with `indexes` one index for each query that runs in a loop.
Never here: queries, connections, and how the tables came to be (that is `migrations`)."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)

from bot.domain.failures import FailureKind
from bot.domain.jobs import LIVE, UPSTREAM, JobState
from bot.domain.schedule import HOUR

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement

# Times are whole milliseconds and ids of Discord are snowflakes: both need 64 bits.


def _one_of(states: Iterable[JobState]) -> str:
    ordered = [state for state in JobState if state in frozenset(states)]
    return "state IN (" + ", ".join(f"'{state.value}'" for state in ordered) + ")"


# A planner uses a partial index only if it can see that the query's condition implies the index's. Bound parameters
# hide that, so these conditions are spelled with constants, once, for both.
IS_QUEUED: Final = f"state = '{JobState.QUEUED.value}'"
IN_LINE: Final = f"{IS_QUEUED} AND put_off = FALSE"
IS_PUT_OFF: Final = f"{IS_QUEUED} AND put_off = TRUE"
"""Waits for a time, and stands in no line until then."""
IS_LIVE: Final = _one_of(LIVE)
IS_UPSTREAM: Final = _one_of(UPSTREAM)
IS_OPEN: Final = f"state <> '{JobState.QUEUED.value}' AND delivered_at IS NULL"
"""Past the queue and not yet shown to people: tracked, unclear, or finished and undelivered."""
IS_FREE: Final = f"{IS_OPEN} AND owner IS NULL"
IS_WATCHED: Final = (
    f"state = '{JobState.FAILED.value}' AND failure_kind = '{FailureKind.TIMED_OUT.value}' "
    "AND delivered_at IS NOT NULL AND task_id IS NOT NULL"
)
"""We gave up on it, said so, and still look now and then (the time limit is the query's part)."""
IS_LOST: Final = (
    f"state = '{JobState.FAILED.value}' AND failure_kind = '{FailureKind.LOST.value}' AND task_id IS NULL"
)
"""Perhaps accepted upstream, and given up because nobody could tell."""
IS_OWNED: Final = "owner IS NOT NULL"
HAS_PARENT: Final = "parent IS NOT NULL"
HAS_ANCESTOR: Final = "ancestor IS NOT NULL"
HAS_TASK: Final = "task_id IS NOT NULL"
CAN_REPLY: Final = "token IS NOT NULL"
IS_KEPT: Final = "(prompt <> '' OR subject IS NOT NULL)"
"""What somebody wrote or gave is still there: neither erased nor forgotten."""

ERASED: Final = "—"
"""The name of somebody whose name was erased."""
OWN, WORDS = "own", "words"
"""Marks of jobs: its member was erased, or others' words that it carries on. What still runs is emptied as it ends."""
EMPTIED: Final = MappingProxyType(
    {"prompt": "", "typed": None, "subject": None, "result_text": None, "failure_words": None, "token": None}
)
"""A job without what people wrote, and what upstream made of it. Buttons go on working: they need ids alone."""
FORGOTTEN: Final = MappingProxyType(
    {**EMPTIED, "user_name": ERASED, "discord_url": None, "storage_key": None}
)
"""A job of somebody who is erased: neither words nor a picture's address."""

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_index",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)

jobs = Table(
    "jobs",
    metadata,
    Column("key", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    # No foreign keys along the chain: a press copies what it needs, so ancestors may be pruned one day.
    Column("root", Text, nullable=False),
    Column("pool", Text, nullable=False),
    Column("prompt", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("user_name", Text, nullable=False),
    Column("locale", Text, nullable=False),
    Column("interaction_id", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("notes", Text, nullable=False),  # a JSON list of sentence ids
    Column("units", Integer, nullable=False),
    # reply.*, with `reply_guild_id` below; `guild_id` is the home server, by which everything is counted and listed
    Column("channel_id", BigInteger, nullable=False),
    Column("guild_id", BigInteger),
    Column("application_id", BigInteger, nullable=False),
    Column("token", Text),
    Column("token_until", BigInteger, nullable=False),
    Column("message_id", BigInteger),
    Column("message_at", BigInteger),
    Column("upload_limit", BigInteger, nullable=False),
    # press.*
    Column("parent", Text),
    Column("position", Integer),
    Column("press_custom_id", Text),
    Column("press_label", Text),
    Column("press_parent_task", Text),
    Column("press_channel_id", BigInteger),
    Column("press_message_id", BigInteger),
    # progress
    Column("state", Text, nullable=False),
    Column("sent_at", BigInteger),
    Column("submitted_at", BigInteger),
    Column("changed_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Column("webhook_token", Text, nullable=False),
    Column("task_id", Text),
    Column("progress", Integer),
    Column("discord_url", Text),
    Column("storage_key", Text),
    Column("result_text", Text),
    Column("failure_kind", Text),
    Column("failure_words", Text),
    Column("hold", Text),
    Column("unwanted", Boolean, nullable=False),
    # work
    Column("due_at", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("delivered_at", BigInteger),
    Column("route", Text),
    Column("posting_at", BigInteger),
    Column("owner", Text),
    Column("lease_until", BigInteger, nullable=False),
    Column("fence", BigInteger, nullable=False),
    # The store's own: how many jobs its member may have upstream at once (NULL: any number) ...
    Column("running_limit", Integer),
    # ... and whether somebody wrote to the row beside a worker that was sending it (see `SqlJobStore.cancel`).
    Column("touched", Boolean, nullable=False, server_default=false()),
    # ancestor.*; here, because a column that comes later stands last
    Column("ancestor", Text),
    Column("ancestor_channel_id", BigInteger),
    Column("ancestor_message_id", BigInteger),
    Column("inputs", Integer, nullable=False, server_default=text("0")),
    Column("shape", Text),
    Column("subject", Text),
    Column("reply_guild_id", BigInteger),
    Column("home_channel_id", BigInteger),
    # press.*
    Column("press_remix", Boolean),
    Column("press_zoom", Text),
    Column("server_ahead", Integer),
    Column("ran_at", Text),
    Column("seed", Text),
    # The store's own, its place in line (see `jobs.line`): whose turn it takes, ...
    Column("party", BigInteger),
    # ... its own turn within that party, ...
    Column("turn", BigInteger),
    # ... and whether it waits for a time (as every row does that an older version wrote: it is put into line then).
    Column("put_off", Boolean, nullable=False, server_default=true()),
    # The store's own: what of it was erased (see `jobs.erased`).
    Column("erased", Text),
    # What its member wrote, where `prompt` is a translation.
    Column("typed", Text),
    UniqueConstraint("interaction_id"),
    UniqueConstraint("webhook_token"),
)

Index("jobs_history", *(jobs.c[name] for name in ("user_id", "guild_id", "created_at", "key")))

# An account and a pool: what upstream limits as a whole.
queue_lanes = Table(
    "queue_lanes",
    metadata,
    Column("account", Text, primary_key=True),
    Column("pool", Text, primary_key=True),
    # The turn that was served last.
    Column("clock", BigInteger, nullable=False),
    # Since when something may be sent: somebody came, or a place got free. NULL: nothing since the last look.
    Column("called_at", BigInteger),
    # Perhaps: whether no place was free at the last look. Then only a place that gets free calls.
    Column("is_full", Boolean, nullable=False, server_default=false()),
)

# Who takes turns in a lane: a server, or in direct messages a person (the negative of their id).
queue_parties = Table(
    "queue_parties",
    metadata,
    Column("account", Text, primary_key=True),
    Column("pool", Text, primary_key=True),
    Column("party", BigInteger, primary_key=True, autoincrement=False),
    # The turn of its next job.
    Column("turn", BigInteger, nullable=False),
    # Since when it waits; who has the same turn goes by this.
    Column("since", BigInteger, nullable=False),
    # Within it: the turn of the member's job that was served last.
    Column("own_clock", BigInteger, nullable=False),
    # Perhaps: whoever finds nothing of it in line says so.
    Column("waits", Boolean, nullable=False),
)
actions = Table(
    "actions",
    metadata,
    Column("job_key", ForeignKey("jobs.key", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("custom_id", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("emoji", Text, nullable=False),
)

inputs = Table(
    "inputs",
    metadata,
    Column("job_key", ForeignKey("jobs.key", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("role", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("filename", Text, nullable=False),
    Column("source_url", Text),
    Column("address", Text),
    Column("address_until", BigInteger, nullable=False),
    # The wide column stands last: SQLite reads a row's pages only as far as it must.
    Column("data", LargeBinary, nullable=False),
)

ledger = Table(
    "ledger",
    metadata,
    # SQLite numbers rows by itself only in a column of exactly the type INTEGER.
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("guild_id", BigInteger),
    Column("user_id", BigInteger, nullable=False),
    Column("pool", Text, nullable=False),
    # No foreign key: the books outlive the jobs.
    Column("job_key", Text, nullable=False),
    Column("units", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    # When the units were reserved. A refund goes back to the day that paid, not to the day of the refund.
    Column("spent_at", BigInteger, nullable=False),
    # What the job takes of the owner's budget, whatever its price is; given back, it is negative.
    Column("budget", Integer, nullable=False, server_default=text("0")),
    # What the job costs at the image service; given back, it is negative. NULL: nobody knows.
    Column("credits", BigInteger),
    UniqueConstraint("job_key", "kind"),
)
Index("ledger_member", ledger.c.user_id, ledger.c.guild_id, ledger.c.pool, ledger.c.spent_at)
Index("ledger_guild", ledger.c.guild_id, ledger.c.pool, ledger.c.spent_at)

deliveries = Table(
    "deliveries",
    metadata,
    Column("job_key", ForeignKey("jobs.key", ondelete="CASCADE"), primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("route", Text, nullable=False),
    Column("channel_id", BigInteger, nullable=False),
    Column("message_id", BigInteger),
)

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)


def is_due(due_at: ColumnElement[int], now: int, *, lease_ms: int) -> ColumnElement[bool]:
    """Whether it is due. What is put off for longer than anything is ever held, a clock wrote that stood ahead."""
    return (due_at <= now) | (due_at > now + max(HOUR, 2 * lease_ms))
