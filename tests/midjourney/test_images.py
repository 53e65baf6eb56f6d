"""Fetching pictures over HTTP: sources in order, foreign hosts, drips, floods, redirects.
Never here: codecs (`test_resize`) and spellings of addresses (`test_addresses`)."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
import pytest
from aiohttp import web

from bot.domain.pools import Pool
from bot.errors import RetryLater, RouteClosed
from bot.metrics import Meters
from bot.midjourney.images import MOST_LOGGED, HttpPictures, PictureSettings
from bot.midjourney.ohmygpt.client import ApiSettings, MidjourneyApi
from bot.midjourney.resize import fit
from bot.midjourney.source_health import SourceHealth
from bot.midjourney.transport import open_clients
from bot.sandbox.upstream import SANDBOX_KEY, Fault, SimulatedUpstream
from tests.fixtures.leaps import leap_in_silence, leap_once_read
from tests.midjourney.drawing import animation, bomb, noise, still, video
from tests.midjourney.servers import RawServer, serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from bot.domain.ports import Picture, Pictures

T = TypeVar("T")
LIMIT = 10 * 1024 * 1024


@asynccontextmanager
async def pictures(storage: str, *, wsrv: str | None = None, **settings: Any) -> AsyncIterator[HttpPictures]:
    async with open_clients(trust_env=False) as clients:
        yield HttpPictures(clients.pictures, PictureSettings(storage=storage, wsrv=wsrv, **settings))


def serving(data: bytes, content_type: str = "application/octet-stream") -> Any:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=data, content_type=content_type)

    return serve(handler)


def redirecting(to: str, status: int = 302) -> Any:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": to.format(path=request.path)})

    return serve(handler)


async def test_a_store_that_hangs_is_passed_over_after_three_of_its_downloads() -> None:
    asked = 0

    async def hang(request: web.Request) -> web.Response:
        """Four at once are given up when the fourth has come; one that comes later is cut off, which counts as well."""
        nonlocal asked
        asked += 1
        if asked == 4:
            await leap_once_read(20)
        if asked > 4 and request.transport is not None:
            request.transport.abort()
        await asyncio.Event().wait()
        raise AssertionError

    still_png = still("PNG")
    async with (
        serve(hang) as store,
        serving(still_png) as cdn,
        pictures(store, hosts=(cdn.removeprefix("http://"),), seconds=20) as port,
        asyncio.timeout(120),
    ):
        found = await asyncio.gather(
            *(
                port.fetch(storage_key=f"{n}.png", discord_url=f"{cdn}/{n}.png", limit=LIMIT)
                for n in range(12)
            )
        )

    assert len(found) == 12
    # Four at once; the places of the first two that gave up were taken before the third was counted.
    assert asked <= 4 + 2


async def test_a_host_that_is_ill_keeps_no_picture_of_another_host_away() -> None:
    asked = 0

    async def ill(_: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.Response(status=503)

    still_png = still("PNG")
    async with serve(ill) as one, serving(still_png) as other, pictures(one, hosts=(one, other)) as port:
        for n in range(5):
            with pytest.raises(RetryLater):
                await port.fetch(storage_key=None, discord_url=f"{one}/{n}.png", limit=LIMIT)

        assert (await port.fetch(storage_key=None, discord_url=f"{other}/a.png", limit=LIMIT)).data
    assert asked == 3


async def test_a_missing_file_says_nothing_of_its_store() -> None:
    still_png = still("PNG")

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=still_png) if request.path.endswith("here.png") else web.Response(status=404)

    async with serve(answer) as store, pictures(store) as port:
        for n in range(5):
            with pytest.raises(RetryLater):
                await port.fetch(storage_key=f"gone{n}.png", discord_url=None, limit=LIMIT)

        assert (await port.fetch(storage_key="here.png", discord_url=None, limit=LIMIT)).data


async def test_a_source_that_was_skipped_is_tried_again_by_one_request_and_comes_back() -> None:
    now = 0.0
    health = SourceHealth(lambda: now)
    for _ in range(3):
        assert health.may_ask("storage")
        health.failed("storage")

    assert not health.may_ask("storage")
    assert health.may_ask("discord")
    now = 31.0
    assert [health.may_ask("storage") for _ in range(3)] == [True, False, False]
    health.went_well("storage")
    assert health.may_ask("storage")


async def test_it_is_a_pictures_port() -> None:
    def accepts(port: Pictures) -> Pictures:
        return port

    async with pictures("https://pi.ohmygpt.com") as port:
        assert accepts(port) is port


@asynccontextmanager
async def finished_task(
    **options: Any,
) -> AsyncIterator[tuple[SimulatedUpstream, HttpPictures, str | None, str | None]]:
    """A finished task of the simulated API: its store, key and Discord address."""
    async with (
        SimulatedUpstream(manual=True, canvas=128) as upstream,
        open_clients(trust_env=False) as clients,
    ):
        api = MidjourneyApi(clients, ApiSettings(key=SANDBOX_KEY, origin=upstream.origin))
        task = await api.imagine(prompt="a paper fox", pool=Pool.NORMAL, webhook=None)
        upstream.finish(int(task))
        seen = await api.query(task)
        assert seen is not None
        settings = PictureSettings(
            storage=upstream.storage, wsrv=upstream.wsrv, hosts=(upstream.host,), **options
        )
        yield upstream, HttpPictures(clients.pictures, settings), seen.storage_key, seen.discord_url


async def test_a_result_comes_from_the_store_whole() -> None:
    async with finished_task() as (upstream, port, key, discord):
        picture = await port.fetch(storage_key=key, discord_url=discord, limit=LIMIT)

        assert picture.data == await upstream.picture(upstream.tasks[0].id)
        assert picture.filename.startswith("easel-")
        assert picture.filename.endswith(".png")
        assert (picture.media_type, picture.width, picture.height) == ("image/png", 128, 128)
        assert picture.source == f"{upstream.storage}/api/v1/content/mj-generated/{key}"
        assert not picture.reduced


async def test_a_small_limit_is_kept_and_the_full_size_stays_reachable() -> None:
    async with finished_task() as (_, port, key, discord):
        picture = await port.fetch(storage_key=key, discord_url=discord, limit=1500)

        assert len(picture.data) <= 1500
        assert picture.reduced
        assert picture.filename.endswith(".webp")
        assert picture.source is not None


async def test_without_a_store_key_discords_address_is_used_and_never_shown() -> None:
    async with finished_task() as (_, port, _key, discord):
        picture = await port.fetch(storage_key=None, discord_url=discord, limit=LIMIT)

        assert picture.source is None


@pytest.mark.parametrize(
    "fault",
    [
        Fault.PICTURE_404,
        Fault.PICTURE_403,
        Fault.PICTURE_500,
        Fault.PICTURE_SLOW,
        Fault.PICTURE_HANGS,
        Fault.PICTURE_TOO_LARGE,
        Fault.PICTURE_REDIRECT,
        Fault.PICTURE_NOT_AN_IMAGE,
    ],
)
async def test_whatever_ails_one_source_the_next_is_asked(
    fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    leap_in_silence(monkeypatch, 20)
    async with finished_task(seconds=20, most_bytes=2_000_000) as (upstream, port, key, discord):
        upstream.fault(fault, endpoint="store", times=None, seconds=30)

        picture = await port.fetch(storage_key=key, discord_url=discord, limit=LIMIT)

        assert (picture.media_type, picture.width, picture.height) == ("image/png", 128, 128)
        assert picture.source is None
        assert [call.endpoint for call in upstream.calls[2:]] == ["store", "cdn"]


async def test_wsrv_is_the_last_resort_and_names_the_stored_file() -> None:
    async with finished_task() as (upstream, port, key, discord):
        upstream.fault(Fault.PICTURE_500, endpoint="store", times=None)
        upstream.fault(Fault.PICTURE_404, endpoint="cdn", times=None)

        picture = await port.fetch(storage_key=key, discord_url=discord, limit=LIMIT)

        assert [call.endpoint for call in upstream.calls[2:]] == ["store", "cdn", "wsrv"]
        assert picture.source is not None


INNER = "http://mj-proxy:8080"
OWN_STORE = "http://store.lan:9000"


@asynccontextmanager
async def owners_network(
    *, wsrv: str | None = "https://wsrv.nl", moved: str | None = None
) -> AsyncIterator[tuple[HttpPictures, list[str]]]:
    """Pictures everywhere, in the owner's own network too, and all that was asked for; `moved`: public hosts lead there."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        if moved is not None and request.url.host in {"cdn.discordapp.com", "wsrv.nl", "wsrv.lan"}:
            return httpx.Response(302, headers={"Location": moved})
        return httpx.Response(200, stream=httpx.ByteStream(still("PNG")))

    settings = PictureSettings(storage=OWN_STORE, wsrv=wsrv, hosts=(INNER, "127.0.0.1:8080"))
    async with open_clients(transport=httpx.MockTransport(answer)) as clients:
        yield HttpPictures(clients.pictures, settings), asked


