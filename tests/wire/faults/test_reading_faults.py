"""The image API's connection misbehaves once the job is accepted: in readings, and in pictures.
Never here: submissions (test_upstream_faults), and faults of its tasks (tests/e2e)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.sandbox.upstream import Fault
from tests.faults.report import Row as Line
from tests.faults.report import record
from tests.wire.installation import open_house

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.wire

FAULTS = {
    Fault.RESET_BEFORE: "query",
    Fault.HTML_502_BEFORE: "query",
    Fault.RATE_LIMITED: "query",
    Fault.NOT_JSON: "query",
    Fault.PICTURE_500: None,
    Fault.PICTURE_NOT_AN_IMAGE: "store",
    Fault.NO_PICTURE: None,
    Fault.BACKWARDS: None,
}
"""What befalls which endpoint once; None: the one that the fault is of."""
AT_ONCE = 4
"""Installations beside each other: each waits most of its time."""


@pytest.mark.timeout(400)
async def test_a_reading_or_a_picture_that_fails_once_costs_time_and_nothing_else(tmp_path: Path) -> None:
    places = asyncio.Semaphore(AT_ONCE)

    async def struck(fault: Fault) -> tuple[int, tuple[int, int], int]:
        """How often the fault struck, what became of the job, and how often it was sent."""
        async with places:
            room = tmp_path / fault.value
            room.mkdir()
            async with open_house(room, webhooks=True) as house:
                await house.start()
                planned = house.upstream.fault(fault, endpoint=FAULTS[fault])
                asked = await house.imagine("a paper fox")
                await house.card(asked, within=40)
                row = await house.delivered(asked)
                return planned.hits, house.fate(row), len(house.submissions)

    found = dict(zip(FAULTS, await asyncio.gather(*map(struck, FAULTS)), strict=True))

    for fault, (_, (lost, twice), _) in found.items():
        record(Line("reading: the picture, once", f"image API: {fault.about}", 1, lost, twice))
    assert found == dict.fromkeys(FAULTS, (1, (0, 0), 1))
