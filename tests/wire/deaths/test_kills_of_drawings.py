"""`kill -9` around the one paid call of an order of the second engine's: it is made once, and its end is told honestly.
Never here: deaths at chosen awaits (tests/faults)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.sandbox.upstream import Fault
from tests.wire.installation import eventually

if TYPE_CHECKING:
    from tests.fakes.discord_wire import Interaction
    from tests.wire.installation import Installation
    from tests.wire.program import Program

pytestmark = [pytest.mark.wire, pytest.mark.deep, pytest.mark.timeout(400)]

RULES = "NORMAL=unlimited,FAST=unlimited,DRAW=unlimited"
LEASE_S = 60.0
"""A dead process holds its rows for half of this."""


async def started(house: Installation) -> Program:
    return await house.start(ENGINE_MODEL="gpt-image-1.5", DEFAULT_RULES=RULES)


async def draw(house: Installation, prompt: str) -> Interaction:
    return await house.fake.slash("draw", {"prompt": prompt})


@pytest.mark.parametrize(("fault", "paid"), [(Fault.HANG_BEFORE, 0), (Fault.HANG_AFTER, 1)])
async def test_a_process_killed_while_it_is_drawn_leaves_a_card_that_says_so_and_no_second_order(
    house: Installation, fault: Fault, paid: int
) -> None:
    running = await started(house)
    hanging = house.upstream.fault(fault, endpoint="draw")
    asked = await draw(house, "a paper fox")
    await eventually(lambda: hanging.hits, 20, lambda: "nothing was ordered")
    await house.kill(running)

    await started(house)
    await house.says(asked, "nobody can tell", within=LEASE_S)
    (row,) = await house.settled()

    assert (row.state, row.failure_kind) == ("failed", "lost")
    assert len(house.upstream.drawn) == paid
    assert house.upstream.counts["draw"] == 1
    assert len(house.shown(row.key)) == 1
    booked = house.fetch(f"SELECT kind FROM ledger WHERE job_key = '{row.key}' ORDER BY kind")  # noqa: S608 - our own key
    assert [kind for (kind,) in booked] == ["refund", "reserve"]


async def test_a_process_killed_right_after_the_answer_was_written_delivers_it_from_its_rows(
    house: Installation,
) -> None:
    running = await started(house)
    asked = await draw(house, "a paper fox --number 2")
    await eventually(
        lambda: [row for row in house.rows() if row.state == "succeeded"], 20, lambda: "it was not drawn"
    )
    await house.kill(running)

    await started(house)
    card = await house.card(asked, within=LEASE_S)
    (row,) = await house.settled()

    assert row.state == "succeeded"
    assert len(card.shown) == 2
    assert len(house.upstream.drawn) == house.upstream.counts["draw"] == 1
    assert len(house.shown(row.key)) == 1
