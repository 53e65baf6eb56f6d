"""First answers that arrived though no answer to them came back: discord.py tries again, and Discord refuses a second one.
Never here: what is noted beside them (test_open_answers.py)."""

from __future__ import annotations

import asyncio
import io
import re
from itertools import count
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
import pytest

from bot.errors import UserError
from bot.texts import text
from bot.ui.kit.controls import COMPONENTS, Control, form, words_view
from tests.ui.wire_harness import line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.ui.kit.context import Context
    from tests.fakes.discord_wire import Interaction
    from tests.ui.wire_harness import Line

CALLBACK = r"/interactions/.*/callback"
LOST = {"before_effect": False}
BAD_GATEWAY = {"before_effect": False, "status": 502}
UNSENT: dict[str, Any] = {}
KIND = "first"

faults = pytest.mark.parametrize("fault", [LOST, BAD_GATEWAY, UNSENT], ids=["lost", "502", "unsent"])


async def pressed(
    here: Line, patch: pytest.MonkeyPatch, answer: Callable[[Context], Awaitable[None]], **fault: Any
) -> Interaction:
    """Press a button that answers so, while the callback fails; returns when its handler has ended, error and all."""
    handlers: list[asyncio.Task[Any]] = []

    async def handler(context: Context) -> None:
        task = asyncio.current_task()
        assert task is not None
        handlers.append(task)
        await answer(context)

    control: Any = Control(KIND, (), handler)
    patch.setitem(COMPONENTS, KIND, control)
    button = discord.ui.Button[Any](label="press", custom_id=control.id())
    await here.bot.get_partial_messageable(here.discord.channel.id).send(view=words_view("pressed", button))
    (message,) = here.discord.messages()
    here.discord.fail_next("POST", CALLBACK, **fault)
    interaction = await here.discord.press(message, "press")
    await here.discord.until(lambda: handlers)
    await asyncio.wait(handlers)
    return interaction


def shown(here: Line) -> list[str]:
    return [message.text for message in here.discord.messages()]


@faults
async def test_a_command_begins_once_whatever_became_of_the_first_try(fault: Any) -> None:
    async with line() as here:
        here.discord.fail_next("POST", CALLBACK, **fault)

        interaction = await here.discord.slash("imagine", {"prompt": "a fox"})
        await asyncio.wait_for(here.services.imagine.asked.wait(), 60)
        await here.discord.until(lambda: here.services.answers.closed)

        assert len(here.services.imagine.begun) == 1
        assert here.services.answers.closed == [interaction.id]
        assert here.services.answers.disowned == []


async def show_privately(context: Context) -> None:
    await context.defer_ephemeral()
    await context.show(words_view("the result"))


async def show_in_place(context: Context) -> None:
    await context.defer_update()
    await context.send_ephemeral(view=words_view("the result"))


async def say(context: Context) -> None:
    await context.send_ephemeral(view=words_view("the result"))


@faults
@pytest.mark.parametrize("answer", [show_privately, show_in_place, say])
async def test_words_stand_once_beside_what_was_pressed(
    answer: Any, fault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with line() as here:
        await pressed(here, monkeypatch, answer, **fault)

        assert shown(here) == ["pressed", "the result"]


@faults
async def test_a_refusal_is_said_once(fault: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(_context: Context) -> None:
        raise UserError(text("refused.all_pools_off"))

    async with line() as here:
        await pressed(here, monkeypatch, refuse, **fault)

        _, said = here.discord.messages()
        assert "switched off" in said.text


async def open_window(context: Context) -> None:
    field = (text("remix.prompt"), discord.ui.TextInput[Any](custom_id="a"), None)
    await context.open(form(context.localize, "easel:2:first", text("using.title"), field))


@faults
async def test_a_window_that_opened_is_followed_by_no_words(
    fault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with line() as here:
        interaction = await pressed(here, monkeypatch, open_window, **fault)

        assert interaction.callback is not None
        assert interaction.callback["type"] == discord.InteractionResponseType.modal.value
        assert len(shown(here)) == 1


@pytest.mark.parametrize("code", [40060, 10062])
@pytest.mark.parametrize("answer", [open_window, say, show_privately])
async def test_what_another_process_answered_or_nobody_can_is_left_alone(
    answer: Any, code: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with line() as here:
        await pressed(here, monkeypatch, answer, status=400, code=code)

        assert len(here.discord.calls("POST", CALLBACK)) == 1
        assert len(shown(here)) == 1
    assert "handler_failed" not in caplog.text


@faults
async def test_a_picture_that_is_the_first_answer_is_sent_again_in_full(
    fault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def redraw(context: Context) -> None:
        await context.redraw(words_view("drawn"), discord.File(io.BytesIO(b"picture"), "a.jpg"))

    async with line() as here:
        await pressed(here, monkeypatch, redraw, **fault)

        assert shown(here) == ["drawn"]
        assert {call.files[0].size for call in here.discord.calls("POST", CALLBACK)} == {7}


async def test_a_try_that_never_left_is_no_answer_of_ours_where_another_process_was_quicker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[int] = []

    async def change(context: Context) -> None:
        await context.defer_ephemeral()
        begun.append(1)

    connect, tries = aiohttp.TCPConnector.connect, count(1)

    async def refused_once(self: aiohttp.TCPConnector, req: aiohttp.ClientRequest, **given: Any) -> Any:
        if re.search(CALLBACK, req.url.path) and next(tries) == 1:
            raise aiohttp.ClientConnectorError(req.connection_key, OSError("no connection"))
        return await connect(self, req, **given)

    monkeypatch.setattr(aiohttp.TCPConnector, "connect", refused_once)
    async with line() as here:
        interaction = await pressed(here, monkeypatch, change, status=400, code=40060)
        await here.discord.until(lambda: here.services.answers.disowned)

        assert here.services.answers.disowned == [interaction.id]
    assert begun == []


async def test_a_first_answer_in_doubt_that_comes_too_late_is_looked_for_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with line() as here:
        here.discord.fail_next("POST", CALLBACK)
        interaction = await pressed(here, monkeypatch, show_privately, status=404, code=10062)

        await here.discord.until(lambda: here.services.answers.abandoned)
        assert here.services.answers.abandoned == [interaction.id]
        assert here.services.answers.disowned == []
