"""Buttons that were pressed show it to everybody, as the stored children tell; one waiting card at a time is the next."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.jobs import JobState, Route
from bot.domain.ports import Picture
from bot.domain.tasks import TaskStatus
from bot.services.admission.viewer import Viewer
from tests.services.harness import GUILD

if TYPE_CHECKING:
    from tests.services.harness import Harness


async def test_a_pressed_button_shows_it_on_the_parents_card(world: Harness) -> None:
    grid = await world.finished_grid()
    (card,) = world.discord.of(grid.key)

    await world.press(grid, position=1, user=2)
    await world.pass_time(10)
    await world.press(grid, position=2)
    await world.pass_time(10)

    assert card.versions[-1].pressed == {1, 2}
    assert card.picture is not None
    assert len(world.discord.of(grid.key)) == 1


async def test_a_pressed_card_is_drawn_from_what_its_message_showed_but_not_from_a_copys(
    world: Harness,
) -> None:
    grid = await world.finished_grid()
    (card,) = world.discord.of(grid.key)
    seen = ("https://cdn.discordapp.com/attachments/1/2/heron.png",)

    for position, message_id in ((1, grid.reply.message_id), (2, 4711)):
        await world.services.presses.press(
            world.asker(user=position),
            grid.key,
            position,
            channel_id=grid.reply.channel_id,
            message_id=message_id or 0,
            media=seen,
        )
        await world.pass_time(10)

    drawn = {frozenset(version.pressed): version.media for version in card.versions if version.pressed}
    assert drawn == {frozenset({1}): seen, frozenset({1, 2}): ()}


async def test_a_pressed_card_still_says_that_its_picture_was_made_smaller_and_a_whole_one_does_not(
    world: Harness,
) -> None:
    world.painted = Picture(b"small", "easel.webp", "image/webp", 8, 8, reduced=True)
    grid = await world.finished_grid()
    await world.press(grid, position=0)
    await world.pass_time(10)
    assert [card.last.notes for card in world.discord.of(grid.key)] == [("card.reduced",)]

    viewer = Viewer(user_id=grid.user_id, guild_id=GUILD, manages=False)
    for position, reduced in ((1, False), (2, True)):
        world.painted = replace(world.painted, reduced=reduced)
        await world.services.redelivery.show(viewer, world.asker(), grid.key, public=True)
        await world.press(await world.job(grid.key), position=position)
        await world.pass_time(10)
        assert world.discord.of(grid.key)[-1].last.notes == ("card.reduced",) * reduced


async def test_a_card_that_came_as_a_direct_message_shows_what_was_pressed_though_the_replys_token_lives(
    world: Harness,
) -> None:
    world.discord.closed = dict.fromkeys((Route.REPLY, Route.EDIT, Route.POST), "missing_permission")
    grid = await world.finished_grid()
    assert grid.route is Route.DIRECT

    world.discord.closed = {Route.REPLY: "message_gone"}  # the message is no reply of the interaction's
    await world.press(grid, position=0)
    await world.pass_time(10)
    assert world.discord.of(grid.key)[-1].versions[-1].pressed == {0}

    world.discord.closed = {Route.EDIT: "missing_permission"}  # a reply in the channel can be edited still
    viewer = Viewer(user_id=grid.user_id, guild_id=GUILD, manages=False)
    await world.services.redelivery.show(viewer, world.asker(), grid.key, public=True)
    await world.press(await world.job(grid.key), position=1)
    await world.pass_time(10)
    assert world.discord.of(grid.key)[-1].versions[-1].pressed == {0, 1}


async def test_after_a_restart_a_card_that_is_drawn_anew_still_shows_what_was_pressed(world: Harness) -> None:
    grid = await world.finished_grid()
    await world.ended((await world.press(grid, position=0)).job)
    await world.reboot(after_ms=3_600_000)

    asker = world.asker()
    viewer = Viewer(user_id=grid.user_id, guild_id=GUILD, manages=False)
    await world.services.redelivery.show(viewer, asker, grid.key, public=True)

    assert world.discord.of(grid.key)[-1].versions[-1].pressed == {0}


async def test_a_press_that_brought_nothing_is_not_shown_as_pressed(world: Harness) -> None:
    grid = await world.finished_grid()
    world.upstream.template.update(ends=TaskStatus.FAILURE, reason="Failure")
    await world.ended((await world.press(grid, position=0)).job)

    assert await world.store.pressed(grid.key) == frozenset()


async def test_no_two_waiting_cards_say_next_in_line_at_the_same_time(world: Harness) -> None:
    world.max_running = 1
    await world.reboot()
    world.upstream.template["seconds"] = 6.0
    jobs = [await world.imagine(f"fox {n}", user=n) for n in range(1, 6)]

    for _ in range(60):
        shown = [world.discord.of(job.key)[0].versions[-1] for job in jobs if world.discord.of(job.key)]
        waiting = [one for one in shown if one.job.state is JobState.QUEUED and one.ahead == 0]
        assert len(waiting) <= 1
        await world.pass_time(0.7)
    assert all([(await world.ended(job)).state is JobState.SUCCEEDED for job in jobs])
