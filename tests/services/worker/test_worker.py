"""The engine room: restarts, leases, shutdown and trouble that concerns one job only."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.jobs import JobState
from bot.domain.schedule import LEASE_MS
from bot.errors import RemoteError, RemoteFault, StorageTrouble
from bot.services.intake.drawing import DrawOptions
from bot.services.intake.naming import RandomNaming
from bot.services.worker import worker as engine_room
from bot.storage.jobs import walk
from tests.claims import claim_work
from tests.services.engine import furnish
from tests.services.harness import Harness

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.jobs import Job


@pytest.mark.parametrize("seconds", [0.0, 1.0, 6.0, 20.0, 31.0, 36.0])
async def test_a_process_killed_at_any_time_leaves_a_job_that_the_next_one_delivers(
    world: Harness, seconds: float
) -> None:
    job = await world.imagine()
    await world.pass_time(seconds)

    await world.reboot()
    ended = await world.ended(job)

    assert ended.state is JobState.SUCCEEDED
    assert len(world.upstream.tasks) == 1
    assert len(world.discord.of(job.key)) == 1


async def test_a_restart_with_many_live_jobs_delivers_them_all(world: Harness) -> None:
    world.max_running = 300
    await world.reboot()
    jobs = [await world.imagine(f"p{n}", user=n) for n in range(120)]
    await world.pass_time(5)

    await world.reboot()
    for job in jobs:
        await world.ended(job)

    assert len(world.upstream.tasks) == len(jobs)
    assert all(len(world.discord.of(j.key)) == 1 for j in jobs)


async def test_a_good_shutdown_finishes_what_is_in_flight_and_returns_the_leases(world: Harness) -> None:
    job = await world.imagine()
    await world.pass_time(6)
    before = await world.job(job.key)

    await world.services.worker.stop(within=60)
    await world.calm()
    after = await world.job(job.key)

    assert before.owner == world.owner
    assert after.owner is None
    assert world._run is not None
    await asyncio.wait_for(world._run, 60)


async def test_a_shutdown_cuts_off_what_hangs_and_the_next_process_settles_it(world: Harness) -> None:
    gate = asyncio.Event()
    api = world.services.worker.accounts.fixed["default"]
    accept: Callable[..., object] = api.imagine

    async def hang(**kwargs: object) -> object:
        await accept(**kwargs)  # type: ignore[misc]  # accepted …
        await gate.wait()  # … and never answered
        return None

    api.imagine = hang  # type: ignore[method-assign, assignment]  # one world, one test
    job = await world.imagine()
    await world.calm()

    await world.services.worker.stop(within=0.01)
    assert (await world.job(job.key)).state is JobState.SUBMITTING
    await world.reboot(after_ms=5_000)
    ended = await world.ended(job)

    assert ended.state is JobState.SUCCEEDED
    assert len(world.upstream.tasks) == 1


async def test_a_shutdown_keeps_what_is_in_flight_and_gives_the_rest_to_others_at_once(
    world: Harness,
) -> None:
    followed = await world.imagine()
    await world.pass_time(6)
    api = world.services.worker.accounts.fixed["default"]
    accept: Callable[..., Any] = api.imagine

    async def slow(**kwargs: Any) -> Any:
        task = await accept(**kwargs)
        await world.clock.pause(100)
        return task

    api.imagine = slow  # type: ignore[method-assign]  # one world, one test
    sent = await world.imagine("another", user=2)
    await world.pass_time(12)

    stopping = asyncio.create_task(world.services.worker.stop(within=60))
    await world.calm()
    now = world.clock.now()
    at_once = await claim_work(world.store._inner, "other", now, lease_ms=10**6, limit=9)
    await world.pass_time(80)
    later = await claim_work(world.store._inner, "other", world.clock.now(), lease_ms=10**6, limit=9)
    await world.pass_time(20)
    await stopping
    after = await world.job(sent.key)

    assert [one.key for one in at_once] == [followed.key]
    assert not later
    assert (after.state, after.owner) == (JobState.SUBMITTED, None)
    assert world._run is not None
    await asyncio.wait_for(world._run, 60)


def _answer_of_the_next_claim(world: Harness) -> tuple[asyncio.Event, asyncio.Event]:
    """The next rows to be sent are marked, and their claim's answer waits: that they are, and to let it go."""
    claim, taken, let_go = world.store.claim, asyncio.Event(), asyncio.Event()

    async def late(*args: Any, **kwargs: Any) -> Any:
        got = await claim(*args, **kwargs)
        if got.queued:
            taken.set()
            await let_go.wait()
        return got

    world.store.claim = late  # type: ignore[attr-defined]  # the watched store makes its methods up
    return taken, let_go


