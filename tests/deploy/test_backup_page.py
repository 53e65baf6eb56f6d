"""What the page about backups tells people to do is done here, word for word: taken while the database is written, put back.
Never here: how copies are made (tests/storage)."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from bot.domain.pools import Allowance
from bot.storage import open_storage
from bot.storage.schema import VERSION_TABLE
from tests.architecture.ground import ROOT
from tests.fixtures.postgres import Server, server_or_skip
from tests.storage.making import job

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.domain.jobs import Job

PAGE = (ROOT / "docs" / "backup.md").read_text(encoding="utf-8")
TAKE, PUT_BACK, SERVICES, DUMP, RESTORE = re.findall(r"```sh\n(.+?)```", PAGE, re.DOTALL)
"""The page's blocks of commands."""
HERE = "sqlite+aiosqlite:///{folder}/easel.db"
ROOM = Allowance(per_day=None, running=None, waiting=None)


def carried_out(commands: str, folder: Path, database: str, *programs: Path) -> None:
    """Whoever follows the page types them, and says yes."""
    path = ":".join(map(str, (*programs, Path(sys.executable).parent, "/usr/bin", "/bin")))
    said = subprocess.run(  # noqa: S603  # the page's own words
        ["/bin/sh", "-euc", commands],
        cwd=folder,
        env={**os.environ, "PATH": path, "EASEL_DATABASE": database},
        input="y\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert said.returncode == 0, said.stdout + said.stderr


async def asked(database: str) -> Job:
    """A member's picture that waits for its turn."""
    async with open_storage(database, migrate=True) as storage:
        return await storage.jobs.insert(job(), ROOM)


async def state_of(one: Job, database: str) -> str | None:
    async with open_storage(database, migrate=False) as storage:
        found = await storage.jobs.get(one.key)
    return None if found is None else found.state.value


def jobs(path: Path) -> int:
    with closing(sqlite3.connect(path)) as database:
        (count,) = database.execute("SELECT count(*) FROM jobs").fetchone()
    return int(count)


async def test_the_copy_of_the_page_holds_what_was_just_written_and_a_plain_copy_does_not(
    tmp_path: Path,
) -> None:
    live, database = tmp_path / "easel.db", HERE.format(folder=tmp_path)
    await asked(database)
    with closing(sqlite3.connect(live)) as bot:
        bot.execute("PRAGMA wal_autocheckpoint=0")
        bot.execute("INSERT INTO meta (key, value) VALUES ('lately', 'written')")
        bot.commit()
        plain = Path(shutil.copy(live, tmp_path / "plain.db"))

        carried_out(TAKE, tmp_path, database)

    told = "SELECT value FROM meta WHERE key = 'lately'"
    with closing(sqlite3.connect(tmp_path / "easel-backup.db")) as copy:
        assert copy.execute(told).fetchone() == ("written",)
    with closing(sqlite3.connect(plain)) as copy:
        assert copy.execute(told).fetchone() is None
    assert jobs(tmp_path / "easel-backup.db") == 1
    assert (tmp_path / "easel-backup.db").stat().st_mode & 0o077 == 0


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with server_or_skip() as running:
        yield running


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return HERE.format(folder=tmp_path)
    running: Server = request.getfixturevalue("server")
    return running.url("postgres")


async def test_what_the_page_puts_back_sends_nothing_that_waited_a_second_time(
    database: str, tmp_path: Path
) -> None:
    waiting = await asked(database)
    carried_out(TAKE, tmp_path, database)
    later = await asked(database)

    carried_out(PUT_BACK, tmp_path, database)

    assert await state_of(waiting, database) == "unclear"
    assert await state_of(later, database) is None


def test_a_services_copy_is_taken_where_its_database_is() -> None:
    unit = (ROOT / "deploy" / "easel.service").read_text(encoding="utf-8")
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")

    assert set(re.findall(r"--property=(\S+)", SERVICES)) <= set(unit.splitlines())
    assert re.findall(r"(/opt/\S+) backup", SERVICES) == re.findall(r"ExecStart=(\S+) run", unit)
    assert set(re.findall(r" (\w+) backup", SERVICES)) == compose["services"].keys()
    assert set(re.findall(r"--(?:owner|group)=(\d+)", SERVICES)) == set(
        re.findall(r"--[ug]id (\d+)", dockerfile)
    )


@pytest.mark.postgres
async def test_so_does_a_dump_of_postgres_also_after_a_newer_version_has_made_tables(
    server: Server, tmp_path: Path
) -> None:
    if not (server.programs / "pg_restore").exists():
        pytest.skip("this PostgreSQL came without pg_dump and pg_restore")
    database = server.url("easel")
    await server.execute("CREATE DATABASE easel")
    waiting = await asked(database)
    dump, restore = (
        block.replace("@host/easel", f"@/easel?host={server.folder}").replace(
            "--host=host", f"--host={server.folder}"
        )
        for block in (DUMP, RESTORE)
    )
    carried_out(dump, tmp_path, database, server.programs)
    newer = "CREATE TABLE newer (job_key TEXT REFERENCES jobs (key))"
    await server.execute(newer, database="easel")
    await server.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'", database="easel")  # noqa: S608 - our constant

    carried_out(restore, tmp_path, database, server.programs)

    # The program itself says that these are its tables and not the newer ones.
    assert await state_of(waiting, database) == "unclear"
    assert (tmp_path / "easel.dump").stat().st_mode & 0o077 == 0
