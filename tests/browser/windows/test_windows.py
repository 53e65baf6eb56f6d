"""The windows of a server of the `/mj` family in the sandbox, as a person fills them in.
Never here: the painting page (tests/browser/editing), and what is sent upstream (tests/e2e/test_windows.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import expect

from tests.browser.page import AT_ONCE_MS, SOON_MS, Sandbox, light_sandbox, open_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from tests.sandbox.program import Program

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def program() -> Iterator[Program]:
    with light_sandbox("--speed", "40", "--api", "mj-proxy") as started:
        yield started


@pytest.fixture
def page(launched: Browser, program: Program) -> Iterator[Sandbox]:
    with open_page(launched, program.address) as opened:
        yield opened


def test_a_person_zooms_repaints_with_words_and_remixes(page: Sandbox) -> None:
    page.imagine("a paper fox in a forest --ar 3:2 --v 7")
    expect(page.button("U2")).to_be_visible(timeout=SOON_MS)
    page.button("U2").click()
    expect(page.button("🔍 Custom Zoom")).to_be_visible(timeout=SOON_MS)

    page.button("🔍 Custom Zoom").click()
    page.window("Custom Zoom", "window-1-zoom")
    fields = page.page.get_by_role("dialog").locator("input, textarea")
    fields.nth(0).fill("1.4")
    fields.nth(1).fill("a paper fox and an owl in a forest --ar 16:9 --v 7")
    page.submit()
    expect(page.messages).to_contain_text("Custom Zoom 1.4x", timeout=SOON_MS)
    expect(page.messages.get_by_role("button", name="V1", exact=True)).to_have_count(2, timeout=SOON_MS)
    page.loaded()
    page.photograph("window-2-zoomed")

    page.button("🖌️ Vary (Region)").click()
    for square in ("A1", "B1"):
        page.button(square).click()
        expect(page.messages).to_contain_text(square, timeout=AT_ONCE_MS)
    page.loaded()
    page.photograph("window-3-picker")
    page.button("Repaint with words…").click()
    page.window("Repaint with words…", "window-4-region")
    page.page.get_by_role("dialog").locator("textarea").fill("a red moon --v 7")
    page.submit()
    expect(page.messages).to_contain_text("a red moon", timeout=SOON_MS)
    expect(page.messages.get_by_role("button", name="V1", exact=True)).to_have_count(3, timeout=SOON_MS)
    page.loaded()
    page.photograph("window-5-repainted")

    page.command("prefer show")
    page.button("Switch Remix on", last=True).click()
    expect(page.button("Switch Remix off", last=True)).to_be_visible(timeout=AT_ONCE_MS)
    page.loaded()
    page.photograph("window-6-prefer")
    page.button("V2", last=True).click()
    page.window("Remix: V2", "window-7-remix")
    page.submit()
    expect(page.messages).to_contain_text("V2 · Remix", timeout=SOON_MS)


def test_a_person_has_a_prompt_shortened(page: Sandbox) -> None:
    page.command(
        "shorten",
        "a very small paper fox that sits in a dark green forest and looks at the moon --ar 3:2",
    )
    expect(page.button("Imagine 5")).to_be_visible(timeout=SOON_MS)
    page.loaded()
    page.photograph("window-8-shorter")

    page.button("Imagine 2").click()
    page.window("Imagine 2", "window-9-imagine")
    page.submit()
    expect(page.button("U1")).to_be_visible(timeout=SOON_MS)
