"""Keys are read however people type them, and as many as there are bits.
Never here: what stands under them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.keys import KEY_LENGTH, key_from_bits, parse_key

KEYS = st.integers(0, (1 << 60) - 1).map(key_from_bits)


@given(KEYS)
def test_a_key_is_read_however_a_person_types_it(key: str) -> None:
    typed = f" {key[:4].upper()}-{key[4:8]} {key[8:]}".replace("1", "l").replace("0", "O")

    assert parse_key(typed) == key
    assert len(key) == KEY_LENGTH


@pytest.mark.parametrize("typed", ["", "short", "0123456789ab!", "0123456789abc"])
def test_what_is_no_key_is_none(typed: str) -> None:
    assert parse_key(typed) is None


@pytest.mark.parametrize("bits", [-1, 1 << 60])
def test_a_key_takes_sixty_bits_and_no_more(bits: int) -> None:
    with pytest.raises(ValueError, match="60 bits"):
        key_from_bits(bits)


@given(st.integers(0, (1 << 60) - 1), st.integers(0, (1 << 60) - 1))
def test_different_bits_are_different_keys(one: int, other: int) -> None:
    assert (key_from_bits(one) == key_from_bits(other)) == (one == other)
