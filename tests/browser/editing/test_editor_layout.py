"""The mask editor on every screen, in every language and as the person's system wants it: measured in a real browser.
Never here: what is painted (test_editor.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.async_api import expect

from bot.texts import text
from tests.browser.editing.editor import Expected, editing
from tests.browser.page import AT_ONCE_MS

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser

    from tests.browser.editing.editor import Editor

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="session"),
]
LANGUAGES: Final = ("en-GB", "de", "fr", "es-ES", "ja", "ko", "zh-CN")
SCREENS: Final = {
    "lying phone": (844, 390, 0.55, 44),
    "lying small phone": (667, 320, 0.5, 44),
    "desktop at 400 %": (320, 256, 0.4, 40),
    "phone": (390, 844, 0.55, 44),
    "small phone": (320, 568, 0.5, 44),
    "desktop": (1280, 800, 0.6, 44),
    "low window": (1024, 500, 0.65, 44),
}
"""Width, height, the least share of them that is the board's, the least height of a target."""
FOR_WORDS: Final = 0.1
"""What a field for words may take of the board's share."""
MEASURED: Final = """() => {
  const seen = [...document.querySelectorAll("button, #size, #board, #share, #words, summary")].filter((one) => one.offsetParent);
  const labels = [...document.querySelectorAll("button, button b, .size span, .words span, summary")].filter((one) => one.offsetParent);
  return {
    boxes: seen.map((one) => {
      const { left, top, right, bottom } = one.getBoundingClientRect();
      return [one.id || one.dataset.tool || one.dataset.do || one.tagName, left, top, right, bottom];
    }),
    cut: labels.filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).clipPath === "none"
      && getComputedStyle(one).display !== "inline").map((one) => one.textContent),
    overflow: [document.documentElement.scrollWidth - innerWidth, document.documentElement.scrollHeight - innerHeight],
  };
}"""

SPOKEN: Final = f"""(sentences) => sentences.map((words) => {{
  document.getElementById("share").textContent = words;
  return ({MEASURED})();
}})"""
"""The same for each sentence that may stand there, one after the other."""


def device(width: int, height: int, **system: Any) -> dict[str, Any]:
    """A screen of that size, under fingers where it is small."""
    touch = min(width, height) < 500 and width != 320
    return {
        "viewport": {"width": width, "height": height},
        "has_touch": touch,
        "is_mobile": touch,
        **system,
    }


def folder(directory: Path, name: str) -> Path:
    """A room of its own for each of several pages."""
    made = directory / name
    made.mkdir()
    return made


async def sentences(editor: Editor) -> list[str]:
    """All that the line about the selection can say; two others are troubles, which lie over the page."""
    said = dict(
        await editor.page.evaluate("() => Object.entries({...document.getElementById('editor').dataset})")
    )
    alone = [words for name, words in said.items() if name.startswith("said")]
    troubles = [said["saidOffline"], said["saidPicture"]]
    done = [said["saidUndone"], said["saidRedone"], said["saidCleared"]]
    shares = [said["saidNothing"], said["saidAll"], said["saidSelected"]]
    return [words for words in alone if words not in troubles] + [f"{a} {b}" for a in done for b in shares]


@pytest.mark.parametrize("screen", SCREENS)
async def test_everything_is_on_the_screen_whole_and_nothing_ever_moves(
    browser: Browser, tmp_path: Path, screen: str
) -> None:
    async with editing(browser, tmp_path, **device(*SCREENS[screen][:2])) as editor:
        for locale in LANGUAGES:
            await editor.open(locale)
            await judge(editor, locale, *SCREENS[screen])


@pytest.mark.parametrize("screen", SCREENS)
async def test_where_words_are_taken_their_field_is_on_the_screen_too_and_the_board_keeps_most_of_it(
    browser: Browser, tmp_path: Path, screen: str
) -> None:
    width, height, least_share, least_target = SCREENS[screen]
    async with editing(browser, tmp_path, **device(width, height)) as editor:
        editor.room.prompt = "a paper fox in a forest --ar 3:2"
        for locale in ("de", "fr"):
            await editor.open(locale)
            await judge(editor, locale, width, height, least_share - FOR_WORDS, least_target)
            words, submit = [await editor.page.locator(name).bounding_box() for name in ("#words", "#submit")]
            assert words is not None
            assert submit is not None
            assert words["width"] >= 0.4 * width
            assert words["y"] <= submit["y"] + 1


