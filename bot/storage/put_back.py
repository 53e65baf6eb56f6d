"""A database that is put back: nobody works on it, and what waited in it is not sent again.
Never here: how it is put back (`bot.storage.backup`, `bot.storage.transfer`, a server's own tools)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Protocol

from sqlalchemy import func, select, text

from bot.domain.jobs import JobState
from bot.errors import StartupError
from bot.storage.database import AT_WORK, POSTGRES
from bot.storage.tables import jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.engine import Connection

    from bot.storage.database import Database

    class Counted(Protocol):
        """What a statement came to."""

        @property
        def rowcount(self) -> int:
            """How many rows it changed."""

    Execute = Callable[[str, Mapping[str, object]], Counted]


_ANEW: Final = "changed_at = :now, tries = 0, due_at = 0, owner = NULL, lease_until = 0, fence = fence + 1"
_LOOKED_FOR: Final = f"UPDATE jobs SET {_ANEW} WHERE state = :unclear"  # noqa: S608 - our own words
_UNSENT: Final = (
    "UPDATE jobs SET state = :unclear, sent_at = COALESCE(sent_at, created_at - 1), hold = 'hold.checking', "  # noqa: S608 - our own words
    f"{_ANEW} WHERE state IN (:queued, :submitting)"
)
_FOLLOWED: Final = "UPDATE jobs SET sent_at = created_at - 1 WHERE state IN (:submitted, :running)"
"""What upstream had of them may have been ended and sent again since (`bot.domain.settling.was_put_back`)."""
_AT_WORK: Final = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = :called "
    "AND pid <> pg_backend_pid() AND state_change > clock_timestamp() - interval '1 minute'"
)
"""Each process of ours asks for something every few seconds (`bot.services.intake.open_answers`), on connections that it
keeps. What has been silent for longer is a dead machine's, or kept by a pooler (PgBouncer) for the next who comes."""
_FORGOTTEN: Final = "DELETE FROM meta WHERE key = :key"


def settle(execute: Execute) -> int:
    """Have what waited looked for upstream: it may have been sent, and paid, since the copy was made. Returns how many.

    In plain SQL of the first version's columns: a copy may be older than this program, and no SQLAlchemy's yet.
    """
    states = {
        "unclear": JobState.UNCLEAR.value,
        "queued": JobState.QUEUED.value,
        "submitting": JobState.SUBMITTING.value,
    }
    # Unclear from now on: the time of the copy would leave none to look again after a first look that failed.
    now = time.time_ns() // 1_000_000
    execute(_LOOKED_FOR, {"unclear": states["unclear"], "now": now})
    settled = execute(_UNSENT, {**states, "now": now}).rowcount
    execute(_FOLLOWED, {"submitted": JobState.SUBMITTED.value, "running": JobState.RUNNING.value})
    # Whoever starts next tells Discord the commands: what was told after the copy is not known here.
    for key in ("commands_synced", "owner_commands_synced"):
        execute(_FORGOTTEN, {"key": key})
    return settled


def settle_on(connection: Connection) -> int:
    """The same, in a transaction of either kind of database."""
    return settle(lambda statement, values: connection.execute(text(statement), values))


async def require_rest(database: Database, name: str) -> None:
    """Raise `StartupError` while a worker holds a job in it, or a process of Easel's runs on it, be it idle.

    Only a PostgreSQL server tells of the latter; of a SQLite file `bot.storage.backup.require_no_reader` does.
    """
    held = select(func.count()).where(
        jobs.c.owner.is_not(None), jobs.c.lease_until > time.time_ns() // 1_000_000
    )

    def is_used(connection: Connection) -> bool:
        if connection.execute(held).scalar_one():
            return True
        if connection.dialect.name != POSTGRES:
            return False
        return bool(connection.execute(text(_AT_WORK), {"called": AT_WORK}).scalar_one())

    if await database.read(is_used):
        raise StartupError(f"{name} is in use: stop every Easel that works on it, wait a minute, try again.")
