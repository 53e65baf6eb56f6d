"""A copy taken while pictures are made, put back after the disk was lost: old buttons answer, nothing is paid twice.
Never here: the copying itself (tests/storage, tests/cli)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fixtures.times import LEASES, PACES

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
