"""Reading a shortened prompt: the five shorter ones, and which words counted (family §2.6).
Never here: asking for it, and what is made of the prompts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bot.domain.intake.describing import ideas

MOST_SHORTENED: Final = 5
# Blanks of one line only: thousands of line breaks would be read anew from each of them.
_HEADING: Final = re.compile(r"(?im)^[^\S\n]*#{1,6}[^\S\n]*shortened prompts?[^\S\n]*(?::[^\S\n]*)?$")
_TOKENS: Final = re.compile(r"(?im)^[^\S\n]*#{1,6}[^\S\n]*important tokens?[^\S\n]*(?::[^\S\n]*)?$")
_BOLD: Final = re.compile(r"\*\*([^*\n]+)\*\*")
_STRUCK: Final = re.compile(r"~~([^~\n]+)~~")


@dataclass(frozen=True, slots=True)
class Shortened:
    """What Midjourney made of a prompt."""

    prompts: tuple[str, ...]
    """From the longest to the shortest, at most five."""
    strong: tuple[str, ...] = ()
    """Words that counted most, in their order."""
    weak: tuple[str, ...] = ()
    """Words that hardly counted."""


def shortened_text(*fields: str | None) -> str | None:
    """The field that holds the shorter prompts: the first with a heading of Midjourney's, else the first that is no command."""
    kept = [words for words in fields if words and not words.lstrip().startswith("/")]
    headed = [words for words in kept if _HEADING.search(words) or _TOKENS.search(words)]
    return next(iter([*headed, *kept]), None)


def read_shortened(words: str | None) -> Shortened:
    """Read Midjourney's Markdown; without any heading of its own, all of it is prompts."""
    text = words or ""
    heading = _HEADING.search(text)
    tokens = _TOKENS.search(text)
    below = text[heading.end() :] if heading else "" if tokens else text
    told = text[tokens.end() : heading.start() if heading else None] if tokens else ""
    return Shortened(
        prompts=ideas(below, most=MOST_SHORTENED),
        strong=tuple(_BOLD.findall(told)),
        weak=tuple(_STRUCK.findall(told)),
    )
