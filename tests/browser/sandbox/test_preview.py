"""A picture while it is being made.
Never here: how a preview is fetched and shown (tests/e2e)."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING
from unittest import mock

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import expect

from bot.sandbox import run
from bot.sandbox.upstream import Pace
from tests.browser.lighter import lighten_the_sandbox
from tests.browser.page import SOON_MS, open_page
from tests.sandbox.program import forked_sandbox

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.timeout(400)


def begin_half_done() -> None:
    """In the process that is about to be the sandbox: a task can be seen as soon as it runs, not only in its second half.

    So it is seen for as long as at Midjourney's own speed, and the test takes half of the time.
    """
    lighten_the_sandbox()
    mock.patch.object(run, "Pace", partial(Pace, steps=(46, 78))).start()


def test_a_picture_is_seen_while_it_is_being_made(launched: Browser) -> None:
    with (
        forked_sandbox("--port", "0", "--speed", "2", prepare=begin_half_done) as program,
        open_page(launched, program.address) as page,
    ):
        page.imagine("a paper lighthouse")
        expect(page.messages.get_by_role("img", name=re.compile("picture so far"))).to_be_visible(
            timeout=SOON_MS
        )
        expect(page.messages).to_contain_text(" %")
        page.loaded()
        page.photograph("3-preview")
        expect(page.button("V4")).to_be_visible(timeout=SOON_MS)
        expect(page.messages.get_by_role("img", name=re.compile("picture so far"))).to_have_count(0)
