"""Unclear submissions: adopted when they can be told apart, else failed visibly, and never sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.failures import FailureKind
from bot.domain.inputs import AssignedPicture, InputRole
from bot.domain.intake.prompts import PromptOptions
from bot.domain.jobs import JobState
from bot.domain.pools import Pool
from bot.domain.schedule import MINUTE
from bot.domain.tasks import TaskStatus
from bot.errors import RemoteError, RemoteFault, TaskTaken
from bot.storage.backup import restore, take
from tests.services.harness import Task
from tests.services.intake.test_pictures import AFile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bot.domain.jobs import Job
    from tests.services.harness import Harness

NO_ANSWER = RemoteError(RemoteFault.UNCLEAR, "no answer")


async def test_an_accepted_submission_without_an_answer_is_found_and_delivered(world: Harness) -> None:
    world.upstream.swallow = 1
    job = await world.imagine()
    await world.pass_time(1)
    assert (await world.job(job.key)).state is JobState.UNCLEAR

    ended = await world.ended(job)

    assert ended.state is JobState.SUCCEEDED
    assert len(world.upstream.tasks) == 1


async def test_with_webhooks_the_token_finds_it_even_among_twins(world: Harness) -> None:
    world.webhook = lambda token: f"https://easel.example/hook/{token}"
    await world.reboot()
    grid = await world.finished_grid()
    world.upstream.swallow = 2

    presses = [await world.press(grid, position=n) for n in (0, 1)]
    children = [await world.ended(p.job) for p in presses]

    tasks = [world.upstream.task(c.task_id) for c in children]
    assert [t.custom_id for t in tasks] == [grid.actions[0].custom_id, grid.actions[1].custom_id]


async def test_a_task_with_somebody_elses_webhook_is_never_ours(world: Harness) -> None:
    world.upstream.refusals.append(NO_ANSWER)
    job = await world.imagine()
    world.upstream.tasks.append(
        Task(1, job.prompt, job.pool, "IMAGINE", "https://other.example/hook/x", world.clock.now())
    )

    ended = await world.ended(job)

    assert ended.failure is not None
    assert ended.failure.kind is FailureKind.LOST


async def test_what_never_arrived_is_failed_after_a_grace_and_not_sent_again(world: Harness) -> None:
    world.upstream.refusals.append(NO_ANSWER)

    job = await world.ended(await world.imagine())

    assert job.failure is not None
    assert (job.failure.kind, job.refund_due) == (FailureKind.LOST, True)
    assert 30_000 <= (job.finished_at or 0) - job.created_at <= 60_000
    assert not world.upstream.tasks


async def test_a_task_that_shows_up_late_in_the_list_is_still_found(world: Harness) -> None:
    world.upstream.swallow = 1
    world.upstream.template["hidden_until"] = world.clock.now() + 15_000

    job = await world.ended(await world.imagine())

    assert job.state is JobState.SUCCEEDED


async def test_a_call_that_hung_for_a_minute_is_looked_for_as_long_as_any_other(world: Harness) -> None:
    api = world.services.worker.accounts.fixed["default"]
    accept = api.imagine

    async def hang(**kwargs: Any) -> Any:
        await accept(**kwargs)
        await world.clock.pause(60)
        raise NO_ANSWER

    api.imagine = hang  # type: ignore[method-assign]  # one world, one test
    world.upstream.template["hidden_until"] = world.clock.now() + 80_000

    job = await world.ended(await world.imagine())

    assert job.state is JobState.SUCCEEDED
    assert len(world.upstream.tasks) == 1


async def test_the_same_prompt_in_another_pool_and_another_prompt_are_not_ours(world: Harness) -> None:
    now = world.clock.now()
    world.upstream.tasks += [
        Task(1, "a paper fox", Pool.FAST, "IMAGINE", None, now),
        Task(2, "another prompt", Pool.NORMAL, "IMAGINE", None, now),
    ]
    world.upstream.refusals.append(NO_ANSWER)

    job = await world.ended(await world.imagine())

    assert job.failure is not None
    assert job.failure.kind is FailureKind.LOST


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("a paper fox", "a paper fox --v 8.1"),
        ("a paper fox --ar 3:2 --s 50", "a paper fox --aspect 3:2 --stylize 50 --v 7.0 --style raw"),
        (
            "https://cdn.example/a/long/picture.png?ex=1 a fox --sref https://b.example/x.png --v 7",
            "<https://s.mj.run/abc123> A fox --sref https://s.mj.run/xyz --v 7.0",
        ),
        ("a “paper” fox --fast", 'a "paper"  fox'),
        ("a fox --sref random", "a fox --sref 123456 --v 7"),
    ],
)
async def test_a_prompt_that_upstream_rewrote_is_recognised(world: Harness, sent: str, seen: str) -> None:
    world.upstream.refusals.append(NO_ANSWER)
    job = await world.imagine(sent)
    world.upstream.tasks.append(Task(1, seen, job.pool, "IMAGINE", None, world.clock.now()))

    ended = await world.ended(job)

    assert (ended.state, ended.task_id) == (JobState.SUCCEEDED, "1")


@pytest.mark.parametrize("stamp", [None, 0, 1_800_000_000, "eight hours behind", "eight hours ahead"])
async def test_a_task_with_odd_times_is_recognised(world: Harness, stamp: int | str | None) -> None:
    world.upstream.refusals.append(NO_ANSWER)
    job = await world.imagine()
    now = world.clock.now()
    shifted = {"eight hours behind": now - 8 * 3_600_000, "eight hours ahead": now + 8 * 3_600_000}
    task = Task(1, job.prompt, job.pool, "IMAGINE", None, now)
    task.stamp = (shifted[stamp] if isinstance(stamp, str) else stamp,)
    world.upstream.tasks.append(task)

    ended = await world.ended(job)

    assert (ended.state, ended.task_id) == (JobState.SUCCEEDED, "1")


@pytest.mark.parametrize("ago_ms", [10 * 60_000, 3_600_000, 26 * 3_600_000, -100_000])
async def test_the_one_task_that_could_be_it_is_adopted_whatever_its_time_says(
    world: Harness, ago_ms: int
) -> None:
    world.upstream.refusals.append(NO_ANSWER)
    job = await world.imagine()
    now = world.clock.now()
    task = Task(1, f"{job.prompt} --v 7", job.pool, "IMAGINE", None, now)
    task.stamp = (now - ago_ms,)
    world.upstream.tasks.append(task)

    ended = await world.ended(job)

    assert (ended.state, ended.task_id) == (JobState.SUCCEEDED, "1")


async def test_a_task_in_time_that_shows_up_later_goes_before_one_out_of_time(world: Harness) -> None:
    world.upstream.swallow = 1
    world.upstream.template["hidden_until"] = world.clock.now() + 15_000
    job = await world.imagine()
    await world.calm()
    stray = Task(1, job.prompt, job.pool, "IMAGINE", None, world.clock.now() - 3_600_000)
    world.upstream.tasks.append(stray)

    ended = await world.ended(job)

    assert (ended.state, ended.task_id) == (JobState.SUCCEEDED, str(world.upstream.tasks[0].id))


async def test_two_tasks_out_of_time_that_could_be_it_are_never_guessed(world: Harness) -> None:
    now = world.clock.now()
    world.upstream.tasks += [
        Task(1, "a paper fox", Pool.NORMAL, "IMAGINE", None, now - 3_600_000),
        Task(2, "a paper fox --v 7", Pool.NORMAL, "IMAGINE", None, now - 7_200_000),
    ]
    world.upstream.refusals.append(NO_ANSWER)

    ended = await world.ended(await world.imagine())

    assert ended.failure is not None
    assert ended.failure.kind is FailureKind.LOST


async def test_a_second_one_far_down_the_list_counts_too(world: Harness) -> None:
    now = world.clock.now()
    old = [
        Task(n, f"another prompt {n}", Pool.NORMAL, "IMAGINE", None, now - 3_600_000) for n in range(1, 60)
    ]
    old[0].prompt = old[-1].prompt = "a paper fox"
    world.upstream.tasks += old
    world.upstream.refusals.append(NO_ANSWER)

    ended = await world.ended(await world.imagine())

    assert ended.failure is not None
    assert ended.failure.kind is FailureKind.LOST


async def test_a_task_that_is_anothers_is_not_adopted_however_well_it_fits(world: Harness) -> None:
    first = await world.ended(await world.imagine())
    world.upstream.refusals.append(NO_ANSWER)

    second = await world.ended(await world.imagine(user=2))

    assert first.state is JobState.SUCCEEDED
    assert second.failure is not None
    assert second.failure.kind is FailureKind.LOST


@pytest.mark.parametrize(
    "seen", ["a paper fox --ar 3:2", "a paper fox, red", "https://s.mj.run/x a paper fox", "paper fox"]
)
async def test_what_says_something_else_is_not_taken_for_a_rewritten_prompt(
    world: Harness, seen: str
) -> None:
    world.upstream.refusals.append(NO_ANSWER)
    job = await world.imagine()
    world.upstream.tasks.append(Task(1, seen, job.pool, "IMAGINE", None, world.clock.now()))

    assert (await world.ended(job)).state is JobState.FAILED


async def test_two_tasks_that_could_be_one_job_are_never_guessed(world: Harness) -> None:
    world.upstream.refusals.append(NO_ANSWER)
    job = await world.imagine()
    world.upstream.tasks += [
        Task(1, job.prompt, job.pool, "IMAGINE", None, world.clock.now()),
        Task(2, f"{job.prompt} --v 7", job.pool, "IMAGINE", None, world.clock.now()),
    ]

    ended = await world.ended(job)

    assert ended.failure is not None
    assert ended.failure.kind is FailureKind.LOST


async def test_a_task_that_two_unclear_prompts_could_have_become_is_never_guessed(world: Harness) -> None:
    world.upstream.refusals += [NO_ANSWER, NO_ANSWER]
    plain, versioned = await world.imagine("a fox"), await world.imagine("a fox --v 7", user=2)
    world.upstream.tasks.append(Task(1, "a fox --v 7", plain.pool, "IMAGINE", None, world.clock.now()))

    ended = [await world.ended(plain), await world.ended(versioned)]

    assert [job.state for job in ended] == [JobState.FAILED] * 2


async def test_twin_prompts_that_are_both_unclear_get_a_task_each(world: Harness) -> None:
    world.upstream.swallow = 2
    first, second = await world.imagine(user=1), await world.imagine(user=2)

    ended = [await world.ended(first), await world.ended(second)]

    assert [j.state for j in ended] == [JobState.SUCCEEDED] * 2
    assert {j.task_id for j in ended} == {str(t.id) for t in world.upstream.tasks}


async def test_two_unclear_buttons_of_one_picture_are_not_guessed(world: Harness) -> None:
    grid = await world.finished_grid()
    world.upstream.swallow = 1
    first = await world.press(grid, position=0)
    world.upstream.refusals.append(NO_ANSWER)
    await world.calm()
    second = await world.press(grid, position=1)
    await world.calm()

    ended = [await world.ended(first.job), await world.ended(second.job)]

    assert all(j.failure is not None and j.failure.kind is FailureKind.LOST for j in ended)
    assert len(world.upstream.tasks) == 2


async def test_a_single_unclear_button_is_told_apart(world: Harness) -> None:
    grid = await world.finished_grid()
    world.upstream.swallow = 1

    child = await world.ended((await world.press(grid, position=3)).job)

    assert child.state is JobState.SUCCEEDED
    assert world.upstream.task(child.task_id).custom_id == grid.actions[3].custom_id


async def test_while_the_list_is_unavailable_the_card_says_checking_and_then_the_job_is_adopted(
    world: Harness,
) -> None:
    world.upstream.swallow = 1
    world.upstream.list_trouble = RemoteError(RemoteFault.UNCLEAR, "502")
    job = await world.imagine()
    await world.pass_time(300)
    assert (await world.job(job.key)).state is JobState.UNCLEAR
    assert world.discord.of(job.key)[0].last.hold == "hold.checking"

    world.upstream.list_trouble = None

    assert (await world.ended(job)).state is JobState.SUCCEEDED
    assert len(world.upstream.tasks) == 1


async def test_with_the_list_unavailable_for_good_it_gives_up_visibly(world: Harness) -> None:
    world.upstream.swallow = 1
    world.upstream.list_trouble = RemoteError(RemoteFault.UNCLEAR, "502")

    job = await world.ended(await world.imagine())

    assert job.failure is not None
    assert job.failure.kind is FailureKind.LOST
    assert (job.finished_at or 0) - job.created_at >= 15 * 60_000


async def test_a_worker_that_died_while_sending_leaves_a_job_that_is_looked_for(world: Harness) -> None:
    world.effects.die_at("POST imagine ⟩")
    job = await world.imagine()
    await world.calm()
    assert world.died

    await world.reboot(after_ms=60_000)
    ended = await world.ended(job)

    assert ended.state is JobState.SUCCEEDED
    assert len(world.upstream.tasks) == 1


async def test_pages_are_read_to_the_end_whatever_their_order(world: Harness) -> None:
    world.upstream.oldest_first = True
    old = world.clock.now() - 86_400_000
    world.upstream.tasks += [Task(n, f"old {n}", Pool.NORMAL, "IMAGINE", None, old) for n in range(1, 60)]
    world.upstream.swallow = 1

    job = await world.ended(await world.imagine())

    assert job.state is JobState.SUCCEEDED


async def test_newest_first_reading_stops_at_the_first_page_that_is_too_old(world: Harness) -> None:
    old = world.clock.now() - 86_400_000
    world.upstream.tasks += [Task(n, f"old {n}", Pool.NORMAL, "IMAGINE", None, old) for n in range(1, 200)]
    world.upstream.refusals.append(NO_ANSWER)
    job = await world.imagine()
    await world.pass_time(3)

    assert (await world.job(job.key)).state is JobState.UNCLEAR
    assert world.upstream.reads.count("page") == 1


async def test_an_unclear_job_of_a_lost_account_gives_up_after_the_bounded_time(world: Harness) -> None:
    world.upstream.swallow = 1
    job = await world.imagine()
    await world.pass_time(1)
    world.accounts = ("another",)
    await world.reboot()

    ended = await world.ended(job)

    assert ended.failure is not None
    assert ended.failure.kind is FailureKind.LOST


async def test_while_a_twin_is_being_sent_nothing_is_adopted_that_may_be_its(world: Harness) -> None:
    api = world.services.worker.accounts.fixed["default"]
    accept, hanging = api.imagine, [0, 45]

    async def hang(**kwargs: Any) -> Any:
        seconds = hanging.pop(0)
        task_id = await accept(**kwargs)
        if not seconds:
            raise NO_ANSWER
        await world.clock.pause(seconds)
        return task_id

    api.imagine = hang  # type: ignore[method-assign]  # one world, one test
    world.upstream.template["seconds"] = 300
    unclear, twin = await world.imagine(), await world.imagine(user=2)
    await world.pass_time(25)
    assert (await world.job(unclear.key)).state is JobState.UNCLEAR
    assert (await world.job(twin.key)).state is JobState.SUBMITTING

    ended = [await world.ended(job) for job in (unclear, twin)]

    assert [job.state for job in ended] == [JobState.SUCCEEDED] * 2
    assert {job.task_id for job in ended} == {str(task.id) for task in world.upstream.tasks}


@pytest.mark.parametrize(("shows_after", "oldest_first"), [(15, False), (0, True)])
@pytest.mark.parametrize("webhook", [True, False])
async def test_a_task_that_a_full_queue_ended_is_not_adopted_for_the_same_job_sent_again(
    world: Harness, shows_after: int, *, oldest_first: bool, webhook: bool
) -> None:
    if webhook:
        world.webhook = lambda token: f"https://easel.example/hook/{token}"
        await world.reboot()
    world.upstream.oldest_first = oldest_first
    world.upstream.template = {"ends": TaskStatus.FAILURE, "reason": "[Queue full] later", "seconds": 1}
    job = await world.imagine()

    async def waits_again() -> bool:
        return (await world.job(job.key)).hold == "hold.busy"

    await world.until(waits_again)
    world.upstream.swallow = 1
    world.upstream.template = {"hidden_until": world.clock.now() + 10_000 + shows_after * 1_000}

    ended = await world.ended(job)

    assert len(world.upstream.tasks) == 2
    assert (ended.state, ended.task_id) == (JobState.SUCCEEDED, str(world.upstream.tasks[1].id))


async def test_a_strangers_failed_task_in_the_list_is_no_matter_of_ours(
    world: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[str] = []
    monkeypatch.setattr("bot.services.worker.reconcile.is_queue_full", judged.append)
    world.upstream.refusals.append(NO_ANSWER)
    job = await world.imagine()
    task = Task(1, "somebody else's", job.pool, "IMAGINE", None, world.clock.now())
    task.ends, task.reason = TaskStatus.FAILURE, "[Queue full] later"
    world.upstream.tasks.append(task)

    ended = await world.ended(job)

    assert ended.failure is not None
    assert ended.failure.kind is FailureKind.LOST
    assert not judged  # a reason can be long, and the list is read at each look


async def test_a_task_that_another_job_is_written_down_for_first_is_left_to_it_and_looked_for_again(
    world: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.upstream.swallow = 1
    job = await world.imagine()
    await world.pass_time(1)
    store = world.services.worker.reconciler.store
    adopt, refused = store.adopt, list[str]()

    async def quicker(written: Job, /) -> None:
        if written.task_id is not None and not refused:
            refused.append(written.task_id)
            raise TaskTaken(written.task_id)
        await adopt(written)

    monkeypatch.setattr(store, "adopt", quicker)

    ended = await world.ended(job)

    assert (ended.state, refused) == (JobState.SUCCEEDED, [ended.task_id])
    assert len(world.upstream.tasks) == 1


ROLES = pytest.mark.parametrize("role", [InputRole.IMAGE, InputRole.STYLE])


async def _copied_with_pictures_queued(
    world: Harness, copy: Path, role: InputRole, *, users: Sequence[int]
) -> list[Job]:
    """Prompts with a picture that wait behind another's job while a copy of the database is made."""
    world.max_running = 1
    await world.reboot()
    await world.imagine()
    options = PromptOptions(prompt="an owl in the snow")
    jobs: list[Job] = []
    for user in users:
        given = [AssignedPicture(AFile(), role)]
        asker = world.asker(user=user)
        jobs.append((await world.services.imagine.begin(asker, options, Pool.NORMAL, given=given)).job)
    take(world.folder / "easel.db", copy)
    return jobs


