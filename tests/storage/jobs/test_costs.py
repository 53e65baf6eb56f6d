"""What the books say of credits agrees with the ledger after any history, and what nobody knows is never counted as nothing.
Never here: how it is worded (tests/ui/pools/test_costs.py)."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from bot.domain.costs import Cost
from bot.domain.days import day_of
from bot.domain.failures import Failure, FailureKind
from bot.domain.pools import Pool
from bot.storage.tables import ledger
from tests.storage.making import FREE, NOON, job

if TYPE_CHECKING:
    from bot.storage import Storage

HOUR = 3_600_000
DAY = day_of(NOON)
_guilds = itertools.count(2**61)


class Asked(NamedTuple):
    """One picture of a history."""

    pool: Pool
    user: int
    credits: int | None
    hour: int
    fails: bool


asked = st.builds(
    Asked,
    pool=st.sampled_from(list(Pool)),
    user=st.sampled_from([71, 72]),
    credits=st.none() | st.integers(0, 10**9),
    hour=st.integers(-30, 30),
    fails=st.booleans(),
)


@given(history=st.lists(asked, max_size=12))
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_every_sum_of_credits_agrees_with_the_ledger(storage: Storage, history: list[Asked]) -> None:
    guild, books = next(_guilds), storage.guilds.books
    expected: Counter[tuple[bool, Pool, int]] = Counter()
    known: Counter[tuple[bool, Pool, int]] = Counter()
    single = Cost()
    for one in history:
        at = NOON + one.hour * HOUR
        new = job(pool=one.pool, user_id=one.user, guild_id=guild, created_at=at)
        stored = await storage.jobs.insert(new, FREE, credits_=one.credits)
        if one.fails:
            await storage.jobs.save(stored.failed(Failure(FailureKind.UNKNOWN), at + 60 * HOUR))
        cost = await books.cost_of(stored.key)
        single += cost
        assert cost == (Cost() if one.fails else Cost(one.credits or 0, int(one.credits is not None), 1))
        if not one.fails:
            where = (DAY.start <= at < DAY.end, one.pool, one.user)
            expected[where] += one.credits or 0
            known[where] += one.credits is not None

    def total(user: int | None, pool: Pool) -> tuple[int, int]:
        places = [p for p in expected if p[0] and p[1] is pool and user in {None, p[2]}]
        return sum(expected[p] for p in places), sum(known[p] for p in places)

    for user in (None, 71, 72):
        costs = await books.costs(guild, DAY, user_id=user)
        assert {p: (c.credits, c.priced) for p, c in costs.items()} == {p: total(user, p) for p in Pool}
    rows = await books.usage(guild, NOON - 100 * HOUR, NOON + 100 * HOUR, zone="Asia/Kathmandu")
    whole = sum((row.cost for row in rows), Cost())
    booked = select(func.coalesce(func.sum(ledger.c.credits), 0)).where(ledger.c.guild_id == guild)
    ledgers = await storage.jobs._database.read(lambda cn: int(cn.execute(booked).scalar_one()))
    assert whole == single
    assert whole.credits == ledgers == sum(expected.values())
    assert whole.jobs == sum(row.jobs for row in rows) == sum(not one.fails for one in history)


async def test_what_began_before_prices_were_known_counts_among_the_unknown(storage: Storage) -> None:
    await storage.jobs.insert(job(), FREE)
    await storage.jobs.insert(job(), FREE, credits_=0)
    guild = job().home
    assert guild is not None

    assert (await storage.guilds.books.costs(guild, DAY))[Pool.NORMAL] == Cost(0, 1, 2)
