"""Copies of a SQLite file: taken while the bot runs, verified, put back, kept before each migration.
Never here: PostgreSQL (`bot.storage.transfer` copies between the two kinds)."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from stat import S_IMODE
from typing import TYPE_CHECKING, Final

from bot.errors import StartupDelayed, StartupError
from bot.local_files import discard, hand_over, has_content, is_directory, look_at, real
from bot.storage import errors as troubles
from bot.storage import schema
from bot.storage.database import read_address
from bot.storage.put_back import settle
from bot.storage.tables import meta

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.storage.database import Database

    Progress = Callable[[int, int], None]
    """Called with what is done and what there is, in pages."""

log = logging.getLogger(__name__)

PAGES: Final = 2_048
"""Copied between two calls of the progress: 8 MiB."""
BUSY_S: Final = 5.0
OWNERS_ONLY: Final = 0o600
"""A copy holds what the database holds: prompts, names, sealed keys."""
HEADER: Final = b"SQLite format 3\0"


def file_of(url: str) -> Path | None:
    """The file that a database's address names, or leads to by links; from the root on, because it is told to whoever
    may be in another folder.

    None if it is no SQLite file of ours to copy. Raises `StartupError`.
    """
    parsed = read_address(url)
    name = parsed.database or ""
    if not parsed.drivername.startswith("sqlite") or name in {"", ":memory:"} or name.startswith("file:"):
        return None
    return real(name)


def is_missing(source: Path) -> bool:
    """Whether there is no database in a file: to open it would make one. Raises `StartupError` where nobody may look."""
    return not has_content(source)


def require_file(url: str) -> None:
    """Raise `StartupError` if an address names a file that is not there yet."""
    path = file_of(url)
    if path is not None and is_missing(path):
        raise StartupError(f"There is no database at {path} yet: run `easel migrate` to make one.")


# -- taking a copy ---------------------------------------------------------------------------------------


def take(source: Path, target: Path, *, progress: Progress | None = None) -> int:
    """Copy a database that may be in use, as it stands at one moment; returns how many jobs the copy holds.

    The copy appears under its name only when it is whole, was opened, and passed SQLite's own check. Raises
    `StartupError`, and leaves nothing behind then. Blocks: call it in a thread.
    """
    if look_at(target) is not None:
        raise StartupError(f"{target} exists already: name another file, nothing was written.")
    if is_missing(source):
        raise StartupError(f"There is no database at {source} yet: nothing to copy.")
    part = target.with_name(f".{target.name}.part")
    try:
        _touch(part)
        _copy(source, part, progress)
        whole(part)
        jobs = verify(part, called=source)
        _settle(part)
        part.rename(target)
        _settle(target.parent)
    except OSError as error:
        raise StartupError(f"{target} cannot be written: {error.strerror or error}.") from None
    except sqlite3.Error as error:
        raise StartupError(f"The copy failed: {troubles.explain(error)}.") from None
    finally:
        discard(part)
    return jobs


def _touch(path: Path) -> None:
    """Make it new, and readable by nobody else, before anything is written into it."""
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNERS_ONLY))


def _copy(source: Path, target: Path, progress: Progress | None) -> None:
    with (
        closing(sqlite3.connect(_uri(source), uri=True, timeout=BUSY_S, isolation_level=None)) as here,
        closing(sqlite3.connect(target)) as there,
    ):
        # A transaction holds this moment still; without it the copy would begin anew at each write of the bot.
        here.execute("BEGIN")
        here.execute("SELECT count(*) FROM sqlite_master").fetchone()
        here.backup(
            there,
            pages=PAGES,
            sleep=0,
            progress=None if progress is None else lambda _, left, total: progress(total - left, total),
        )
        here.execute("ROLLBACK")


def whole(path: Path) -> None:
    """Leave SQLite's write-ahead log behind: a copy is one file, whole by itself."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE").fetchone()


