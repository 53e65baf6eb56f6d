"""Two versions of the program on one database, over the newest migration: out one process at a time, and back.
Never here: what the newest migration changes (tests/storage)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.fixtures.postgres import server_or_skip
from tests.fixtures.postgres_reader import PostgresReader
from tests.wire.installation import eventually, open_house
from tests.wire.older import older_program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.discord_wire import Message
    from tests.wire.installation import Installation
    from tests.wire.program import Program

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
