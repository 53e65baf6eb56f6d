"""The pages of the mask editor as text: templates filled from the catalogue, and the files that they load.
Never here: requests, and what the page does (that is in `pages/`)."""

from __future__ import annotations

import hashlib
import html
from dataclasses import dataclass
from importlib import resources
from string import Template
from typing import TYPE_CHECKING, Final

from bot.domain.intake.prompts import PROMPT_LIMIT
from bot.texts import text

if TYPE_CHECKING:
    from bot.i18n import Catalogues
    from bot.services.intake.mask_editor import Canvas
    from bot.texts import Text

TYPES: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
SENTENCES: Final = (
    *(
        "title",
        "lead",
        "tools",
        "rectangle",
        "lasso",
        "brush",
        "eraser",
        "hand",
        "size",
        "undo",
        "redo",
        "clear",
    ),
    *(
        "more",
        "nearer",
        "farther",
        "whole",
        "board",
        "submit_words",
        "keys_title",
        "keys",
        "done_title",
        "done",
    ),
    *("noscript", "said_selected", "said_nothing", "said_all", "said_cursor", "said_corner", "said_point"),
    *("said_undone", "said_redone", "said_cleared", "said_sending", "said_offline", "said_picture"),
)
"""The names in the template that are sentences, each `region.page.<name>` in the catalogue."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that a page loads."""

    body: bytes
    media_type: str


class RegionPage:
    """What is sent to browsers, but for the picture."""

    def __init__(self, catalogues: Catalogues) -> None:
        self._catalogues = catalogues
        folder = resources.files("bot.web").joinpath("pages")
        files = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}
        self.assets = {
            name: Asset(body, TYPES[kind])
            for name, body in files.items()
            if (kind := name.rpartition(".")[2]) in TYPES
        }
        self.version = hashlib.sha256(b"\0".join(files[name] for name in sorted(self.assets))).hexdigest()[
            :16
        ]
        """In the assets' address, so that browsers may keep them for ever."""
        self._editor = Template(files["region.html"].decode())
        self._notice = Template(files["notice.html"].decode())

    def editor(self, locale: str, canvas: Canvas, token: str) -> str:
        """The editor for a picture. Addresses are relative, so that a reverse proxy may put it under any path."""
        sentences = {name: self._localize(locale, name) for name in SENTENCES}
        if canvas.words is not None:
            sentences["lead"] = self._escaped(locale, text("region.page.lead_words"))
        return self._editor.substitute(
            sentences,
            words=self._words(locale, canvas.words),
            lang=self._language(locale),
            assets=f"assets/{self.version}",
            width=str(canvas.width),
            height=str(canvas.height),
            picture=f"{token}/picture",
            submit=token,
        )

    def notice(self, locale: str, said: str) -> str:
        """A page with nothing but a sentence."""
        return self._notice.substitute(
            lang=self._language(locale),
            assets=f"assets/{self.version}",
            title=self._localize(locale, "title"),
            said=html.escape(said),
        )

    def _words(self, locale: str, words: str | None) -> str:
        """The field for words beside the mask, where the account takes any."""
        if words is None:
            return ""
        label, written = self._escaped(locale, text("region.page.words")), html.escape(words)
        return (
            f'<label class="words"><span>{label}</span>'
            # A line break right behind the tag is not part of what is written.
            f'<textarea id="words" rows="2" maxlength="{PROMPT_LIMIT}">\n{written}</textarea></label>'
        )

    def _localize(self, locale: str, name: str) -> str:
        return self._escaped(locale, text(f"region.page.{name}"))

    def _escaped(self, locale: str, words: Text) -> str:
        return html.escape(self._catalogues.render(words, locale))

    def _language(self, locale: str) -> str:
        return html.escape(locale if self._catalogues.speaks(locale) else "en")
