"""Transactions that wait for SQLite's one writer share a commit, and nothing else: each stands or falls alone.
Never here: what is written, and PostgreSQL."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import threading
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event, text

from bot.errors import StorageTrouble
from bot.storage import sqlite_writer
from bot.storage.database import SqliteDatabase
from bot.storage.errors import Conflict
from bot.storage.prepared import driver_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from sqlalchemy.engine import Connection
    from sqlalchemy.pool import PoolProxiedConnection

    from bot.storage import Storage

NAMES = text("SELECT name FROM notes ORDER BY rowid")


@pytest.fixture
def url(sqlite_url: str) -> str:
    """Only SQLite here."""
    return sqlite_url


@pytest.fixture
async def database(storage: Storage) -> SqliteDatabase:
    """One with a small table of its own."""
    assert isinstance(storage.database, SqliteDatabase)
    await storage.database.write(lambda cn: cn.execute(text("CREATE TABLE notes (name TEXT UNIQUE)")))
    return storage.database


def noting(name: str) -> Callable[[Connection], str]:
    """A transaction that writes a name and returns it."""

    def work(connection: Connection) -> str:
        connection.execute(text("INSERT INTO notes VALUES (:name)"), {"name": name})
        return name

    return work


async def names(database: SqliteDatabase) -> list[str]:
    return list(await database.read(lambda cn: cn.execute(NAMES).scalars().all()))


@asynccontextmanager
async def busy(database: SqliteDatabase) -> AsyncIterator[None]:
    """While a transaction takes its time, so that those that come wait; afterwards all are done."""
    begun, goes_on = threading.Event(), threading.Event()

    def slow(_connection: Connection) -> None:
        begun.set()
        goes_on.wait(60)

    slowly = asyncio.create_task(database.write(slow))
    await asyncio.to_thread(begun.wait, 60)
    try:
        yield
    finally:
        goes_on.set()
        await slowly


def commits(database: SqliteDatabase) -> list[int]:
    """The level of `PRAGMA synchronous` at each commit from now on."""
    seen: list[int] = []

    def look(connection: Connection) -> None:
        seen.append(driver_of(connection).execute("PRAGMA synchronous").fetchone()[0])

    event.listen(database._writer.sync_engine, "commit", look)
    return seen


async def test_those_that_wait_share_one_commit_in_the_order_in_which_they_came(
    database: SqliteDatabase,
) -> None:
    seen = commits(database)

    async with busy(database):
        waiting = [asyncio.create_task(database.write(noting(name))) for name in "abcde"]
        await asyncio.sleep(0)

    assert await asyncio.gather(*waiting) == list("abcde")
    assert await names(database) == list("abcde")
    assert len(seen) == 2


async def test_no_more_than_a_few_share_one_commit(database: SqliteDatabase) -> None:
    seen = commits(database)

    async with busy(database):
        many = [f"{n:02}" for n in range(2 * sqlite_writer.MOST + 1)]
        waiting = [asyncio.create_task(database.write(noting(name))) for name in many]
        await asyncio.sleep(0)

    await asyncio.gather(*waiting)
    assert await names(database) == many
    assert len(seen) == 4


async def test_what_one_raises_undoes_its_own_alone(database: SqliteDatabase) -> None:
    def fails(connection: Connection) -> None:
        noting("torn")(connection)
        raise ValueError("of one")

    async with busy(database):
        works = (noting("before"), fails, noting("before"), noting("after"))
        waiting = [asyncio.create_task(database.write(work)) for work in works]
        await asyncio.sleep(0)

    first, second, third, last = await asyncio.gather(*waiting, return_exceptions=True)
    assert (first, last) == ("before", "after")
    assert isinstance(second, ValueError)
    assert isinstance(third, Conflict)
    assert await names(database) == ["before", "after"]


async def test_nobody_hears_that_theirs_is_written_if_the_commit_of_all_fails(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialect = database._writer.sync_engine.dialect
    commit, turns = dialect.do_commit, itertools.count()

    def second_fails(connection: PoolProxiedConnection) -> None:
        if next(turns) == 1:
            raise sqlite3.OperationalError("disk I/O error")
        commit(connection)

    monkeypatch.setattr(dialect, "do_commit", second_fails)
    async with busy(database):
        waiting = [asyncio.create_task(database.write(noting(name))) for name in "ab"]
        await asyncio.sleep(0)

    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(one) for one in outcomes] == [StorageTrouble, StorageTrouble]
    assert await names(database) == []
    assert await database.write(noting("later")) == "later"


async def test_where_sqlite_undoes_all_of_them_all_hear_of_it(database: SqliteDatabase) -> None:
    """As it does by itself when the disk is full in the middle of a statement."""

    def undoes_all(connection: Connection) -> None:
        connection.execute(text("INSERT OR ROLLBACK INTO notes VALUES ('there'), ('there')"))

    async with busy(database):
        works = (noting("before"), undoes_all, noting("after"))
        waiting = [asyncio.create_task(database.write(work)) for work in works]
        await asyncio.sleep(0)

    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(one) for one in outcomes] == [StorageTrouble, StorageTrouble, StorageTrouble]
    assert await names(database) == []
    assert await database.write(noting("later")) == "later"


async def test_a_transaction_that_ends_in_stop_iteration_holds_up_nobody(database: SqliteDatabase) -> None:
    def stops(_connection: Connection) -> None:
        raise StopIteration

    with pytest.raises(RuntimeError):
        await database.write(stops)
    async with busy(database):
        waiting = [asyncio.create_task(database.write(work)) for work in (stops, noting("after"))]
        await asyncio.sleep(0)

    stopped, after = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(stopped, RuntimeError)
    assert after == "after"


async def test_what_raises_over_a_half_read_answer_takes_nobody_along(database: SqliteDatabase) -> None:
    def half_read(connection: Connection) -> None:
        for (name,) in connection.execute(text("INSERT INTO notes VALUES ('x'), ('y') RETURNING name")):
            raise ValueError(name)

    async with busy(database):
        works = (noting("before"), half_read, noting("after"))
        waiting = [asyncio.create_task(database.write(work)) for work in works]
        await asyncio.sleep(0)

    before, failed, after = await asyncio.gather(*waiting, return_exceptions=True)
    assert (before, after) == ("before", "after")
    assert isinstance(failed, ValueError)
    assert await names(database) == ["before", "after"]


async def test_a_lock_that_another_program_keeps_is_trouble_for_all_that_wait(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    await database.write(lambda cn: cn.execute(text("PRAGMA busy_timeout = 20")))
    with closing(sqlite3.connect(tmp_path / "easel.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = [database.write(noting(name)) for name in "abc"]  # the first alone, the others together
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        other.execute("ROLLBACK")

    assert ["locked by another program" in str(one) for one in outcomes] == [True, True, True]
    assert await database.write(noting("later")) == "later"
    assert await names(database) == ["later"]


async def test_who_leaves_the_line_has_nothing_written_and_holds_up_nobody(database: SqliteDatabase) -> None:
    async with busy(database):
        waiting = [asyncio.create_task(database.write(noting(name))) for name in "abc"]
        await asyncio.sleep(0)
        waiting[1].cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting[1]  # at once, though the slow one still runs

    assert [await waiting[0], await waiting[2]] == ["a", "c"]
    assert await names(database) == ["a", "c"]


async def test_who_leaves_while_theirs_is_written_hears_of_that_at_its_end(database: SqliteDatabase) -> None:
    begun, goes_on = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        begun.set()
        goes_on.wait(60)
        noting("whole")(connection)

    writing = asyncio.create_task(database.write(slow))
    await asyncio.to_thread(begun.wait, 60)
    writing.cancel()
    writing.cancel()
    done, _ = await asyncio.wait([writing], timeout=0.05)
    assert not done
    goes_on.set()

    with pytest.raises(asyncio.CancelledError):
        await writing
    assert await names(database) == ["whole"]


async def test_who_waits_too_long_is_told_that_the_database_is_busy(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_writer, "QUEUE_SECONDS", 0.01)
    async with busy(database):
        with pytest.raises(StorageTrouble, match="too busy"):
            await database.write(noting("late"))

    assert await names(database) == []


async def test_the_disk_is_waited_for_if_one_of_them_asks_for_it(database: SqliteDatabase) -> None:
    seen = commits(database)
    quick, full = 1, 2

    await database.write(noting("quick"), synced=False)
    await database.write(noting("safe"))
    await database.write(noting("quick again"), synced=False)
    await database.write(noting("safe again"))
    async with busy(database):
        waiting = [
            asyncio.create_task(database.write(noting(name), synced=name == "safe, too"))
            for name in ("quick, too", "safe, too")
        ]
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)

    assert seen == [quick, full, quick, full, full, full]


async def test_a_stop_waits_for_those_in_line(database: SqliteDatabase) -> None:
    async with busy(database):
        waiting = [asyncio.create_task(database.write(noting(name))) for name in "ab"]
        await asyncio.sleep(0)
        stopping = asyncio.create_task(database.close())
        await asyncio.sleep(0)

    await stopping
    assert [task.done() for task in waiting] == [True, True]
    assert await names(database) == ["a", "b"]
