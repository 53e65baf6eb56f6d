"""Both engines of moderators' expressions find the same, refuse the same and never explode.
Never here: rules about words (test_moderation.py)."""

from __future__ import annotations

import subprocess
import sys
import time
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.servers.expressions import compile_expression, compiler
from bot.domain.servers.linear_matching import LinearExpression
from bot.domain.servers.regex_program import ExpressionError
from tests.architecture.ground import ROOT

re2 = pytest.importorskip("re2", reason="RE2 has no wheel here, so there is nothing to compare with")

ATOMS = st.sampled_from(
    [
        "a",
        "b",
        "é",
        "[ab]",
        "[^a]",
        "[a-c]",
        r"[^\d_]",
        ".",
        r"\w",
        r"\d",
        r"\b",
        r"\B",
        "^",
        "$",
        "_",
        r"\s",
        "ß",
    ]
)
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("({}|{})".format, inner, inner),
        st.builds(
            "(?:{}){}".format,
            inner,
            st.sampled_from(["?", "*", "+", "??", "*?", "+?", "{2}", "{1,3}", "{2,}"]),
        ),
    ),
    max_leaves=8,
)


@given(EXPRESSIONS, st.text("abé_ 1.", max_size=12))
@example(r"(?:(\b|a))*a", "aa")
def test_without_re2_the_same_words_are_found_in_the_same_places(pattern: str, words: str) -> None:
    """Expressions that match nothing at all are left out: no rule may be one. So are places where one matches nothing,
    such as the edge of a word: RE2 goes on behind the next letter there, whatever would match at the same place."""
    if LinearExpression(pattern)._occurs("", 0):
        return

    mine, theirs = (list(make(pattern).spans(words)) for make in (LinearExpression, compile_expression))
    if all(a != b for a, b in theirs):
        assert mine == theirs


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        (r"\bab\b", [(4, 6)]),
        (r"a\B", [(0, 1), (4, 5)]),
        ("^abc", [(0, 3)]),
        ("ab$", []),
        ("f$", [(7, 8)]),
        ("abc|ab", [(0, 3), (4, 6)]),
    ],
)
def test_edges_are_where_both_see_them(pattern: str, found: list[tuple[int, int]]) -> None:
    for make in (LinearExpression, compile_expression):
        assert list(make(pattern).spans("abc ab f")) == found


@pytest.mark.parametrize(
    "pattern",
    [
        "(", "[", "a**", r"(?<=a)b", "(?=a)", "(?!a)b", r"(a)\1", "(?>a)", "a++", "a*+b", "a{2000}", r"\Z",
        "((a{100}){100}){100}",
    ],
)  # fmt: skip
def test_what_would_need_going_back_is_refused_by_both(pattern: str) -> None:
    for make in (LinearExpression, compile_expression):
        with pytest.raises(ExpressionError):
            make(pattern)


@pytest.mark.parametrize("pattern", ["[[:alpha:]]", r"\pL", r"\Qa.b\E", "a{,5}", "(?u)a", "(" * 3_000])
def test_what_python_would_read_otherwise_is_refused_rather_than_misread(pattern: str) -> None:
    with pytest.raises(ExpressionError):
        LinearExpression(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "x(a+)+$",
        "x(a|aa)+$",
        "(.*a){25}b",
        "x(a?){100}a{100}b",
        "(a*)*b",
        "a*a*a*a*a*b",
        r"(\w+\s?)*!!",
        "(a*c|a*d)",
    ],
)
@pytest.mark.parametrize("ending", ["!", "b", "c"])
def test_no_expression_takes_longer_than_the_text_is_long(pattern: str, ending: str) -> None:
    expression = LinearExpression(pattern)
    before = time.process_time()

    list(expression.spans("x" + "a" * 6_000 + ending))

    spent_s = (
        time.process_time() - before
    )  # a backtracking matcher would not end today, on the quickest machine
    assert spent_s < 60


def test_the_steps_that_are_remembered_are_bounded() -> None:
    expression = LinearExpression("a.{20}c")

    chance = Random(1)  # noqa: S311 - letters without a period, each time the same

    list(expression.spans("".join(chance.choice("ab") for _ in range(6_000))))

    assert len(expression._steps) <= 4_096


@pytest.mark.parametrize(
    ("pattern", "words", "found"),
    [
        ("[a-c]+", "xabcd", [(1, 4)]),
        (r"[^\d_]x", "1x_xéx", [(4, 6)]),
        (r"[\d\s]", "a 1", [(1, 2), (2, 3)]),
        ("a|ab", "aab", [(0, 1), (1, 2)]),
    ],
)
def test_without_re2_ranges_and_classes_are_read(
    pattern: str, words: str, found: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "re2", None)

    assert list(compiler()(pattern).spans(words)) == found


def test_a_machine_without_re2_keeps_its_word_rules() -> None:
    said = subprocess.run(  # our own words
        [
            sys.executable,
            "-c",
            (
                "import sys; sys.modules['re2'] = None\n"
                "from bot.domain.servers.moderation import *\n"
                "rule = checked(WordRule(Match.REGEX, 'bl[o0]+d'))\n"
                "print([found.words for found in examine('red BL00D', [rule]).found])\n"
            ),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert said.stdout.strip() == "['bl00d']"
