"""`/quota` and `/pool`: what moderators change holds at once and is said in a sentence; nobody else changes anything.
Never here: what rules mean for a job (tests of the services), and the panel's buttons (tests/ui/pools/test_panels.py)."""

from __future__ import annotations

import csv
import io
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from bot.domain.jobs import JobState
from bot.domain.pools import Pool, PoolRule
from bot.domain.prices import Charge, Price
from bot.domain.servers.guilds import ServerTotal
from bot.ui.kit.escape import quoted
from bot.ui.pools.usage import period
from cogs.pools import zones_like
from tests.cogs.moderation_harness import moderated, seen
from tests.ui.builders import walk

if TYPE_CHECKING:
    from pathlib import Path

    from simcord.actors import MemberActor

    from tests.cogs.moderation_harness import Moderated


async def say(shop: Moderated, command: str, **options: Any) -> str:
    return seen(await shop.mo.slash(shop.house.channel, f"pool {command}", **options))


async def quota(shop: Moderated) -> str:
    return seen(await shop.house.ada.slash(shop.house.channel, "quota"))


# -- who may ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("panel", {}),
        ("status", {}),
        ("usage", {}),
        ("enable", {"pool": "FAST"}),
        ("disable", {"pool": "FAST"}),
        ("default", {"pool": "FAST"}),
        ("total", {"pool": "FAST", "per_day": 1}),
        ("price", {"pool": "FAST", "kind": "pan", "units": 0}),
        ("zone", {"name": "Europe/Berlin"}),
        ("pause", {}),
        ("resume", {}),
    ],
)
async def test_a_member_whom_discord_lets_through_changes_nothing(
    tmp_path: Path, command: str, options: dict[str, Any]
) -> None:
    async with moderated(tmp_path) as shop:
        await shop.let_through("pool", shop.house.ada)

        result = await shop.house.ada.slash(shop.house.channel, f"pool {command}", **options)

        assert "not allowed" in seen(result)
        assert (await shop.settings()).revision == 0


# -- changing --------------------------------------------------------------------------------------------


