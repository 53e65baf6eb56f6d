"""The sandbox's page in a headless Chromium: where things are on it, and how a person uses them.
Never here: expectations."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from playwright.sync_api import Page, expect

from tests.browser.lighter import lighten_the_sandbox
from tests.sandbox.program import forked_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Locator

    from tests.sandbox.program import Program

ROOT: Final = Path(__file__).resolve().parents[2]
CHROMIUM: Final = next(
    filter(
        None, map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"))
    ),
    None,
)
UNUSED: Final = (
    # Chromium builds its address bar's drop-down, a page of its own, for every window: two thirds of what opening one costs.
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    # What Playwright switches off itself; of two lists Chromium reads the last.
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)
"""Parts of Chromium around a page, which nobody looks at; a Chromium that does not know one passes over it."""
FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(UNUSED)}",
)
AT_ONCE_MS: Final = 15_000
"""For what should be immediate, on a machine whose cores three other workers use."""
SOON_MS: Final = 45_000


@contextmanager
def light_sandbox(*arguments: str) -> Iterator[Program]:
    """The sandbox for a test that looks at its page: forked, with smaller pictures, and fonts that a browser reads quickly."""
    with forked_sandbox("--port", "0", *arguments, prepare=lighten_the_sandbox) as started:
        yield started


@contextmanager
def open_page(browser: Browser, address: str) -> Iterator[Sandbox]:
    """The page, as a person sees it who follows the printed address."""
    page = browser.new_page(viewport={"width": 1280, "height": 1080}, reduced_motion="reduce")
    try:
        page.goto(address)
        expect(page.get_by_text("Welcome to").first).to_be_visible(timeout=SOON_MS)
        yield Sandbox(page)
    finally:
        page.close()


class Sandbox:
    """The page and a person's hands."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def imagine(self, prompt: str) -> None:
        """Type the command as the welcome says, and press Enter."""
        self.page.locator("#channel-composer-input").click()
        self.page.keyboard.type("/imagine", delay=10)
        commands = self.page.get_by_role("listbox", name="Application commands")
        expect(commands.get_by_role("option", name="/imagine")).to_be_visible(timeout=AT_ONCE_MS)
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_text(re.compile(r"^\+\d+ more$"))).to_be_visible(timeout=AT_ONCE_MS)
        field = self.page.get_by_label("prompt, required")
        field.fill(prompt)
        expect(field).to_have_value(prompt)  # the page may draw the command anew just now
        field.press("Enter")

    def command(self, name: str, words: str = "") -> None:
        """Type a command, and the words of its prompt."""
        self.page.locator("#channel-composer-input").click()
        self.page.keyboard.type(f"/{name}", delay=10)
        commands = self.page.get_by_role("listbox", name="Application commands")
        expect(commands.get_by_role("option", name=f"/{name}").first).to_be_visible(timeout=AT_ONCE_MS)
        self.page.keyboard.press("Enter")
        if not words:
            self.page.keyboard.press("Enter")
            return
        field = self.page.get_by_label("prompt, required")
        field.fill(words)
        expect(field).to_have_value(words)  # the page may draw the command anew just now
        field.press("Enter")

    def window(self, title: str, name: str) -> None:
        """Wait for a window, and keep a picture of it."""
        expect(self.page.get_by_role("dialog").get_by_text(title).first).to_be_visible(timeout=AT_ONCE_MS)
        self.photograph(name)

    def submit(self) -> None:
        """Send the window."""
        self.page.get_by_role("button", name="Submit").click()

    @property
    def messages(self) -> Locator:
        """The channel."""
        return self.page.locator("#channel-message-list")

    def button(self, face: str, *, last: bool = False) -> Locator:
        """A button by its words, of the newest card or of the oldest."""
        found = self.messages.get_by_role("button", name=face, exact=True)
        return found.last if last else found.first

    def loaded(self) -> None:
        """Wait until every picture in the channel is painted, and the newest card is in view."""
        self.page.wait_for_function(
            "() => [...document.querySelectorAll('#channel-message-list img')]"
            ".every(image => image.complete && image.naturalWidth > 0)",
            timeout=SOON_MS,
        )
        self.page.locator("#channel-timeline").evaluate(
            "timeline => timeline.scrollTo(0, timeline.scrollHeight)"
        )

    def photograph(self, name: str) -> None:
        """Keep a picture of the page as it is."""
        folder = Path(os.environ.get("EASEL_ARTEFACTS") or ROOT / "artefacts") / "screenshots"
        folder.mkdir(parents=True, exist_ok=True)
        self.page.mouse.move(1270, 90)
        self.page.screenshot(path=folder / f"{name}.png")
