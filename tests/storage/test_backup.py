"""A copy of the SQLite file: whole while the bot writes, checked, put back without paying twice, kept before migrations.
Never here: the command line around it."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.config import Config

from bot.domain.pools import Allowance
from bot.errors import StartupDelayed, StartupError
from bot.storage import migrate, open_storage
from bot.storage.backup import file_of, restore, take, verify
from bot.storage.database import open_database
from bot.storage.schema import MIGRATIONS
from bot.storage.transfer import from_file
from tests.claims import claim_work
from tests.storage.making import job, under_a_newer_program

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Connection

ROOM = Allowance(per_day=None, running=None, waiting=None)


def states(path: Path) -> dict[str, int]:
    with closing(sqlite3.connect(path)) as connection:
        return dict(connection.execute("SELECT state, count(*) FROM jobs GROUP BY state").fetchall())


def named(folder: Path, pattern: str) -> list[str]:
    return sorted(path.name for path in folder.glob(pattern))


async def test_a_copy_taken_while_jobs_come_in_is_whole_and_of_one_moment(
    sqlite_url: str, tmp_path: Path
) -> None:
    source, target = tmp_path / "easel.db", tmp_path / "copy.db"
    async with open_storage(sqlite_url, migrate=True) as storage:
        for _ in range(20):
            await storage.jobs.insert(job(), ROOM)
        done = asyncio.Event()
        written = 20

        async def keep_writing() -> None:
            nonlocal written
            while not done.is_set():
                await storage.jobs.insert(job(), ROOM)
                written += 1

        writing = asyncio.create_task(keep_writing())
        copied = await asyncio.to_thread(take, source, target)
        done.set()
        await writing

    assert 20 <= copied <= written
    assert sum(states(target).values()) == copied
    with closing(sqlite3.connect(target)) as connection:
        jobs = connection.execute("SELECT count(*) FROM jobs").fetchone()
        booked = connection.execute("SELECT count(DISTINCT job_key) FROM ledger").fetchone()
    assert jobs == booked  # each job is written together with its entry in the books
    assert target.stat().st_mode & 0o077 == 0
    assert named(tmp_path, "*copy*") == ["copy.db"]


async def test_nothing_is_written_over_and_nothing_is_left_behind(sqlite_url: str, tmp_path: Path) -> None:
    await migrate(sqlite_url)
    (tmp_path / "mine.txt").write_text("precious")

    with pytest.raises(StartupError, match="exists already"):
        take(tmp_path / "easel.db", tmp_path / "mine.txt")
    with pytest.raises(StartupError, match="cannot be written"):
        take(tmp_path / "easel.db", tmp_path / "nowhere" / "copy.db")
    with pytest.raises(StartupError, match="nothing to copy"):
        take(tmp_path / "none.db", tmp_path / "copy.db")

    assert (tmp_path / "mine.txt").read_text() == "precious"
    assert not (tmp_path / "none.db").exists()
    assert not named(tmp_path, "*copy*")


async def test_what_is_no_copy_of_easels_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    await migrate(sqlite_url)
    diary, other, newer, torn = (tmp_path / name for name in ("diary", "other.db", "newer.db", "torn.db"))
    diary.write_text("dear diary " * 500)
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    take(tmp_path / "easel.db", newer)
    with closing(sqlite3.connect(newer)) as connection, connection:
        connection.execute("UPDATE easel_version SET version_num = '9999'")
    take(tmp_path / "easel.db", torn)
    content = torn.read_bytes()
    torn.write_bytes(content[:8192] + b"\x5a" * (len(content) - 8192))

    for path, words in (
        (diary, "no database"),
        (other, "another program"),
        (newer, "newer"),
        (torn, "damaged|database"),
    ):
        with pytest.raises(StartupError, match=words):
            verify(path)
        with pytest.raises(StartupError, match=words):
            restore(path, tmp_path / "easel.db")
    with pytest.raises(StartupError, match=rf"^{newer} was made by a newer Easel"):
        take(newer, tmp_path / "copy.db")
    with pytest.raises(StartupError, match="cannot be read"):
        restore(tmp_path / "no.db", tmp_path / "easel.db")


async def test_a_restored_database_sends_nothing_again_that_waited_when_it_was_copied(
    sqlite_url: str, tmp_path: Path
) -> None:
    source, copy = tmp_path / "easel.db", tmp_path / "copy.db"
    async with open_storage(sqlite_url, migrate=True) as storage:
        waiting = await storage.jobs.insert(job(), ROOM)
        await storage.meta.set("commands_synced", "as of then")
        take(source, copy)
        with pytest.raises(StartupDelayed, match="in use"):
            restore(copy, source)
        await storage.jobs.insert(job(), ROOM)

    jobs, kept = restore(copy, source)

    assert jobs == 1
    assert kept is not None
    assert sum(states(kept).values()) == 2
    assert states(copy) == {"queued": 1}
    async with open_storage(sqlite_url, migrate=False) as storage:
        again = await storage.jobs.get(waiting.key)
        assert again is not None
        assert again.state == "unclear"
        assert await storage.meta.get("commands_synced") is None
        claimed = await claim_work(storage.jobs, "me", again.created_at + 1, lease_ms=1_000, limit=9)
        assert [one.key for one in claimed] == [waiting.key]


async def test_what_a_newer_version_left_to_this_one_is_copied_and_put_back_with_all_that_is_in_it(
    sqlite_url: str, tmp_path: Path
) -> None:
    source, copy = tmp_path / "easel.db", tmp_path / "copy.db"
    async with open_storage(sqlite_url, migrate=True) as storage:
        await storage.jobs.insert(job(), ROOM)
    await under_a_newer_program(sqlite_url)

    assert take(source, copy) == 1
    source.unlink()
    assert restore(copy, source) == (1, None)

    with closing(sqlite3.connect(source)) as connection:
        assert connection.execute("SELECT words FROM albums").fetchall() == [("a year",)]
    async with open_storage(sqlite_url, migrate=True) as storage:
        await storage.check()
    with pytest.raises(StartupError, match=rf"^{copy} was made by a newer Easel: install that version first"):
        await from_file(copy, f"sqlite+aiosqlite:///{tmp_path}/other.db")


async def test_a_damaged_database_is_no_reason_not_to_restore(sqlite_url: str, tmp_path: Path) -> None:
    source, copy = tmp_path / "easel.db", tmp_path / "copy.db"
    await migrate(sqlite_url)
    take(source, copy)
    source.write_bytes(b"rubbish" * 1_000)

    restore(copy, source)

    async with open_storage(sqlite_url, migrate=False):
        pass


async def as_it_was(path: Path, version: str) -> None:
    """A database as an older Easel left it."""
    database = open_database(f"sqlite+aiosqlite:///{path}")

    def make(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, version)

    await database.write(make)
    await database.close()


@pytest.mark.parametrize("gone", [False, True], ids=["replaced", "put where none was"])
async def test_a_restored_database_belongs_to_whom_the_old_one_or_its_folder_belonged(
    sqlite_url: str, tmp_path: Path, *, gone: bool
) -> None:
    somebody = (12_345, 23_456) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    await migrate(sqlite_url)
    target, copy = tmp_path / "easel.db", tmp_path / "copy.db"
    take(target, copy)
    if gone:
        target.unlink()
        os.chown(tmp_path, *somebody)
    else:
        os.chown(target, *somebody)
        target.chmod(0o640)

    restore(copy, target)

    found = target.stat()
    assert (found.st_uid, found.st_gid) == somebody
    assert found.st_mode & 0o777 == (0o600 if gone else 0o640)


async def test_a_copy_is_kept_from_before_each_migration_and_only_the_newest_stay(
    sqlite_url: str, tmp_path: Path
) -> None:
    await migrate(sqlite_url, keep=2)
    assert not named(tmp_path, "*.bak")  # an empty database had nothing to keep
    older = tmp_path / "older.db"
    await as_it_was(older, "0007")
    for _ in range(3):
        (tmp_path / "easel.db").unlink(missing_ok=True)
        take(older, tmp_path / "easel.db")
        assert await migrate(sqlite_url, keep=2)

    kept = named(tmp_path, "easel.db.*.v0007.bak")
    assert len(kept) == 2
    for path in kept:
        with closing(sqlite3.connect(tmp_path / path)) as connection:
            assert connection.execute("SELECT version_num FROM easel_version").fetchone() == ("0007",)
    assert await migrate(sqlite_url, keep=2) is False
    assert named(tmp_path, "easel.db.*.bak") == kept


async def test_a_database_behind_a_link_is_put_back_and_kept_on_its_own_disk(tmp_path: Path) -> None:
    disk, here = tmp_path / "disk", tmp_path / "here"
    disk.mkdir()
    here.mkdir()
    (here / "easel.db").symlink_to(disk / "easel.db")
    url = f"sqlite+aiosqlite:///{here}/easel.db"
    await as_it_was(disk / "easel.db", "0007")
    assert await migrate(url, keep=2)
    target = file_of(url)
    assert target is not None
    take(target, tmp_path / "copy.db")
    target.chmod(0o640)

    _, kept = restore(tmp_path / "copy.db", target)

    assert (here / "easel.db").is_symlink()
    assert named(here, "*") == ["easel.db"]
    assert kept is not None
    assert named(disk, "*") == sorted(["easel.db", kept.name, *named(disk, "easel.db.*.v0007.bak")])
    assert len(named(disk, "*")) == 3
    assert (disk / "easel.db").stat().st_mode & 0o777 == 0o640


def test_only_plain_files_are_copied() -> None:
    assert str(file_of("sqlite+aiosqlite:////data/easel.db")) == "/data/easel.db"
    assert file_of("sqlite+aiosqlite:///file:easel.db?mode=ro&uri=true") is None
    assert file_of("postgresql+asyncpg://easel@db/easel") is None


async def test_a_copy_that_fails_sqlites_check_and_a_source_that_is_no_database_are_refused(
    sqlite_url: str, tmp_path: Path
) -> None:
    await migrate(sqlite_url)
    copy = tmp_path / "copy.db"
    take(tmp_path / "easel.db", copy)
    whole = bytearray(copy.read_bytes())
    whole[36:40] = bytes((0, 0, 0, 7))  # free pages that are not there
    (tmp_path / "torn.db").write_bytes(whole)
    (tmp_path / "noise.db").write_bytes(b"noise" * 4_096)

    with pytest.raises(StartupError, match="is damaged: use another copy"):
        verify(tmp_path / "torn.db")
    with pytest.raises(StartupError, match="The copy failed"):
        take(tmp_path / "noise.db", tmp_path / "other.db")

    assert named(tmp_path, "*other*") == []


async def test_where_nothing_can_be_put_a_copy_is_refused_and_nothing_is_left_behind(
    sqlite_url: str, tmp_path: Path
) -> None:
    await migrate(sqlite_url)
    copy = tmp_path / "copy.db"
    take(tmp_path / "easel.db", copy)
    (tmp_path / "folder.db").mkdir()

    with pytest.raises(StartupError, match="does not exist: create it first"):
        restore(copy, tmp_path / "nowhere" / "easel.db")
    with pytest.raises(StartupError, match="cannot be replaced"):
        restore(copy, tmp_path / "folder.db")

    assert named(tmp_path, "*restoring*") == []
    assert (tmp_path / "folder.db").is_dir()
