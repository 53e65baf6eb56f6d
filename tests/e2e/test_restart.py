"""Another process on the same database: what was on its way arrives, and old buttons work.
Never here: a crash at every single await (tests/faults)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.harness import Harness


@pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])
async def test_a_picture_on_its_way_is_delivered_by_the_next_process_and_paid_once(
    world: Harness, *, killed: bool
) -> None:
    asked = await world.imagine("a paper fox")
    await world.pass_time(2)

    await world.restart(killed=killed)
    card = await world.finished(asked)

    assert len(card.pictures) == 1
    assert [card.message.id for card in world.channel()] == [card.message.id]
    assert len(world.submissions) == len(world.upstream.charges) == 1


@pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])
async def test_a_picture_that_ended_while_nobody_was_there_is_delivered(
    world: Harness, *, killed: bool
) -> None:
    asked = await world.imagine("a paper fox")
    await world.pass_time(2)
    world.upstream.finish(world.accepted[0].id)

    await world.restart(killed=killed)
    card = await world.finished(asked)

    assert card.buttons[0] == "U1"
    assert len(world.submissions) == 1


async def test_buttons_from_before_a_restart_work_in_the_pool_of_their_picture(world: Harness) -> None:
    grid = await world.grid("a paper fox", pool="FAST")
    single = await world.child(grid, "U2")
    await world.restart()

    below = await world.child(single, "🪄 Vary (Subtle)")
    beside = await world.child(grid, "V4")
    again = await world.press(grid, "U2")

    assert below.buttons[0] == beside.buttons[0] == "U1"
    assert f"/{single.message.id}" in world.whisper(again)
    assert [task.pool for task in world.accepted] == ["FAST"] * 4


async def test_a_chain_goes_on_across_several_processes(world: Harness) -> None:
    card = await world.grid("a paper fox --v 7")
    for face in ("U1", "🔍 Zoom Out 1.5x", "U2", "➡️"):
        await world.restart()
        card = await world.child(card, face)

    assert card.pictures
    assert [task.parent for task in world.accepted][1:] == [task.id for task in world.accepted][:-1]


async def test_the_result_of_a_long_job_outlives_the_interactions_token(world: Harness) -> None:
    world.upstream.pause()
    await world.imagine("a paper fox")
    await world.pass_time(16 * 60)

    world.upstream.finish(world.accepted[0].id)
    await world.until(lambda: bool(world.channel()[-1].buttons), "a result of its own, after so long")

    folded, card = world.channel()
    assert card.buttons[0] == "U1"
    assert not folded.buttons
    assert str(card.message.id) in folded.words
