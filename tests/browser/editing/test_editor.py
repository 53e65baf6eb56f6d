"""The mask editor in a real browser, by mouse, by finger and by keyboard: the mask that arrives is judged by its pixels.
Never here: links, headers and refusals (tests/web/test_region.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.async_api import expect

from bot.domain.intake.window_words import WindowWords
from bot.errors import UserError
from bot.texts import text
from tests.browser.editing.editor import Editor, Expected, editing
from tests.browser.page import AT_ONCE_MS
from tests.web.region_harness import SIZE, opened_room

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser

    from tests.browser.editing.editor import Point

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="session"),
]
DESKTOP: Final[dict[str, Any]] = {"viewport": {"width": 1280, "height": 860}}
PHONE: Final[dict[str, Any]] = {
    "viewport": {"width": 360, "height": 740},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}


# -- by mouse ------------------------------------------------------------------------------------------------


async def test_a_mouse_paints_rectangles_lassos_strokes_and_erases_them(
    browser: Browser, tmp_path: Path
) -> None:
    async with editing(browser, tmp_path, **DESKTOP) as editor:
        await expect(editor.page.get_by_role("button", name="Repaint")).to_be_disabled()
        await editor.said("Nothing is marked yet")

        await editor.draw((0.30, 0.15), (0.42, 0.40))
        await editor.choose("Lasso")
        lasso: tuple[Point, ...] = ((0.50, 0.50), (0.66, 0.55), (0.62, 0.82), (0.45, 0.76))
        await editor.draw(*lasso)
        await editor.choose("Brush")
        await editor.draw((0.30, 0.60), (0.40, 0.80))
        await editor.choose("Eraser")
        await editor.draw((0.36, 0.10), (0.36, 0.45))
        await editor.said("% of the picture is marked")
        await editor.photograph("editor-desktop")
        mask = await editor.submit()
        await editor.photograph("editor-done")

        brush = 30 / 200 * SIZE[0] * 0.5
        wanted = Expected()
        wanted.rectangle(editor.pixel((0.30, 0.15)), editor.pixel((0.42, 0.40)))
        wanted.polygon(*(editor.pixel(corner) for corner in lasso))
        wanted.stroke(editor.pixel((0.30, 0.60)), editor.pixel((0.40, 0.80)), brush)
        wanted.stroke(editor.pixel((0.36, 0.10)), editor.pixel((0.36, 0.45)), brush, level=0)
        assert wanted.agrees(mask)
        assert len(editor.room.begun) == 1


async def test_a_rectangle_is_what_was_dragged_to_the_pixel_and_undo_takes_it_back(
    browser: Browser, tmp_path: Path
) -> None:
    async with editing(browser, tmp_path, **DESKTOP) as editor:
        await editor.draw((0.3, 0.3), (0.5, 0.6))
        await editor.draw((0.6, 0.3), (0.7, 0.4))
        await editor.do("Undo")
        await editor.said("Undone")
        await editor.do("Undo")
        await editor.said("Nothing is marked yet")
        await editor.draw((0.05, 0.001), (0.95, 0.999))
        await editor.said("Everything is marked")
        await expect(editor.page.get_by_role("button", name="Repaint")).to_be_disabled()
        await editor.do("Undo")
        await editor.draw((0.3, 0.3), (0.5, 0.6))
        await editor.do("Undo")
        await editor.do("Redo")
        await editor.do("Clear all")
        await editor.said("Cleared. Nothing is marked yet")
        await editor.page.keyboard.press("Control+z")
        mask = await editor.submit()

        box = (*editor.pixel((0.3, 0.3)), *editor.pixel((0.5, 0.6)))
        found = mask.getbbox()
        assert found is not None
        assert all(abs(a - b) <= 1 for a, b in zip(found, box, strict=True)), (found, box)
        assert mask.crop(found).getextrema() == (255, 255)


async def test_zoomed_in_the_mask_still_fits_the_picture(browser: Browser, tmp_path: Path) -> None:
    async with editing(browser, tmp_path, **DESKTOP) as editor:
        await editor.do("Zoom in")
        await editor.do("Zoom in")
        await editor.draw((0.4, 0.4), (0.6, 0.6))
        await editor.choose("Move")
        await editor.draw((0.5, 0.5), (0.6, 0.55))
        await editor.do("Show the whole picture")
        mask = await editor.submit()

        wanted = Expected()
        wanted.rectangle(editor.pixel((0.4, 0.4), 1.96), editor.pixel((0.6, 0.6), 1.96))
        assert wanted.agrees(mask)


async def test_a_refusal_is_shown_and_the_marks_are_kept(browser: Browser, tmp_path: Path) -> None:
    async with editing(browser, tmp_path, **DESKTOP) as editor:
        await editor.draw((0.4, 0.4), (0.6, 0.6))
        editor.room.trouble = UserError(text("refused.blocked", reason="*spam*"))
        await editor.do("Repaint")
        trouble = editor.page.get_by_role("alert")
        await expect(trouble).to_contain_text(
            "A moderator of this server has blocked you", timeout=AT_ONCE_MS
        )
        await editor.photograph("editor-refused")
        editor.room.trouble = None

        await editor.submit()

        assert await trouble.is_hidden()
        assert [fault for fault in editor.faults if "422" not in fault] == []
        editor.faults.clear()  # the browser notes each answer that is no success


# -- by finger -----------------------------------------------------------------------------------------------


async def test_fingers_paint_and_pinch_on_a_phone(browser: Browser, tmp_path: Path) -> None:
    async with editing(browser, tmp_path, **PHONE) as editor:
        await editor.touch(((0.2, 0.40),), ((0.3, 0.45),), ((0.45, 0.52),))
        await editor.said("% of the picture is marked")
        first = Expected()
        first.rectangle(editor.pixel((0.2, 0.40)), editor.pixel((0.45, 0.52)))
        await editor.touch(((0.4, 0.5), (0.6, 0.5)), ((0.35, 0.5), (0.65, 0.5)), ((0.3, 0.5), (0.7, 0.5)))
        await editor.touch(((0.55, 0.45),), ((0.7, 0.5),), ((0.8, 0.55),))
        first.rectangle(editor.pixel((0.55, 0.45), 2), editor.pixel((0.8, 0.55), 2))
        await editor.do("Show the whole picture")
        await editor.choose("Brush")
        await editor.touch(((0.6, 0.60),), ((0.7, 0.58),), ((0.8, 0.60),))
        for one, other in (((0.6, 0.60), (0.7, 0.58)), ((0.7, 0.58), (0.8, 0.60))):
            first.stroke(editor.pixel(one), editor.pixel(other), 30 / 200 * SIZE[0] * 0.5)
        await editor.photograph("editor-phone")

        assert first.agrees(await editor.submit())


# -- by keyboard ---------------------------------------------------------------------------------------------


async def test_what_was_dropped_or_never_there_is_not_spoken_of(browser: Browser, tmp_path: Path) -> None:
    async with editing(browser, tmp_path, **DESKTOP) as editor:
        press = editor.page.keyboard.press
        line = editor.page.locator("#share")
        await editor.page.locator("#board").focus()

        for end in ("Escape", "Enter", "b"):
            await press("r")
            await press("Enter")
            await editor.said("First corner set")
            await press(end)
            await expect(line).to_have_text("Nothing is marked yet.", timeout=AT_ONCE_MS)

        for nothing in ("Delete", "Control+z", "Control+y"):
            await press(nothing)
            await expect(line).to_have_text("Nothing is marked yet.", timeout=AT_ONCE_MS)
        await editor.photograph("editor-dropped")
        for name in ("Undo", "Redo", "Clear all"):
            await expect(editor.page.get_by_role("button", name=name)).to_be_disabled()


async def test_keys_alone_mark_and_send_a_region(browser: Browser, tmp_path: Path) -> None:
    async with editing(browser, tmp_path, **DESKTOP) as editor:
        press = editor.page.keyboard.press

        async def walk_to(selector: str) -> None:
            for _ in range(20):
                if await editor.page.evaluate("s => document.activeElement.matches(s)", selector):
                    return
                await press("Tab")
            raise AssertionError(f"{selector} is not reached by Tab")

        await walk_to("[data-tool=rectangle]")
        await press("ArrowRight")
        await expect(editor.page.get_by_role("radio", name="Lasso")).to_be_checked()
        await walk_to("#board")
        await press("r")
        await press("Enter")
        await editor.said("First corner set")
        for key in ("Shift+ArrowRight",) * 3 + ("Shift+ArrowDown",) * 2 + ("ArrowUp",):
            await press(key)
        await editor.said("840, 552")
        await press("Enter")
        await press("l")
        corners: list[Point] = [(840, 552)]
        await press("Enter")
        for moves in (("Shift+ArrowRight",), ("Shift+ArrowDown",), ("Shift+ArrowLeft",)):
            for key in moves:
                await press(key)
            await press("Enter")
        corners += [(920, 552), (920, 632), (840, 632)]
        await press("Shift+ArrowUp")
        await press("Enter")
        await press("b")
        await press("Escape")
        await walk_to("#submit")
        await press("Enter")
        await expect(editor.page.get_by_text("On its way")).to_be_visible(timeout=AT_ONCE_MS)

        wanted = Expected()
        wanted.rectangle((600, 400), (840, 552))
        wanted.polygon(*corners)
        assert wanted.agrees(editor.arrived())


# -- words beside the mask -----------------------------------------------------------------------------------


async def test_the_page_asks_for_words_where_a_server_takes_them(browser: Browser, tmp_path: Path) -> None:
    async with opened_room(tmp_path) as room:
        room.prompt = "a paper fox in a forest --ar 3:2"
        view = await browser.new_page(**DESKTOP, locale="en-GB")
        editor = Editor(room, view)
        await editor.open("en-GB")
        await editor.draw((0.4, 0.4), (0.6, 0.6))
        words = view.locator("#words")
        await expect(words).to_have_value("a paper fox in a forest --ar 3:2")
        await words.fill("")
        await words.type("bright red lantern")  # letters that choose tools elsewhere on the page
        await expect(view.get_by_role("radio", name="Rectangle")).to_have_attribute("aria-checked", "true")
        await editor.photograph("window-10-page")

        await editor.submit()
        assert room.words == [WindowWords(prompt="bright red lantern")]
        assert len(room.masks) == 1
        assert editor.faults == []
        await view.close()


# -- too late ------------------------------------------------------------------------------------------------


async def test_a_used_link_says_what_to_do(browser: Browser, tmp_path: Path) -> None:
    async with editing(browser, tmp_path, **PHONE) as editor:
        await editor.touch(((0.2, 0.4),), ((0.45, 0.52),))
        await editor.submit()
        await editor.page.reload()

        await expect(editor.page.get_by_text("Press Vary (Region)")).to_be_visible(timeout=AT_ONCE_MS)
        await editor.photograph("editor-expired")
        assert [fault for fault in editor.faults if "410" not in fault] == []
        editor.faults.clear()
