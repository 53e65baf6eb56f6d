"""Prices, grants, the server's day and its time zone: what is booked, what is left, and what the books say later.
Never here: random histories (test_ledger.py)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.domain.costs import Cost
from bot.domain.days import day_of
from bot.domain.failures import Failure, FailureKind
from bot.domain.pools import Allowance, Pool, ServerLimits
from bot.domain.schedule import CLOCKS_DIFFER_MS
from bot.domain.servers.guilds import Actor, Grant, GrantsLeft, PoolTotals, Standing, UsageRow
from bot.errors import UserError
from bot.texts import text
from tests.claims import claim_submissions
from tests.storage.making import FREE, LEASE, NOON, job

if TYPE_CHECKING:
    from bot.domain.jobs import Job
    from bot.storage import Storage
    from tests.storage.conftest import Opener

GUILD, USER = 2**62 + 2, 2**62 + 4
ADA = Actor(10, "Ada")
HOUR = 3_600_000
DAY = day_of(NOON)
DAYS = 86_400_000


async def grant(
    storage: Storage, units: int, *, expires_at: int | None = None, pool: Pool = Pool.NORMAL
) -> Grant:
    return await storage.guilds.members.grant(
        GUILD, USER, pool, units=units, reason="", expires_at=expires_at, actor=ADA, at=NOON - HOUR
    )


async def left(storage: Storage, now: int = NOON) -> list[int]:
    return [g.left for g in await storage.guilds.members.grants(GUILD, USER, now)]


async def refused(
    storage: Storage, new: Job, allowance: Allowance, limits: ServerLimits | None = None
) -> str:
    with pytest.raises(UserError) as refusal:
        await storage.jobs.insert(new, allowance, limits)
    return refusal.value.text.id


async def standing(storage: Storage, now: int = NOON) -> Standing:
    return await storage.guilds.books.standing(GUILD, USER, Pool.NORMAL, day=day_of(now), now=now)


async def test_a_grant_is_used_when_the_days_own_units_are_gone(storage: Storage) -> None:
    two = Allowance(2, None, None)
    await grant(storage, 5)

    await storage.jobs.insert(job(units=1), two)
    assert await left(storage) == [5]
    await storage.jobs.insert(job(units=3), two)  # one of the day's, two of the grant's

    assert await left(storage) == [3]
    assert await standing(storage) == Standing(spent=2, granted=3, running=0, waiting=2, server_spent=4)
    assert await refused(storage, job(units=4), two) == "refused.per_day"
    await storage.jobs.insert(job(units=3), two)
    assert await left(storage) == []


async def test_the_grant_that_expires_first_is_used_first_and_several_pay_together(storage: Storage) -> None:
    none = Allowance(0, None, None)
    await grant(storage, 2)
    await grant(storage, 2, expires_at=NOON + HOUR)

    await storage.jobs.insert(job(units=3), none)

    assert await left(storage) == [1]


async def test_an_expired_or_another_pools_grant_pays_nothing(storage: Storage) -> None:
    none = Allowance(0, None, None)
    await grant(storage, 5, expires_at=NOON)
    await grant(storage, 5, pool=Pool.FAST)

    assert await refused(storage, job(), none) == "refused.per_nothing"
    assert await refused(storage, job(guild_id=None), none) == "refused.per_nothing"


async def test_a_refund_gives_each_unit_back_to_whoever_paid_it(storage: Storage) -> None:
    two = Allowance(2, None, None)
    await grant(storage, 5)
    mixed = await storage.jobs.insert(job(units=4), two)
    assert (await left(storage), (await standing(storage)).spent) == ([3], 2)

    failed = mixed.failed(Failure(FailureKind.UNKNOWN), NOON + 10)
    await storage.jobs.save(failed)
    await storage.jobs.save(failed)

    assert (await left(storage), (await standing(storage)).spent) == ([5], 0)
    await storage.jobs.insert(job(units=7), two)


async def test_units_refunded_into_an_expired_grant_are_not_to_be_used(storage: Storage) -> None:
    none = Allowance(0, None, None)
    await grant(storage, 2, expires_at=NOON + HOUR)
    paid = await storage.jobs.insert(job(units=2), none)

    await storage.jobs.save(paid.failed(Failure(FailureKind.UNKNOWN), NOON + 2 * HOUR))

    assert await refused(storage, job(created_at=NOON + 2 * HOUR), none) == "refused.per_nothing"
    assert await left(storage, NOON + 2 * HOUR) == []


async def take_back(storage: Storage, asked: GrantsLeft, *, at: int = NOON + HOUR) -> int | None:
    return await storage.guilds.members.take_back(GUILD, USER, Pool.NORMAL, asked, actor=ADA, at=at)


async def asked_about(storage: Storage, now: int = NOON + HOUR) -> GrantsLeft:
    return await storage.guilds.members.grants_left(GUILD, USER, Pool.NORMAL, now)


async def test_grants_are_taken_back_but_for_what_jobs_have_drawn(storage: Storage) -> None:
    two = Allowance(2, None, None)
    await grant(storage, 5)
    last = await grant(storage, 4, expires_at=NOON + 9 * HOUR)
    await storage.jobs.insert(job(units=3), two)  # two of the day's, one of a grant's

    asked = await asked_about(storage)

    assert asked == GrantsLeft(8, last.id)
    assert [await take_back(storage, asked) for _ in range(2)] == [8, 0]
    assert await left(storage, NOON + HOUR) == []
    after = await standing(storage, NOON + HOUR)
    assert (after.spent, after.granted, after.server_spent) == (2, 0, 3)
    assert await refused(storage, job(created_at=NOON + 2 * HOUR), two) == "refused.per_day"


async def test_a_job_that_asked_before_and_is_booked_after_draws_nothing_that_was_taken_back(
    storage: Storage,
) -> None:
    await grant(storage, 5)
    await take_back(storage, await asked_about(storage), at=NOON + HOUR)

    late = job(created_at=NOON + HOUR - 1_000)

    assert await refused(storage, late, Allowance(0, None, None)) == "refused.per_nothing"


async def test_nothing_is_refunded_into_grants_that_were_taken_back_those_used_up_included(
    storage: Storage,
) -> None:
    two = Allowance(2, None, None)
    await grant(storage, 5)
    await grant(storage, 1, expires_at=NOON + 9 * HOUR)  # used first, and up
    paid = await storage.jobs.insert(job(units=6), two)
    await take_back(storage, await asked_about(storage))

    await storage.jobs.save(paid.failed(Failure(FailureKind.UNKNOWN), NOON + 2 * HOUR))

    assert await left(storage, NOON + 2 * HOUR) == []
    earlier = job(units=3, created_at=NOON - 2 * HOUR)  # asked before all that, booked after it
    assert await refused(storage, earlier, Allowance(0, None, None)) == "refused.per_nothing"
    after = await standing(storage, NOON + 2 * HOUR)
    assert (after.spent, after.granted, after.server_spent) == (0, 0, 0)
    await storage.jobs.insert(job(units=2, created_at=NOON + 2 * HOUR), two)
    assert await refused(storage, job(created_at=NOON + 3 * HOUR), two) == "refused.per_day"


async def test_only_what_was_asked_about_is_taken_back(storage: Storage) -> None:
    none = Allowance(0, None, None)
    first = await grant(storage, 5)
    paid = await storage.jobs.insert(job(units=2), none)
    few = await asked_about(storage)
    await storage.jobs.save(paid.failed(Failure(FailureKind.UNKNOWN), NOON + 10))
    assert await take_back(storage, few) is None  # two came back
    whole = await asked_about(storage)
    await storage.jobs.insert(job(units=4), none)
    later = await grant(storage, 3)
    assert await take_back(storage, whole) is None  # fewer, but some of another grant

    assert (await left(storage), first.id < later.id) == ([1, 3], True)
    await storage.jobs.insert(job(units=1), none)
    assert await take_back(storage, GrantsLeft(4, later.id)) == 3  # one was drawn meanwhile, and stays drawn


async def test_other_pools_members_and_servers_keep_their_grants(storage: Storage) -> None:
    fast = await grant(storage, 2, pool=Pool.FAST)
    asked = GrantsLeft(9, fast.id)

    assert await asked_about(storage) == GrantsLeft(0, 0)
    assert await take_back(storage, asked) == 0
    for whose in ((GUILD + 1, USER), (GUILD, USER + 1)):
        members = storage.guilds.members
        assert await members.take_back(*whose, Pool.FAST, asked, actor=ADA, at=NOON + HOUR) == 0
    assert await left(storage) == [2]


async def test_of_two_processes_that_take_a_grant_back_while_jobs_draw_on_it_nobody_takes_a_unit_twice(
    storage: Storage, another: Opener
) -> None:
    second = await another()
    await grant(storage, 6)
    asked = await asked_about(storage)

    taken = asyncio.gather(*(take_back((storage, second)[n % 2], asked) for n in range(4)))
    drawn = await asyncio.gather(
        *((storage, second)[n % 2].jobs.insert(job(), Allowance(0, None, None)) for n in range(6)),
        return_exceptions=True,
    )

    jobs = sum(not isinstance(outcome, BaseException) for outcome in drawn)
    assert sorted(n for n in await taken if n) == ([6 - jobs] if jobs < 6 else [])
    assert await left(storage, NOON + HOUR) == []


async def test_where_a_day_has_no_limit_grants_are_kept(storage: Storage) -> None:
    await grant(storage, 5)

    await storage.jobs.insert(job(units=3), FREE)
    await storage.jobs.insert(job(units=3), Allowance(None, 9, 9))

    assert await left(storage) == [5]


async def test_what_costs_nothing_may_always_begin(storage: Storage) -> None:
    await storage.jobs.insert(job(units=2), Allowance(2, None, None))

    # the moderators have lowered the day's units since
    await storage.jobs.insert(job(units=0), Allowance(1, None, None), ServerLimits(0, "UTC", 2))


@pytest.mark.parametrize(
    "allowance", [Allowance(0, None, None), Allowance(None, 0, 0), Allowance(5, 1, 1, per_month=0)]
)
async def test_a_rule_that_gives_nothing_promises_neither_renewal_nor_a_place(
    storage: Storage, allowance: Allowance
) -> None:
    with pytest.raises(UserError) as refusal:
        await storage.jobs.insert(job(), allowance)

    assert refusal.value.text == text("refused.per_nothing", pool="NORMAL", rule=text("rule.default"))


@pytest.mark.parametrize(
    ("allowance", "limit"),
    [
        (Allowance(5, None, None), 5),
        (Allowance(None, None, None, per_month=5), 5),
        (Allowance(5, None, None, per_month=9), 5),
        (Allowance(9, None, None, per_month=5), 5),
    ],
)
async def test_what_costs_more_than_a_whole_period_gives_promises_no_renewal(
    storage: Storage, allowance: Allowance, limit: int
) -> None:
    await storage.jobs.insert(job(units=5), allowance)

    with pytest.raises(UserError) as refusal:
        await storage.jobs.insert(job(units=6), allowance)

    assert refusal.value.text == text(
        "refused.per_job", pool="NORMAL", limit=limit, units=6, rule=text("rule.default")
    )


async def test_what_a_new_day_pays_together_with_a_grant_is_worth_waiting_for(storage: Storage) -> None:
    five = Allowance(5, None, None)
    await grant(storage, 1)
    await storage.jobs.insert(job(units=5), five)

    assert await refused(storage, job(units=6), five) == "refused.per_day"
    assert await refused(storage, job(units=7), five) == "refused.per_job"
    await storage.jobs.insert(job(units=6, created_at=DAY.end), five)


@pytest.mark.parametrize(("per_day", "units"), [(0, 1), (5, 6)])
async def test_what_costs_more_than_the_whole_server_has_in_a_day_promises_no_renewal(
    storage: Storage, per_day: int, units: int
) -> None:
    with pytest.raises(UserError) as refusal:
        await storage.jobs.insert(job(units=units), FREE, ServerLimits(0, "UTC", per_day))

    assert refusal.value.text == text("refused.server_total_job", pool="NORMAL", limit=per_day, units=units)


async def test_the_whole_servers_units_of_a_day_run_out_pool_by_pool_and_what_is_needed_is_said(
    storage: Storage,
) -> None:
    limits = ServerLimits(0, "UTC", 3)
    await storage.jobs.insert(job(units=2, user_id=1), FREE, limits)

    with pytest.raises(UserError) as refusal:
        await storage.jobs.insert(job(units=2, user_id=2), FREE, limits)

    assert refusal.value.text == text(
        "refused.server_total", pool="NORMAL", limit=3, used=2, units=2, renews=DAY.end // 1_000
    )
    await storage.jobs.insert(job(units=1, user_id=2), FREE, limits)
    await storage.jobs.insert(job(units=3, user_id=2, pool=Pool.FAST), FREE, limits)
    await storage.jobs.insert(job(units=3, user_id=2, guild_id=5), FREE, limits)


async def test_two_processes_together_stay_within_the_servers_units(
    storage: Storage, another: Opener
) -> None:
    second = await another()
    limits = ServerLimits(0, "UTC", 4)

    outcomes = await asyncio.gather(
        *((storage, second)[n % 2].jobs.insert(job(user_id=100 + n), FREE, limits) for n in range(12)),
        return_exceptions=True,
    )

    assert sum(isinstance(outcome, UserError) for outcome in outcomes) == 8
    assert (await storage.guilds.books.totals(GUILD, DAY))[Pool.NORMAL] == PoolTotals(4, 0, 4)


async def test_two_processes_together_use_a_grant_once(storage: Storage, another: Opener) -> None:
    second = await another()
    await grant(storage, 3)

    outcomes = await asyncio.gather(
        *((storage, second)[n % 2].jobs.insert(job(), Allowance(1, None, None)) for n in range(10)),
        return_exceptions=True,
    )

    assert sum(isinstance(outcome, UserError) for outcome in outcomes) == 6
    assert await left(storage) == []


async def test_the_day_begins_at_the_servers_midnight(storage: Storage) -> None:
    one = Allowance(1, None, None)
    tokyo = ServerLimits(0, "Asia/Tokyo")  # nine hours ahead: midnight there is 15:00 UTC
    await storage.jobs.insert(job(created_at=NOON + 2 * HOUR), one, tokyo)

    assert await refused(storage, job(created_at=NOON + 3 * HOUR - 1), one, tokyo) == "refused.per_day"
    await storage.jobs.insert(job(created_at=NOON + 3 * HOUR), one, tokyo)


async def test_what_a_clock_wrote_that_stood_ahead_uses_up_nothing_of_the_days_before(
    storage: Storage,
) -> None:
    ahead, limits = NOON + 365 * DAYS, ServerLimits(0, "UTC", per_day=1)
    one = Allowance(1, None, None, per_month=1, cooldown=60)
    await grant(storage, 5)
    await storage.jobs.insert(job(created_at=ahead), one, limits)
    await storage.jobs.insert(job(created_at=ahead + HOUR, units=2), one)  # the grant pays

    for now in (NOON, NOON + 45 * DAYS):
        assert await standing(storage, now) == Standing(spent=0, granted=3, running=0, waiting=2)
    await storage.jobs.insert(job(created_at=NOON), one, limits)
    assert (await standing(storage)).spent == (await standing(storage)).server_spent == 1
    assert await refused(storage, job(created_at=NOON), one) == "refused.cooldown"


async def test_a_place_in_time_counts_that_another_process_wrote_whose_clock_is_a_little_ahead(
    storage: Storage,
) -> None:
    now_and_then = Allowance(None, None, None, cooldown=60)
    await storage.jobs.insert(job(created_at=NOON + CLOCKS_DIFFER_MS), now_and_then)

    assert await refused(storage, job(created_at=NOON), now_and_then) == "refused.cooldown"


async def test_the_rule_is_named_in_a_refusal(storage: Storage) -> None:
    with pytest.raises(UserError) as daily:
        await storage.jobs.insert(job(), Allowance(0, None, None, "77"))
    with pytest.raises(UserError) as at_once:
        await storage.jobs.insert(job(), Allowance(None, 0, 0, str(GUILD)))

    assert daily.value.text.args["rule"] == text("rule.role", role="77")
    assert at_once.value.text.args["rule"] == text("rule.everyone")


async def test_a_member_outside_servers_has_a_standing_too(storage: Storage) -> None:
    await storage.jobs.insert(job(guild_id=None, units=3), FREE)

    read = await storage.guilds.books.standing(None, USER, Pool.NORMAL, day=DAY, now=NOON)

    assert read == Standing(spent=3, waiting=1)


async def test_totals_count_what_runs_and_waits_in_each_pool(storage: Storage) -> None:
    for pool, units in ((Pool.FAST, 4), (Pool.NORMAL, 2), (Pool.NORMAL, 1)):
        await storage.jobs.insert(job(pool=pool, units=units, user_id=units), FREE)
    await storage.jobs.insert(job(guild_id=5), FREE)
    await claim_submissions(storage.jobs, "w", NOON + HOUR, lease_ms=LEASE, limit=2, max_running=1)

    totals = await storage.guilds.books.totals(GUILD, DAY)

    assert totals[Pool.FAST] == PoolTotals(4, 1, 0)
    assert (totals[Pool.NORMAL].spent, totals[Pool.NORMAL].running + totals[Pool.NORMAL].waiting) == (3, 2)


async def test_usage_is_by_the_servers_days_and_agrees_with_the_ledger(storage: Storage) -> None:
    midnight = NOON + 6 * HOUR + 15 * 60_000  # in Kathmandu, which is 5:45 ahead
    before = await storage.jobs.insert(job(created_at=midnight - 1, units=2), FREE)
    await storage.jobs.insert(job(created_at=midnight, units=3), FREE)
    await storage.jobs.insert(job(created_at=midnight + 1, units=4, user_id=9, pool=Pool.FAST), FREE)
    gone = await storage.jobs.insert(job(created_at=midnight + 2, units=5, user_id=8), FREE)
    await storage.jobs.save(gone.failed(Failure(FailureKind.UNKNOWN), midnight + 3))
    await storage.jobs.insert(job(created_at=midnight + 5 * HOUR, units=7), FREE)
    await storage.jobs.insert(job(created_at=midnight, guild_id=5), FREE)

    rows = await storage.guilds.books.usage(GUILD, NOON, midnight + 5 * HOUR, zone="Asia/Kathmandu")

    today, tomorrow = rows[0].day, rows[1].day
    assert (tomorrow - today).days == 1
    assert rows == [
        UsageRow(today, Pool.NORMAL, USER, 2, 1, Cost(jobs=1)),
        UsageRow(tomorrow, Pool.FAST, 9, 4, 1, Cost(jobs=1)),
        UsageRow(tomorrow, Pool.NORMAL, USER, 3, 1, Cost(jobs=1)),
    ]
    assert before.units == 2
