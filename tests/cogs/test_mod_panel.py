"""`/mod panel`, `/mod setup` and the menu of messages: everything that is set, in words, changed from where it is shown.
Never here: what a setting means for a job, and the pools' own panel (test_pools, tests/ui/pools/test_panels.py)."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import discord
import pytest
from sqlalchemy import delete

from bot.domain.jobs import JobState, Route
from bot.domain.pools import UNLIMITED, Allowance, Pool
from bot.domain.ports import Showing
from bot.domain.prices import PICTURES, Charge
from bot.domain.servers.access import MediaRule, PressPermission, Treatment
from bot.domain.servers.guilds import KEPT
from bot.domain.servers.moderation import Match, WordAction, WordRule
from bot.domain.servers.server_settings import COMMANDS, DECLARATIONS
from bot.errors import UserError
from bot.services.servers.policy import GuildPolicy
from bot.services.servers.settings import Guilds
from bot.storage import open_storage
from bot.storage.server_tables import audit
from bot.texts import text
from bot.ui.kit.escape import quoted
from bot.ui.moderation.list_modals import read_limits
from bot.ui.moderation.panel import panel_view
from bot.ui.moderation.prompt_lists import images_view
from bot.ui.moderation.setting_words import Localizer
from tests.cogs.modlog_harness import BOSS, buttons, room, seen
from tests.fixtures.sqlite import address
from tests.services.server_harness import set_rule
from tests.ui.builders import a_picture, walk, words
from tests.ui.client_harness import CATALOGUES

if TYPE_CHECKING:
    from pathlib import Path

    from simcord.results import InteractionResult

from tests.cogs.modlog_harness import Room


async def opened(here: Room, name: str = "panel") -> Any:
    shown = await here.mo.slash(here.house.channel, f"mod {name}")
    assert shown.response is not None
    return shown.response


def text_of(message: Any) -> str:
    return words(message.components)


def id_of(message: Any, label: str) -> str:
    (found,) = [p["custom_id"] for p in walk(message.components) if p.get("label") == label]
    return str(found)


async def window(here: Room, message: Any, label: str) -> InteractionResult:
    """Press a button that opens a window."""
    result = await here.mo.click(message, custom_id=id_of(message, label))
    assert result.modal is not None
    return result


def field(shown: InteractionResult, name: str) -> dict[str, Any]:
    assert shown.modal is not None
    (found,) = [p["component"] for p in shown.modal["components"] if p["component"]["custom_id"] == name]
    return dict(found)


async def everything_is_set(here: Room) -> None:
    guilds, prompts, server, channel = (
        here.services.guilds,
        here.services.prompt_settings,
        here.guild_id,
        here.log,
    )
    await guilds.set_values(server, BOSS, "gate", {"server_hours": 48, "account_hours": 168})
    await guilds.set_values(server, BOSS, "press", {"who": PressPermission.REQUESTER})
    await guilds.set_log_channel(server, BOSS, channel.id)
    await guilds.set_values(server, BOSS, "retention", {"days": 30})
    await guilds.set_channel(server, BOSS, here.house.channel.id, allowed=True)
    await guilds.set_media(server, BOSS, server, Treatment.SPOILER, on=True)
    await guilds.add_word(server, BOSS, WordRule(Match.WORD, "gore", WordAction.STRIKE))
    await set_rule(guilds, server, BOSS, Pool.NORMAL, server, per_day=20, running=2, waiting=5)
    await guilds.set_total(server, BOSS, Pool.NORMAL, 500)
    await guilds.set_price(server, BOSS, Pool.NORMAL, Charge.ZOOM, 3)
    await guilds.pause(server, BOSS, Pool.FAST, "a new key comes")
    await guilds.switch_pool(server, BOSS, Pool.FAST, on=False)
    await prompts.limit_parameter(server, BOSS, server, "chaos", most=50)
    await prompts.set_kind(server, BOSS, server, Charge.VIDEO, allowed=False)
    await prompts.set_suffix(server, BOSS, server, "in ink")
    await prompts.guilds.set_values(server, BOSS, "images", {"most_mb": 5})


# -- the panel ---------------------------------------------------------------------------------------------


async def test_a_server_that_decided_nothing_reads_what_holds(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        shown = text_of(await opened(here))

        assert "New members can make pictures at once" in shown
        assert "Nothing is reported in a log channel" in shown
        assert "wherever I may write" in shown
        assert "they follow this bot's default" in shown
        assert "exempt" not in shown


async def test_everything_that_is_set_is_said_in_words(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await everything_is_set(here)

        message = await opened(here)
        shown = text_of(message)

        for said in (
            "on this server for 48 hours",
            "Only whoever asked for a picture",
            "Moderators are exempt",
            f"reported in <#{here.log.id}>",
            "erased 30 days",
            f"✅ <#{here.house.channel.id}>",
            "everyone are hidden behind a spoiler",
            "gore",
            "everyone: 20 a day",
            "500 units a day",
            "Zoom costs 3 units",
            "FAST paused",
            "FAST is switched off",
            "`--chaos` can be 50 at most",
            "Video is switched off",
            "in ink",
            "at most 5 MB",
        ):
            assert said in shown, said
        assert len(shown) <= 4000
        assert len(list(walk(message.components))) <= 40


async def test_a_panel_with_long_lists_stays_within_discords_limits(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await everything_is_set(here)
        wide = [WordRule(Match.PHRASE, f"{n} " + "*_" * 90, WordAction.WARN) for n in range(60)]
        rule = (await here.settings()).rules[0]

        def change(settings: Any) -> Any:
            media = tuple(MediaRule(10**18 + n, Treatment.SPOILER) for n in range(100))
            rules = tuple(replace(rule, role_id=10**18 + n) for n in range(60))
            channels = replace(settings.channels, denied=tuple(10**18 + n for n in range(150)))
            hosts = tuple(f"{n}.{'pictures.' * 9}example" for n in range(25))
            many = tuple(10**18 + n for n in range(100))
            images = replace(settings.images, channels=many, hosts_allowed=hosts, hosts_denied=hosts)
            return replace(
                settings, words=tuple(wide), media=media, rules=rules, channels=channels, images=images
            )

        await here.services.guilds.change(here.guild_id, BOSS, change)

        assert len(text_of(await opened(here))) <= 4000
        now = await here.settings()
        for language in CATALOGUES.languages:
            localize = partial(CATALOGUES.render, locale=language)
            shown = panel_view(now, Localizer(localize, here.guild_id), notice=text("panel.changed"))
            assert shown.content_length() <= 4000, language
            assert images_view(now.images, localize).content_length() <= 4000, language
            assert shown.total_children_count <= 40


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "translate"])
async def test_every_declared_setting_has_a_window_with_a_field_for_each(
    tmp_path: Path, command: str
) -> None:
    async with room(tmp_path) as here:
        await everything_is_set(here)
        message = await opened(here)
        (button,) = [
            p for p in walk(message.components) if p.get("custom_id", "").endswith(f"set:{command}:panel")
        ]

        shown = await here.mo.click(message, custom_id=button["custom_id"])

        assert shown.modal is not None
        names = [part["component"]["custom_id"] for part in shown.modal["components"]]
        assert names == [one.about.option for one in COMMANDS[command]]


async def test_a_window_shows_what_is_set_and_changes_it_where_the_panel_stands(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await everything_is_set(here)
        message = await opened(here)

        shown = await window(here, message, "New members…")
        assert field(shown, "server_hours")["value"] == "48"
        assert "From 0 to 8,760" in json.dumps(shown.modal)
        await here.mo.submit_modal(shown, {"server_hours": "12", "account_hours": ""})

        assert (await here.settings()).gate.hours_on_server == 12
        assert (await here.settings()).gate.hours_of_account == 0
        assert "this server for 12 hours" in text_of(message)
        assert "✅ Changed" in text_of(message)


async def test_what_is_out_of_bounds_is_refused_and_nothing_is_changed(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        message = await opened(here)

        shown = await window(here, message, "Strikes…")
        said = await here.mo.submit_modal(shown, {"count": "0", "days": "3", "hours": "1"})

        assert "number from 1 to 100" in seen(said)
        assert (await here.settings()).strikes.days == 30


async def test_a_window_of_several_numbers_with_a_slip_is_given_back(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        shown = await window(here, await opened(here), "Strikes…")

        said = await here.mo.submit_modal(shown, {"count": "5 x", "days": "3", "hours": "17"})

        assert "is not a whole number" in seen(said)
        for label, kept in (("until a block", "5 x"), ("counts", "3"), ("of the block", "17")):
            assert f"{label}: {quoted(kept, 60)}" in seen(said)
        (again,) = [p["custom_id"] for p in walk(said.followups[0].components) if p.get("label") == "Change…"]
        anew = await here.mo.click(said.followups[0], custom_id=again)
        await here.mo.submit_modal(anew, {"count": "5", "days": "3", "hours": "17"})
        assert (await here.settings()).strikes.days == 3


async def test_a_word_rule_with_a_slip_is_given_back_with_all_that_was_chosen(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        shown = await window(here, await opened(here), "Word rules…")
        written = {"pattern": "(gore", "match": ["regex"], "action": ["strike"]}

        said = await here.mo.submit_modal(shown, written)

        given = seen(said).split("What you entered")[1]
        choices = [*field(shown, "match")["options"], *field(shown, "action")["options"]]
        drawn = {choice["value"]: choice["label"] for choice in choices}
        for kept in ("(gore", drawn["regex"], drawn["strike"]):
            assert kept in given
        assert "Change…" in [p.get("label") for p in walk(said.followups[0].components)]


async def test_a_channel_and_a_role_at_once_are_given_back(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        shown = await window(here, await opened(here), "Spoilers and age restriction…")
        role = here.house.guild.create_role("shown")
        written = {"treatment": ["spoiler"], "on": ["True"], "channel": [here.house.channel], "role": [role]}

        said = await here.mo.submit_modal(shown, written)

        for kept in (f"<#{here.house.channel.id}>", f"<@&{role.id}>"):
            assert kept in seen(said)
        assert "Change…" in [p.get("label") for p in walk(said.followups[0].components)]


@pytest.mark.parametrize(
    ("button", "field_name", "low", "high"),
    [
        ("New members…", "server_hours", "0", "8,760"),
        ("Strikes…", "count", "1", "100"),
        ("Most pictures from one prompt…", "most", "1", "40"),
        ("Pings…", "after", "-1", "86,400"),
    ],
)
@pytest.mark.parametrize("typed", ["unlimited", "-", "none", "many", "1.5"])
async def test_what_no_setting_of_that_kind_can_be_is_refused_with_its_bounds(
    tmp_path: Path, button: str, field_name: str, low: str, high: str, typed: str
) -> None:
    async with room(tmp_path) as here:
        await here.do("gate", server_hours=72)
        before = await here.settings()

        said = await here.mo.submit_modal(await window(here, await opened(here), button), {field_name: typed})

        refusal = (
            f"{quoted(typed, 60)} is not a whole number. Write one from {low} to {high}; nothing was changed."
        )
        assert refusal in seen(said)
        assert await here.settings() == before


@pytest.mark.parametrize("typed", ["unlimited", "-", "0", ""])
async def test_what_may_have_no_limit_loses_it_by_any_word_for_that(tmp_path: Path, typed: str) -> None:
    async with room(tmp_path) as here:
        await here.mo.submit_modal(
            await window(here, await opened(here), "Days that prompts are kept…"), {"days": "7"}
        )
        message = await opened(here)

        await here.mo.submit_modal(
            await window(here, message, "Days that prompts are kept…"), {"days": typed}
        )

        assert (await here.settings()).retention_days is None


async def test_prompts_are_kept_by_the_word_for_it_and_left_to_the_owner_again_by_none(
    tmp_path: Path,
) -> None:
    async with room(tmp_path) as here:
        here.services.housekeeping.retention_days = 7
        name = "Days that prompts are kept…"
        message = await opened(here)
        untouched = await window(here, message, name)
        await here.mo.submit_modal(untouched, {"days": field(untouched, "days").get("value", "")})
        assert (await here.settings()).revision == 0

        await here.mo.submit_modal(await window(here, message, name), {"days": "Never"})
        assert (await here.settings()).retention_days == KEPT
        kept = await window(here, message, name)
        await here.mo.submit_modal(kept, {"days": field(kept, "days")["value"]})
        assert (await here.settings()).revision == 1
        await here.mo.submit_modal(await window(here, message, name), {"days": ""})
        assert "Erase prompts 7 days" in text_of(message)
        await here.mo.click(message, label="Yes, delete them")

        assert (await here.settings()).retention_days is None
        assert "the bot's owner holds: prompts are erased 7 days" in text_of(message)


async def test_what_is_asked_first_is_asked_from_the_panel_too(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        message = await opened(here)

        await here.mo.submit_modal(await window(here, message, "Days that prompts are kept…"), {"days": "7"})
        asked = text_of(message)
        assert (await here.settings()).retention_days is None
        await here.mo.click(message, label="Yes, delete them")

        assert "Erase prompts 7 days" in asked
        assert (await here.settings()).retention_days == 7
        assert "are erased 7 days" in text_of(message)


async def test_a_role_that_may_press_and_a_log_channel_are_picked(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        artists = here.house.guild.create_role("artists")
        message = await opened(here)

        await here.mo.submit_modal(
            await window(here, message, "Use of buttons…"), {"who": ["role"], "role": [artists]}
        )
        await here.mo.submit_modal(await window(here, message, "Log channel…"), {"channel": [here.log]})

        now = await here.settings()
        assert (now.press.who, now.press.role_id, now.log_channel) == (
            PressPermission.ROLE,
            artists.id,
            here.log.id,
        )
        assert "Moderators are exempt" in text_of(message)


async def test_lists_are_changed_from_the_panel(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        channel = here.house.channel
        message = await opened(here)

        await here.mo.submit_modal(
            await window(here, message, "Channels…"), {"allowed": [channel], "denied": [here.log]}
        )
        await here.mo.submit_modal(
            await window(here, message, "Word rules…"),
            {"pattern": "gore", "match": ["word"], "action": ["strike"]},
        )
        await here.mo.submit_modal(
            await window(here, message, "Spoilers and age restriction…"),
            {"treatment": ["spoiler"], "on": ["True"], "channel": [channel]},
        )
        kinds = [charge.value for charge in PICTURES if charge is not Charge.VIDEO]
        await here.mo.submit_modal(
            await window(here, message, "Prompts…"), {"defaults": "--ar 3:2", "suffix": "", "kinds": kinds}
        )

        await here.mo.submit_modal(
            await window(here, message, "Prompts…"),
            {"defaults": "--ar 3:2", "suffix": "", "limits": "chaos 50\ntile\niw 0,5", "kinds": kinds},
        )
        slip = await here.mo.submit_modal(
            await window(here, message, "Prompts…"),
            {"defaults": "--ar 1:1", "suffix": "", "limits": "chaos many", "kinds": kinds},
        )

        now = await here.settings()
        assert "many" in seen(slip)
        for kept in ("```\n--ar 1:1\n```", "```\nchaos many\n```"):
            assert kept in seen(slip)
        assert {(r.key, r.allowed, r.most) for r in now.limits} == {
            ("chaos", True, 50),
            ("tile", False, None),
            ("iw", True, 0.5),
        }
        assert (now.channels.allowed, now.channels.denied) == ((channel.id,), (here.log.id,))
        assert now.words == (WordRule(Match.WORD, "gore", WordAction.STRIKE),)
        assert now.media == (MediaRule(channel.id, Treatment.SPOILER),)
        assert now.additions[0].defaults == "--ar 3:2"
        assert [(rule.charge, rule.allowed) for rule in now.kinds] == [(Charge.VIDEO, False)]


async def test_the_panel_says_how_a_word_rule_is_read_whose_signs_count_for_nothing(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        message = await opened(here)

        await here.mo.submit_modal(
            await window(here, message, "Word rules…"),
            {"pattern": "18+", "match": ["word"], "action": ["block"]},
        )

        assert f"Signs do not count in a word or phrase: the rule reads {quoted('18', 100)}." in text_of(
            message
        )


async def test_a_word_rule_with_a_slip_is_given_back_and_removes_nothing(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        rule = WordRule(Match.WORD, "gore", WordAction.STRIKE)
        await here.services.guilds.add_word(here.guild_id, BOSS, rule)
        shown = await window(here, await opened(here), "Word rules…")
        (gone,) = [option["value"] for option in field(shown, "gone")["options"]]

        said = await here.mo.submit_modal(
            shown, {"pattern": "blo(od", "match": ["regex"], "action": ["block"], "gone": [gone]}
        )

        assert "```\nblo(od\n```" in seen(said)
        assert "Change…" in [p.get("label") for p in walk(said.followups[0].components)]
        assert (await here.settings()).words == (rule,)


@pytest.mark.parametrize(
    ("typed", "most"),
    [
        *[("chaos 50", 50.0), ("iw 0,5", 0.5), ("chaos \uff15\uff10", 50.0), ("chaos", None)],
        *((f"stylize {number}", 1_000.0) for number in ("1,000", "1.000", "1 000", "1\u202f000", "1'000")),
        ("stylize\u30001000", 1_000.0),
    ],
)
def test_a_largest_value_is_read_as_people_type_it(typed: str, most: float | None) -> None:
    assert list(read_limits(typed).values()) == [most]


@pytest.mark.parametrize(
    "typed",
    ["1_0", "+5", "-5", "1e1", "nan", "inf", "0x1", "\u0665", "5 0", "9" * 400, "1,5", "unlimited", "101"],
)
def test_what_is_no_value_of_the_parameter_is_refused_with_its_own_sentence(typed: str) -> None:
    with pytest.raises(UserError) as refused:
        read_limits(f"chaos {typed}")

    assert "`--chaos` takes a whole number from 0 to 100, not" in CATALOGUES.render(refused.value.text, "en")


async def test_limits_and_words_are_taken_away_from_the_panel(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await everything_is_set(here)
        message = await opened(here)

        shown = await window(here, message, "Prompts…")
        assert field(shown, "limits")["value"] == "chaos 50"
        kinds = [charge.value for charge in PICTURES]
        await here.mo.submit_modal(shown, {"defaults": "", "suffix": "", "limits": "", "kinds": kinds})
        shown = await window(here, message, "Word rules…")
        (gone,) = [option["value"] for option in field(shown, "gone")["options"]]
        await here.mo.submit_modal(
            shown, {"pattern": "", "match": ["word"], "action": ["block"], "gone": [gone]}
        )

        now = await here.settings()
        assert (now.limits, now.words, now.additions, now.kinds) == ((), (), (), ())


async def test_the_history_opens_from_the_panel(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await everything_is_set(here)
        panel = await opened(here)

        shown = await here.mo.click(panel, custom_id=id_of(panel, "History"))

        assert shown.response is not None
        assert "What the moderators changed here" in text_of(shown.response)


async def test_a_member_who_presses_a_button_of_the_panel_is_refused(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.services.owner_policy.note(here.guild_id, name="x", owner_id=1, owners=frozenset())
        message = await opened(here)
        here.house.env.backend.get_member(here.guild_id, here.mo.id).role_ids.clear()

        refused = await here.mo.click(message, custom_id=id_of(message, "New members…"))

        assert refused.modal is None
        assert "not allowed" in seen(refused)


async def test_everything_that_is_set_is_exported(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await everything_is_set(here)
        message = await opened(here)

        handed = await here.mo.click(message, label="Export")

        (attached,) = handed.followups[0].attachments
        data = here.house.env.backend.cdn.get(attached.url)
        assert data is not None
        kept = json.loads(data)
        for declared in DECLARATIONS:
            assert declared.about.option in kept[f"/{declared.about.spelled}"]
        assert kept["/mod gate"] == {"server_hours": 48, "account_hours": 168}
        assert kept["words"][0]["pattern"] == "gore"


async def test_when_slow_pictures_ping_is_set_shown_and_taken_back_like_everything_else(
    tmp_path: Path,
) -> None:
    async with room(tmp_path) as here:
        assert "longer than 60 s" in await here.do("pings")
        assert "ping nobody" in await here.do("pings", after=-1)
        assert "Every picture comes as a new message" in await here.do("pings", after=0)
        message = await opened(here)
        assert "Every picture comes as a new message" in text_of(message)

        shown = await window(here, message, "Pings…")
        assert field(shown, "after")["value"] == "0"
        assert "-1: never" in json.dumps(shown.modal)
        await here.mo.submit_modal(shown, {"after": "-1"})

        assert (await here.settings()).news_after == -1
        assert "ping nobody" in text_of(message)
        history = text_of(await opened(here, "audit"))
        assert "Pings `/mod pings`: always → never" in history.replace(" · ", ": ").replace("::", ":"), (
            history
        )
        assert "longer than 60 s" in await here.do("pings", automatic=True)
        assert (await here.settings()).news_after is None


# -- commands without arguments ------------------------------------------------------------------------------


async def test_commands_without_options_show_and_change_nothing(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await everything_is_set(here)
        before = await here.settings()

        for command in ("press", "gate", "strikes", "log", "language", "retention", "images set"):
            assert await here.do(command), command

        assert await here.settings() == before


async def test_an_option_changes_itself_alone(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.do("gate", server_hours=48, account_hours=168)

        said = await here.do("gate", server_hours=1)

        gate = (await here.settings()).gate
        assert (gate.hours_on_server, gate.hours_of_account) == (1, 168)
        assert "Moderators are exempt" in said


# -- the first card ------------------------------------------------------------------------------------------


async def test_the_first_card_can_be_called_again_and_sets_up_a_server(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        channel = here.house.channel
        message = await opened(here, "setup")
        assert "`/imagine` makes a picture" in text_of(message)

        done = await here.mo.submit_modal(
            await window(here, message, "Set up…"),
            {
                "channels": [channel],
                "log": [here.log],
                "pools": ["NORMAL"],
                "per_day": "25",
                "press": ["requester"],
            },
        )

        now = await here.settings()
        assert now.channels.allowed == (channel.id,)
        assert now.log_channel == here.log.id
        assert now.press.who is PressPermission.REQUESTER
        assert [(rule.pool, rule.role_id, rule.per_day) for rule in now.rules] == [
            (Pool.NORMAL, here.guild_id, 25)
        ]
        assert "Set up." in seen(done)
        assert "everyone: 25 a day" in seen(done)


async def test_a_slip_in_the_first_window_leaves_nothing_half_done(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        message = await opened(here, "setup")
        before = await here.settings()

        said = await here.mo.submit_modal(
            await window(here, message, "Set up…"),
            {
                "channels": [here.house.channel],
                "log": [],
                "pools": ["NORMAL"],
                "per_day": "many",
                "press": ["anyone"],
            },
        )

        for kept in ("many", f"<#{here.house.channel.id}>", "NORMAL"):
            assert kept in seen(said)
        assert said.response is not None
        assert "Set up…" in [p.get("label") for p in walk(said.response.components)]
        assert await here.settings() == before


async def test_a_pool_that_the_first_window_could_not_show_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a server of the /mj family serves is known only once it was asked."""
    async with room(tmp_path) as here:
        shown = await window(here, await opened(here, "setup"), "Set up…")
        pools = [option["value"] for option in field(shown, "pools")["options"]]
        offered = GuildPolicy.offered

        async def more(policy: GuildPolicy, guild_id: int) -> dict[Pool, Allowance]:
            return {**await offered(policy, guild_id), Pool.TURBO: UNLIMITED}

        monkeypatch.setattr(GuildPolicy, "offered", more)

        await here.mo.submit_modal(
            shown,
            {"channels": [], "log": [here.log], "pools": pools, "per_day": "", "press": ["anyone"]},
        )

        settings = await here.settings()
        assert settings.log_channel == here.log.id
        assert settings.pools.off == ()


