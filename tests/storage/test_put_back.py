"""A database that was put back, of either kind and by whatever means: it pays for nothing twice, and looks before it gives up.
Never here: how the SQLite file itself is replaced (test_backup.py), the command line (tests/cli)."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from bot.domain.pools import Allowance
from bot.domain.settling import was_put_back
from bot.domain.tasks import RemoteTaskId, TaskSnapshot, TaskStatus
from bot.errors import StartupDelayed, StartupError
from bot.storage import migrate, open_storage
from bot.storage.backup import file_of, restore, take
from bot.storage.database import open_database
from bot.storage.opening import settle
from bot.storage.schema import VERSION_TABLE
from bot.storage.transfer import from_file, into_file, transfer
from tests.claims import claim_submissions, claim_work
from tests.storage.making import job
from tests.storage.test_backup import as_it_was, named

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.storage.opening import Storage

ROOM = Allowance(per_day=None, running=None, waiting=None)
RUNS = TaskStatus.IN_PROGRESS


@dataclass(frozen=True)
class Copied:
    """What a copy holds."""

    waiting: JobKey
    sending: JobKey
    unclear: JobKey


async def being_sent(storage: Storage) -> Job:
    """A job that a worker holds, and is sending."""
    waiting = await storage.jobs.insert(job(), ROOM)
    (held,) = await claim_submissions(
        storage.jobs, "a worker", waiting.created_at + 1, lease_ms=2**50, limit=1, max_running=3
    )
    assert (held.key, held.state) == (waiting.key, "submitting")
    return held


async def put_in(url: str) -> Copied:
    """A bot's work of this moment: one job waits, one is just being sent, of one nobody knows whether it was."""
    async with open_storage(url, migrate=True) as storage:
        sending, lost = await being_sent(storage), await being_sent(storage)
        await storage.jobs.release(lost.unclear(due_at=lost.created_at + 2).put_off(due_at=2**50))
        waiting = await storage.jobs.insert(job(), ROOM)
        await storage.meta.set("commands_synced", "as of then")
        await storage.meta.set("owner_commands_synced", "as of then")
    return Copied(waiting.key, sending.key, lost.key)


async def copied(url: str, copy: Path) -> None:
    """As `easel backup` does it."""
    source = file_of(url)
    if source is None:
        await into_file(url, copy)
    else:
        take(source, copy)


async def put_back(copy: Path, url: str) -> None:
    """As `easel restore` does it."""
    target = file_of(url)
    if target is None:
        await from_file(copy, url)
    else:
        restore(copy, target)


async def stopped(url: str) -> None:
    """Whoever held a job in it is gone, and it is some minutes later."""
    await changed(url, "UPDATE jobs SET lease_until = 0")


async def changed(url: str, statement: str) -> None:
    database = open_database(url)
    await database.write(lambda cn: cn.execute(text(statement)))
    await database.close()


async def test_what_waited_or_was_being_sent_is_looked_for_and_never_sent_again(
    url: str, tmp_path: Path
) -> None:
    there = await put_in(url)
    copy = tmp_path / "copy.db"
    await copied(url, copy)  # while a worker holds a job, as it does in every bot that runs
    await stopped(url)
    async with open_storage(url, migrate=False) as storage:
        later = await storage.jobs.insert(job(), ROOM)
    begun = time.time_ns() // 1_000_000

    await put_back(copy, url)

    async with open_storage(url, migrate=False) as storage:
        assert await storage.jobs.get(later.key) is None
        assert await storage.meta.get("commands_synced") is None
        assert await storage.meta.get("owner_commands_synced") is None
        sent = await claim_submissions(storage.jobs, "me", 2**50, lease_ms=1_000, limit=9, max_running=9)
        looked_for = await claim_work(storage.jobs, "me", begun, lease_ms=1_000, limit=9)
    assert sent == []
    assert_looked_for(looked_for, there, since=begun)


def assert_looked_for(jobs: Sequence[Job], there: Copied, *, since: int) -> None:
    """Unclear from now on: who looks for them has all the time there is, also if the first look fails."""
    assert {one.key for one in jobs} == {there.waiting, there.sending, there.unclear}
    assert {one.tries for one in jobs} == {0}
    assert {one.state for one in jobs} == {"unclear"}
    assert all(one.sent_at is not None for one in jobs)
    assert all(one.changed_at >= since for one in jobs)
    assert {one.hold for one in jobs} == {"hold.checking"}


