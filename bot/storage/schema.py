"""Versions of the schema: what the database has, what this program needs, and the way from one to the other.
Never here: the tables themselves and everyday queries."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from bot.errors import StartupError, StorageTrouble
from bot.storage import errors as troubles
from bot.storage.database import SQLITE, lock
from bot.storage.tables import metadata

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from bot.storage.database import Database

VERSION_TABLE: Final = "easel_version"
"""Our own name, so that a database shared with another program's Alembic stays told apart."""


async def bring_up(database: Database) -> bool:
    """Migrate to this program's version, in one transaction; returns whether there was anything to do.

    Two processes that start together do it one after the other, and the second finds nothing to do.
    """

    def migrate(connection: Connection) -> bool:
        lock(connection, "schema")
        if _has_caught_up(connection):
            return False
        _upgrade(connection)
        return True

    return await database.write(migrate)


async def require_current(database: Database) -> None:
    """Raise `StartupError` unless the database has exactly this program's version."""
    if not await database.read(_has_caught_up):
        raise StartupError(
            "The database is older than this Easel: run `easel migrate` once, then start again."
        )


def _has_caught_up(connection: Connection) -> bool:
    """Say whether the version is ours; raise `StartupError` if it cannot become ours."""
    version = MigrationContext.configure(
        connection, opts={"version_table": VERSION_TABLE}
    ).get_current_revision()
    scripts = ScriptDirectory.from_config(_config())
    if version is None:
        _refuse_foreign(connection)
        return False
    if version not in {script.revision for script in scripts.walk_revisions()}:
        raise StartupError(
            "The database was made by a newer Easel: install that version, or restore an older copy of the database."
        )
    return version == scripts.get_current_head()


def _refuse_foreign(connection: Connection) -> None:
    present = set(inspect(connection).get_table_names()) - {VERSION_TABLE}
    # A SQLite file is ours alone; a PostgreSQL database may be shared as long as no name collides.
    foreign = present if connection.dialect.name == SQLITE else present & set(metadata.tables)
    if foreign:
        raise StartupError(
            "The database holds tables of another program: name a different file or database in DATABASE."
        )


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    # Config reads % as the start of an interpolation, and a directory may be called that.
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


_ADVICE: Final = {
    troubles.LOCKED: "another program holds it locked: stop that program, then start again",
    troubles.FULL: "the disk is full: free some space, then start again",
    troubles.READ_ONLY: "it is read-only for this user: give Easel's user the right to write the file and its directory",
    troubles.BROKEN: "it is damaged: restore a backup of it",
    troubles.FOREIGN: "the file is not a database: name a different file in DATABASE",
    troubles.CLOSED: "it cannot be opened: give Easel's user the right to read and write the file and its directory",
    troubles.LOST: "the server does not answer: check that it runs and that the address in DATABASE is right",
    troubles.REFUSED: "the server refuses us: check user, password and database name in DATABASE",
}


def as_startup_error(trouble: StorageTrouble) -> StartupError:
    """Say the same to the operator, with what would help."""
    reason = str(trouble)
    return StartupError(f"The database cannot be used: {_ADVICE.get(reason, reason)}.")
