"""The adapter against servers that break off, lie, redirect, drown or keep silent.
Never here: anything that the simulated API can do (`test_client`)."""

from __future__ import annotations

import asyncio
import gzip
import json
import tracemalloc
import zlib

import httpx
import pytest
from aiohttp import web

from bot.domain.pools import Pool
from bot.domain.tasks import RemoteTaskId
from bot.errors import RemoteError, RemoteFault
from bot.midjourney.ohmygpt.client import ApiSettings, MidjourneyApi
from bot.midjourney.transport import MAX_ANSWER, open_clients
from tests.fixtures.apis import open_api
from tests.fixtures.leaps import leap, leap_once_read
from tests.fixtures.ports import free_port
from tests.midjourney.servers import RawServer, serve

OK = b'{"statusCode":200,"message":"Success","data":90210}'
PATIENCE_S = 40.0
"""Not the program's own, so that a leap of it ends nothing else."""


async def submit(origin: str) -> RemoteTaskId:
    async with open_clients(trust_env=False) as clients:
        api = MidjourneyApi(clients, ApiSettings(key="sk-x", origin=origin, submit_seconds=PATIENCE_S))
        return await api.imagine(prompt="a fox", pool=Pool.FAST, webhook=None)


async def fault_of_submit(origin: str) -> RemoteFault:
    with pytest.raises(RemoteError) as caught:
        await submit(origin)
    return caught.value.fault


async def test_nobody_listening_means_that_nothing_was_sent() -> None:
    assert await fault_of_submit(f"http://127.0.0.1:{free_port()}") is RemoteFault.UNREACHED


async def test_a_name_that_does_not_resolve_means_that_nothing_was_sent() -> None:
    assert await fault_of_submit("http://no-such-host.invalid") is RemoteFault.UNREACHED


async def test_a_failed_tls_handshake_means_that_nothing_was_sent() -> None:
    async with RawServer([b"this is no TLS"], until=b"\x01").open() as server:
        assert await fault_of_submit(server.origin.replace("http", "https")) is RemoteFault.UNREACHED


async def test_a_tls_handshake_that_hangs_means_that_nothing_was_sent() -> None:
    async with RawServer([], silent=True, leap=PATIENCE_S / 2, until=b"\x01").open() as server:
        origin = server.origin.replace("http", "https")
        assert await fault_of_submit(origin) is RemoteFault.UNREACHED


async def test_no_free_connection_means_that_nothing_was_sent() -> None:
    async with (
        RawServer([], silent=True).open() as server,
        open_clients(trust_env=False, connections=1) as clients,
    ):
        api = MidjourneyApi(clients, ApiSettings(key="sk-x", origin=server.origin))
        first = asyncio.create_task(api.imagine(prompt="a fox", pool=Pool.FAST, webhook=None))
        await server.arrived.wait()
        second = asyncio.create_task(api.imagine(prompt="a fox", pool=Pool.FAST, webhook=None))
        await leap_once_read(30)  # too long for a connection, not for an answer

        with pytest.raises(RemoteError) as caught:
            await second

        assert not first.done()
        assert caught.value.fault is RemoteFault.UNREACHED
        assert server.requests == 1
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)


