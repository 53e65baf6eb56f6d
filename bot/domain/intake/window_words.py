"""What a person writes into an action's window: words for it, and how far Custom Zoom goes; and which actions have one.
Never here: the window itself (ui), what a server's rules say of the words, and sending them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from bot.domain.actions import Family, classify
from bot.domain.intake.parameters import decimal_between
from bot.domain.intake.prompt_parts import shown
from bot.domain.intake.prompts import PromptOptions, compose, is_video
from bot.domain.wording import DASHES, LONG_DASHES, TRAILING
from bot.errors import UserError
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.capabilities import Capabilities
    from bot.domain.tasks import RemoteAction

REMIXED: Final = frozenset(
    {Family.VARIATION, Family.VARY_SUBTLE, Family.VARY_STRONG, Family.REROLL, Family.PAN}
)
"""Actions that open a window only if they are asked to (family §5.1)."""
USUAL_ZOOM: Final = "2"
"""What Midjourney itself writes into the window."""
ZOOM_RULE, _read_zoom = decimal_between(1, 2)
"""How far Custom Zoom goes (family §5.1)."""
_ZOOM: Final = re.compile(
    rf"(?<!\S)(?:[{DASHES}]{{2,}}|[{LONG_DASHES}])zoom(?:\s*[=:\uff1a\uff1d]\s*|\s+|(?=[0-9\uff10-\uff19]))(?P<value>(?![{DASHES}])\S+)",
    re.IGNORECASE,
)
_SIGNS: Final = "x\u00d7 "
"""What people write beside a factor."""


class WindowKind(StrEnum):
    """What a window asks for besides words."""

    ZOOM = "zoom"
    REGION = "region"
    WORDS = "words"


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowWords:
    """What was written into a window, ready to be sent."""

    prompt: str | None = None
    """None: the words of the picture, as they are."""
    zoom: str | None = None
    notes: tuple[str, ...] = ()
    """Ids of sentences about what was changed on the way."""


def window_of_action(actions: Sequence[RemoteAction], position: int, able: Capabilities) -> WindowKind | None:
    """Which window a button can open on an account that can do so much; None: none, or there is no such button."""
    if not 0 <= position < len(actions):
        return None
    family = classify(actions[position].custom_id)
    if family is Family.CUSTOM_ZOOM and able.custom_zoom:
        return WindowKind.ZOOM
    if family is Family.VARY_REGION and able.region_words:
        return WindowKind.REGION
    if family not in REMIXED or not able.remix:
        return None
    clips = any(classify(action.custom_id) is Family.TAKE_CLIP for action in actions)
    return None if clips else WindowKind.WORDS


def read_words(typed: str, *, zoom: str | None = None) -> WindowWords:
    """Read what was written; raises `UserError` with one sentence for what could not be sent.

    `zoom` is what stands in the window's field for it, None where it has none. A `--zoom` among the words, as one
    writes it at Midjourney, counts more than the field. No words mean the picture's own.
    """
    if zoom is not None:
        typed, named = split_zoom(typed)
        zoom = read_zoom(named or zoom)
    if not typed.strip():
        return WindowWords(zoom=zoom)
    composed = compose(PromptOptions(prompt=typed))
    if is_video(composed.prompt):
        raise UserError(text("prompt.no_video_here"))
    return WindowWords(prompt=composed.prompt, zoom=zoom, notes=composed.notes)


def read_zoom(typed: str) -> str:
    """A factor as `--zoom` takes it: `1,4`, `1.4x` and one in wide digits are 1.4. Raises `UserError` outside of 1 to 2."""
    read = _read_zoom(unicodedata.normalize("NFKC", typed).strip().rstrip(TRAILING).strip(_SIGNS))
    if read is None:
        raise UserError(text("prompt.bad_value", name="zoom", rule=ZOOM_RULE, value=shown(typed.strip())))
    return read


def split_zoom(prompt: str) -> tuple[str, str | None]:
    """The words without any `--zoom`, and the last one's value as it was written."""
    found = [match["value"] for match in _ZOOM.finditer(prompt)]
    return " ".join(_ZOOM.sub(" ", prompt).split()) if found else prompt, found[-1] if found else None


def with_zoom(prompt: str, zoom: str | None) -> str:
    """A window's words as one line: the factor behind them, as at Midjourney."""
    return prompt if zoom is None else f"{split_zoom(prompt)[0]} --zoom {zoom}".strip()
