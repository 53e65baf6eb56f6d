"""An expression finds what its letters mean, as the text that it reads is folded; with RE2 and without it.
Never here: the engines (test_expressions.py), and rules about words (test_moderation.py)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.servers.expressions import compile_expression
from bot.domain.servers.folded_expressions import for_folded_text
from bot.domain.servers.folding import fold
from bot.domain.servers.linear_matching import LinearExpression
from bot.domain.servers.regex_program import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.servers.expressions import Expression

ENGINES = pytest.mark.parametrize(
    "make", [compile_expression, LinearExpression], ids=["usual", "without RE2"]
)


def found(make: Callable[[str], Expression], pattern: str, words: str) -> list[str]:
    folded = fold(words)
    return [folded[slice(*span)] for span in make(for_folded_text(pattern)).spans(folded)]


@ENGINES
@pytest.mark.parametrize(
    ("pattern", "words", "what"),
    [
        ("Scheiße|Mist", "so eine SCHEISSE, Mist", ["scheisse", "mist"]),
        ("Scheiße", "Scheiße", ["scheisse"]),
        ("ß{2}", "sss ßß", ["ssss"]),
        ("kurwa|łoś", "Kurwa, Łoś", ["kurwa", "los"]),
        (r"\błoś\b", "a łoś", ["los"]),
        ("smørrebrød", "SMØRREBRØD", ["smorrebrod"]),
        ("ﾇｰﾄﾞ", "ヌード ﾇｰﾄﾞ", ["ヌード", "ヌード"]),
        ("\uff4e\uff55\uff44\uff45s?", "nudes, \uff4e\uff55\uff44\uff45", ["nudes", "nude"]),
        ("ⓃⓊⒹⒺ", "nude", ["nude"]),
        ("❤️", "I ❤️ it", ["❤"]),
        ("stra[ßt]e", "Straße strate strae", ["strasse", "strate"]),
        ("a[ß]+b", "aßßb", ["assssb"]),
        ("a[^ßø]c", "abc aøc", ["abc"]),
        ("[\uff41-\uff43]x", "bx dx", ["bx"]),
        ("[a-ł]z", "zz", ["zz"]),
        ("[ø-ž]z", "øz zz", ["oz", "zz"]),
        ("[\uff21-\uff5a]x", "bx Yx 1x", ["bx", "yx"]),
        ("[\uff10-\uff19]{2}", "see 42", ["42"]),
        ("[łø]s", "los øs", ["os", "os"]),
        (r"[\]ł]s", "ls ]s", ["ls", "]s"]),
        (r"\Qłoś.ß\E!", "łoś.ß!", ["los.ss!"]),
        (r"(?P<größe>x)", "x", ["x"]),
        ("ö", "o\u0308", ["o"]),
    ],
)
def test_a_letter_finds_itself_as_folding_leaves_it(
    make: Callable[[str], Expression], pattern: str, words: str, what: list[str]
) -> None:
    if "größe" in pattern:
        pytest.importorskip("re2")
    assert found(make, pattern, words) == what


@ENGINES
@pytest.mark.parametrize("pattern", ["[ß-y]", "[я-Ж]", "[\u0301]", "[\u0300-\u0338]"])
def test_what_was_no_expression_becomes_none(make: Callable[[str], Expression], pattern: str) -> None:
    with pytest.raises(ExpressionError):
        make(for_folded_text(pattern))


@ENGINES
@pytest.mark.parametrize(
    ("pattern", "words", "what"),
    [
        ("a\uff0ab", "aab a*b", ["a*b"]),
        ("\uff08a\uff5cb\uff09", "a (a|b)", ["(a|b)"]),
        ("a\uff0ec", "abc a.c", ["a.c"]),
        ("a{\uff12}", "aa a{2}", ["a{2}"]),
        ("[a\uff0dc]x", "bx -x", ["-x"]),
        ("a\uff3bbc\uff3d", "ab a[bc]", ["a[bc]"]),
        ("a\uff0b", "aa a+", ["a+"]),
        ("½", "1\u20442", ["1\u20442"]),
        ("a…", "abcd a...", ["a..."]),
        ("a\u3000b", "a b", ["a b"]),
    ],
)
def test_a_wide_sign_is_a_sign_and_no_operator(
    make: Callable[[str], Expression], pattern: str, words: str, what: list[str]
) -> None:
    assert found(make, pattern, words) == what


@ENGINES
@pytest.mark.parametrize(
    ("pattern", "words", "what"),
    [
        ("[Ѐ-ӿ]{3}", "где лужа", ["где", "луж"]),
        ("[\u0410-ё]{4}", "лужа", ["лужа"]),
        ("[Ё-я]{4}", "вода", ["вода"]),
        ("[Ͱ-Ͽ]{3}", "αβγ", ["αβγ"]),
        ("[À-\u017f]", "zebra é", ["z", "e", "b", "r", "a", "e"]),
        ("[\u00a0-\uffff]", "a plain cat, дж", ["д", "ж"]),
        ("[^Ѐ-ӿ]", "где?", ["?"]),
        ("[\u0600-\u06ff]+", "a black-and-white قط", ["قط"]),
        ("[x\u0300-\u036f]", "x-y", ["x"]),
    ],
)
def test_a_range_of_letters_names_what_it_named_whatever_becomes_of_its_ends(
    make: Callable[[str], Expression], pattern: str, words: str, what: list[str]
) -> None:
    assert found(make, pattern, words) == what


LETTERS = st.characters(min_codepoint=0x80, exclude_categories=["Cs", "Zl", "Zp", "Zs"])


@ENGINES
@given(letter=LETTERS)
def test_every_character_finds_itself_unless_folding_takes_it_away(
    make: Callable[[str], Expression], letter: str
) -> None:
    if fold(letter):
        assert found(make, letter, letter) == [fold(letter)]


@given(st.text(st.characters(codec="ascii"), max_size=20))
def test_an_expression_of_plain_signs_stays_as_it_is(pattern: str) -> None:
    controls = re.sub(r"[^\t-\r -~]", "", pattern)
    if r"\Q" not in controls:
        assert for_folded_text(controls) == controls
