"""What is kept for how long: export, erasure, forgetting by age, a server's deletion, and notices told once.
Never here: when any of it happens."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from bot.domain.failures import Failure, FailureKind
from bot.domain.jobs import Route
from bot.domain.pools import Allowance, Pool
from bot.domain.servers.guilds import Actor, Block, GuildSettings
from bot.domain.servers.moderation import StrikePolicy
from bot.domain.tasks import RemoteTaskId
from bot.storage.tables import actions, jobs, ledger, metadata
from tests.claims import claim_submissions
from tests.storage.making import FREE, LEASE, NOON, job, success

if TYPE_CHECKING:
    from bot.domain.jobs import Job
    from bot.storage import Storage
    from tests.storage.conftest import Opener

GUILD, USER = 2**62 + 2, 2**62 + 4
ADA = Actor(10, "Ada")
DAY = 86_400_000


async def finished(storage: Storage, at: int = NOON, **changes: object) -> Job:
    """A delivered grid with its buttons."""
    begun = await storage.jobs.insert(job(created_at=at, **changes), FREE)
    (sent,) = await claim_submissions(storage.jobs, "w", at, lease_ms=LEASE, limit=1, max_running=99)
    known = sent.submitted(RemoteTaskId(begun.key), at)
    done = known.observed(success(begun.key), at + 1)
    await storage.jobs.save(known)
    await storage.jobs.save(done)
    await storage.jobs.release(done.delivered(Route.REPLY, at + 2))
    return done


async def mark(storage: Storage) -> None:
    """Something of every kind about the member."""
    m = storage.guilds.members
    await m.block(GUILD, Block(USER, None, "rude", ADA, NOON))
    await m.strike(GUILD, USER, interaction_id=1, why="gore", at=NOON, policy=StrikePolicy(), by=ADA)
    await m.grant(GUILD, USER, Pool.NORMAL, units=2, reason="prize", expires_at=None, actor=ADA, at=NOON - 5)


async def stored(storage: Storage, key: Job) -> Job:
    found = await storage.jobs.get(key.key)
    assert found is not None
    return found


async def test_an_export_has_everything_about_a_member_and_is_json(storage: Storage) -> None:
    done = await finished(storage)
    await finished(storage, user_id=9)
    await mark(storage)

    told = json.loads(json.dumps(await storage.guilds.records.export(GUILD, USER)))

    assert [j["prompt"] for j in told["jobs"]] == [done.prompt]
    assert [entry["units"] for entry in told["ledger"]] == [1]
    assert [
        told[area][0][what] for area, what in (("blocks", "reason"), ("strikes", "why"), ("grants", "reason"))
    ] == ["rude", "gore", "prize"]
    assert [line[1] for line in told["audit"]] == ["block", "grant"]


async def test_an_export_shows_no_end_before_a_grant_s_beginning(storage: Storage) -> None:
    members = storage.guilds.members
    await mark(storage)
    pools = [await members.grants_left(GUILD, USER, pool, NOON) for pool in Pool]
    for pool, asked in zip(Pool, pools, strict=True):
        await members.take_back(GUILD, USER, pool, asked, actor=ADA, at=NOON + 1)

    (grant,) = (await storage.guilds.records.export(GUILD, USER))["grants"]

    assert grant["expires_at"] == grant["at"] > 0


async def test_erasing_empties_what_was_written_and_leaves_the_books_and_the_buttons(
    storage: Storage,
) -> None:
    done = await finished(storage)
    other = await finished(storage, user_id=9)
    running = await storage.jobs.insert(job(), FREE)
    await mark(storage)

    assert await storage.guilds.records.erase(GUILD, USER, actor=ADA, at=NOON) == 1
    assert await storage.guilds.records.erase(GUILD, USER, actor=ADA, at=NOON) == 0

    emptied = await stored(storage, done)
    assert (emptied.prompt, emptied.user_name, emptied.result_text, emptied.reply.token) == (
        "",
        "—",
        None,
        None,
    )
    assert emptied.actions == done.actions
    assert (await stored(storage, other)).prompt == other.prompt
    assert (await stored(storage, running)).prompt == running.prompt
    spent = await storage.database.read(lambda cn: cn.execute(select(func.sum(ledger.c.units))).scalar_one())
    assert spent == 3
    (struck,) = await storage.guilds.members.strikes(GUILD, USER, limit=9)
    (given,) = await storage.guilds.members.grants(GUILD, USER, NOON)
    assert (struck.why, given.reason, given.left) == ("", "", 2)
    assert await storage.guilds.members.block_of(GUILD, USER, NOON) is not None


async def retain(storage: Storage, days: int | None, guild: int = GUILD) -> None:
    def change(s: GuildSettings) -> GuildSettings:
        return replace(s, retention_days=days)

    await storage.guilds.settings.change(guild, change, actor=ADA, at=NOON)


async def forget_prompts(storage: Storage, now: int, *, limit: int, usual_days: int | None = None) -> int:
    """Go through the servers as housekeeping does, one step in each."""
    records, days = storage.guilds.records, usual_days
    return sum(
        [
            await records.forget_prompts(guild_id, now, limit=limit, usual_days=days)
            for guild_id in await records.servers_to_forget(now, usual_days=days)
        ]
    )


async def test_prompts_are_forgotten_by_age_where_a_server_says_so(storage: Storage) -> None:
    old, young = await finished(storage, NOON), await finished(storage, NOON + DAY)
    elsewhere = await finished(storage, NOON, guild_id=5)
    waiting = await storage.jobs.insert(job(), FREE)
    await retain(storage, None, guild=5)
    await retain(storage, 2)

    assert await forget_prompts(storage, NOON + 2 * DAY + 2, limit=9) == 1

    kept = [await stored(storage, j) for j in (old, young, elsewhere, waiting)]
    assert [bool(j.prompt) for j in kept] == [False, True, True, True]
    assert kept[0].actions == old.actions
    assert kept[0].user_name == old.user_name


async def test_forgetting_goes_in_steps(storage: Storage) -> None:
    for n in range(3):
        await finished(storage, NOON + n)
    await retain(storage, 1)
    later = NOON + 9 * DAY

    steps = [await forget_prompts(storage, later, limit=2) for _ in range(3)]

    assert steps == [2, 1, 0]


async def test_a_server_is_deleted_when_its_time_has_come_with_all_that_was_kept(storage: Storage) -> None:
    await finished(storage)
    await mark(storage)
    await storage.jobs.insert(job(units=1, created_at=NOON), Allowance(0, None, None))
    (paid,) = await claim_submissions(storage.jobs, "w", NOON + 9, lease_ms=LEASE, limit=9, max_running=9)
    await storage.jobs.save(paid.failed(Failure(FailureKind.UNKNOWN), NOON + 10))
    await retain(storage, 3)
    await storage.guilds.records.claim_notice(GUILD, "key", NOON, window_ms=1)
    elsewhere = await finished(storage, guild_id=5)
    await storage.guilds.records.schedule_deletion(GUILD, NOON + DAY)

    assert await storage.guilds.records.delete_due(NOON + DAY - 1) == []
    assert await storage.guilds.records.delete_due(NOON + DAY) == [GUILD]
    assert await storage.guilds.records.delete_due(NOON + DAY) == []

    def leftovers(cn: object) -> dict[str, int]:
        return {
            t.name: cn.execute(select(func.count()).select_from(t)).scalar_one()  # type: ignore[attr-defined]  # a connection
            for t in metadata.sorted_tables
        }

    rest = {name: n for name, n in (await storage.database.read(leftovers)).items() if n}
    rest.pop("meta")
    for turns in (
        "queue_lanes",
        "queue_parties",
    ):  # whose turn was next: forgotten within two hours, by claims
        rest.pop(turns, None)
    assert rest == {"jobs": 1, "actions": 2, "ledger": 1, "deliveries": 1}
    assert (await stored(storage, elsewhere)).prompt == elsewhere.prompt


async def test_a_server_that_took_the_bot_back_keeps_its_data(storage: Storage) -> None:
    done = await finished(storage)
    await storage.guilds.records.schedule_deletion(GUILD, NOON)
    await storage.guilds.records.schedule_deletion(GUILD, None)

    assert await storage.guilds.records.delete_due(NOON + 99 * DAY) == []
    assert (await stored(storage, done)).prompt == done.prompt


async def test_a_server_with_unfinished_jobs_is_deleted_after_their_end(storage: Storage) -> None:
    waiting = await storage.jobs.insert(job(), FREE)
    await storage.guilds.records.schedule_deletion(GUILD, NOON)

    assert await storage.guilds.records.delete_due(NOON) == []
    await storage.jobs.cancel(waiting.key, NOON)

    assert await storage.guilds.records.delete_due(NOON) == [GUILD]


async def test_two_processes_delete_a_server_once(storage: Storage, another: Opener) -> None:
    second = await another()
    await storage.guilds.records.schedule_deletion(GUILD, NOON)

    deleted = await asyncio.gather(*(s.guilds.records.delete_due(NOON) for s in (storage, second)))

    assert sorted(map(list, deleted)) == [[], [GUILD]]


async def test_a_notice_is_told_once_in_its_window_and_counts_what_was_held_back(storage: Storage) -> None:
    claim = storage.guilds.records.claim_notice

    assert await claim(GUILD, "key", NOON, window_ms=100) == 0
    assert await claim(GUILD, "key", NOON + 1, window_ms=100) is None
    assert await claim(GUILD, "key", NOON + 99, window_ms=100) is None
    assert await claim(GUILD, "other", NOON + 1, window_ms=100) == 0
    assert await claim(GUILD + 1, "key", NOON + 1, window_ms=100) == 0
    assert await claim(GUILD, "key", NOON + 100, window_ms=100) == 2
    assert await claim(GUILD, "key", NOON + 200, window_ms=100) == 0


async def test_a_notice_told_while_the_clock_stood_ahead_is_told_again_when_it_is_set_right(
    storage: Storage,
) -> None:
    claim = storage.guilds.records.claim_notice
    assert await claim(GUILD, "key", NOON + 365 * DAY, window_ms=DAY) == 0
    assert await claim(GUILD, "key", NOON + 365 * DAY + 1, window_ms=DAY) is None

    assert await claim(GUILD, "key", NOON, window_ms=DAY) == 1
    assert await claim(GUILD, "key", NOON - 5_000, window_ms=DAY) is None  # another machine's clock is behind
    assert await claim(GUILD, "key", NOON + DAY - 1, window_ms=DAY) is None


async def test_of_many_processes_one_tells_a_notice(storage: Storage, another: Opener) -> None:
    second = await another()

    claims = await asyncio.gather(
        *(
            (storage, second)[n % 2].guilds.records.claim_notice(GUILD, "key", NOON, window_ms=9)
            for n in range(8)
        )
    )

    assert sorted(claims, key=str) == [0] + [None] * 7


async def test_notices_are_forgotten_in_time(storage: Storage) -> None:
    await storage.guilds.records.claim_notice(GUILD, "key", NOON, window_ms=99 * DAY)

    await storage.guilds.records.forget_notices(NOON + DAY, limit=1)

    assert await storage.guilds.records.claim_notice(GUILD, "key", NOON + 8 * DAY, window_ms=99 * DAY) == 0


@pytest.mark.parametrize("table", [jobs, actions])
def test_what_erasure_leaves_has_no_place_for_words(table: object) -> None:
    """A new column for people's words must be thought of here."""
    known = {
        "prompt", "typed", "subject", "user_name", "result_text", "failure_words", "token",  # emptied
        "press_label", "press_custom_id", "label", "custom_id", "emoji",  # upstream's
        "discord_url", "storage_key", "notes", "hold", "owner", "route", "state", "failure_kind",
        "key", "job_key", "kind", "root", "pool", "account", "locale", "webhook_token", "task_id",
        "parent", "press_parent_task", "press_zoom", "ancestor", "shape", "ran_at", "seed", "erased",
    }  # fmt: skip

    texts = {c.name for c in table.columns if str(c.type) == "TEXT"}  # type: ignore[attr-defined]  # a table
    assert texts <= known
