"""The gateway's side: interactions that come twice or twenty at once, lines that drop, and two processes on one database.
Never here: REST's troubles."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.faults.report import Row as Line
from tests.faults.report import record
from tests.fixtures.times import LEASES, PACES
from tests.wire.installation import KEY, eventually, open_house

if TYPE_CHECKING:
    from pathlib import Path

    from tests.wire.installation import Installation

pytestmark = pytest.mark.wire

LEASE_S = 6.0
LOOK_S = 5.0
"""Whoever has nothing to do looks at the database that often."""
ONCE = "imagine: the picture, once"


async def test_an_interaction_that_the_gateway_delivers_twice_is_one_job(hooked: Installation) -> None:
    await hooked.start()

    asked = await hooked.imagine("a paper fox")
    await hooked.fake.dispatch_again(asked)
    card = await hooked.card(asked)
    await hooked.fake.dispatch_again(asked)
    await hooked.grid("another fox")

    rows = await hooked.settled()
    assert [row.prompt for row in rows] == ["a paper fox", "another fox"]
    assert [hooked.fate(row) for row in rows] == [(0, 0), (0, 0)]
    assert hooked.shown(rows[0].key) == [card]
    assert len(hooked.submissions) == 2
    record(Line(ONCE, "gateway: the same interaction twice", 1, 0, 0))


async def test_twenty_presses_of_one_button_at_once_are_paid_once_and_all_are_answered(
    hooked: Installation,
) -> None:
    fake = hooked.fake
    await hooked.start()
    grid = await hooked.grid("a paper fox")
    people = [fake.add_user(f"eager-{n}") for n in range(20)]

    presses = await asyncio.gather(*(fake.press(grid, "U3", user=one) for one in people))
    await fake.until(lambda: sum(bool(one.followups) for one in presses) == 19, 20)
    rows = await hooked.settled()

    (child,) = [row for row in rows if row.parent is not None]
    whispers = [follow_up for one in presses for follow_up in one.followups]
    assert [call.endpoint for call in hooked.submissions] == ["imagine", "action"]
    assert len(hooked.shown(child.key)) == 1
    assert all(whisper.ephemeral for whisper in whispers)
    assert not any(message.loading for message in fake.messages())
    assert hooked.fate(child) == (0, 0)
    record(Line("press: the picture, once", "20 presses of one button at once", 20, 0, 0))


@pytest.mark.timeout(400)
async def test_a_gateway_that_drops_costs_no_command_and_no_job(tmp_path: Path) -> None:
    async def dropped(number: int, trouble: str) -> None:
        room = tmp_path / str(number)
        room.mkdir()
        async with open_house(room, webhooks=True, times=PACES) as house:
            await _lives_through(house, trouble)

    troubles = ("cut", "asked to reconnect", "session invalid")
    await asyncio.gather(*(dropped(number, trouble) for number, trouble in enumerate(troubles)))


async def _lives_through(hooked: Installation, trouble: str) -> None:
    """A line drops in this way with a job under way; the job goes on, and the next command is heard."""
    fake = hooked.fake
    await hooked.start()
    hooked.upstream.pause()
    before = await hooked.imagine("a fox from before")
    await hooked.says(before, "Midjourney has it")
    connected = len(fake.identified)

    match trouble:
        case "cut":
            await fake.drop()
        case "asked to reconnect":
            fake.ask_reconnect()
        case _:
            fake.invalidate()
    hooked.upstream.resume()
    hooked.upstream.finish(hooked.accepted[0].id)
    await hooked.card(before)
    await fake.until(lambda: len(fake.identified) > connected and fake.socket.connected, 40)
    after = await hooked.imagine("a fox from after")
    await hooked.card(after)

    rows = await hooked.settled()
    assert (trouble, [hooked.fate(row) for row in rows]) == (trouble, [(0, 0), (0, 0)])
    assert len(hooked.submissions) == 2
    record(Line(ONCE, f"gateway: {trouble}", 1, 0, 0))


@pytest.mark.timeout(400)
async def test_two_processes_on_one_database_make_one_picture_and_a_dead_ones_jobs_move_within_a_lease(
    house: Installation,
) -> None:
    fake = house.fake
    house.times = {**LEASES, **PACES}
    first, second = await house.start(), await house.start()
    assert len(fake.socket.connected) == 2
    grids = await asyncio.gather(*(house.grid(f"fox {n} for two") for n in range(3)))
    children = [await fake.press(grid, "U1") for grid in grids]
    house.upstream.pause()
    for child in children:
        assert child.delivered == 2
        await house.says(child, "Midjourney has it")
    owners = {row.owner for row in house.rows() if not row.delivered}

    victim = next(one for one in (first, second) if any(f":{one.pid}:" in (name or "") for name in owners))
    orphans = [row.key for row in house.rows() if f":{victim.pid}:" in (row.owner or "")]
    assert orphans
    await house.kill(victim)
    house.upstream.resume()
    await eventually(
        lambda: all(f":{victim.pid}:" not in (row.owner or "") for row in house.rows()),
        LEASE_S + LOOK_S,
        lambda: str(house.rows()),
    )
    rows = await house.settled(within=30)

    fates = [house.fate(row) for row in rows]
    record(
        Line(
            "imagine and presses: each picture once, a dead process's jobs within a lease",
            "two processes, one killed",
            len(rows),
            sum(lost for lost, _ in fates),
            sum(twice for _, twice in fates),
        )
    )
    assert len(rows) == len(house.submissions) == len(house.accepted) == 6
    assert fates == [(0, 0)] * 6
    assert not any(message.loading for message in fake.messages())
    assert len([message for message in fake.messages() if KEY.search(message.text)]) == 6
