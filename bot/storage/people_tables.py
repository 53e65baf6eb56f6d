"""The tables of what is a person's own, as SQLAlchemy Core sees them.
Never here: queries, and what belongs to a server (those are in `guild_tables`)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Table, Text, text

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
Index(
    "preferences_language",
    preferences.c.user_id,
    preferences.c.language,
    sqlite_where=text(SPEAKS),
    postgresql_where=text(SPEAKS),
)
