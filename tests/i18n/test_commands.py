"""Commands as Discord is told them: described in every language, named the same in all of them, within its limits.
Never here: what commands do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import discord
import pytest

from bot.client import DRAWING, EXTENSIONS, SHORTENING, SYNCED
from bot.i18n import Catalogues
from bot.ui.kit.command_texts import CatalogueTranslator
from bot.ui.pools.options import settled
from tests.fakes.discord_rules import Judge
from tests.fixtures.shared import Shared
from tests.i18n.catalogues import NAMES, path_of
from tests.ui.client_harness import CATALOGUES, ScriptedServices, an_easel
from tests.ui.wire_harness import line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.client import Easel

LANGUAGES: Final = sorted(name for name in NAMES if path_of(name).is_file())
AT_DISCORD: Final = {
    "de": ("de",),
    "es": ("es-ES", "es-419"),
    "fr": ("fr",),
    "ja": ("ja",),
    "ko": ("ko",),
    "zh_CN": ("zh-CN",),
}
"""Discord's names of a language; Spanish has two."""
NAME: Final = re.compile(r"[-_'\w]{1,32}")
LARGEST: Final = 8_000
"""Characters of a whole command, the longest language counting in each place (facts §3.3)."""


async def told(
    bot: Easel, catalogues: Catalogues = CATALOGUES, *, pools_differ: bool = False
) -> list[dict[str, Any]]:
    """What a sync would send."""
    translator = CatalogueTranslator(catalogues)
    await bot.setup_hook()
    commands = [await one.get_translated_payload(bot.tree, translator) for one in bot.tree.get_commands()]
    return [settled(command, pools_differ=pools_differ) for command in commands]


def an_unsynced_easel() -> Easel:
    extensions = (*EXTENSIONS, SHORTENING, DRAWING)
    return an_easel(ScriptedServices(), Shared(), sync_commands=False, extensions=extensions)


def parts(command: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """The command and all that is in it: groups, subcommands, options, choices."""
    here = f"{path} {command['name']}".strip()
    yield here, command
    for inner in (*command.get("options", ()), *command.get("choices", ())):
        yield from parts(inner, here)


def widest(part: dict[str, Any], key: str) -> int:
    return max(len(said) for said in (part.get(key, ""), *(part.get(f"{key}_localizations") or {}).values()))


@pytest.mark.parametrize("pools_differ", [False, True])
async def test_discord_takes_all_commands_in_all_languages(*, pools_differ: bool) -> None:
    async with an_unsynced_easel() as bot:
        commands = await told(bot, pools_differ=pools_differ)

    judge = Judge()
    if judge.skipped is not None:
        pytest.skip(judge.skipped)
    assert judge.request("PUT", "/applications/1/commands", {}, commands) == []


async def test_every_description_and_choice_is_said_in_every_language() -> None:
    wanted = {locale for language in LANGUAGES for locale in AT_DISCORD[language]}

    async with an_unsynced_easel() as bot:
        found = [part for command in await told(bot) for part in parts(command)]

    described = [(path, p) for path, p in found if p.get("description")]
    assert len(described) > 80
    assert [path for path, p in described if wanted - set(p.get("description_localizations") or {})] == []
    # A choice that reads the same everywhere (a pool, a model, a number) needs no other name.
    worded = [p for _, p in found if "value" in p and not re.search(r"^\d|^niji \d|^[A-Z]+$", p["name"])]
    assert [p["name"] for p in worded if wanted - set(p.get("name_localizations") or {})] == []
    assert {locale for _, p in found for locale in p.get("description_localizations") or {}} <= {
        locale.value for locale in discord.Locale
    }


async def test_names_keep_discords_rules_and_are_the_same_in_every_language() -> None:
    """Our sentences and Midjourney's own documents name commands and options in English; so do people who help."""
    async with an_unsynced_easel() as bot:
        found = [part for command in await told(bot) for part in parts(command)]

    typed = [(path, p) for path, p in found if p.get("description")]
    assert [
        path for path, p in typed if not NAME.fullmatch(p["name"]) or p["name"] != p["name"].lower()
    ] == []
    assert [path for path, p in typed if p.get("name_localizations")] == []


async def test_names_are_unlike_among_neighbours_in_every_language() -> None:
    async with an_unsynced_easel() as bot:
        commands = await told(bot)

    families = [
        commands,
        *(p.get(k, []) for c in commands for _, p in parts(c) for k in ("options", "choices")),
    ]
    for locale in discord.Locale:
        for family in families:
            names = [(p.get("type", 0) if family is commands else 0, _name(p, locale.value)) for p in family]
            assert len(set(names)) == len(names), (locale.value, names)


async def test_all_of_it_fits() -> None:
    async with an_unsynced_easel() as bot:
        commands = await told(bot)

    for command in commands:
        size = 0
        for path, part in parts(command):
            assert widest(part, "description") <= 100, path
            assert widest(part, "name") <= (100 if "value" in part else 32), path
            value = part.get("value", "")
            size += widest(part, "description") + widest(part, "name")
            size += len(value) if isinstance(value, str) else 0
        assert size <= LARGEST, command["name"]


async def test_commands_are_told_anew_when_a_translation_changed() -> None:
    changed = {
        "en": path_of("en").read_text("utf-8"),
        "pt_BR": 'msgid "command.quota"\nmsgstr "O que resta"',
    }

    async with line() as here:
        before = here.meta.words[SYNCED]
        here.bot.catalogues = Catalogues(changed)

        assert await here.bot.sync_if_changed() is True
        assert here.meta.words[SYNCED] != before


def _name(part: dict[str, Any], locale: str) -> str:
    return str((part.get("name_localizations") or {}).get(locale, part["name"]))