@pytest.mark.parametrize("runs", [False, True])
async def test_what_upstream_has_is_followed_on_and_known_as_put_back(
    url: str, tmp_path: Path, *, runs: bool
) -> None:
    copy = tmp_path / "copy.db"
    async with open_storage(url, migrate=True) as storage:
        held = await being_sent(storage)
        sent = held.submitted(RemoteTaskId("41"), held.created_at + 2)
        sent = sent.observed(TaskSnapshot(RemoteTaskId("41"), RUNS), sent.changed_at + 1) if runs else sent
        await storage.jobs.release(sent)
    await copied(url, copy)

    await put_back(copy, url)

    async with open_storage(url, migrate=False) as storage:
        followed = await storage.jobs.get(held.key)
    assert followed is not None
    assert was_put_back(followed)
    assert replace(followed, sent_at=sent.sent_at, owner=sent.owner, lease_until=sent.lease_until) == sent


async def test_a_database_that_other_tools_put_back_is_settled_where_it_is(url: str) -> None:
    there = await put_in(url)
    await stopped(url)
    begun = time.time_ns() // 1_000_000

    assert await settle(url) == 2

    async with open_storage(url, migrate=False) as storage:
        assert await storage.meta.get("commands_synced") is None
        assert await storage.meta.get("owner_commands_synced") is None
        looked_for = await claim_work(storage.jobs, "me", begun, lease_ms=1_000, limit=9)
    assert_looked_for(looked_for, there, since=begun)


async def test_one_in_which_a_bot_works_and_one_that_holds_nothing_are_left_alone(
    url: str, sqlite_url: str, tmp_path: Path
) -> None:
    there = await put_in(url)

    with pytest.raises(StartupError, match="in use: stop every Easel"):
        await settle(url)
    with pytest.raises(StartupError, match="no database at"):
        await settle(sqlite_url.replace("easel.db", "none.db"))
    with closing(sqlite3.connect(tmp_path / "empty.db")) as empty:
        empty.execute("PRAGMA user_version = 1")
    with pytest.raises(StartupError, match="holds nothing yet: put the copy back first"):
        await settle(f"sqlite+aiosqlite:///{tmp_path}/empty.db")

    async with open_storage(url, migrate=False) as storage:
        waiting = await storage.jobs.get(there.waiting)
    assert waiting is not None
    assert waiting.state == "queued"


async def test_a_file_that_a_bot_has_open_is_left_alone_also_while_it_does_nothing(
    sqlite_url: str,
) -> None:
    async with open_storage(sqlite_url, migrate=True) as storage:
        waiting = await storage.jobs.insert(job(), ROOM)

        with pytest.raises(StartupDelayed, match="in use: stop the bot first"):
            await settle(sqlite_url)

        found = await storage.jobs.get(waiting.key)
    assert found is not None
    assert found.state == "queued"


@pytest.mark.postgres
async def test_a_server_on_which_a_bot_runs_is_left_alone_also_while_it_does_nothing(
    postgres_url: str, sqlite_url: str, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    async with open_storage(postgres_url, migrate=True, working=True) as storage:
        waiting = await storage.jobs.insert(job(), ROOM)
        await into_file(postgres_url, copy)

        for meant in (
            settle(postgres_url),
            from_file(copy, postgres_url),
            transfer(postgres_url, sqlite_url),
            transfer(f"sqlite+aiosqlite:///{copy}", postgres_url, replace=True),
        ):
            with pytest.raises(StartupError, match="in use: stop every Easel"):
                await meant

        found = await storage.jobs.get(waiting.key)
    assert found is not None
    assert found.state == "queued"


@pytest.mark.postgres
async def test_a_copy_of_an_older_version_goes_into_postgres_as_well_and_stays_as_it_was(
    postgres_url: str, tmp_path: Path
) -> None:
    copy = tmp_path / "older copy.db"
    await as_it_was(copy, "0022")
    before = copy.read_bytes()

    assert await from_file(copy, postgres_url) == 0

    assert copy.read_bytes() == before
    assert named(tmp_path, "*") == ["older copy.db"]
    async with open_storage(postgres_url, migrate=False) as storage:
        await storage.check()


@pytest.mark.postgres
async def test_tables_of_a_newer_version_are_not_written_over(postgres_url: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    await migrate(f"sqlite+aiosqlite:///{copy}")
    await changed(postgres_url, f"UPDATE {VERSION_TABLE} SET version_num = '9999'")  # noqa: S608 - our constant

    with pytest.raises(StartupError, match="newer Easel: make it anew"):
        await from_file(copy, postgres_url)


@pytest.mark.postgres
async def test_of_a_copy_that_cannot_all_arrive_nothing_arrives(postgres_url: str, tmp_path: Path) -> None:
    there = await put_in(postgres_url)
    copy = tmp_path / "copy.db"
    await into_file(postgres_url, copy)
    await stopped(postgres_url)

    def lose_power(table: str, _done: int, _all: int) -> None:
        if table == "meta":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await from_file(copy, postgres_url, progress=lose_power)

    async with open_storage(postgres_url, migrate=False) as storage:
        waiting = await storage.jobs.get(there.waiting)
    assert waiting is not None
    assert waiting.state == "queued"
