"""Moderators' views of one job and of what may be put in, in states that are rare.
Never here: what their buttons do (tests/cogs/test_moderation_jobs.py)."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import discord
import pytest

from bot.domain.jobs import JobState, Route
from bot.domain.pools import Pool
from bot.domain.prices import PICTURES
from bot.domain.servers.guilds import Actor, AuditEntry, Block, Grant, MemberView, Strike
from bot.domain.servers.image_rules import ImagePolicy
from bot.domain.servers.prompt_rules import SUFFIX_LIMIT, PromptAddition
from bot.services.servers.moderation import SHOWN_JOBS, SHOWN_STRIKES
from bot.texts import listed, text
from bot.ui.jobs.lists import state_of
from bot.ui.kit.rejected_modals import LINE_ROOM, as_typed
from bot.ui.moderation.jobs import job_view
from bot.ui.moderation.list_modals import LIMITS_LIMIT, PARAMETERS_LIMIT
from bot.ui.moderation.members import member_view
from bot.ui.moderation.pages import page_of
from bot.ui.moderation.prompt_lists import addition_words, images_view
from bot.ui.moderation.setting_words import Localizer, item_words
from bot.ui.moderation.stale_modals import reply_stale
from tests.ui.builders import NOW, a_job, a_press, a_reply, walk, words
from tests.ui.client_harness import CATALOGUES

if TYPE_CHECKING:
    from bot.texts import Text


def localize(sentence: object) -> str:
    return CATALOGUES.render(sentence, "en")  # type: ignore[arg-type]  # views only say texts


def parts_of(view: discord.ui.LayoutView) -> list[dict[str, Any]]:
    """What Discord is sent."""
    return view.to_components()  # type: ignore[no-untyped-call,no-any-return]  # discord.py leaves it bare


def test_a_child_names_its_button_and_a_forgotten_prompt_is_said() -> None:
    job = replace(a_job(JobState.SUCCEEDED), press=a_press(), prompt="")

    shown = words(parts_of(job_view(job, localize)))

    assert "Made with" in shown
    assert f"`{a_press().parent}`" in shown
    assert "Its prompt was erased" in shown


@pytest.mark.parametrize("state", list(JobState))
def test_what_can_be_done_depends_on_how_far_it_is(state: JobState) -> None:
    parts = list(walk(parts_of(job_view(a_job(state), localize))))
    labels = [part["label"] for part in parts if part["type"] == 2]

    assert ("Remove result…" in labels) is (state is JobState.SUCCEEDED)
    assert ("Cancel" in labels) is not a_job(state).is_terminal
    assert "Member" in labels


def test_only_what_holds_is_said_of_pictures() -> None:
    assert "Not allowed: prompts are words only" in words(
        parts_of(images_view(ImagePolicy(on=False), localize))
    )
    plain = words(parts_of(images_view(ImagePolicy(), localize)))
    assert "to any host" in plain
    assert "age-restricted" not in plain


def test_an_addition_cannot_end_its_own_code() -> None:
    (said,) = addition_words(PromptAddition(1, suffix="a `b` c"), 1)

    assert localize(said).count("`") == 2


@pytest.mark.parametrize(
    ("stored", "listed_", "history"),
    [
        (
            "https://a.example/1.png x in oil",
            ["`in oil` is added to every prompt."],
            "`in oil` is added to every",
        ),
        ("https://a.example/1.png", [], "no words are added to prompts."),
    ],
)
def test_of_a_suffix_with_a_link_is_told_what_is_added(stored: str, listed_: list[str], history: str) -> None:
    addition = PromptAddition(22, suffix=stored)

    assert [localize(said) for said in addition_words(addition, 1)] == [f"<#22>: {one}" for one in listed_]
    assert f"<#22>: {history}" in item_words("additions", asdict(addition), Localizer(localize, 1))


@pytest.mark.parametrize(("asked", "page"), [(-1, 0), (0, 0), (1, 1), (9, 1)])
def test_a_page_that_is_no_more_is_the_last(asked: int, page: int) -> None:
    assert page_of(15, asked, 8) == (page, 2)
    assert page_of(0, asked, 8) == (0, 1)


# -- the longest ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", CATALOGUES.languages)
def test_the_longest_view_of_a_member_fits_into_one_message(language: str) -> None:
    snowflake = 1_234_567_890_123_456_789
    by = Actor(snowflake, "boss")
    placed = a_reply(channel_id=snowflake, guild_id=snowflake, message_id=snowflake)
    jobs = [a_job(state, prompt="*_" * 500, reply=placed) for state in JobState]
    jobs += [replace(a_job(JobState.SUCCEEDED, reply=placed), route=Route.KEPT, prompt="*_" * 500)]
    say_it = partial(CATALOGUES.render, locale=language)
    longest = max(jobs, key=lambda job: len(say_it(state_of(job))))
    seen = MemberView(
        user_id=snowflake,
        block=Block(snowflake, NOW, "*_" * 150, by, NOW),
        strikes=[Strike(snowflake, NOW, "*_" * 100, spent=True)] * SHOWN_STRIKES,
        counting=1_000,
        grants=[Grant(1, snowflake, pool, 1_000_000, 1_000_000, "", by, NOW, NOW) for pool in (*Pool, *Pool)],
        jobs=[replace(longest, pool=Pool.NORMAL)] * SHOWN_JOBS,
        spent_today=dict.fromkeys(Pool, 1_000_000),
        made=1_000_000,
    )

    assert member_view(seen, say_it).content_length() <= 4000


@pytest.mark.parametrize("language", CATALOGUES.languages)
async def test_a_full_window_that_came_too_late_is_given_back_in_one_message(language: str) -> None:
    said: list[discord.ui.LayoutView] = []
    entry = AuditEntry(1, 1, NOW, Actor(2, "x"), "settings", None, {}, {"other": ["y" * 300] * 9})

    async def changes_of(*_: object) -> list[AuditEntry]:
        return [entry] * 9

    async def reply(_why: object, *, view: discord.ui.LayoutView) -> None:
        said.append(view)

    context = SimpleNamespace(
        client=SimpleNamespace(catalogues=CATALOGUES),
        interaction=SimpleNamespace(guild=None),
        services=SimpleNamespace(
            guilds=SimpleNamespace(changes_of=changes_of), housekeeping=SimpleNamespace(retention_days=None)
        ),
        guild_id=1,
        locale=language,
        localize=partial(CATALOGUES.render, locale=language),
        reply=reply,
    )
    written: list[tuple[Text | str, Text | str | int]] = [
        (text("section.additions"), as_typed("x" * PARAMETERS_LIMIT, room=LINE_ROOM)),
        (text("panel.suffix"), as_typed("x" * SUFFIX_LIMIT, room=LINE_ROOM)),
        (text("section.limits"), as_typed("x" * LIMITS_LIMIT)),
        (text("panel.kinds"), listed([text(f"pool.charge.{charge.value}") for charge in PICTURES])),
    ]

    again: discord.ui.Button[Any] = discord.ui.Button(label="x", custom_id="y")
    await reply_stale(cast("Any", context), ("other",), written, again)

    (view,) = said
    assert view.content_length() <= 4000
