"""Everything from SQLite to PostgreSQL and back: all of it, once, counted; never over somebody's own jobs.
Never here: the command line around it."""

from __future__ import annotations

import sqlite3
import tracemalloc
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select, text

from bot.domain.pools import Allowance
from bot.errors import StartupError
from bot.storage import backup, migrate, open_storage
from bot.storage.database import open_database
from bot.storage.schema import OLDEST, PROMISE, VERSION_TABLE, head
from bot.storage.tables import inputs
from bot.storage.transfer import into_file, transfer
from tests.claims import claim_submissions
from tests.fixtures.ports import free_port
from tests.storage.making import job, under_a_newer_program

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.postgres import Server

ROOM = Allowance(per_day=None, running=None, waiting=None)
JOBS = 37
PICTURES, WEIGHT = 12, 4 * 1024 * 1024


async def fill(url: str) -> None:
    async with open_storage(url, migrate=True) as storage:
        for number in range(JOBS):
            await storage.jobs.insert(job(prompt=f"a heron, {number} 🦆"), ROOM)
        await storage.meta.set("note", "kept")


def content(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with closing(sqlite3.connect(path)) as connection:
        tables = [r[0] for r in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {
            name: sorted(connection.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr)  # noqa: S608 - its own names
            for name in tables
        }
    rows["meta"] = [row for row in rows["meta"] if row[0] != "copied_from"]
    return rows


@pytest.mark.postgres
async def test_to_postgres_and_back_every_row_is_the_same_and_new_ones_are_numbered_on(
    postgres_server: Server, tmp_path: Path
) -> None:
    here, back = tmp_path / "easel.db", tmp_path / "back.db"
    await fill(f"sqlite+aiosqlite:///{here}")
    server = postgres_server.url(await postgres_server.create())
    seen: list[tuple[str, int, int]] = []

    await transfer(f"sqlite+aiosqlite:///{here}", server)
    # Doing it again changes nothing.
    copied = await transfer(f"sqlite+aiosqlite:///{here}", server, progress=lambda *step: seen.append(step))
    await transfer(server, f"sqlite+aiosqlite:///{back}")

    assert {table.table: table.rows for table in copied}["jobs"] == JOBS
    assert ("jobs", JOBS, JOBS) in seen
    assert content(back) == content(here)
    async with open_storage(server, migrate=False) as storage:
        await storage.jobs.insert(job(), ROOM)  # the books number their entries after those that came
    assert await into_file(server, tmp_path / "kept.db") == JOBS + 1
    assert not (tmp_path / ".kept.db.part").exists()


async def test_jobs_of_somebody_else_are_not_thrown_away_unasked(tmp_path: Path) -> None:
    here, there = (f"sqlite+aiosqlite:///{tmp_path}/{name}.db" for name in ("here", "there"))
    await fill(here)
    await fill(there)
    before = content(tmp_path / "there.db")

    with pytest.raises(StartupError, match="--replace"):
        await transfer(here, there)
    assert content(tmp_path / "there.db") == before

    await transfer(here, there, replace=True)
    assert content(tmp_path / "there.db") == content(tmp_path / "here.db")


async def test_what_cannot_all_arrive_does_not_arrive_at_all(tmp_path: Path) -> None:
    here, there = (f"sqlite+aiosqlite:///{tmp_path}/{name}.db" for name in ("here", "there"))
    await fill(here)
    await migrate(there)

    def lose_power(table: str, _done: int, _all: int) -> None:
        if table == "ledger":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await transfer(here, there, progress=lose_power)
    assert content(tmp_path / "there.db")["jobs"] == []

    await transfer(here, there)
    assert content(tmp_path / "there.db") == content(tmp_path / "here.db")


async def test_a_database_in_use_an_old_one_and_itself_are_refused(tmp_path: Path) -> None:
    here, there = (f"sqlite+aiosqlite:///{tmp_path}/{name}.db" for name in ("here", "there"))
    await fill(here)
    async with open_storage(here, migrate=False) as storage:
        await claim_submissions(storage.jobs, "a worker", 2**50, lease_ms=2**50, limit=1, max_running=3)

    with pytest.raises(StartupError, match="in use"):
        await transfer(here, there)
    with pytest.raises(StartupError, match="same database"):
        await transfer(here, here)
    old = here.replace("here", "old")
    await migrate(old)
    database = open_database(old)
    await database.write(lambda cn: cn.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '0009'")))  # noqa: S608 - our constant
    await database.close()
    with pytest.raises(StartupError, match="older"):
        await transfer(old, here)
    with pytest.raises(StartupError, match="no database at"):
        await transfer(here.replace("here", "none"), here)
    assert not (tmp_path / "none.db").exists()


async def test_tables_that_a_newer_program_added_to_are_copied_neither_from_nor_over(
    url: str, tmp_path: Path
) -> None:
    there = f"sqlite+aiosqlite:///{tmp_path}/there.db"
    await fill(there)
    await under_a_newer_program(url)
    async with open_storage(url, migrate=True) as storage:
        await storage.check()  # the older one works, but knows a part of it only

    with pytest.raises(StartupError, match=r"newer Easel.* leave out .*install the newer one.*pg_dump"):
        await transfer(url, there, replace=True)
    with pytest.raises(StartupError, match=r"newer Easel.*easel backup"):
        await into_file(url, tmp_path / "kept.db")
    with pytest.raises(StartupError, match="newer Easel: make it anew"):
        await transfer(there, url, replace=True)

    assert len(content(tmp_path / "there.db")["jobs"]) == JOBS
    assert not (tmp_path / "kept.db").exists()


@pytest.mark.parametrize(
    "lost", ["DELETE FROM meta WHERE key = 'schema_promise'", "DROP TABLE meta"], ids=["promise", "table"]
)
async def test_a_newer_source_that_promised_nothing_sends_nobody_to_a_backup_that_refuses_it_too(
    lost: str, tmp_path: Path
) -> None:
    newer, there = (f"sqlite+aiosqlite:///{tmp_path}/{name}.db" for name in ("newer", "there"))
    await fill(newer)
    await under_a_newer_program(newer)
    with closing(sqlite3.connect(tmp_path / "newer.db")) as connection, connection:
        connection.execute(lost)

    with pytest.raises(StartupError, match=r"newer Easel: install that version, or restore an older copy"):
        await transfer(newer, there)
    with pytest.raises(
        StartupError, match=r"newer\.db was made by a newer Easel: install that version first"
    ):
        backup.take(tmp_path / "newer.db", tmp_path / "copy.db")


async def test_a_copy_makes_its_own_promise_not_that_of_its_source(tmp_path: Path) -> None:
    here, there = (f"sqlite+aiosqlite:///{tmp_path}/{name}.db" for name in ("here", "there"))
    await fill(here)
    async with open_storage(here, migrate=False) as storage:
        await storage.meta.set(PROMISE, f"{head()}>=0000")

    await transfer(here, there)

    async with open_storage(there, migrate=False) as storage:
        assert await storage.meta.get(PROMISE) == f"{head()}>={OLDEST}"


async def test_a_file_that_an_idle_bot_has_open_is_copied_neither_from_nor_over(tmp_path: Path) -> None:
    here, there = (f"sqlite+aiosqlite:///{tmp_path}/{name}.db" for name in ("here", "there"))
    await fill(here)
    await migrate(there)

    async with open_storage(here, migrate=False) as storage:
        with pytest.raises(StartupError, match=r"here\.db is in use: stop the bot first"):
            await transfer(here, there)
        with pytest.raises(StartupError, match=r"here\.db is in use: stop the bot first"):
            await transfer(there, here, replace=True)
        assert sum(one.waiting for one in (await storage.jobs.load()).values()) == JOBS
    assert content(tmp_path / "there.db")["jobs"] == []


async def test_a_copy_done_again_by_mistake_throws_no_newer_work_away(tmp_path: Path) -> None:
    old, new = (f"sqlite+aiosqlite:///{tmp_path}/{name}.db" for name in ("old", "new"))
    await fill(old)
    await transfer(old, new)
    async with open_storage(new, migrate=True) as storage:
        await storage.jobs.insert(job(prompt="made after the move"), ROOM)

    with pytest.raises(StartupError, match="holds jobs of its own"):
        await transfer(old, new)

    async with open_storage(new, migrate=False) as storage:
        assert sum(one.waiting for one in (await storage.jobs.load()).values()) == JOBS + 1


async def test_a_file_that_is_there_a_folder_that_is_not_and_a_server_that_is_away_are_one_sentence_each(
    tmp_path: Path,
) -> None:
    here = f"sqlite+aiosqlite:///{tmp_path}/here.db"
    await fill(here)
    before = content(tmp_path / "here.db")

    with pytest.raises(StartupError, match="exists already"):
        await into_file(here, tmp_path / "here.db")
    with pytest.raises(StartupError, match="cannot be written"):
        await into_file(here, tmp_path / "nowhere" / "copy.db")
    with pytest.raises(StartupError):
        await transfer(here, f"postgresql+asyncpg://easel@127.0.0.1:{free_port()}/easel")

    assert content(tmp_path / "here.db") == before


async def heaviest(source: str, target: str) -> int:
    """How many bytes of memory a copy takes at its worst moment."""
    await migrate(target)
    tracemalloc.start()
    try:
        await transfer(source, target)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def give_pictures(url: str) -> None:
    async with open_storage(url, migrate=True) as storage:
        given = {
            "job_key": (await storage.jobs.insert(job(), ROOM)).key,
            "role": "image",
            "media_type": "image/png",
            "filename": "a.png",
            "address_until": 0,
            "data": bytes(WEIGHT),
        }
        rows = [given | {"position": n} for n in range(PICTURES)]
        await storage.database.write(lambda cn: cn.execute(inputs.insert(), rows))


async def test_given_pictures_are_copied_one_at_a_time_whatever_they_weigh_together(tmp_path: Path) -> None:
    here, there = (f"sqlite+aiosqlite:///{tmp_path}/{name}.db" for name in ("here", "there"))
    await give_pictures(here)

    assert await heaviest(here, there) < PICTURES * WEIGHT / 2


@pytest.mark.postgres
async def test_postgres_gives_and_takes_such_pictures_one_at_a_time_too(
    postgres_server: Server, tmp_path: Path
) -> None:
    here, back = (f"sqlite+aiosqlite:///{tmp_path}/{name}.db" for name in ("here", "back"))
    await give_pictures(here)
    server = postgres_server.url(await postgres_server.create())

    assert await heaviest(here, server) < PICTURES * WEIGHT / 2
    assert await heaviest(server, back) < PICTURES * WEIGHT / 2
    async with open_storage(back, migrate=False) as storage:
        weighed = select(func.count()).where(func.length(inputs.c.data) == WEIGHT)
        assert await storage.database.read(lambda cn: cn.execute(weighed).scalar_one()) == PICTURES
