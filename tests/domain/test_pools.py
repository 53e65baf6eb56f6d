"""Rules are read from one line, the most generous one wins, and every mistake is named.
Never here: counting what a member has used."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.pools import (
    UNLIMITED,
    Allowance,
    Pool,
    PoolRule,
    allowance_of,
    most_generous,
    name_rule,
    parse_default_rules,
)

LIMITS = st.none() | st.integers(0, 10_000)
ALLOWANCES = st.builds(Allowance, LIMITS, LIMITS, LIMITS)


def spell(allowance: Allowance) -> str:
    return "/".join(
        "unlimited" if n is None else str(n)
        for n in (allowance.per_day, allowance.running, allowance.waiting)
    )


@given(st.dictionaries(st.sampled_from(list(Pool)), ALLOWANCES))
def test_rules_read_as_they_are_spelled(rules: dict[Pool, Allowance]) -> None:
    line = ",".join(f"{pool}={spell(allowance)}" for pool, allowance in rules.items())

    assert parse_default_rules(line) == rules


def test_blanks_and_case_do_not_matter_and_a_pool_can_be_off_or_unlimited() -> None:
    assert parse_default_rules(" normal = Unlimited , FAST=off, ") == {Pool.NORMAL: UNLIMITED}
    assert parse_default_rules("") == {}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("SLOW=1/1/1", "does not name a pool"),
        ("50/3/10", "does not name a pool"),
        ("NORMAL", "neither a whole number of at most nine digits nor unlimited"),
        ("NORMAL=1/2", "must read per-day/running/waiting"),
        ("NORMAL=1/2/3/4", "must read per-day/running/waiting"),
        ("NORMAL=1/2/x", "neither a whole number of at most nine digits nor unlimited"),
        ("NORMAL=1/2/-3", "neither a whole number of at most nine digits nor unlimited"),
        ("NORMAL=1/2/²", "neither a whole number of at most nine digits nor unlimited"),
        ("NORMAL=1/2/1_000", "neither a whole number of at most nine digits nor unlimited"),
        (f"NORMAL={2**63}/1/1", "neither a whole number of at most nine digits nor unlimited"),
        ("FAST=1/1/1,fast=2/2/2", "named twice"),
        ("FAST=off,fast=2/2/2", "named twice"),
    ],
)
def test_a_mistake_is_named(line: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_default_rules(line)


@given(st.lists(ALLOWANCES, min_size=1))
def test_nobody_is_given_less_a_day_than_one_of_the_rules_gives(rules: list[Allowance]) -> None:
    best = most_generous(rules)

    assert best in rules
    assert best is not None
    assert all(best.per_day is None or (r.per_day is not None and r.per_day <= best.per_day) for r in rules)


def test_after_the_day_running_and_then_waiting_decide() -> None:
    rules = [Allowance(5, 1, 9), Allowance(5, 2, 0), Allowance(5, 2, None), Allowance(4, None, None)]

    assert most_generous(rules) == Allowance(5, 2, None)
    assert most_generous([]) is None


def test_unfinished_jobs_are_those_that_run_and_those_that_wait() -> None:
    assert Allowance(50, 3, 10).at_once() == 13
    assert Allowance(50, None, 10).at_once() is None
    assert Allowance(50, 3, None).at_once() is None


GUILD = 1


def rule(role: int, per_day: int | None, pool: Pool = Pool.NORMAL) -> PoolRule:
    return PoolRule(GUILD, pool, role, per_day, 1, 1)


def test_a_member_has_the_most_generous_rule_of_their_roles_and_of_everyone() -> None:
    rules = [rule(GUILD, 5), rule(7, 20), rule(8, 50), rule(7, None, Pool.FAST)]

    assert allowance_of(rules, Pool.NORMAL, guild_id=GUILD, role_ids={7}) == Allowance(20, 1, 1, "7")
    assert allowance_of(rules, Pool.NORMAL, guild_id=GUILD, role_ids=()) == Allowance(5, 1, 1, str(GUILD))
    assert allowance_of(rules, Pool.FAST, guild_id=GUILD, role_ids={7, 8}) == Allowance(None, 1, 1, "7")


def test_without_a_matching_rule_there_is_no_allowance() -> None:
    assert allowance_of([rule(7, 20)], Pool.NORMAL, guild_id=GUILD, role_ids={8}) is None
    assert allowance_of([], Pool.NORMAL, guild_id=GUILD, role_ids={8}) is None


@pytest.mark.parametrize(
    ("named", "said"), [("default", "rule.default"), ("1", "rule.everyone"), ("7", "rule.role")]
)
def test_a_rule_can_be_named_in_a_sentence(named: str, said: str) -> None:
    assert name_rule(named, GUILD).id == said
