"""Keys and button ids survive a round trip, and every id with our prefix has exactly one reader.
Never here: what a button does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.keys import ALPHABET, CUSTOM_ID_LIMIT, KEY_LENGTH, ButtonId, key_from_bits, parse_key

if TYPE_CHECKING:
    from bot.domain.keys import JobKey

KEYS = st.integers(0, (1 << 60) - 1).map(key_from_bits)
POSITIONS = st.integers(0, 999) | st.from_regex(r"[a-z][a-z0-9_-]{0,30}", fullmatch=True)
NEAR_MISSES = st.builds(
    "easel:{}:{}:{}{}".format,
    st.sampled_from(["1", "2", "", "01", "\u0661"]),
    KEYS | st.text(alphabet=ALPHABET + "ilou", min_size=10, max_size=14),
    POSITIONS | st.text(max_size=4),
    st.sampled_from(["", "\n", " ", ":x", "\u0663"]),
)


@given(KEYS, POSITIONS)
def test_a_button_id_reads_back_as_it_was_written(key: JobKey, position: int | str) -> None:
    button = ButtonId(key, position)

    spelled = button.encode()

    assert ButtonId.decode(spelled) == button
    assert len(spelled) <= CUSTOM_ID_LIMIT


@given(st.text().map("easel:{}".format) | NEAR_MISSES)
def test_every_id_with_our_prefix_has_exactly_one_reader(custom_id: str) -> None:
    ours = re.fullmatch(ButtonId.TEMPLATE, custom_id)
    foreign = re.fullmatch(ButtonId.FOREIGN_TEMPLATE, custom_id)

    assert (ours is None) != (foreign is None)
    assert (ButtonId.decode(custom_id) is None) == (ours is None)


@given(st.text().filter(lambda text: not text.startswith("easel:")))
def test_an_id_of_somebody_else_is_not_ours(custom_id: str) -> None:
    assert ButtonId.decode(custom_id) is None
    assert re.fullmatch(ButtonId.FOREIGN_TEMPLATE, custom_id) is None


@pytest.mark.parametrize("position", ["", "Info", "a b", "a:b", 1000, -1, "x" * 32, "٣"])
def test_what_could_not_be_read_back_is_not_written(position: int | str) -> None:
    with pytest.raises(ValueError, match="read back"):
        ButtonId(key_from_bits(7), position).encode()


def test_an_id_that_discord_would_refuse_is_not_written() -> None:
    with pytest.raises(ValueError, match="at most 100"):
        ButtonId(key_from_bits(7), "x" * 90).encode()


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