@pytest.mark.parametrize("answered", ["in time", "too late", "after another took it", "in trouble"])
async def test_what_a_claim_brings_to_a_worker_that_stops_is_not_sent_by_it(
    world: Harness, answered: str
) -> None:
    studio = furnish(world)
    await world.reboot()
    await world.calm()
    taken, let_go = _answer_of_the_next_claim(world)
    begun = await world.services.drawings.begin(world.asker(), DrawOptions(prompt="a paper fox"))
    await world.calm()
    assert taken.is_set()

    if answered == "in time":
        stopping = asyncio.create_task(world.services.worker.stop(within=60))
        await world.calm()
        let_go.set()
        await stopping
    else:
        await world.services.worker.stop(within=0.01)
    if answered == "after another took it":
        lapsed = world.clock.now() + LEASE_MS + 1
        assert await claim_work(world.store._inner, "other", lapsed, lease_ms=1, limit=9)
    if answered == "in trouble":
        world.store.trouble, world.store.trouble_for = StorageTrouble("locked"), {"release"}
    let_go.set()
    assert world._run is not None
    await asyncio.wait_for(world._run, 60)
    sent = len(studio.orders)
    world.store.trouble = None
    await world.reboot(after_ms=60_000)
    ended = await world.ended(begun.job)

    assert sent == 0
    given_back = answered in {"in time", "too late"}
    assert (ended.state is JobState.SUCCEEDED, len(studio.orders)) == (given_back, given_back)


async def test_what_follows_a_step_in_flight_has_the_rest_of_the_time_of_a_shutdown(world: Harness) -> None:
    api = world.services.worker.accounts.fixed["default"]
    show: Callable[..., Any] = world.publisher.show

    async def refuse(**_: object) -> Any:
        await world.clock.pause(5)
        raise RemoteError(RemoteFault.REFUSED, "no")

    async def slow(*args: Any, **kwargs: Any) -> Any:
        await world.clock.pause(5)
        return await show(*args, **kwargs)

    api.imagine = refuse  # type: ignore[method-assign]  # one world, one test
    world.publisher.show = slow  # type: ignore[method-assign]  # as above
    job = await world.imagine()
    await world.calm()

    stopping = asyncio.create_task(world.services.worker.stop(within=60))
    await world.pass_time(30)
    await stopping

    assert (await world.job(job.key)).is_delivered


async def test_a_shutdown_in_trouble_with_the_database_keeps_what_is_in_flight(world: Harness) -> None:
    followed = await world.imagine()
    await world.pass_time(6)
    world.store.trouble, world.store.trouble_for = StorageTrouble("locked"), {"held"}

    await world.services.worker.stop(within=1)
    await world.calm()

    assert (await world.job(followed.key)).owner is None
    assert world._run is not None
    await asyncio.wait_for(world._run, 60)


async def test_a_shutdown_with_the_database_in_trouble_still_ends(world: Harness) -> None:
    await world.calm()
    world.store.trouble, world.store.trouble_for = StorageTrouble("locked"), {"abandon"}

    await world.services.worker.stop(within=0.01)

    assert world._run is not None
    await asyncio.wait_for(world._run, 60)


async def test_claiming_survives_a_database_in_trouble(world: Harness) -> None:
    world.store.trouble = StorageTrouble("locked")
    world.store.trouble_for = {"claim", "renew"}
    await world.pass_time(60)
    world.store.trouble = None

    job = await world.ended(await world.imagine())

    assert job.state is JobState.SUCCEEDED


async def test_leases_are_renewed_while_a_job_runs_for_long(world: Harness) -> None:
    world.upstream.template["seconds"] = 600
    job = await world.imagine()
    await world.pass_time(300)

    held = await world.job(job.key)
    stolen = await claim_work(world.store, "thief", world.clock.now(), lease_ms=1000, limit=10)

    assert held.owner == world.owner
    assert not stolen


