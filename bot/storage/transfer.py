"""Everything from one database into another, of either kind: in one transaction, counted on both sides.
Never here: which databases, and how progress is shown."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import LargeBinary, func, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import StartupError, StorageTrouble
from bot.local_files import discard, look_at
from bot.storage import backup, opening, put_back, schema
from bot.storage.backup import OWNERS_ONLY
from bot.storage.database import POSTGRES, open_database
from bot.storage.tables import jobs, meta, metadata

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from sqlalchemy import RowMapping, Table
    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.storage.database import Database

    Progress = Callable[[str, int, int], None]
    """Called with a table's name, the rows that are done, and all rows there are in it."""

ROWS: Final = 500
"""Written by one statement; wide rows, which hold pictures of megabytes, are read and written one by one."""


_NEWER_SOURCE: Final = (
    "The source has tables of a newer Easel, and this one would leave out what it does not know: install the newer one"
    " for this. As it is, a SQLite file is copied by `easel backup`, a PostgreSQL database by pg_dump."
)
_NEWER_TARGET: Final = (
    "The target has tables of a newer Easel: make it anew (PostgreSQL: dropdb, createdb; SQLite: another file),"
    " or install the newer one for this."
)


@dataclass(frozen=True, slots=True)
class Copied:
    """What one table came to."""

    table: str
    rows: int


async def transfer(
    source_url: str,
    target_url: str,
    *,
    replace: bool = False,
    running: bool = False,
    restoring: bool = False,
    progress: Progress | None = None,
) -> list[Copied]:
    """Copy every table; all of it arrives or nothing does, so it may be done again whatever happened.

    A target that holds jobs is refused, unless an earlier copy put them there and no bot has run on it since, or
    `replace` is set. Both databases must be out of use, unless the source is said to be `running`: then the target
    is a copy of one moment, to be kept. Where such a copy is put back (`restoring`), what waited in it is not sent
    again. Tables that a newer version made are refused, also where this one may work on them: what it does not know
    would be left out of a source, and would stay in a target. Raises `StartupError`.
    """
    if source_url == target_url:
        raise StartupError("Source and target are the same database.")
    backup.require_file(source_url)
    # Before we have the files open ourselves. A copy that is put back is nobody's, and may lie where nobody writes.
    for url in (target_url,) if running or restoring else (source_url, target_url):
        await backup.require_no_reader(url)
    source = open_database(source_url)
    target = open_database(target_url)
    try:
        # First: what was not promised to us is not for `easel backup` either.
        await schema.require_current(source)
        await _refuse_newer(source, _NEWER_SOURCE)
        await _refuse_newer(target, _NEWER_TARGET)
        await schema.bring_up(target)
        if not running and not restoring:  # a copy keeps who held what when it was taken
            await put_back.require_rest(source, "The source")
        await put_back.require_rest(target, "The target")
        async with source.snapshot() as here, target.transaction() as there:
            if not replace:
                await _refuse_strangers(there)
            copied = await _everything(here, there, progress)
            if restoring:
                await there.run_sync(put_back.settle_on)
            await _mark(there)
            # This program made the tables here, whoever made the source's.
            await there.run_sync(schema.promise)
    except StorageTrouble as trouble:
        raise schema.as_startup_error(trouble) from None
    except SQLAlchemyError as error:
        raise StartupError(f"The copy failed, nothing was changed ({type(error).__name__}).") from None
    finally:
        await source.close()
        await target.close()
    return copied


async def _refuse_strangers(there: AsyncConnection) -> None:
    marked = await there.execute(select(meta.c.value).where(meta.c.key == schema.COPIED))
    if marked.scalar_one_or_none() is not None:
        return
    if (await there.execute(select(func.count()).select_from(jobs))).scalar_one():
        raise StartupError(
            "The target holds jobs of its own: name an empty database, or add --replace to throw them away."
        )


async def _everything(
    here: AsyncConnection, there: AsyncConnection, progress: Progress | None
) -> list[Copied]:
    for table in reversed(metadata.sorted_tables):
        await there.execute(table.delete())
    copied = []
    for table in metadata.sorted_tables:
        total = (await here.execute(select(func.count()).select_from(table))).scalar_one()
        await _rows(here, there, table, total, progress)
        arrived = (await there.execute(select(func.count()).select_from(table))).scalar_one()
        if arrived != total:
            raise StartupError(
                f"Of {total} rows of {table.name} only {arrived} arrived; nothing was changed."
            )
        copied.append(Copied(table.name, total))
    return copied


