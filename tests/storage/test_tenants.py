"""The owner's budget on both databases: who is not let in begins nothing, and no ceiling is ever passed, whoever races.
Never here: Discord, and how refusals are worded."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text as text_of

from bot.domain.days import day_of
from bot.domain.failures import Failure, FailureKind
from bot.domain.jobs import JobState
from bot.domain.tenancy import NO_CEILING, Access, Budget, Ceiling, parse_access
from bot.errors import UserError
from bot.storage import open_storage
from bot.storage.database import lock
from bot.storage.jobs import line
from bot.texts import text
from tests.claims import claim_submissions
from tests.storage.making import FREE, LEASE, NOON, job

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.domain.jobs import Job
    from bot.storage import Storage

    Opener = Callable[[], Awaitable[Storage]]

STRANGERS = 2**62 + 2
OPEN = Access(everyone=True)


def budget(**changes: Any) -> Budget:
    values: dict[str, Any] = {
        "guild_id": STRANGERS,
        "account": "default",
        "cost": 1,
        "access": OPEN,
        "usual": NO_CEILING,
        "of_account": NO_CEILING,
        "refusal": text("refused.not_let_in"),
    }
    return Budget(**(values | changes))


async def begun(storage: Storage, terms: Budget | None, **changes: Any) -> Job | str:
    """The job, or why it was refused."""
    try:
        return await storage.jobs.insert(job(**changes), FREE, budget=terms)
    except UserError as refused:
        return refused.text.id


async def drawn(storage: Storage, guild_id: int = STRANGERS) -> int:
    return (await storage.tenants.used(NOON, [guild_id]))[guild_id].today


async def test_a_server_that_nobody_knows_or_let_in_begins_nothing(storage: Storage) -> None:
    for access in (Access(mine=True), parse_access("5,6")):
        assert await begun(storage, budget(access=access)) == "refused.not_let_in"
    await storage.tenants.note(STRANGERS, name="Strangers", owner_id=9, ours=False)
    assert await begun(storage, budget(access=Access(mine=True))) == "refused.not_let_in"

    await storage.tenants.let_in(STRANGERS, by=1, at=NOON)
    assert not isinstance(await begun(storage, budget(access=Access(mine=True))), str)
    await storage.tenants.shut_out(STRANGERS, at=NOON)
    assert await begun(storage, budget(access=OPEN)) == "refused.not_let_in"


async def test_a_server_that_changes_hands_is_no_longer_ours(storage: Storage) -> None:
    mine = budget(access=Access(mine=True))
    await storage.tenants.note(STRANGERS, name="Ours", owner_id=1, ours=True)
    assert not isinstance(await begun(storage, mine), str)

    await storage.tenants.note(STRANGERS, name="Ours", owner_id=2, ours=False)
    assert await begun(storage, mine) == "refused.not_let_in"


async def test_price_0_takes_of_the_budget_and_a_failure_gives_it_back_once(storage: Storage) -> None:
    terms = budget(usual=Ceiling(per_day=2))
    first = await begun(storage, terms, units=0)
    second = await begun(storage, terms, units=0)
    assert await begun(storage, terms, units=0) == "refused.ceiling_day"
    assert not isinstance(first, str)
    assert not isinstance(second, str)

    failed = replace(
        first, state=JobState.FAILED, finished_at=NOON + 9, failure=Failure(FailureKind.UNKNOWN, "no")
    )
    await storage.jobs.save(failed)
    await storage.jobs.save(failed)
    await storage.jobs.cancel(second.key, NOON + 10)
    await storage.jobs.cancel(second.key, NOON + 11)

    assert await drawn(storage) == 0
    assert not isinstance(await begun(storage, terms, units=0), str)


async def test_a_ceiling_that_does_not_suffice_says_what_is_used_and_what_is_needed(storage: Storage) -> None:
    terms = budget(usual=Ceiling(per_day=3), cost=2)
    await begun(storage, terms)

    with pytest.raises(UserError) as refusal:
        await storage.jobs.insert(job(), FREE, budget=terms)

    renews = day_of(NOON).end // 1_000
    assert refusal.value.text == text("refused.ceiling_day", limit=3, used=2, units=2, renews=renews)


@pytest.mark.parametrize("ceiling", [Ceiling(per_day=1), Ceiling(per_month=1), Ceiling(5, 1), Ceiling(1, 5)])
async def test_what_costs_more_than_a_ceiling_ever_lets_through_promises_no_renewal(
    storage: Storage, ceiling: Ceiling
) -> None:
    with pytest.raises(UserError) as refusal:
        await storage.jobs.insert(job(), FREE, budget=budget(usual=ceiling, cost=2))

    assert refusal.value.text == text("refused.ceiling_job", limit=1, units=2)
    assert await begun(storage, budget(of_account=ceiling, cost=2)) == "refused.owner_ceiling_job"
    assert await begun(storage, budget(usual=Ceiling(per_day=0))) == "refused.ceiling_job"


async def test_two_processes_race_for_the_last_units_and_none_passes(
    storage: Storage, another: Opener
) -> None:
    other = await another()
    terms = budget(usual=Ceiling(per_day=3), of_account=Ceiling(per_month=100))

    ends = await asyncio.gather(*(begun((storage, other)[n % 2], terms, user_id=n + 1) for n in range(10)))

    assert sum(not isinstance(end, str) for end in ends) == 3
    assert {end for end in ends if isinstance(end, str)} == {"refused.ceiling_day"}
    assert await drawn(other) == 3


async def test_an_account_s_ceiling_holds_over_all_servers_and_a_day_renews_it(storage: Storage) -> None:
    def terms(guild_id: int) -> Budget:
        return budget(guild_id=guild_id, of_account=Ceiling(per_day=2, per_month=3))

    assert not isinstance(await begun(storage, terms(1), guild_id=1), str)
    assert not isinstance(await begun(storage, terms(2), guild_id=2), str)
    assert await begun(storage, terms(3), guild_id=3) == "refused.owner_ceiling_day"

    tomorrow = day_of(NOON).end + 1
    assert not isinstance(await begun(storage, terms(3), guild_id=3, created_at=tomorrow), str)
    assert (
        await begun(storage, terms(3), guild_id=3, created_at=tomorrow + 1) == "refused.owner_ceiling_month"
    )


async def test_what_a_clock_had_drawn_that_stood_ahead_is_no_day_s_before_it(storage: Storage) -> None:
    terms, year = budget(usual=Ceiling(per_day=1, per_month=1)), 365 * 86_400_000
    assert not isinstance(await begun(storage, terms, created_at=NOON + year), str)

    assert await drawn(storage) == 0
    assert not isinstance(await begun(storage, terms, created_at=NOON), str)
    used = (await storage.tenants.used(NOON, [STRANGERS]))[STRANGERS]
    assert (used.today, used.month) == (1, 1)
    assert await begun(storage, terms, created_at=NOON) == "refused.ceiling_day"


async def test_a_server_s_own_ceiling_goes_before_the_usual_one_and_queues_are_bounded(
    storage: Storage,
) -> None:
    terms = budget(usual=Ceiling(per_day=1, waiting=1))
    await storage.tenants.set_ceiling(STRANGERS, Ceiling(per_day=9, waiting=2))
    assert not isinstance(await begun(storage, terms), str)
    assert not isinstance(await begun(storage, terms), str)
    assert await begun(storage, terms) == "refused.ceiling_waiting"

    await storage.tenants.set_ceiling(STRANGERS, None)
    assert await begun(storage, terms) == "refused.ceiling_day"


async def test_claims_keep_to_a_server_s_ceiling_and_leave_the_places_to_others(storage: Storage) -> None:
    for n in range(4):
        await begun(storage, budget(), user_id=n + 1)
    quiet = await begun(storage, budget(guild_id=77), guild_id=77, user_id=99)
    assert not isinstance(quiet, str)

    async def claim() -> list[Job]:
        found = await claim_submissions(
            storage.jobs,
            "w",
            NOON + 10_000,
            lease_ms=LEASE,
            limit=10,
            max_running=5,
            usual=Ceiling(at_once=2),
        )
        return list(found)

    claimed = await claim()
    assert sorted(one.reply.guild_id or 0 for one in claimed) == [77, STRANGERS, STRANGERS]
    assert await claim() == []

    await storage.tenants.set_ceiling(STRANGERS, Ceiling(at_once=3))
    assert len(await claim()) == 1


@pytest.mark.postgres
async def test_a_ceiling_that_is_set_amid_a_claim_stands_and_neither_of_the_two_is_undone(
    postgres_url: str,
) -> None:
    waits = text_of(
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    lane = text_of("SELECT 1 FROM queue_lanes WHERE account = :account FOR UPDATE")
    async with open_storage(postgres_url, migrate=False) as storage:
        for account in ("a", "b"):
            await begun(storage, budget(account=account), account=account)
        async with storage.database.transaction() as claim:
            await claim.run_sync(lambda cn: lock(cn, line.SUBMISSIONS))
            await claim.execute(lane, {"account": "b"})
            setting = asyncio.create_task(storage.tenants.set_ceiling(STRANGERS, Ceiling(at_once=3)))
            while not await storage.database.read(lambda cn: cn.execute(waits).first()):
                assert not setting.done()

            await claim.execute(lane, {"account": "a"})

        assert (await setting).ceiling == Ceiling(at_once=3)


async def test_greeting_and_asking_fall_to_one_process_once(storage: Storage, another: Opener) -> None:
    other = await another()
    await storage.tenants.note(STRANGERS, name="Strangers", owner_id=9, ours=False)

    for what in ("greeted_at", "asked_at"):
        won = await asyncio.gather(
            *(one.tenants.claim(STRANGERS, what, NOON) for one in (storage, other, storage))
        )
        assert sorted(won) == [False, False, True]

    await other.tenants.left(STRANGERS, NOON)
    await storage.tenants.note(STRANGERS, name="Strangers", owner_id=9, ours=False)
    assert await storage.tenants.claim(STRANGERS, "greeted_at", NOON)
    assert not await storage.tenants.claim(STRANGERS, "asked_at", NOON)


async def test_a_server_that_pays_by_its_own_key_fills_its_own_part_of_the_queue_and_no_more(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.storage.tenants.OWN_KEY_WAITING", 5)

    async def said(account: str, guild_id: int, n: int) -> list[str]:
        return [
            str(await begun(storage, None, account=account, guild_id=guild_id, user_id=n)) for n in range(n)
        ]

    hostile = await said(f"guild:{STRANGERS}:1", STRANGERS, 8)
    quiet = await said("guild:77:1", 77, 2)

    assert [words == "refused.ceiling_waiting" for words in hostile] == [False] * 5 + [True] * 3
    assert "refused.ceiling_waiting" not in quiet
    await storage.tenants.set_ceiling(STRANGERS, Ceiling(waiting=7))
    again = await said(f"guild:{STRANGERS}:1", STRANGERS, 4)
    assert [words == "refused.ceiling_waiting" for words in again] == [False] * 2 + [True] * 2
