"""Reading a description: four prompts out of whatever upstream wrote (contract §2.6).
Never here: asking for one, and what is made of the prompts."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST_IDEAS: Final = 4

_KEYCAP: Final = r"[0-9０-９]\ufe0f?\u20e3"  # noqa: RUF001 - full-width digits, as Chinese proxies write them
_CIRCLED: Final = r"[①-⑨❶-❾➀-➈➊-➒]"
_NUMBERED: Final = r"[(（\[]?(?:[1-9１-９]|[一二三四五])\s?[.)）\]、:：．](?![0-9])"  # noqa: RUF001 - as above
_UNMISTAKABLE: Final = re.compile(rf"(?:{_KEYCAP}|{_CIRCLED})")
"""Marks that no prompt holds by itself: they part prompts even within a line."""
_MARK: Final = re.compile(
    rf"\s*(?:[-*•>#]+\s+)?[*_]{{0,2}}(?:{_KEYCAP}|{_CIRCLED}|{_NUMBERED})[*_]{{0,2}}\s*"
)
_IN_LINE: Final = re.compile(r"(?<!\S)\(?([1-9])[.)](?=\s)")
_LINK: Final = re.compile(
    r"""!?\[([^\]]{0,300})\]\(\s*(?:<[^>]{0,2000}>|[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)(?:\s+["'][^"']*["'])?\s*\)"""
)
_ADDRESS: Final = re.compile(r"<?https?://\S+", re.IGNORECASE)
_QUOTES: Final = "\"'“”„«»`*_ \t"
_DIGITS: Final = str.maketrans("", "", "0123456789\ufe0f\u20e3")


def description_text(prompt: str | None, description: str | None) -> str | None:
    """The field that holds the description: the prompt, unless only the other one counts its lines."""
    for words in (prompt, description):
        if words and _is_counted(words):
            return words
    if prompt and prompt.strip():
        return prompt
    # Without a result it repeats the command.
    return description if description and not description.lstrip().startswith("/") else None


def ideas(words: str | None, *, most: int = MOST_IDEAS) -> tuple[str, ...]:
    """The prompts of a description, at most so many; one for a block that nothing divides, none for nothing."""
    lines = _lines(words or "")
    marked = any(_MARK.match(line) for line in lines)
    found = _counted(lines) if marked else _uncounted(lines)
    return tuple(idea for idea in map(_clean, found) if idea)[:most]


def _lines(words: str) -> list[str]:
    """Its lines, each unmistakable mark at the beginning of one."""
    lines = _UNMISTAKABLE.sub(lambda mark: f"\n{mark[0]}", words).splitlines()
    if sum(bool(line.strip()) for line in lines) != 1:
        return lines
    return _parted(next(line for line in lines if line.strip()))


def _parted(line: str) -> list[str]:
    """A line that counts within itself: “1. a fox 2. an owl”, from one and without a gap."""
    marks = list(_IN_LINE.finditer(line))
    if len(marks) < 2 or [mark[1] for mark in marks] != [str(n + 1) for n in range(len(marks))]:  # noqa: PLR2004 - one number is no count
        return [line]
    return [line[start:end] for start, end in pairwise([*(mark.start() for mark in marks), len(line)])]


def _is_counted(words: str) -> bool:
    return any(_MARK.match(line) for line in _lines(words))


def _counted(lines: Sequence[str]) -> Iterable[str]:
    """What follows each mark, with the lines that belong to it; a paragraph without a mark belongs to none."""
    found: list[list[str]] = []
    belongs = False
    for line in lines:
        mark = _MARK.match(line)
        if mark is not None:
            found.append([line[mark.end() :]])
            belongs = True
        elif not line.strip():
            belongs = belongs and not any(part.strip() for part in found[-1])
        elif belongs:
            found[-1].append(line)
    return [" ".join(parts) for parts in found]


def _uncounted(lines: Sequence[str]) -> Iterable[str]:
    """Paragraphs if there are several, else lines."""
    paragraphs: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            paragraphs[-1].append(line)
        elif paragraphs[-1]:
            paragraphs.append([])
    whole = [" ".join(paragraph) for paragraph in paragraphs if paragraph]
    return whole if len(whole) > 1 else lines


def _clean(idea: str) -> str:
    """One line of words: no links, no addresses, no quotes around it."""
    line = " ".join(idea.split())  # before links are looked for, whose blanks may be many
    plain = _ADDRESS.sub(" ", _LINK.sub(lambda link: link[1], line)).replace("**", "")
    line = " ".join(plain.split()).strip(_QUOTES)
    return line if line.translate(_DIGITS).strip(" .):-") else ""
