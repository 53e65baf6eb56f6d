"""`kill -9` at fifty moments of jobs' lives, restarted each time: nothing is lost, nothing is doubled, buttons answer.
Never here: deaths at chosen awaits (tests/faults) and stops in good order."""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.faults.report import Row, folder, record
from tests.wire.deaths.kill_harness import KillHarness, Moment, Tally, open_lane

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.wire

KILLS = 50
LANES = 5
SEED = 20300105
COLUMNS = (
    "moment", "kills", "missed it", "jobs", "of presses", "delivered once", "honestly lost", "lost", "doubled",
)  # fmt: skip
SETTLING_S = 150.0
"""Leases of the dead last six seconds here, and what nobody can tell is looked for as long."""


@pytest.mark.timeout(600)
async def test_fifty_deaths_lose_no_accepted_job_and_double_nothing_and_old_buttons_answer(
    tmp_path: Path,
) -> None:
    dice = Random(SEED)  # noqa: S311 - chance that can be repeated
    moments = (list(Moment) * (KILLS // len(Moment) + 1))[:KILLS]
    dice.shuffle(moments)
    rooms = [tmp_path / str(n) for n in range(LANES)]
    for room in rooms:
        room.mkdir()

    found = await asyncio.gather(
        *(
            _lane(room, Random(dice.random()), moments[n::LANES])  # noqa: S311 - as above
            for n, room in enumerate(rooms)
        )
    )

    total = Tally()
    lines = [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    for moment in Moment:
        sums = Tally()
        for tallies in found:
            sums.add(tallies[moment])
        total.add(sums)
        record(
            Row(
                "several people's pictures and presses",
                f"kill -9 {moment}",
                sums.kills,
                sums.lost,
                sums.doubled,
            )
        )
        lines.append(_line(moment, sums))
    lines.append(_line("all", total))
    print("\n".join(lines))  # noqa: T201 - the figures are what this test is for
    (folder() / "kills.md").write_text("\n".join(lines) + "\n")
    assert total.kills == KILLS
    assert total.missed < KILLS / 3
    assert total.jobs >= KILLS
    assert total.presses >= KILLS / 10
    assert (total.lost, total.doubled) == (0, 0)
    assert total.delivered + total.honest == total.jobs


async def _lane(room: Path, dice: Random, moments: list[Moment]) -> dict[Moment, Tally]:
    async with open_lane(room, dice) as lane:
        await lane.settle_in()
        for moment in moments:
            await lane.round(moment)
        house = lane.house
        last = await house.start()
        rows = await house.settled(within=SETTLING_S)
        tallies = lane.tallies(rows)
        await _old_buttons_answer(lane)
        accepted = sorted(task.id for task in house.accepted)
        known = sorted(int(row.task_id) for row in house.rows() if row.task_id is not None)
        paid_for_nothing = [task for task in accepted if task not in known]
        assert len(known) == len(set(known))
        assert set(known) <= set(accepted)
        assert len(paid_for_nothing) <= sum(tally.honest for tally in tallies.values())
        assert await house.stop(last) == 0
        return tallies


async def _old_buttons_answer(lane: KillHarness) -> None:
    """The oldest cards of all, drawn by processes that died long ago."""
    for _ in range(3):
        interaction = await lane.press_one(oldest=True)
        assert interaction is not None
        await lane.house.card(interaction)


def _line(name: str, tally: Tally) -> str:
    figures = (
        tally.kills,
        tally.missed,
        tally.jobs,
        tally.presses,
        tally.delivered,
        tally.honest,
        tally.lost,
        tally.doubled,
    )
    return f"| {name} | {' | '.join(map(str, figures))} |"
