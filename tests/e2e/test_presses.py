"""Presses that start nothing: each gets a helpful answer that only the presser sees, and nothing is paid.
Never here: presses that work (test_chain.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.sandbox.upstream import Fault

if TYPE_CHECKING:
    from tests.e2e.harness import Harness


async def test_a_second_press_while_the_first_runs_links_to_it_and_costs_nothing(world: Harness) -> None:
    grid = await world.grid()
    first = await world.press(grid, "V2")

    again = await world.press(grid, "V2")
    others = await world.press(grid, "V2", by=world.place.moderator)

    running = world.shown(first).message.id
    assert f"/{running}" in world.whisper(again)
    assert f"/{running}" in world.whisper(others)
    await world.finished(first)
    assert len(world.accepted) == 2


async def test_a_second_press_of_u_links_to_the_picture_it_made(world: Harness) -> None:
    grid = await world.grid()
    single = await world.child(grid, "U3")

    again = await world.press(grid, "U3")

    assert f"/{single.message.id}" in world.whisper(again)
    assert len(world.accepted) == 2


@pytest.mark.parametrize("face", ["🔄", "V1"])
async def test_more_pictures_may_be_asked_for_again_once_the_first_are_there(
    world: Harness, face: str
) -> None:
    grid = await world.grid()
    first = await world.child(grid, face)

    second = await world.child(grid, face)

    assert first.message.id != second.message.id
    assert len(world.accepted) == 3


async def test_a_press_leaves_nothing_behind_in_the_channel_when_it_starts_nothing(world: Harness) -> None:
    grid = await world.grid()
    await world.child(grid, "U1")
    before = [card.message.id for card in world.channel() if not card.message.ephemeral]

    await world.press(grid, "U1")

    assert [card.message.id for card in world.channel() if not card.message.ephemeral] == before


async def test_a_button_of_a_picture_nobody_knows_says_so(world: Harness) -> None:
    pressed = await world.press_forged("easel:1:000000000000:0")

    assert "no longer know" in world.whisper(pressed)
    assert not world.submissions


@pytest.mark.parametrize("custom_id", ["easel:2:000000000000:0", "easel:0:1", "easel:1:000000000000:someday"])
async def test_a_button_of_another_version_says_so(world: Harness, custom_id: str) -> None:
    pressed = await world.press_forged(custom_id)

    assert "another version" in world.whisper(pressed)
    assert not world.submissions


async def test_a_button_of_a_failed_picture_says_what_to_do(world: Harness) -> None:
    world.upstream.fault(Fault.FAILS)
    asked = await world.imagine("a paper fox")
    await world.says(asked, "⚠️")
    key = world.shown(asked).words.rsplit("`", 2)[-2]

    pressed = await world.press_forged(f"easel:1:{key}:0")

    assert "failed" in world.whisper(pressed)
    assert "/imagine" in world.whisper(pressed)
    assert len(world.submissions) == 1


async def test_a_button_of_an_unfinished_picture_asks_for_patience(world: Harness) -> None:
    asked = await world.imagine("a paper fox")
    key = world.shown(asked).words.rsplit("`", 2)[-2]

    pressed = await world.press_forged(f"easel:1:{key}:0")

    assert "not finished" in world.whisper(pressed)


async def test_a_picture_beyond_the_allowance_is_refused_in_private_and_not_paid(world: Harness) -> None:
    await world.restart(more={"EASEL_DEFAULT_RULES": "NORMAL=1/5/5,FAST=off"})
    grid = await world.grid()

    pressed = await world.press(grid, "U1")
    fast = await world.imagine("a paper fox", pool="FAST")

    assert "allowance" in world.whisper(pressed)
    assert "FAST" in world.whisper(fast)
    assert len(world.submissions) == 1
