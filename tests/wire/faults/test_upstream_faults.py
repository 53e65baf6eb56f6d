"""The image API's connection misbehaves while a job is sent: before and after acceptance, in answers, for a while.
Never here: what is read afterwards (test_reading_faults), faults of its tasks (tests/e2e) and of Discord."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.sandbox.upstream import Fault, SimulatedUpstream
from tests.faults.report import Row as Line
from tests.faults.report import record
from tests.fixtures.ports import free_port
from tests.fixtures.times import SENDING, UNCLEAR
from tests.wire.installation import QUICK, doubled, eventually

if TYPE_CHECKING:
    from tests.fakes.discord_wire import Interaction
    from tests.wire.installation import Installation

pytestmark = pytest.mark.wire

PICTURE, GIVEN_BACK = "the picture, once", "given back, never repeated"
SUBMISSIONS = {
    Fault.HANG_AFTER: PICTURE,
    Fault.HANG_BEFORE: GIVEN_BACK,
    Fault.RESET_AFTER: PICTURE,
    Fault.HTML_502_AFTER: PICTURE,
    Fault.NOT_JSON: PICTURE,
    Fault.EMPTY_BODY: PICTURE,
    Fault.DATA_NULL: PICTURE,
    Fault.SLOW: PICTURE,
    Fault.RESET_BEFORE: GIVEN_BACK,
    Fault.HTML_502_BEFORE: GIVEN_BACK,
    Fault.SERVER_ERROR: GIVEN_BACK,
    Fault.REFUSED: GIVEN_BACK,
    Fault.NO_BALANCE: GIVEN_BACK,
    Fault.BAD_KEY: GIVEN_BACK,
    Fault.RATE_LIMITED: PICTURE,
    Fault.UNAVAILABLE: PICTURE,
}
"""Each fault of a submission and what people see in the end. What hangs is begun first, and what is waited for in turn last."""
REPEATED = {Fault.RATE_LIMITED, Fault.UNAVAILABLE}
"""The server said that it took nothing: these may be sent again."""


@pytest.mark.timeout(400)
async def test_each_fault_of_a_submission_ends_in_one_picture_or_is_given_back(house: Installation) -> None:
    house.times = {**SENDING, **UNCLEAR}
    await house.start()
    grids = await asyncio.gather(*(house.grid(f"a fox for {fault}") for fault in SUBMISSIONS))
    before = len(house.submissions)
    struck: list[tuple[str, Fault, Interaction]] = []

    for fault, grid in zip(SUBMISSIONS, grids, strict=True):
        planned = [house.upstream.fault(fault, endpoint=one, seconds=2.0) for one in ("imagine", "action")]
        struck.append(("imagine", fault, await house.imagine(f"a hare for {fault}")))
        struck.append(("action", fault, await house.fake.press(grid, "V2")))
        await eventually(
            lambda due=planned: all(one.hits for one in due),  # type: ignore[misc]  # bound per turn
            15,
            lambda why=fault: f"no {why}",  # type: ignore[misc]  # bound per turn
        )
        if fault in REPEATED:
            # The second try has to meet no fault; planned before it comes, the next turn's would strike it.
            sent = before + len(struck) + sum(one in REPEATED for _, one, _ in struck)
            await eventually(
                lambda due=sent: len(house.submissions) >= due,  # type: ignore[misc]  # bound per turn
                30,
                lambda why=fault: f"no second try after {why}",  # type: ignore[misc]  # bound per turn
            )
    await house.settled(within=120)

    outcomes = {}
    for endpoint, fault, asked in struck:
        row = await house.accepted_row(asked)
        shows_picture = any(card.shown for card in house.shown(row.key))
        outcomes[endpoint, fault] = PICTURE if row.state == "succeeded" and shows_picture else GIVEN_BACK
        lost, twice = house.fate(row)
        record(Line(f"{endpoint}: {outcomes[endpoint, fault]}", f"image API: {fault.about}", 1, lost, twice))
        assert (lost, twice) == (0, 0)
    assert outcomes == {(endpoint, fault): SUBMISSIONS[fault] for endpoint, fault, _ in struck}
    repeats = sum(fault in REPEATED for _, fault, _ in struck)
    assert len(house.submissions) - before == len(struck) + repeats
    assert len(house.accepted) == len(grids) + sum(one == PICTURE for one in outcomes.values())


async def test_an_unclear_submission_waits_for_a_list_that_is_not_available(house: Installation) -> None:
    await house.start()
    away = house.upstream.fault(Fault.LIST_UNAVAILABLE)
    house.upstream.fault(Fault.RESET_AFTER)

    asked = await house.imagine("a paper fox")
    await house.card(asked, within=40)

    row = await house.delivered(asked)
    assert away.hits == 1
    assert house.fate(row) == (0, 0)
    assert len(house.submissions) == 1
    record(
        Line(f"imagine: {PICTURE}", "image API: answer lost, then the task list is not available", 1, 0, 0)
    )


@pytest.mark.timeout(400)
async def test_a_job_waits_for_an_image_api_that_cannot_be_reached_and_says_so(house: Installation) -> None:
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    there = {"OHMYGPT_ORIGIN": origin, "OHMYGPT_STORAGE": origin, "IMAGE_HOSTS": f"127.0.0.1:{port}"}
    await house.start(**there)  # type: ignore[arg-type]  # settings only

    asked = await house.imagine("a paper fox")
    waiting = await house.says(asked, "reach")
    async with SimulatedUpstream(port=port, pace=QUICK, canvas=64) as late:
        card = await house.card(asked, within=40)
        assert (len(late.tasks), doubled(late.tasks)) == (1, [])

    assert card is waiting
    record(Line(f"imagine: {PICTURE}", "image API: not reachable for a while", 1, 0, 0))
