"""What Discord sees of an open answer: nothing before it is written down, words in its place when a process died.
Never here: who is told, and when (tests/services/intake/test_open_answers.py)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.jobs import Route
from bot.domain.open_answers import AnswerKind, OpenAnswer
from bot.domain.ports import Showing
from bot.errors import RouteClosed, StorageTrouble, UserError
from bot.texts import text
from bot.ui.kit.open_answers import DiscordAnswers
from tests.ui.client_harness import CATALOGUES
from tests.ui.wire_harness import line
from tests.wire.installation import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.discord_wire import Interaction, Message
    from tests.ui.wire_harness import Line

WORDS = text("answer.interrupted")


async def soon(happened: Callable[[], bool]) -> None:
    """Wait for what the double does not tell about."""
    await eventually(lambda: happened() or None, 10, lambda: "it did not happen", every=0.005)


def waiting(interaction: Interaction, here: Any, **changes: Any) -> OpenAnswer:
    (noted,) = [one for one in here.services.answers.opened if one.interaction_id == interaction.id]
    values = {name: getattr(noted, name) for name in OpenAnswer.__dataclass_fields__}
    return OpenAnswer(**values | changes)


class HangingJobs:
    """Jobs whose database never answers, and who waits for it."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.handler: asyncio.Task[Any] | None = None

    async def family(self, _viewer: Any, _key: Any) -> None:
        self.handler = asyncio.current_task()
        self.asked.set()
        await asyncio.Event().wait()


async def a_card(here: Line) -> Message:
    """A finished card in the channel."""
    await here.publisher.show(Showing(here.job(), 0), Route.POST, picture=None)
    (card,) = here.discord.messages()
    return card


async def test_a_command_is_noted_before_it_is_answered_and_closed_when_its_handler_ends() -> None:
    async with line() as here:
        here.services.imagine.refusal = UserError(text("refused.all_pools_off"))
        answers = here.services.answers

        interaction = await here.discord.slash("imagine", {"prompt": "a fox"})
        await soon(lambda: bool(answers.closed))

        (noted,) = answers.opened
        assert (noted.interaction_id, noted.kind) == (interaction.id, AnswerKind.PUBLIC)
        assert (noted.channel_id, noted.user_id) == (here.discord.channel.id, here.discord.user.id)
        assert noted.token is not None
        assert noted.token not in repr(noted)
        assert answers.closed == [interaction.id]
        assert answers.abandoned == []


async def test_what_cannot_be_written_down_is_refused_and_nothing_is_promised() -> None:
    async with line() as here:
        here.services.answers.trouble = StorageTrouble("slow")

        interaction = await here.discord.slash("imagine", {"prompt": "a fox"})
        await here.discord.until(lambda: interaction.callback is not None)

        message = interaction.message()
        assert message is not None
        assert "nothing was started and nothing charged" in message.text
        assert message.ephemeral
        assert here.services.imagine.begun == []


async def test_a_press_is_noted_before_it_is_answered_and_closed_when_its_handler_ends() -> None:
    async with line() as here:
        answers = here.services.answers
        card = await a_card(here)

        interaction = await here.discord.press(card, "U2")
        await soon(lambda: bool(answers.closed))

        (noted,) = answers.opened
        assert (noted.interaction_id, noted.kind) == (interaction.id, AnswerKind.PUBLIC)
        assert (answers.closed, answers.abandoned) == ([interaction.id], [])


async def test_a_press_that_a_stop_cuts_off_is_left_to_be_answered_later() -> None:
    async with line() as here:
        answers, jobs = here.services.answers, HangingJobs()
        here.services.jobs = jobs  # type: ignore[assignment]  # it never answers
        card = await a_card(here)

        interaction = await here.discord.press(card, "Info")
        await asyncio.wait_for(jobs.asked.wait(), 60)
        assert jobs.handler is not None
        jobs.handler.cancel()
        await soon(lambda: bool(answers.abandoned or answers.closed))

        assert [one.kind for one in answers.opened] == [AnswerKind.PRIVATE]
        assert (answers.closed, answers.abandoned) == ([], [interaction.id])


@pytest.mark.parametrize("code", [40060, 10062])
async def test_what_another_process_answered_or_nobody_can_is_not_taken_for_answered(code: int) -> None:
    async with line() as here:
        answers = here.services.answers
        here.discord.fail_next("POST", r"/interactions/.*/callback", status=400, code=code)

        interaction = await here.discord.slash("imagine", {"prompt": "a fox"})
        await soon(lambda: bool(answers.disowned or answers.closed))

        assert (answers.disowned, answers.closed, answers.abandoned) == ([interaction.id], [], [])


async def test_words_that_did_not_arrive_are_left_to_be_said_later() -> None:
    async with line() as here:
        here.services.imagine.refusal = UserError(text("refused.all_pools_off"))
        here.discord.fail_next("PATCH", r"/webhooks/.+", status=404, code=10015)
        here.discord.fail_next("POST", r"/webhooks/.+", status=404, code=10015)

        interaction = await here.discord.slash("imagine", {"prompt": "a fox"})
        await soon(lambda: bool(here.services.answers.abandoned))

        assert here.services.answers.abandoned == [interaction.id]
        assert here.services.answers.closed == []


async def test_late_words_take_the_place_of_thinking() -> None:
    async with line() as here:
        interaction = await here.discord.slash("imagine", {"prompt": "a fox"})
        await soon(lambda: bool(here.services.answers.closed))

        await DiscordAnswers(here.bot, CATALOGUES).answer(waiting(interaction, here, locale="de"), WORDS)

        message = interaction.message()
        assert message is not None
        assert "nichts berechnet" in message.text
        assert not message.loading


async def test_late_words_in_the_channel_ping_nobody_and_are_said_once() -> None:
    async with line() as here:
        interaction = await here.discord.slash("imagine", {"prompt": "a fox"})
        await soon(lambda: bool(here.services.answers.closed))
        writer = DiscordAnswers(here.bot, CATALOGUES)
        words = text("answer.interrupted_post", user=str(here.discord.user.id), at=1_800_000_000)

        for _ in range(2):
            await writer.post(waiting(interaction, here, token=None), words)

        said = [m for m in here.discord.messages(here.discord.channel) if "interrupted" in m.text]
        assert len(said) == 1
        posts = here.discord.calls("POST", r"/channels/\d+/messages")
        assert all(call.json["allowed_mentions"] == {"parse": []} for call in posts)


async def test_an_answer_that_never_left_has_no_place_for_words() -> None:
    async with line() as here:
        interaction = await here.discord.slash("imagine", {"prompt": "a fox"})
        await soon(lambda: bool(here.services.answers.closed))
        here.discord.fail_next("PATCH", r"/webhooks/.+", status=404, code=10015)

        with pytest.raises(RouteClosed):
            await DiscordAnswers(here.bot, CATALOGUES).answer(waiting(interaction, here), WORDS)
