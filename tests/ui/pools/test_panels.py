"""The panel: each press asks who presses, changes what it says, and shows what is now true.
Never here: the commands beside it (tests/cogs/test_pools.py)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from bot.domain.pools import Pool, PoolRule
from bot.domain.prices import Charge, Price
from bot.domain.servers.guilds import Actor, Pause, ServerTotal
from bot.errors import RemoteError, RemoteFault, UserError
from bot.ui.kit.custom_ids import read_fields
from bot.ui.pools.panel import Verb, draw_button
from bot.ui.pools.panel_buttons import press as pressed
from bot.ui.pools.wording import bar, read_number
from tests.cogs.moderation_harness import moderated, seen
from tests.services.server_harness import set_rule
from tests.ui.builders import walk
from tests.ui.client_harness import an_easel

if TYPE_CHECKING:
    from pathlib import Path

    from simcord.results import InteractionResult

    from tests.cogs.moderation_harness import Moderated


SELECTS = {"role", "member", "pool", "kind", "gone"}
"""Fields of windows in which something is chosen."""


def id_of(verb: str, pool: str = "FAST") -> str:
    return f"easel:2:pool:{verb}:{pool}"


async def press(shop: Moderated, verb: str, pool: str = "FAST") -> InteractionResult:
    """Open the panel and press one of its buttons."""
    panel = (await shop.panel()).response
    assert panel is not None
    return await shop.mo.click(panel, custom_id=id_of(verb, pool))


async def fill(shop: Moderated, verb: str, on: str = "FAST", **written: Any) -> str:
    """Open a window from the panel and send it."""
    values = {name: [value] if name in SELECTS else value for name, value in written.items()}
    shown = await press(shop, verb, on)
    assert shown.modal is not None
    return seen(await shop.mo.submit_modal(shown, values))


def buttons(result: InteractionResult) -> dict[str, dict[str, Any]]:
    """The panel's buttons by their custom_id."""
    assert result.response is not None
    return {c["custom_id"]: c for c in walk(result.response.components) if c["type"] == 2}


# -- the buttons' names ----------------------------------------------------------------------------------


def test_every_button_of_the_panel_is_read_back() -> None:
    for verb in Verb:
        for pool in (*Pool, None):
            drawn = draw_button(verb, pool, "x").custom_id
            assert drawn == pressed.id(verb, pool)
            assert read_fields(drawn, pressed.fields) == (verb, pool)


# -- who may ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["ask_off", "off", "default", "rule", "total", "price", "cooldown", "pause"])
async def test_whoever_lost_the_role_since_the_panel_was_opened_is_refused(tmp_path: Path, verb: str) -> None:
    async with moderated(tmp_path) as shop:
        panel = (await press(shop, "ask_off") if verb == "off" else await shop.panel()).response
        assert panel is not None
        shop.demote()

        result = await shop.mo.click(panel, custom_id=id_of(verb))

        assert result.modal is None
        assert "not allowed" in seen(result)
        assert (await shop.settings()).revision == 0