async def judge(
    editor: Editor, locale: str, width: int, height: int, least_share: float, least_target: int
) -> None:
    """All that must hold on a screen, in a language."""
    first = await editor.page.evaluate(MEASURED)
    assert max(first["overflow"]) <= 0, "something has to be scrolled for"
    assert first["cut"] == [], locale
    boxes = {name: box for name, *box in first["boxes"]}
    assert {"rectangle", "lasso", "brush", "eraser", "hand", "undo", "redo", "clear", "submit"} <= set(boxes)
    assert boxes.keys() & {"size", "more"}
    for name, (left, top, right, bottom) in boxes.items():
        assert 0 <= left < right <= width, (locale, name)
        assert 0 <= top < bottom <= height, (locale, name)
        if name not in {"size", "share", "SUMMARY"}:
            assert bottom - top >= least_target, (locale, name, bottom - top)
            assert right - left >= min(least_target, 38), (locale, name, right - left)
    left, top, right, bottom = boxes["board"]
    assert (right - left) * (bottom - top) >= least_share * width * height, locale

    for key in "lbehr":
        await editor.page.keyboard.press(key)
        assert (await editor.page.evaluate(MEASURED))["boxes"] == first["boxes"], locale
    spoken = await sentences(editor)
    measured = await editor.page.evaluate(SPOKEN, spoken)
    for words, found in zip(spoken, measured, strict=True):
        now = {name: box for name, *box in found["boxes"]}
        said = now.pop("share")
        assert now == {name: box for name, box in boxes.items() if name != "share"}, (locale, words)
        assert not any(overlap(said, box) for box in now.values()), (locale, words)
        assert said[3] <= height, (locale, words)


def overlap(one: list[float], other: list[float]) -> bool:
    """Whether two boxes (left, top, right, bottom) share more than an edge."""
    return one[0] < other[2] - 1 and other[0] < one[2] - 1 and one[1] < other[3] - 1 and other[1] < one[3] - 1


async def test_every_page_says_that_the_prompt_stays_and_the_words_leave_the_picture_to_the_marks(
    browser: Browser, tmp_path: Path
) -> None:
    for name in ("lying phone", "desktop at 400 %", "phone", "desktop"):
        width, height, *_ = SCREENS[name]
        async with editing(browser, folder(tmp_path, f"{width}"), **device(width, height)) as editor:
            lead = editor.page.get_by_text("and so does the prompt")
            await expect(lead).to_be_visible(timeout=AT_ONCE_MS)
            before = await editor.page.evaluate(MEASURED)
            await editor.draw((0.4, 0.2), (0.6, 0.9))
            await editor.said("% of the picture is marked")
            assert await lead.is_visible() is (name in {"phone", "desktop"})
            after = await editor.page.evaluate(MEASURED)
            assert [box for box in before["boxes"] if box[0] != "share"] == [
                box for box in after["boxes"] if box[0] != "share"
            ]


async def test_a_lying_phone_sends_what_a_finger_painted(browser: Browser, tmp_path: Path) -> None:
    async with editing(browser, tmp_path, **device(844, 390, device_scale_factor=2)) as editor:
        await editor.photograph("editor-lying")
        await editor.choose("Brush")
        await editor.touch(((0.4, 0.5),), ((0.5, 0.5),), ((0.6, 0.5),))
        await editor.said("% of the picture is marked")
        await editor.photograph("editor-lying-marked")
        wanted = Expected()
        wanted.stroke(editor.pixel((0.4, 0.5)), editor.pixel((0.6, 0.5)), 30 / 200 * 1200 * 0.5)
        assert wanted.agrees(await editor.submit())


