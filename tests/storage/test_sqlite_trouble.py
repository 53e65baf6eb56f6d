"""A SQLite file that is locked, full, read-only, damaged or gone: one clear reason, no secrets, and nothing half done.
Never here: PostgreSQL."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
import traceback
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import bindparam, delete, select, text
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.domain.failures import Failure, FailureKind
from bot.domain.jobs import JobState
from bot.errors import StartupError, StorageTrouble
from bot.storage import migrate, open_storage, threads
from bot.storage.errors import translated
from bot.storage.tables import jobs
from tests.claims import claim_work
from tests.storage.making import FREE, LEASE, NOON, job

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Connection

    from bot.storage import Storage

SECRET = "a-secret-that-no-message-may-hold"


@pytest.fixture
def url(sqlite_url: str) -> str:
    """Only SQLite here."""
    return sqlite_url


async def set_pragma(storage: Storage, pragma: str) -> None:
    await storage.database.write(lambda cn: cn.execute(text(f"PRAGMA {pragma}")))


async def refused(url: str, *, migrate: bool = True) -> str:
    with pytest.raises(StartupError) as startup:
        async with open_storage(url, migrate=migrate, busy_ms=50):
            pass
    sentence = str(startup.value)
    assert sentence.endswith(".")
    assert "SELECT" not in sentence
    return sentence


# -- while it runs ---------------------------------------------------------------------------------------


async def test_a_full_disk_is_trouble_and_loses_nothing_that_was_stored(storage: Storage) -> None:
    kept = await storage.jobs.insert(job(), FREE)
    await set_pragma(storage, "max_page_count = 1")

    with pytest.raises(StorageTrouble, match="disk of the database is full"):
        await storage.jobs.insert(job(prompt="x" * 100_000), FREE)
    await set_pragma(storage, "max_page_count = 100000")

    assert await storage.jobs.get(kept.key) == kept
    assert (await storage.jobs.insert(job(prompt="x" * 100_000), FREE)).state is JobState.QUEUED


async def test_a_database_that_became_read_only_is_trouble_for_writers_only(storage: Storage) -> None:
    kept = await storage.jobs.insert(job(), FREE)
    await set_pragma(storage, "query_only = ON")

    with pytest.raises(StorageTrouble, match="read-only"):
        await storage.jobs.cancel(kept.key, NOON)
    with pytest.raises(StorageTrouble, match="read-only"):
        await storage.check()

    assert await storage.jobs.get(kept.key) == kept


async def test_after_a_transaction_that_could_not_even_be_undone_others_go_on(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialect = storage.database._writer.sync_engine.dialect

    def fails(_connection: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    def torn(connection: Connection) -> None:
        connection.execute(delete(jobs))
        raise ValueError

    kept = await storage.jobs.insert(job(), FREE)
    monkeypatch.setattr(dialect, "do_rollback", fails)
    with pytest.raises(StorageTrouble):
        await storage.database.write(torn)
    monkeypatch.undo()

    assert await storage.jobs.get(kept.key) == kept
    other = await storage.jobs.insert(job(), FREE)
    assert await storage.jobs.get(other.key) == other
    assert await storage.jobs.get(kept.key) == kept


async def test_a_reader_that_the_disk_keeps_waiting_is_not_disturbed_by_a_stop(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "STOP_SECONDS", 0.05)
    kept = await storage.jobs.insert(job(), FREE)
    waits, goes_on = threading.Event(), threading.Event()

    def slow(connection: Connection) -> int:
        waits.set()
        goes_on.wait(60)
        return len(connection.execute(select(jobs.c.key)).all())

    reading = asyncio.create_task(storage.database.read(slow))
    await asyncio.to_thread(waits.wait, 60)
    await storage.database.close()
    goes_on.set()

    assert await reading == 1
    assert await storage.jobs.get(kept.key) == kept


async def test_a_lock_of_another_program_is_waited_for_and_then_trouble(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with open_storage(sqlite_url, migrate=True, busy_ms=50) as storage:
        with closing(sqlite3.connect(tmp_path / "easel.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            waiting = job()

            with pytest.raises(StorageTrouble, match="locked by another program"):
                await storage.jobs.insert(waiting, FREE)
            readable = await storage.jobs.get(waiting.key)
            other.execute("ROLLBACK")

        assert readable is None
        assert await storage.jobs.insert(waiting, FREE) == waiting


async def test_no_secret_reaches_a_message_or_a_traceback(storage: Storage) -> None:
    await set_pragma(storage, "max_page_count = 1")

    with pytest.raises(StorageTrouble) as trouble:
        await storage.jobs.insert(job(prompt=SECRET * 9_000, webhook_token=SECRET), FREE)

    shown = "".join(traceback.format_exception(trouble.value))
    assert SECRET not in shown
    assert "INSERT" not in shown


async def test_an_unexpected_refusal_of_the_database_names_its_kind(storage: Storage) -> None:
    with pytest.raises(StorageTrouble, match=r"the database failed \(SQLITE_ERROR\)"):
        await storage.database.read(lambda cn: cn.execute(text("SELECT * FROM nowhere")))


async def test_a_statement_that_cannot_even_be_built_is_told_apart(storage: Storage) -> None:
    with pytest.raises(StorageTrouble, match=r"the database failed \("):
        await storage.database.write(lambda cn: cn.execute(select(jobs.c.key == bindparam("nothing"))))


async def test_a_file_damaged_while_running_is_trouble(sqlite_url: str, tmp_path: Path) -> None:
    async with open_storage(sqlite_url, migrate=True) as storage:
        for _ in range(50):
            await storage.jobs.insert(job(prompt="x" * 4_000), FREE)
    file = tmp_path / "easel.db"
    pages = bytearray(file.read_bytes())
    pages[4096 * 3 :] = b"\x5a" * (len(pages) - 4096 * 3)

    async with open_storage(sqlite_url, migrate=False) as storage:
        file.write_bytes(pages)
        with pytest.raises(StorageTrouble, match="damaged"):
            await storage.database.read(
                lambda cn: (
                    cn.execute(text("PRAGMA table_list")).all()
                    and cn.execute(text("SELECT prompt FROM jobs")).all()
                )
            )


async def test_a_cancelled_caller_does_not_tear_a_transaction(storage: Storage) -> None:
    started = [job() for _ in range(20)]

    tasks = [asyncio.create_task(storage.jobs.insert(one, FREE)) for one in started]
    await tasks[0]
    for task in tasks[1:]:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    stored = [one for one in started if await storage.jobs.get(one.key) is not None]
    assert {one.key for one in stored} >= {o.key for o in outcomes if not isinstance(o, BaseException)}
    assert (await storage.jobs.load("default"))["NORMAL"].waiting == len(stored)  # type: ignore[index]  # Pool is its own spelling
    await storage.check()


# -- after a crash ---------------------------------------------------------------------------------------

CRASH = """
import asyncio, os, sys
from bot.storage import open_storage
from tests.claims import claim_submissions
from tests.storage.making import FREE, LEASE, NOON, job

