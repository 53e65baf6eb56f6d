"""The chat call over loopback, with each fault of the wire: one request, one outcome, nothing repeated.
Never here: what is asked, and how words are read (domain)."""

from __future__ import annotations

import json
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from bot.errors import RemoteError, RemoteFault
from bot.midjourney.ohmygpt.client import ApiSettings, MidjourneyApi
from bot.midjourney.openai.chat import OpenAiChat, read_words
from bot.midjourney.transport import open_clients
from bot.sandbox.upstream import SANDBOX_KEY, Fault, Key, SimulatedUpstream
from bot.sandbox.upstream.accounts import Permission
from tests.fixtures.leaps import leap_in_silence

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MODEL = "gpt-4o-mini"
KEY_WITHOUT = "sk-without-chat"


@asynccontextmanager
async def opened(key: str = SANDBOX_KEY) -> AsyncIterator[tuple[SimulatedUpstream, OpenAiChat]]:
    keys = {
        SANDBOX_KEY: Key(),
        KEY_WITHOUT: Key(permissions=frozenset(Permission) - {Permission.CHAT}),
    }
    async with SimulatedUpstream(keys=keys) as upstream, open_clients(trust_env=False) as clients:
        api = MidjourneyApi(clients, ApiSettings(key=key, origin=upstream.origin))
        yield upstream, OpenAiChat(api.caller, api.key)


async def ask(chat: OpenAiChat, model: str = MODEL, seconds: float = 10.0) -> str:
    return await chat.chat(model, instructions="improve it", words="a paper fox", seconds=seconds)


async def test_the_model_is_asked_once_and_its_words_come_back() -> None:
    async with opened() as (upstream, chat):
        words = await ask(chat)

    assert words.startswith("<prompt>a paper fox, ")
    (call,) = upstream.calls_to("chat")
    assert call.body["model"] == MODEL
    assert [one["role"] for one in call.body["messages"]] == ["system", "user"]
    assert call.body["messages"][1]["content"] == "a paper fox"


async def test_an_answer_in_parts_is_one_text() -> None:
    async with opened() as (upstream, chat):
        upstream.fault(Fault.CHAT_PARTS, endpoint="chat")
        assert (await ask(chat)).endswith("</prompt>")


@pytest.mark.parametrize(
    ("fault", "meant"),
    [
        (Fault.BAD_KEY, RemoteFault.KEY),
        (Fault.NO_BALANCE, RemoteFault.BALANCE),
        (Fault.RATE_LIMITED, RemoteFault.THROTTLED),
        (Fault.REFUSED, RemoteFault.REFUSED),
        (Fault.SERVER_ERROR, RemoteFault.UNCLEAR),
        (Fault.HTML_502_BEFORE, RemoteFault.UNCLEAR),
        (Fault.NOT_JSON, RemoteFault.UNCLEAR),
        (Fault.EMPTY_BODY, RemoteFault.UNCLEAR),
        (Fault.DATA_NULL, RemoteFault.UNCLEAR),
        (Fault.RESET_AFTER, RemoteFault.UNCLEAR),
    ],
)
async def test_each_fault_has_its_meaning_and_nothing_is_asked_again(
    fault: Fault, meant: RemoteFault
) -> None:
    async with opened() as (upstream, chat):
        upstream.fault(fault, endpoint="chat", times=None)
        with pytest.raises(RemoteError) as raised:
            await ask(chat)
        assert len(upstream.calls_to("chat")) == 1

    assert raised.value.fault is meant


async def test_a_silent_model_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    leap_in_silence(monkeypatch, 40)
    async with opened() as (upstream, chat):
        upstream.fault(Fault.HANG_BEFORE, endpoint="chat")
        with pytest.raises(RemoteError) as raised:
            await ask(chat, seconds=40)

    assert raised.value.fault is RemoteFault.UNCLEAR


async def test_a_key_without_the_permission_and_an_unknown_model_are_told_apart() -> None:
    async with opened(KEY_WITHOUT) as (_, chat):
        with pytest.raises(RemoteError) as no_permission:
            await ask(chat)
    async with opened() as (_, chat):
        with pytest.raises(RemoteError) as no_model:
            await ask(chat, model="gpt-9")

    assert no_permission.value.fault is RemoteFault.KEY
    assert no_model.value.fault is RemoteFault.REFUSED


async def test_neither_key_nor_words_reach_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with opened() as (upstream, chat):
        upstream.fault(Fault.SERVER_ERROR, endpoint="chat")
        with pytest.raises(RemoteError) as raised:
            await ask(chat)

    assert SANDBOX_KEY not in caplog.text + str(raised.value)
    assert "a paper fox" not in caplog.text + str(raised.value)


async def test_the_models_of_a_key_are_listed_for_nothing() -> None:
    async with opened() as (_, chat):
        assert MODEL in await chat.models()


@pytest.mark.parametrize(
    "choices", [[], [None], [{}], [{"message": None}], [{"message": {"content": None}}], [{"message": {}}]]
)
def test_an_answer_without_words_is_an_empty_one(choices: list[object]) -> None:
    assert read_words(200, {}, json.dumps({"choices": choices}).encode()) == ""
