"""The prompt helper in the sandbox: a better prompt in its window, and a card whose prompt was sent in English.
Never here: what is asked and sent (tests/e2e/test_prompt_help.py)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import expect

from tests.browser.page import AT_ONCE_MS, SOON_MS, Sandbox, light_sandbox, open_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def page(launched: Browser) -> Iterator[Sandbox]:
    with light_sandbox("--speed", "40") as program, open_page(launched, program.address) as opened:
        yield opened


def test_a_better_prompt_is_seen_in_a_window_before_anything_is_sent(page: Sandbox) -> None:
    page.command("imagine", "a paper fox --ar 3:2")
    page.page.get_by_role("button", name="Improve").last.click(timeout=SOON_MS)
    use = page.page.get_by_role("button", name="Use it or edit it")
    expect(use).to_be_visible(timeout=SOON_MS)
    page.photograph("improve-answer")
    use.click()
    page.window("Edit prompt", "improve-window")
    field = page.page.get_by_role("dialog").locator("textarea").first
    expect(field).to_have_value(re.compile(r"^a paper fox, .* --ar 3:2$", re.DOTALL))


def test_a_translated_card_shows_what_was_written_and_what_was_sent(page: Sandbox) -> None:
    page.command("prefer show")
    page.page.get_by_role("button", name="Send in English").click(timeout=SOON_MS)
    expect(page.page.get_by_text("Prompts in English: ✅ always")).to_be_visible(timeout=AT_ONCE_MS)
    page.command("imagine", "雪の中の狐 --ar 3:2")
    expect(page.page.get_by_text("Sent in English:").last).to_be_visible(timeout=SOON_MS)
    page.page.get_by_role("button", name="U1").last.wait_for(timeout=SOON_MS)
    page.photograph("translated-card")
