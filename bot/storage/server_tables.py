"""The tables of moderated servers, as SQLAlchemy Core sees them: settings by section, members' marks, the audit.
Never here: queries, and tables of jobs (those are in `tables`)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)

from bot.storage.tables import metadata

_NUMBERED = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column of exactly the type INTEGER."""

guilds = Table(
    "guilds",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    # Grows with each change of a section: jobs are accepted only by the revision they were decided on.
    Column("revision", BigInteger, nullable=False),
    # Set while the bot is not in the server.
    Column("delete_at", BigInteger),
)

guild_sections = Table(
    "guild_sections",
    metadata,
    Column("guild_id", ForeignKey("guilds.guild_id", ondelete="CASCADE"), primary_key=True),
    Column("section", Text, primary_key=True),
    # JSON, as the audit has it too: settings are read, written, compared and taken back by whole sections.
    Column("content", Text, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", _NUMBERED, primary_key=True),
    Column("guild_id", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("actor_id", BigInteger, nullable=False),
    Column("actor_name", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", BigInteger),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("undoes", BigInteger),
    Column("undone_by", BigInteger),
)
Index("audit_guild", audit.c.guild_id, audit.c.id)

blocks = Table(
    "blocks",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("until", BigInteger),
    Column("reason", Text, nullable=False),
    Column("by_id", BigInteger, nullable=False),
    Column("by_name", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

strikes = Table(
    "strikes",
    metadata,
    Column("id", _NUMBERED, primary_key=True),
    Column("guild_id", BigInteger, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("interaction_id", BigInteger, nullable=False),
    Column("why", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("spent", Boolean, nullable=False),
    UniqueConstraint("interaction_id"),
)
Index("strikes_member", strikes.c.guild_id, strikes.c.user_id, strikes.c.at)
Index("strikes_lately", strikes.c.guild_id, strikes.c.at)

grants = Table(
    "grants",
    metadata,
    Column("id", _NUMBERED, primary_key=True),
    Column("guild_id", BigInteger, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("pool", Text, nullable=False),
    Column("units", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by_id", BigInteger, nullable=False),
    Column("by_name", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
)
TAKEN_BACK: Final = 0
"""A grant's end once moderators took it back: before any job, so also before one that asked earlier and is booked later."""
Index("grants_member", grants.c.guild_id, grants.c.user_id, grants.c.pool)

# What of a job's units a grant paid. The ledger has the whole price; what is here is not the day's own.
draws = Table(
    "draws",
    metadata,
    Column("grant_id", ForeignKey("grants.id", ondelete="CASCADE"), primary_key=True),
    # No foreign key: the books outlive the jobs.
    Column("job_key", Text, primary_key=True),
    Column("units", Integer, nullable=False),
    # Of the job, as in the ledger: the day that paid.
    Column("spent_at", BigInteger, nullable=False),
    # With the job's refund the units are the grant's again.
    Column("returned_at", BigInteger),
)
Index("draws_job", draws.c.job_key)

notices = Table(
    "notices",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("key", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("held_back", Integer, nullable=False),
)

# One row a generation. It stays when its value is forgotten, so that its number is never given again.
own_keys = Table(
    "own_keys",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("generation", Integer, primary_key=True, autoincrement=False),
    # Encrypted; NULL once nobody needs it any more.
    Column("sealed", Text),
    Column("by_id", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("tested_at", BigInteger, nullable=False),
    # NULL for the one that new chains draw on.
    Column("retired_at", BigInteger),
)

# Messages in Discord with words of erased members: their own cards are deleted, others' drawn anew without the words. A
# row goes when that is done, or will never be.
standing_cards = Table(
    "standing_cards",
    metadata,
    Column("message_id", BigInteger, primary_key=True, autoincrement=False),
    Column("channel_id", BigInteger, nullable=False),
    Column("guild_id", BigInteger, nullable=False),
    # No foreign key: the message stands there, whatever became of the job.
    Column("job_key", Text, nullable=False),
    # Whether it is the erased member's.
    Column("own", Boolean, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
)
Index("standing_cards_due", standing_cards.c.due_at)
Index("standing_cards_guild", standing_cards.c.guild_id)
