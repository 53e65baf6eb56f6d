"""What a person writes into an action's window: words for it, and how far Custom Zoom goes; and which actions have one.
Never here: the window itself (ui), what a server's rules say of the words, and sending them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from bot.domain.actions import Family, classify
from bot.domain.intake.copied import unwrapped
from bot.domain.intake.dashes import KANA_DASH
from bot.domain.intake.parameters import decimal_between
from bot.domain.intake.prompt_parts import shown
from bot.domain.intake.prompts import PromptOptions, compose, is_video
from bot.domain.wording import DASHES, LONG_DASHES, TRAILING, clean, is_link
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
_CUTS: Final = ",;\uff0c\u3002\uff1b\u3001\uff01"
_ZOOM: Final = re.compile(
    # Looked for from where a run of dashes begins, with blanks in it or not: from each of thousands it would take seconds.
    rf"(?<![{DASHES}])(?<![{DASHES}]\s)(?P<lead>(?:[{DASHES}](?:\s?[{DASHES}])+|[{LONG_DASHES}]|{KANA_DASH})\s?)"
    r"(?:zoom|\uff5a\uff4f\uff4f\uff4d)"
    r"(?:(?:\s*[=:\uff1a\uff1d]\s*|\s+|(?=[0-9\uff10-\uff19]))"
    # A factor ends at a sign or a dash that parts it from what is behind it; before a digit they belong to the number.
    rf"(?P<value>(?:[^{DASHES}\s{_CUTS}]|[{DASHES}](?=\d)|(?<=\d)[,\uff0c](?=\d))+[{TRAILING}]*)"
    rf"|[{TRAILING}]*(?!\S))",
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


def read_words(typed: str, *, zoom: str | None = None, sets: tuple[tuple[str, str], ...] = ()) -> WindowWords:
    """Read what was written; raises `UserError` with one sentence for what could not be sent.

    `zoom` is what stands in the window's field for it, None where it has none. A `--zoom` among the words, as one
    writes it at Midjourney, counts more than the field. No words mean the picture's own. `sets` are the writer's own,
    which may stand among the words.
    """
    if zoom is not None:
        typed, named = split_zoom(typed)
        if named == "":
            raise UserError(text("prompt.missing_value", name="zoom", rule=ZOOM_RULE))
        zoom = read_zoom(named or zoom)
    if not typed.strip():
        return WindowWords(zoom=zoom)
    composed = compose(PromptOptions(prompt=typed, sets=sets))
    if is_video(composed.prompt):
        raise UserError(text("prompt.no_video_here"))
    return WindowWords(prompt=composed.prompt, zoom=zoom, notes=composed.notes)


def read_zoom(typed: str) -> str:
    """A factor as `--zoom` takes it: `1,4`, `1.4x` and one in wide digits are 1.4. Raises `UserError` outside of 1 to 2."""
    read = _factor(typed)
    if read is None:
        raise UserError(text("prompt.bad_value", name="zoom", rule=ZOOM_RULE, value=shown(typed.strip())))
    return read


def split_zoom(prompt: str) -> tuple[str, str | None]:
    """The words without any `--zoom`, and the last one's value as it was written, empty where it has none.

    Words that have one lose what copying put around them.
    """
    line = unwrapped(clean(prompt))
    found = [match for match in _ZOOM.finditer(line) if _is_meant(match)]
    if not found:
        return prompt, None
    ends = [0, *(match.end() for match in found)]
    starts = [*(match.start() for match in found), len(line)]
    words = " ".join(line[end:start] for end, start in zip(ends, starts, strict=True))
    return " ".join(words.split()), found[-1]["value"] or ""


def _is_meant(zoom: re.Match[str]) -> bool:
    """As with other parameters: one with blanks among its dashes, or in a word, needs a factor and no words behind it, for
    `a photo — zoom 2 lens` names none; an address has none."""
    before, behind = zoom.string[: zoom.start()].rpartition(" ")[2], zoom.string[zoom.end() :].lstrip()
    if is_link(before):
        return False
    if " " not in zoom["lead"] and not before[-1:].isalnum():
        return True
    is_last = not behind or behind[0] in f"{DASHES}{LONG_DASHES}"
    return is_last and _factor(zoom["value"] or "") is not None


def _factor(typed: str) -> str | None:
    return _read_zoom(unicodedata.normalize("NFKC", typed).strip().rstrip(TRAILING).strip(_SIGNS))


def with_zoom(prompt: str, zoom: str | None) -> str:
    """A window's words as one line: the factor behind them, as at Midjourney."""
    return prompt if zoom is None else f"{split_zoom(prompt)[0]} --zoom {zoom}".strip()


def as_filled_in(typed: str, zoom: str | None) -> str:
    """The same of what was refused: the factor that would have counted, as one word."""
    return typed if zoom is None else with_zoom(typed, "".join((split_zoom(typed)[1] or zoom).split()))
