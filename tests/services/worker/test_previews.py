"""Cards show what there is of a picture while it is being made: with edits that are made anyway, and never as a result.
Never here: fetching one (tests/midjourney/test_previews.py), and how the card looks."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.domain.jobs import JobState, Route
from bot.domain.ports import PREVIEW_NAME
from bot.domain.servers.guilds import Actor
from bot.domain.tasks import TaskStatus
from bot.errors import RouteClosed, TooLarge, UserError
from bot.services.admission.viewer import Viewer
from tests.faults.deaths import describe
from tests.services.harness import GUILD

if TYPE_CHECKING:
    from bot.domain.jobs import Job
    from tests.services.harness import Harness


async def previewed(world: Harness, *, seconds: float = 60) -> Job:
    """A job whose service shows what there is."""
    world.upstream.template.update(seconds=seconds, previews=True)
    return await world.imagine()


def pictures_until_the_end(world: Harness, job: Job) -> list[str | None]:
    """What the card showed, edit by edit, while the job ran."""
    return [
        None if picture is None else picture.data.decode()
        for showing, picture in world.discord.of(job.key)[0].history
        if showing.job.state is JobState.RUNNING
    ]


async def switch(world: Harness, *, on: bool) -> None:
    await world._opened.guilds.settings.change(
        GUILD, lambda s: replace(s, previews=on), actor=Actor(1, "mod"), at=world.clock.now()
    )


async def test_a_card_shows_the_newest_preview_that_was_fetched_when_it_was_edited(world: Harness) -> None:
    job = await previewed(world)
    await world.ended(job)

    shown = [
        (showing.job.progress, None if picture is None else picture.data.decode())
        for showing, picture in world.discord.of(job.key)[0].history
        if showing.job.state is JobState.RUNNING
    ]
    assert len(shown) >= 5
    stem = f"https://cdn.discordapp.com/{world.upstream.tasks[0].id}-"
    come = [stem + f"{progress}.webp" for progress, _ in shown]
    places = [come.index(preview) for _, preview in shown[1:] if preview is not None]
    assert len(places) == len(shown) - 1
    assert places == sorted(places)
    # A picture that is still being decoded when its percentage is shown comes with the next one.
    assert all(0 <= edit - place <= 1 for edit, place in enumerate(places, 1))


async def test_the_result_takes_the_previews_place_and_nothing_of_it_is_stored(world: Harness) -> None:
    job = await world.ended(await previewed(world))

    (card,) = world.discord.of(job.key)
    assert card.picture is not None
    assert not card.picture.filename.startswith(PREVIEW_NAME)
    assert job.discord_url == "https://cdn.discordapp.com/a.png"
    assert job.route is Route.REPLY


async def test_an_edit_that_has_begun_when_the_job_ends_does_not_take_the_preview_away(
    world: Harness,
) -> None:
    job = await previewed(world, seconds=120)
    await world.pass_time(60)
    (card,) = world.discord.of(job.key)
    assert card.picture is not None
    editor = world.services.worker.editor

    editor.changed(replace(await world.job(job.key), progress=99))
    async with asyncio.TaskGroup() as group:
        editor._start_edit(group, job.key, world.clock.now())
        await editor.settle(job.key)

    shown, picture = card.history[-1]
    assert shown.job.progress == 99
    assert picture is not None


async def test_a_preview_makes_no_edit_of_its_own(world: Harness) -> None:
    jobs = {}
    for previews in (False, True):
        world.upstream.template.update(seconds=60, previews=previews)
        job = await world.ended(await world.imagine())
        jobs[previews] = [key for _, key in world.discord.edits].count(job.key)

    assert jobs[True] <= jobs[False]


async def test_a_server_that_wants_none_sees_none_and_nothing_is_fetched(world: Harness) -> None:
    await switch(world, on=False)
    job = await previewed(world)
    await world.ended(job)

    assert set(pictures_until_the_end(world, job)) == {None}
    assert "GET preview ⟨" not in world.effects.names


async def test_switched_off_meanwhile_the_next_edit_takes_it_away(world: Harness) -> None:
    job = await previewed(world, seconds=120)
    await world.pass_time(60)
    card = world.discord.of(job.key)[0]
    assert card.picture is not None

    await switch(world, on=False)
    await world.pass_time(15)

    assert card.picture is None


@pytest.mark.parametrize("trouble", [RouteClosed("host_not_allowed"), ValueError("a bug")])
async def test_a_preview_that_cannot_be_fetched_costs_nothing_else(
    world: Harness, trouble: Exception
) -> None:
    world.preview_trouble = trouble
    job = await world.ended(await previewed(world))

    shown = pictures_until_the_end(world, job)
    assert len(shown) >= 5
    assert set(shown) == {None}
    assert job.state is JobState.SUCCEEDED


async def test_a_preview_that_takes_long_holds_up_neither_edits_nor_the_result(world: Harness) -> None:
    world.preview_takes = 3_600
    job = await world.ended(await previewed(world))

    edits = [at for at, key in world.discord.edits if key == job.key]
    assert len(edits) >= 6
    assert (job.delivered_at or 0) - (job.finished_at or 0) < 1_000


@pytest.mark.parametrize("refusal", [TooLarge("413"), RouteClosed("forbidden")])
async def test_a_card_that_is_not_taken_with_a_preview_goes_on_without(
    world: Harness, refusal: Exception
) -> None:
    world.discord.on_preview.append(refusal)
    job = await world.ended(await previewed(world))

    shown = pictures_until_the_end(world, job)
    assert len(shown) >= 4
    assert set(shown) == {None}


async def test_a_failed_or_cancelled_job_shows_no_preview_any_more(world: Harness) -> None:
    world.upstream.template.update(ends=TaskStatus.FAILURE, reason="[Banned prompt detected] no")
    failed = await world.ended(await previewed(world))
    world.upstream.template.update(ends=TaskStatus.SUCCESS)
    cancelled = await previewed(world)
    await world.pass_time(40)
    assert world.discord.of(cancelled.key)[0].picture is not None
    viewer = Viewer(user_id=cancelled.user_id, guild_id=GUILD, manages=False)
    with suppress(UserError):  # it says that it is being made already
        await world.services.jobs.cancel(viewer, cancelled.key)
    await world.pass_time(5)

    assert failed.state is JobState.FAILED
    assert world.discord.of(failed.key)[0].picture is None
    assert world.discord.of(cancelled.key)[0].picture is None


async def test_a_restart_shows_previews_again(world: Harness) -> None:
    job = await previewed(world, seconds=120)
    await world.pass_time(40)
    await world.reboot()
    await world.pass_time(40)

    assert world.discord.of(job.key)[0].picture is not None
    assert (await world.ended(job)).state is JobState.SUCCEEDED


async def test_a_description_shows_nothing_before_it_is_there(world: Harness) -> None:
    world.upstream.template["previews"] = True
    await describe(world)
    (job,) = await world.all_jobs()
    await world.ended(job)

    assert "GET preview ⟨" not in world.effects.names


async def test_a_gateways_one_address_for_all_of_it_is_read_again_with_each_percentage(
    world: Harness,
) -> None:
    world.upstream.template["preview_at"] = "https://cdn.discordapp.com/mj/image/1"
    await world.ended(await previewed(world))

    assert world.effects.names.count("GET preview ⟩") >= 4


async def test_a_preview_that_comes_after_the_result_is_thrown_away(world: Harness) -> None:
    world.preview_takes = 50
    job = await world.ended(await previewed(world))
    (card,) = world.discord.of(job.key)
    versions = len(card.versions)
    await world.pass_time(120)

    assert "GET preview ⟩" in world.effects.names
    assert len(card.versions) == versions
    assert card.picture is not None
    assert not card.picture.filename.startswith(PREVIEW_NAME)
    assert world.services.worker.editor.previews.of(replace(job, state=JobState.RUNNING)) is None


async def test_of_a_job_that_has_shown_nothing_there_is_nothing_to_fetch(world: Harness) -> None:
    job = await world.imagine()
    previews = world.services.worker.editor.previews

    await previews.fetch(job)

    assert "GET preview ⟨" not in world.effects.names
    assert previews.of(replace(job, state=JobState.RUNNING)) is None