async def test_a_look_whose_second_half_fails_works_on_what_the_first_one_took(
    world: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = await world.imagine()
    await world.pass_time(8)
    await world.kill()
    world.owner = "second"
    await world.open()
    waiting = await world.imagine("another", user=2)
    choose, calls = walk.choose, 0

    def fail_once(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise StorageTrouble("the database is locked by another program")
        return choose(*args, **kwargs)

    monkeypatch.setattr(walk, "choose", fail_once)
    await world.close()
    world.clock.move_to(world.clock.now() + 60_000)
    await world.boot()
    await world.calm()

    assert calls >= 1
    assert (await world.ended(held, within=300)).state is JobState.SUCCEEDED
    assert (await world.ended(waiting, within=300)).state is JobState.SUCCEEDED


async def test_what_a_look_in_trouble_took_is_worked_on_and_the_trouble_is_told(
    world: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    await world.calm()
    claim, troubles = world.store.claim, [StorageTrouble("locked by another program")]

    async def in_trouble(*args: Any, **kwargs: Any) -> Any:
        taken = await claim(*args, **kwargs)
        return taken._replace(trouble=troubles.pop()) if taken.queued and troubles else taken

    world.store.claim = in_trouble  # type: ignore[attr-defined]  # the watched store makes its methods up
    ended = await world.ended(await world.imagine(), within=120)

    assert ended.state is JobState.SUCCEEDED
    assert [one.message for one in caplog.records if one.name == engine_room.__name__] == ["claiming_failed"]


@pytest.mark.parametrize("after_ms", [0, 60_000])
async def test_what_was_taken_by_a_claim_whose_answer_was_lost_is_let_go_and_taken_again(
    world: Harness, after_ms: int
) -> None:
    await world.calm()
    claim, lost = world.store.claim, 0

    async def unanswered(*args: Any, **kwargs: Any) -> Any:
        nonlocal lost
        taken = await claim(*args, **kwargs)
        if (taken.work or taken.queued) and not lost:
            lost += 1
            raise StorageTrouble("connection to the database was lost")
        return taken

    if after_ms:  # a row past the queue; else one that is marked as being sent
        job = await world.imagine()
        await world.pass_time(8)
        await world.reboot(after_ms=after_ms)
        claim = world.store.claim
        world.store.claim = unanswered  # type: ignore[attr-defined]  # the watched store makes its methods up
    else:
        world.store.claim = unanswered  # type: ignore[attr-defined]  # as above
        job = await world.imagine()
    ended = await world.ended(job, within=3_600)

    assert lost == 1
    assert ended.is_terminal
    assert (ended.state is JobState.SUCCEEDED) == bool(after_ms)
    assert len(world.upstream.tasks) == bool(after_ms)


async def test_what_came_onto_disk_after_its_claim_was_given_up_is_found_by_the_renewal(
    world: Harness,
) -> None:
    job = await world.imagine()
    await world.pass_time(8)
    (tracker,) = world.services.worker.trackers.values()
    tracker.drop(job.key)  # a commit that was given up came through late: it is ours, and nobody knows
    assert (await world.job(job.key)).owner == world.owner

    assert (await world.ended(job, within=300)).state is JobState.SUCCEEDED


async def test_a_step_that_could_not_be_stored_lets_its_row_go(world: Harness) -> None:
    job = await world.imagine()
    await world.pass_time(25)
    world.store.trouble, world.store.trouble_for = StorageTrouble("locked"), {"release", "disown"}
    await world.pass_time(30)
    world.store.trouble_for = {"none"}

    ended = await world.ended(job, within=120)

    assert ended.state is JobState.SUCCEEDED


async def test_a_row_that_is_let_go_is_let_go_once(world: Harness) -> None:
    job = await world.imagine()
    await world.pass_time(25)
    world.store.trouble, world.store.trouble_for = StorageTrouble("locked"), {"release", "claim", "disown"}
    await world.until(lambda: job.key in world.services.worker._dropped)
    await world.pass_time(1)
    world.store.trouble, world.picture_takes = None, 25

    ended = await world.ended(job, within=120)

    assert ended.state is JobState.SUCCEEDED
    assert "leases_lost" not in world.meters.counts


async def test_a_bug_with_the_database_in_trouble_does_not_lose_the_job(world: Harness) -> None:
    job = await world.imagine()
    await world.pass_time(25)
    world.discord.on_result.append(ZeroDivisionError("a bug"))
    world.store.trouble, world.store.trouble_for = StorageTrouble("locked"), {"release"}
    await world.pass_time(8)
    world.store.trouble = None

    assert (await world.ended(job, within=300)).state is JobState.SUCCEEDED


async def test_a_cancelled_delivery_is_a_ghost_that_delivers_nothing_more(world: Harness) -> None:
    job = await world.imagine()
    await world.pass_time(6)
    await world.store.abandon(world.owner)

    ended = await world.ended(job)

    assert ended.state is JobState.SUCCEEDED
    assert len(world.discord.of(job.key)) == 1


async def test_with_hands_full_rows_wait_in_the_database(
    world: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.calm()
    monkeypatch.setattr(engine_room, "MOST_BUSY", 0)
    job = await world.imagine()
    await world.pass_time(30)
    assert (await world.job(job.key)).state is JobState.QUEUED

    monkeypatch.setattr(engine_room, "MOST_BUSY", 10)

    assert (await world.ended(job)).state is JobState.SUCCEEDED


async def test_with_all_senders_busy_submissions_wait_in_the_queue(
    world: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.calm()  # a look that has begun has its places
    monkeypatch.setattr(engine_room, "SENDERS", 0)
    job = await world.imagine()
    await world.pass_time(30)
    assert (await world.job(job.key)).state is JobState.QUEUED

    monkeypatch.setattr(engine_room, "SENDERS", 10)

    assert (await world.ended(job)).state is JobState.SUCCEEDED


async def test_a_side_task_that_dies_takes_the_worker_down_loudly(world: Harness) -> None:
    async def broken(_task_id: object) -> None:
        raise ZeroDivisionError

    (tracker,) = world.services.worker.trackers.values()
    tracker.api.query = broken  # type: ignore[method-assign, assignment]  # one world, one test
    await world.imagine()
    await world.pass_time(10)

    assert world._run is not None
    with pytest.raises(BaseExceptionGroup):
        await world._run
    world._run = None


async def test_work_before_the_worker_runs_is_refused_loudly(world: Harness) -> None:
    job = await world.imagine()
    await world.kill()
    await world.open()

    with pytest.raises(RuntimeError):
        world.services.worker.ended(job)


async def test_two_workers_on_one_database_share_the_work_and_double_nothing(world: Harness) -> None:
    other = Harness.__new__(Harness)
    other.__dict__.update(world.__dict__)
    other.owner = "second"
    other._run = other._storage = None
    await other.boot()
    world.max_running = other.max_running = 50

    jobs: list[Job] = [await world.imagine(f"p{n}", user=n) for n in range(20)]
    for job in jobs:
        await world.ended(job)
    await other.close_run()

    assert len(world.upstream.tasks) == len(jobs)
    assert all(len(world.discord.of(j.key)) == 1 for j in jobs)


def test_random_names_do_not_repeat() -> None:
    naming = RandomNaming()

    assert len({naming.key() for _ in range(1000)}) == 1000
    assert len({naming.token() for _ in range(1000)}) == 1000


async def test_reading_trouble_is_counted_and_not_fatal(world: Harness) -> None:
    world.upstream.query_trouble = RemoteError(RemoteFault.KEY, "401")
    await world.imagine()
    await world.pass_time(60)

    assert world._run is not None
    assert not world._run.done()


async def test_looking_for_work_leaves_most_of_the_time_to_the_work(world: Harness) -> None:
    looks: list[int] = []
    claim = world.store.claim

    async def slowly(*args: Any, **kwargs: Any) -> Any:
        looks.append(world.clock.now())
        world.clock.move_to(world.clock.now() + 40)
        return await claim(*args, **kwargs)

    world.store.claim = slowly  # type: ignore[attr-defined]  # the watched store makes its methods up
    for _ in range(100):
        world.services.worker.wake()
        await world.pass_time(0.02)

    assert len(looks) > 5
    assert all(later - earlier >= 5 * 40 for earlier, later in pairwise(looks))
