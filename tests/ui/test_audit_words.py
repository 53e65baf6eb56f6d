"""The history, an undo and the log channel name everything that can be set in words, in every language.
Never here: who may read them, and how long a page is."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import Any, Final

import pytest
from pydantic import TypeAdapter

from bot.domain.access import ChannelPolicy, MediaRule, NewcomerGate, Pressers, PressPolicy, Treatment
from bot.domain.guilds import SECTIONS, GuildSettings, Pause, Pools, Total
from bot.domain.image_rules import ImageKind, ImagePolicy
from bot.domain.moderation import Match, StrikePolicy, WordAction, WordRule
from bot.domain.pools import Pool, PoolRule
from bot.domain.prices import Charge, Price
from bot.domain.prompt_rules import KindRule, ParameterLimit, PromptAddition
from bot.ui.moderation.audit import changes
from bot.ui.moderation.audit_words import FIELDS
from tests.i18n.catalogues import NAMES, SOURCE
from tests.ui.client_harness import CATALOGUES

GUILD: Final = 5
BEFORE: Final = GuildSettings(guild_id=GUILD)
AFTER: Final = GuildSettings(
    guild_id=GUILD,
    pools=Pools((Pool.FAST,), Pool.NORMAL),
    rules=(PoolRule(GUILD, Pool.FAST, 7, 50, None, 2, 100, 30),),
    totals=(Total(Pool.FAST, 100),),
    prices=(Price(Pool.FAST, Charge.ZOOM, 3), Price(Pool.NORMAL, Charge.VARY_REGION, 2)),
    zone="Europe/Berlin",
    locale="zh_CN",
    press=PressPolicy(Pressers.ROLE, 7),
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
    batch=8,
)
"""Every section differs from a new server's."""
DUMP: Final = TypeAdapter(GuildSettings)
QUOTED: Final = re.compile("\u2068[^\u2069]*\u2069")


def stored(settings: GuildSettings) -> dict[str, Any]:
    """The sections as the history has them."""
    whole = DUMP.dump_python(settings, mode="json")
    return {name: whole[name] for name in SECTIONS}


def told(before: GuildSettings, after: GuildSettings, language: str = SOURCE) -> list[str]:
    say = partial(CATALOGUES.render, locale=language)
    return list(changes(stored(before), stored(after), say, guild_id=GUILD))


def test_this_changes_every_section() -> None:
    assert all(getattr(BEFORE, name) != getattr(AFTER, name) for name in SECTIONS)


@pytest.mark.parametrize("language", [SOURCE, *sorted(NAMES)])
@pytest.mark.parametrize(("before", "after"), [(BEFORE, AFTER), (AFTER, BEFORE)])
def test_no_stored_word_is_shown(language: str, before: GuildSettings, after: GuildSettings) -> None:
    names = {*FIELDS, *SECTIONS} if language != SOURCE else {n for n in {*FIELDS, *SECTIONS} if "_" in n}
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
    lines = told(BEFORE, replace(BEFORE, kinds=AFTER.kinds, limits=AFTER.limits, prices=AFTER.prices))

    assert "Prices: 🟢 Pool: ⚡ FAST, Action: Zoom, Units: 3" in lines
    assert (
        "Parameter rules: 🟢 Where: Everywhere, Parameter: `--chaos`, Allowed: yes, Highest value: 50"
        in lines
    )
    assert "Allowed actions: 🟢 Where: <#8>, Action: Upscale to more pixels, Allowed: no" in lines


def test_a_change_reads_in_the_language_it_is_told_in() -> None:
    lines = told(BEFORE, replace(BEFORE, strikes=StrikePolicy(2, 30, 24), locale="zh_CN"), "de")

    assert lines == ["Sprache: — → 简体中文", "Verwarnungen · Anzahl der Verwarnungen: 3 → 2"]


@pytest.mark.parametrize(
    ("language", "line"),
    [("fr", "Prix : 🟢 Pool : ⚡ FAST, "), ("zh_CN", "价格\uff1a🟢 池\uff1a⚡ FAST\u3001")],
)
def test_colons_and_commas_are_those_of_the_language(language: str, line: str) -> None:
    said = told(BEFORE, replace(BEFORE, prices=AFTER.prices), language)

    assert said[0].replace("\u00a0", " ").startswith(line)


def test_file_types_are_named_as_people_know_them() -> None:
    lines = told(BEFORE, replace(BEFORE, images=ImagePolicy(kinds=(ImageKind.PNG,))))

    assert lines == ["Pictures in prompts · File types: 🟢 \u2068PNG\u2069"]


def test_a_word_that_nobody_named_is_shown_as_it_is_stored() -> None:
    say = partial(CATALOGUES.render, locale="de")

    lines = list(changes({}, {"charge": "warp", "new_thing": 1}, say, guild_id=GUILD))

    assert lines == ["Aktion: — → \u2068warp\u2069", "\u2068new\\_thing\u2069: — → 1"]
