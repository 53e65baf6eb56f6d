"""What pictures cost, as owners write it and as the image service's list says it.
Never here: what one job cost (tests/services/test_costs.py, where there is one), and settings (tests/config)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bot.domain.costs import MOST_CREDITS, Cost, Money, parse_money, parse_rates, read_rate
from bot.domain.pools import AllowanceChange, Pool
from bot.domain.prices import Charge
from bot.domain.servers.server_settings import COMMANDS


@dataclass
class Entry:
    """A line of the list."""

    name: str
    text: str


def test_an_owner_writes_pools_and_kinds_with_their_credits() -> None:
    assert parse_rates(" NORMAL=2040, fast = 6800,FAST/upscale=1700,") == {
        (Pool.NORMAL, None): 2040,
        (Pool.FAST, None): 6800,
        (Pool.FAST, Charge.UPSCALE): 1700,
    }


@pytest.mark.parametrize("spelling", ["SLOW=5", "FAST/hat=5", "FAST", "FAST=-5", "FAST=5,FAST=6"])
def test_what_cannot_be_meant_is_refused_with_a_sentence(spelling: str) -> None:
    with pytest.raises(ValueError, match=r"must read|twice"):
        parse_rates(spelling)


@pytest.mark.parametrize(
    ("spelling", "money"),
    [("34000 CNY", Money(34_000, "CNY")), ("34000eur", Money(34_000, "EUR")), ("off", None), (" ", None)],
)
def test_credits_are_worth_what_the_owner_says(spelling: str, money: Money | None) -> None:
    assert parse_money(spelling) == money


@pytest.mark.parametrize("spelling", ["0 CNY", "CNY", "34000 yuan"])
def test_a_worth_that_is_none_is_refused(spelling: str) -> None:
    with pytest.raises(ValueError, match="three letters"):
        parse_money(spelling)


def test_amounts_are_to_the_hundredth_and_costs_add_up() -> None:
    assert Money(34_000, "CNY").of(6_800) == 0.2
    assert Cost(5, 1, 1) + Cost(0, 0, 1) == Cost(5, 1, 2)


@pytest.mark.parametrize(
    ("name", "words", "read"),
    [
        ("mj-fast-imagine", "6800 credits", (Pool.FAST, Charge.IMAGINE, 6_800)),
        ("mj-fast-imagine", "6800 tokens", None),
        ("mj-fast-imagine", "6800 or 7000 credits", None),
        ("mj-fast-relax-imagine NORMAL", "6800 credits", None),
        ("mj-fast-imagine", f"{MOST_CREDITS + 1} credits", None),
    ],
)
def test_a_line_of_the_list_is_believed_if_it_says_one_thing(
    name: str, words: str, read: tuple[Pool, Charge, int] | None
) -> None:
    assert read_rate(Entry(name, words)) == read


def test_a_change_that_says_nothing_is_empty() -> None:
    assert AllowanceChange().is_empty()
    assert not AllowanceChange(per_day=None).is_empty()


def test_a_setting_is_spelled_as_its_command() -> None:
    (declared,) = COMMANDS["retention"]

    assert declared.about.spelled == "mod retention"
