"""What an unclear job never takes for its own: the tasks of others, of other servers and of other programs on the account.
Never here: how a task of ours is recognised (test_reconcile.py)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.failures import FailureKind
from bot.domain.inputs import Shape
from bot.domain.jobs import JobState
from bot.domain.pools import Pool
from bot.errors import RemoteError, RemoteFault
from bot.services.intake.drawing import DrawOptions
from tests.services.engine import furnish
from tests.services.harness import GUILD, START, Task
from tests.services.intake.test_pictures import AFile
from tests.services.server_harness import ADA

if TYPE_CHECKING:
    from bot.domain.jobs import Job
    from tests.services.harness import Harness

NO_ANSWER = RemoteError(RemoteFault.UNCLEAR, "no answer")
HOUR_MS = 3_600_000
ELSEWHERE = 77


async def _asked(world: Harness, what: str, *, user: int = 1, guild: int = GUILD) -> Job:
    asker = world.asker(user=user)
    asker = replace(asker, reply=replace(asker.reply, guild_id=guild))
    services = world.services
    if what == "describe":
        return (await services.describing.begin(asker, AFile(), pool=Pool.NORMAL)).job
    if what == "blend":
        given = [AFile(), AFile()]
        return (await services.blending.begin(asker, given, shape=Shape.SQUARE, pool=Pool.NORMAL)).job
    return await world.imagine(asker=asker)


async def _on_two_accounts(world: Harness) -> None:
    world.roster.open.add(ELSEWHERE)
    world.accounts = ("default", "second")
    world.more_terms = {"account_of": {(ELSEWHERE, None): "second"}}
    await world.reboot()


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


async def test_a_press_under_a_blend_is_found_among_tasks_with_words(world: Harness) -> None:
    blend = await world.ended(await _asked(world, "blend"))
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
    blend = await world.ended(await _asked(world, "blend"))
    world.upstream.refusals.append(NO_ANSWER)
    world.upstream.tasks.append(Task(1, words, Pool.NORMAL, named, None, world.clock.now()))

    assert _is_lost(await world.ended((await world.press(blend)).job))


async def test_an_unclear_press_under_a_blend_keeps_nobodys_prompt_from_its_task(world: Harness) -> None:
    blend = await world.ended(await _asked(world, "blend"))
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
    blend = await world.ended(await _asked(world, "blend"))
    world.upstream.refusals += [NO_ANSWER, NO_ANSWER]
    press, other = await world.press(blend), await _asked(world, "blend", user=2)
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

    assert _is_lost(await world.ended(await _asked(world, action)))


@pytest.mark.parametrize("hours", [0, -8, 8])
async def test_what_is_known_by_its_action_alone_is_found_by_its_time(
    world: Harness, action: str, hours: int
) -> None:
    world.upstream.template["stamp"] = (world.clock.now() + hours * HOUR_MS,)
    world.upstream.swallow = 1

    ended = await world.ended(await _asked(world, action))

    assert (ended.state, ended.task_id) == (JobState.SUCCEEDED, str(world.upstream.tasks[0].id))


async def test_the_description_that_another_server_lost_is_not_given_to_this_one(world: Harness) -> None:
    world.roster.open.add(ELSEWHERE)
    world.upstream.swallow = 1
    world.upstream.template["description"] = "a secret"
    lost = await _given_up(world, await _asked(world, "describe", user=5, guild=ELSEWHERE))
    await world.pass_time(600)
    world.upstream.refusals.append(NO_ANSWER)

    ended = await world.ended(await _asked(world, "describe"))

    assert lost.home == ELSEWHERE
    assert _is_lost(ended)


async def test_for_a_day_what_was_given_up_may_be_what_a_wrong_clock_shows(
    world: Harness, action: str
) -> None:
    world.upstream.swallow = 1
    await _given_up(world, await _asked(world, action, user=5))
    world.clock.move_to(world.clock.now() + 20 * HOUR_MS)
    world.upstream.tasks[0].stamp = (world.clock.now(),)
    world.upstream.refusals.append(NO_ANSWER)
    assert _is_lost(await world.ended(await _asked(world, action)))

    world.clock.move_to(world.clock.now() + 25 * HOUR_MS)
    world.upstream.swallow = 1
    later = await world.ended(await _asked(world, action))

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


@pytest.mark.parametrize("other", ["describe", "blend", "the same words"])
async def test_two_names_of_one_account_do_not_share_a_task(world: Harness, other: str) -> None:
    await _on_two_accounts(world)
    world.upstream.swallow = 1
    there = await _asked(world, other, guild=ELSEWHERE)
    await world.calm()
    world.upstream.refusals.append(NO_ANSWER)
    here = await _asked(world, other)

    assert (there.account, here.account) == ("second", "default")
    assert [_is_lost(await world.ended(job)) for job in (there, here)] == [True, True]


async def test_what_another_name_of_the_account_is_sending_may_be_its_task(world: Harness) -> None:
    await _on_two_accounts(world)
    api = world.services.worker.accounts.fixed["second"]
    accept = api.describe

    async def hang(**kwargs: Any) -> Any:
        task_id = await accept(**kwargs)
        await world.clock.pause(45)
        return task_id

    api.describe = hang  # type: ignore[method-assign]  # one world, one test
    there = await _asked(world, "describe", guild=ELSEWHERE)
    await world.calm()
    world.upstream.refusals.append(NO_ANSWER)
    here = await _asked(world, "describe")

    ended = [await world.ended(job) for job in (there, here)]

    assert [job.state for job in ended] == [JobState.SUCCEEDED, JobState.FAILED]


async def test_a_task_that_names_no_pool_may_be_anothers_of_any_pool(world: Harness) -> None:
    world.upstream.refusals += [NO_ANSWER, NO_ANSWER]
    asked = [await world.imagine(pool=pool, user=n) for n, pool in enumerate((Pool.NORMAL, Pool.FAST), 1)]
    task = Task(1, asked[0].prompt, Pool.NORMAL, "IMAGINE", None, world.clock.now())
    task.pool = None  # type: ignore[assignment]  # a server that does not say it
    world.upstream.tasks.append(task)

    assert [_is_lost(await world.ended(job)) for job in asked] == [True, True]


async def test_a_lost_order_of_the_second_engine_claims_no_task_that_names_no_pool(world: Harness) -> None:
    furnish(world).swallow = 1
    await world.reboot()
    drawing = await world.services.drawings.begin(world.asker(), DrawOptions(prompt="a paper fox"))
    world.upstream.swallow = 1
    job = await world.imagine("a paper fox", user=2)
    await world.calm()
    world.upstream.tasks[-1].pool = None  # type: ignore[assignment]  # a server that does not say it

    assert _is_lost(await world.ended(drawing.job))
    assert (await world.ended(job)).state is JobState.SUCCEEDED


async def test_the_same_words_in_another_pool_take_nothing_from_each_other(world: Harness) -> None:
    world.upstream.swallow = 2
    asked = [await world.imagine(pool=pool) for pool in (Pool.NORMAL, Pool.FAST)]

    ended = [await world.ended(job) for job in asked]

    assert [world.upstream.task(job.task_id).pool for job in ended] == [Pool.NORMAL, Pool.FAST]
