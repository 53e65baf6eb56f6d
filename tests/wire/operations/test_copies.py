"""A copy taken while pictures are made, put back after the disk was lost: old buttons answer, nothing is paid twice.
Never here: the copying itself (tests/storage, tests/cli)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fixtures.postgres import server_or_skip
from tests.fixtures.postgres_reader import PostgresReader
from tests.fixtures.times import LEASES, PACES, UNCLEAR

if TYPE_CHECKING:
    from tests.wire.installation import Installation

pytestmark = pytest.mark.wire


async def easel(house: Installation, *arguments: str) -> str:
    """Run another verb of the program beside the bot."""
    verb = house.verb(*arguments)
    assert await verb.ended(60) == 0, verb.tail
    return verb.output


@pytest.mark.timeout(300)
async def test_a_copy_taken_under_load_brings_back_buttons_and_pays_nothing_twice(
    house: Installation,
) -> None:
    house.times = {**LEASES, **PACES}  # the copy is of rows that a process held
    running = await house.start()
    grid = await house.grid("a paper fox")
    house.upstream.pause()
    asked = [
        await house.imagine(f"a paper hare, {n}", channel=house.fake.add_channel(f"room-{n}"))
        for n in range(5)
    ]
    for one in asked:
        await house.says(one, "Midjourney has it")

    said = await easel(house, "backup", "copy.db")
    assert "6 jobs" in said
    house.upstream.resume()
    await house.settled()
    await house.stop(running)
    for name in ("easel.db", "easel.db-wal", "easel.db-shm"):
        (house.folder / name).unlink(missing_ok=True)
    await easel(house, "restore", "copy.db", "--yes")
    paid = len(house.accepted)

    await house.start()
    pressed = await house.fake.press(grid, "U2")
    await house.card(pressed, within=60)
    rows = await house.settled(within=90)

    assert {row.state for row in rows} == {"succeeded"}
    assert len(rows) == 7
    assert len(house.accepted) == paid + 1


async def sent_since_the_copy(house: Installation) -> int:
    """Pictures that waited when the copy was taken, and were paid for before it is put back; how many were paid for."""
    house.times = {**PACES, **UNCLEAR}
    running = await house.start(MAX_RUNNING="1")
    house.upstream.pause()
    await house.says(await house.imagine("a paper crane"), "Midjourney has it")
    for n in range(2):
        asked = await house.imagine(f"a paper swan, {n}", channel=house.fake.add_channel(f"pond-{n}"))
        assert (await house.accepted_row(asked)).state == "queued"
    await easel(house, "backup", "copy.db")
    house.upstream.resume()
    await house.settled(within=60)
    assert await house.stop(running) == 0
    return len(house.accepted)


async def found_again(house: Installation, paid: int) -> None:
    """All of them have their pictures, and nothing was paid for anew."""
    await house.start()
    rows = await house.settled(within=90)

    assert {row.state for row in rows} == {"succeeded"}
    assert (len(rows), len(house.accepted)) == (3, paid)


@pytest.mark.timeout(300)
async def test_what_waited_when_the_copy_was_taken_and_was_sent_since_is_found_and_not_paid_again(
    house: Installation,
) -> None:
    paid = await sent_since_the_copy(house)
    await easel(house, "restore", "copy.db", "--yes")

    await found_again(house, paid)


@pytest.mark.postgres
@pytest.mark.deep
@pytest.mark.timeout(300)
async def test_so_it_is_in_postgresql(house: Installation) -> None:
    with server_or_skip() as server:
        house.environ["EASEL_DATABASE"] = server.url("postgres")
        house.postgres = PostgresReader(server.url("postgres"))
        await easel(house, "migrate")
        paid = await sent_since_the_copy(house)
        await easel(house, "restore", "copy.db", "--yes")

        await found_again(house, paid)
        beside = house.verb("restore", "--restored", "--yes")  # the bot has nothing to do, and runs
        assert await beside.ended(60) != 0
        assert "in use: stop every Easel" in beside.tail
        await house.stop(house.programs[-1])
