"""Delivery: the first way that is open, once as seen by people, with the picture fitted or its absence explained."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.domain.jobs import JobState, Route
from bot.domain.ports import Showing
from bot.domain.tasks import TaskStatus
from bot.errors import RetryLater, RouteClosed, StorageTrouble, TooLarge, UserError
from bot.services.admission.viewer import Viewer
from tests.claims import claim_work
from tests.services.harness import CHANNEL, GUILD, kept_back

if TYPE_CHECKING:
    from bot.domain.jobs import Job
    from bot.domain.ports import CardLocation, Picture
    from bot.texts import Text
    from tests.services.harness import Harness


async def test_after_the_token_has_died_the_message_is_edited_with_the_bots_own(world: Harness) -> None:
    begun = await world.imagine()
    await world.pass_time(5)
    await world.reboot(after_ms=16 * 60_000)

    job = await world.ended(begun)

    assert job.route is Route.EDIT
    assert len(world.discord.of(job.key)) == 1


async def test_a_deleted_message_is_replaced_by_a_new_one(world: Harness) -> None:
    job = await world.imagine()
    await world.pass_time(1)
    world.discord.messages[0].deleted = True

    ended = await world.ended(job)

    (message,) = world.discord.of(job.key)
    assert (ended.route, ended.reply.message_id, message.channel) == (Route.POST, message.id, CHANNEL)
    assert message.picture is not None


async def test_with_the_channel_shut_it_goes_by_direct_message(world: Harness) -> None:
    world.discord.closed = dict.fromkeys((Route.REPLY, Route.EDIT, Route.POST), "missing_permission")

    job = await world.ended(await world.imagine())

    assert (job.route, job.reply.channel_id) == (Route.DIRECT, 999)


async def test_with_every_way_shut_it_is_kept_and_the_moderators_hear_once(
    world: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    world.discord.closed = dict.fromkeys(Route, "missing_permission")

    job = await world.ended(await world.imagine())
    await world.pass_time(300)

    assert (job.state, job.route) == (JobState.SUCCEEDED, Route.KEPT)
    assert [key for key, _ in kept_back(caplog)] == [job.key]
    assert "missing_permission" in kept_back(caplog)[0][1]


async def test_discord_in_trouble_is_tried_again_until_it_sticks(world: Harness) -> None:
    job = await world.imagine()
    await world.pass_time(25)
    world.discord.on_result += [RetryLater("503", delay=3)] * 9

    ended = await world.ended(job)

    assert ended.state is JobState.SUCCEEDED
    assert len(world.discord.of(job.key)) == 1


async def test_discord_in_trouble_for_hours_leaves_it_kept(
    world: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    job = await world.imagine()
    await world.pass_time(25)
    world.discord.on_result += [RetryLater("503")] * 100_000
    await world.pass_time(60)
    await world.reboot(after_ms=2 * 3600_000)

    ended = await world.ended(job)

    assert ended.route is Route.KEPT
    assert kept_back(caplog) == [(job.key, "503")]


async def test_a_closed_reply_with_a_channel_in_trouble_waits_instead_of_writing_a_direct_message(
    world: Harness,
) -> None:
    job = await world.imagine()
    await world.pass_time(25)
    world.discord.closed = {Route.REPLY: "token", Route.EDIT: "gone"}
    world.discord.on_result += [RetryLater("503")] * 3

    ended = await world.ended(job)

    assert ended.route is Route.POST


async def test_a_picture_that_cannot_be_fetched_yet_is_tried_again(world: Harness) -> None:
    world.picture_trouble = RetryLater("502")
    job = await world.imagine()
    await world.pass_time(200)
    assert not (await world.job(job.key)).is_delivered

    world.picture_trouble = None
    ended = await world.ended(job)

    assert world.discord.of(job.key)[0].picture is not None
    assert ended.notes == ()


async def test_a_picture_that_cannot_be_fetched_leaves_no_card_that_looks_frozen(world: Harness) -> None:
    world.picture_trouble = RetryLater("502")
    begun = await world.imagine()
    await world.until(lambda: bool(world.fetches))
    ended = (await world.job(begun.key)).finished_at or 0
    await world.until(lambda: world.discord.of(begun.key)[0].last.state is JobState.SUCCEEDED)

    (message,) = world.discord.of(begun.key)
    assert world.clock.now() - ended <= 30_000
    assert message.last.notes == ("note.picture_fetching",)
    assert message.last.actions
    await world.pass_time(300)
    assert len([one for one in message.versions if one.job.state is JobState.SUCCEEDED]) == 1  # said once

    world.picture_trouble = None
    await world.ended(begun)

    (filled,) = world.discord.of(begun.key)
    assert filled.picture is not None
    assert filled.last.notes == ()


async def test_a_fetch_that_hangs_leaves_no_card_that_looks_frozen(world: Harness) -> None:
    world.picture_takes = 90
    begun = await world.imagine()
    await world.until(lambda: bool(world.fetches))
    ended = (await world.job(begun.key)).finished_at or 0
    (message,) = world.discord.of(begun.key)
    await world.until(lambda: message.last.state is JobState.SUCCEEDED)

    assert world.clock.now() - ended <= 30_000
    assert (message.last.notes, message.picture) == (("note.picture_fetching",), None)
    said = await _told(world, begun)
    assert said.id == "jobs.cancel_fetching"

    await world.ended(begun)
    assert message.picture is not None
    assert message.last.notes == ()
    assert len(world.fetches) == 1


async def test_after_a_restart_the_card_still_says_that_its_picture_is_being_fetched(world: Harness) -> None:
    world.picture_takes = 90
    begun = await world.imagine()
    await world.until(lambda: bool(world.fetches))
    await world.pass_time(20)
    await world.reboot(after_ms=60_000)

    job = await world.ended(begun)

    (message,) = world.discord.of(begun.key)
    assert (message.last.notes, message.picture is not None, job.route) == ((), True, Route.REPLY)


async def test_a_result_that_waited_for_something_else_is_one_edit_and_not_two(world: Harness) -> None:
    world.picture_takes = 2
    world.discord.on_result += [RetryLater("503")] * 6  # until its end is long ago, and not for its picture

    job = await world.ended(await world.imagine())

    assert (job.delivered_at or 0) - (job.finished_at or 0) > 10_000
    (message,) = world.discord.of(job.key)
    shown = [one for one in message.versions if one.job.state is JobState.SUCCEEDED]
    assert ([one.job.notes for one in shown], message.picture is not None) == ([()], True)


async def _told(world: Harness, job: Job) -> Text:
    viewer = Viewer(user_id=job.user_id, guild_id=GUILD, manages=False)
    with pytest.raises(UserError) as refused:
        await world.services.jobs.cancel(viewer, job.key)
    return refused.value.text


async def test_a_picture_that_stays_away_is_explained_on_a_card_with_its_buttons(world: Harness) -> None:
    world.picture_trouble = RetryLater("502")
    begun = await world.imagine()
    await world.pass_time(60)
    await world.reboot(after_ms=15 * 60_000)

    job = await world.ended(begun)

    (message,) = world.discord.of(job.key)
    assert message.last.notes == ("note.picture_unreachable",)
    assert message.last.actions
    assert message.picture is None


@pytest.mark.parametrize(
    "trouble", [RetryLater("offline"), RouteClosed("host_not_allowed"), RouteClosed("too_many_bytes")]
)
@pytest.mark.parametrize("posted", [False, True])
async def test_what_hindered_the_picture_of_an_earlier_try_is_not_said_beside_the_picture(
    world: Harness, trouble: RetryLater | RouteClosed, *, posted: bool
) -> None:
    if posted:
        world.discord.closed = {Route.REPLY: "message_gone", Route.EDIT: "message_gone"}
    job = await world.imagine()
    await world.pass_time(10)
    world.picture_trouble = trouble
    world.discord.on_result += [RetryLater("offline")] * 10_000
    await world.pass_time(20 * 60)

    world.picture_trouble = None
    world.discord.on_result.clear()
    ended = await world.ended(job)

    assert ended.notes == ()
    assert world.discord.of(job.key)[-1].picture is not None


async def test_a_picture_at_a_host_that_is_not_allowed_is_explained(world: Harness) -> None:
    world.picture_trouble = RouteClosed("host_not_allowed")

    job = await world.ended(await world.imagine())

    assert world.discord.of(job.key)[0].last.notes == ("note.picture_not_allowed",)


async def test_an_upload_that_discord_finds_too_large_is_made_smaller(world: Harness) -> None:
    job = await world.imagine()
    await world.pass_time(25)
    world.discord.on_result += [TooLarge("413"), TooLarge("413")]

    await world.ended(job)

    limits = [limit for _, _, limit in world.fetches]
    assert limits == [10 * 1024 * 1024, 500, 250]
    assert world.discord.of(job.key)[0].picture is not None


async def test_an_upload_that_stays_too_large_goes_out_as_a_card_without_picture(world: Harness) -> None:
    job = await world.imagine()
    await world.pass_time(25)
    world.discord.on_result += [TooLarge("413")] * 4

    await world.ended(job)

    assert world.discord.of(job.key)[0].last.notes == ("note.picture_too_large",)


async def test_a_smaller_picture_that_cannot_be_had_is_left_out(world: Harness) -> None:
    job = await world.imagine()
    await world.pass_time(25)
    world.discord.on_result.append(TooLarge("413"))
    world.pictures_left = 1
    await world.ended(job)

    assert world.discord.of(job.key)[0].last.notes == ("note.picture_too_large",)


async def test_even_the_bare_card_may_be_too_large_for_a_way_and_the_next_is_tried(world: Harness) -> None:
    job = await world.imagine()
    await world.pass_time(25)
    world.discord.on_result += [TooLarge("413")] * 5

    ended = await world.ended(job)

    assert ended.route is Route.EDIT


async def test_a_crash_between_posting_and_recording_posts_no_second_message(world: Harness) -> None:
    world.discord.closed = {Route.REPLY: "token", Route.EDIT: "gone"}
    job = await world.imagine()
    world.effects.die_at("show post ⟩")
    await world.pass_time(60)
    await world.reboot(after_ms=10 * 60_000)  # past Discord's nonce window

    ended = await world.ended(job)

    assert ended.route is Route.POST
    assert len(world.discord.of(job.key)) == 1


@pytest.mark.parametrize("trouble", [RetryLater("504", delay=60), ZeroDivisionError("a bug")])
async def test_a_post_whose_answer_was_lost_is_found_after_an_outage_of_any_length(
    world: Harness, trouble: Exception
) -> None:
    world.discord.closed = {Route.REPLY: "token", Route.EDIT: "gone"}
    show, attempts = world.publisher._show, 0

    async def unanswered(showing: Showing, route: Route, picture: Picture | None) -> CardLocation:
        nonlocal attempts
        attempts += route is Route.POST and showing.job.is_terminal
        if attempts == 1:
            await show(showing, route, picture)
        if 0 < attempts < 9:
            raise trouble
        return await show(showing, route, picture)

    world.publisher._show = unanswered  # type: ignore[method-assign]  # one world, one test
    ended = await world.ended(await world.imagine())

    assert ended.route is Route.POST
    assert len(world.discord.of(ended.key)) == 1
    assert ended.posting_at is None


async def test_a_later_post_whose_answer_was_lost_is_looked_for_from_then_on(world: Harness) -> None:
    world.discord.closed = {Route.REPLY: "token", Route.EDIT: "gone"}
    show = world.publisher._show

    async def refuse(showing: Showing, route: Route, picture: Picture | None) -> CardLocation:
        if route is Route.POST and showing.job.is_terminal:
            raise RetryLater("503", delay=600)
        return await show(showing, route, picture)

    world.publisher._show = refuse  # type: ignore[method-assign]  # one world, one test
    job = await world.imagine()
    await world.until(lambda: "find ⟩" in world.effects.names)
    await world.pass_time(1)

    tried = await world.job(job.key)
    assert (tried.posting_at or 0) - (tried.finished_at or 0) >= 600_000


async def test_a_bug_behind_a_delivery_does_not_undo_it(world: Harness) -> None:
    async def fail(_: Job) -> None:
        raise ZeroDivisionError("a bug")

    world.services.worker.delivery.strayed = fail
    job = await world.ended(await world.imagine())
    await world.calm()
    assert not world.services.worker._dropped
    await world.pass_time(600)

    assert (await world.job(job.key)).is_delivered
    assert world.meters.counts["deliveries route=reply"] == 1


async def test_a_crash_before_posting_posts_after_the_restart(world: Harness) -> None:
    world.discord.closed = {Route.REPLY: "token", Route.EDIT: "gone"}
    job = await world.imagine()
    world.effects.die_at("show post ⟨")
    await world.pass_time(60)
    await world.reboot(after_ms=10 * 60_000)

    assert (await world.ended(job)).route is Route.POST


async def test_an_unwanted_picture_is_kept_and_not_posted(
    world: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    job = await world.imagine()
    await world.pass_time(6)
    cancelled = await world.store.cancel(job.key, world.clock.now())

    ended = await world.ended(job)

    assert cancelled is not None
    assert (ended.state, ended.route, ended.unwanted) == (JobState.SUCCEEDED, Route.KEPT, True)
    assert world.discord.of(job.key)[0].picture is None
    assert not kept_back(caplog)


@pytest.mark.parametrize("seconds", [6.0, 26.0, 29.0])
async def test_a_job_that_another_process_cancelled_never_looks_as_if_it_ran(
    world: Harness, seconds: float
) -> None:
    job = await world.imagine()
    await world.pass_time(seconds)
    assert await world.store._inner.cancel(job.key, world.clock.now()) is not None
    await world.publisher.show(
        Showing(await world.job(job.key), world.clock.now()), Route.REPLY, picture=None
    )

    ended = await world.ended(job)

    (card,) = world.discord.of(job.key)
    assert (ended.route, card.last.unwanted, card.picture) == (Route.KEPT, True, None)


@pytest.mark.parametrize("trouble", [RouteClosed("message_gone"), RetryLater("503"), TooLarge("413")])
async def test_a_card_that_cannot_say_that_its_job_was_cancelled_keeps_nobody_waiting(
    world: Harness, trouble: Exception
) -> None:
    job = await world.imagine()
    await world.pass_time(29)
    await world.store._inner.cancel(job.key, world.clock.now())
    world.discord.on_result += [trouble] * 9

    ended = await world.ended(job, within=60)

    assert ended.route is Route.KEPT


async def test_a_failure_needs_no_picture(world: Harness) -> None:
    world.upstream.template.update(ends=TaskStatus.FAILURE, reason="[Banned prompt] no")

    await world.ended(await world.imagine())

    assert not world.fetches


async def test_a_delivery_that_cannot_be_recorded_is_repeated_as_an_edit(world: Harness) -> None:
    job = await world.imagine()
    await world.pass_time(25)
    world.store.trouble, world.store.trouble_for = StorageTrouble("locked"), {"release"}
    await world.pass_time(60)
    world.store.trouble = None

    ended = await world.ended(job)

    assert ended.state is JobState.SUCCEEDED
    assert len(world.discord.of(job.key)) == 1


@pytest.mark.parametrize("delay", [None, 30.0])
async def test_the_wait_that_discord_asks_for_is_kept(world: Harness, delay: float | None) -> None:
    job = await world.imagine()
    world.discord.on_result += [RetryLater("429", delay=delay)] * 2  # the reply's way and the channel's

    ended = await world.ended(job)

    waited = (ended.delivered_at or 0) - (ended.finished_at or 0)
    assert waited >= (delay or 0) * 1000


async def test_a_bug_in_a_step_shelves_the_job_instead_of_losing_it(world: Harness) -> None:
    job = await world.imagine()
    await world.pass_time(25)
    world.discord.on_result += [ZeroDivisionError("a bug")] * 3

    ended = await world.ended(job)

    assert ended.state is JobState.SUCCEEDED


async def test_the_message_that_shows_a_job_keeps_its_own_birthday(world: Harness) -> None:
    job = await world.imagine()

    ended = await world.ended(job)

    assert ended.reply.message_at == job.reply.message_at
    assert replace(ended.reply, upload_limit=0) == replace(job.reply, upload_limit=0)


async def test_a_job_that_another_process_took_over_while_its_picture_came_is_left_to_that_one(
    world: Harness,
) -> None:
    world.picture_takes = 5
    job = await world.imagine()
    await world.until(lambda: bool(world.fetches))
    await world.store.abandon(world.owner)
    (taken,) = await claim_work(world.store, "another", world.clock.now(), lease_ms=10**6, limit=5)
    await world.pass_time(60)

    assert taken.key == job.key
    assert not (await world.job(job.key)).is_delivered
    assert world.discord.of(job.key)[0].last.state is not JobState.SUCCEEDED
    assert world.meters.counts["leases_lost"] == 1


async def test_a_card_that_cannot_say_that_its_picture_is_being_fetched_gets_it_all_the_same(
    world: Harness,
) -> None:
    world.picture_takes = 60
    world.discord.on_result += [RouteClosed("message_gone"), RetryLater("503")]

    job = await world.ended(await world.imagine())

    (card,) = world.discord.of(job.key)
    assert [one.job.notes for one in card.versions if one.job.is_terminal] == [()]
    assert (job.route, card.picture is not None) == (Route.REPLY, True)


async def test_with_a_reply_in_trouble_no_direct_message_goes_out_though_the_channel_is_shut(
    world: Harness,
) -> None:
    world.discord.closed = dict.fromkeys((Route.EDIT, Route.POST), "missing_permission")
    world.discord.on_result.append(RetryLater("503"))

    job = await world.ended(await world.imagine())

    assert job.route is Route.REPLY
    assert [message.channel for message in world.discord.of(job.key)] == [CHANNEL]