@pytest.mark.parametrize(
    "answers",
    [
        [],
        [b"HTTP/1.1 200 OK\r\n"],
        [b"garbage\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + OK],
        [b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"sta'],
        [b"HTTP/1.1 200 OK\r\n\r\n" + OK[:-4]],
        [b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nno gzip at all"],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"],
        [b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"],
    ],
    ids=[
        "closed",
        "half-a-head",
        "garbage",
        "short-body",
        "half-a-chunk",
        "cut-json",
        "no-gzip",
        "empty",
        "see-other",
    ],
)
async def test_whatever_breaks_after_sending_is_unclear(answers: list[bytes]) -> None:
    async with RawServer(answers).open() as server:
        assert await fault_of_submit(server.origin) is RemoteFault.UNCLEAR
        assert server.requests == 1


def in_chunks(coding: str, *chunks: bytes) -> list[bytes]:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return [head.encode() + body + b"0\r\n\r\n"]


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("br", b"\x0b\x02\x80\x03"),
        ("zstd", OK),
        ("gzip, gzip", gzip.compress(gzip.compress(OK, mtime=0), mtime=0)),
        ("identity, br", OK),
    ],
)
async def test_an_answer_that_could_unfold_without_bounds_is_not_unfolded(coding: str, body: bytes) -> None:
    async with RawServer(in_chunks(coding, body)).open() as server:
        assert await fault_of_submit(server.origin) is RemoteFault.UNCLEAR


@pytest.mark.parametrize("coding", ["aws-chunked", "UTF-8", "none", "", ",", "identity, identity"])
async def test_a_name_that_is_no_packing_leaves_an_answer_as_it_is(coding: str) -> None:
    async with RawServer(in_chunks(coding, OK)).open() as server:
        assert await submit(server.origin) == "90210"


RAW_DEFLATE = zlib.compress(OK, wbits=-zlib.MAX_WBITS)


@pytest.mark.parametrize("first", [1, 2, 9, 10_000], ids=lambda first: f"first-{first}")
@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip, identity", gzip.compress(OK, mtime=0)),
        ("aws-chunked,GZIP", gzip.compress(OK, mtime=0)),
        ("x-gzip", gzip.compress(OK, mtime=0)),
        ("deflate", zlib.compress(OK)),
        ("deflate", RAW_DEFLATE),
    ],
    ids=["and-identity", "and-unknown", "x-gzip", "deflate", "raw-deflate"],
)
async def test_a_packed_answer_is_unfolded_however_it_is_cut(coding: str, body: bytes, first: int) -> None:
    chunks = [chunk for chunk in (body[:first], body[first:]) if chunk]
    async with RawServer(in_chunks(coding, *chunks)).open() as server:
        assert await submit(server.origin) == "90210"


@pytest.mark.parametrize("behind", [[b"\n"], [b"\0" * 512, b"more"]])
async def test_what_follows_a_packed_answer_is_passed_over(behind: list[bytes]) -> None:
    async with RawServer(in_chunks("gzip", gzip.compress(OK), *behind)).open() as server:
        assert await submit(server.origin) == "90210"


async def test_a_packed_answer_is_read_and_unfolds_no_further_than_an_answer_may() -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.headers["Accept-Encoding"])
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    async with serve(answer) as origin:
        packed = gzip.compress(OK)
        assert await submit(origin) == "90210"
        packed = gzip.compress(bytes(16 * MAX_ANSWER))
        tracemalloc.start()
        try:
            assert await fault_of_submit(origin) is RemoteFault.UNCLEAR
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert most < 4 * MAX_ANSWER
    assert set(asked) == {"gzip"}


