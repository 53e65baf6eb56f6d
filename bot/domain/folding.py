"""Text as a word rule sees it: case, accents, invisible characters and look-alike letters make no difference.
Never here: rules, and anything that people are shown."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Without accents a word reads the same; without a vowel sign of Hindi or Thai, or the mark that makes か into が, it is
# another word. Combining classes tell them apart: overlays, points of Hebrew and Arabic, and what stands above or below.
_OVERLAY: Final = 1
_POINTS: Final = range(10, 37)
_ACCENTS: Final = 200

_UNSEEN: Final = re.compile(
    r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
"""Invisible, and of no general category that says so; what is of category Cf is dropped beside these."""

_LATIN: Final = re.compile(r"[a-z]")
_WORD: Final = re.compile(r"[^\W_]+")
_LOOK_ALIKES: Final = str.maketrans(
    {
        **dict(zip("авеһіјкӏмнорѕтухԁԛԝ", "abehijklmhopstyxdqw", strict=True)),
        "\u0441": "c",
        **dict(zip("αεικνορτυχ", "aeikvoptux", strict=True)),
        "\u0261": "g",
    }
)
"""Cyrillic and Greek letters, and the Latin ones for which they are taken."""


def fold(words: str) -> str:
    """One line to compare by: NFKC, case-folded, without accents, without what cannot be seen, single blanks.

    Look-alikes are read as Latin letters only within a word that also has Latin ones: a word that is all Cyrillic or
    all Greek is left as it is.
    """
    once = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", words).casefold())
    folded = unicodedata.normalize("NFKC", _UNSEEN.sub("", without_marks(once))).casefold()
    return " ".join(_WORD.sub(_unmixed, folded).split())


def without_marks(words: str) -> str:
    """The same letters in the same case, without accents and what cannot be seen."""
    kept = "".join(c for c in unicodedata.normalize("NFD", words) if not _is_dropped(c))
    return unicodedata.normalize("NFC", kept)


def _is_dropped(c: str) -> bool:
    combining = unicodedata.combining(c)
    if combining:
        return combining == _OVERLAY or combining in _POINTS or combining >= _ACCENTS
    category = unicodedata.category(c)
    return category in {"Cf", "Me", "Cs"} or (category == "Cc" and not c.isspace())


def _unmixed(word: re.Match[str]) -> str:
    return word[0].translate(_LOOK_ALIKES) if _LATIN.search(word[0]) else word[0]
