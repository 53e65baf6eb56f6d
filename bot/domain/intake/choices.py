"""Choices in curly braces, which make several prompts of one as Midjourney does: counted, and written out.
Never here: parameters, and how many prompts are allowed."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from bot.domain.wording import is_link

OPENING, CLOSING, PARTING = "{\uff5b", "}\uff5d", ",\uff0c\u3001"
"""Braces of a choice and the signs between its options, as English, Chinese and Japanese keyboards have them.

Midjourney reads those of English alone: the others make choices in a prompt that may become several, and are words in
every other and in what is added to one.
"""
_NARROW: Final = dict.fromkeys(map(ord, OPENING[1:] + CLOSING[1:] + PARTING[1:]), " ")


def count_of(prompt: str) -> int:
    """How many prompts the choices in it make, without writing them out."""
    return _count(_masked(prompt)[0])


def is_choice_at_midjourney(prompt: str) -> bool:
    """Whether Midjourney would make several pictures of it."""
    return _count(_masked(prompt)[0].translate(_NARROW)) > 1


def expanded(prompt: str) -> list[str]:
    """The prompts that the choices make; the first choice changes slowest. Without any, the prompt itself.

    A backslash before a comma or a brace makes it an ordinary sign. Braces that hold no choice stay.
    """
    masked, links = _masked(prompt)
    if _count(masked) == 1 and _groups(masked) == []:
        return [prompt]
    return [_unmasked(" ".join(one.split()), links) for one in _expand(masked)]


_HIDDEN: Final = 0xF0000
"""Private characters that stand for addresses while braces are looked for: braces in those are no choice."""


_ESCAPED: Final = re.compile(rf"\\([{PARTING}])")


def _masked(prompt: str) -> tuple[str, list[str]]:
    links: list[str] = []
    words: list[str] = []
    for word in prompt.split():
        if is_link(word) and word.count("{") == word.count("}"):
            links.append(word)
            words.append(chr(_HIDDEN + len(links) - 1))
        else:
            words.append(word)
    return " ".join(words), links


def _unmasked(prompt: str, links: list[str]) -> str:
    return "".join(links[ord(c) - _HIDDEN] if 0 <= ord(c) - _HIDDEN < len(links) else c for c in prompt)


def _spans(prompt: str) -> dict[int, tuple[int, list[int]]]:
    """Where each brace is closed, with the commas of its own. One pass: people may type thousands of braces."""
    found: dict[int, tuple[int, list[int]]] = {}
    opened: list[tuple[int, list[int]]] = []
    at = 0
    while at < len(prompt):
        sign = prompt[at]
        if sign in OPENING:
            opened.append((at, []))
        elif sign in CLOSING and opened:
            begin, commas = opened.pop()
            found[begin] = (at, commas)
        elif sign in PARTING and opened:
            opened[-1][1].append(at)
        at += 2 if sign == "\\" else 1
    return found


def _groups(prompt: str) -> list[tuple[int, int, list[str]]]:
    """The outermost braces that hold a choice: where they begin and end, and their options as they are written."""
    found: list[tuple[int, int, list[str]]] = []
    end = 0
    for begin, (closed, commas) in sorted(_spans(prompt).items()):
        if commas and begin >= end:
            end = closed + 1
            cuts = pairwise([begin, *commas, closed])
            found.append((begin, end, [prompt[before + 1 : after] for before, after in cuts]))
    return found


def _count(prompt: str) -> int:
    """The product of the choices, each of which is the sum of its options: reckoned from the inside, at any depth."""
    signs: dict[int, str] = {}
    for begin, (closed, commas) in _spans(prompt).items():
        if commas:
            signs |= {begin: "{", closed: "}", **dict.fromkeys(commas, ",")}
    sums, products = [0], [1]
    for at in sorted(signs):
        if signs[at] == "{":
            sums.append(0)
            products.append(1)
            continue
        sums[-1] += products[-1]
        products[-1] = 1
        if signs[at] == "}":
            products.pop()
            products[-1] *= sums.pop()
    return products[0]


def _expand(prompt: str) -> list[str]:
    groups = _groups(prompt)
    if not groups:
        return [prompt]
    start, end, options = groups[0]
    return [
        prompt[:start] + _ESCAPED.sub(r"\1", inner.strip()) + tail
        for option in options
        for inner in _expand(option)
        for tail in _expand(prompt[end:])
    ]
