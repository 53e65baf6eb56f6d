"""The stage's own promises: the same ids at each start, today's date, kept tasks; and the seams it leans on.
Never here: the bot's behaviour (tests/e2e)."""

from __future__ import annotations

import inspect
import time
from importlib.metadata import version
from typing import TYPE_CHECKING

import simcord
from simcord.preview import Preview

from bot.sandbox.shelf import open_shelf
from tests.e2e.harness import open_world

if TYPE_CHECKING:
    from pathlib import Path


def test_the_private_seams_of_simcord_are_where_we_found_them() -> None:
    assert version("simcord") == "3.2.1"
    assert list(inspect.signature(Preview._action).parameters) == ["self", "context_id", "body"]
    assert inspect.iscoroutinefunction(Preview._action)
    assert list(inspect.signature(Preview._advance_presentation_time).parameters) == ["self"]
    assert inspect.signature(simcord.Env._settle_internal).parameters["idle"].default == 0.05


async def test_the_stage_has_todays_date_and_the_same_ids_at_each_start(tmp_path: Path) -> None:
    seen = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        async with open_world(tmp_path / name) as world:
            place = world.place
            seen.append((place.channel.id, place.member.id, place.moderator.id))
            assert abs(world.env.now().timestamp() - time.time()) < 60

    assert seen[0] == seen[1]


async def test_what_was_on_its_way_when_a_kept_sandbox_closed_comes_at_the_next_start(tmp_path: Path) -> None:
    with open_shelf(tmp_path) as shelf:
        async with open_world(tmp_path) as first:
            await first.imagine("a paper fox", pool="FAST")
            await first.pass_time(1)
            shelf.keep(first.upstream)

        async with open_world(tmp_path, restore=shelf.restore) as second:
            await second.until(lambda: any(card.buttons for card in second.channel()), "the picture")
            [card] = second.channel()
            child = await second.child(card, "U1")

    assert len(card.pictures) == 1
    assert child.pictures
    assert [task.pool for task in second.accepted] == ["FAST", "FAST"]


async def test_commands_are_known_on_a_new_stage_whatever_the_kept_database_remembers(tmp_path: Path) -> None:
    for _ in range(2):
        async with open_world(tmp_path) as world:
            assert "imagine" in world.place.member.available_commands(world.place.channel)
