"""Only what may have reached Discord is in doubt: not what never left, but whatever broke afterwards.
Never here: what follows for an interaction (test_first_answers.py)."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp
import discord
import pytest
from discord.http import Route
from discord.webhook.async_ import async_context

from bot.ui.kit.tries import Tries, watched

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
TORN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
REFUSED = b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
NOTHING = b""


@asynccontextmanager
async def answering(said: bytes) -> AsyncIterator[str]:
    """Somebody who takes one request and says this."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def asked(address: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Tries, type[BaseException] | None]:
    """What is thought of the tries after a request, and how it ended."""
    monkeypatch.setattr(Route, "BASE", address)
    error: type[BaseException] | None = None
    async with aiohttp.ClientSession() as session:
        with watched() as tries:
            try:
                await async_context.get().request(Route("POST", "/callback"), session=session)
            except (aiohttp.ClientError, discord.HTTPException, OSError) as raised:
                error = type(raised)
    return tries, error


@pytest.mark.parametrize(
    ("said", "in_doubt", "error"),
    [
        (WHOLE, False, None),
        (REFUSED, False, discord.HTTPException),
        (TORN, True, aiohttp.ClientPayloadError),
        (NOTHING, True, aiohttp.ServerDisconnectedError),
    ],
    ids=["whole", "refused", "torn", "nothing"],
)
async def test_a_try_is_in_doubt_when_its_answer_did_not_come_whole(
    said: bytes,
    in_doubt: bool,  # noqa: FBT001 - pytest names it
    error: type[BaseException] | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with answering(said) as address:
        tries, raised = await asked(address, monkeypatch)

    assert (tries.in_doubt, raised) == (in_doubt, error)


async def test_a_try_that_never_left_is_in_no_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    async with answering(WHOLE) as address:
        pass

    tries, raised = await asked(address, monkeypatch)

    assert not tries.in_doubt
    assert raised is not None
    assert issubclass(raised, aiohttp.ClientConnectorError)