async def test_a_rule_holds_at_once_and_takes_what_is_not_named_from_the_default(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        said = await say(shop, "rule", pool="FAST", role=shop.role, per_day=7)

        assert f"⚡ FAST now gives <@&{shop.role.id}>: 7 a day, 1 at once, 5 waiting." in said
        assert "first rule" in said
        assert (await shop.settings()).rules == (PoolRule(shop.guild_id, Pool.FAST, shop.role.id, 7, 1, 5),)
        assert "You have no access to the FAST pool" in await quota(shop)


async def test_a_rule_that_exists_keeps_what_is_not_named(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        await say(shop, "rule", pool="FAST", role=shop.role, per_day=7, running=2, waiting=3)

        said = await say(shop, "rule", pool="FAST", role=shop.role, running=4)

        assert "7 a day, 4 at once, 3 waiting" in said
        assert "first rule" not in said


async def test_unlimited_is_meant_for_the_numbers_that_are_not_named(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        some = await say(shop, "rule", pool="FAST", role=shop.role, running=2, unlimited=True)
        everything = await say(shop, "rule", pool="NORMAL", role=shop.role, unlimited=True)

        assert "unlimited a day, 2 at once, unlimited waiting" in some
        assert "no limits" in everything


async def test_a_rule_that_says_nothing_is_asked_what_it_means(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        said = await say(shop, "rule", pool="FAST", role=shop.role)

        assert "Say what the rule gives" in said
        assert (await shop.settings()).revision == 0


async def test_taking_the_last_rule_away_brings_the_default_back(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        await say(shop, "rule", pool="FAST", role=shop.role, per_day=7)

        said = await say(shop, "unrule", pool="FAST", role=shop.role)

        assert "default applies to everyone again (10 a day, 1 at once, 5 waiting)" in said
        assert "There is no rule for that role" in await say(shop, "unrule", pool="FAST", role=shop.role)


async def test_what_is_given_in_a_pool_that_the_owner_keeps_off_is_said_to_be_in_vain(tmp_path: Path) -> None:
    async with moderated(tmp_path, only=Pool.NORMAL) as shop:
        ada, in_vain = shop.house.ada, "But the bot's owner keeps ⚡ FAST off for every server"
        said = [
            await say(shop, "rule", pool="FAST", role=shop.role, per_day=7),
            await say(shop, "unrule", pool="FAST", role=shop.role),
            await say(shop, "enable", pool="FAST"),
            await say(shop, "grant", pool="FAST", member=ada, units=2, reason="a gift"),
        ]

        assert all(in_vain in one for one in said)
        assert "no limits" not in said[1]
        assert "off for every server" not in await say(shop, "rule", pool="NORMAL", role=shop.role, per_day=7)


async def test_a_rule_may_limit_the_month_and_ask_for_rest_and_quota_says_so(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        said = await say(shop, "rule", pool="NORMAL", role=shop.role, per_day=7, per_month=60, cooldown=30)
        kept = await say(shop, "rule", pool="NORMAL", role=shop.role, per_day=8)

        assert "7 a day, 3 at once, 10 waiting, 60 a month, 30 s between pictures" in said
        assert "8 a day, 3 at once, 10 waiting, 60 a month, 30 s between pictures" in kept
        left = seen(await shop.mo.slash(shop.house.channel, "quota"))
        assert "Units left this month: **60** of 60" in left
        assert "30 seconds between two pictures" in left


async def test_a_pause_is_said_to_moderators_and_members_and_ends(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        assert "FAST is paused" in await say(shop, "pause", pool="FAST", words="*back* at noon")
        assert "That was already so" in await say(shop, "pause", pool="FAST", words="*back* at noon")
        assert "paused\nMembers read: \u2068\\*back\\* at noon" in await say(shop, "status")
        assert "The moderators have paused the FAST pool here: \\*back\\* at noon" in await quota(shop)
        assert "Both pools are paused" in await say(shop, "pause")
        assert "please come back later" in await quota(shop)
        assert "Both pools are still paused" in await say(shop, "resume", pool="FAST")
        assert "Nothing is paused" in await say(shop, "resume")
        assert "paused" not in await quota(shop)
        await say(shop, "pause", pool="FAST", words="x")
        assert "FAST is not paused" in await say(shop, "resume", pool="FAST")


async def test_a_default_that_is_off_is_refused_and_one_that_is_on_is_kept(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        assert "Commands that name no pool use ⚡ FAST" in await say(shop, "default", pool="FAST")
        assert "That was already so" in await say(shop, "default", pool="FAST")
        assert "use this bot's default again: 🐢 NORMAL" in await say(shop, "default", pool="automatic")

        await shop.services.guilds.switch_pool(shop.guild_id, shop.boss, Pool.FAST, on=False)
        assert "Switch it on first" in await say(shop, "default", pool="FAST")

        assert "FAST is switched on" in await say(shop, "enable", pool="FAST")


async def test_totals_prices_and_the_zone_are_kept_and_said(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        assert "together can use 100 units a day" in await say(shop, "total", pool="FAST", per_day=100)
        assert "Pan is free" in await say(shop, "price", pool="FAST", kind="pan", units=0)
        assert "Upscale (U1 to U4) costs 3 units" in await say(
            shop, "price", pool="FAST", kind="upscale", units=3
        )
        assert "midnight (Europe/Berlin)" in await say(shop, "zone", name="Europe/Berlin")
        assert "I do not know that time zone" in await say(shop, "zone", name="Atlantis")

        settings = await shop.settings()
        assert settings.totals == (ServerTotal(Pool.FAST, 100),)
        assert settings.prices == (Price(Pool.FAST, Charge.PAN, 0), Price(Pool.FAST, Charge.UPSCALE, 3))
        assert settings.zone == "Europe/Berlin"
        assert "can use 100 units a day" in await say(shop, "total", pool="FAST")
        assert "either `per_day` or `off`" in await say(shop, "total", pool="FAST", per_day=1, off=True)
        assert "costs 3 units" in await say(shop, "price", pool="FAST", kind="upscale")
        assert (await shop.settings()).totals == (ServerTotal(Pool.FAST, 100),)
        assert "no limit for the whole server" in await say(shop, "total", pool="FAST", off=True)
        assert "is free" in await say(shop, "price", pool="FAST", kind="pan")
        assert "costs 1 unit in" in await say(shop, "price", pool="FAST", kind="pan", units=1)
        assert "costs 1 unit in" in await say(shop, "price", pool="FAST", kind="help", units=1)
        assert "costs 1 unit in" in await say(shop, "price", pool="FAST", kind="help")


async def test_every_change_is_in_the_audit_with_who_made_it(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        await say(shop, "total", pool="FAST", per_day=100)
        await say(shop, "total", pool="FAST", per_day=100)

        (entry,) = await shop.services.guilds.audit(shop.guild_id)
        assert (entry.actor.user_id, entry.actor.name) == (shop.mo.id, "mo")


def test_zones_are_suggested_by_place_before_anything_that_merely_holds_the_letters() -> None:
    assert zones_like("berl")[0] == "Europe/Berlin"
    assert zones_like("europe/lon") == ["Europe/London"]
    assert "America/New_York" in zones_like("new york")
    assert len(zones_like("")) == 25
    assert zones_like("atlantis") == []


# -- /quota ----------------------------------------------------------------------------------------------


async def test_quota_says_what_is_left_when_it_renews_and_by_which_rule(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        await say(shop, "rule", pool="NORMAL", role=shop.house.guild.default_role, per_day=20)
        await shop.job(JobState.RUNNING)
        await shop.job(JobState.QUEUED)
        await shop.job(JobState.SUCCEEDED, pool=Pool.FAST)
        await shop.job(JobState.FAILED, pool=Pool.FAST)

        said = await quota(shop)

        assert "Units left today: **18** of 20" in said
        assert "Running: 1 of 3 · Waiting: 1 of 10" in said
        assert "By the rule for everyone\n" in said
        assert "Units left today: **9** of 10" in said  # the failed one is given back
        assert "By the rule for everyone (this bot's default)" in said
        assert f"<t:{shop.midnight() // 1000}:R>" in said


async def test_a_grant_is_said_with_its_end_and_stands_in_the_members_quota(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        given = await say(
            shop, "grant", member=shop.house.ada, units=5, pool="FAST", reason="won *the* contest", hours=48
        )
        until = shop.house.clock.now() // 1000 + 48 * 3600

        said = await quota(shop)

        assert "has 5 extra units in ⚡ FAST until <t:" in given
        assert "won \\*the\\* contest" in given
        assert "Extra units: **5**" in said
        assert any(f"<t:{until + late}:f>" in said for late in range(-5, 6))


async def test_quota_warns_when_the_server_has_less_left_than_the_member(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        await say(shop, "total", pool="NORMAL", per_day=4)
        await shop.job(user_id=shop.house.bob.id)

        assert "Units left here today for the whole server: 3" in await quota(shop)


# -- /pool usage -----------------------------------------------------------------------------------------


async def test_the_chart_and_the_table_say_what_the_ledger_says(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        for _ in range(3):
            await shop.job(JobState.SUCCEEDED)
        await shop.job(JobState.SUCCEEDED, pool=Pool.FAST, units=4, user_id=shop.house.bob.id)
        await shop.job(JobState.FAILED, pool=Pool.FAST)

        result = await shop.mo.slash(shop.house.channel, "pool usage", days=7)

        assert "**7 units** for **4 pictures**" in seen(result)
        assert f"1. <@{shop.house.bob.id}>: **4 units** for 1 picture" in seen(result)
        chart, table = shop.files(result)
        with Image.open(io.BytesIO(chart)) as picture:
            assert picture.format == "PNG"
            assert picture.size == (1200, 800)
        rows = list(csv.DictReader(io.StringIO(table.decode())))
        today = shop.house.env.now().date().isoformat()
        assert [(r["day"], r["pool"], r["member_id"], r["units"], r["jobs"]) for r in rows] == [
            (today, "FAST", str(shop.house.bob.id), "4", "1"),
            (today, "NORMAL", str(shop.house.ada.id), "3", "3"),
        ]
        assert result.response is not None
        media = [
            item["media"]["url"]
            for c in walk(result.response.components)
            if c["type"] == 12
            for item in c["items"]
        ]
        assert len(media) == 1


async def test_a_server_that_used_nothing_is_told_so(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        assert "Nobody has used anything in the last 14 days" in await say(shop, "usage")


@pytest.mark.parametrize("now", [1_774_740_600_000, 1_792_974_600_000])
def test_a_period_has_every_day_once_though_clocks_change_in_it(now: int) -> None:
    """Half past midnight in Berlin, the day after its clocks changed in 2026 (in March and in October)."""
    dates, since, until = period(now, 3, "Europe/Berlin")

    assert len(set(dates)) == 3
    assert [b.toordinal() - a.toordinal() for a, b in pairwise(dates)] == [1, 1]
    assert since < now < until


async def test_discord_is_told_to_show_the_commands_to_moderators_only(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        told = {c.name: c for c in await shop.house.bot.tree.fetch_commands()}

        permissions = told["pool"].default_member_permissions
        assert permissions is not None
        assert permissions.manage_guild
        assert told["quota"].default_member_permissions is None
        assert {o.name for o in told["pool"].options} == {
            "panel", "status", "rule", "unrule", "enable", "disable", "default", "total", "price", "zone",
            "grant", "usage", "pause", "resume",
        }  # fmt: skip


async def test_a_grant_that_its_member_cannot_use_says_so(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        insiders = shop.house.guild.create_role("Insiders")
        inside = shop.house.guild.add_member(shop.house.env.create_user("inside"), roles=[insiders])

        async def give(member: MemberActor) -> str:
            return await say(shop, "grant", member=member, units=5, pool="FAST")

        assert "no access" not in await give(shop.house.ada)
        await say(shop, "rule", pool="FAST", role=insiders, per_day=3)
        assert "no access" not in await give(inside)
        assert f"But <@{shop.house.ada.id}> has no access to ⚡ FAST now" in await give(shop.house.ada)

        await shop.services.guilds.switch_pool(shop.guild_id, shop.boss, Pool.FAST, on=False)
        assert f"But <@{inside.id}> has no access to ⚡ FAST now" in await give(inside)
        await say(shop, "enable", pool="FAST")
        panel = (await shop.panel()).response
        assert panel is not None
        for member, is_told in ((inside, False), (shop.house.ada, True)):
            window = await shop.mo.click(panel, custom_id="easel:2:pool:grant:-")
            written = {"member": [member], "pool": ["FAST"], "units": "20"}
            assert ("no access" in seen(await shop.mo.submit_modal(window, written))) == is_told


async def test_a_grant_with_a_slip_is_given_back_and_granted_from_there(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        panel = (await shop.panel()).response
        assert panel is not None
        window = await shop.mo.click(panel, custom_id="easel:2:pool:grant:-")
        reason = "For the summer contest, as promised"
        written = {"member": [shop.house.ada], "pool": ["FAST"], "units": "20", "reason": reason}

        refused = await shop.mo.submit_modal(window, {**written, "hours": "two days"})
        assert "is not a whole number" in seen(refused)
        for kept in (f"<@{shop.house.ada.id}>", "FAST", quoted("20", 12), quoted("two days", 12), reason):
            assert kept in seen(refused).split("What you entered")[1]
        again = await shop.mo.click(refused.followups[-1], custom_id="easel:2:pool:grant:-")
        await shop.mo.submit_modal(again, {**written, "hours": "48"})

        assert "Extra units: **20**" in await quota(shop)


async def test_a_key_that_is_refused_is_shown_to_nobody(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        panel = (await shop.panel()).response
        assert panel is not None
        window = await shop.mo.click(panel, custom_id="easel:2:pool:key:-")

        refused = await shop.mo.submit_modal(window, {"key": "not a key at all"})

        assert "not a key at all" not in seen(refused)