async def test_at_400_percent_keys_reach_what_is_behind_the_button_for_more(
    browser: Browser, tmp_path: Path
) -> None:
    async with editing(browser, tmp_path, **device(320, 256)) as editor:
        page = editor.page
        await page.keyboard.press("b")
        await expect(page.get_by_role("button", name="Zoom in")).to_be_hidden()
        more = page.get_by_role("button", name="More tools")
        await more.focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="Zoom in")).to_be_visible()
        for _ in range(4):
            await page.keyboard.press("Tab")
        await expect(page.get_by_role("slider", name="Brush size")).to_be_focused()
        await page.keyboard.press("End")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Ctrl+Z, Ctrl+Y and Del")).to_be_visible()
        await editor.photograph("editor-400-more")
        await page.keyboard.press("Escape")
        await expect(more).to_be_focused()
        await expect(page.get_by_role("button", name="Zoom in")).to_be_hidden()

        await page.locator("#board").focus()
        await page.keyboard.press("Enter")
        await editor.said("% of the picture is marked")
        await page.locator("#submit").focus()
        await editor.photograph("editor-400-marked")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("On its way")).to_be_visible(timeout=AT_ONCE_MS)
        wanted = Expected()
        wanted.stroke((600, 400), (600, 400), 100 / 200 * 1200 * 0.5)
        assert wanted.agrees(editor.arrived())


@pytest.mark.parametrize("screen", ["lying phone", "desktop at 400 %", "phone", "desktop"])
async def test_forced_colours_tell_what_is_chosen_what_is_closed_and_where_the_focus_is(
    browser: Browser, tmp_path: Path, screen: str
) -> None:
    width, height, *_ = SCREENS[screen]
    async with editing(
        browser, tmp_path, **device(width, height, forced_colors="active", reduced_motion="reduce")
    ) as editor:
        look = """(name) => {
          const style = getComputedStyle(document.querySelector(name));
          return [style.backgroundColor, style.color, style.borderTopColor, style.opacity];
        }"""
        ask = editor.page.evaluate
        assert (await ask(look, "[data-tool=rectangle]"))[:2] != (await ask(look, "[data-tool=lasso]"))[:2]
        closed = await ask(look, "#submit")
        assert closed[3] == "1"
        assert (await ask(look, "[data-do=undo]"))[1] != (await ask(look, "[data-tool=lasso]"))[1]
        await editor.draw((0.4, 0.2), (0.6, 0.6))
        await editor.said("% of the picture is marked")
        assert (await ask(look, "#submit"))[:2] != closed[:2]
        await editor.page.keyboard.press("Tab")
        ring = await ask(
            "() => { const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.outlineWidth]; }"
        )
        assert ring == ["solid", "3px"]
        await editor.photograph(f"editor-forced-{width}")


async def test_light_systems_get_a_light_page_whose_words_stand_out(browser: Browser, tmp_path: Path) -> None:
    contrasts = """() => {
      const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
      const light = (colour) => parts(colour).slice(0, 3).map((part) => part / 255)
        .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
        .reduce((sum, part, n) => sum + part * [0.2126, 0.7152, 0.0722][n], 0);
      const ground = (one) => {
        const colour = getComputedStyle(one).backgroundColor;
        return parts(colour)[3] === 0 ? ground(one.parentElement) : colour;
      };
      return [...document.querySelectorAll("h1, header p, button:not(:disabled), #share, summary")]
        .filter((one) => one.offsetParent)
        .map((one) => [light(getComputedStyle(one).color), light(ground(one))].sort((a, b) => b - a))
        .map(([high, low]) => (high + 0.05) / (low + 0.05));
    }"""
    for scheme in ("light", "dark"):
        async with editing(
            browser,
            folder(tmp_path, scheme),
            **device(1280, 800, color_scheme=scheme, reduced_motion="reduce"),
        ) as editor:
            await editor.draw((0.4, 0.2), (0.6, 0.6))
            await editor.said("% of the picture is marked")
            await editor.page.mouse.move(5, 400)
            assert min(await editor.page.evaluate(contrasts)) >= 4.5
            await editor.photograph(f"editor-{scheme}")


async def test_a_long_refusal_goes_away_with_a_tap(browser: Browser, tmp_path: Path) -> None:
    async with editing(browser, tmp_path, **device(844, 390)) as editor:
        await editor.page.evaluate(
            "words => { const place = document.getElementById('trouble'); place.textContent = words; place.hidden = false; }",
            text("region.page.gone").id * 20,
        )
        await editor.page.get_by_role("alert").tap()
        await expect(editor.page.get_by_role("alert")).to_be_hidden()
