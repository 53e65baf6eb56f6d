"""How people hide a word from a rule: digits for letters, signs or blanks between them, letters drawn out.
Never here: look-alike letters and what cannot be seen (folding), and which words are looked for.

All of it is read on folded text. Ordinary words come first: what English, German or French spells that way by chance
(“good” for “god”, “as s” for a word of three letters) is not taken for a disguise."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from bot.domain.servers.folding import as_latin

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SHORTEST: Final = 3
"""Letters of a word that is looked for in disguise: shorter ones hide in everything."""

_STANDS_FOR: Final = {
    "a": "a4@",
    "b": "b8",
    "c": "c¢©",
    "e": "e3€",
    "g": "g69",
    "i": "i1!|",
    "l": "l1|£",
    "o": "o0",
    "r": "r®",
    "s": "s5$\u00a7",
    "t": "t7+",
    "u": "uv",
    "y": "y¥",
    "z": "z2",
}
_SELDOM_DOUBLE: Final = frozenset("ahijkquvwxy")
"""Letters that hardly any language doubles: two of them are drawn out already."""
_JOINS: Final = r".\-\u2010-\u2015\u2212/"
"""Signs that join words, too."""
_INNER: Final = rf"[{_JOINS}*_·•・~^|+:=\u2026`\\\[\](){{}}<>#&%\u2190-\u2bff\U0001f300-\U0001faff]"
"""Signs and pictures within a word that nobody writes there. An apostrophe is none, nor what ends a part of a sentence."""
NEAR: Final = r"\s.*·_\-"
"""What hides a word of scripts without blanks wherever it stands, as it is written in a class of an expression; ..."""
FAR: Final = rf"{NEAR}{_JOINS}•・~\u301c^|\u4e28+=\u2026`\\\u2190-\u2bff\U0001f300-\U0001faff"
"""... what may as well stand between the parts of a list (“男性/交差点”), and hides only a word that stands alone."""
_APART: Final = r"[\W_]"
_SIGN: Final = r"(?:[^\s\w]|[\d_])"
_LONG_SIGNS: Final = re.compile(rf"(?<={_SIGN}{{4}}){_SIGN}+(?={_SIGN}{{4}})")
"""The middle of signs and digits in a row that are too many to stand for letters of a word, or between them."""
_AMBIGUOUS: Final = 8
"""So many letters of a word may be hidden behind signs that could as well stand between two: each doubles the ways to read a
text that was made for it. Of a longer word, such a sign is the letter, unless the same stands between all letters."""
_SHARED, _DRAWN_OUT = 2, 12
"""So often two neighbours of a word may be drawn out that are written alike, and by so many letters."""
_LETTER: Final = r"[^\W\d_]"
_ALONE: Final = frozenset("aioue")
"""Letters that are words by themselves."""
_TOLD_APART: Final = 5
"""Letters of a word that is all look-alikes: a shorter one may be a Latin word (“рот” is “pot”)."""
_LONG_RUN: Final = 3
_SQUEEZED: Final = 8
"""Of one letter or sign, more in a row say no more than so many; any number would hide a word from what is tried in few ways."""
_TORN_TWICE: Final = 2
"""Blanks by which a word is in pieces, whichever they are."""


class DisguiseMatcher:
    """Finds one word of Latin letters in its disguises."""

    def __init__(self, word: str) -> None:
        self._word = word
        units = [(match[0][0], len(match[0])) for match in re.finditer(r"(.)\1*", word)]
        self._units = units
        self._kept = max(_SQUEEZED, _LONG_RUN + max(n for _, n in units))
        letters = [f"[{re.escape(_STANDS_FOR.get(c, c))}]" for c in word]
        drawn = (f"([{re.escape(_STANDS_FOR.get(c, c))}]{{{n},{most}}})" for (c, n), most in _longest(units))
        start, end = rf"(?<!{_LETTER})(?<![0-9])", rf"(?!{_LETTER})"
        self._drawn_out = re.compile(start + "".join(drawn) + end)
        longer = rf"(?<!{_LETTER}[{_JOINS}])"  # a part of what is joined by hyphens is no word by itself
        told_apart = sum(bool(re.search(r"\W", _STANDS_FOR.get(c, c))) for c in word) > _AMBIGUOUS
        gaps = [rf"(?!{letter})" if told_apart else "" for letter in letters[1:]]
        dotted = (f"(?:{_within(_INNER, gap)})?{one}" for gap, one in zip(gaps, letters[1:], strict=True))
        behind_signs = re.compile(
            longer + start + letters[0] + "".join(dotted) + end + rf"(?![{_JOINS}]{_LETTER})"
        )
        self._pieces = re.compile(start + " ?".join(map(re.escape, word)) + end)
        apart = (f"{_within(_APART, gap)}{one}" for gap, one in zip(gaps, letters[1:], strict=True))
        between_all = re.compile(start + letters[0] + "".join(apart) + end)
        # Where all gaps are the same there is one way to read a text for each first gap.
        evenly = rf"{start}{letters[0]}({_APART}{{1,3}})" + r"\1".join(letters[1:]) + end
        self._signed = [behind_signs, between_all, *([re.compile(evenly)] if told_apart else [])]
        first, last = re.escape(word[0]), re.escape(word[-1])
        self._torn = [
            re.compile(rf"{start}{pattern}{end}")
            for c, pattern in (
                (word[0], rf"{first} {re.escape(word[1:])}"),
                (word[-1], rf"{re.escape(word[:-1])} {last}"),
            )
            if c not in _ALONE
        ]

    def find(self, folded: str) -> Iterator[tuple[int, int]]:
        """Where it stands in disguise."""
        read, places = _without_long_runs(folded, self._kept)
        for begin, end in self._in_signs(read):
            yield places[begin], places[end]
        if len(self._word) > SHORTEST:
            for match in self._pieces.finditer(folded):
                if match[0].count(" ") >= _TORN_TWICE:
                    yield match.span()
            for pattern in self._torn:
                yield from (match.span() for match in pattern.finditer(folded))

    def _in_signs(self, read: str) -> Iterator[tuple[int, int]]:
        """Where it stands drawn out, or behind signs."""
        for match in self._drawn_out.finditer(read):
            if self._is_drawn_out(match):
                yield match.span()
        for pattern in self._signed:
            for match in pattern.finditer(read):
                if any(c.isalpha() for c in match[0]) and match[0] != self._word:
                    yield match.span()

    def _is_drawn_out(self, match: re.Match[str]) -> bool:
        """Whether it is no ordinary word with a letter twice, and no number."""
        if not any(c.isalpha() for c in match[0]):
            return False
        longer = [
            (c, len(run)) for (c, n), run in zip(self._units, match.groups(), strict=True) if len(run) > n
        ]
        if not longer:
            return True  # digits stand for letters, or a digit stands behind
        return len(longer) > 1 or longer[0][1] >= _LONG_RUN or longer[0][0] in _SELDOM_DOUBLE


def _longest(units: list[tuple[str, int]]) -> Iterator[tuple[tuple[str, int], str]]:
    """Each run of a word with the most letters that it may be drawn out to; empty: any number.

    What one of two neighbours stands for may stand for the other, too (i and l, u and v): each way to part them is tried.
    """
    shared = [
        bool(set(_STANDS_FOR.get(a, a)) & set(_STANDS_FOR.get(b, b))) for (a, _), (b, _) in pairwise(units)
    ]
    for unit, before, after in zip(units, [False, *shared], [*shared, False], strict=True):
        often = sum(shared) > _SHARED
        yield unit, "" if not (before or after) else str(unit[1] if often else unit[1] + _DRAWN_OUT)


def _within(sign: str, not_here: str) -> str:
    """One to three signs, none of which is what may not stand there."""
    return f"(?:{not_here}{sign}){{1,3}}"


@lru_cache(maxsize=16)
def _without_long_runs(folded: str, kept: int) -> tuple[str, Sequence[int]]:
    """A text as it is searched, once for all rules, and where each sign of it and its end stand in the text.

    One letter or sign in a row is cut to as many as are kept; then stand blanks for signs that are too long to hide anything.
    """
    runs = [run.span() for run in re.finditer(rf"(.)\1{{{kept},}}", folded)]
    if not runs:
        return _without_long_signs(folded), range(len(folded) + 1)
    starts, ends = [0, *(end for _, end in runs)], [*(start + kept for start, _ in runs), len(folded) + 1]
    places = [place for start, end in zip(starts, ends, strict=True) for place in range(start, end)]
    return _without_long_signs("".join(folded[place] for place in places[:-1])), places


@lru_cache(maxsize=16)
def _without_long_signs(text: str) -> str:
    return _LONG_SIGNS.sub(lambda run: " " * len(run[0]), text)


class LookAlikeMatcher:
    """Finds one word of Cyrillic, Greek or Armenian letters with Latin ones among them, or with signs between all."""

    def __init__(self, word: str) -> None:
        # The first letter stands before what may not stand before it: a search for a letter is quicker than for an edge.
        edge, end = r"[^\W_]", r"(?![^\W_])"
        self._dotted = re.compile(
            rf"{word[0]}(?<!{edge}{word[0]}){_within(_INNER, '')}{_within(_INNER, '').join(word[1:])}{end}"
        )
        latin = as_latin(word)
        told = latin != word and (not latin.isascii() or len(latin) >= _TOLD_APART)
        self._latin = latin if told else None
        self._mixed = re.compile(rf"{latin[0]}(?<!{edge}{latin[0]}){latin[1:]}{end}")

    def find(self, folded: str) -> Iterator[tuple[int, int]]:
        """Where it stands in disguise."""
        yield from (match.span() for match in self._dotted.finditer(folded))
        if self._latin is None or self._latin not in (read := as_latin(folded)):
            return
        for match in self._mixed.finditer(read):
            if re.search("[a-z]", folded[slice(*match.span())]):
                yield match.span()


def disguised(letters: list[str]) -> DisguiseMatcher | LookAlikeMatcher | None:
    """What finds a word in disguise; None for one that is too short, or of other letters."""
    if len(letters) == 1 and len(letters[0]) >= SHORTEST and re.fullmatch("[\u0370-\u058f]+", letters[0]):
        return LookAlikeMatcher(letters[0])
    if len(letters) != 1 or len(letters[0]) < SHORTEST or not re.fullmatch(r"[a-z]+", letters[0]):
        return None
    return DisguiseMatcher(letters[0])
