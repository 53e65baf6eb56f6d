"""What expressions find where RE2 is not installed.
Never here: that both find the same (test_expressions, which needs RE2)."""

from __future__ import annotations

import pytest

from bot.domain.servers.linear_matching import LinearExpression


@pytest.mark.parametrize(
    ("pattern", "words", "found"),
    [
        ("[ab]", "cab", [(1, 2), (2, 3)]),
        ("[a-cx-z]", "dyb", [(1, 2), (2, 3)]),
        (r"[\dz]", "a5z", [(1, 2), (2, 3)]),
        ("[^ab]", "abc", [(2, 3)]),
        ("a", "b", []),
    ],
)
def test_a_set_finds_each_of_its_signs_and_no_other(
    pattern: str, words: str, found: list[tuple[int, int]]
) -> None:
    assert list(LinearExpression(pattern).spans(words)) == found
