"""SIGTERM: whatever is going on, the program ends with status 0 in time, and the next one goes on at once.
Never here: deaths without a warning."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

from bot.sandbox.upstream import Fault
from tests.fixtures.times import LONG_LEASES, PACES
from tests.wire.installation import eventually

if TYPE_CHECKING:
    from tests.wire.installation import Installation
    from tests.wire.program import Program

pytestmark = pytest.mark.wire

IN_TIME = 40.0
"""Of which the program has four or, where it is idle, fifteen: what does not stop never does."""
AT_ONCE = 40.0
"""On a machine with much else to do: an orderly stop gives a submission that hangs a minute here, and then ends with 0."""
NO_WAIT = 4.0
"""Times four on a full machine: sooner than what is put off for half a minute."""
CARDS = r"/webhooks/\d+/[^/]+/messages/.+"


async def _stopped(house: Installation, running: Program) -> float:
    """Seconds until it had stopped, with status 0."""
    began = time.monotonic()
    assert await house.stop(running) == 0
    return time.monotonic() - began


@pytest.mark.timeout(400)
async def test_an_idle_program_stops_at_once(house: Installation) -> None:
    running = await house.start(whole=True)

    assert await _stopped(house, running) < IN_TIME
    assert '"event": "stopped"' in running.output


@pytest.mark.timeout(400)
async def test_a_program_whose_submission_hangs_stops_in_time_and_the_next_one_finds_the_task_at_once(
    house: Installation,
) -> None:
    house.times = LONG_LEASES
    running = await house.start(STOP_TIMEOUT="4")
    hanging = house.upstream.fault(Fault.HANG_AFTER)
    asked = await house.imagine("a paper fox")
    await eventually(lambda: hanging.hits, 10, lambda: "nothing was submitted")

    assert await _stopped(house, running) < IN_TIME
    assert [row.owner for row in house.rows()] == [None]
    await house.start()
    await house.card(asked, within=NO_WAIT)

    assert len(house.submissions) == len(house.accepted) == 1


@pytest.mark.timeout(400)
@pytest.mark.parametrize("before_effect", [True, False], ids=["before its effect", "after its effect"])
async def test_a_program_that_is_delivering_stops_in_time_and_the_next_one_delivers_at_once(
    hooked: Installation, *, before_effect: bool
) -> None:
    hooked.times = {**PACES, **LONG_LEASES}
    running = await hooked.start(STOP_TIMEOUT="4")
    hooked.upstream.pause()
    asked = await hooked.imagine("a paper fox")
    await hooked.says(asked, "Midjourney has it")
    held = hooked.fake.hold_next("PATCH", CARDS, before_effect=before_effect)
    hooked.upstream.finish(hooked.accepted[0].id)
    await eventually(held.reached.is_set, 15, lambda: "nothing was delivered")

    assert await _stopped(hooked, running) < IN_TIME
    assert [(row.state, row.owner, row.delivered) for row in hooked.rows()] == [("succeeded", None, False)]
    held.release()
    await hooked.start()
    (row,) = await hooked.settled(within=NO_WAIT)

    assert hooked.shown(row.key) == [asked.message()]
    assert len((await hooked.card(asked)).shown) == 1
    assert len(hooked.submissions) == 1


@pytest.mark.timeout(400)
async def test_a_program_stops_in_time_although_discord_answers_nothing_any_more(house: Installation) -> None:
    running = await house.start(STOP_TIMEOUT="4")
    house.upstream.pause()
    held = house.fake.hold_next("*", r".*", times=1000)
    asked = await house.imagine("a paper fox")
    await eventually(held.reached.is_set, 10, lambda: "Discord heard nothing")

    running.tell(signal.SIGTERM)
    assert await running.ended(IN_TIME) == 0

    assert asked.callback is None
    assert house.submissions == []


@pytest.mark.timeout(400)
@pytest.mark.parametrize("route", ["/users/@me", r"/applications/\d+/commands", "/gateway/bot"])
async def test_a_program_stops_in_time_while_it_waits_for_discord_at_its_start(
    house: Installation, route: str
) -> None:
    held = house.fake.hold_next("*", route, times=1000)
    running = house.begin(STOP_TIMEOUT="4")
    await eventually(held.reached.is_set, 20, lambda: running.tail)

    running.tell(signal.SIGTERM)

    assert await running.ended(IN_TIME) == 0
    assert "program_broke" not in running.output


@pytest.mark.timeout(400)
async def test_a_second_sigterm_ends_the_program_at_once(house: Installation) -> None:
    running = await house.start(STOP_TIMEOUT="100")
    hanging = house.upstream.fault(Fault.HANG_AFTER)
    asked = await house.imagine("a paper fox")
    await eventually(lambda: hanging.hits, 10, lambda: "nothing was submitted")
    running.tell(signal.SIGTERM)
    await eventually(lambda: '"stopping"' in running.output, 5, lambda: running.tail)

    running.tell(signal.SIGTERM)

    assert await running.ended(AT_ONCE) == 130
    assert asked.callback is not None
