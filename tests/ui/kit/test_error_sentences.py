"""What a person reads where Discord does not take an answer: what is true of their job, and no bug where there is none.
Never here: what services refuse, and words that a later process says (test_open_answers.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
import pytest

from bot.errors import RetryLater
from bot.ui.imagine.batches import refuse
from bot.ui.kit.controls import words_view
from tests.ui.builders import KEY
from tests.ui.kit.test_open_answers import soon
from tests.ui.wire_harness import line

if TYPE_CHECKING:
    from tests.fakes.discord_wire import Interaction
    from tests.ui.wire_harness import Line

EDIT, FOLLOW_UP = r"/webhooks/\d+/[^/]+/messages/@original", r"/webhooks/\d+/[^/]+"
TRY_AGAIN = "Nothing was charged; please try again"


async def pressed(here: Line) -> Interaction:
    """A press that changes the pressed message, when all is said."""
    channel = here.bot.get_partial_messageable(here.discord.channel.id)
    await channel.send(view=words_view("A question", discord.ui.Button(label="No", custom_id=refuse.id(KEY))))
    (message,) = here.discord.messages()
    interaction = await here.discord.press(message, "No")
    answers = here.services.answers
    await soon(lambda: bool(answers.closed or answers.abandoned))
    return interaction


def said(interaction: Interaction) -> list[str]:
    return [answer.text for answer in interaction.followups]


def bugs(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize("code", [10003, 10008])
async def test_whoever_dismissed_the_message_meanwhile_is_told_nothing_and_no_bug_is_logged(
    caplog: pytest.LogCaptureFixture, code: int
) -> None:
    async with line() as here:
        here.discord.fail_next("PATCH", EDIT, status=404, code=code)

        interaction = await pressed(here)

        assert said(interaction) == []
        assert here.services.answers.closed == [interaction.id]
        assert bugs(caplog) == []


@pytest.mark.parametrize(
    "fault", [{"status": 429, "via": False}, {"status": 408}, {"status": 403}, {"status": 404, "code": 50027}]
)
async def test_trouble_that_passes_is_no_bug_and_may_be_tried_again(
    caplog: pytest.LogCaptureFixture, fault: dict[str, Any]
) -> None:
    async with line() as here:
        here.discord.fail_next("PATCH", EDIT, **fault)

        (sentence,) = said(await pressed(here))

        assert TRY_AGAIN in sentence
        assert bugs(caplog) == []


async def test_words_that_come_after_the_answers_time_are_left_to_be_said_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with line() as here:
        for method, path in (("PATCH", EDIT), ("POST", FOLLOW_UP)):
            here.discord.fail_next(method, path, status=404, code=10015)

        interaction = await pressed(here)

        assert here.services.answers.abandoned == [interaction.id]
        assert bugs(caplog) == []


async def test_what_discord_refuses_for_what_it_says_is_a_bug(caplog: pytest.LogCaptureFixture) -> None:
    async with line() as here:
        here.discord.fail_next("PATCH", EDIT, status=400, code=50035)

        (sentence,) = said(await pressed(here))

        assert "Something went wrong on my side" in sentence
        assert bugs(caplog) == ["handler_failed"]


async def test_a_connection_that_broke_once_is_nobodys_trouble() -> None:
    async with line() as here:
        here.discord.fail_next("PATCH", EDIT, before_effect=False)

        interaction = await pressed(here)

        assert said(interaction) == []
        assert [message.text for message in here.discord.messages()] == [
            "Nothing was begun, and nothing was charged."
        ]


async def test_where_it_is_said_that_nothing_was_charged_it_is_seen_to_that_it_is_so() -> None:
    async with line() as here:
        here.discord.fail_next("PATCH", EDIT, times=2)

        interaction = await pressed(here)

        assert TRY_AGAIN in said(interaction)[0]
        assert here.services.answers.owed == [interaction.id]


async def test_where_a_job_began_nobody_reads_that_nothing_was_charged() -> None:
    async with line() as here:
        answers = here.services.answers
        answers.all_begin = True
        here.discord.fail_next("PATCH", EDIT, times=2)

        interaction = await pressed(here)

        (sentence,) = said(interaction)
        assert sentence.startswith("It has begun, although Discord did not take my answer just now.")
        assert answers.owed == []


async def test_trouble_that_services_had_with_discord_is_told_by_the_same_sentences() -> None:
    async with line() as here:
        here.services.imagine.refusal = RetryLater("directory")

        interaction = await here.discord.slash("imagine", {"prompt": "a fox"})
        await soon(lambda: bool(here.services.answers.closed))

        assert TRY_AGAIN in said(interaction)[0]
        assert here.services.answers.owed == [interaction.id]
