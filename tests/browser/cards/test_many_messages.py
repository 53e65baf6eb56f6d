"""The sandbox's page after an hour of playing: a click is answered as soon as in a new channel.
Never here: what cards say."""

from __future__ import annotations

import io
import os
import re
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

import discord
from PIL import Image, PngImagePlugin
from playwright.async_api import async_playwright

from bot.sandbox.app import furnished, settings_for
from bot.sandbox.clock import StageClock, StageGuard
from bot.sandbox.page import live_page
from bot.sandbox.page_limits import SHOWN
from bot.sandbox.stage import open_stage
from bot.sandbox.upstream import Pace, SimulatedUpstream
from tests.browser.page import CHROMIUM, FLAGS, SOON_MS
from tests.fixtures.sqlite import migrated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import simcord
    from playwright.async_api import Page

    from bot.process import App
    from bot.sandbox.stage import Place

pytestmark = [
    pytest.mark.deep,  # it compares times: told, before a release, and never a reason to stop a commit
    pytest.mark.timeout(400),
]
MANY = 110
PICTURE_BYTES = 300_000
SLOWER = 2.0
"""How much longer a click may take than in a new channel; it was five times as long, and grew with each message."""
NOISE_S = 1.5
"""A busy machine's own share."""


@asynccontextmanager
async def played(directory: Path) -> AsyncIterator[tuple[App, simcord.Env, Place, Page]]:
    """The sandbox with its page, both in this process."""
    guard, clock = StageGuard(), StageClock()
    migrated(directory / "easel.db")
    async with (
        SimulatedUpstream(pace=Pace(speed=20), canvas=64) as upstream,
        async_playwright() as playwright,
    ):
        settings = settings_for(upstream, directory / "easel.db")
        async with (
            furnished(settings, guard=guard, clock=clock) as app,
            open_stage(app, guard, clock, settle_s=120) as (env, place),
            app.parts(),
            live_page(env, place, port=0, timezone="UTC", fetch=upstream.picture_at) as preview,
        ):
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
            page = await browser.new_page(viewport={"width": 1280, "height": 1000})
            page.set_default_timeout(SOON_MS)
            await page.goto(preview.url)
            await page.get_by_text("Welcome to").first.wait_for()
            yield app, env, place, page
            await browser.close()


async def imagine(page: Page, prompt: str) -> None:
    """Type the command, and wait for the picture."""
    await page.locator("#channel-composer-input").click()
    await page.keyboard.type("/imagine", delay=20)
    await (
        page.get_by_role("listbox", name="Application commands")
        .get_by_role("option", name="/imagine")
        .wait_for()
    )
    await page.keyboard.press("Enter")
    await page.get_by_text(re.compile(r"^\+\d+ more$")).wait_for()
    await page.keyboard.type(prompt)
    await page.keyboard.press("Enter")
    card = page.locator("[data-message-id]", has_text=prompt)
    await card.get_by_role("button", name="U2").last.wait_for()


async def clicks(page: Page, n: int = 3) -> float:
    """Seconds from a click on “Info” to its answer, the median of some."""
    taken = []
    for _ in range(n):
        seen = await page.locator("#channel-message-list [data-message-id]").last.get_attribute(
            "data-message-id"
        )
        button = page.locator("#channel-message-list").get_by_role("button", name="Info").last
        await button.scroll_into_view_if_needed()
        began = time.perf_counter()
        await button.click()
        await page.wait_for_function(
            """seen => {
                const last = [...document.querySelectorAll("#channel-message-list [data-message-id]")].at(-1);
                return last.dataset.messageId !== seen && last.textContent.includes("About this picture");
            }""",
            arg=seen,
            polling=50,
        )
        taken.append(time.perf_counter() - began)
    return sorted(taken)[len(taken) // 2]


async def fill(app: App, place: Place, n: int) -> None:
    """Post cards such as the bot's: a picture and fifteen buttons each."""
    channel = app.bot.get_partial_messageable(place.channel.id)
    noise = os.urandom(PICTURE_BYTES)
    for number in range(n):
        view = discord.ui.LayoutView(timeout=None)
        box: discord.ui.Container[discord.ui.LayoutView] = discord.ui.Container(
            discord.ui.TextDisplay(f"card {number}"),
            discord.ui.MediaGallery(discord.MediaGalleryItem("attachment://p.png")),
        )
        for row in range(3):
            box.add_item(
                discord.ui.ActionRow(
                    *(
                        discord.ui.Button(label=f"B{row}{k}", custom_id=f"none:{number}:{row}:{k}")
                        for k in range(5)
                    )
                )
            )
        view.add_item(box)
        await channel.send(view=view, file=discord.File(io.BytesIO(_png(number, noise)), "p.png"))
        view.stop()


def _png(number: int, noise: bytes) -> bytes:
    more = PngImagePlugin.PngInfo()
    more.add(b"prVt", noise)
    out = io.BytesIO()
    Image.new("RGB", (64, 64), (number * 2 % 256, 90, 120)).save(out, "PNG", pnginfo=more)
    return out.getvalue()


async def test_a_click_is_answered_as_soon_after_a_hundred_messages_as_in_a_new_channel(
    tmp_path: Path,
) -> None:
    async with played(tmp_path) as (app, env, place, page):
        await imagine(page, "a paper fox")
        new = await clicks(page)

        await fill(app, place, MANY)
        # The page answers nothing before it has painted every picture: here they came all at once, for people one by one.
        await page.wait_for_function(
            """n => {
                const all = [...document.querySelectorAll("#channel-message-list img")];
                return all.length >= n && all.every(image => image.complete && image.naturalWidth > 0);
            }""",
            arg=SHOWN - 2,
        )
        await imagine(page, "a paper boat")
        used = await clicks(page)

        shown = page.locator("#channel-message-list [data-message-id]")
        assert await shown.count() <= SHOWN
        assert len(env.backend.messages[place.channel.id]) > MANY
        print(f"new channel {new:.2f} s, {MANY} messages {used:.2f} s")  # noqa: T201 - the figure, for whoever runs it with -s
        assert used <= SLOWER * new + NOISE_S
