"""Members look after their jobs: what can be withdrawn and when, who may, and what is shown of it.
Never here: Discord's own words and the sentences."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.jobs import Job, JobState, Route
from bot.domain.keys import JobKey
from bot.domain.pools import Pool
from bot.domain.ports import Load, Picture
from bot.domain.servers.access import Treatment
from bot.domain.tasks import TaskSnapshot, TaskStatus
from bot.errors import RemoteError, RemoteFault, RetryLater, RouteClosed, TooLarge, UserError
from bot.services.admission.viewer import Viewer
from tests.services.harness import CHANNEL, GUILD, kept_back
from tests.services.history.test_upstream_requests import Desk, Server
from tests.services.server_harness import ADA

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.services.harness import Harness


def viewer(user: int = 1, *, guild: int | None = GUILD, manages: bool = False) -> Viewer:
    return Viewer(user_id=user, guild_id=guild, manages=manages)


async def refusal(call: Any) -> str:
    """The id of the sentence with which it was refused."""
    with pytest.raises(UserError) as refused:
        await call
    return refused.value.text.id


async def waiting(world: Harness) -> Job:
    """A job that stands in the queue, its card shown."""
    world.upstream.refusals = [RemoteError(RemoteFault.THROTTLED, "busy") for _ in range(50)]
    job = await world.imagine()
    await world.calm()
    assert (await world.job(job.key)).state is JobState.QUEUED
    return await world.job(job.key)


async def running(world: Harness) -> Job:
    """A job that upstream is at work on."""
    job = await world.imagine()
    await world.pass_time(8)
    assert (await world.job(job.key)).state is JobState.RUNNING
    return await world.job(job.key)


def card(world: Harness, job: Job) -> Job:
    """What the job's card shows, if it has just one."""
    (message,) = world.discord.of(job.key)
    return message.last


# -- cancelling --------------------------------------------------------------------------------------------


async def test_a_queued_job_is_cancelled_refunded_and_shown_at_once_and_once(world: Harness) -> None:
    job = await waiting(world)

    said = await world.services.jobs.cancel(viewer(), job.key)
    await world.calm()

    assert said.id == "jobs.cancelled"
    assert card(world, job).state is JobState.CANCELLED
    assert sorted(kind for key, kind in await world.ledger() if key == job.key) == ["refund", "reserve"]
    shown = [v.job for v in world.discord.of(job.key)[0].versions if v.job.state is JobState.CANCELLED]
    assert len(shown) == 1
    await world.pass_time(600)
    assert world.upstream.tasks == []
    assert len(world.discord.messages) == 1


