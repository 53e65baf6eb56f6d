"""A newcomer's first picture in the sandbox, in a real browser.
Never here: details of cards (tests/ui) and of chains (tests/e2e)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import expect

from tests.browser.page import AT_ONCE_MS, SOON_MS, Sandbox, open_page
from tests.sandbox.program import Program, sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def whole_program() -> Iterator[Program]:
    """The sandbox as a newcomer starts it, with every font.

    Slower, because a percentage stands only until the next reading: at speed 4 a busy machine showed none at all.
    """
    with sandbox("--port", "0", "--speed", "2") as started:
        yield started


def test_a_newcomer_sees_a_picture_come_and_takes_one_out_of_it(
    launched: Browser, whole_program: Program
) -> None:
    with open_page(launched, whole_program.address) as page:
        a_first_picture(page)
    log = whole_program.until(lambda line: line.startswith("POST /action"))
    assert "type=NORMAL customId=MJ::JOB::upsample::2::" in log
    assert whole_program.text.count("POST /imagine") == 1


def a_first_picture(page: Sandbox) -> None:
    """From the empty channel to one picture out of four."""
    page.photograph("1-empty")

    page.imagine("a paper fox")
    expect(page.messages).to_contain_text(re.compile("Queued|On its way|begins soon|%"), timeout=AT_ONCE_MS)
    page.photograph("2-queued")
    expect(page.messages).to_contain_text(" %", timeout=SOON_MS)
    page.photograph("3-progress")
    expect(page.button("U2")).to_be_visible(timeout=SOON_MS)
    expect(page.button("V4")).to_be_visible()
    page.loaded()
    page.photograph("4-grid")

    page.button("U2").click()
    expect(page.messages).to_contain_text("of this picture", timeout=AT_ONCE_MS)
    expect(page.button("🪄 Vary (Subtle)")).to_be_visible(timeout=SOON_MS)
    page.loaded()
    page.photograph("5-upscaled")

    assert page.messages.get_by_role("img").count() >= 2
