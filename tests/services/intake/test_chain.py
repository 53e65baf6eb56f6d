"""The chain through the services: a command, its grid, a press, the child; pools, repeats and refusals."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.failures import FailureKind
from bot.domain.intake.prompts import PromptOptions
from bot.domain.jobs import JobState, Route
from bot.domain.pools import USUAL_POOLS, Allowance, Pool
from bot.domain.servers.guilds import Actor
from bot.domain.tasks import RemoteAction, TaskStatus
from bot.errors import RemoteError, RemoteFault, RetryLater, UserError
from bot.services.admission.viewer import Viewer
from bot.services.intake.press import PressOutcome
from bot.storage.tables import FORGOTTEN, jobs
from tests.services.harness import GRID, GUILD, UUID, Harness

if TYPE_CHECKING:
    from bot.domain.jobs import Job


async def test_a_job_that_is_found_when_it_is_written_again_is_new_and_shown(
    world: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert = world._opened.jobs.insert

    async def insert_twice(*job: Any, **more: Any) -> Job:
        await insert(*job, **more)
        return await insert(*job, **more)  # as after a commit whose answer was lost

    monkeypatch.setattr(world._opened.jobs, "insert", insert_twice)
    started = await world.services.imagine.begin(world.asker(), PromptOptions(prompt="a paper fox"), None)

    assert started.fresh
    assert (await world.ended(started.job)).state == "succeeded"
    assert len(world.upstream.tasks) == 1


async def test_a_prompt_becomes_a_grid_under_its_own_reply(world: Harness) -> None:
    begun = await world.imagine("a paper fox --ar 3:2")

    job = await world.ended(begun)

    (message,) = world.discord.of(job.key)
    assert (job.state, job.route, message.picture is not None) == (JobState.SUCCEEDED, Route.REPLY, True)
    assert message.last.actions == GRID
    assert [t.prompt for t in world.upstream.tasks] == ["a paper fox --ar 3:2"]


@pytest.mark.parametrize("pool", USUAL_POOLS)
async def test_a_chain_stays_in_its_pool_to_any_depth_whatever_the_default_becomes(
    world: Harness, pool: Pool
) -> None:
    job = await world.finished_grid(pool=pool)
    world.default_pool = Pool.FAST if pool is Pool.NORMAL else Pool.NORMAL
    await world.reboot(after_ms=60_000)

    for depth in range(4):
        pressed = await world.press(job, position=depth)
        child = await world.ended(pressed.job)
        task = world.upstream.task(child.task_id)
        assert (task.pool, task.parent, task.custom_id) == (pool, job.task_id, job.actions[depth].custom_id)
        assert (child.root, child.prompt) == (job.root, job.prompt)
        job = child


async def test_the_default_pool_is_the_configured_one_or_the_only_one_that_is_on(world: Harness) -> None:
    assert (await world.imagine()).pool is Pool.NORMAL

    await world.kill()
    world.rules = {Pool.FAST: Allowance(10, 1, 5)}
    await world.boot()

    assert (await world.imagine()).pool is Pool.FAST


async def test_a_pool_that_is_off_refuses_new_chains_and_names_the_other(world: Harness) -> None:
    del world.rules[Pool.FAST]

    with pytest.raises(UserError) as refusal:
        await world.imagine(pool=Pool.FAST)

    assert (refusal.value.text.id, refusal.value.text.args["other"]) == ("refused.pool_off", "NORMAL")


async def test_with_every_pool_off_the_refusal_names_none(world: Harness) -> None:
    world.rules.clear()

    with pytest.raises(UserError) as refusal:
        await world.imagine()

    assert refusal.value.text.id == "refused.all_pools_off"


async def test_a_pool_switched_off_refuses_presses_of_its_old_chains_too(world: Harness) -> None:
    job = await world.finished_grid(pool=Pool.FAST)
    del world.rules[Pool.FAST]

    with pytest.raises(UserError) as refusal:
        await world.press(job)

    assert refusal.value.text.id == "refused.pool_off_chain"
    assert len(world.upstream.tasks) == 1


async def test_an_interaction_delivered_twice_is_one_job(world: Harness) -> None:
    asker = world.asker()

    first = await world.imagine(asker=asker)
    second = await world.imagine(asker=asker)
    await world.ended(first)

    assert first.key == second.key
    assert len(world.upstream.tasks) == 1


async def test_twenty_simultaneous_presses_of_one_button_are_one_submission(world: Harness) -> None:
    job = await world.finished_grid()

    presses = await asyncio.gather(*(world.press(job, position=1, user=n) for n in range(20)))
    await world.ended(presses[0].job)

    assert len({p.job.key for p in presses}) == 1
    assert sorted(p.outcome for p in presses).count(PressOutcome.STARTED) == 1
    assert len(world.upstream.tasks) == 2


async def test_the_same_press_delivered_twice_by_the_gateway_stays_started(world: Harness) -> None:
    job = await world.finished_grid()
    asker = world.asker()
    first = await world.press(job, position=5, asker=asker)
    await world.ended(first.job)

    again = await world.press(job, position=5, asker=asker)

    assert (again.job.key, again.outcome) == (first.job.key, PressOutcome.STARTED)
    assert len(world.upstream.tasks) == 2


async def test_u_pressed_again_shows_the_picture_that_is_there(world: Harness) -> None:
    job = await world.finished_grid()
    first = await world.press(job, position=1)
    await world.ended(first.job)

    again = await world.press(job, position=1)

    assert (again.job.key, again.outcome) == (first.job.key, PressOutcome.SHOWN)
    assert len(world.upstream.tasks) == 2


async def upscaled(world: Harness, *, user: int) -> tuple[Job, Job]:
    """A grid, and its U2 as somebody pressed it, delivered."""
    grid = await world.finished_grid()
    pressed = await world.press(grid, position=1, user=user)
    return grid, await world.ended(pressed.job)


def looking(user: int) -> Viewer:
    return Viewer(user_id=user, guild_id=GUILD, manages=False)


async def take_down(world: Harness, child: Job) -> None:
    message = child.reply.message_id or 0
    await world.services.redelivery.take_down(
        looking(child.user_id), child.key, channel_id=child.reply.channel_id, message_id=message
    )


async def test_a_picture_whose_card_its_member_deleted_is_made_anew_for_others_and_shown_to_those_who_may_have_it(
    world: Harness,
) -> None:
    grid, child = await upscaled(world, user=2)
    await take_down(world, child)
    moderator = replace(world.asker(user=4), is_moderator=True)

    own = await world.press(grid, position=1, user=2)
    looked_after = await world.press(grid, position=1, asker=moderator)
    others = await world.press(grid, position=1, user=3)
    mine = await world.ended(others.job)

    assert (own.job.key, own.outcome) == (child.key, PressOutcome.SHOWN)
    assert (looked_after.job.key, looked_after.outcome) == (child.key, PressOutcome.SHOWN)
    assert others.outcome is PressOutcome.STARTED
    assert (mine.state, mine.user_id) == (JobState.SUCCEEDED, 3)
    assert (await world.press(grid, position=1, user=5)).job.key == mine.key
    assert len(world.upstream.tasks) == 3


async def test_two_who_press_at_once_for_a_picture_without_a_card_are_one_submission(world: Harness) -> None:
    grid, child = await upscaled(world, user=2)
    await take_down(world, child)

    presses = await asyncio.gather(*(world.press(grid, position=1, user=n) for n in range(3, 9)))
    await world.ended(presses[0].job)

    assert len({pressed.job.key for pressed in presses}) == 1
    assert [pressed.outcome for pressed in presses].count(PressOutcome.STARTED) == 1
    assert len(world.upstream.tasks) == 3


async def test_a_picture_that_moderators_removed_is_not_made_again_by_its_button(world: Harness) -> None:
    grid, child = await upscaled(world, user=2)
    await world.services.moderation.remove(GUILD, Actor(9, "moderator"), child.key)

    for user in (2, 3):
        with pytest.raises(UserError) as refusal:
            await world.press(grid, position=1, user=user)
        assert refusal.value.text.id == "press.removed"
    assert len(world.upstream.tasks) == 2


async def test_a_picture_of_somebody_who_was_erased_is_made_anew(world: Harness) -> None:
    grid, child = await upscaled(world, user=2)
    erase = jobs.update().where(jobs.c.key == child.key).values(**FORGOTTEN)
    await world._opened.database.write(lambda c: c.execute(erase).rowcount)

    assert (await world.press(grid, position=1, user=3)).outcome is PressOutcome.STARTED


async def test_a_picture_that_was_withdrawn_is_there_for_others_once_it_is_shown(world: Harness) -> None:
    grid = await world.finished_grid()
    pressed = await world.press(grid, position=1, user=2)
    await world.pass_time(2)
    await world.services.jobs.cancel(looking(2), pressed.job.key)
    child = await world.ended(pressed.job)
    assert (child.route, child.reply.message_id is None) == (Route.KEPT, False)
    kept_back = await world.press(grid, position=1, user=2)

    await world.pass_time(1)
    await world.services.redelivery.show(looking(2), world.asker(user=2), child.key, public=True)
    shown = await world.press(grid, position=1, user=3)

    assert (kept_back.job.key, kept_back.outcome) == (child.key, PressOutcome.SHOWN)
    assert (shown.job.key, shown.outcome) == (child.key, PressOutcome.SHOWN)


async def test_a_picture_that_was_withdrawn_and_not_shown_since_is_made_anew_for_others(
    world: Harness,
) -> None:
    grid = await world.finished_grid()
    pressed = await world.press(grid, position=1, user=2)
    await world.pass_time(2)
    await world.services.jobs.cancel(looking(2), pressed.job.key)
    await world.ended(pressed.job)

    assert (await world.press(grid, position=1, user=3)).outcome is PressOutcome.STARTED


async def test_a_picture_that_came_by_direct_message_is_made_anew_for_others(world: Harness) -> None:
    grid = await world.finished_grid()
    world.discord.closed.update(dict.fromkeys((Route.REPLY, Route.EDIT, Route.POST), "no_permission"))
    child = await world.ended((await world.press(grid, position=1, user=2)).job)
    world.discord.closed.clear()
    assert child.route is Route.DIRECT

    assert (await world.press(grid, position=1, user=2)).outcome is PressOutcome.SHOWN
    assert (await world.press(grid, position=1, user=3)).outcome is PressOutcome.STARTED


async def test_a_picture_on_its_way_to_its_card_is_still_being_made(world: Harness) -> None:
    grid = await world.finished_grid()
    world.discord.later += [RetryLater("discord") for _ in range(50)]
    child = (await world.press(grid, position=1, user=2)).job

    await world.until(lambda: is_ended(world, child))
    pressed = await world.press(grid, position=1, user=3)

    assert (pressed.job.key, pressed.outcome) == (child.key, PressOutcome.RUNNING)


async def is_ended(world: Harness, job: Job) -> bool:
    return (await world.job(job.key)).is_terminal


async def test_a_variation_may_run_again_once_the_first_has_ended(world: Harness) -> None:
    job = await world.finished_grid()
    first = await world.press(job, position=5)
    running = await world.press(job, position=5)
    await world.ended(first.job)

    again = await world.press(job, position=5)

    assert (running.outcome, again.outcome) == (PressOutcome.RUNNING, PressOutcome.STARTED)
    assert again.job.key != first.job.key


async def test_after_a_failure_the_button_works_again_at_once(world: Harness) -> None:
    job = await world.finished_grid()
    world.upstream.refusals.append(RemoteError(RemoteFault.REFUSED, "no"))
    first = await world.press(job, position=0)
    assert (await world.ended(first.job)).state is JobState.FAILED

    again = await world.press(job, position=0)

    assert (await world.ended(again.job)).state is JobState.SUCCEEDED


async def _press_refusal(world: Harness, job: Job, position: int = 0) -> str:
    with pytest.raises(UserError) as refusal:
        await world.press(job, position=position)
    return refusal.value.text.id


async def test_a_press_on_an_unknown_key_is_told_so(world: Harness) -> None:
    job = await world.finished_grid()

    assert await _press_refusal(world, replace(job, key=world.names.key())) == "press.unknown"


async def test_a_press_on_a_failed_job_is_told_so(world: Harness) -> None:
    world.upstream.refusals.append(RemoteError(RemoteFault.REFUSED, "no"))
    job = await world.ended(await world.imagine())

    assert await _press_refusal(world, job) == "press.failed"


async def test_a_press_on_a_running_job_is_told_to_wait(world: Harness) -> None:
    job = await world.imagine()

    assert await _press_refusal(world, job) == "press.unfinished"


async def test_a_press_on_a_cancelled_job_is_told_so(world: Harness) -> None:
    world.max_running = 0
    await world.reboot()
    job = await world.imagine()
    await world.store.cancel(job.key, world.clock.now())

    assert await _press_refusal(world, job) == "press.cancelled"


async def test_a_press_on_a_button_that_never_was_is_told_so(world: Harness) -> None:
    job = await world.finished_grid()

    assert await _press_refusal(world, job, position=99) == "press.no_such_button"


@pytest.mark.parametrize(
    ("custom_id", "answer"),
    [
        (f"MJ::Inpaint::1::{UUID}::SOLO", "press.foreign"),
        (f"MJ::CustomZoom::{UUID}", "press.custom_zoom"),
        ("MJ::Job::PicReader::1", "press.not_offered"),
        (f"MJ::JOB::animate_high::1::{UUID}::SOLO", "press.not_offered"),
        (f"MJ::BOOKMARK::{UUID}", "press.not_offered"),
        ("MJ::NEW::thing", "press.not_offered"),
    ],
)
async def test_a_button_that_needs_more_than_a_press_says_what_to_do_instead(
    world: Harness, custom_id: str, answer: str
) -> None:
    world.upstream.template["actions"] = (RemoteAction(custom_id, "?", ""),)
    job = await world.finished_grid()

    assert await _press_refusal(world, job) == answer
    assert len(world.upstream.tasks) == 1


async def test_video_buttons_work_where_the_owner_switched_them_on(world: Harness) -> None:
    world.video = True
    await world.reboot()
    world.upstream.template["actions"] = (RemoteAction(f"MJ::JOB::animate_low::1::{UUID}::SOLO", "?", ""),)
    job = await world.finished_grid()

    pressed = await world.press(job)

    assert pressed.outcome is PressOutcome.STARTED


async def test_a_member_cannot_have_more_jobs_at_once_than_the_rule_says(world: Harness) -> None:
    world.rules[Pool.NORMAL] = Allowance(None, 1, 1)
    await world.imagine()
    await world.imagine()

    with pytest.raises(UserError) as refusal:
        await world.imagine()
    other = await world.imagine(user=2)

    assert refusal.value.text.id == "refused.at_once"
    assert other.state is JobState.QUEUED


async def test_units_of_a_failed_job_are_free_again(world: Harness) -> None:
    world.rules[Pool.NORMAL] = Allowance(1, None, None)
    world.upstream.refusals.append(RemoteError(RemoteFault.REFUSED, "no"))
    await world.ended(await world.imagine())

    job = await world.ended(await world.imagine())
    with pytest.raises(UserError) as refusal:
        await world.imagine()

    assert job.state is JobState.SUCCEEDED
    assert refusal.value.text.id == "refused.per_day"


@pytest.mark.parametrize(
    ("ends", "reason", "kind"),
    [
        (TaskStatus.FAILURE, "[Banned prompt detected] no", FailureKind.BANNED_PROMPT),
        (TaskStatus.FAILURE, "[Invalid parameter] --foo", FailureKind.INVALID_PARAMETER),
        (TaskStatus.CANCEL, None, FailureKind.SERVER_CANCELLED),
        (TaskStatus.FAILURE, "强制取消", FailureKind.SERVER_CANCELLED),
        (TaskStatus.FAILURE, "执行超时 5 分钟", FailureKind.SERVER_TIMED_OUT),
        (TaskStatus.SUCCESS, "a reason counts whatever the status", FailureKind.UNKNOWN),
        (TaskStatus.MODAL, None, FailureKind.NEEDS_INPUT),
    ],
)
async def test_a_task_that_fails_upstream_is_delivered_as_a_failure_with_its_kind(
    world: Harness, ends: TaskStatus, reason: str | None, kind: FailureKind
) -> None:
    world.upstream.template.update(ends=ends, reason=reason)

    job = await world.ended(await world.imagine())

    assert job.failure is not None
    assert (job.state, job.failure.kind) == (JobState.FAILED, kind)
    assert world.discord.of(job.key)[0].last.failure == job.failure


async def test_three_run_at_once_and_the_queue_is_fair_between_users(world: Harness) -> None:
    greedy = [await world.imagine(f"greedy {n}", user=1) for n in range(6)]
    late = await world.imagine("late", user=2)
    # Some of the six may be on their way by now, or none: then the first, who waits for longer, goes before the other one.
    still = [job for job in [await world.store.get(one.key) for one in greedy] if job is not None]
    waiting = [job.prompt for job in still if job.state is JobState.QUEUED]
    await world.ended(late)

    sent = [t.prompt for t in world.upstream.tasks]
    assert waiting
    assert [prompt for prompt in sent[: sent.index("late")] if prompt in waiting] in ([], ["greedy 0"])
    for job in greedy:
        await world.ended(job)
    starts = sorted(t.at for t in world.upstream.tasks)
    assert all(later - earlier >= 25_000 for earlier, later in zip(starts, starts[3:], strict=False))
