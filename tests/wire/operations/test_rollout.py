"""Two versions of the program on one database, over the newest migration: out one process at a time, and back.
Never here: what the newest migration changes (tests/storage)."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from bot.storage.schema import head
from tests.fixtures.postgres import server_or_skip
from tests.fixtures.postgres_reader import PostgresReader
from tests.wire.installation import eventually, open_house
from tests.wire.older import VERSIONS, older_program
from tests.wire.program import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.discord_wire import Message
    from tests.wire.installation import Installation
    from tests.wire.program import Program

ALBUMS = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "HEAD"
branch_labels = depends_on = None


def upgrade():
    op.create_table("albums", sa.Column("words", sa.Text))
    op.execute("INSERT INTO albums VALUES ('a year')")
"""

pytestmark = [pytest.mark.wire, pytest.mark.deep]


@contextmanager
def database(house: Installation, kind: str) -> Iterator[None]:
    """The database that all processes share."""
    if kind == "sqlite":
        yield
        return
    with server_or_skip() as server:
        house.environ["EASEL_DATABASE"] = server.url("postgres")
        house.postgres = PostgresReader(server.url("postgres"))
        yield
        house.postgres = None


def version(house: Installation) -> str:
    return str(house.fetch("SELECT version_num FROM easel_version")[0][0])


async def begin(house: Installation, shard: int, older: Path | None = None) -> Program:
    """A process of either version, with one of two shards."""
    if older is None:
        return await house.start(SHARD_COUNT="2", SHARD_IDS=str(shard))
    here = house.environ["PYTHONPATH"]
    house.environ["PYTHONPATH"] = str(older)
    try:
        return await house.start(whole=True, SHARD_COUNT="2", SHARD_IDS=str(shard))
    finally:
        house.environ["PYTHONPATH"] = here


async def press(house: Installation, card: Message, label: str) -> Message:
    return await house.card(await house.fake.press(card, label), within=60)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def test_a_version_is_rolled_out_and_back_one_process_at_a_time(tmp_path: Path, kind: str) -> None:
    older, before = older_program(tmp_path / "older")
    async with open_house(tmp_path) as house:
        with database(house, kind):
            fake = house.fake
            there = fake.add_guild("Reef", guild_id=fake.guild.id ^ (1 << 22))
            fake.join(fake.user, there)
            rooms = {(guild.id >> 22) % 2: guild for guild in (fake.guild, there)}
            channels = [fake.channel, fake.add_channel("reef", there)]
            channels.sort(key=lambda channel: channel.guild is not rooms[0])

            olds = [await begin(house, shard, older) for shard in (0, 1)]
            assert version(house) == before
            first = [await house.grid(f"an old fox, {n}", channel=room) for n, room in enumerate(channels)]

            await house.stop(olds[1])
            new = await begin(house, 1)  # migrates, while the older one goes on
            assert version(house) > before
            mixed = [await house.grid(f"a mixed fox, {n}", channel=room) for n, room in enumerate(channels)]
            for card, label in ((first[0], "U1"), (first[1], "U2"), (mixed[0], "U3"), (mixed[1], "U4")):
                await press(house, card, label)

            assert await house.stop(new) == 0
            back = await begin(house, 1, older)  # on the newer tables, with nothing restored
            for card, label in ((first[1], "V1"), (mixed[1], "V2"), (mixed[0], "V3")):
                await press(house, card, label)
            await house.grid("a fox after going back", channel=channels[1])
            await house.settled(within=60)

            rows = await eventually(house.rows, 5, lambda: "no rows")
            assert len(rows) == 12
            assert {row.state for row in rows} == {"succeeded"}
            assert [house.fate(row) for row in rows] == [(0, 0)] * len(rows)
            for running in (olds[0], back, new):
                assert "Traceback" not in running.output, running.tail


def newer_program(folder: Path) -> Path:
    """Today's program with one migration more, as its successor will have one."""
    for part in ("bot", "cogs"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / VERSIONS / "v9999_albums.py").write_text(ALBUMS.replace("HEAD", head()))
    return folder


def test_after_going_back_a_database_is_backed_up_and_put_back_with_what_the_newer_version_added(
    tmp_path: Path,
) -> None:
    newer, place = newer_program(tmp_path / "newer"), tmp_path / "place"
    place.mkdir()

    def easel(program: Path, *words: str) -> tuple[int, str]:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("EASEL_")}
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "bot", *words],
            cwd=place,
            env={**environ, "PYTHONPATH": str(program)},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    for program in (ROOT, newer, ROOT):
        assert easel(program, "migrate")[0] == 0
    assert easel(ROOT, "backup", "copy.db")[0] == 0
    (place / "easel.db").unlink()
    assert easel(ROOT, "restore", "copy.db", "--yes")[0] == 0
    status, said = easel(ROOT, "copy", "sqlite:///easel.db", "sqlite:///moved.db")
    assert (status, "newer Easel" in said, (place / "moved.db").exists()) == (78, True, False)

    assert easel(newer, "migrate")[0] == 0
    with closing(sqlite3.connect(place / "easel.db")) as connection:
        assert connection.execute("SELECT words FROM albums").fetchall() == [("a year",)]
