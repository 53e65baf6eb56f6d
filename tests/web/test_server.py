"""Health, metrics, limits, opening and closing of the web server.
Never here: the webhook (test_hook.py)."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING

import aiohttp
import pytest

from bot import log
from bot.errors import StartupError
from bot.web.health import Health
from bot.web.server import serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.web.conftest import House


async def fine() -> str | None:
    """Find nothing wrong."""
    return None


async def stale() -> str | None:
    """Find the tracker asleep."""
    return "last reading 95 s ago"


async def broken() -> str | None:
    """Break, with something in the message that nobody outside should read."""
    raise ConnectionError("postgresql://easel:hunter2@db/easel")


async def hanging() -> str | None:
    """Never answer."""
    await asyncio.Event().wait()
    return None


async def test_readiness_names_each_check_and_what_is_wrong_with_it(
    house: House, client: aiohttp.ClientSession
) -> None:
    house.ready |= {"gateway": fine, "database": broken, "tracker": stale, "disk": hanging}

    async with house.served() as port, client.get(f"http://127.0.0.1:{port}/readyz") as answer:
        said = await answer.json()

    assert answer.status == 503
    assert said == {
        "ok": False,
        "checks": {
            "gateway": "ok",
            "database": "ConnectionError",
            "tracker": "last reading 95 s ago",
            "disk": "no answer in time",
        },
    }


async def test_a_ready_bot_says_so(house: House, client: aiohttp.ClientSession) -> None:
    house.ready |= {"gateway": fine, "database": fine}

    async with house.served() as port, client.get(f"http://127.0.0.1:{port}/readyz") as answer:
        assert answer.status == 200
        assert await answer.json() == {"ok": True, "checks": {"gateway": "ok", "database": "ok"}}
        assert answer.headers["Cache-Control"] == "no-store"


async def test_a_bot_that_is_not_ready_is_alive_all_the_same(
    house: House, client: aiohttp.ClientSession
) -> None:
    house.ready["gateway"] = stale

    async with house.served() as port, client.get(f"http://127.0.0.1:{port}/healthz") as answer:
        assert answer.status == 200


async def test_a_bot_whose_worker_died_is_not_alive(house: House, client: aiohttp.ClientSession) -> None:
    house.alive["worker"] = stale

    async with house.served() as port, client.get(f"http://127.0.0.1:{port}/healthz") as answer:
        assert answer.status == 503


async def test_prometheus_reads_the_meters(house: House, client: aiohttp.ClientSession) -> None:
    async with house.served() as port, client.get(f"http://127.0.0.1:{port}/metrics") as answer:
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert await answer.text() == "easel_up 1\n"


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/", "/hook/x"])
async def test_no_answer_names_a_version(house: House, client: aiohttp.ClientSession, path: str) -> None:
    async with house.served() as port, client.get(f"http://127.0.0.1:{port}{path}") as answer:
        assert answer.headers["Server"] == "Easel"
        assert "aiohttp" not in (await answer.text()).lower()


async def test_more_requests_than_can_be_in_hand_are_sent_away_but_health_is_told_all_the_same(
    house: House, client: aiohttp.ClientSession
) -> None:
    release = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await release.wait()

    async with house.served(at_once=2) as port:
        here = f"http://127.0.0.1:{port}"
        held = [asyncio.create_task(client.post(f"{here}/hook/x", data=slow())) for _ in range(2)]
        status, tries, retry = 204, 0, None
        while status != 503:
            async with client.post(f"{here}/hook/x") as answer:
                status, retry = answer.status, answer.headers.get("Retry-After")
            tries += 1
            assert tries < 200
        assert retry == "1"
        for path in ("/healthz", "/readyz", "/metrics"):
            async with client.get(here + path) as answer:
                assert answer.status == 200
        release.set()
        for task in held:
            (await task).close()
        async with client.post(f"{here}/hook/x") as answer:
            assert answer.status == 204


async def test_many_who_ask_at_once_or_soon_again_are_told_what_one_look_showed(
    house: House, client: aiohttp.ClientSession
) -> None:
    looks = 0

    async def counted() -> str | None:
        nonlocal looks
        looks += 1
        return None

    house.ready["counted"] = counted
    async with house.served(fresh=60.0) as port:
        address = f"http://127.0.0.1:{port}/readyz"
        answers = await asyncio.gather(*(client.get(address) for _ in range(20)))
        answers.append(await client.get(address))
    assert [answer.status for answer in answers] == [200] * 21
    assert looks == 1


async def test_health_can_have_a_listener_of_its_own(client: aiohttp.ClientSession) -> None:
    async with serve(host="127.0.0.1", port=0, health=None, metrics_page=None, hook=None) as port:
        for path in ("/healthz", "/readyz", "/metrics"):
            async with client.get(f"http://127.0.0.1:{port}{path}") as answer:
                assert answer.status == 404


@pytest.mark.parametrize("beginning", [b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\n"])
async def test_a_client_that_never_finishes_its_headers_is_hung_up_on(house: House, beginning: bytes) -> None:
    async with house.served(idle_seconds=0.5) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(beginning)
        answer = await reader.read()
        writer.close()

    assert answer == b""


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /hook/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n",
        b"POST /hook/x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
    ],
    ids=["chunk", "two lengths", "large header", "TLS"],
)
async def test_what_is_no_http_has_its_400_and_no_line_in_the_log(house: House, sent: bytes) -> None:
    out = io.StringIO()
    async with house.served() as port:
        log.setup(style="json", stream=out)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        answer = await reader.read()
        writer.close()

    assert answer.startswith((b"HTTP/1.0 400", b"HTTP/1.1 400"))
    assert out.getvalue() == ""


async def test_closing_lets_an_answer_in_hand_go_out_and_then_frees_the_port(
    house: House, client: aiohttp.ClientSession
) -> None:
    reached = asyncio.Event()

    async def slow() -> str | None:
        reached.set()
        await asyncio.Event().wait()
        return None

    house.ready["slow"] = slow
    async with house.served(stop_seconds=5.0) as port:
        asked = asyncio.create_task(client.get(f"http://127.0.0.1:{port}/readyz"))
        await reached.wait()
    async with await asked as answer:
        assert answer.status == 503
    with pytest.raises(aiohttp.ClientConnectorError):
        await client.get(f"http://127.0.0.1:{port}/healthz")


async def test_a_port_that_is_taken_is_one_sentence_for_the_operator(house: House) -> None:
    async with house.served() as port:
        with pytest.raises(StartupError, match=f"EASEL_WEB_LISTEN: cannot listen on 127.0.0.1:{port}: "):
            async with serve(
                host="127.0.0.1", port=port, health=Health({}, {}), metrics_page=house.metrics_page, hook=None
            ):
                raise AssertionError


async def test_what_breaks_inside_comes_out_as_it_was(house: House) -> None:
    with pytest.raises(LookupError, match="of the house"):
        async with house.served():
            raise LookupError("of the house")
