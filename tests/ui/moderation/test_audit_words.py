"""The history, an undo and the log channel name everything that can be set in words, in every language.
Never here: who may read them, and how long a page is."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pytest
from pydantic import TypeAdapter

from bot.domain.pools import Pool, PoolRule
from bot.domain.prices import Charge, Price
from bot.domain.servers.access import (
    ChannelPolicy,
    MediaRule,
    NewcomerGate,
    PressPermission,
    PressPolicy,
    Treatment,
)
from bot.domain.servers.guilds import SECTIONS, GuildSettings, Pause, Pools, ServerTotal
from bot.domain.servers.image_rules import ImageKind, ImagePolicy
from bot.domain.servers.moderation import Match, StrikePolicy, WordAction, WordRule
from bot.domain.servers.prompt_rules import KindRule, ParameterLimit, PromptAddition
from bot.ui.moderation.changes import changes
from bot.ui.moderation.setting_words import Localizer
from tests.domain.builders import filled
from tests.i18n.catalogues import NAMES, SOURCE
from tests.ui.client_harness import CATALOGUES

if TYPE_CHECKING:
    from collections.abc import Iterator

GUILD: Final = 5
BEFORE: Final = GuildSettings(guild_id=GUILD)
AFTER: Final = filled(
    GuildSettings(
        guild_id=GUILD,
        pools=Pools((Pool.FAST,), Pool.NORMAL),
        rules=(PoolRule(GUILD, Pool.FAST, 7, 50, None, 2, 100, 30),),
        totals=(ServerTotal(Pool.FAST, 100),),
        prices=(Price(Pool.FAST, Charge.ZOOM, 3), Price(Pool.NORMAL, Charge.VARY_REGION, 2)),
        zone="Europe/Berlin",
        locale="zh_CN",
        press=PressPolicy(PressPermission.ROLE, 7),
        channels=ChannelPolicy((8,), (9,)),
        gate=NewcomerGate(24, 48),
        media=(MediaRule(GUILD, Treatment.AGE_RESTRICTED), MediaRule(8, Treatment.SPOILER)),
        words=(WordRule(Match.REGEX, "gore+", WordAction.STRIKE),),
        strikes=StrikePolicy(2, 10, 5),
        log_channel=8,
        retention_days=30,
        pauses=(Pause(Pool.FAST, "back at noon"), Pause(None, "later")),
        images=ImagePolicy(
            on=False,
            most_mb=5,
            kinds=(ImageKind.PNG,),
            channels=(8,),
            age_restricted=True,
            links=False,
            hosts_allowed=("mj.run",),
            hosts_denied=("evil.org",),
        ),
        additions=(PromptAddition(GUILD, "--ar 3:2", "in ink"),),
        limits=(ParameterLimit(GUILD, "chaos", most=50.0), ParameterLimit(8, "tile", allowed=False)),
        kinds=(KindRule(8, Charge.UPSCALE_HD, allowed=False),),
        news_after=-1,
        previews=False,
        batch=8,
        translate=True,
    )
)
"""Every section differs from a new server's."""
DUMP: Final = TypeAdapter(GuildSettings)
QUOTED: Final = re.compile("\u2068[^\u2069]*\u2069|`[^`]*`")


def stored(settings: GuildSettings) -> dict[str, Any]:
    """The sections as the history has them."""
    whole = DUMP.dump_python(settings, mode="json")
    return {name: whole[name] for name in SECTIONS}


def _fields(value: object) -> Iterator[str]:
    """Names of fields at every depth."""
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _fields(inner)
    if isinstance(value, dict):
        yield from value


def told(before: GuildSettings, after: GuildSettings, language: str = SOURCE) -> list[str]:
    localize = partial(CATALOGUES.render, locale=language)
    return list(changes(stored(before), stored(after), Localizer(localize, GUILD)))


def test_this_changes_every_section() -> None:
    assert all(getattr(BEFORE, name) != getattr(AFTER, name) for name in SECTIONS)


@pytest.mark.parametrize("language", [SOURCE, *sorted(NAMES)])
@pytest.mark.parametrize(("before", "after"), [(BEFORE, AFTER), (AFTER, BEFORE)])
def test_no_stored_word_is_shown(language: str, before: GuildSettings, after: GuildSettings) -> None:
    known = {*SECTIONS, *_fields(stored(AFTER))}
    names = known if language != SOURCE else {name for name in known if "_" in name}
    values = {
        "regex",
        "upscale_hd",
        "vary_region",
        "age_restricted",
        "true",
        "false",
        "null",
        "None",
        "50.0",
        "image/png",
    }
    # Words that are the same in that language are no stored ones there.
    same = {
        "pools",
        "pool",
        "rules",
        "suffix",
        "links",
        "limit",
        "images",
        "action",
        "off",
        "on",
        "channels",
        "zone",
    }
    forbidden = re.compile(rf"\b(?:{'|'.join((names | values) - same)})\b")

    lines = told(before, after, language)

    assert len(lines) > len(SECTIONS)
    assert [line for line in lines if forbidden.search(QUOTED.sub("", line))] == []


def test_a_change_reads_as_the_commands_say_it() -> None:
    lines = told(
        BEFORE, replace(BEFORE, kinds=AFTER.kinds, limits=AFTER.limits, prices=AFTER.prices, batch=8)
    )

    assert "Prices `/pool price`: 🟢 Zoom costs 3 units in ⚡ FAST." in lines
    assert "Parameter rules `/mod prompts limit`: 🟢 Everywhere: `--chaos` can be 50 at most." in lines
    assert "Allowed actions `/mod prompts kind`: 🟢 <#8>: Upscale to more pixels is switched off." in lines
    assert "Most pictures from one prompt `/mod prompts batch`: 4 → 8" in lines


def test_a_change_reads_in_the_language_it_is_told_in() -> None:
    lines = told(BEFORE, replace(BEFORE, strikes=StrikePolicy(2, 30, 24), locale="zh_CN"), "de")

    assert lines == [
        "Sprache `/mod language`: automatisch → 简体中文",
        "Verwarnungen `/mod strikes` · Verwarnungen bis zur Sperre: 3 → 2",
    ]


@pytest.mark.parametrize(
    ("language", "line"),
    [("fr", "Prix `/pool price` : 🟢 Zoom"), ("zh_CN", "价格 `/pool price`\uff1a🟢 在 ⚡ FAST 中")],
)
def test_colons_are_those_of_the_language(language: str, line: str) -> None:
    said = told(BEFORE, replace(BEFORE, prices=AFTER.prices), language)

    assert said[0].replace("\u00a0", " ").startswith(line)


def test_file_types_are_named_as_people_know_them() -> None:
    lines = told(BEFORE, replace(BEFORE, images=ImagePolicy(kinds=(ImageKind.PNG,))))

    assert lines == ["Pictures in prompts `/mod images set` · File types: all → PNG"]


def test_a_word_that_nobody_named_is_shown_as_it_is_stored() -> None:
    localize = partial(CATALOGUES.render, locale="de")

    lines = list(changes({}, {"charge": "warp", "new_thing": 1}, Localizer(localize, GUILD)))

    assert lines == ["\u2068charge\u2069: — → \u2068warp\u2069", "\u2068new\\_thing\u2069: — → \u20681\u2069"]