async def test_a_running_job_says_at_once_that_it_will_not_be_posted_and_is_kept(
    world: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    job = await running(world)

    said = await world.services.jobs.cancel(viewer(), job.key)
    await world.calm()

    assert said.id == "jobs.cancelled_too_late"
    assert card(world, job).unwanted
    before = len(world.discord.of(job.key)[0].versions)
    ended = await world.ended(job)
    assert (ended.state, ended.route, ended.unwanted) == (JobState.SUCCEEDED, Route.KEPT, True)
    assert [one.job.unwanted for one in world.discord.of(job.key)[0].versions[before:]] == [True]
    assert world.discord.of(job.key)[0].picture is None
    assert kept_back(caplog) == []
    assert [kind for key, kind in await world.ledger() if key == job.key] == ["reserve"]


async def test_a_job_that_waits_in_a_servers_own_queue_is_taken_out_of_it(world: Harness) -> None:
    job = await world.imagine()
    await world.calm()
    sent = await world.job(job.key)
    assert sent.state is JobState.SUBMITTED
    assert sent.task_id is not None
    api = Server()
    api.tasks[sent.task_id] = TaskSnapshot(sent.task_id, TaskStatus.NOT_START)
    world.services.jobs.server = Desk(api).asks

    said = await world.services.jobs.cancel(viewer(), job.key)

    assert (said.id, api.dropped) == ("jobs.cancelled_at_server", [sent.task_id])


async def test_cancelling_twice_says_the_same_and_changes_nothing(world: Harness) -> None:
    job = await running(world)

    first = await world.services.jobs.cancel(viewer(), job.key)
    second = await world.services.jobs.cancel(viewer(), job.key)

    assert first == second


async def test_an_unwanted_job_that_fails_says_so_in_its_place_only(world: Harness) -> None:
    world.upstream.template = {"ends": TaskStatus.FAILURE, "reason": "Banned prompt"}
    job = await running(world)
    await world.services.jobs.cancel(viewer(), job.key)

    ended = await world.ended(job)

    assert ended.state is JobState.FAILED
    assert card(world, job).state is JobState.FAILED
    assert ("refund" in [kind for key, kind in await world.ledger() if key == job.key]) is True


async def test_a_cancelled_job_whose_card_is_gone_makes_no_new_message(
    world: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    job = await waiting(world)
    world.discord.messages[0].deleted = True

    await world.services.jobs.cancel(viewer(), job.key)
    await world.calm()

    assert (await world.job(job.key)).route is Route.KEPT
    assert len(world.discord.messages) == 1
    assert kept_back(caplog) == []


async def test_an_unwanted_job_that_upstream_drops_is_not_sent_again(world: Harness) -> None:
    job = await running(world)
    await world.services.jobs.cancel(viewer(), job.key)
    task = world.upstream.tasks[0]
    task.ends, task.reason = TaskStatus.FAILURE, "The task queue is full. Please try again later"

    ended = await world.ended(job)

    assert ended.state is JobState.CANCELLED
    assert len(world.upstream.tasks) == 1
    assert "refund" in [kind for key, kind in await world.ledger() if key == job.key]


@pytest.mark.parametrize(
    ("ends", "reason"), [(TaskStatus.CANCEL, None), (TaskStatus.FAILURE, "取消任务")], ids=["status", "words"]
)
async def test_an_unwanted_job_that_leaves_the_servers_queue_is_cancelled_and_not_a_failure(
    world: Harness, ends: TaskStatus, reason: str | None
) -> None:
    job = await world.imagine()
    await world.calm()
    await world.services.jobs.cancel(viewer(), job.key)
    task = world.upstream.tasks[0]
    task.ends, task.reason, task.seconds = ends, reason, 1

    ended = await world.ended(job)

    assert (ended.state, ended.failure) == (JobState.CANCELLED, None)
    assert len(world.upstream.tasks) == 1


@pytest.mark.parametrize(
    ("who", "may"),
    [
        (viewer(1), True),
        (viewer(2), False),
        (viewer(2, manages=True), True),
        (viewer(2, guild=99, manages=True), False),
        (viewer(1, guild=99), False),
        (viewer(1, guild=None), True),
        (viewer(2, guild=None, manages=True), False),
    ],
)
async def test_only_the_requester_and_the_servers_moderators_may_cancel(
    world: Harness,
    who: Viewer,
    may: bool,  # noqa: FBT001 - pytest names it
) -> None:
    job = await waiting(world)

    if may:
        await world.services.jobs.cancel(who, job.key)
    else:
        assert await refusal(world.services.jobs.cancel(who, job.key)) in {"jobs.not_yours", "jobs.unknown"}

    assert ((await world.job(job.key)).state is JobState.CANCELLED) is may


async def test_what_has_ended_cannot_be_cancelled_and_an_unknown_key_is_named(world: Harness) -> None:
    done = await world.finished_grid()
    gone = await waiting(world)
    await world.services.jobs.cancel(viewer(), gone.key)

    assert await refusal(world.services.jobs.cancel(viewer(), done.key)) == "jobs.cancel_succeeded"
    assert await refusal(world.services.jobs.cancel(viewer(), gone.key)) == "jobs.cancel_cancelled"
    assert await refusal(world.services.jobs.cancel(viewer(), JobKey("z" * 12))) == "jobs.unknown"


# -- showing again -----------------------------------------------------------------------------------------


async def show(world: Harness, job: Job, *, public: bool = False, who: Viewer | None = None) -> Any:
    asker = world.asker(user=1)
    await world.services.redelivery.show(who or viewer(), asker, job.key, public=public)
    return next(m for m in world.discord.messages if m.id == asker.reply.message_id)


async def test_a_finished_job_comes_back_with_its_picture_and_buttons(world: Harness) -> None:
    job = await world.finished_grid()

    message = await show(world, job)

    assert message.picture is not None
    assert message.last.actions == job.actions
    assert (await world.job(job.key)).reply == job.reply


async def test_shown_in_public_the_card_moves(world: Harness) -> None:
    job = await world.finished_grid()

    message = await show(world, job, public=True)

    assert (await world.job(job.key)).reply.message_id == message.id


async def test_shown_in_public_it_is_treated_as_pictures_are_there(world: Harness) -> None:
    job = await world.finished_grid()
    guilds = world.services.guilds
    await guilds.set_media(GUILD, ADA, CHANNEL, Treatment.SPOILER, on=True)

    private = await show(world, job)
    public = await show(world, job, public=True)

    assert "note.spoiler" not in private.last.notes
    assert "note.spoiler" in public.last.notes
    assert "note.spoiler" in (await world.job(job.key)).notes, "a press draws it anew"

    await guilds.set_media(GUILD, ADA, CHANNEL, Treatment.AGE_RESTRICTED, on=True)
    assert await refusal(show(world, job, public=True)) == "refused.age_restricted"
    assert (await show(world, job)).picture is not None


async def test_an_unwanted_job_is_delivered_by_showing_it(world: Harness) -> None:
    job = await running(world)
    await world.services.jobs.cancel(viewer(), job.key)
    assert await refusal(show(world, job)) == "jobs.unfinished"
    await world.ended(job)

    message = await show(world, job, public=True)

    assert message.picture is not None
    assert not message.last.unwanted
    assert (await world.job(job.key)).reply.message_id == message.id


async def test_what_a_public_showing_says_of_its_picture_is_what_a_press_draws_again(world: Harness) -> None:
    world.picture_trouble = RouteClosed("host_not_allowed")
    job = await world.finished_grid()

    for trouble, said in ((None, ()), (RouteClosed("picture_too_large"), ("note.picture_too_large",))):
        world.picture_trouble = trouble
        message = await show(world, job, public=True)
        await world.press(await world.job(job.key), position=len(said))
        await world.pass_time(10)

        assert len(message.versions) == 2
        assert [version.job.notes for version in message.versions] == [said, said]


@pytest.mark.parametrize("trouble", [RouteClosed("no_source"), RetryLater("gone")])
async def test_without_its_picture_a_job_comes_with_an_honest_note(
    world: Harness, trouble: Exception
) -> None:
    job = await world.finished_grid()
    world.picture_trouble = trouble

    message = await show(world, job)

    assert message.picture is None
    assert message.last.notes == ("note.picture_gone",)
    assert message.last.actions


async def test_a_picture_that_is_too_large_is_offered_smaller_and_at_last_left_out(world: Harness) -> None:
    job = await world.finished_grid()
    world.fetches.clear()
    world.discord.on_result = [TooLarge("413"), TooLarge("413")]

    message = await show(world, job)

    assert message.picture is not None
    limits = [limit for _, _, limit in world.fetches]
    assert limits == sorted(limits, reverse=True)
    assert len(set(limits)) == 3
    world.discord.on_result = [TooLarge("413")] * 4
    assert (await show(world, job)).last.notes == ("note.picture_too_large",)


@pytest.mark.parametrize("reason", ["animation_too_large", "too_many_bytes"])
async def test_a_clip_that_is_too_large_is_said_to_be_that(world: Harness, reason: str) -> None:
    job = await world.finished_grid()
    world.picture_trouble = RouteClosed(reason)

    assert (await show(world, job)).last.notes == ("note.picture_too_large",)


@pytest.mark.parametrize("trouble", [RouteClosed("discord_400_1"), RetryLater("discord_503")])
async def test_what_discord_does_not_show_is_never_said_to_have_cost_nothing(
    world: Harness, trouble: Exception
) -> None:
    job = await world.finished_grid()
    world.discord.on_result = [trouble]

    assert await refusal(show(world, job)) == "jobs.not_shown"


async def test_a_failed_job_is_shown_as_it_ended(world: Harness) -> None:
    world.upstream.template = {"ends": TaskStatus.FAILURE, "reason": "Banned prompt"}
    job = await world.ended(await world.imagine())

    assert (await show(world, job)).last.failure == job.failure


async def test_somebody_elses_job_is_shown_to_moderators_only(world: Harness) -> None:
    job = await world.finished_grid()

    assert await refusal(show(world, job, who=viewer(2))) == "jobs.not_yours"
    assert (await show(world, job, who=viewer(2, manages=True))).picture is not None


# -- one person's file, and a card taken down --------------------------------------------------------------


async def send(world: Harness, job: Job, **who: Any) -> str:
    said = await world.services.redelivery.send(
        viewer(**who), job.key, locale="en-US", link="https://discord.com/x", nonce="1"
    )
    return said.id


async def test_a_file_goes_to_whoever_asks_in_the_server(world: Harness) -> None:
    job = await world.finished_grid()

    assert await send(world, job, user=2) == "jobs.sent"

    ((user, words, picture),) = world.discord.handed
    assert (user, words.id) == (2, "jobs.file_from")
    assert isinstance(picture, Picture)
    assert await refusal(send(world, job, user=2, guild=99)) == "jobs.unknown"


@pytest.mark.parametrize(
    ("troubles", "said"),
    [
        ([RouteClosed("dms_closed")], "jobs.dms_closed"),
        ([TooLarge("413")] * 4, "jobs.file_too_large_unlinked"),
    ],
)
async def test_a_file_that_cannot_be_sent_says_why(
    world: Harness, troubles: list[Exception], said: str
) -> None:
    job = await world.finished_grid()
    world.discord.on_hand = troubles

    assert await refusal(send(world, job)) == said


async def test_what_has_no_picture_is_not_sent(world: Harness) -> None:
    world.upstream.template = {"ends": TaskStatus.FAILURE, "reason": "Banned prompt"}
    job = await world.ended(await world.imagine())

    assert await refusal(send(world, job)) == "jobs.no_picture"


async def test_a_picture_that_is_gone_is_not_sent(world: Harness) -> None:
    job = await world.finished_grid()
    world.picture_trouble = RetryLater("gone")

    assert await refusal(send(world, job)) == "jobs.picture_gone"
    assert world.discord.handed == []


async def test_a_file_that_is_too_large_for_a_direct_message_is_named_by_its_address(world: Harness) -> None:
    job = await world.finished_grid()
    world.picture_trouble = RouteClosed("animation_too_large")
    redelivery = replace(world.services.redelivery, address_of=lambda job: f"https://files.example/{job.key}")

    with pytest.raises(UserError) as refused:
        await redelivery.send(viewer(), job.key, locale="en-US", link=None, nonce="1")

    assert refused.value.text.id == "jobs.file_too_large"
    assert refused.value.text.args["link"] == f"https://files.example/{job.key}"


async def test_a_card_is_taken_down_and_nothing_links_there_any_more(world: Harness) -> None:
    job = await world.finished_grid()
    (message,) = world.discord.of(job.key)

    said = await world.services.redelivery.take_down(
        viewer(), job.key, channel_id=CHANNEL, message_id=message.id
    )

    assert said.id == "jobs.deleted"
    assert message.deleted
    assert (await world.job(job.key)).reply.message_id is None
    again = await world.services.redelivery.take_down(
        viewer(), job.key, channel_id=CHANNEL, message_id=message.id
    )
    assert again == said
    assert (await show(world, job, public=True)).picture is not None


@pytest.mark.parametrize("hand_out", [partial(show, public=True), send])
async def test_a_result_that_is_removed_while_its_picture_is_fetched_is_neither_shown_nor_sent(
    world: Harness, monkeypatch: pytest.MonkeyPatch, hand_out: Callable[[Harness, Job], Any]
) -> None:
    job = await world.finished_grid()
    pictures = world.services.redelivery.pictures
    fetch = pictures.fetch

    async def slowly(**asked: Any) -> Picture:
        found = await fetch(**asked)
        await world._opened.jobs.remove_result(job.key)
        return found

    monkeypatch.setattr(pictures, "fetch", slowly)

    assert await refusal(hand_out(world, job)) == "jobs.picture_gone"
    assert len(world.discord.of(job.key)) == 1
    assert world.discord.handed == []


async def test_a_card_that_is_shown_anew_while_it_is_taken_down_keeps_its_new_place(
    world: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await world.finished_grid()
    (message,) = world.discord.of(job.key)
    publisher = world.services.redelivery.publisher
    take_down = publisher.take_down

    async def slowly(channel_id: int, message_id: int) -> None:
        await show(world, job, public=True)
        await take_down(channel_id, message_id)

    monkeypatch.setattr(publisher, "take_down", slowly)
    await world.services.redelivery.take_down(viewer(), job.key, channel_id=CHANNEL, message_id=message.id)

    anew = world.discord.of(job.key)[-1]
    assert (message.deleted, anew.deleted) == (True, False)
    assert (await world.job(job.key)).reply.message_id == anew.id


async def test_an_earlier_card_taken_down_leaves_the_card_where_it_is(world: Harness) -> None:
    job = await world.finished_grid()
    (earlier,) = world.discord.of(job.key)
    card = await show(world, job, public=True)

    await world.services.redelivery.take_down(viewer(), job.key, channel_id=CHANNEL, message_id=earlier.id)

    assert (earlier.deleted, card.deleted) == (True, False)
    assert (await world.job(job.key)).reply.message_id == card.id


async def test_strangers_take_nothing_down(world: Harness) -> None:
    job = await world.finished_grid()
    (message,) = world.discord.of(job.key)

    call = world.services.redelivery.take_down(viewer(2), job.key, channel_id=CHANNEL, message_id=message.id)

    assert await refusal(call) == "jobs.not_yours"
    assert not message.deleted


@pytest.mark.parametrize("manages", [False, True])
async def test_only_what_shows_the_job_is_taken_down_whatever_a_button_names(
    world: Harness, *, manages: bool
) -> None:
    mine, theirs = await world.finished_grid(user=1), await world.finished_grid(user=2)
    (message,) = world.discord.of(theirs.key)
    who = Viewer(user_id=1, guild_id=GUILD, manages=manages)

    call = world.services.redelivery.take_down(who, mine.key, channel_id=CHANNEL, message_id=message.id)

    assert await refusal(call) == "jobs.nothing_to_delete"
    assert not message.deleted


# -- lists -------------------------------------------------------------------------------------------------


async def test_a_history_has_pages_and_stays_on_the_last(world: Harness) -> None:
    made = [await world.imagine(f"fox {n}") for n in range(7)]
    await world.imagine("a wolf", user=2)

    first = await world.services.jobs.history(viewer(), 0)
    last = await world.services.jobs.history(viewer(), 9)

    assert (first.pages, first.number, last.number) == (2, 0, 1)
    found = {job.key for page in (first, last) for job in page.page.jobs}
    assert found == {job.key for job in made}
    assert (await world.services.jobs.history(viewer(3), 0)).page.jobs == []


async def test_a_queue_tells_places_and_the_servers_totals(world: Harness) -> None:
    world.max_running = 1
    await world.reboot()
    first = await world.imagine(user=2)
    await world.calm()
    mine = [await world.imagine("a"), await world.imagine("b")]
    await world.calm()

    queue = await world.services.jobs.queue(viewer())

    assert [job.key for job in queue.mine] == [job.key for job in mine]
    assert list(queue.ahead.values()) == [0, 1]
    assert queue.load[Pool.NORMAL] == Load(waiting=2, running=1)
    assert queue.load[Pool.FAST] == Load(waiting=0, running=0)
    assert first.key not in queue.ahead


async def test_suggestions_are_own_finished_jobs_by_key_and_by_prompt(world: Harness) -> None:
    fox = await world.finished_grid(prompt="a paper Fox")
    owl = await world.finished_grid(prompt="an owl")
    await world.finished_grid(prompt="a fox of Bob's", user=2)

    async def keys(typed: str) -> list[str]:
        return [job.key for job in await world.services.jobs.to_show(viewer(), typed)]

    assert set(await keys("")) == {fox.key, owl.key}
    assert await keys("fOX") == [fox.key]
    assert await keys(owl.key) == [owl.key]
    assert await keys("bob") == []


async def test_moderators_are_suggested_everybodys_live_jobs_after_their_own(world: Harness) -> None:
    world.upstream.refusals = [RemoteError(RemoteFault.THROTTLED, "busy") for _ in range(50)]
    theirs = await world.imagine(user=2)
    mine = await world.imagine()
    await world.calm()

    async def keys(*, manages: bool) -> list[str]:
        found = await world.services.jobs.to_cancel(viewer(manages=manages), "")
        return [job.key for job in found]

    assert await keys(manages=False) == [mine.key]
    assert await keys(manages=True) == [mine.key, theirs.key]
    await world.services.jobs.cancel(viewer(), mine.key)
    assert await keys(manages=False) == []


async def test_lists_belong_to_a_server(world: Harness) -> None:
    for ask in (world.services.jobs.queue, lambda who: world.services.jobs.history(who, 0)):
        assert await refusal(ask(viewer(guild=None))) == "refused.server_only"


# -- relations ---------------------------------------------------------------------------------------------


async def test_a_job_knows_its_parent_and_children(world: Harness) -> None:
    grid = await world.finished_grid()
    pressed = await world.press(grid, 1)

    family = await world.services.jobs.family(viewer(2), grid.key)
    below = await world.services.jobs.family(viewer(2), pressed.job.key)

    assert [job.key for job in family.children] == [pressed.job.key]
    assert family.parent is None
    assert below.parent is not None
    assert below.parent.key == grid.key


async def test_a_remix_begins_a_chain_of_its_own_in_the_same_pool(world: Harness) -> None:
    grid = await world.finished_grid(pool=Pool.FAST)

    begun = await world.services.imagine.remix(world.asker(user=2), grid, "a paper wolf --ar 3:2")

    job = await world.job(begun.job.key)
    assert (job.root, job.pool, job.prompt) == (job.key, Pool.FAST, "a paper wolf --ar 3:2")
    assert job.press is None
    assert job.ancestor is not None
    assert (job.ancestor.key, job.ancestor.message_id) == (grid.key, grid.reply.message_id)
