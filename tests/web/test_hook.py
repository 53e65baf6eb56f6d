"""Posts to the webhook: true, forged, doubled, wrapped, garbage, oversized, slow; and what the poster can learn.
Never here: how a body is read (tests/midjourney)."""

from __future__ import annotations

import asyncio
import gzip
from typing import TYPE_CHECKING

import pytest

from bot.web.hook import LARGEST_BODY
from tests.web.conftest import KEY, TOKEN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import aiohttp

    from tests.web.conftest import House

DONE = b'{"taskId":7,"status":"SUCCESS","progress":"100%"}'
PROGRESS = b'{"taskId":7,"status":"IN_PROGRESS","progress":"31%"}'


async def post(
    client: aiohttp.ClientSession, port: int, token: str, body: bytes | AsyncIterator[bytes]
) -> int:
    """Post, and return the status of an answer that must be empty."""
    async with client.post(f"http://127.0.0.1:{port}/hook/{token}", data=body) as answer:
        assert await answer.read() == b""
        return answer.status


@pytest.mark.parametrize(
    ("body", "terminal"),
    [
        (DONE, True),
        (PROGRESS, False),
        (b'{"data":' + DONE + b"}", True),
        (DONE.replace(b"SUCCESS", b"FAILURE"), True),
        (b"garbage", False),
        (b"", False),
        (b"poison", False),
        (gzip.compress(DONE, mtime=0), False),
    ],
    ids=["outcome", "progress", "wrapped", "failure", "garbage", "empty", "poison", "compressed"],
)
async def test_a_post_with_a_jobs_token_wakes_that_job(
    house: House, client: aiohttp.ClientSession, body: bytes, *, terminal: bool
) -> None:
    async with house.served() as port:
        status = await post(client, port, TOKEN, body)
        woken = await house.woken.get()

    assert status == 204
    assert woken == (KEY, terminal)
    assert house.metrics.outcomes == {"woke": 1}


async def test_a_guesser_learns_nothing_from_the_answer(house: House, client: aiohttp.ClientSession) -> None:
    answers = set()
    async with house.served() as port:
        for token in (
            TOKEN,
            "token-of-no-job-at-all-9999",
            "short",
            "with%20blank-and-more-letters",
            "x" * 500,
        ):
            async with client.post(f"http://127.0.0.1:{port}/hook/{token}", data=DONE) as answer:
                headers = {k: v for k, v in answer.headers.items() if k != "Date"}
                answers.add((answer.status, await answer.read(), tuple(sorted(headers.items()))))
        await house.woken.get()

    assert len(answers) == 1
    assert house.woken.empty()


async def test_the_answer_does_not_wait_for_the_token_to_be_looked_up(
    house: House, client: aiohttp.ClientSession
) -> None:
    house.unblocked.clear()

    async with house.served() as port:
        statuses = [await post(client, port, token, DONE) for token in (TOKEN, "token-of-no-job-at-all-9999")]
        assert house.woken.empty()
        house.unblocked.set()
        woken = await house.woken.get()

    assert statuses == [204, 204]
    assert woken == (KEY, True)


async def test_what_cannot_be_a_token_never_reaches_the_database(
    house: House, client: aiohttp.ClientSession
) -> None:
    async with house.served() as port:
        await post(client, port, "short", DONE)
        await post(client, port, "x" * 500, DONE)
        await post(client, port, TOKEN, DONE)
        await house.woken.get()

    assert house.looked_up == [TOKEN]
    assert house.metrics.outcomes == {"unknown": 2, "woke": 1}


async def test_doubled_posts_wake_a_busy_house_once_and_keep_the_outcome(
    house: House, client: aiohttp.ClientSession
) -> None:
    house.unblocked.clear()

    async with house.served() as port:
        await post(client, port, "token-that-is-looked-up-first", PROGRESS)
        for body in (PROGRESS, DONE, PROGRESS, DONE):
            await post(client, port, TOKEN, body)
        house.unblocked.set()
        woken = await house.woken.get()

    assert woken == (KEY, True)
    assert house.woken.empty()
    assert house.metrics.outcomes["merged"] == 3


async def test_a_flood_of_tokens_is_dropped_and_does_not_grow(
    house: House, client: aiohttp.ClientSession
) -> None:
    house.unblocked.clear()

    async with house.served(most_waiting=2) as port:
        for number in range(9):
            assert await post(client, port, f"token-of-a-flood-{number:04}", DONE) == 204
        house.unblocked.set()

    assert house.metrics.outcomes["dropped"] >= 6
    assert len(house.looked_up) <= 3


async def test_a_hint_that_fails_is_lost_and_the_next_one_is_not(
    house: House, client: aiohttp.ClientSession
) -> None:
    house.trouble = ConnectionError("database gone")

    async with house.served() as port:
        await post(client, port, "token-that-meets-trouble", DONE)
        await post(client, port, TOKEN, DONE)
        woken = await house.woken.get()

    assert woken == (KEY, True)
    assert house.metrics.outcomes["failed"] == 1


async def test_a_body_that_says_it_is_too_large_is_not_read(
    house: House, client: aiohttp.ClientSession
) -> None:
    async with house.served() as port:
        status = await post(client, port, TOKEN, b"x" * (LARGEST_BODY + 1))

    assert status == 413
    assert house.woken.empty()
    assert house.metrics.outcomes == {"oversized": 1}


async def test_a_body_that_grows_without_saying_so_is_cut_off(house: House) -> None:
    async with house.served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"POST /hook/{TOKEN} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        for _ in range(5):
            writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        answer = await reader.readline()
        writer.close()

    assert answer.startswith(b"HTTP/1.1 413 ")  # Python 3.13 gave the status another name
    assert house.woken.empty()


async def test_a_body_of_exactly_the_largest_size_is_taken(
    house: House, client: aiohttp.ClientSession
) -> None:
    async with house.served() as port:
        status = await post(client, port, TOKEN, DONE.ljust(LARGEST_BODY))

    assert status == 204


async def test_a_body_that_does_not_come_is_given_up(house: House) -> None:
    async with house.served(body_seconds=0.05) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"POST /hook/{TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{{".encode())
        answer = await reader.read()
        writer.close()

    assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert house.metrics.outcomes == {"slow": 1}


async def test_a_server_that_goes_away_while_it_posts_is_no_bug(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    async with house.served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"POST /hook/{TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\nExpect: 100-continue\r\n\r\n"
        writer.write(head.encode())
        assert b" 100 " in await reader.readline()
        writer.write(b"{")
        writer.write_eof()
        await reader.read()
        writer.close()

    assert house.metrics.outcomes == {"slow": 1}
    assert caplog.records == []


async def test_only_posts_are_taken(house: House, client: aiohttp.ClientSession) -> None:
    async with house.served() as port, client.get(f"http://127.0.0.1:{port}/hook/{TOKEN}") as answer:
        assert answer.status == 405

    assert house.looked_up == []


async def test_without_a_receiver_there_is_no_such_route(house: House, client: aiohttp.ClientSession) -> None:
    async with (
        house.served(hook=False) as port,
        client.post(f"http://127.0.0.1:{port}/hook/{TOKEN}", data=DONE) as answer,
    ):
        assert answer.status == 404
