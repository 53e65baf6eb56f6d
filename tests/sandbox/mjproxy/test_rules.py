"""The rules of the simulated servers: keys, prefixes, lists by flavour, and what a client must never do.
Never here: the client (tests/midjourney/mjproxy)."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from PIL import Image

from bot.sandbox.mjproxy import Flavour, SimulatedProxy
from bot.sandbox.upstream import SimulatedUpstream
from tests.sandbox.upstream.client import data_url

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SECRET = {"mj-api-secret": "sk-sandbox"}
BOTH = {**SECRET, "Authorization": "sk-sandbox"}


@asynccontextmanager
async def visited(
    flavour: Flavour, headers: dict[str, str] | None = None, **options: Any
) -> AsyncIterator[tuple[aiohttp.ClientSession, SimulatedProxy]]:
    async with (
        SimulatedProxy(flavour, manual=True, canvas=64, **options) as proxy,
        aiohttp.ClientSession(proxy.origin, headers=SECRET if headers is None else headers) as session,
    ):
        yield session, proxy


async def asked(session: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with session.request(method, path, json=body) as answer:
        text = await answer.text()
        return answer.status, await answer.json() if text[:1] in {"{", "["} else text


@pytest.mark.parametrize(
    ("flavour", "status", "words"),
    [
        (Flavour.NOVI, 401, ""),
        (Flavour.PLUS, 401, ""),
        (Flavour.TRUEAI, 401, "Authorization header missing."),
        (Flavour.NEW_API, 401, {"error": {"message": "无效的令牌", "type": "new_api_error"}}),
        (Flavour.ONE_HUB, 401, ""),
    ],
)
async def test_a_wrong_key_is_refused_in_each_flavours_way(flavour: Flavour, status: int, words: Any) -> None:
    async with visited(flavour, {"mj-api-secret": "sk-wrong"}) as (session, proxy):
        assert await asked(session, "POST", "/mj/submit/imagine", {"prompt": "x"}) == (status, words)
        assert proxy.paid == 0


async def test_a_guest_draws_with_any_key() -> None:
    async with visited(Flavour.TRUEAI, {"mj-api-secret": "sk-wrong"}, guest=True) as (session, proxy):
        _, answer = await asked(session, "POST", "/mj/submit/imagine", {"prompt": "x"})
        assert answer["code"] == 1
        assert proxy.paid == 1


@pytest.mark.parametrize(
    ("flavour", "relax", "odd"),
    [
        (Flavour.NOVI, 404, 404),
        (Flavour.PLUS, 404, 404),
        (Flavour.TRUEAI, 200, 404),
        (Flavour.NEW_API, 200, 200),
        (Flavour.ONE_HUB, 200, 400),
    ],
)
async def test_prefixes_are_each_flavours_own(flavour: Flavour, relax: int, odd: int) -> None:
    async with visited(flavour) as (session, _):
        for prefix, expected in (("mj-relax", relax), ("mj-odd", odd)):
            status, _answer = await asked(
                session, "POST", f"/{prefix}/mj/task/list-by-condition", {"ids": []}
            )
            assert (prefix, status) == (prefix, expected)


@pytest.mark.parametrize(
    ("headers", "body", "rule"),
    [
        (BOTH, {"prompt": "x"}, "two headers with a key"),
        (SECRET, {"prompt": "x", "accountFilter": {"modes": ["RELAX", "FAST"]}}, "two modes in one filter"),
        (SECRET, {"prompt": "x", "tools": []}, "tools were sent"),
        (SECRET, {"prompt": "x --fast"}, "a speed flag in the prompt"),
        (SECRET, {"prompt": "x", "maskBase64": "AAAA"}, "a mask with another prefix"),
    ],
)
async def test_what_no_client_may_do_is_written_down(
    headers: dict[str, str], body: dict[str, Any], rule: str
) -> None:
    async with visited(Flavour.TRUEAI, headers) as (session, proxy):
        await asked(session, "POST", "/mj/submit/imagine", body)
        assert proxy.broken_rules == [rule]


@pytest.mark.parametrize(("field", "most"), [("state", 255), ("notifyHook", 2000)])
async def test_long_texts_are_refused_as_one_proxy_does(field: str, most: int) -> None:
    async with visited(Flavour.TRUEAI) as (session, proxy):
        status, answer = await asked(
            session, "POST", "/mj/submit/imagine", {"prompt": "x", field: "h" * (most + 1)}
        )
        assert (status, answer["success"], answer["code"]) == (200, False, -1)
        assert proxy.paid == 0


@pytest.mark.parametrize("flavour", [Flavour.PLUS, Flavour.NEW_API])
async def test_a_task_moves_by_itself_as_time_passes(flavour: Flavour) -> None:
    now = 1_900_000_000.0
    proxy = SimulatedProxy(flavour, canvas=64, clock=lambda: now)
    async with proxy, aiohttp.ClientSession(proxy.origin, headers=SECRET) as session:
        _, answer = await asked(session, "POST", "/mj/submit/imagine", {"prompt": "fox"})
        path, seen = f"/mj/task/{answer['result']}/fetch", []
        for _ in range(3):
            _, task = await asked(session, "GET", path)
            seen.append((task["status"], task["progress"]))
            now += 12.0
        assert seen == [("NOT_START", "0%"), ("IN_PROGRESS", "15%"), ("SUCCESS", "100%")]


async def test_one_proxy_lists_only_the_newest_hundred() -> None:
    async with visited(Flavour.TRUEAI) as (session, proxy):
        for n in range(103):
            await asked(session, "POST", "/mj/submit/imagine", {"prompt": f"fox {n}"})
        _, listed = await asked(session, "GET", "/mj/task/list")
        assert len(listed) == 100
        assert listed[0]["prompt"] == "fox 102"
        assert len(proxy.records) == 103


async def test_a_gateways_picture_is_served_by_itself_without_a_key() -> None:
    async with visited(Flavour.NEW_API) as (session, proxy):
        _, answer = await asked(session, "POST", "/mj/submit/imagine", {"prompt": "fox"})
        proxy.finish(answer["result"])
        async with (
            aiohttp.ClientSession(proxy.origin) as stranger,
            stranger.get(f"/mj/image/{answer['result']}") as picture,
        ):
            assert (picture.status, picture.content_type) == (200, "image/png")
            assert (await picture.read()).startswith(b"\x89PNG")
        async with session.get("/mj/image/404") as missing:
            assert missing.status == 404


async def test_the_other_stand_in_still_sells_two_pools_only() -> None:
    headers = {"Authorization": "Bearer sk-sandbox"}
    async with (
        SimulatedUpstream(manual=True) as upstream,
        aiohttp.ClientSession(upstream.origin, headers=headers) as session,
    ):
        body = {"model": "midjourney", "type": "TURBO", "prompt": "x"}
        _, answer = await asked(session, "POST", "/api/v1/ai/draw/mj/imagine", body)
        assert answer["statusCode"] == 400


@pytest.mark.parametrize(
    ("endpoint", "body", "mode"),
    [
        ("imagine", {"prompt": "a fox"}, "RELAX"),
        ("shorten", {"prompt": "a very small paper fox in the snow"}, "FAST"),
        ("describe", {"base64": data_url(Image.new("RGB", (8, 8)))}, "FAST"),
    ],
)
async def test_one_server_tells_its_usual_speed_of_what_is_answered_in_words(
    endpoint: str, body: dict[str, Any], mode: str
) -> None:
    async with visited(Flavour.TRUEAI) as (session, proxy):
        _, begun = await asked(session, "POST", f"/mj-relax/mj/submit/{endpoint}", body)
        proxy.finish(begun["result"])
        _, task = await asked(session, "GET", f"/mj/task/{begun['result']}/fetch")

    assert (task["status"], task["mode"], task["requestMode"]) == ("SUCCESS", mode, "RELAX")