async def test_an_address_that_somebody_types_is_fetched_from_public_hosts_or_through_the_public_proxy() -> (
    None
):
    async with owners_network() as (port, asked):
        near = await port.fetch_address("https://media.discordapp.net/fox.png?ex=1", limit=LIMIT)
        far = await port.fetch_address("http://10.0.0.1/secret?a=1&b=2", limit=LIMIT)

    assert asked == [
        "https://media.discordapp.net/fox.png?ex=1",
        "https://wsrv.nl/?url=http%3A%2F%2F10.0.0.1%2Fsecret%3Fa%3D1%26b%3D2",
    ]
    assert (near.width, far.width) == (48, 48)
    assert (near.source, far.source) == (None, None)


@pytest.mark.parametrize(
    "typed",
    [
        f"{INNER}/mj/image/1",
        f"{OWN_STORE}/a.png",
        "http://127.0.0.1:8080/mj/image/1",
        "https://127.0.0.1:8080/a",
        "http://cdn.discordapp.com/a.png",
    ],
)
async def test_nobody_types_their_way_to_where_the_owners_results_come_from(typed: str) -> None:
    async with owners_network() as (port, asked):
        await port.fetch_address(typed, limit=LIMIT)
    async with owners_network(wsrv=None) as (without, asked_without):
        with pytest.raises(RouteClosed, match="host_not_allowed"):
            await without.fetch_address(typed, limit=LIMIT)

    assert [httpx.URL(address).host for address in asked] == ["wsrv.nl"]
    assert asked_without == []


