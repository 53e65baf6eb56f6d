"""What is left, granted and used: a member's quota, a server's pools, and usage that agrees with the ledger.
Never here: refusing (test_policy)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.domain.days import day_of
from bot.domain.pools import Allowance, Pool
from bot.domain.prices import Charge
from bot.domain.servers.guilds import PoolTotals
from bot.texts import text
from tests.services.harness import GUILD
from tests.services.server_harness import ADA, HOUR, refusal

if TYPE_CHECKING:
    from bot.services.admission.asker import Asker
    from bot.services.servers.quota import PoolOverview, PoolQuota
    from tests.services.server_harness import Server

ARTISTS = 501


async def quota(server: Server, pool: Pool, asker: Asker | None = None) -> PoolQuota:
    quotas = await server.allowances.quota_of(asker or server.asker())
    return next(q for q in quotas if q.pool is pool)


async def overview(server: Server, pool: Pool) -> PoolOverview:
    return next(o for o in await server.allowances.overview(GUILD) if o.pool is pool)


async def test_a_zone_that_another_machine_took_and_this_one_does_not_know_stops_no_picture_and_is_logged_once(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    await server.guilds.change(GUILD, ADA, lambda s: replace(s, zone="Mars/Olympus"))

    for _ in range(2):
        server.guilds.forget(GUILD)
        await server.imagine()

    assert (await quota(server, Pool.NORMAL)).renews_at == day_of(server.world.clock.now()).end
    warned = [record for record in caplog.records if record.getMessage() == "time_zone_unknown"]
    assert [(record.levelname, record.__dict__["zone"]) for record in warned] == [("WARNING", "Mars/Olympus")]


async def test_a_quota_says_what_is_left_when_it_renews_and_by_which_rule(server: Server) -> None:
    await server.guilds.set_zone(GUILD, ADA, "Asia/Kathmandu")
    await server.guilds.set_price(GUILD, ADA, Pool.FAST, Charge.IMAGINE, 3)
    await server.guilds.set_total(GUILD, ADA, Pool.FAST, 10)
    await server.rule(Pool.FAST, ARTISTS, 8, 2, 5)
    artist = server.asker(roles=(ARTISTS,))
    await server.imagine(asker=artist, pool=Pool.FAST)

    seen = await quota(server, Pool.FAST, artist)

    day = day_of(server.world.clock.now(), "Asia/Kathmandu")
    assert (seen.left, seen.of, seen.granted, seen.server_left) == (5, 8, 0, 7)
    assert (seen.renews_at, seen.running, seen.waiting) == (day.end, 0, 1)
    assert (seen.rule, seen.why) == (text("rule.role", role=str(ARTISTS)), None)
    assert seen.allowance == Allowance(8, 2, 5, str(ARTISTS))


async def test_a_quota_without_limits_and_without_rules(server: Server) -> None:
    seen = await quota(server, Pool.NORMAL)

    assert (seen.left, seen.of, seen.server_left, seen.rule) == (None, None, None, text("rule.default"))


async def test_a_closed_pool_says_why_in_a_quota(server: Server) -> None:
    await server.guilds.switch_pool(GUILD, ADA, Pool.FAST, on=False)

    seen = await quota(server, Pool.FAST)

    assert (seen.allowance, seen.rule, seen.left) == (None, None, None)
    assert seen.why is not None
    assert seen.why.id == "refused.pool_off"


async def test_there_is_a_quota_in_direct_messages_too(server: Server) -> None:
    server.world.rules[Pool.NORMAL] = Allowance(3, 1, 1)
    outside = server.elsewhere(server.asker(), guild_id=None)

    seen = await quota(server, Pool.NORMAL, outside)

    assert (seen.left, seen.server_left) == (3, None)
    assert seen.renews_at == day_of(server.world.clock.now()).end


async def test_a_grant_is_counted_on_top_told_and_audited(server: Server) -> None:
    server.world.rules[Pool.NORMAL] = Allowance(1, None, None)
    soon = server.world.clock.now() + HOUR

    given = await server.allowances.grant(
        GUILD, ADA, 1, Pool.NORMAL, units=2, reason="  a prize ", expires_at=soon
    )
    for _ in range(2):
        await server.imagine()

    seen = await quota(server, Pool.NORMAL)
    assert (seen.left, seen.granted, given.reason) == (0, 1, "a prize")
    assert [g.left for g in await server.allowances.grants(GUILD, 1)] == [1]
    assert await server.listen() == ["log.granted"]
    server.world.clock.move_to(soon)
    assert (await quota(server, Pool.NORMAL)).granted == 0
    assert (await refusal(server.imagine())).id == "refused.per_day"


@pytest.mark.parametrize(
    ("units", "ago", "said"),
    [(0, -1, "settings.number"), (10**9, -1, "settings.number"), (1, 0, "settings.past")],
)
async def test_a_grant_that_cannot_be_is_refused(server: Server, units: int, ago: int, said: str) -> None:
    expires_at = server.world.clock.now() - ago
    attempt = server.allowances.grant(GUILD, ADA, 1, Pool.FAST, units=units, reason="", expires_at=expires_at)

    assert (await refusal(attempt)).id == said


async def test_a_grant_is_taken_back_once_told_and_audited(server: Server) -> None:
    server.world.rules[Pool.NORMAL] = Allowance(1, None, None)
    here = (GUILD, ADA, 1, Pool.NORMAL)
    await server.allowances.grant(*here, units=3, reason="", expires_at=None)
    for _ in range(2):
        await server.imagine()
    asked = await server.allowances.grants_left(GUILD, 1, Pool.NORMAL)

    taken = [await server.allowances.take_back(*here, asked) for _ in range(2)]

    assert taken == [2, 0]
    assert (await quota(server, Pool.NORMAL)).granted == 0
    assert await server.listen() == ["log.granted", "log.taken_back"]
    (last, *_) = await server.guilds.audit(GUILD, before=None, limit=9)
    assert (last.action, last.subject, dict(last.after)) == ("take_back", 1, {"pool": "NORMAL", "units": 2})
    assert (await refusal(server.imagine())).id == "refused.per_day"


async def test_a_grant_that_nobody_was_asked_about_is_not_taken_back(server: Server) -> None:
    here = (GUILD, ADA, 1, Pool.NORMAL)
    await server.allowances.grant(*here, units=3, reason="", expires_at=None)
    asked = await server.allowances.grants_left(GUILD, 1, Pool.NORMAL)
    await server.allowances.grant(*here, units=1, reason="", expires_at=None)

    assert (await refusal(server.allowances.take_back(*here, asked))).id == "member.take_back_stale"

    assert (await quota(server, Pool.NORMAL)).granted == 4
    assert await server.listen() == ["log.granted", "log.granted"]


async def test_the_overview_shows_both_pools_as_they_are_now(server: Server) -> None:
    await server.rule(Pool.FAST, GUILD, 5)
    await server.guilds.set_total(GUILD, ADA, Pool.FAST, 50)
    await server.guilds.set_default_pool(GUILD, ADA, Pool.FAST)
    await server.imagine()
    await server.guilds.switch_pool(GUILD, ADA, Pool.NORMAL, on=False)

    fast, normal = await overview(server, Pool.FAST), await overview(server, Pool.NORMAL)

    assert (fast.on, fast.offered, fast.is_default, fast.total) == (True, True, True, 50)
    assert [rule.per_day for rule in fast.rules] == [5]
    assert fast.today == PoolTotals(1, 0, 1)
    assert (normal.on, normal.is_default, normal.rules, normal.total) == (False, False, (), None)
    assert normal.default == Allowance(None, None, None)
    assert fast.renews_at == day_of(server.world.clock.now()).end


async def test_the_overview_tells_what_the_deployment_has_off(server: Server) -> None:
    del server.world.rules[Pool.FAST]

    fast = await overview(server, Pool.FAST)

    assert (fast.on, fast.offered, fast.default, fast.is_default) == (True, False, None, False)


async def test_usage_is_what_the_ledger_says_by_the_servers_days(server: Server) -> None:
    await server.guilds.set_zone(GUILD, ADA, "Asia/Tokyo")
    await server.imagine()
    await server.imagine(asker=server.asker(2), pool=Pool.FAST)
    now = server.world.clock.now()

    rows = await server.allowances.usage(GUILD, now - HOUR, now + HOUR)

    assert [(r.pool, r.user_id, r.units, r.jobs) for r in rows] == [
        (Pool.FAST, 2, 1, 1),
        (Pool.NORMAL, 1, 1, 1),
    ]