@pytest.mark.parametrize(
    "spoken", [[], [b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"]], ids=["mute", "mid-body"]
)
async def test_silence_after_sending_is_unclear(spoken: list[bytes]) -> None:
    async with RawServer(spoken, silent=True, leap=PATIENCE_S).open() as server:
        assert await fault_of_submit(server.origin) is RemoteFault.UNCLEAR


async def test_an_answer_in_drips_ends_at_the_total() -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        response, drops = web.StreamResponse(), 0
        await response.prepare(request)
        try:
            while True:
                await response.write(b" ")
                await asyncio.sleep(0.01)
                drops += 1
                if drops == 10:
                    leap(PATIENCE_S)
        except ConnectionError:
            return response

    async with serve(drip) as origin:
        assert await fault_of_submit(origin) is RemoteFault.UNCLEAR


@pytest.mark.parametrize("announced", [True, False])
async def test_an_endless_answer_is_not_swallowed(*, announced: bool) -> None:
    async def drown(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(10**12)} if announced else {})
        await response.prepare(request)
        try:
            for _ in range(64):
                await response.write(b"x" * (MAX_ANSWER // 16))
        except ConnectionError:
            return response
        pytest.fail("all of it was read")

    async with serve(drown) as origin:
        assert await fault_of_submit(origin) is RemoteFault.UNCLEAR


async def test_a_compressed_answer_is_read() -> None:
    async def squeeze(_: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(OK), headers={"Content-Encoding": "gzip"})

    async with serve(squeeze) as origin:
        assert await submit(origin) == "90210"


async def test_no_redirect_is_followed_and_the_key_goes_nowhere_else() -> None:
    visits: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        visits.append(request.headers.get("Authorization", ""))
        return web.Response(body=OK)

    async with serve(elsewhere) as foreign:

        async def redirect(_: web.Request) -> web.Response:
            return web.Response(status=307, headers={"Location": f"{foreign}/imagine"})

        async with serve(redirect) as origin:
            assert await fault_of_submit(origin) is RemoteFault.REFUSED

    assert visits == []


async def test_a_paid_call_never_goes_over_a_used_connection() -> None:
    peers: set[object] = set()

    async def answer(request: web.Request) -> web.Response:
        assert request.transport is not None
        peers.add(request.transport.get_extra_info("peername"))
        return web.Response(body=OK)

    async with serve(answer) as origin, open_api(ApiSettings(key="sk-x", origin=origin)) as api:
        for _ in range(3):
            await api.imagine(prompt="a fox", pool=Pool.FAST, webhook=None)

    assert len(peers) == 3


async def test_an_answer_about_another_task_is_not_believed() -> None:
    async def mixed_up(_: web.Request) -> web.Response:
        return web.json_response({"statusCode": 200, "data": {"taskId": 2, "status": "SUCCESS"}})

    async with serve(mixed_up) as origin, open_api(ApiSettings(key="sk-x", origin=origin)) as api:
        with pytest.raises(RemoteError, match="another task"):
            await api.query(RemoteTaskId("1"))


async def test_what_is_sent_is_what_the_contract_shows() -> None:
    requests: list[tuple[str, str, str, object]] = []

    async def answer(request: web.Request) -> web.Response:
        headers = request.headers
        body = json.loads(await request.read())
        requests.append((request.path_qs, headers["Authorization"], headers["Content-Type"], body))
        return web.Response(body=OK)

    async with serve(answer) as origin:
        await submit(origin)

    body = {"model": "midjourney", "type": "FAST", "prompt": "a fox"}
    assert requests == [("/api/v1/ai/draw/mj/imagine", "Bearer sk-x", "application/json", body)]


async def test_a_proxy_that_refuses_the_tunnel_let_nothing_through() -> None:
    async def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ProxyError("407", request=request)

    async with open_clients(transport=httpx.MockTransport(broken)) as clients:
        api = MidjourneyApi(clients, ApiSettings(key="sk-x"))
        with pytest.raises(RemoteError) as caught:
            await api.imagine(prompt="a fox", pool=Pool.FAST, webhook=None)

    assert caught.value.fault is RemoteFault.UNREACHED


@pytest.mark.parametrize(
    "error",
    [httpx.ReadTimeout, httpx.WriteTimeout, httpx.WriteError, httpx.ReadError, httpx.CloseError, OSError],
)
async def test_every_error_that_can_follow_sending_is_unclear(error: type[Exception]) -> None:
    async def broken(_: httpx.Request) -> httpx.Response:
        raise error("broken")

    async with open_clients(transport=httpx.MockTransport(broken)) as clients:
        api = MidjourneyApi(clients, ApiSettings(key="sk-x"))
        with pytest.raises(RemoteError) as caught:
            await api.imagine(prompt="a fox", pool=Pool.FAST, webhook=None)

    assert caught.value.fault is RemoteFault.UNCLEAR
