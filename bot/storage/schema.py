"""Versions of the schema: what the database has, what this program needs, and the way from one to the other.
Never here: the tables themselves and everyday queries."""

from __future__ import annotations

import logging
import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, inspect, select, text

from bot.errors import StartupDelayed, StartupError, StorageTrouble
from bot.storage import errors as troubles
from bot.storage.database import SQLITE, lock
from bot.storage.tables import meta, metadata

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from bot.storage.database import Database

log = logging.getLogger(__name__)

VERSION_TABLE: Final = "easel_version"
"""Our own name, so that a database shared with another program's Alembic stays told apart."""
OLDEST: Final = "0009"
"""The oldest program that can work on this program's tables: raise it only when a migration takes something away or asks
for something that older programs do not write. A version may then be rolled out, and back, one process at a time."""
PROMISE: Final = "schema_promise"
"""Under this name `meta` keeps which version the tables have, and which is the oldest program that can work on them."""
COPIED: Final = "copied_from"
"""Under this name `meta` keeps when all of a database came from another one; gone once a bot runs on it."""
MIGRATIONS: Final = Path(__file__).with_name("migrations")


class SchemaState(StrEnum):
    """How a database stands to this program."""

    EMPTY = "empty"
    OLDER = "older"
    CURRENT = "current"


async def bring_up(database: Database) -> bool:
    """Migrate to this program's version, in one transaction; returns whether there was anything to do.

    Two processes that start together do it one after the other, and the second finds nothing to do.
    """

    def migrate(connection: Connection) -> bool:
        lock(connection, "schema")
        before = version_of(connection)
        if _state_of(connection, before) is SchemaState.CURRENT:
            return False
        _upgrade(connection)
        promise(connection)
        log.info("database_migrated", extra={"before": before, "now": head()})
        return True

    return await database.write_at_length(migrate)


async def take_over(database: Database) -> None:
    """A bot runs on it: from now on it holds what no other database has."""
    await database.write(lambda cn: cn.execute(delete(meta).where(meta.c.key == COPIED)))


async def require_current(database: Database) -> None:
    """Raise `StartupError` unless the database has exactly this program's version."""
    found = await state_of(database)
    if found is SchemaState.EMPTY:
        raise StartupError("The database is empty: run `easel migrate` to set it up.")
    if found is not SchemaState.CURRENT:
        raise StartupError(
            "The database is older than this Easel: run `easel migrate` once, then start again."
        )


async def state_of(database: Database) -> SchemaState:
    """Say how it stands to this program; raises `StartupError` if it can never be used."""
    return await database.read(lambda cn: _state_of(cn, version_of(cn)))


def version_of(connection: Connection) -> str | None:
    """The version that a database has; None if Easel never used it."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar_one_or_none()  # noqa: S608 - our constant
    return None if found is None else str(found)


def versions() -> frozenset[str]:
    """Every version that this program knows. Their files say so by name, so that no start has to read them."""
    names = (re.match(r"v(\d{4})_", path.name) for path in (MIGRATIONS / "versions").glob("v*.py"))
    return frozenset(name[1] for name in names if name)


def head() -> str:
    """This program's version."""
    return max(versions())


def is_promised(version: str, said: str | None) -> bool:
    """Whether the newer program that made tables of that version said that this one can work on them (`PROMISE`)."""
    promised, _, oldest = (said or "").partition(">=")
    return promised == version and bool(oldest) and head() >= oldest


def _state_of(connection: Connection, version: str | None) -> SchemaState:
    if version is None:
        _refuse_foreign(connection)
        return SchemaState.EMPTY
    if version not in versions():
        if inspect(connection).has_table(meta.name):
            said = connection.execute(select(meta.c.value).where(meta.c.key == PROMISE)).scalar_one_or_none()
            if is_promised(version, said):
                return SchemaState.CURRENT
        raise StartupError(
            "The database was made by a newer Easel: install that version, or restore an older copy of the database."
        )
    return SchemaState.CURRENT if version == head() else SchemaState.OLDER


def promise(connection: Connection) -> None:
    """Write down which version the tables have, and which is the oldest program that can work on them."""
    connection.execute(delete(meta).where(meta.c.key == PROMISE))
    connection.execute(insert(meta).values(key=PROMISE, value=f"{head()}>={OLDEST}"))


def _refuse_foreign(connection: Connection) -> None:
    present = set(inspect(connection).get_table_names()) - {VERSION_TABLE}
    # A SQLite file is ours alone; a PostgreSQL database may be shared as long as no name collides.
    foreign = present if connection.dialect.name == SQLITE else present & set(metadata.tables)
    if foreign:
        raise StartupError(
            "The database holds tables of another program: name a different file or database in EASEL_DATABASE."
        )


def _upgrade(connection: Connection) -> None:
    # Here, because most starts find nothing to migrate and need not wait for the library.
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    # Config reads % as the start of an interpolation, and a directory may be called that.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


_ADVICE: Final = {
    troubles.LOCKED: "another program holds it locked: stop that program, then start again",
    troubles.FULL: "the disk is full: free some space, then start again",
    troubles.READ_ONLY: "it is read-only for this user: give Easel's user the right to write the file and its directory",
    troubles.BROKEN: "it is damaged: restore a backup of it",
    troubles.FOREIGN: "the file is not a database: name a different file in EASEL_DATABASE",
    troubles.CLOSED: "it cannot be opened: give Easel's user the right to read and write the file and its directory",
    troubles.LOST: "the server does not answer: check that it runs and that the address in EASEL_DATABASE is right",
    troubles.REFUSED: "the server refuses us: check user, password and database name in EASEL_DATABASE",
}


_PASSING: Final = frozenset({troubles.LOCKED, troubles.FULL, troubles.LOST, troubles.BUSY})
"""Troubles that go by without anybody touching the settings."""


def as_startup_error(trouble: StorageTrouble) -> StartupError:
    """Say the same to the operator, with what would help."""
    reason = str(trouble)
    kind = StartupDelayed if reason in _PASSING else StartupError
    return kind(f"The database cannot be used: {_ADVICE.get(reason, reason)}.")