async def test_the_first_window_opens_where_no_pool_is_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: object) -> dict[Pool, Allowance]:
        return {}

    async with room(tmp_path) as here:
        monkeypatch.setattr(GuildPolicy, "offered", nothing)
        shown = await window(here, await opened(here, "setup"), "Set up…")

        await here.mo.submit_modal(
            shown, {"channels": [], "log": [here.log], "per_day": "", "press": ["anyone"]}
        )

        assert (await here.settings()).log_channel == here.log.id


# -- languages -----------------------------------------------------------------------------------------------


async def test_the_history_the_undo_and_the_log_speak_the_servers_language(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.do("language", language="de")
        await here.listen()
        await here.do("gate", server_hours=48)

        message = await opened(here, "audit")
        history = text_of(message)
        (undo,) = [p for p in walk(message.components) if ":mod-undo:" in p.get("custom_id", "")]
        await here.mo.click(message, custom_id=undo["custom_id"])
        told = "\n".join(await here.told())

        for shown in (history, text_of(message), told):
            assert "Neue Mitglieder `/mod gate` · Stunden auf diesem Server" in shown
        assert "Einstellungen" in told


async def test_no_word_of_the_database_stands_in_the_history(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.listen()
        await everything_is_set(here)
        await here.do("images host", host="cdn.discordapp.com", rule="allow")
        await here.services.guilds.set_default_pool(here.guild_id, BOSS, Pool.NORMAL)
        await here.do("block", member=here.house.ada, hours=3, reason="rude")
        message = await opened(here, "audit")
        shown = [text_of(message)]
        while any(p.get("label") == "Older" for p in walk(message.components)):
            await here.mo.click(message, label="Older")
            shown.append(text_of(message))

        everything = "\n".join(shown)
        assert "Pictures in prompts `/mod images host`: 🟢 🔗 Links in prompts: only to" in everything
        assert "Pools `/pool default` · Default pool: automatic → 🐢 NORMAL" in everything
        assert (
            "Parameter rules `/mod prompts limit`: 🟢 Everywhere: `--chaos` can be 50 at most" in everything
        )
        for said in (*shown, *await here.told()):
            for word in (
                "target_id",
                "role_id",
                "per_day",
                "charge",
                "hours_on_server",
                "log_channel",
                "most_mb",
                "50.0",
            ):
                assert word not in said, said


# -- the menu of messages ------------------------------------------------------------------------------------


async def test_a_picture_is_moderated_from_its_message(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        job = await here.job(JobState.SUCCEEDED)
        placed = await here.house.publisher.show(
            Showing(job, job.created_at), Route.POST, picture=a_picture()
        )
        await here.storage.jobs.move_card(job.key, replace(job.reply, message_id=placed.message_id))
        (card,) = [m for m in here.house.channel.history(viewer=here.mo) if m.id == placed.message_id]

        told = await here.mo.context_menu(here.house.channel, "Moderate…", card)

        assert job.key in seen(told)
        assert "Remove result…" in buttons(told)


async def test_the_menu_is_for_moderators_and_for_cards(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        theirs = await here.house.ada.send(here.house.channel, "hello")

        told = await here.mo.context_menu(here.house.channel, "Moderate…", theirs)

        assert "no picture of mine" in seen(told)
        menu = here.house.bot.tree.get_command("Moderate…", type=discord.AppCommandType.message)
        assert menu is not None
        assert menu.default_permissions == discord.Permissions(manage_guild=True)
        assert menu.guild_only


# -- two moderators ------------------------------------------------------------------------------------------


async def test_of_two_moderators_with_the_same_window_open_both_keep_what_they_changed(
    tmp_path: Path,
) -> None:
    async with room(tmp_path) as here:
        guilds, server = here.services.guilds, here.guild_id
        await guilds.set_values(server, BOSS, "gate", {"server_hours": 1, "account_hours": 2})
        message = await opened(here)
        first = await window(here, message, "New members…")
        second = await window(here, message, "New members…")

        await here.mo.submit_modal(first, {"server_hours": "24", "account_hours": "2"})
        await here.mo.submit_modal(second, {"server_hours": "1", "account_hours": "48"})

        gate = (await guilds.settings(server)).gate
        assert (gate.hours_on_server, gate.hours_of_account) == (24, 48)


async def test_a_window_that_was_not_touched_changes_nothing(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        guilds, server = here.services.guilds, here.guild_id
        message = await opened(here)
        shown = await window(here, message, "New members…")
        await guilds.set_values(server, BOSS, "gate", {"server_hours": 5, "account_hours": 6})

        await here.mo.submit_modal(shown, {"server_hours": "0", "account_hours": "0"})

        gate = (await guilds.settings(server)).gate
        assert (gate.hours_on_server, gate.hours_of_account) == (5, 6)


async def test_of_two_moderators_with_the_channels_open_both_keep_their_channels(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        guilds, server = here.services.guilds, here.guild_id
        await guilds.set_channel(server, BOSS, here.log.id, allowed=True)
        message = await opened(here)
        first, second = [await window(here, message, "Channels…") for _ in range(2)]

        await here.mo.submit_modal(first, {"allowed": [here.log, here.house.channel], "denied": []})
        await here.mo.submit_modal(second, {"allowed": [], "denied": []})

        assert (await guilds.settings(server)).channels.allowed == (here.house.channel.id,)


async def test_of_two_moderators_with_the_prompts_open_both_keep_their_lines(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        guilds, server = here.services.guilds, here.guild_id
        message = await opened(here)
        first, second = [await window(here, message, "Prompts…") for _ in range(2)]
        kinds = [charge.value for charge in PICTURES]

        await here.mo.submit_modal(
            first, {"defaults": "--ar 3:2", "suffix": "", "limits": "--chaos 50", "kinds": kinds}
        )
        await here.mo.submit_modal(
            second, {"defaults": "", "suffix": "in ink", "limits": "--tile", "kinds": kinds}
        )

        settings = await guilds.settings(server)
        (added,) = settings.additions
        assert (added.defaults, added.suffix) == ("--ar 3:2", "in ink")
        assert {limit.key for limit in settings.limits} == {"chaos", "tile"}


async def test_of_two_moderators_with_the_first_window_open_both_keep_their_decisions(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        guilds, server = here.services.guilds, here.guild_id
        message = await opened(here, "setup")
        first, second = [await window(here, message, "Set up…") for _ in range(2)]
        untouched = {"channels": [], "log": [], "pools": ["NORMAL"], "per_day": "", "press": ["anyone"]}

        await here.mo.submit_modal(first, {**untouched, "log": [here.log]})
        await here.mo.submit_modal(second, {**untouched, "press": ["requester"]})

        settings = await guilds.settings(server)
        assert settings.log_channel == here.log.id
        assert settings.press.who is PressPermission.REQUESTER


async def test_what_one_window_changes_is_one_change_and_taken_back_as_one(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        before = await here.settings()
        message = await opened(here)
        kinds = [charge.value for charge in PICTURES if charge is not Charge.VIDEO]
        prompts = {"defaults": "--ar 3:2", "suffix": "in ink", "limits": "chaos 50\ntile", "kinds": kinds}
        first = {"channels": [here.house.channel], "log": [], "pools": ["NORMAL"], "per_day": "25"}

        await here.mo.submit_modal(await window(here, message, "Prompts…"), prompts)
        card = await opened(here, "setup")
        await here.mo.submit_modal(await window(here, card, "Set up…"), {**first, "press": ["requester"]})

        assert len(await here.history()) == 2
        for _ in range(2):
            await here.services.guilds.undo_last(here.guild_id, BOSS)
        assert replace(await here.settings(), revision=0) == replace(before, revision=0)


async def test_of_two_who_remove_the_same_line_the_second_keeps_the_rest_of_her_window(
    tmp_path: Path,
) -> None:
    async with room(tmp_path) as here:
        await here.services.prompt_settings.limit_parameter(
            here.guild_id, BOSS, here.guild_id, "chaos", most=50
        )
        await here.services.guilds.add_word(
            here.guild_id, BOSS, WordRule(Match.WORD, "gore", WordAction.STRIKE)
        )
        message = await opened(here)
        first, second = [await window(here, message, "Prompts…") for _ in range(2)]
        words_first, words_second = [await window(here, message, "Word rules…") for _ in range(2)]
        (gone,) = [option["value"] for option in field(words_first, "gone")["options"]]
        untouched = {"defaults": "", "suffix": "", "limits": "", "kinds": [c.value for c in PICTURES]}
        rule = {"match": ["word"], "action": ["block"], "gone": [gone]}

        await here.mo.submit_modal(first, untouched)
        await here.mo.submit_modal(second, {**untouched, "suffix": "in ink"})
        await here.mo.submit_modal(words_first, {"pattern": "", **rule})
        await here.mo.submit_modal(words_second, {"pattern": "blood", **rule})

        now = await here.settings()
        assert [(a.suffix, a.defaults) for a in now.additions] == [("in ink", "")]
        assert now.limits == ()
        assert [word.pattern for word in now.words] == ["blood"]


async def test_a_window_and_a_change_in_another_process_at_the_same_moment_both_hold(tmp_path: Path) -> None:
    async with room(tmp_path) as here, open_storage(address(tmp_path / "easel.db"), migrate=False) as second:
        there = Guilds(
            store=second.guilds.settings, clock=here.house.clock, dispatcher=here.services.dispatcher
        )
        server = here.guild_id
        message = await opened(here)
        for n in range(1, 5):
            shown = await window(here, message, "New members…")
            # What it showed may be some seconds old; whoever sends it as it was has changed nothing there.
            untouched = {"account_hours": field(shown, "account_hours").get("value", "")}

            await asyncio.gather(
                here.mo.submit_modal(shown, {"server_hours": str(n), **untouched}),
                there.set_values(server, BOSS, "gate", {"account_hours": 10 * n}),
                there.set_channel(server, BOSS, n, allowed=False),
            )

            now = await here.settings()
            assert (now.gate.hours_on_server, now.gate.hours_of_account) == (n, 10 * n)
            assert now.channels.denied == tuple(range(1, n + 1))
        assert (await here.settings()).revision == 12


# -- windows of which nobody knows any more what they showed -----------------------------------------------------


async def forgotten(here: Room) -> None:
    """Lose the history, as housekeeping does after its time."""
    await here.storage.database.write(lambda cn: cn.execute(delete(audit)))


OLD: dict[str, tuple[str, dict[str, Any], str]] = {
    "New members…": (
        "mod-set:gate:panel",
        {"server_hours": "9", "account_hours": "2"},
        f"on this server: {quoted('9', 60)}",
    ),
    "Channels…": ("mod-channels", {"allowed": [], "denied": []}, "Open for pictures: —"),
    "Prompts…": (
        "mod-prompts",
        {"defaults": "--ar 3:2", "suffix": "", "limits": "", "kinds": [c.value for c in PICTURES]},
        "```\n--ar 3:2\n```",
    ),
}


def renamed(shown: InteractionResult, custom_id: str) -> InteractionResult:
    """The window as an earlier version drew it: without what it showed."""
    drawn = shown._interaction.modal
    assert drawn is not None
    drawn["custom_id"] = f"easel:2:{custom_id}"
    return shown


async def set_lately(here: Room) -> None:
    guilds, server = here.services.guilds, here.guild_id
    await guilds.set_values(server, BOSS, "gate", {"server_hours": 1, "account_hours": 2})
    await guilds.set_channel(server, BOSS, here.log.id, allowed=True)
    await here.services.prompt_settings.set_suffix(server, BOSS, server, "in ink")


@pytest.mark.parametrize("label", OLD)
async def test_an_old_window_overwrites_nothing_that_somebody_changed_lately(
    tmp_path: Path, label: str
) -> None:
    async with room(tmp_path) as here:
        custom_id, written, kept = OLD[label]
        message = await opened(here)
        shown = renamed(await window(here, message, label), custom_id)
        await set_lately(here)
        before = await here.settings()

        told = await here.mo.submit_modal(shown, written)
        said = seen(told)

        assert await here.settings() == before
        assert "I changed nothing" in said
        assert f"<@{BOSS.user_id}>" in said
        assert kept in said
        assert "Change…" in [p.get("label") for p in walk(told.followups[0].components)]


@pytest.mark.parametrize("label", OLD)
async def test_an_old_window_about_what_nobody_changed_for_a_day_works(tmp_path: Path, label: str) -> None:
    async with room(tmp_path) as here:
        custom_id, written, _ = OLD[label]
        await set_lately(here)
        await here.house.env.advance_time(25 * 3_600)
        before = await here.settings()
        message = await opened(here)

        await here.mo.submit_modal(renamed(await window(here, message, label), custom_id), written)

        assert await here.settings() != before
        assert "✅ Changed" in text_of(message)


async def test_a_window_whose_history_is_gone_overwrites_nothing(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        guilds, server = here.services.guilds, here.guild_id
        message = await opened(here)
        shown, other = [await window(here, message, "New members…") for _ in range(2)]
        await guilds.set_values(server, BOSS, "gate", {"server_hours": 5, "account_hours": 6})
        await forgotten(here)

        said = seen(await here.mo.submit_modal(shown, {"server_hours": "9", "account_hours": "0"}))
        same = await here.mo.submit_modal(other, {"server_hours": "5", "account_hours": "6"})

        gate = (await guilds.settings(server)).gate
        assert (gate.hours_on_server, gate.hours_of_account) == (5, 6)
        assert "I changed nothing" in said
        assert "9" in said
        assert not same.followups


async def test_the_first_window_whose_history_is_gone_overwrites_nothing_and_shows_what_was_entered(
    tmp_path: Path,
) -> None:
    async with room(tmp_path) as here:
        card = await opened(here, "setup")
        shown = await window(here, card, "Set up…")
        await here.services.guilds.set_values(
            here.guild_id, BOSS, "press", {"who": PressPermission.REQUESTER}
        )
        await forgotten(here)
        before = await here.settings()
        written = {"channels": [here.house.channel], "log": [here.log], "pools": ["NORMAL"], "per_day": "25"}

        said = seen(await here.mo.submit_modal(shown, {**written, "press": ["anyone"]}))

        assert await here.settings() == before
        for kept in (f"<#{here.house.channel.id}>", f"<#{here.log.id}>", "NORMAL", "25", "I changed nothing"):
            assert kept in said
