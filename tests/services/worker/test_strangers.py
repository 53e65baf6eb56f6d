"""What an unclear job never takes for its own: the tasks of others, of other servers and of other programs on the account.
Never here: how a task of ours is recognised (test_reconcile.py)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.domain.failures import FailureKind
from bot.domain.inputs import Shape
from bot.domain.jobs import JobState
from bot.domain.pools import Pool
from bot.errors import RemoteError, RemoteFault
from tests.services.harness import GUILD, START, Task
from tests.services.intake.test_pictures import AFile
from tests.services.server_harness import ADA

if TYPE_CHECKING:
    from bot.domain.jobs import Job
    from tests.services.harness import Harness

NO_ANSWER = RemoteError(RemoteFault.UNCLEAR, "no answer")
HOUR_MS = 3_600_000
ELSEWHERE = 77


async def _blend(world: Harness, *, user: int = 1) -> Job:
    given = [AFile(), AFile()]
    begun = await world.services.blending.begin(
        world.asker(user=user), given, shape=Shape.SQUARE, pool=Pool.NORMAL
    )
    return begun.job


async def _describe(world: Harness, *, user: int = 1, guild: int = GUILD) -> Job:
    asker = world.asker(user=user)
    asker = replace(asker, reply=replace(asker.reply, guild_id=guild))
    return (await world.services.describing.begin(asker, AFile(), pool=Pool.NORMAL)).job


async def _given_up(world: Harness, begun: Job) -> Job:
    """Nobody can read the list until the job is lost."""
    world.upstream.list_trouble = RemoteError(RemoteFault.UNCLEAR, "502")
    lost = await world.ended(begun)
    world.upstream.list_trouble = None
    assert _is_lost(lost)
    return lost


def _is_lost(job: Job) -> bool:
    return job.failure is not None and job.failure.kind is FailureKind.LOST


@pytest.fixture(params=["blend", "describe"])
def action(request: pytest.FixtureRequest) -> str:
    """The two kinds that send no words."""
    return str(request.param)


async def _wordless(world: Harness, action: str, *, user: int = 1) -> Job:
    return await (_blend if action == "blend" else _describe)(world, user=user)


async def test_a_press_under_a_blend_is_found_among_tasks_with_words(world: Harness) -> None:
    blend = await world.ended(await _blend(world))
    world.upstream.swallow = 1
    press = await world.press(blend)
    world.upstream.tasks.append(Task(1, "a private fox", Pool.NORMAL, "IMAGINE", None, world.clock.now()))

    ended = await world.ended(press.job)

    assert world.upstream.task(ended.task_id).parent == blend.task_id


@pytest.mark.parametrize(
    ("words", "named"), [("a private fox", "IMAGINE"), ("", "BLEND"), ("", "DESCRIBE"), ("--v 7", "ACTION")]
)
async def test_a_press_under_a_blend_that_never_arrived_takes_nothing_else(
    world: Harness, words: str, named: str
) -> None:
    blend = await world.ended(await _blend(world))
    world.upstream.refusals.append(NO_ANSWER)
    world.upstream.tasks.append(Task(1, words, Pool.NORMAL, named, None, world.clock.now()))

    assert _is_lost(await world.ended((await world.press(blend)).job))


async def test_an_unclear_press_under_a_blend_keeps_nobodys_prompt_from_its_task(world: Harness) -> None:
    blend = await world.ended(await _blend(world))
    world.upstream.refusals.append(NO_ANSWER)
    press = await world.press(blend)
    await world.calm()
    world.upstream.swallow = 1
    other = await world.imagine("a cat", user=7)

    ended = await world.ended(other)

    assert ended.state is JobState.SUCCEEDED
    assert world.upstream.task(ended.task_id).prompt == "a cat"
    assert _is_lost(await world.ended(press.job))


async def test_an_unclear_press_under_a_blend_may_be_what_another_blend_finds(world: Harness) -> None:
    blend = await world.ended(await _blend(world))
    world.upstream.refusals += [NO_ANSWER, NO_ANSWER]
    press, other = await world.press(blend), await _blend(world, user=2)
    # Some servers call a reroll what its picture was called.
    world.upstream.tasks.append(Task(1, "", Pool.NORMAL, "BLEND", None, world.clock.now()))

    assert [_is_lost(await world.ended(job)) for job in (press.job, other)] == [True, True]


async def test_a_press_under_words_that_were_erased_takes_no_task_of_anybody(world: Harness) -> None:
    grid = await world.finished_grid()
    await world.services.moderation.erase(GUILD, ADA, 1)
    world.upstream.refusals.append(NO_ANSWER)
    world.upstream.tasks.append(Task(1, "a private fox", Pool.NORMAL, "IMAGINE", None, world.clock.now()))

    press = await world.press(grid, user=2)

    assert press.job.prompt == ""
    assert _is_lost(await world.ended(press.job))


async def test_of_two_presses_in_a_chain_whose_words_were_erased_meanwhile_none_is_guessed(
    world: Harness,
) -> None:
    grid = await world.finished_grid()
    world.upstream.refusals.append(NO_ANSWER)
    before = await world.press(grid, 0, user=2)
    await world.calm()
    await world.services.moderation.erase(GUILD, ADA, 1)
    world.upstream.swallow = 1
    after = await world.press(grid, 1, user=3)

    ended = [await world.ended(one.job) for one in (before, after)]

    assert [one.job.prompt for one in (before, after)] == [grid.prompt, ""]
    assert [_is_lost(job) for job in ended] == [True, True]


@pytest.mark.parametrize("stamp", [None, 0, START - 600_000, START - 26 * HOUR_MS])
async def test_what_is_known_by_its_action_alone_is_nobodys_task_of_another_time(
    world: Harness, action: str, stamp: int | None
) -> None:
    task = Task(1, "of another program", Pool.NORMAL, action.upper(), None, START)
    task.stamp = (stamp,)
    world.upstream.tasks.append(task)
    world.upstream.refusals.append(NO_ANSWER)

    assert _is_lost(await world.ended(await _wordless(world, action)))


@pytest.mark.parametrize("hours", [0, -8, 8])
async def test_what_is_known_by_its_action_alone_is_found_by_its_time(
    world: Harness, action: str, hours: int
) -> None:
    world.upstream.template["stamp"] = (world.clock.now() + hours * HOUR_MS,)
    world.upstream.swallow = 1

    ended = await world.ended(await _wordless(world, action))

    assert (ended.state, ended.task_id) == (JobState.SUCCEEDED, str(world.upstream.tasks[0].id))


async def test_the_description_that_another_server_lost_is_not_given_to_this_one(world: Harness) -> None:
    world.roster.open.add(ELSEWHERE)
    world.upstream.swallow = 1
    world.upstream.template["description"] = "a secret"
    lost = await _given_up(world, await _describe(world, user=5, guild=ELSEWHERE))
    await world.pass_time(600)
    world.upstream.refusals.append(NO_ANSWER)

    ended = await world.ended(await _describe(world))

    assert lost.home == ELSEWHERE
    assert _is_lost(ended)


async def test_for_a_day_what_was_given_up_may_be_what_a_wrong_clock_shows(
    world: Harness, action: str
) -> None:
    world.upstream.swallow = 1
    await _given_up(world, await _wordless(world, action, user=5))
    world.clock.move_to(world.clock.now() + 20 * HOUR_MS)
    world.upstream.tasks[0].stamp = (world.clock.now(),)
    world.upstream.refusals.append(NO_ANSWER)
    assert _is_lost(await world.ended(await _wordless(world, action)))

    world.clock.move_to(world.clock.now() + 25 * HOUR_MS)
    world.upstream.swallow = 1
    later = await world.ended(await _wordless(world, action))

    assert (later.state, later.task_id) == (JobState.SUCCEEDED, str(world.upstream.tasks[-1].id))


@pytest.mark.parametrize("stamp", [None, 0, "its own"])
async def test_the_button_that_was_given_up_is_not_shown_for_another_one(
    world: Harness, stamp: int | str | None
) -> None:
    grid = await world.finished_grid()
    world.upstream.swallow = 1
    lost = await _given_up(world, (await world.press(grid, 0)).job)
    if not isinstance(stamp, str):
        world.upstream.tasks[-1].stamp = (stamp,)
    await world.pass_time(600)
    world.upstream.refusals.append(NO_ANSWER)

    another = await world.ended((await world.press(grid, 1, user=2)).job)

    assert lost.prompt == another.prompt
    assert _is_lost(another)
