"""Progress edits: on change only, paced per job and per channel, never after the result."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from bot.domain.jobs import JobState, Route
from bot.domain.schedule import LEASE_MS
from bot.errors import RetryLater, RouteClosed, StorageTrouble
from bot.metrics import Meters
from bot.services.worker import progress
from bot.services.worker.progress import ProgressEditor
from bot.storage.tables import jobs as rows
from tests.claims import claim_submissions
from tests.process.clock import Idle
from tests.storage import making

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.domain.ports import CardLocation, Picture, Showing
    from tests.services.harness import Harness


async def test_the_first_card_comes_at_once_and_says_how_many_are_ahead(world: Harness) -> None:
    world.max_running = 0
    await world.reboot()

    jobs = [await world.imagine(user=n) for n in range(3)]
    await world.calm()

    shown = [world.discord.of(j.key)[0].versions[0] for j in jobs]
    assert [(s.job.state, s.ahead) for s in shown] == [(JobState.QUEUED, n) for n in range(3)]


async def test_the_position_is_updated_as_the_queue_moves(world: Harness) -> None:
    world.max_running = 1
    await world.reboot()
    jobs = [await world.imagine(user=n) for n in range(4)]

    await world.ended(jobs[-1])

    positions = [v.ahead for v in world.discord.of(jobs[-1].key)[0].versions if v.ahead is not None]
    assert positions[0] >= 2, "the first may run already, two stand between"
    assert positions == list(range(positions[0], -1, -1))


async def test_edits_keep_the_pace_per_job_and_per_channel(world: Harness) -> None:
    world.max_running = 200
    await world.reboot()
    jobs = [await world.imagine(user=n) for n in range(60)]
    for job in jobs:
        await world.ended(job)

    ends = {j.key: (await world.job(j.key)).finished_at for j in jobs}
    firsts: set[str] = set()
    paced: list[int] = []
    for at, key in world.discord.edits:
        if key not in firsts:
            firsts.add(key)
        elif at < (ends[key] or 0):
            paced.append(at)
    assert all(count <= 1 for count in Counter(paced).values())
    assert all(later - earlier >= 1000 for earlier, later in pairwise(sorted(paced)))
    for job in jobs:
        mine = [at for at, key in world.discord.edits if key == job.key and at < (ends[key] or 0)]
        assert all(later - earlier >= 5000 for earlier, later in pairwise(mine))


async def test_nothing_lands_after_the_result(world: Harness) -> None:
    jobs = [await world.imagine(user=n) for n in range(3)]
    for job in jobs:
        await world.ended(job)
    await world.pass_time(60)

    assert all(world.discord.of(j.key)[0].last.state is JobState.SUCCEEDED for j in jobs)


@pytest.mark.parametrize(("state", "edits"), [(JobState.RUNNING, 1), (JobState.SUCCEEDED, 0)])
async def test_news_from_before_a_long_pause_is_shown_only_if_it_is_still_true(
    state: JobState, edits: int
) -> None:
    """A process that was frozen for longer than its lease, while another one may have delivered."""
    clock, shown, looked = Idle(making.NOON), [], asyncio.Event()
    known = replace(making.job(created_at=making.NOON), state=JobState.RUNNING)

    async def get(_key: JobKey) -> Job:
        looked.set()
        return replace(known, state=state)

    async def show(showing: Showing, _route: Route, *, picture: None) -> None:
        shown.append((showing.job.state, picture))

    stored: Any = SimpleNamespace(get=get)
    publisher: Any = SimpleNamespace(show=show)
    previews: Any = SimpleNamespace(of=lambda _job: None, forget=lambda _key: None)
    editor = ProgressEditor(
        store=stored, publisher=publisher, clock=clock, metrics=Meters(), previews=previews
    )
    editor.changed(known)
    clock.time += LEASE_MS + 1_000

    running = asyncio.create_task(editor.run())
    await asyncio.wait_for(looked.wait(), 60)
    for _ in range(5):
        await asyncio.sleep(0)
    running.cancel()

    assert len(shown) == edits


@pytest.mark.parametrize("state", [JobState.SUCCEEDED, None])
async def test_an_edit_that_begins_as_its_job_ends_shows_no_place_in_the_queue(
    state: JobState | None,
) -> None:
    clock, shown, looked = Idle(making.NOON), [], []
    known = making.job(created_at=making.NOON)

    async def get(key: JobKey) -> Job | None:
        looked.append(key)
        return None if state is None else replace(known, state=state)

    async def show(showing: Showing, _route: Route, *, picture: None) -> None:
        shown.append((showing, picture))

    stored: Any = SimpleNamespace(get=get)
    publisher: Any = SimpleNamespace(show=show)
    previews: Any = SimpleNamespace(of=lambda _job: None, forget=lambda _key: None)
    editor = ProgressEditor(
        store=stored, publisher=publisher, clock=clock, metrics=Meters(), previews=previews
    )
    editor.changed(known)
    running = asyncio.create_task(editor.run())
    await asyncio.sleep(0)

    await editor.settle(known.key)
    running.cancel()

    assert (looked, shown) == ([known.key], [])


async def test_an_unchanged_card_is_not_edited(world: Harness) -> None:
    world.upstream.template["seconds"] = 30_000
    job = await world.imagine()
    await world.pass_time(280)

    edits = [at for at, key in world.discord.edits if key == job.key]

    assert len(edits) <= 3


async def test_a_first_card_that_discord_could_not_take_comes_a_little_later(world: Harness) -> None:
    world.max_running = 0
    await world.reboot()
    world.discord.later.append(RetryLater("503"))
    job = await world.imagine()
    await world.calm()
    assert not world.discord.of(job.key)

    await world.pass_time(6)

    assert world.discord.of(job.key)[0].last.state is JobState.QUEUED


async def test_a_card_that_is_gone_costs_no_more_edits(world: Harness) -> None:
    world.max_running = 0
    await world.reboot()
    world.discord.later.append(RouteClosed("message_gone"))
    job = await world.imagine()

    await world.pass_time(30)

    assert not world.discord.of(job.key)
    assert world.effects.names.count("show reply ⟨") == 1


async def test_storage_in_trouble_costs_an_edit_and_nothing_else(world: Harness) -> None:
    world.store.trouble, world.store.trouble_for = StorageTrouble("locked"), {"front"}
    job = await world.imagine()
    await world.calm()
    world.store.trouble = None

    assert (await world.ended(job)).state is JobState.SUCCEEDED


async def test_without_an_open_way_progress_is_not_shown(world: Harness) -> None:
    asker = world.asker()
    asker = replace(asker, reply=replace(asker.reply, token=None, message_id=None))
    world.max_running = 0
    await world.reboot()

    await world.imagine(asker=asker)
    await world.pass_time(10)

    assert not world.discord.edits


async def test_an_old_message_gets_no_progress_but_its_result(world: Harness) -> None:
    world.upstream.template["seconds"] = 65 * 60
    job = await world.imagine()
    for _ in range(3):
        await world.pass_time(60)
        await world.reboot(after_ms=19 * 60_000)
    await world.ended(job)

    late = [at for at, _ in world.discord.edits if at - job.created_at > 3600_000]

    assert len(late) == 1
    assert (await world.job(job.key)).route is Route.EDIT


async def test_a_job_that_another_process_took_on_does_not_fall_back_to_queued(world: Harness) -> None:
    world.max_running = 0
    await world.reboot()
    job = await world.imagine()
    await world.calm()
    taken = await claim_submissions(
        world.store, "another", world.clock.now() + 60_000, lease_ms=10**6, limit=1, max_running=1
    )
    assert [one.key for one in taken] == [job.key]

    world.services.worker.editor.queue_moved(taken)
    await world.pass_time(10)

    assert len(world.discord.of(job.key)[0].versions) == 1


async def test_a_job_that_is_taken_while_its_first_card_is_being_drawn_has_its_card_at_once(
    world: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.max_running = 0
    await world.reboot()
    editor = world.services.worker.editor
    get = editor.store.get

    async def as_taken(key: JobKey, /) -> Job | None:
        job = await get(key)
        return job and replace(job, state=JobState.SUBMITTING)

    async def slower_than_a_worker(*_lane: object, also: JobKey | None) -> tuple[list[JobKey], bool]:
        taken = None if also is None else await as_taken(also)
        if taken is not None:
            editor.changed(taken)
        return [], False

    monkeypatch.setattr(editor.store, "get", as_taken)
    monkeypatch.setattr(editor.store, "front", slower_than_a_worker)

    job = await world.imagine()
    await world.calm()

    assert world.discord.of(job.key)[0].last.state is JobState.SUBMITTING


async def end_elsewhere(world: Harness, *jobs: Job) -> None:
    """Another process takes these out of the line, and shows what became of them."""
    over = update(rows).where(rows.c.key.in_([job.key for job in jobs]))
    values = {"state": "succeeded", "finished_at": 1, "delivered_at": 1, "route": "reply"}
    await world._opened.database.write(lambda cn: cn.execute(over.values(values)).rowcount)


@pytest.fixture
async def gateway(world: Harness) -> AsyncIterator[Harness]:
    """A process without a worker: its editor alone shows what it accepts."""
    await world.kill()
    await world.open()
    editing = asyncio.create_task(world.services.editor.run())
    yield world
    editing.cancel()


async def test_a_process_without_a_worker_forgets_what_others_took_on(gateway: Harness) -> None:
    jobs = [await gateway.imagine(user=n) for n in range(60)]
    waiting = jobs.pop()
    await gateway.pass_time(30)
    await end_elsewhere(gateway, *jobs)

    await gateway.pass_time(progress.QUIET_MS / 1_000 + 61)

    assert set(gateway.services.editor._cards) == {waiting.key}
    assert gateway.discord.of(waiting.key)[0].versions[-1].ahead == 0


async def test_where_the_next_in_line_is_another_processs_the_one_behind_it_is_told_at_once(
    gateway: Harness,
) -> None:
    for n in range(3):
        job = await gateway.imagine(user=n)
        await gateway.pass_time(10)

        assert gateway.discord.of(job.key)[0].versions[-1].ahead == 0
        await end_elsewhere(gateway, job)


async def test_a_waiting_card_is_forgotten_no_more_than_a_line_that_stands_still(gateway: Harness) -> None:
    job = await gateway.imagine()
    edits = len(gateway.discord.edits)

    await gateway.pass_time(3_600)

    assert set(gateway.services.editor._cards) == {job.key}
    assert len(gateway.discord.edits) - edits <= 1


async def test_a_cancelled_card_of_another_processs_job_is_forgotten_in_time(gateway: Harness) -> None:
    job = await gateway.imagine()
    await gateway.pass_time(10)
    gateway.services.editor.changed(replace(job, state=JobState.RUNNING, unwanted=True))

    await gateway.pass_time(progress.QUIET_MS / 1_000 + 61)
    assert set(gateway.services.editor._cards) == {job.key}
    await gateway.pass_time(progress.FORGET_MS / 1_000 + 61)

    assert set(gateway.services.editor._cards) == set()


async def test_a_job_withdrawn_from_the_front_lets_the_one_behind_it_say_that_it_is_next(
    gateway: Harness,
) -> None:
    first, second = [await gateway.imagine(user=n) for n in range(2)]
    await gateway.pass_time(10)
    gone = await gateway.store.cancel(first.key, gateway.clock.now())
    gateway.services.editor.changed(gone)

    await gateway.pass_time(progress.QUIET_MS / 1_000 + 61)

    assert gateway.discord.of(second.key)[0].versions[-1].ahead == 0


async def test_waiting_cards_that_cannot_be_looked_up_are_looked_up_later(gateway: Harness) -> None:
    job = await gateway.imagine()
    await gateway.pass_time(10)
    await end_elsewhere(gateway, job)
    gateway.store.trouble, gateway.store.trouble_for = StorageTrouble("locked"), {"ahead"}
    await gateway.pass_time(progress.QUIET_MS / 1_000 + 61)
    assert set(gateway.services.editor._cards) == {job.key}
    gateway.store.trouble = None

    await gateway.pass_time(121)

    assert set(gateway.services.editor._cards) == set()


async def test_a_card_of_which_news_come_while_it_is_looked_up_stays(
    gateway: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await gateway.imagine()
    await gateway.pass_time(10)
    editor = gateway.services.editor

    async def slower_than_the_news(_keys: object) -> dict[JobKey, int]:
        editor.changed(replace(job, state=JobState.RUNNING))
        return {}

    monkeypatch.setattr(gateway.store, "ahead", slower_than_the_news, raising=False)
    await gateway.pass_time(progress.QUIET_MS / 1_000 + 61)

    assert set(editor._cards) == {job.key}


async def test_channels_seen_long_ago_are_forgotten(world: Harness) -> None:
    editor = world.services.worker.editor
    editor._channels.update(dict.fromkeys(range(20000), 1))

    await world.imagine()
    await world.calm()

    assert len(editor._channels) == 20_000


async def test_a_bug_in_showing_progress_stops_no_job(world: Harness) -> None:
    world.discord.later.append(ZeroDivisionError("a bug"))

    job = await world.ended(await world.imagine())

    assert job.state is JobState.SUCCEEDED


async def test_a_result_waits_for_the_edit_that_is_on_its_way(world: Harness) -> None:
    show, landed = world.publisher.show, []

    async def slowly(showing: Showing, route: Route, *, picture: Picture | None) -> CardLocation:
        if showing.job.state is JobState.RUNNING:
            await world.clock.pause(40)
        landed.append(showing.job.state)
        return await show(showing, route, picture=picture)

    world.publisher.show = slowly  # type: ignore[method-assign]  # one world, one test
    job = await world.ended(await world.imagine())
    await world.pass_time(120)

    assert JobState.RUNNING in landed
    assert landed[-1] is JobState.SUCCEEDED
    assert (job.delivered_at or 0) - (job.finished_at or 0) > 5_000


async def test_places_that_cannot_be_read_are_shown_later(world: Harness) -> None:
    world.max_running = 1
    await world.reboot()
    jobs = [await world.imagine(user=n) for n in range(4)]
    await world.calm()
    world.store.trouble, world.store.trouble_for = StorageTrouble("locked"), {"front"}
    await world.ended(jobs[0])
    await world.pass_time(5)
    world.store.trouble = None

    assert (await world.ended(jobs[-1])).state is JobState.SUCCEEDED
    positions = [v.ahead for v in world.discord.of(jobs[-1].key)[0].versions if v.ahead is not None]
    assert positions == sorted(set(positions), reverse=True)
    assert len(positions) >= 2


async def test_a_waiting_card_that_is_told_the_same_twice_is_edited_once(world: Harness) -> None:
    world.max_running = 0
    await world.reboot()
    job = await world.imagine()
    await world.pass_time(10)

    for _ in range(2):
        world.services.worker.editor.changed(await world.job(job.key))
        await world.pass_time(10)

    assert [one.ahead for one in world.discord.of(job.key)[0].versions] == [0]


async def test_a_card_is_not_drawn_as_ended_before_its_row_is(world: Harness) -> None:
    world.max_running = 0
    await world.reboot()
    job = await world.imagine()
    await world.pass_time(5)
    queued = await world.job(job.key)

    world.services.worker.editor.changed(replace(queued, state=JobState.SUCCEEDED))
    await world.pass_time(30)

    assert not any(one.job.is_terminal for one in world.discord.of(job.key)[0].versions)


async def test_a_result_without_a_message_has_no_card_to_mark_a_press_on(world: Harness) -> None:
    asker = world.asker()
    world.discord.closed = dict.fromkeys(Route, "missing_permission")
    grid = await world.ended(
        await world.imagine(asker=replace(asker, reply=replace(asker.reply, token=None, message_id=None)))
    )
    world.discord.closed.clear()

    child = await world.ended((await world.press(grid)).job)
    await world.pass_time(30)

    assert (grid.route, child.state) == (Route.KEPT, JobState.SUCCEEDED)
    assert not world.discord.of(grid.key)
