"""Words of people and of upstream: nothing in them acts, nothing of them escapes, nothing is too long.
Never here: cards."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ui.kit.escape import END_ISOLATE, ISOLATE, one_line, plain, quoted


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("a  lighthouse\n\nat night", "a lighthouse at night"),
        ("**bold** _x_ ~~y~~ `z` ||s||", r"\*\*bold\*\* \_x\_ \~\~y\~\~ \`z\` \|\|s\|\|"),
        ("<@1> <@&2> <#3> <t:1:R> </imagine:4> <:e:5>", None),
        ("@everyone and @here", r"\@everyone and \@here"),
        ("[click](https://x.example)", r"\[click\]\(https\://x.example\)"),
        ("# big", r"\# big"),
        ("-# small", r"\-\# small"),
        ("- item --ar 3:2", r"\- item --ar 3\:2"),
        ("1. first", r"1\. first"),
        ("> quote", r"\> quote"),
        ("\u202eevil\u202c\u2066x\x00\x1b", "evilx"),
        ("👩\u200d🚀 fox", "👩\u200d🚀 fox"),
    ],
)
def test_markup_becomes_the_characters_that_were_typed(typed: str, shown: str | None) -> None:
    quote = quoted(typed, 1000)

    assert quote.startswith(ISOLATE)
    assert quote.endswith(END_ISOLATE)
    if shown is not None:
        assert quote[1:-1] == shown
    assert not re.search(r"(?<!\\)[<>@#`*_]", quote)


@given(st.text(), st.integers(5, 200))
def test_a_quote_is_one_safe_line_within_its_limit(typed: str, limit: int) -> None:
    quote = quoted(typed, limit)

    assert units(quote) <= limit
    assert "\n" not in quote
    bare = re.sub(r"\\.", "", quote[1:-1])
    assert not re.search(r"[\\*_~`|<>\[\]()#@:]", bare)


@given(st.text() | st.text(alphabet=" a\u00a0\u3000\u2028\u202e\u200b\u200d\U000e0041\ue000\U0001f98a\n"))
def test_a_line_keeps_all_that_can_be_seen_and_single_blanks(typed: str) -> None:
    line = one_line(typed)

    unseen = {"Cc", "Cf", "Cs"}
    seen = [c for c in typed if c in "\u200c\u200d" or unicodedata.category(c) not in unseen]
    assert [c for c in line if c != " "] == [c for c in seen if not c.isspace()]
    assert line == line.strip()
    assert "  " not in line
    assert line.count(" ") <= sum(c.isspace() for c in typed)


@given(st.text(alphabet="a*<👩\u200d🚀 ", min_size=1), st.integers(4, 40))
def test_a_cut_keeps_the_beginning_and_says_that_it_cut(typed: str, limit: int) -> None:
    short = plain(typed, limit)

    assert units(short) <= limit
    whole = one_line(typed)
    assert short == whole or (short.endswith("…") and whole.startswith(short[:-1]))


def test_a_cut_of_wide_characters_uses_the_room() -> None:
    assert plain("👩" * 300, 256) == "👩" * 127 + "…"