@pytest.mark.parametrize(
    "moved",
    [
        f"{INNER}/mj/image/1",
        f"{OWN_STORE}/a.png",
        "http://127.0.0.1:8080/",
        "http://wsrv.lan:81/",
        "https://wsrv.lan/",
    ],
)
@pytest.mark.parametrize("wsrv", ["https://wsrv.nl", "http://wsrv.lan"])
@pytest.mark.parametrize(
    "typed",
    [
        "https://cdn.discordapp.com/a.png",
        f"https://wsrv.nl/?url=x.example&default={INNER}/mj/image/1",
        "https://elsewhere.example/a.png",
    ],
)
async def test_no_redirect_leads_a_typed_address_into_the_owners_network(
    typed: str, wsrv: str, moved: str
) -> None:
    async with owners_network(wsrv=wsrv, moved=moved) as (port, asked):
        with pytest.raises(RouteClosed, match="host_not_allowed"):
            await port.fetch_address(typed, limit=LIMIT)

    assert len(asked) == 1


async def test_a_typed_address_may_lead_from_one_public_host_to_another() -> None:
    there = "https://media.discordapp.net/a.png"
    async with owners_network(moved=there) as (port, asked):
        await port.fetch_address("https://cdn.discordapp.com/a.png", limit=LIMIT)

    assert asked == ["https://cdn.discordapp.com/a.png", there]


