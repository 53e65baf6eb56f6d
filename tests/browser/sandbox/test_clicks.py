"""Refusals as people read them, and many clicks while pictures come, in a real browser.
Never here: the first picture (test_newcomer), details of cards (tests/ui)."""

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

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def program() -> Iterator[Program]:
    """The sandbox, forked, where no test looks at what happens on the way."""
    with light_sandbox("--speed", "8") as started:
        yield started


@pytest.fixture
def page(launched: Browser, program: Program) -> Iterator[Sandbox]:
    with open_page(launched, program.address) as opened:
        yield opened


def test_a_refusal_is_explained_to_all_on_the_card_or_to_one_in_private(page: Sandbox) -> None:
    page.imagine("a splatterfest")
    expect(page.messages).to_contain_text("word filter stopped this prompt", timeout=SOON_MS)
    expect(page.messages).to_contain_text("Nothing was taken from your allowance")
    page.loaded()
    page.photograph("6-failure")

    page.imagine("a fox --chaos 900")
    expect(page.messages).to_contain_text("0 to 100", timeout=AT_ONCE_MS)
    expect(page.page.get_by_text("Action completed")).to_be_visible(timeout=AT_ONCE_MS)
    page.photograph("7-whisper")
    page.page.get_by_label("Viewing as").select_option(label="Robin, moderator")

    expect(page.messages).not_to_contain_text("0 to 100", timeout=AT_ONCE_MS)
    expect(page.messages).to_contain_text("word filter stopped this prompt")


def test_no_click_is_lost_while_pictures_come_and_the_page_can_end_the_program(
    program: Program, page: Sandbox
) -> None:
    page.imagine("a paper boat")
    expect(page.button("V4")).to_be_visible(timeout=SOON_MS)

    faces = ["U1", "U2", "U3", "U4", "V1", "V2", "V3", "V4"]
    for face in faces:
        page.button(face).click()
    program.until(lambda _: program.text.count("POST /action") == len(faces))
    expect(page.page.get_by_text("uncertain")).to_have_count(0)
    expect(page.messages.get_by_role("button", name="Vary (Subtle)")).to_have_count(4, timeout=SOON_MS)
    page.page.get_by_text("More", exact=True).click()
    page.page.get_by_text("End preview session").click()

    assert program.process.wait(20) == 0
    assert program.text.count("POST /action") == len(faces)
    assert "Traceback" not in program.text
    assert "The sandbox is closed" in program.text
