"""Ways to write the same word fold to the same text; words that differ stay apart.
Never here: rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.servers.folding import fold


@pytest.mark.parametrize(
    "spelled",
    [
        "nude",
        "NUDE",
        "\uff2e\uff55\uff44\uff45",
        "ⓝⓤⓓⓔ",
        "nüdé",
        "n\u0336u\u0336d\u0336e\u0336",
        "n\u200bu\u200dd\u2060e\ufeff",
        "nu\u00adde",
        "nu\u034fde\ufe0f",
        "\uff4e\u0300\u0301\u0302ude",
        "nud\u0435",
        "nu\u202ed\u202ce",
        "nu\x00de",
        " nude\t\n",
    ],
)
def test_ways_to_hide_a_word_fold_away(spelled: str) -> None:
    assert fold(spelled) == "nude"


@pytest.mark.parametrize(
    ("spelled", "folded"),
    [
        ("Straße", "strasse"),
        ("ﬁne", "fine"),
        ("İstanbul", "istanbul"),
        ("a   b\n\tc", "a b c"),
        # A word that is all Cyrillic or Greek is not English in disguise.
        ("сосна", "сосна"),
        ("καρπός", "καρποσ"),
        # Without these marks they would be other words.
        ("がく", "がく"),
        ("हिन्दी", "हिन्दी"),
        ("น้ำ", "น้ํา"),
        ("한글", "한글"),
        # Points of Hebrew and Arabic are accents.
        ("שָׁלוֹם", "שלום"),
        ("مُحَمَّد", "محمد"),
    ],
)
def test_what_is_another_word_stays_another_word(spelled: str, folded: str) -> None:
    assert fold(spelled) == folded


@given(st.text())
def test_folding_twice_is_folding_once(words: str) -> None:
    once = fold(words)

    assert fold(once) == once


@given(st.text(alphabet=st.characters(categories=["Lu", "Ll"], max_codepoint=0x24F), min_size=1))
def test_case_never_matters(words: str) -> None:
    assert fold(words.upper().lower()) == fold(words.lower().upper().lower())


@given(
    st.text(alphabet="abcdefghijklmnopqrstuvwxyz ", min_size=1), st.sampled_from("\u200b\u200d\u0301\u0336")
)
def test_an_invisible_character_or_accent_after_each_letter_changes_nothing(words: str, hidden: str) -> None:
    assert fold("".join(c if c == " " else c + hidden for c in words)) == fold(words)
