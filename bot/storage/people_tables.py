"""The tables of what is a person's own, as SQLAlchemy Core sees them.
Never here: queries, and what belongs to a server (those are in `server_tables`)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text

from bot.storage.tables import metadata

SPEAKS: Final = "language IS NOT NULL"

preferences = Table(
    "preferences",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    # JSON: they are read and written whole.
    Column("content", Text, nullable=False),
    # Once more by itself: every process reads everybody's language.
    Column("language", Text),
    Column("changed_at", BigInteger, nullable=False),
)

# Refused prompts, for some minutes.
drafts = Table(
    "drafts",
    metadata,
    Column("key", Text, primary_key=True),
    Column("user_id", BigInteger, nullable=False),
    Column("guild_id", BigInteger),
    Column("prompt", Text, nullable=False),
    Column("pool", Text),
    Column("option_set", Text),
    Column("until", BigInteger, nullable=False),
    Column("home_channel_id", BigInteger),
    # Words in it that somebody else wrote.
    Column("borrowed", Text),
    # The job under whose card it was written.
    Column("ancestor", Text),
)
Index("drafts_until", drafts.c.until)

favourites = Table(
    "favourites",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("job_key", ForeignKey("jobs.key", ondelete="CASCADE"), primary_key=True),
    # The job's own, so that a server's favourites are found without its jobs.
    Column("guild_id", BigInteger),
    Column("at", BigInteger, nullable=False),
)
Index("favourites_page", favourites.c.user_id, favourites.c.guild_id, favourites.c.at, favourites.c.job_key)
Index("favourites_job", favourites.c.job_key)

# Pictures owed to people in a direct message; a row goes when it is handed over.
copies = Table(
    "copies",
    metadata,
    Column("job_key", ForeignKey("jobs.key", ondelete="CASCADE"), primary_key=True),
    Column("due_at", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
)
Index("copies_due", copies.c.due_at)

# Links to the mask editor. No foreign key: a row lives a day, and a dead job's link only leads to a sentence.
region_links = Table(
    "region_links",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("job_key", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("guild_id", BigInteger),
    # JSON: who it was made for, as the job will name them.
    Column("asker", Text, nullable=False),
    Column("locale", Text, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
)
Index("region_links_member", region_links.c.guild_id, region_links.c.user_id)
Index("region_links_expiry", region_links.c.expires_at)

# Who is shown “thinking…” and has neither words nor a job yet: a row lives as long as that, most often below a second.
open_answers = Table(
    "open_answers",
    metadata,
    Column("interaction_id", BigInteger, primary_key=True, autoincrement=False),
    Column("application_id", BigInteger, nullable=False),
    Column("token", Text),
    Column("token_until", BigInteger, nullable=False),
    Column("channel_id", BigInteger, nullable=False),
    Column("guild_id", BigInteger),
    Column("user_id", BigInteger, nullable=False),
    Column("locale", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("owner", Text),
    Column("lease_until", BigInteger, nullable=False),
)
Index("open_answers_lease", open_answers.c.lease_until)

told_answers = Table(
    "told_answers",
    metadata,
    Column("interaction_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
)
"""Interactions whose people are told that nothing began: no process begins anything of theirs any more."""
Index("told_answers_at", told_answers.c.at)
