"""What else the sandbox's page can: menus of messages, other people, the log channel, direct messages, thumbnails, the tour.
Never here: what any of it says in detail (tests/cogs, tests/ui, tests/e2e)."""

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
    """The sandbox with its tour, quick."""
    with light_sandbox("--speed", "40", "--tour") as started:
        yield started


@pytest.fixture
def page(launched: Browser, program: Program) -> Iterator[Sandbox]:
    with open_page(launched, program.address) as opened:
        opened.page.set_default_timeout(SOON_MS)
        yield opened


def be(page: Sandbox, name: str) -> None:
    page.page.get_by_label("Viewing as").select_option(label=name)


def visit(page: Sandbox, tab: str) -> None:
    page.page.get_by_role("navigation", name="Channels").get_by_role("button", name=tab).click()
    here = page.page.locator("#easel-tabs button[aria-current=true]")
    expect(here).to_have_text(tab, timeout=SOON_MS)


def test_a_menu_of_a_message_is_under_the_right_button(page: Sandbox) -> None:
    page.imagine("a paper fox")
    expect(page.button("U2")).to_be_visible(timeout=SOON_MS)

    card = page.messages.locator("[data-message-id]").last
    card.click(button="right", position={"x": 200, "y": 60})
    menu = page.page.get_by_role("menu", name="Apps")
    expect(menu.get_by_role("menuitem")).to_have_text(
        ["Describe picture", "Picture info", "Use as image prompt"], timeout=AT_ONCE_MS
    )
    page.photograph("message-menu")
    menu.get_by_role("menuitem", name="Picture info").click()
    expect(page.messages).to_contain_text("About this picture", timeout=SOON_MS)

    card = page.messages.locator("[data-message-id]", has=page.page.get_by_role("button", name="U2")).last
    card.click(button="right", position={"x": 200, "y": 60})
    menu.get_by_role("menuitem", name="Use as image prompt").click()
    expect(page.page.get_by_role("dialog")).to_be_visible(timeout=SOON_MS)
    page.photograph("message-menu-window")
    page.page.keyboard.press("Escape")


def test_moderators_see_the_log_and_everybody_their_own_messages(program: Program, page: Sandbox) -> None:
    tabs = page.page.get_by_role("navigation", name="Channels").get_by_role("button")
    expect(tabs).to_have_text(["#art", "Direct messages"], timeout=SOON_MS)
    page.page.locator("#channel-composer-input").click()
    page.page.keyboard.type("/prefer show", delay=20)
    expect(page.page.get_by_role("option", name="/prefer show").first).to_be_visible()
    page.page.keyboard.press("Enter")
    page.page.keyboard.press("Enter")
    page.button("Send me pictures").click()
    expect(page.button("Stop sending me pictures")).to_be_visible(timeout=SOON_MS)
    page.imagine("a paper moon")
    expect(page.button("U2")).to_be_visible(timeout=SOON_MS)
    program.until(lambda line: line.startswith("✔ Make a picture"))
    program.until(lambda line: line.startswith("2 of 10"))

    visit(page, "Direct messages")
    expect(page.messages.get_by_role("img").first).to_be_visible(timeout=SOON_MS)
    page.loaded()
    page.photograph("direct-copy")

    visit(page, "#art")
    be(page, "Robin, moderator")
    expect(tabs).to_have_text(["#art", "#easel-log", "Direct messages"], timeout=SOON_MS)
    visit(page, "#easel-log")
    expect(page.page.get_by_label("Viewing as")).to_have_value(
        page.page.get_by_role("option", name="Robin, moderator").get_attribute("value") or ""
    )
    expect(page.messages).to_contain_text("Settings were changed", timeout=SOON_MS)
    page.photograph("log-channel")
    assert "Traceback" not in program.text


def test_a_list_shows_its_thumbnails(page: Sandbox) -> None:
    page.imagine("a paper boat")
    expect(page.button("U2")).to_be_visible(timeout=SOON_MS)

    page.page.locator("#channel-composer-input").click()
    page.page.keyboard.type("/jobs list", delay=20)
    expect(page.page.get_by_role("option", name="/jobs list").first).to_be_visible()
    page.page.keyboard.press("Enter")
    page.page.keyboard.press("Escape")
    page.page.locator("#send-message").click()

    listed = page.messages.locator("[data-message-id]").last
    expect(listed).to_contain_text("a paper boat", timeout=SOON_MS)
    expect(listed.get_by_role("button", name="U2")).to_have_count(0)
    expect(listed.get_by_role("img").last).to_be_visible(timeout=SOON_MS)
    expect(listed).not_to_contain_text("unavailable", timeout=SOON_MS)
    page.loaded()
    page.photograph("thumbnails")
