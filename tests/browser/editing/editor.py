"""The mask editor's page in a real browser and a person's hands: mouse, fingers, what is said, the mask that arrives.
Never here: expectations of a test."""

from __future__ import annotations

import io
import os
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PIL import Image, ImageChops, ImageDraw, ImageFilter
from playwright.async_api import Page, expect

from tests.browser.page import AT_ONCE_MS, ROOT
from tests.web.region_harness import SIZE, opened_room

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser

    from tests.web.region_harness import Room

    Point = tuple[float, float]

ACCENT: Final = "rgb(88, 101, 242)"
"""How the chosen tool looks, under a mouse or a finger too."""
SOFT: Final = 5
"""Edges that are not straight may fall to either side of a pixel: a filter of this size forgives two."""


class Editor:
    """The page and a person's hands. Places are told as shares of the board, from its left top corner."""

    def __init__(self, room: Room, page: Page) -> None:
        self.room = room
        self.page = page
        self.faults: list[str] = []
        page.on("console", lambda line: self.faults.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("request", lambda asked: self._note(asked.url))

    def _note(self, url: str) -> None:
        if not url.startswith((f"{self.room.address}/region/", "blob:")):
            self.faults.append(f"it asked for {url}")

    async def open(self, locale: str) -> None:
        """Follow a fresh link, made for somebody of that language."""
        await self.page.goto(await self.room.link(locale=locale))
        await self.page.wait_for_selector("#editor[data-ready]")
        await self.measure()

    async def measure(self) -> None:
        """Look where the board is, and how large the whole picture is on it."""
        box = await self.page.locator("#board").bounding_box()
        assert box is not None
        self.left, self.top, self.width, self.height = box["x"], box["y"], box["width"], box["height"]
        self.scale = min(self.width / SIZE[0], self.height / SIZE[1])

    async def choose(self, tool: str) -> None:
        """Pick a tool by its words."""
        button = self.page.get_by_role("radio", name=tool)
        await button.click()
        await expect(button).to_have_css("background-color", ACCENT, timeout=AT_ONCE_MS)

    async def do(self, name: str) -> None:
        """Press a button by its words."""
        await self.page.get_by_role("button", name=name, exact=True).click()

    def at(self, share: Point) -> Point:
        """A place on the screen."""
        return self.left + share[0] * self.width, self.top + share[1] * self.height

    def pixel(self, share: Point, zoom: float = 1.0) -> Point:
        """The picture's pixel there, while the picture's middle is the board's."""
        scale = self.scale * zoom
        return (
            SIZE[0] / 2 + (share[0] - 0.5) * self.width / scale,
            SIZE[1] / 2 + (share[1] - 0.5) * self.height / scale,
        )

    async def draw(self, *shares: Point) -> None:
        """Press the mouse button at the first place, and let go at the last."""
        for n, share in enumerate(shares):
            await self.page.mouse.move(*self.at(share), steps=4)
            if n == 0:
                await self.page.mouse.down()
        await self.page.mouse.up()

    async def touch(self, *moments: tuple[Point, ...]) -> None:
        """Put fingers down, move all of them from moment to moment, and lift them."""
        wire = await self.page.context.new_cdp_session(self.page)
        for n, fingers in enumerate([*moments, ()]):
            points = [
                dict(zip("xy", self.at(finger), strict=True)) | {"id": i} for i, finger in enumerate(fingers)
            ]
            kind = "touchStart" if n == 0 else "touchMove" if fingers else "touchEnd"
            await wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        await wire.detach()

    async def said(self, words: str) -> None:
        """Wait for the line below the picture."""
        await expect(self.page.locator("#share")).to_contain_text(words, timeout=AT_ONCE_MS)

    async def submit(self) -> Image.Image:
        """Send it, and return the mask that arrived."""
        await self.do("Repaint")
        await expect(self.page.get_by_text("On its way")).to_be_visible(timeout=AT_ONCE_MS)
        return self.arrived()

    def arrived(self) -> Image.Image:
        """The last mask: the picture's exact size, black and pure white and nothing between."""
        mask = Image.open(io.BytesIO(self.room.masks[-1]))
        assert (mask.format, mask.size) == ("PNG", SIZE)
        colours = mask.convert("RGBA").getcolors()
        assert {colour for _, colour in colours or []} == {(0, 0, 0, 255), (255, 255, 255, 255)}
        return mask.convert("L")

    async def photograph(self, name: str) -> None:
        """Keep a picture of the page as it is."""
        folder = Path(os.environ.get("EASEL_ARTEFACTS") or ROOT / "artefacts") / "screenshots"
        folder.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=folder / f"{name}.png")


@asynccontextmanager
async def editing(
    browser: Browser, directory: Path, *, locale: str = "en-GB", **device: Any
) -> AsyncIterator[Editor]:
    """An open editor; at the end nothing may have gone wrong in the browser or out of the page's own sight."""
    async with opened_room(directory) as room:
        context = await browser.new_context(**device, locale="en-GB")
        try:
            editor = Editor(room, await context.new_page())
            await editor.open(locale)
            sideways = await editor.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert sideways <= 0, "the page is wider than the screen"
            yield editor
            assert editor.faults == []
        finally:
            await context.close()


class Expected:
    """What should have been painted."""

    def __init__(self) -> None:
        self.image = Image.new("L", SIZE)
        self._pen = ImageDraw.Draw(self.image)

    def rectangle(self, one: Point, other: Point) -> None:
        """Two corners."""
        self._pen.rectangle((*one, *other), fill=255)

    def polygon(self, *corners: Point) -> None:
        """A closed shape."""
        self._pen.polygon(corners, fill=255)

    def stroke(self, one: Point, other: Point, size: float, *, level: int = 255) -> None:
        """A round brush drawn along a line."""
        steps = 400
        for n in range(steps + 1):
            x, y = (a + (b - a) * n / steps for a, b in zip(one, other, strict=True))
            self._pen.ellipse((x - size / 2, y - size / 2, x + size / 2, y + size / 2), fill=level)

    def agrees(self, mask: Image.Image) -> bool:
        """Whether the mask is that, but for the edges' pixels."""
        least = self.image.filter(ImageFilter.MinFilter(SOFT))
        most = self.image.filter(ImageFilter.MaxFilter(SOFT))
        missing = ImageChops.subtract(least, mask).getbbox()
        beyond = ImageChops.subtract(mask, most).getbbox()
        return missing is None and beyond is None