def verify(path: Path, *, called: Path | None = None, by_rows: bool = False) -> int:
    """Open a copy and check it; returns how many jobs it holds. Raises `StartupError`.

    A newer Easel's will do where it promised that this one can work on it: a file is copied page by page, whatever its
    tables are. Not where it is to be copied `by_rows`. Who reads the complaint knows the file as `called`.
    """
    name = called or path
    try:
        with path.open("rb") as file:
            if file.read(len(HEADER)) != HEADER:
                raise StartupError(f"{name} is no database: name a file that `easel backup` made.")
        with closing(sqlite3.connect(_uri(path), uri=True, timeout=BUSY_S)) as copy:
            complaint = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if complaint != "ok":
                raise StartupError(f"{name} is damaged: use another copy.")
            tables = {row[0] for row in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if schema.VERSION_TABLE not in tables:
                raise StartupError(f"{name} is a database of another program: name a copy of Easel's.")
            (version,) = copy.execute(f"SELECT version_num FROM {schema.VERSION_TABLE}").fetchone()  # noqa: S608 - our constant
            known = version in schema.versions()
            if not known and not by_rows and meta.name in tables:
                said = copy.execute("SELECT value FROM meta WHERE key = ?", (schema.PROMISE,)).fetchone()
                known = schema.is_promised(version, said[0] if said else None)
            if not known:
                raise StartupError(f"{name} was made by a newer Easel: install that version first.")
            return int(copy.execute("SELECT count(*) FROM jobs").fetchone()[0])
    except OSError as error:
        raise StartupError(f"{name} cannot be read: {error.strerror}.") from None
    except sqlite3.DatabaseError as error:
        raise StartupError(f"{name} cannot be used: {troubles.explain(error)}.") from None


# -- putting one back ------------------------------------------------------------------------------------


def restore(copy: Path, target: Path, *, progress: Progress | None = None) -> tuple[int, Path | None]:
    """Put a copy in the database's place; returns how many jobs it holds, and where the old database went.

    No process may have the database open. Whatever waited in the copy may have been sent, and paid, since it was
    taken: such jobs are looked for upstream and never sent again. Whoever may open the old one may open the new one.
    Raises `StartupError`. Blocks.
    """
    verify(copy)
    old = require_closed(target)
    fresh = target.with_name(f"{target.name}.restoring")
    discard(fresh)
    jobs = take(copy, fresh, progress=progress)
    try:
        with closing(sqlite3.connect(fresh)) as connection, connection:
            settle(connection.execute)
        before = look_at(target)
        hand_over(fresh, before or target.parent.stat())
        if before is not None:
            fresh.chmod(S_IMODE(before.st_mode))
        _settle(fresh)
        kept = None
        if old:
            kept = target.with_name(f"{target.name}.{_stamp()}.replaced")
            target.rename(kept)
        for rest in ("-wal", "-shm"):
            Path(f"{target}{rest}").unlink(missing_ok=True)
        fresh.rename(target)
        _settle(target.parent)
    except (OSError, sqlite3.Error) as error:
        raise StartupError(f"{target} cannot be replaced: {error}.") from None
    finally:
        discard(fresh)
    return jobs, kept


async def require_no_reader(url: str) -> None:
    """Raise `StartupError` while somebody has the SQLite file open that an address names, if it names one."""
    path = file_of(url)
    if path is not None:
        await asyncio.to_thread(require_closed, path)


def require_closed(target: Path) -> bool:
    """Whether there is a file; raises `StartupError` while somebody has it open."""
    if not is_directory(target.parent):
        raise StartupError(f"The directory {target.parent} does not exist: create it first.")
    if is_missing(target):
        return False
    try:
        with closing(sqlite3.connect(target, timeout=1.0, isolation_level=None)) as connection:
            # SQLite leaves the write-ahead log only when nobody else has the file open.
            connection.execute("PRAGMA journal_mode = DELETE").fetchone()
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise StartupDelayed(f"{target} is in use: stop the bot first, then try again.") from None
        log.warning("replaced_database_not_read", extra={"reason": troubles.explain(error)})
    except sqlite3.DatabaseError as error:  # damaged: the very reason to restore
        log.warning("replaced_database_not_read", extra={"reason": troubles.explain(error)})
    return True


# -- before a migration ----------------------------------------------------------------------------------


async def keep_copy(url: str, database: Database, *, keep: int) -> Path | None:
    """Keep a copy of a database that is about to be migrated, and the newest `keep` such copies.

    Returns the copy; None where there is nothing to keep. Raises `StartupError` if it cannot be made: without it there
    is no way back.
    """
    source = file_of(url)
    if source is None or keep < 1 or is_missing(source):
        return None
    if await schema.state_of(database) is not schema.SchemaState.OLDER:
        return None
    version = await database.read(schema.version_of)
    target = source.with_name(f"{source.name}.{_stamp()}.v{version}.bak")
    try:
        await asyncio.to_thread(take, source, target)
    except StartupError as error:
        raise type(error)(
            f"No copy could be made before the migration: {error} EASEL_BACKUPS_KEPT=0 goes on without."
        ) from None
    log.info("database_copied", extra={"file": str(target), "version": version})
    for old in sorted(source.parent.glob(f"{source.name}.*.v*.bak"), reverse=True)[keep:]:
        discard(old)
    return target


def _stamp() -> str:
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")[:-3] + "Z"


def _settle(path: Path) -> None:
    """Have it on the disk for good before anybody relies on it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _uri(path: Path) -> str:
    """Never make a file; a copy may well lie where it cannot be written."""
    mode = "rw" if os.access(path, os.W_OK) else "ro"
    return f"{real(path).as_uri()}?mode={mode}"
