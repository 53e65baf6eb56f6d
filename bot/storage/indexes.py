"""What the tables have besides columns and keys, where a dialect must be known for it: partial indexes, and room in PostgreSQL's pages.
Never here: plain indexes, which stand beside their tables; no start needs this file, and it brings both dialects along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Index, text

from bot.storage.people_tables import SPEAKS, preferences
from bot.storage.server_tables import own_keys
from bot.storage.tables import (
    CAN_REPLY,
    HAS_ANCESTOR,
    HAS_PARENT,
    HAS_TASK,
    IS_FREE,
    IS_KEPT,
    IS_LIVE,
    IS_LOST,
    IS_OPEN,
    IS_OWNED,
    IS_PUT_OFF,
    IS_QUEUED,
    IS_UPSTREAM,
    IS_WATCHED,
    jobs,
    metadata,
    queue_lanes,
    queue_parties,
)

if TYPE_CHECKING:
    from sqlalchemy import Table

__all__ = ["metadata"]


def _partial(name: str, table: Table, *columns: str, where: str, unique: bool = False) -> None:
    condition = text(where)
    Index(
        name,
        *(table.c[column] for column in columns),
        unique=unique,
        sqlite_where=condition,
        postgresql_where=condition,
    )


# The task stands first: one account upstream may have several names here, if its owner made several keys.
_partial("jobs_task", jobs, "task_id", "account", where=HAS_TASK, unique=True)
_partial("jobs_live_child", jobs, "parent", "position", where=IS_LIVE, unique=True)
_partial("jobs_child", jobs, "parent", "position", "created_at", where=HAS_PARENT)
_partial("jobs_member", jobs, "user_id", "guild_id", "pool", where=IS_LIVE)
_partial(
    "jobs_line", jobs, *("account", "pool", "put_off", "party", "turn", "created_at", "key"), where=IS_QUEUED
)
_partial("jobs_turn", jobs, "account", "pool", "party", "user_id", "turn", where=IS_LIVE)
_partial("jobs_put_off", jobs, "due_at", where=IS_PUT_OFF)
_partial("jobs_upstream", jobs, "account", "pool", "user_id", "guild_id", where=IS_UPSTREAM)
_partial("jobs_waiting", jobs, "guild_id", where=IS_QUEUED)
_partial("jobs_open", jobs, "due_at", where=IS_OPEN)
_partial("jobs_free", jobs, "due_at", where=IS_FREE)
_partial("jobs_watched", jobs, "finished_at", where=IS_WATCHED)
_partial("jobs_lost", jobs, "account", "pool", "sent_at", where=IS_LOST)
_partial("jobs_owner", jobs, "owner", where=IS_OWNED)
_partial("jobs_kept", jobs, "guild_id", "finished_at", where=IS_KEPT)
_partial("jobs_heir", jobs, "ancestor", where=HAS_ANCESTOR)
_partial("jobs_token", jobs, "token_until", where=CAN_REPLY)
_partial("queue_lanes_called", queue_lanes, "called_at", where="called_at IS NOT NULL")
_partial("queue_parties_line", queue_parties, *("account", "pool", "turn", "since", "party"), where="waits")
_partial("own_keys_current", own_keys, "guild_id", where="retired_at IS NULL", unique=True)
_partial("preferences_language", preferences, "user_id", "language", where=SPEAKS)

# Room in each page lets PostgreSQL renew thousands of leases, and move lines on, without touching an index.
for _table, _percent in ((jobs, 70), (queue_lanes, 50), (queue_parties, 50)):
    _table.dialect_kwargs["postgresql_with"] = {"fillfactor": _percent}
