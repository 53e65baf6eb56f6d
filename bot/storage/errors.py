"""Errors of the databases in our words: one short reason, never SQL, parameters or rows (they hold tokens and prompts).
Never here: what is done about them."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sqlalchemy import exc

from bot.errors import StorageTrouble, WriteUnclear

if TYPE_CHECKING:
    from collections.abc import Iterator


class Conflict(StorageTrouble):
    """Another row already holds a value that must be unique. Inside storage this means: look again, somebody won."""


LOCKED: Final = "the database is locked by another program"
FULL: Final = "the disk of the database is full"
READ_ONLY: Final = "the database is read-only"
BROKEN: Final = "the database is damaged"
FOREIGN: Final = "the file is not a database"
UNREADABLE: Final = "the disk of the database reports an error"
CLOSED: Final = "the database cannot be opened"
LOST: Final = "the connection to the database was lost"
REFUSED: Final = "the database refused our user name, password or database name"
BUSY: Final = "the database is too busy"
UNPREPARED: Final = "tables are missing in the database"
TAKEN: Final = "another row already holds a value that must be unique"

REASONS: Final = (
    LOCKED,
    FULL,
    READ_ONLY,
    BROKEN,
    FOREIGN,
    UNREADABLE,
    CLOSED,
    LOST,
    REFUSED,
    BUSY,
    UNPREPARED,
)

_SQLITE: Final = {
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_LOCKED: LOCKED,
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_PERM: READ_ONLY,
    sqlite3.SQLITE_IOERR: UNREADABLE,
    sqlite3.SQLITE_CORRUPT: BROKEN,
    sqlite3.SQLITE_NOTADB: FOREIGN,
    sqlite3.SQLITE_CANTOPEN: CLOSED,
}
_POSTGRES: Final = {  # the longest prefix of the five-letter SQLSTATE counts
    "53100": FULL,
    "53": BUSY,
    "25006": READ_ONLY,
    "55P03": LOCKED,
    "40": LOCKED,
    "57014": BUSY,
    "08": LOST,
    "57P": LOST,
    "58": UNREADABLE,
    "XX": BROKEN,
    "28": REFUSED,
    "3D": REFUSED,
    "42501": READ_ONLY,
    "42P01": UNPREPARED,
}


@contextmanager
def translated() -> Iterator[None]:
    """Turn whatever the database raises inside into `StorageTrouble`.

    `from None` keeps the original, with its statement and its values, out of every traceback that is shown.
    """
    try:
        yield
    except (exc.IntegrityError, sqlite3.IntegrityError):
        raise Conflict(TAKEN) from None
    except (exc.SQLAlchemyError, sqlite3.Error, OSError) as error:  # TimeoutError is an OSError
        raise StorageTrouble(explain(error)) from None


@contextmanager
def commit_translated() -> Iterator[None]:
    """The same around a commit: whatever ends it but a refusal, the server may have taken it before."""
    try:
        with translated():
            yield
    except Conflict:
        raise
    except StorageTrouble as trouble:
        raise WriteUnclear(str(trouble)) from None


def explain(error: BaseException) -> str:
    """Name the trouble in a few words that are safe to log and to show."""
    cause = getattr(error, "orig", None) or error
    code = getattr(cause, "sqlite_errorcode", None)
    if isinstance(code, int):
        return _SQLITE.get(code & 0xFF, f"the database failed ({getattr(cause, 'sqlite_errorname', code)})")
    state = getattr(cause, "sqlstate", None)
    if isinstance(state, str):
        for length in (5, 3, 2):
            if reason := _POSTGRES.get(state[:length]):
                return reason
        return f"the database failed (SQLSTATE {state})"
    if isinstance(error, exc.TimeoutError | TimeoutError):
        return BUSY
    if isinstance(cause, OSError) or getattr(error, "connection_invalidated", False):
        return LOST
    return f"the database failed ({type(cause).__name__})"