async def test_whoever_lost_the_role_while_a_window_was_open_is_refused(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        shown = await press(shop, "total")
        shop.demote()

        result = await shop.mo.submit_modal(shown, {"units": "5"})

        assert "not allowed" in seen(result)
        assert (await shop.settings()).revision == 0


async def test_a_window_that_was_open_during_a_restart_still_works(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        shown = await press(shop, "total")
        reborn = an_easel(cast("Any", shop.services), shop.house.meta, extensions=())
        await shop.house.env.restart_bot(reborn)

        said = seen(await shop.mo.submit_modal(shown, {"units": "5"}))
        await reborn.close()

        assert "5" in said
        assert (await shop.settings()).totals == (ServerTotal(Pool.FAST, 5),)


async def test_panels_and_windows_keep_nothing_in_memory(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        await press(shop, "total")
        await press(shop, "refresh", "-")

        store: Any = shop.house.bot._connection._view_store
        assert store._modals == {}
        assert store._views == {}
        assert store._synced_message_views == {}


# -- what it shows ---------------------------------------------------------------------------------------


async def test_it_shows_both_pools_what_runs_and_how_upstream_does(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        await shop.job()
        await shop.services.guilds.set_total(shop.guild_id, shop.boss, Pool.NORMAL, 40)

        assert "credits left" not in seen(await shop.panel())
        shop.own_application(shop.mo)
        said = seen(await shop.panel())

        assert "🟢 The image service answers in" in said
        assert "1,234,567 credits left" in said
        assert "NORMAL · on, and the default" in said
        assert "Units today: **1** of 40 for the whole server\nRunning: 0 · Waiting: 1" in said
        assert "everyone (this bot's default): 10 a day, 1 at once, 5 waiting" in said


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (RemoteFault.KEY, "does not accept this bot's key"),
        (RemoteFault.BALANCE, "no credit left"),
        (RemoteFault.THROTTLED, "is busy"),
        (RemoteFault.UNREACHED, "cannot be reached"),
        (RemoteFault.UNCLEAR, "gives strange answers"),
        (RemoteFault.REFUSED, "refuses to answer"),
    ],
)
async def test_it_says_what_is_wrong_upstream(tmp_path: Path, fault: RemoteFault, said: str) -> None:
    async with moderated(tmp_path) as shop:
        shop.api.trouble = RemoteError(fault, "upstream's own words")

        shown = seen(await shop.panel())

        assert said in shown
        assert "own words" not in shown


async def test_pressing_quickly_does_not_ask_upstream_each_time(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        for _ in range(3):
            await press(shop, "refresh", "-")

        assert shop.api.asked == 1


async def test_a_pool_that_the_deployment_keeps_off_cannot_be_switched_on(tmp_path: Path) -> None:
    async with moderated(tmp_path, only=Pool.NORMAL) as shop:
        opened = await shop.panel()

        assert "off for every server, by the bot's owner" in seen(opened)
        assert buttons(opened)[id_of("default")]["disabled"]


async def test_it_fits_discords_limits_with_every_rule_and_price_there_could_be(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        for n in range(30):
            for pool in Pool:
                await set_rule(
                    shop.services.guilds,
                    shop.guild_id,
                    shop.boss,
                    pool,
                    10**18 + n,
                    per_day=10**6,
                    running=10**6,
                    waiting=10**6,
                )
        for charge in Charge:
            for pool in Pool:
                await shop.services.guilds.set_price(shop.guild_id, shop.boss, pool, charge, 10**6)

        opened = await shop.panel()

        said = seen(opened)
        assert opened.response is not None
        assert "and 22 more rules" in said
        assert len(said) <= 4000
        assert len(list(walk(opened.response.components))) <= 40


# -- what it changes -------------------------------------------------------------------------------------


async def test_switching_a_pool_off_takes_a_second_press_and_the_panel_shows_it(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        asked = await press(shop, "ask_off")
        assert "Switch ⚡ FAST off?" in seen(asked)
        assert (await shop.settings()).pools.off == ()
        assert asked.response is not None

        done = await shop.mo.click(asked.response, custom_id=id_of("off"))

        assert "✅ ⚡ FAST is switched off" in seen(done)
        assert "FAST · 🚫 off" in seen(done)
        assert (await shop.settings()).pools.off == (Pool.FAST,)
        assert done.response is not None
        again = await shop.mo.click(done.response, custom_id=id_of("on"))
        assert "✅ ⚡ FAST is switched on" in seen(again)


async def test_a_pool_can_be_kept_on_after_all(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        asked = await press(shop, "ask_off")
        assert asked.response is not None

        kept = await shop.mo.click(asked.response, label="Keep it on")

        assert "Switch ⚡ FAST off?" not in seen(kept)
        assert (await shop.settings()).revision == 0


async def test_switching_the_last_pool_off_says_that_it_is_the_last(tmp_path: Path) -> None:
    async with moderated(tmp_path, only=Pool.FAST) as shop:
        assert "the last pool that is on" in seen(await press(shop, "ask_off"))


async def test_the_command_disable_asks_with_the_same_buttons(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        asked = await shop.mo.slash(shop.house.channel, "pool disable", pool="FAST")

        assert "Switch ⚡ FAST off?" in seen(asked)
        assert {id_of("off"), id_of("refresh")} <= set(buttons(asked))


async def test_a_rule_is_set_and_removed_through_windows(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        said = await fill(shop, "rule", role=shop.role, per_day="1,500", running="unlimited")

        assert "⚡ FAST now gives" in said
        assert "1,500 a day, unlimited at once, 5 waiting" in said
        rule = PoolRule(shop.guild_id, Pool.FAST, shop.role.id, 1500, None, 5)
        assert (await shop.settings()).rules == (rule,)

        assert "default applies to everyone again" in await fill(shop, "unrule", role=shop.role)
        assert (await shop.settings()).rules == ()


async def test_the_rule_of_a_role_that_was_deleted_can_be_taken_away(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        patrons = shop.house.guild.create_role("Patrons")
        await fill(shop, "rule", role=patrons, per_day="7")
        living = await press(shop, "unrule", "FAST")
        guild = shop.house.bot.get_guild(shop.guild_id)
        assert guild is not None
        role = guild.get_role(patrons.id)
        assert role is not None
        await role.delete()

        said = await fill(shop, "unrule", gone=str(patrons.id))

        assert living.modal is not None
        assert [part["component"]["custom_id"] for part in living.modal["components"]] == ["role"]
        assert "default applies to everyone again" in said
        assert (await shop.settings()).rules == ()


async def test_a_pool_is_paused_with_a_word_and_resumed_from_the_panel(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        assert "FAST is paused" in await fill(shop, "pause", words="a new key comes")
        assert (await shop.settings()).pauses == (Pause(Pool.FAST, "a new key comes"),)

        await press(shop, "resume")
        assert (await shop.settings()).pauses == ()

        assert "Both pools are paused" in await fill(shop, "pause", "-", words="")
        assert "Nothing is paused" in seen(await press(shop, "resume", "-"))
        assert (await shop.settings()).pauses == ()


async def test_seconds_of_rest_are_set_from_the_panel_and_the_rest_of_the_rule_stays(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        await fill(shop, "rule", per_day="20")

        await fill(shop, "cooldown", seconds="30")

        (rule,) = (await shop.settings()).rules
        assert (rule.role_id, rule.per_day, rule.cooldown) == (shop.guild_id, 20, 30)


async def test_no_role_chosen_is_everyone(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        await fill(shop, "rule", per_day="3")

        assert (await shop.settings()).rules == (PoolRule(shop.guild_id, Pool.FAST, shop.guild_id, 3, 1, 5),)


async def test_the_panel_says_that_the_zone_of_another_machine_is_not_known_here(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        mo = Actor(shop.mo.user.id, "mo")
        await shop.services.guilds.change(shop.guild_id, mo, lambda s: replace(s, zone="Mars/Olympus"))

        shown = seen(await shop.panel())
        assert "do not know this server's time zone, Mars/Olympus: its days begin by UTC" in shown
        assert "midnight (UTC)" in shown

        assert "midnight (Europe/Berlin)" in await fill(shop, "zone", "-", zone="Europe/Berlin")
        assert "Mars/Olympus" not in seen(await shop.panel())


async def test_total_price_default_grant_and_zone_are_changed_by_pressing(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        assert "can use 80 units a day" in await fill(shop, "total", units="80")
        assert "Reroll costs 2 units" in await fill(shop, "price", kind="reroll", units="2")
        assert "extra units in ⚡ FAST until" in await fill(
            shop, "grant", "-", member=shop.house.ada, pool="FAST", units="5", hours="24", reason="thanks"
        )
        assert "midnight (Asia/Tokyo)" in await fill(shop, "zone", "-", zone="Asia/Tokyo")
        assert "Commands that name no pool use ⚡ FAST" in seen(await press(shop, "default"))

        settings = await shop.settings()
        assert settings.totals == (ServerTotal(Pool.FAST, 80),)
        assert settings.prices == (Price(Pool.FAST, Charge.REROLL, 2),)
        assert settings.zone == "Asia/Tokyo"
        assert settings.pools.default is Pool.FAST
        assert [g.units for g in await shop.services.allowances.grants(shop.guild_id, shop.house.ada.id)] == [
            5
        ]
        assert "no limit for the whole server" in await fill(shop, "total")


@pytest.mark.parametrize(
    ("verb", "pool", "values", "said"),
    [
        ("rule", "FAST", {"per_day": "many"}, "is not a whole number"),
        ("rule", "FAST", {"per_day": "1.5"}, "is not a whole number"),
        ("rule", "FAST", {"per_day": "-3"}, "is not a whole number"),
        ("cooldown", "FAST", {"seconds": "many"}, "is not a whole number. Write one such as 50; nothing was"),
        ("cooldown", "FAST", {"seconds": "unlimited"}, "That needs a number here, not “unlimited”."),
        ("rule", "FAST", {}, "Say what the rule gives"),
        ("rule", "FAST", {"per_day": "99999999"}, "a number from 0 to 1,000,000"),
        ("price", "FAST", {"kind": "pan", "units": "unlimited"}, "needs a number"),
        ("zone", "-", {"zone": "Atlantis"}, "do not know that time zone"),
    ],
)
async def test_a_bad_input_is_one_sentence_and_changes_nothing(
    tmp_path: Path, verb: str, pool: str, values: dict[str, str], said: str
) -> None:
    async with moderated(tmp_path) as shop:
        assert said in await fill(shop, verb, pool, **values)
        assert (await shop.settings()).revision == 0


async def test_the_usage_button_answers_with_a_message_of_its_own(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        assert "Nobody has used anything" in seen(await press(shop, "usage", "-"))


# -- words -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("0", 0),
        (" 50 ", 50),
        ("1,500", 1500),
        ("1.500.000", 1_500_000),
        ("Unlimited", None),
        ("∞", None),
        ("\uff15\uff10", 50),
        ("Unbegrenzt", None),
    ],
)
def test_numbers_are_read_as_people_type_them(typed: str, number: int | None) -> None:
    assert read_number(typed, unlimited="unbegrenzt") == number


@pytest.mark.parametrize("typed", ["", "x", "1.5", "15,00", "-1", "٣", "1" * 10])
def test_what_is_no_whole_number_is_refused(typed: str) -> None:
    with pytest.raises(UserError):
        read_number(typed)


@pytest.mark.parametrize(("part", "filled"), [(0, 0), (1, 1), (999, 13), (1000, 14), (2000, 14)])
def test_a_bar_is_full_only_at_the_end_and_never_empty_after_the_start(part: int, filled: int) -> None:
    assert bar(part, 1000).count("▰") == filled
