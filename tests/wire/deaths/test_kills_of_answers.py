"""`kill -9` around the first answer, on one process and on two: whoever was answered has a card or words, none waits for ever.
Never here: deaths later in a job's life (test_kills)."""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING

import pytest

from bot.sandbox.upstream import Pace
from tests.faults.report import Row, record
from tests.fixtures.times import LEASES, UNCLEAR
from tests.wire.deaths.answers_harness import PHASES, Deaths, Sums, table
from tests.wire.installation import eventually, open_house

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

pytestmark = pytest.mark.wire

SEED = 20301128
TOLD_S = 60.0
"""A dead process's leases last six seconds here, and are looked at every two."""


async def killed(room: Path, phases: Sequence[str], *, processes: int, seed: int = SEED) -> dict[str, Sums]:
    """Kill once in each of these phases, start again, wait for everybody's end."""
    dice = Random(seed)  # noqa: S311 - chance that can be repeated
    async with open_house(room, times={**LEASES, **UNCLEAR}, pace=Pace(speed=60)) as house:
        deaths = Deaths(house, dice, processes)
        for phase in phases:
            await deaths.round(phase)
        last = await deaths.start()
        if house.rows():
            await house.settled(within=150)
        try:
            await eventually(lambda: not deaths.waiting(), TOLD_S, lambda: f"{deaths.waiting()}")
        except AssertionError:
            print("somebody still waits")  # noqa: T201 - counted below, by phase
        assert await house.stop(last) == 0
        return deaths.sums()


def judged(runs: dict[str, dict[str, Sums]]) -> Sums:
    """All together, after keeping the table."""
    print(table(runs))  # noqa: T201 - the figures are what these deaths are for
    total = Sums()
    for run, phases in runs.items():
        for phase, sums in phases.items():
            total.add(sums)
            record(Row(f"first answers on {run}", f"kill -9 {phase}", sums.kills, sums.forgotten, 0))
    return total


@pytest.mark.timeout(600)
async def test_nobody_who_was_answered_waits_for_ever_on_one_process_and_on_two(tmp_path: Path) -> None:
    async def run(processes: int, phases: Sequence[str]) -> dict[str, Sums]:
        room = tmp_path / str(processes)
        room.mkdir()
        return await killed(room, phases, processes=processes)

    alone, beside = await asyncio.gather(run(1, PHASES), run(2, PHASES[1:4]))
    total = judged({"1": alone, "2": beside})

    assert total.answered >= 10
    assert total.told >= 1
    assert total.cards >= 1
    assert total.forgotten == 0
