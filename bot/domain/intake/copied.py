"""Prompts as they are copied from somewhere: what copying put around the words is taken off.
Never here: what stands inside (dashes, parameters), and invisible characters (wording)."""

from __future__ import annotations

import re
from typing import Final

ROUNDS: Final = 6
"""Layers that are taken off one line: `/imagine prompt: "**a fox**"` has three."""

_QUOTES: Final = (
    '""',
    "''",
    "“”",
    "„“",
    "„”",
    "\u2018\u2019",
    "\u201a\u2018",
    "«»",
    "»«",
    "「」",
    "『』",
    "``",
    "\uff02\uff02",
)
"""Pairs that stand around a whole prompt, of all languages of ours."""
_COMMAND: Final = re.compile(
    r"(?:/imagine\b\s*(?:prompt\b\s*[:\uff1a]?)?|(?:imagine\s+)?prompt\s*[:\uff1a])\s*(?=\S)", re.IGNORECASE
)
_POST: Final = re.compile(
    # The bold prompt, a dash, what was done and by whom, perhaps the speed: as Midjourney's bot posts its pictures.
    r"\*\*(?P<prompt>.+?)\*\*\s*[-\u2013\u2014]\s*(?:.{0,60}?\bby\s+)?"
    r"(?:<@!?[0-9]+>|@\S.{0,40}?|Image\s+#?[0-9].{0,60}?)\s*(?:\([^()]{0,40}\)\s*){0,3}"
)
_RENDERED: Final = re.compile(
    # Bold, slanted, both, hidden, struck out, a block of code, a quoted line: what Discord's own signs make of a text.
    r"(?P<sign>\*{1,3}|_{1,3}|\|\||~~|```)(?P<prompt>(?:(?!(?P=sign)).)+)(?P=sign)|>\s+(?P<quoted>.+)",
    re.DOTALL,
)
_ANGLES: Final = re.compile(r"<(?P<link>https?://[^\s<>]+)>", re.IGNORECASE)


def unwrapped(line: str) -> str:
    """The prompt alone: without Midjourney's post, the command's name and quotes around all of it, links bare.

    Quotes around a part of the words stay: there they ask for lettering.
    """
    for _ in range(ROUNDS):
        inner = _peeled(line)
        if inner == line:
            break
        line = inner
    return _ANGLES.sub(lambda match: match["link"], line)


def _peeled(line: str) -> str:
    """One layer less."""
    post = _POST.fullmatch(line)
    if post is not None:
        return post["prompt"].strip()
    rendered = _RENDERED.fullmatch(line)
    if rendered is not None:
        return (rendered["prompt"] or rendered["quoted"]).strip() or line
    command = _COMMAND.match(line)
    if command is not None:
        return line[command.end() :].strip()
    for opening, closing in _QUOTES:
        inner = line[1:-1]
        if inner and line[0] == opening and line[-1] == closing and not {opening, closing} & set(inner):
            return inner.strip() or line
    return line