async def test_a_proxy_of_the_owners_own_may_lead_a_typed_address_to_another_of_its_own() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        if request.url.path == "/":
            return httpx.Response(302, headers={"Location": "/cached/1.png"})
        return httpx.Response(200, stream=httpx.ByteStream(still("PNG")))

    async with open_clients(transport=httpx.MockTransport(answer)) as clients:
        port = HttpPictures(clients.pictures, PictureSettings(wsrv="http://wsrv.lan:8080"))
        picture = await port.fetch_address("https://elsewhere.example/a.png", limit=LIMIT)

    assert picture.width == 48
    assert asked[1:] == ["http://wsrv.lan:8080/cached/1.png"]


async def test_a_public_host_leads_no_typed_address_to_the_owners_proxy() -> None:
    async with owners_network(wsrv="http://wsrv.lan", moved="http://wsrv.lan/secret") as (port, asked):
        with pytest.raises(RouteClosed, match="host_not_allowed"):
            await port.fetch_address("https://cdn.discordapp.com/a.png", limit=LIMIT)

    assert asked == ["https://cdn.discordapp.com/a.png"]


async def test_results_come_from_the_owners_network_as_ever() -> None:
    async with owners_network(moved=f"{INNER}/mj/image/2") as (port, asked):
        await port.fetch(storage_key=None, discord_url=f"{INNER}/mj/image/1", limit=LIMIT)
        await port.fetch(storage_key=None, discord_url="https://cdn.discordapp.com/a.png", limit=LIMIT)

    assert [httpx.URL(address).host for address in asked] == ["mj-proxy", "cdn.discordapp.com", "mj-proxy"]


@pytest.mark.parametrize(
    ("body", "status", "limit", "reason"),
    [
        (noise(), 200, 20, "picture_too_large"),
        (b"<html>", 200, LIMIT, "not_a_picture"),
        (b"", 503, LIMIT, "http_503"),
    ],
)
async def test_a_typed_address_that_gives_no_picture_closes_the_way_and_is_counted(
    body: bytes, status: int, limit: int, reason: str
) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, status=status)

    meters = Meters()
    async with serve(answer) as wsrv, open_clients(trust_env=False) as clients:
        port = HttpPictures(clients.pictures, PictureSettings(wsrv=wsrv), metrics=meters)
        with pytest.raises(RouteClosed, match=reason):
            await port.fetch_address("https://pictures.example/a.png", limit=limit)

    assert f'outcome="{reason}"' in meters.exposition().decode()


async def test_the_address_that_people_are_shown_is_the_stores_or_none() -> None:
    async with pictures("https://pi.ohmygpt.com") as port:
        assert port.address("fox.png") == "https://pi.ohmygpt.com/api/v1/content/mj-generated/fox.png"
        assert port.address("../fox.png") is None
        assert port.address(None) is None


async def test_when_no_source_gives_it_there_is_a_later() -> None:
    async with finished_task() as (upstream, port, key, discord):
        for endpoint in ("store", "cdn", "wsrv"):
            upstream.fault(Fault.PICTURE_500, endpoint=endpoint, times=None)

        with pytest.raises(RetryLater, match="http_500"):
            await port.fetch(storage_key=key, discord_url=discord, limit=LIMIT)


@pytest.mark.parametrize(
    ("key", "discord", "reason"),
    [
        (None, None, "no_picture"),
        ("", "", "no_picture"),
        ("../x", None, "host_not_allowed"),
        (None, "https://evil.example/x.png", "host_not_allowed"),
        (None, "http://169.254.169.254/latest", "host_not_allowed"),
    ],
)
async def test_without_an_allowed_source_the_way_is_closed(
    key: str | None, discord: str | None, reason: str
) -> None:
    async with pictures("https://pi.ohmygpt.com") as port:
        with pytest.raises(RouteClosed) as caught:
            await port.fetch(storage_key=key, discord_url=discord, limit=LIMIT)

    assert caught.value.reason == reason