async def main() -> None:
    opened = open_storage(sys.argv[1], migrate=True)
    storage = await opened.__aenter__()
    await storage.jobs.insert(job(key="000000000abc"), FREE)
    await claim_submissions(storage.jobs, "dead", NOON + 60_000, lease_ms=LEASE, limit=1, max_running=1)

    def die(connection):
        connection.exec_driver_sql("DELETE FROM ledger")
        os._exit(9)

    await storage.database.write(die)

asyncio.run(main())
"""


async def test_a_crash_inside_a_transaction_leaves_all_earlier_ones_and_nothing_of_it(
    sqlite_url: str,
) -> None:
    crashed = subprocess.run([sys.executable, "-c", CRASH, sqlite_url], check=False, timeout=50)  # noqa: ASYNC221, S603 - the test waits for nothing else, and the program is ours
    assert crashed.returncode == 9

    async with open_storage(sqlite_url, migrate=True) as storage:
        (found,) = await claim_work(storage.jobs, "new", NOON + 60_001 + LEASE, lease_ms=LEASE, limit=9)
        await storage.jobs.save(found.failed(Failure(FailureKind.LOST), NOON))
        units = await storage.database.read(
            lambda cn: cn.execute(text("SELECT units FROM ledger ORDER BY id")).scalars().all()
        )

    assert found.state is JobState.SUBMITTING
    assert units == [1, -1]


async def test_what_was_stored_is_there_after_closing_and_opening_again(sqlite_url: str) -> None:
    async with open_storage(sqlite_url, migrate=True) as storage:
        kept = await storage.jobs.insert(job(), FREE)

    async with open_storage(sqlite_url, migrate=False) as storage:
        assert await storage.jobs.get(kept.key) == kept


# -- at the start ----------------------------------------------------------------------------------------


async def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    sentence = await refused(f"sqlite+aiosqlite:///{tmp_path}/nowhere/easel.db")

    assert f"create {tmp_path}/nowhere" in sentence


async def test_a_file_that_is_no_database_is_left_alone(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "easel.db").write_text("my diary " * 1_000)

    assert "the file is not a database" in await refused(sqlite_url)
    assert (tmp_path / "easel.db").read_text().startswith("my diary")


async def test_a_start_that_failed_leaves_no_connections_thread_behind(tmp_path: Path) -> None:
    before = set(threading.enumerate())

    await refused(f"sqlite+aiosqlite:///{tmp_path}")

    assert [thread.name for thread in threading.enumerate() if thread not in before] == []


async def test_another_programs_database_is_left_alone(sqlite_url: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "easel.db")) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
        other.commit()

    assert "tables of another program" in await refused(sqlite_url)


async def test_a_damaged_file_asks_for_a_backup(sqlite_url: str, tmp_path: Path) -> None:
    await migrate(sqlite_url)
    file = tmp_path / "easel.db"
    content = bytearray(file.read_bytes())
    content[4096:] = b"\x5a" * (len(content) - 4096)
    file.write_bytes(content)

    assert "restore a backup" in await refused(sqlite_url)


async def test_a_read_only_file_asks_for_the_right_to_write(sqlite_url: str, tmp_path: Path) -> None:
    await migrate(sqlite_url)

    for migrating in (True, False):
        sentence = await refused(
            f"sqlite+aiosqlite:///file:{tmp_path}/easel.db?mode=ro&uri=true", migrate=migrating
        )
        assert "read-only for this user" in sentence


async def test_a_path_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    assert "cannot be opened" in await refused(f"sqlite+aiosqlite:///{tmp_path}")


async def test_a_file_locked_at_the_start_says_who_must_stop(sqlite_url: str, tmp_path: Path) -> None:
    await migrate(sqlite_url)
    with closing(sqlite3.connect(tmp_path / "easel.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        assert "holds it locked" in await refused(sqlite_url)


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("sqlite+aiosqlite://", "in memory"),
        ("sqlite+aiosqlite:///:memory:", "in memory"),
        ("not an address", "cannot be read"),
        ("mysql://somebody@somewhere/easel", "set EASEL_DATABASE to"),
        ("sqlite+aiosqlite:////nowhere/at/all.db", "another file in EASEL_DATABASE"),
        ("sqlite+aiosqlite:///easel.db?timeout=long", "cannot be read"),
    ],
)
async def test_an_address_that_cannot_serve_is_explained(url: str, advice: str) -> None:
    assert advice in await refused(url)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TimeoutError(), "too busy"),
        (PoolTimeout(), "too busy"),
        (ConnectionRefusedError("somewhere:5432"), "connection to the database was lost"),
    ],
)
def test_errors_that_come_from_no_database_are_named_too(error: Exception, reason: str) -> None:
    with pytest.raises(StorageTrouble, match=reason) as trouble, translated():
        raise error

    assert "5432" not in str(trouble.value)
