"""A whole installation moved from SQLite to PostgreSQL and back: buttons drawn before each move answer after it.
Never here: the copying itself (tests/storage)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest

from tests.fixtures.postgres import server_or_skip
from tests.fixtures.postgres_reader import PostgresReader
from tests.fixtures.times import PACES
from tests.wire.operations.test_copies import easel

if TYPE_CHECKING:
    from tests.fakes.discord_wire import Message
    from tests.wire.installation import Installation

pytestmark = [pytest.mark.wire, pytest.mark.postgres, pytest.mark.deep]

COUNT: Final = re.compile(r"^(\w+)\s+([\d,]+)$", re.MULTILINE)


async def copied(house: Installation, source: str, target: str) -> dict[str, str]:
    """Move everything, and hold what it says against both sides; the rows of each table."""
    said = dict(COUNT.findall(await easel(house, "copy", source, target)))
    again = dict(COUNT.findall(await easel(house, "copy", source, target)))
    assert said == again
    return said


async def pressed(house: Installation, *buttons: tuple[Message, str]) -> list[Message]:
    """A run of the program in which these are pressed."""
    running = await house.start()
    cards = [await house.card(await house.fake.press(*button), within=60) for button in buttons]
    await house.settled(within=60)
    assert await house.stop(running) == 0
    assert "Traceback" not in running.output
    return cards


@pytest.mark.timeout(400)
async def test_buttons_answer_after_a_move_to_postgresql_and_after_the_way_back(house: Installation) -> None:
    with server_or_skip() as server:
        here, there = house.environ["EASEL_DATABASE"], server.url("postgres")
        home = "sqlite:///home.db"
        house.times = PACES
        running = await house.start()
        grid = await house.grid("a paper fox")
        house.upstream.pause()
        waiting = await house.imagine("a paper hare")
        await house.says(waiting, "Midjourney has it")
        assert await house.stop(running) == 0

        out = await copied(house, here, there)
        house.upstream.resume()
        house.environ["EASEL_DATABASE"] = there
        house.postgres = PostgresReader(server.url("postgres"))
        (upscaled,) = await pressed(house, (grid, "U2"))
        hare = await house.card(waiting)
        assert len(house.rows()) == 3

        back = await copied(house, there, home)
        house.environ["EASEL_DATABASE"] = "sqlite+aiosqlite:///home.db"
        house.postgres = None
        house.database_name = "home.db"
        assert len(house.rows()) == 3
        await pressed(house, (grid, "V1"), (upscaled, "Vary (Strong)"), (hare, "U1"))

    rows = house.rows()
    assert len(rows) == 6
    assert {row.state for row in rows} == {"succeeded"}
    assert [house.fate(row) for row in rows] == [(0, 0)] * 6
    assert (out["jobs"], back["jobs"]) == ("2", "3")
    assert out.keys() == back.keys()
    assert all(
        int(back[table].replace(",", "")) >= int(out[table].replace(",", "")) for table in ("jobs", "ledger")
    )
