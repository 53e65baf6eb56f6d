"""Whether words are English already, as far as that can be told from the outside, and in which script they are written.
Never here: translating."""

from __future__ import annotations

import re
from typing import Final

MOST_FOREIGN: Final = 0.2
"""From this share of letters that English does not have on, words are not English."""
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")  # noqa: RUF001 - people type both
_ENGLISH: Final = frozenset(
    word
    for line in (
        "a an the of with in on at by to from and or is are its it his her their",
        "under over between behind into through",
    )
    for word in line.split()
)
_OTHERS: Final = frozenset(
    word
    for line in (
        "un una unos unas el los las del con por para sobre y en entre bajo muy",  # Spanish
        "le les des du une dans sur avec et au aux sous chez très",  # French
        "der das dem den und ein eine einen einem einer im mit auf vor von am bei über unter zwischen ist",
        "uno il gli nel nella della di che e",  # Italian
        "um uma com na do dos das ao",  # Portuguese
    )
    for word in line.split()
)
"""Small words of languages that are written much like English. Some are names in English, so they only outvote."""


def foreign_share(words: str) -> float:
    """Which part of the letters is none of English's."""
    letters = [c for c in words if c.isalpha()]
    return sum(not c.isascii() for c in letters) / len(letters) if letters else 0.0


def is_english(words: str) -> bool:
    """Whether nobody needs to be asked: what looks like another language may still turn out to be English."""
    if foreign_share(words) > MOST_FOREIGN:
        return False
    found = [word.casefold() for word in _WORD.findall(words)]
    own = sum(word in _ENGLISH for word in found)
    other = sum(word in _OTHERS or not word.isascii() for word in found)
    return other <= own
