"""What people and upstream write grows when it is made safe: whatever it is, every view of it fits into one message.
Never here: how it is made safe (tests/ui/kit/test_escape.py), and what else a view says."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import discord
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.archive import JobPage
from bot.domain.failures import Failure, FailureKind
from bot.domain.jobs import JobKind, JobState
from bot.domain.people import NAME_LIMIT, OPTIONS_LIMIT, SETS_LIMIT, OptionSet, Preferences
from bot.domain.pools import Pool
from bot.domain.ports import Showing
from bot.domain.prices import PICTURES
from bot.domain.servers.guild_ports import EventKind, ModEvent
from bot.domain.servers.guilds import Actor, AuditEntry, Block, MemberView, Strike
from bot.domain.servers.moderation import PATTERN_LIMIT, Found, Match, Verdict, WordAction, WordRule
from bot.domain.servers.prompt_rules import SUFFIX_LIMIT
from bot.services.accounts.upstream_keys import KeyListing, KeyView
from bot.services.admission.viewer import Viewer
from bot.services.history.jobs import History, Relatives
from bot.services.intake.batches import Offer
from bot.services.intake.improving import Improved
from bot.services.servers.moderation import SHOWN_JOBS, SHOWN_STRIKES
from bot.texts import listed, text
from bot.ui.accounts.upstream_keys import key_list
from bot.ui.card.cards import Cards
from bot.ui.imagine.batches import show_offer
from bot.ui.imagine.improve import show_improved
from bot.ui.imagine.prompt_field import prompt_field
from bot.ui.jobs.job_info import info_view
from bot.ui.jobs.lists import history_view
from bot.ui.kit.controls import form
from bot.ui.kit.escape import END_ISOLATE, ISOLATE, cut, escape, fenced, one_line, quoted, units
from bot.ui.kit.rejected_modals import LINE_ROOM, as_typed, reply_rejected
from bot.ui.moderation.audit import PAGE as AUDIT_PAGE
from bot.ui.moderation.audit import audit_view
from bot.ui.moderation.block_lists import PAGE as BLOCKS_PAGE
from bot.ui.moderation.block_lists import blocks_view
from bot.ui.moderation.jobs import job_view
from bot.ui.moderation.list_modals import LIMITS_LIMIT, PARAMETERS_LIMIT, words_modal
from bot.ui.moderation.members import member_view
from bot.ui.moderation.modlog import event_view
from bot.ui.moderation.setting_words import Localizer
from bot.ui.moderation.stale_modals import reply_stale
from bot.ui.moderation.word_lists import verdict_view, words_page
from bot.ui.preferences.card import preferences_view
from tests.ui.builders import KEY, NOW, PARENT, a_job, a_picture, a_press, walk, words
from tests.ui.client_harness import CATALOGUES

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from bot.domain.jobs import Job
    from bot.texts import Text

MOST = 4_000
"""Characters of all texts of a message, and of what stands in a window's field (facts §3.4)."""
CONTENT = 2_000
"""Characters of a message without components."""
BOSS = Actor(10**18, "boss")