async def _rows(
    here: AsyncConnection, there: AsyncConnection, table: Table, total: int, progress: Progress | None
) -> None:
    done = 0
    async with aclosing(_parts(here, table)) as parts:
        async for part in parts:
            await there.execute(table.insert(), [dict(row) for row in part])
            done += len(part)
            if progress is not None:
                progress(table.name, done, total)
    if there.dialect.name == POSTGRES:
        await _number_on(there, table)


async def _parts(here: AsyncConnection, table: Table) -> AsyncGenerator[Sequence[RowMapping], None]:
    if not any(isinstance(column.type, LargeBinary) for column in table.columns):
        async with here.stream(select(table).execution_options(yield_per=ROWS)) as found:
            async for part in found.mappings().partitions(ROWS):
                yield part
        return
    # By their keys: from a stream SQLAlchemy takes fifty rows of PostgreSQL at least, whatever it is asked for.
    keys = table.primary_key.columns
    for key in (await here.execute(select(*keys))).all():
        one = select(table).where(*(column == value for column, value in zip(keys, key, strict=True)))
        yield (await here.execute(one)).mappings().all()


async def _number_on(there: AsyncConnection, table: Table) -> None:
    """Let PostgreSQL number new rows after those that came with their numbers."""
    counted = table.autoincrement_column
    if counted is None:
        return
    await there.execute(
        text(
            f"SELECT setval(pg_get_serial_sequence(:t, :c), MAX({counted.name})) FROM {table.name}"  # noqa: S608 - our tables
            f" HAVING MAX({counted.name}) IS NOT NULL AND pg_get_serial_sequence(:t, :c) IS NOT NULL"
        ),
        {"t": table.name, "c": counted.name},
    )


async def _mark(there: AsyncConnection) -> None:
    await there.execute(meta.delete().where(meta.c.key == schema.COPIED))
    await there.execute(meta.insert().values(key=schema.COPIED, value=str(time.time_ns() // 1_000_000)))


async def into_file(source_url: str, target: Path, *, progress: Progress | None = None) -> int:
    """Copy a PostgreSQL database that may be in use into a new SQLite file; returns how many jobs it holds."""
    if look_at(target) is not None:
        raise StartupError(f"{target} exists already: name another file, nothing was written.")
    part = target.with_name(f".{target.name}.part")
    discard(part)
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNERS_ONLY))
        copied = await transfer(source_url, _address(part), running=True, progress=progress)
        backup.whole(part)
        backup.verify(part, called=target)
        part.rename(target)
    except OSError as error:
        raise StartupError(f"{target} cannot be written: {error.strerror or error}.") from None
    finally:
        for rest in ("", "-wal", "-shm"):
            discard(Path(f"{part}{rest}"))
    return next(table.rows for table in copied if table.table == jobs.name)


async def from_file(copy: Path, target_url: str, *, progress: Progress | None = None) -> int:
    """Put a copy in the place of all that a PostgreSQL database holds; returns how many jobs that are.

    What waited in the copy may have been sent, and paid, since it was taken: such jobs are looked for upstream and
    never sent again. A copy that an older version made is brought up to date apart from it.
    """
    backup.verify(copy, by_rows=True)
    with tempfile.TemporaryDirectory(prefix="easel-") as folder:
        source = _address(copy)
        if await opening.schema_state(source) is not schema.SchemaState.CURRENT:
            renewed = Path(folder) / "copy.db"
            await asyncio.to_thread(backup.take, copy, renewed)
            source = _address(renewed)
            await opening.migrate(source)
        copied = await transfer(source, target_url, replace=True, restoring=True, progress=progress)
    return next(table.rows for table in copied if table.table == jobs.name)


async def _refuse_newer(database: Database, words: str) -> None:
    """What a newer version's tables hold and need is not known here."""
    version = await database.read(schema.version_of)
    if version is not None and version not in schema.versions():
        raise StartupError(words)


def _address(path: Path) -> str:
    return URL.create("sqlite+aiosqlite", database=str(path)).render_as_string()
