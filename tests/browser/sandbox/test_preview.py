"""A picture while it is being made, at Midjourney's own speed: the one test that waits for all of it.
Never here: how a preview is fetched and shown (tests/e2e)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import expect

from tests.browser.page import SOON_MS, light_sandbox, open_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.timeout(400)


def test_a_picture_is_seen_while_it_is_being_made(launched: Browser) -> None:
    with light_sandbox("--speed", "1") as program, open_page(launched, program.address) as page:
        page.imagine("a paper lighthouse")
        expect(page.messages.get_by_role("img", name=re.compile("picture so far"))).to_be_visible(
            timeout=SOON_MS
        )
        expect(page.messages).to_contain_text(" %")
        page.loaded()
        page.photograph("3-preview")
        expect(page.button("V4")).to_be_visible(timeout=SOON_MS)
        expect(page.messages.get_by_role("img", name=re.compile("picture so far"))).to_have_count(0)
