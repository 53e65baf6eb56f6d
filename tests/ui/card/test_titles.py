"""The button that began a job is called the same wherever the job is named, in the reader's language.
Never here: titles of what nobody pressed (test_pictures), and cards."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.archive import JobPage
from bot.domain.intake.drawing import AGAIN_ID, VARY_ID
from bot.domain.jobs import JobKind, JobState
from bot.services.admission.viewer import Viewer
from bot.services.history.jobs import History, Relatives
from bot.ui.card.titles import plain_title
from bot.ui.jobs.job_info import info_view
from bot.ui.jobs.lists import history_view
from bot.ui.moderation.jobs import job_view
from tests.ui.builders import PARENT, a_job, a_press, words
from tests.ui.client_harness import CATALOGUES

if TYPE_CHECKING:
    import discord

german = partial(CATALOGUES.render, locale="de")


def said(view: discord.ui.LayoutView) -> str:
    parts: list[dict[str, Any]] = view.to_components()  # type: ignore[no-untyped-call]  # discord.py leaves it bare
    return words(parts)


@pytest.mark.parametrize(
    ("custom_id", "label", "name"),
    [
        (AGAIN_ID, "Again", "Noch einmal"),
        (f"{VARY_ID}1", "Vary", "Variieren"),
        (f"{VARY_ID}2", "Vary 2", "Variieren 2"),
        ("MJ::JOB::variation::2::x", "V2", "V2"),
    ],
)
def test_the_engines_buttons_have_the_readers_name_in_lists_and_info(
    custom_id: str, label: str, name: str
) -> None:
    job = a_job(
        JobState.SUCCEEDED, kind=JobKind.ACTION, prompt="", press=a_press(custom_id=custom_id, label=label)
    )
    bob = Viewer(user_id=500, guild_id=100, manages=False)
    info, _ = info_view(Relatives(a_job(), None, [replace(job, key=PARENT)]), german)
    born, _ = info_view(Relatives(job, None, ()), german)

    assert plain_title(job, german) == name
    for shown in (
        history_view(History(JobPage([job], 1), 0, 1), bob, german),
        info,
        born,
        job_view(job, german),
    ):
        assert name in said(shown).replace("\u2068", "").replace("\u2069", "")
        assert name == label or label not in said(shown)
