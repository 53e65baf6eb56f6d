"""Text as a word rule sees it: case, accents, invisible characters and look-alike letters make no difference.
Never here: rules, and anything that people are shown."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
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

_WEIGHT: Final = re.compile(r"::\s*-?[0-9]*\.?[0-9]+")
"""How much a part of a prompt counts: `red::2 fox`."""
_WEIGHT_WITHIN: Final = re.compile(r"(?<=[^\W\d_])::-?[0-9]*\.?[0-9]+(?=[^\W\d_])")
"""The same between two letters, where it tears a word."""
_SMALL_CAPITALS: Final = dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqrstuvwyz", strict=True))
_BOXED: Final = {first + n: chr(ord("a") + n) for first in (0x1F130, 0x1F150, 0x1F170) for n in range(26)}
"""Letters in squares and circles, light and dark."""
_STROKED: Final = dict(zip("đøłħŧıƀɨɵɖŋəɛɔʊɑ", "dolhtibiodneeoua", strict=True))
"""Letters with a stroke, and those of phonetic script: what is an accent elsewhere is part of these."""
_DRAWN: Final = str.maketrans(
    {
        **_SMALL_CAPITALS,
        **_STROKED,
        **{letter.upper(): plain for letter, plain in _STROKED.items() if len(letter.upper()) == 1},
        **{chr(code): letter for code, letter in _BOXED.items()},
        "\u2b55": "o",
        "\u274c": "x",
        "\u2800": "\u00b7",
    }
)
"""What is drawn as a letter and means nothing else; the Braille blank is seen as a sign between letters."""
_FLAG_LETTERS: Final = re.compile(r"[\U0001f1e6-\U0001f1ff]{3,}")
"""Two of them are a flag; more are letters, ..."""
_FLAG_LETTER: Final = re.compile(
    r"(?<![\U0001f1e6-\U0001f1ff])[\U0001f1e6-\U0001f1ff](?![\U0001f1e6-\U0001f1ff])"
)
"""... and so is one alone."""

_LATIN: Final = re.compile(r"[a-z]")
_WORD: Final = re.compile(r"[^\W_]+")
_LOOK_ALIKES: Final = str.maketrans(
    {
        **dict(zip("авеһіјкӏмнорѕтухԁԛԝ", "abehijklmhopstyxdqw", strict=True)),
        "\u0441": "c",
        **dict(zip("αεικνορτυχ", "aeikvoptux", strict=True)),
        "\u0261": "g",
        **dict(zip("օսոհցյզլք", "ounhgjqlp", strict=True)),
        **dict(zip("шщгпияьμρ", "wwrnnrbup", strict=True)),
    }
)
"""Cyrillic, Greek and Armenian letters, and the Latin ones for which they are taken."""
_NOBODYS: Final = str.maketrans(
    {
        **dict(zip("ᎠᎡᎢᎥᎪᎫᎬᎳᎷᎻᏀᏃᏎᏏᏒᏔᏕᏗᏙᏚᏞᏟᏢᏦᏧᏴᏂᏌ", "drtiajewmhgzsbrwsdvslcpkdbhu", strict=True)),
        **dict(zip("ꓐꓑꓓꓔꓖꓗꓙꓚꓜꓝꓟꓠꓡꓢꓣꓦꓧꓪꓫꓬꓮꓰꓲꓳꓴ", "bpdtgkjczfmnlsrvhwxyaeiou", strict=True)),
        **dict(zip("ⲁⲃⲉⲏⲓⲕⲙⲛⲟⲣⲥⲧⲩⲭ", "abehikmnopctyx", strict=True)),
    }
)
"""Letters of Cherokee, Lisu and Coptic that look like Latin ones; nobody writes a prompt in them."""
_ONLY_IN_DISGUISE: Final = re.compile("[ѕԁԛԝӏһ]")
"""Cyrillic letters that hardly any language has: with one of them a word that is all look-alikes is a Latin one."""


def fold(words: str) -> str:
    """One line to compare by: NFKC, case-folded, without accents, weights and what cannot be seen, single blanks.

    Look-alikes are read as Latin letters only within a word that also has Latin ones: a word that is all Cyrillic or
    all Greek is left as it is.
    """
    flags = _FLAG_LETTER.sub(_flag_letters, _FLAG_LETTERS.sub(_flag_letters, words))
    drawn = _WEIGHT.sub(" ", _WEIGHT_WITHIN.sub("\u00b7", flags)).translate(_DRAWN)
    return " ".join(_WORD.sub(_unmixed, _plain(drawn)).split())


def fold_letter(letter: str) -> str:
    """A character as it stands in a folded text whatever stands around it: nothing, one character or several."""
    return _plain(letter.translate(_DRAWN)).translate(_NOBODYS)


@lru_cache(maxsize=16)
def as_latin(folded: str) -> str:
    """A folded text with every look-alike as the Latin letter for which it is taken, each in its place; once for all rules."""
    return folded.translate(_LOOK_ALIKES)


def _plain(drawn: str) -> str:
    once = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", drawn).casefold())
    return unicodedata.normalize("NFKC", _UNSEEN.sub("", without_marks(once))).casefold()


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
    spelled = word[0].translate(_NOBODYS)
    if _LATIN.search(spelled):
        return spelled.translate(_LOOK_ALIKES)
    latin = spelled.translate(_LOOK_ALIKES)
    return latin if _ONLY_IN_DISGUISE.search(spelled) and latin.isascii() else spelled


def _flag_letters(run: re.Match[str]) -> str:
    return "".join(chr(ord(c) - 0x1F1E6 + ord("a")) for c in run[0])
