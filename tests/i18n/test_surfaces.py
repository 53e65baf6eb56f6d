"""Cards, windows and panels in every language, and in a made-up one that is far wordier than any: nothing outgrows Discord.
Never here: what they say."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import pytest
from typing_extensions import override

from bot.domain.failures import WORDS_LIMIT, Failure, FailureKind
from bot.domain.jobs import JobState
from bot.domain.people import NAME_LIMIT, OptionSet, Preferences
from bot.domain.pools import Pool
from bot.domain.ports import Showing
from bot.domain.servers.guilds import GuildSettings
from bot.domain.servers.moderation import Match, WordRule
from bot.domain.servers.server_settings import COMMANDS
from bot.i18n import Catalogues
from bot.texts import text
from bot.ui.card.cards import Cards
from bot.ui.moderation.list_modals import LIST_MODALS
from bot.ui.moderation.panel_buttons import change_settings
from bot.ui.moderation.setting_changes import ModalOrigin
from bot.ui.moderation.setting_modal import setting_modal
from bot.ui.moderation.welcome import setup_modal
from bot.ui.pools.modals import (
    cooldown_modal,
    grant_modal,
    key_modal,
    pause_modal,
    price_modal,
    rule_modal,
    total_modal,
    unrule_modal,
    zone_modal,
)
from bot.ui.preferences.components import set_modal, shape_modal
from tests.cogs.moderation_harness import moderated
from tests.fakes.discord_rules import form_problems, walk
from tests.i18n.catalogues import NAMES, SOURCE, path_of
from tests.i18n.places import limit_of
from tests.services.server_harness import set_rule
from tests.ui.builders import NOW, a_job, a_picture, a_press, grid_actions, single_actions
from tests.ui.client_harness import CATALOGUES

if TYPE_CHECKING:
    from pathlib import Path

    from bot.domain.jobs import Job
    from bot.texts import Text

SETTINGS: Final = GuildSettings(guild_id=1, words=(WordRule(Match.WORD, "gore" * 40),))
WORDY: Final = "wordy"
LONGER: Final = 1.5
WIDE: Final = str.maketrans("aeiouAEIOU", "åëïöüÅËÏÖÜ")
KEPT: Final = re.compile(r"<[^<>\s]+>|`[^`]*`|\]\([^)]*\)|\*\*|^(?:#+ |-# )", re.MULTILINE)
NOTES: Final = ("note.picture_too_large", "note.words_warned", "note.option_replaced", "note.words_moved")


AS_IT_IS: Final = Catalogues.render


class Wordy(Catalogues):
    """English with accents and half as long again, as far as a sentence's place has room."""

    @override
    def render(self, text: Text, locale: str) -> str:
        """Say it, whatever the language."""
        said = AS_IT_IS(self, text, SOURCE)
        plain = KEPT.sub("", said).translate(WIDE)
        longer = said.translate(WIDE) if not KEPT.search(said) else said
        longer += " " + plain[: int(len(plain) * (LONGER - 1))]
        return longer.strip() if len(longer) <= limit_of(text.id) else said


@cache
def spoken(language: str) -> Catalogues:
    if language != WORDY:
        return CATALOGUES
    return Wordy({SOURCE: path_of(SOURCE).read_text("utf-8")}, strict=True)


def all_jobs(locale: str) -> list[tuple[Job, int | None]]:
    """A job in every state, each with as much to say as it can have."""
    prompt = "*fox* " * 400
    found: list[tuple[Job, int | None]] = [
        (a_job(state, locale=locale, prompt=prompt, notes=NOTES, hold="hold.checking"), 1234)
        for state in JobState
    ]
    found += [
        (a_job(JobState.FAILED, locale=locale, prompt=prompt, failure=Failure(kind, "`x` " * 75)), None)
        for kind in FailureKind
    ]
    return [
        *found,
        (
            a_job(JobState.SUCCEEDED, locale=locale, actions=single_actions(), press=a_press(), notes=NOTES),
            None,
        ),
        (a_job(JobState.SUCCEEDED, locale=locale, actions=grid_actions() * 4, prompt=prompt), None),
    ]


@pytest.mark.parametrize("language", [SOURCE, *sorted(NAMES), WORDY])
def test_every_card_fits(language: str) -> None:
    cards = Cards(spoken(language))
    assert len("`x` " * 75) <= WORDS_LIMIT

    for job, ahead in all_jobs(language):
        done = job.state is JobState.SUCCEEDED
        view = cards.draw(
            Showing(job, NOW, ahead),
            media="attachment://easel.png" if done else None,
            picture=a_picture(reduced=True, source="https://pi.example/x.png") if done else None,
            because=text("card.direct", channel="<#1>"),
        )
        components: Any = view.to_components()

        assert form_problems({"components": components}, v2=True) == {}


@pytest.mark.parametrize("language", [SOURCE, *sorted(NAMES), WORDY])
async def test_every_window_fits(language: str) -> None:
    house = spoken(language)

    def say(words: Text) -> str:
        return house.render(words, language)

    one_of_a_pool = (rule_modal, cooldown_modal, unrule_modal, total_modal, price_modal, pause_modal)
    windows = [
        *(draw(say, pool) for draw in one_of_a_pool for pool in Pool),
        pause_modal(say, None),
        *(
            setting_modal(
                say, change_settings.id(name, ModalOrigin.PANEL), name, SETTINGS, languages=sorted(NAMES)
            )
            for name in COMMANDS
        ),
        *(draw(say, SETTINGS) for draw in LIST_MODALS.values()),
        setup_modal(say, SETTINGS, list(Pool)),
        grant_modal(say),
        zone_modal(say),
        key_modal(say),
        shape_modal(say, Preferences()),
        set_modal(say, None),
        set_modal(say, OptionSet("名" * NAME_LIMIT, "--chaos 3")),
    ]
    for window in windows:
        sent = window.to_dict()
        assert 1 <= len(sent["title"]) <= 45
        for _, part in walk(sent["components"]):
            assert len(part.get("label") or "") <= 45, part
            assert len(part.get("description") or "") <= 100, part
            assert len(part.get("placeholder") or "") <= 100, part
            for option in part.get("options") or ():
                assert len(option["label"]) <= 100, option


@pytest.mark.parametrize("language", ["de", "ja", WORDY])
async def test_what_moderators_and_members_open_fits(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = spoken(language).render

    def in_that_language(_: Catalogues, words: Text, locale: str) -> str:
        assert locale
        return said(words, language)

    monkeypatch.setattr(Catalogues, "render", in_that_language)
    async with moderated(tmp_path) as shop:
        for state in (JobState.SUCCEEDED, JobState.RUNNING, JobState.QUEUED):
            await shop.job(state)
        for pool in Pool:
            await set_rule(
                shop.services.guilds,
                shop.guild_id,
                shop.boss,
                pool,
                shop.role.id,
                per_day=20,
                running=2,
                waiting=None,
            )
        mo, ada, channel = shop.mo, shop.house.ada, shop.house.channel
        panel = await shop.panel()
        opened = [panel, await mo.slash(channel, "pool usage"), await ada.slash(channel, "quota")]
        opened += [await ada.slash(channel, f"jobs {name}") for name in ("list", "queue")]

        for shown in opened:
            assert shown.response is not None
            assert shown.response.components
            assert form_problems({"components": shown.response.components}, v2=True) == {}