def hostile(most: int) -> st.SearchStrategy[str]:
    """What grows most: a few signs again and again, up to the full length, or anything at all."""
    signs = st.text(alphabet="`*_~|<>[]()#@:\\-+1. \n🦊\u200d\u202e字é", min_size=1, max_size=6)
    repeated = st.tuples(signs, st.integers(most // 2, most)).map(lambda drawn: (drawn[0] * most)[: drawn[1]])
    return (
        repeated | st.sampled_from("`*\\|🦊").map(lambda sign: sign * most) | st.text(max_size=min(most, 200))
    )


languages = st.sampled_from(CATALOGUES.languages)
briefly = settings(deadline=None, max_examples=20)


def say_in(language: str) -> Callable[[Text], str]:
    return partial(CATALOGUES.render, locale=language)


def size_of(view: discord.ui.LayoutView) -> int:
    """All texts of a message, as the strictest reader counts them."""
    return units(words(view.to_components()).replace("\n", ""))  # type: ignore[no-untyped-call]  # discord.py leaves it bare


class Listening:
    """A context that keeps what is said."""

    def __init__(self, language: str, changes: list[AuditEntry] | None = None) -> None:
        self.said: list[discord.ui.LayoutView] = []
        self.localize = say_in(language)
        self.locale, self.guild_id = language, 1
        self.client = SimpleNamespace(catalogues=CATALOGUES)
        self.interaction = SimpleNamespace(guild=None)
        self.services = SimpleNamespace(guilds=self, housekeeping=SimpleNamespace(retention_days=None))
        self._changes = changes or []

    async def changes_of(self, *_: object) -> list[AuditEntry]:
        return self._changes

    async def show(self, view: discord.ui.LayoutView) -> None:
        self.said.append(view)

    async def send_ephemeral(self, *, view: discord.ui.LayoutView) -> None:
        self.said.append(view)

    async def reply(self, _why: Text, *, view: discord.ui.LayoutView) -> None:
        self.said.append(view)


def said_by(context: Listening, work: Coroutine[Any, Any, None]) -> discord.ui.LayoutView:
    """The one view that was shown; nothing in it waits."""
    with pytest.raises(StopIteration):
        work.send(None)
    (view,) = context.said
    return view


# -- the signs themselves ------------------------------------------------------------------------------------


@given(hostile(300) | st.text(alphabet="`", max_size=40))
def test_what_was_typed_cannot_end_the_block_it_stands_in(typed: str) -> None:
    for shown in (fenced(typed), as_typed(typed)):
        inner = shown.strip("\n").removeprefix("```\n").removesuffix("\n```")
        assert "```" not in inner
        assert inner.replace("\u200b", "") == typed.replace("\u200b", "") or not typed.strip()


@given(hostile(400), st.integers(4, 300))
def test_rendered_words_are_cut_with_an_ellipsis_and_never_within_an_escape(typed: str, limit: int) -> None:
    shown = f"Why: {escape(one_line(typed))} {quoted(typed, 200)} and more"

    short = cut(shown, limit)

    assert units(short) <= limit
    assert short.count(ISOLATE) == short.count(END_ISOLATE)
    if short != shown:
        kept = short.rstrip(END_ISOLATE).removesuffix("…")
        assert short != kept
        assert shown.startswith(kept)
        assert not (len(kept) - len(kept.rstrip("\\"))) % 2
    else:
        assert units(shown) <= limit


# -- cards ---------------------------------------------------------------------------------------------------


def a_hostile_job(typed: str, kind: JobKind, state: JobState, language: str, *, pressed: bool) -> Job:
    return a_job(
        state,
        kind=kind,
        prompt=typed,
        typed=typed if kind is JobKind.IMAGINE else None,
        subject=typed[:200],
        result_text="\n\n".join(f"{n}. {typed}" for n in range(1, 6)),
        failure=Failure(FailureKind.BANNED_PROMPT, typed) if state is JobState.FAILED else None,
        press=a_press(label=typed[:200]) if pressed else None,
        notes=("note.words_warned", "note.picture_too_large", "note.server_added"),
        locale=language,
    )


hostile_jobs = st.builds(
    a_hostile_job,
    hostile(MOST),
    st.sampled_from(JobKind),
    st.sampled_from(JobState),
    languages,
    pressed=st.booleans(),
)


@briefly
@given(hostile_jobs, st.integers(0, 4_000))
def test_no_words_and_no_address_make_a_card_too_long(job: Job, long: int) -> None:
    address = "https://pictures.example/" + "é" * long

    view = Cards(CATALOGUES).draw(
        Showing(job, NOW, None),
        media="attachment://easel.png",
        picture=a_picture(reduced=True, source=address),
        because=text("card.direct", channel="<#1234567890123456789>"),
    )

    assert size_of(cast("Any", view)) <= MOST


@briefly
@given(hostile_jobs)
def test_no_words_make_the_views_of_a_job_too_long(job: Job) -> None:
    localize = say_in(job.locale)
    child = replace(job, key=PARENT, press=a_press(label=job.prompt[:200]))

    info, _ = info_view(Relatives(job, child, [child] * 20), localize)
    page = History(JobPage([job] * 5, 50), 1, 10)

    assert size_of(info) <= MOST
    assert size_of(job_view(job, localize)) <= MOST
    assert size_of(history_view(page, Viewer(user_id=500, guild_id=100, manages=False), localize)) <= MOST


@briefly
@given(hostile(MOST), languages)
def test_no_prompt_makes_what_is_offered_for_it_too_long(typed: str, language: str) -> None:
    improving, offering = Listening(language), Listening(language)

    improved = said_by(
        improving,
        show_improved(cast("Any", improving), Improved(key=KEY, before=typed, prompt=typed), pictures=3),
    )
    offer = said_by(
        offering, show_offer(cast("Any", offering), Offer(KEY, [typed] * 40, Pool.NORMAL, 1_000_000))
    )

    assert size_of(improved) <= MOST
    assert size_of(offer) <= MOST


# -- windows -------------------------------------------------------------------------------------------------


@briefly
@given(hostile(MOST + 500), hostile(100), languages)
def test_windows_stay_within_discords_limits(typed: str, label: str, language: str) -> None:
    window = form(
        say_in(language),
        "easel:2:x",
        text("window.title", button=label),
        (text("remix.prompt"), prompt_field(typed), None),
    ).to_dict()

    (field,) = [part for part in walk(window["components"]) if part["type"] == 4] or [
        window["components"][0]["component"]
    ]
    assert 1 <= units(window["title"]) <= 45
    assert len(field.get("value", "")) <= field["max_length"] <= MOST


@briefly
@given(st.lists(hostile(PATTERN_LIMIT).filter(str.strip), max_size=30), languages)
def test_every_rule_that_may_go_has_a_name_in_its_window(patterns: list[str], language: str) -> None:
    rules = tuple(WordRule(Match.REGEX, pattern, WordAction.BLOCK) for pattern in dict.fromkeys(patterns))
    window = words_modal(say_in(language), cast("Any", SimpleNamespace(words=rules))).to_dict()

    for part in window["components"]:
        for option in part["component"].get("options", ()):
            assert 1 <= units(option["label"]) <= 100


def longest(sign: str, language: str) -> tuple[str, str, str, str, str]:
    return sign * LIMITS_LIMIT, sign * PARAMETERS_LIMIT, sign * SUFFIX_LIMIT, sign * 300, language


@pytest.mark.parametrize("language", CATALOGUES.languages)
@pytest.mark.parametrize("sign", ["`", "🦊", "x"])
def test_the_fullest_window_is_given_back_in_one_message(sign: str, language: str) -> None:
    check_given_back(*longest(sign, language))


@briefly
@given(
    hostile(LIMITS_LIMIT),
    hostile(PARAMETERS_LIMIT),
    hostile(SUFFIX_LIMIT),
    hostile(300),
    languages,
)
def test_a_window_that_is_given_back_fits_into_one_message(
    limits: str, defaults: str, suffix: str, other: str, language: str
) -> None:
    check_given_back(limits, defaults, suffix, other, language)


def check_given_back(limits: str, defaults: str, suffix: str, other: str, language: str) -> None:
    written: list[tuple[Text | str, Text | str | int]] = [
        (text("section.additions"), as_typed(defaults, room=LINE_ROOM)),
        (text("panel.suffix"), as_typed(suffix, room=LINE_ROOM)),
        (text("section.limits"), as_typed(limits)),
        (text("panel.kinds"), listed([text(f"pool.charge.{charge.value}") for charge in PICTURES])),
    ]
    again: discord.ui.Button[Any] = discord.ui.Button(label="x", custom_id="y")
    entry = AuditEntry(1, 1, NOW, Actor(2, "x"), "settings", None, {}, {"other": [other] * 9})
    stale, refused = Listening(language, [entry] * 9), Listening(language)

    late = said_by(stale, reply_stale(cast("Any", stale), ("other",), written, again))
    why = text("pool.no_number", typed=quoted(other, 100))
    slip = said_by(refused, reply_rejected(cast("Any", refused), why, written, again))

    assert size_of(late) <= MOST
    assert size_of(slip) <= MOST


# -- what moderators and members read ------------------------------------------------------------------------


@briefly
@given(st.sampled_from(EventKind), hostile(2_000), languages)
def test_no_words_make_a_line_of_the_log_too_long(kind: EventKind, typed: str, language: str) -> None:
    said = text("refused.words_strike", words=text("refused.words", words=typed), count=3, limit=typed)
    event = ModEvent(
        kind,
        "x",
        text("describe.lines", first=said, second=said),
        subject=10**18,
        by=BOSS,
        job=KEY,
        details={
            "before": {"other": [typed] * 9},
            "after": {"another": [typed] * 9},
            "rule": typed,
            "found": typed,
            "reason": typed,
        },
        held_back=1_000_000,
    )

    shown = words(event_view(event, Localizer(say_in(language), 1)).to_components())  # type: ignore[no-untyped-call]  # as above

    assert units(shown) <= MOST
    bare = re.sub(r"\\.", "", shown)
    assert not bare.endswith("\\")


@settings(briefly, max_examples=6)
@given(hostile(300), languages)
def test_no_words_make_a_moderators_list_too_long(typed: str, language: str) -> None:
    localize = say_in(language)
    pattern = typed[:PATTERN_LIMIT]
    rules = [WordRule(Match.PHRASE, pattern, WordAction.BLOCK)] * 60
    found = tuple(Found(rule, typed) for rule in rules)
    block_ = Block(10**18, NOW, typed, BOSS, NOW)
    seen = MemberView(
        user_id=10**18,
        block=block_,
        strikes=[Strike(10**18, NOW, pattern, spent=True)] * SHOWN_STRIKES,
        counting=1_000,
        grants=[],
        jobs=[a_job(JobState.SUCCEEDED, prompt=typed * 10)] * SHOWN_JOBS,
        spent_today={},
        made=1_000_000,
    )
    entry = AuditEntry(1, 1, NOW, BOSS, "settings", None, {"x": [typed] * 9}, {"other": [typed] * 9})
    here = cast("Any", SimpleNamespace(localize=localize))

    for view in (
        words_page(rules, 1, localize, rules),
        verdict_view(here, Verdict(found=found, allowed=found)),
        blocks_view([block_] * (BLOCKS_PAGE * 3), 1, localize),
        member_view(seen, localize),
        audit_view([entry] * AUDIT_PAGE, Localizer(localize, 1), more=True, first=False, undo=entry),
    ):
        assert size_of(view) <= MOST


@briefly
@given(hostile(OPTIONS_LIMIT), languages)
def test_no_option_sets_make_the_card_of_preferences_too_long(typed: str, language: str) -> None:
    name = (typed.strip() or "x")[: NAME_LIMIT - 2]
    sets = tuple(OptionSet(f"{n:02}{name}", typed) for n in range(SETS_LIMIT))

    view = preferences_view(
        Preferences(suffix=typed, sets=sets, copies_refused=True),
        CATALOGUES.languages,
        say_in(language),
        notice=text("prefer.set_kept"),
        remix=True,
        helps=True,
    )

    assert size_of(view) <= MOST


@briefly
@given(hostile(100), st.integers(1, 60), languages)
def test_no_names_make_the_owners_list_of_keys_too_long(name: str, n: int, language: str) -> None:
    keys = [
        KeyView(
            subject=str(10**18 + i),
            tag="abcdef",
            used=Decimal(10**9),
            cap=Decimal(10**9),
            percent=100,
            expires_at=NOW,
            used_at=NOW,
            disabled=False,
            in_use=True,
        )
        for i in range(n)
    ]
    names = {view.subject: name for view in keys}

    assert units(key_list(KeyListing(keys, 1_000_000), say_in(language), names)) <= CONTENT
