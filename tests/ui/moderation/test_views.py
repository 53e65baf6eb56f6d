"""Moderators' views of one job and of what may be put in, in states that are rare.
Never here: what their buttons do (tests/cogs/test_moderation_jobs.py)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.jobs import JobState
from bot.domain.servers.image_rules import ImagePolicy
from bot.domain.servers.prompt_rules import PromptAddition
from bot.ui.moderation.jobs import job_view
from bot.ui.moderation.pages import page_of
from bot.ui.moderation.prompt_lists import addition_words, images_view
from tests.ui.builders import a_job, a_press, walk, words
from tests.ui.client_harness import CATALOGUES

if TYPE_CHECKING:
    import discord


def say(sentence: object) -> str:
    return CATALOGUES.render(sentence, "en")  # type: ignore[arg-type]  # views only say texts


def parts_of(view: discord.ui.LayoutView) -> list[dict[str, Any]]:
    """What Discord is sent."""
    return view.to_components()  # type: ignore[no-untyped-call,no-any-return]  # discord.py leaves it bare


def test_a_child_names_its_button_and_a_forgotten_prompt_is_said() -> None:
    job = replace(a_job(JobState.SUCCEEDED), press=a_press(), prompt="")

    shown = words(parts_of(job_view(job, say)))

    assert "Made with" in shown
    assert f"`{a_press().parent}`" in shown
    assert "Its prompt was erased" in shown


@pytest.mark.parametrize("state", list(JobState))
def test_what_can_be_done_depends_on_how_far_it_is(state: JobState) -> None:
    parts = list(walk(parts_of(job_view(a_job(state), say))))
    labels = [part["label"] for part in parts if part["type"] == 2]

    assert ("Remove result…" in labels) is (state is JobState.SUCCEEDED)
    assert ("Cancel" in labels) is not a_job(state).is_terminal
    assert "Member" in labels


def test_only_what_holds_is_said_of_pictures() -> None:
    assert "Not allowed: prompts are words only" in words(parts_of(images_view(ImagePolicy(on=False), say)))
    plain = words(parts_of(images_view(ImagePolicy(), say)))
    assert "to any host" in plain
    assert "age-restricted" not in plain


def test_an_addition_cannot_end_its_own_code() -> None:
    (said,) = addition_words(PromptAddition(1, suffix="a `b` c"), 1)

    assert say(said).count("`") == 2


@pytest.mark.parametrize(("asked", "page"), [(-1, 0), (0, 0), (1, 1), (9, 1)])
def test_a_page_that_is_no_more_is_the_last(asked: int, page: int) -> None:
    assert page_of(15, asked, 8) == (page, 2)
    assert page_of(0, asked, 8) == (0, 1)