@ROLES
async def test_a_prompt_whose_pictures_were_handed_over_after_the_copy_is_found_once_that_is_put_back(
    world: Harness, tmp_path: Path, role: InputRole
) -> None:
    (job,) = await _copied_with_pictures_queued(world, tmp_path / "copy.db", role, users=[2])
    made = await world.ended(job)
    await world.kill()
    restore(tmp_path / "copy.db", world.folder / "easel.db")

    await world.reboot(after_ms=10 * MINUTE)

    again = await world.ended(job)
    assert (again.state, again.task_id) == (JobState.SUCCEEDED, made.task_id)
    assert len(world.upstream.tasks) == 2


@ROLES
async def test_of_two_such_prompts_alike_none_is_given_the_only_task(
    world: Harness, tmp_path: Path, role: InputRole
) -> None:
    jobs = await _copied_with_pictures_queued(world, tmp_path / "copy.db", role, users=[2, 3])
    await world.until(lambda: len(world.upstream.tasks) == 2)
    await world.kill()
    restore(tmp_path / "copy.db", world.folder / "easel.db")

    await world.reboot(after_ms=10 * MINUTE)

    for job in jobs:
        lost = await world.ended(job)
        assert lost.failure is not None
        assert lost.failure.kind is FailureKind.LOST
