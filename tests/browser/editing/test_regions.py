"""Repainting a region in the sandbox, as a person does it: squares, a result, a file that is no mask.
Never here: what is sent upstream (tests/e2e/test_regions.py)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from PIL import Image
from playwright.sync_api import expect

from tests.browser.page import AT_ONCE_MS, SOON_MS, Sandbox, light_sandbox, open_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from tests.sandbox.program import Program

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def program() -> Iterator[Program]:
    with light_sandbox("--speed", "40") as started:
        yield started


@pytest.fixture
def page(launched: Browser, program: Program) -> Iterator[Sandbox]:
    with open_page(launched, program.address) as opened:
        yield opened


def test_a_person_repaints_a_region_of_a_picture(program: Program, page: Sandbox) -> None:
    page.imagine("a paper fox in a forest --v 7")
    expect(page.button("U2")).to_be_visible(timeout=SOON_MS)
    page.button("U2").click()
    expect(page.button("🖌️ Vary (Region)")).to_be_visible(timeout=SOON_MS)

    page.button("🖌️ Vary (Region)").click()
    expect(page.button("D4")).to_be_visible(timeout=AT_ONCE_MS)
    expect(page.button("Repaint")).to_be_disabled()
    page.loaded()
    page.photograph("region-1-empty")
    for square in ("B2", "C2", "B3", "C3", "D4"):
        page.button(square).click()
        expect(page.messages).to_contain_text(square, timeout=AT_ONCE_MS)
    expect(page.messages).to_contain_text("Chosen: B2, C2, B3, C3, D4", timeout=AT_ONCE_MS)
    page.loaded()
    page.photograph("region-2-chosen")

    page.button("Upload a mask…").click()
    expect(page.page.get_by_text("Repaint with a mask of your own")).to_be_visible(timeout=AT_ONCE_MS)
    page.photograph("region-3-window")
    blank = io.BytesIO()
    Image.new("RGB", (40, 30)).save(blank, "PNG")
    page.page.locator("input[type=file]").last.set_input_files(
        {"name": "mask.png", "mimeType": "image/png", "buffer": blank.getvalue()}
    )
    page.page.get_by_role("button", name="Submit").click()
    expect(page.messages).to_contain_text("this mask has no white", timeout=AT_ONCE_MS)
    page.loaded()
    page.photograph("region-4-refused")

    page.button("Repaint").click()
    expect(page.messages).to_contain_text("The region is being repainted:", timeout=AT_ONCE_MS)
    expect(page.button("U1")).to_have_count(1)
    expect(page.messages.get_by_role("button", name="U1", exact=True)).to_have_count(2, timeout=SOON_MS)
    page.loaded()
    page.photograph("region-5-result")

    assert program.text.count("POST /action") == 2
    assert program.text.count("MJ::Inpaint::1::") == 1
