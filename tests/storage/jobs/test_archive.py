"""What members look back at: their own jobs, of one server, in the order of time, through an index.
Never here: who may see what."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.jobs import Ancestor, JobState, Route
from bot.domain.pools import Pool
from bot.domain.ports import Load
from bot.storage import open_storage
from bot.storage.migrations.versions import v0001_first_tables, v0002_history
from tests.claims import claim_submissions
from tests.storage.jobs.test_plans import Statements, scans
from tests.storage.making import FREE, LEASE, NOON, child, job, success

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import pytest

    from bot.domain.jobs import Job
    from bot.storage import Storage

ADA, BOB = 2**62 + 4, 2**62 + 40
HERE, ELSEWHERE = 2**62 + 2, 2**62 + 20


async def begun(storage: Storage, made: Job) -> Job:
    return await storage.jobs.insert(made, FREE)


async def finished(storage: Storage, made: Job) -> Job:
    """A job that has its picture and was delivered."""
    await begun(storage, made)
    (claimed,) = await claim_submissions(
        storage.jobs, "w", NOON + 60_000, lease_ms=LEASE, limit=1, max_running=9
    )
    ended = claimed.submitted(success(claimed.key).task_id, NOON).observed(success(claimed.key), NOON)
    await storage.jobs.save(ended)
    await storage.jobs.release(ended.delivered(Route.REPLY, NOON))
    return ended


async def test_a_history_is_the_members_own_of_one_server_newest_first(storage: Storage) -> None:
    mine = [await begun(storage, job(user_id=ADA)) for _ in range(7)]
    await begun(storage, job(user_id=BOB))
    await begun(storage, job(user_id=ADA, guild_id=ELSEWHERE))

    first = await storage.archive.page(ADA, HERE, skip=0, limit=5)
    second = await storage.archive.page(ADA, HERE, skip=5, limit=5)
    beyond = await storage.archive.page(ADA, HERE, skip=10, limit=5)

    assert [one.key for one in (*first.jobs, *second.jobs)] == [one.key for one in reversed(mine)]
    assert (first.total, second.total, beyond.total) == (7, 7, 7)
    assert beyond.jobs == []


async def test_finished_jobs_are_those_with_a_picture(storage: Storage) -> None:
    done = await finished(storage, job(user_id=ADA))
    await finished(storage, job(user_id=BOB))
    waiting = await begun(storage, job(user_id=ADA))
    cancelled = await begun(storage, job(user_id=ADA))
    await storage.jobs.cancel(cancelled.key, NOON)

    found = await storage.archive.finished(ADA, HERE, limit=9)

    assert [one.key for one in found] == [done.key]
    assert waiting.key not in {one.key for one in found}


async def test_what_ended_first_and_was_shown_to_nobody_yet_is_known(storage: Storage) -> None:
    await finished(storage, job())  # and delivered
    await begun(storage, job())
    assert await storage.archive.undelivered_since() is None

    ended = job()
    for ended_at in (NOON + 5, NOON + 2):
        (claimed,) = await claim_submissions(
            storage.jobs, "w", NOON + 60_000, lease_ms=LEASE, limit=1, max_running=9
        )
        ended = claimed.submitted(success(claimed.key).task_id, NOON).observed(success(claimed.key), ended_at)
        await storage.jobs.save(ended)
        await begun(storage, job())

    assert await storage.archive.undelivered_since() == NOON + 2
    await storage.jobs.release(ended.delivered(Route.REPLY, NOON))
    assert await storage.archive.undelivered_since() == NOON + 5


async def test_live_jobs_and_the_load_of_a_server(storage: Storage) -> None:
    running = await begun(storage, job(user_id=ADA, pool=Pool.FAST))
    await claim_submissions(storage.jobs, "w", NOON + 60_000, lease_ms=LEASE, limit=1, max_running=9)
    mine = await begun(storage, job(user_id=ADA))
    other = await begun(storage, job(user_id=BOB))
    await begun(storage, job(user_id=BOB, guild_id=ELSEWHERE))
    await finished_or_cancelled(storage)

    assert [one.key for one in await storage.archive.live(HERE, user_id=ADA, limit=9)] == [
        running.key,
        mine.key,
    ]
    assert [one.key for one in await storage.archive.live(HERE, limit=9)] == [
        running.key,
        mine.key,
        other.key,
    ]
    assert await storage.archive.load(HERE) == {
        Pool.NORMAL: Load(waiting=2, running=0),
        Pool.FAST: Load(waiting=0, running=1),
        Pool.TURBO: Load(waiting=0, running=0),
        Pool.DRAW: Load(waiting=0, running=0),
    }


async def finished_or_cancelled(storage: Storage) -> None:
    gone = await begun(storage, job(user_id=ADA))
    ended = await storage.jobs.cancel(gone.key, NOON)
    assert ended is not None
    assert ended.state is JobState.CANCELLED


async def test_children_come_oldest_first(storage: Storage) -> None:
    parent = await finished(storage, job())
    first = await begun(storage, child(parent, 0))
    second = await begun(storage, child(parent, 1))
    await begun(storage, child(first, 0))

    found = await storage.archive.children(parent.key, limit=9)

    assert [one.key for one in found] == [first.key, second.key]


async def test_an_ancestor_is_remembered(storage: Storage) -> None:
    older = job()
    remixed = job(ancestor=Ancestor(older.key, 2**62 + 7, 2**62 + 8))
    unseen = job(ancestor=Ancestor(older.key, 2**62 + 7, None))

    for made in (remixed, unseen):
        await begun(storage, made)
        assert await storage.jobs.get(made.key) == made

    plain = await begun(storage, job())
    assert (await storage.jobs.get(plain.key)) == replace(plain, ancestor=None)


async def test_looking_back_never_reads_the_whole_table(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_storage(sqlite_url, migrate=True) as storage:
        for _ in range(3):
            await begun(storage, job())
        archive, watched = storage.archive, Statements(storage, monkeypatch)
        questions: tuple[tuple[Callable[[], Awaitable[object]], str], ...] = (
            (lambda: archive.page(ADA, HERE, skip=5, limit=5), "jobs_history (user_id=? AND guild_id=?)"),
            (lambda: archive.finished(ADA, HERE, limit=5), "jobs_history (user_id=? AND guild_id=?)"),
            (
                lambda: archive.live(HERE, user_id=ADA, limit=5),
                "jobs_member (user_id=? AND guild_id=? AND pool=?)",
            ),
            (lambda: archive.live(HERE, limit=5), "jobs_"),
            (lambda: archive.load(HERE), "jobs_upstream"),
            (lambda: archive.children(job().key, limit=5), "jobs_child (parent=?)"),
        )
        for ask, index in questions:
            await ask()
            plans = await watched.plans()

            assert scans(plans) == []
            assert index in "\n".join(plans)


def test_versions_follow_each_other() -> None:
    assert v0002_history.down_revision == v0001_first_tables.revision
