"""Fetching previews over HTTP: from allowed hosts alone, small, and without a word about the health of results' sources.
Never here: when one is fetched, and where it is shown."""

from __future__ import annotations

import asyncio
import io

import pytest
from aiohttp import web
from PIL import Image

from bot.domain.ports import PREVIEW_NAME, PreviewPictures
from bot.errors import RouteClosed
from tests.midjourney.drawing import bomb, noise, still, video
from tests.midjourney.servers import serve
from tests.midjourney.test_images import pictures, redirecting, serving

LIMIT = 256 * 1024


async def test_a_preview_is_fetched_made_small_and_named_as_one() -> None:
    async with serving(noise(size=(1200, 900))) as origin, pictures(origin) as port:
        assert isinstance(port, PreviewPictures)
        preview = await port.fetch_preview(f"{origin}/grid_46.webp?ex=1", limit=LIMIT)

    assert len(preview.data) <= LIMIT
    assert preview.filename.startswith(PREVIEW_NAME)
    assert (preview.source, preview.reduced) == (None, False)
    with Image.open(io.BytesIO(preview.data)) as seen:
        assert abs(seen.width / seen.height - 4 / 3) < 0.02


async def test_other_hosts_are_asked_for_nothing_and_followed_nowhere() -> None:
    async with (
        serving(still()) as foreign,
        redirecting(foreign + "{path}") as origin,
        pictures(origin) as port,
    ):
        for address in (
            f"{foreign}/a.webp",
            f"{origin}/a.webp",
            "file:///etc/passwd",
            "http://127.0.0.1:1/x",
        ):
            with pytest.raises(RouteClosed):
                await port.fetch_preview(address, limit=LIMIT)


@pytest.mark.parametrize("body", [b"<html>", b"", bomb(), video(), b"\x89PNG\r\n\x1a\n"])
async def test_what_is_no_picture_or_a_bomb_closes_the_way(body: bytes) -> None:
    async with serving(body) as origin, pictures(origin) as port:
        with pytest.raises(RouteClosed):
            await port.fetch_preview(f"{origin}/a.webp", limit=LIMIT)


async def test_a_preview_that_takes_too_long_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.midjourney.images.PREVIEW_SECONDS", 0.05)

    async def hang(_: web.Request) -> web.Response:
        await asyncio.sleep(60)
        raise AssertionError

    async with serve(hang) as origin, pictures(origin) as port:
        with pytest.raises(RouteClosed, match="timed_out"):
            await port.fetch_preview(f"{origin}/a.webp", limit=LIMIT)


async def test_previews_that_fail_leave_the_results_source_in_good_repute() -> None:
    broken = True

    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=503) if broken else web.Response(body=still())

    async with serve(handler) as origin, pictures(origin) as port:
        for _ in range(10):
            with pytest.raises(RouteClosed, match="http_503"):
                await port.fetch_preview(f"{origin}/a.webp", limit=LIMIT)
        broken = False
        picture = await port.fetch(storage_key="mj/a.png", discord_url=None, limit=LIMIT)

    assert picture.media_type == "image/png"