def told_hosts(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Host and advice of each warning about a host, in order."""
    return [
        (record.__dict__["host"], record.__dict__["cure"])
        for record in caplog.records
        if record.message == "picture_host_not_allowed" and record.levelno == logging.WARNING
    ]


async def test_a_host_that_is_not_allowed_is_named_once_with_the_setting_for_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with redirecting("https://elsewhere.example/x.png?sig=secret") as store, pictures(store) as port:
        for name in ("a", "b"):
            for foreign in (f"https://cdn.example/{name}.png?sig=secret", f"http://localhost:81/{name}.png"):
                with pytest.raises(RouteClosed, match="host_not_allowed"):
                    await port.fetch(storage_key=None, discord_url=foreign, limit=LIMIT)
                with pytest.raises(RouteClosed, match="host_not_allowed"):
                    await port.fetch_preview(foreign, limit=LIMIT)
            with pytest.raises(RouteClosed, match="host_not_allowed"):
                await port.fetch(storage_key=f"{name}.png", discord_url=None, limit=LIMIT)

    assert [host for host, _ in told_hosts(caplog)] == ["cdn.example", "localhost:81", "elsewhere.example"]
    assert all(f"add {host} to EASEL_IMAGE_HOSTS" in cure for host, cure in told_hosts(caplog))
    assert "secret" not in caplog.text


async def test_an_address_that_a_member_typed_is_nothing_to_allow(caplog: pytest.LogCaptureFixture) -> None:
    async with pictures("https://pi.ohmygpt.com") as port:
        with pytest.raises(RouteClosed, match="host_not_allowed"):
            await port.fetch_address("https://cdn.example/x.png", limit=LIMIT)

    assert told_hosts(caplog) == []


async def test_a_server_that_makes_hosts_up_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with pictures("https://pi.ohmygpt.com") as port:
        for number in range(MOST_LOGGED + 9):
            with pytest.raises(RouteClosed):
                await port.fetch(
                    storage_key=None, discord_url=f"https://n{number}.example/x.png", limit=LIMIT
                )

    assert len(told_hosts(caplog)) == MOST_LOGGED


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_to_a_foreign_host_is_not_followed(status: int) -> None:
    visits: list[str] = []

    async def foreign(request: web.Request) -> web.Response:
        visits.append(request.path)
        return web.Response(body=still())

    async with (
        serve(foreign) as evil,
        redirecting(f"{evil}/x.png", status) as storage,
        pictures(storage) as port,
    ):
        with pytest.raises(RouteClosed) as caught:
            await port.fetch(storage_key="k.png", discord_url=None, limit=LIMIT)

    assert caught.value.reason == "host_not_allowed"
    assert visits == []


async def test_a_redirect_between_allowed_hosts_is_followed() -> None:
    async with (
        serving(still()) as other,
        redirecting(f"{other}/x.png") as storage,
        pictures(storage, hosts=(other.removeprefix("http://"),)) as port,
    ):
        picture = await port.fetch(storage_key="k.png", discord_url=None, limit=LIMIT)

    assert picture.data == still()


@pytest.mark.parametrize(
    ("location", "error"),
    [
        ("{path}x", RetryLater),
        ("//", RetryLater),
        ("http://[", RouteClosed),
        ("file:///etc/passwd", RouteClosed),
    ],
)
async def test_redirects_end(location: str, error: type[Exception]) -> None:
    async with redirecting(location) as storage, pictures(storage) as port:
        with pytest.raises(error):
            await port.fetch(storage_key="k.png", discord_url=None, limit=LIMIT)


async def test_a_slow_loris_is_given_up_and_the_place_is_free_again() -> None:
    async with (
        RawServer(
            [b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n\x89PNG"], silent=True, leap=20
        ).open() as server,
        serving(still()) as other,
        pictures(server.origin, seconds=20, at_once=1, hosts=(other.removeprefix("http://"),)) as port,
    ):
        for _ in range(2):
            picture = await port.fetch(storage_key="k.png", discord_url=f"{other}/x.png", limit=LIMIT)

            assert picture.data == still()


@pytest.mark.parametrize("head", [b"Content-Length: 999999999999\r\n", b"Content-Length: x\r\n", b""])
async def test_a_flood_stops_at_the_cap(head: bytes) -> None:
    flood = [b"HTTP/1.1 200 OK\r\n" + head + b"\r\n", *[b"x" * 50_000] * 100]
    async with RawServer(flood).open() as server, pictures(server.origin, most_bytes=100_000) as port:
        with pytest.raises((RouteClosed, RetryLater)):
            await port.fetch(storage_key="k.png", discord_url=None, limit=LIMIT)


async def test_a_bomb_closes_the_way_and_a_cut_off_picture_only_puts_off() -> None:
    async with serving(bomb()) as storage, pictures(storage) as port:
        with pytest.raises(RouteClosed, match="too_many_pixels"):
            await port.fetch(storage_key="k.png", discord_url=None, limit=LIMIT)
    async with serving(noise()[:5000]) as storage, pictures(storage) as port:
        with pytest.raises(RetryLater, match="not_a_picture"):
            await port.fetch(storage_key="k.png", discord_url=None, limit=LIMIT)


@pytest.mark.parametrize("data", [animation("GIF"), animation("WEBP"), video()])
async def test_an_animation_passes_or_closes_the_way(data: bytes) -> None:
    async with serving(data, "text/html") as storage, pictures(storage) as port:
        picture = await port.fetch(storage_key="k.png", discord_url=None, limit=LIMIT)
        with pytest.raises(RouteClosed, match="animation_too_large"):
            await port.fetch(storage_key="k.png", discord_url=None, limit=len(data) - 1)

    assert picture.data == data


async def test_no_signature_reaches_a_log_at_info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with (
        serving(b"nothing") as storage,
        pictures(storage, hosts=(storage.removeprefix("http://"),)) as port,
    ):
        with pytest.raises(RetryLater):
            await port.fetch(
                storage_key=None, discord_url=f"{storage}/x.png?ex=1&hm=SECRETSIGNATURE", limit=LIMIT
            )

    assert "picture_source_failed" in caplog.text
    assert "SECRETSIGNATURE" not in "".join(str(record.__dict__) for record in caplog.records)


async def test_pictures_are_decoded_beside_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, beaten, turned = asyncio.get_running_loop(), threading.Event(), []

    def fit_as_the_loop_turns(*given: Any, **more: Any) -> Any:
        loop.call_soon_threadsafe(beaten.set)
        turned.append(beaten.wait(30))
        return fit(*given, **more)

    monkeypatch.setattr("bot.midjourney.images.fit", fit_as_the_loop_turns)
    async with serving(noise(size=(500, 500))) as storage, pictures(storage) as port:
        picture = await port.fetch(storage_key="k.png", discord_url=None, limit=50_000)

    assert picture.reduced
    assert turned == [True]


async def test_every_fetch_passes_the_guard() -> None:
    reasons: list[str] = []

    async def guard(awaitable: Awaitable[T], reason: str, /) -> T:
        reasons.append(reason)
        return await awaitable

    async with serving(still()) as storage, open_clients(trust_env=False) as clients:
        port = HttpPictures(clients.pictures, PictureSettings(storage=storage, wsrv=None), guard=guard)
        await port.fetch(storage_key="k.png", discord_url=None, limit=LIMIT)

    assert reasons == ["picture: storage"]


async def test_many_at_once_all_come() -> None:
    async with serving(still()) as storage, pictures(storage, at_once=2) as port:
        fetched: list[Picture] = await asyncio.gather(
            *(port.fetch(storage_key=f"{n}.png", discord_url=None, limit=LIMIT) for n in range(12))
        )

    assert all(picture.data == still() for picture in fetched)
