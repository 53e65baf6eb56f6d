"""Delays grow and stay within their bounds; a job that lives is not given up on.
Never here: waiting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.pools import Pool
from bot.domain.schedule import (
    CAP_MS,
    CLOCKS_DIFFER_MS,
    MINUTE,
    SECOND,
    STILL_MS,
    YOUNG_MS,
    backoff_ms,
    has_timed_out,
    hold_ms,
    is_recent,
    poll_delay_ms,
    round_ms,
)
from tests.domain.builders import NOW, a_job

AGES = st.integers(0, 10 * 60 * MINUTE)
CHANCES = st.floats(0, 1, exclude_max=True)


@given(AGES, AGES, CHANCES)
def test_an_older_job_is_never_polled_sooner(one: int, other: int, chance: float) -> None:
    younger, older = sorted((one, other))

    assert poll_delay_ms(younger, chance) <= poll_delay_ms(older, chance)


@pytest.mark.parametrize(
    ("age", "chance", "delay"),
    [
        (0, 0.0, 3),
        (YOUNG_MS - 1, 0.5, 4),
        (YOUNG_MS, 0.0, 5),
        (YOUNG_MS + 4 * MINUTE, 0.5, 10),
        (60 * MINUTE, 0.5, 14),
    ],
)
def test_polls_grow_rarer_as_a_job_grows_older(age: int, chance: float, delay: int) -> None:
    assert poll_delay_ms(age, chance) == delay * SECOND


@given(AGES, CHANCES)
def test_polls_come_between_three_and_fifteen_seconds(age: int, chance: float) -> None:
    delay = poll_delay_ms(age, chance)

    assert 3 * SECOND <= delay <= 15 * SECOND
    assert delay <= 5 * SECOND or age >= YOUNG_MS


@given(st.integers(0, 10_000), st.floats(0.01, 100), CHANCES, st.booleans())
def test_rounds_of_readings_are_no_denser_than_polls_and_leave_room_in_the_budget(
    reads: int,
    per_second: float,
    chance: float,
    webhooks: bool,  # noqa: FBT001 - hypothesis passes by name
) -> None:
    apart = round_ms(reads, per_second, chance, webhooks=webhooks)

    assert apart >= poll_delay_ms(0, chance)
    assert reads * SECOND <= (apart + 1) * per_second * 0.6


@given(st.integers(0, 10_000), st.integers(0, 10_000), CHANCES)
def test_more_failures_never_wait_less_and_the_wait_is_bounded(one: int, other: int, chance: float) -> None:
    fewer, more = sorted((one, other))

    assert backoff_ms(fewer, chance) <= backoff_ms(more, chance)
    assert SECOND // 2 <= backoff_ms(more, chance) <= MINUTE


@given(st.integers(0, 100), CHANCES, st.integers(1, 10_000), st.integers(1, 100_000))
def test_jitter_takes_at_most_half_away(tries: int, chance: float, first: int, cap: int) -> None:
    full = backoff_ms(tries, 0, first=first, cap=cap)

    assert full // 2 <= backoff_ms(tries, chance, first=first, cap=cap) <= full <= cap


@given(st.lists(CHANCES, min_size=100, max_size=100), st.integers(0, 2 * MINUTE))
def test_what_is_refused_all_the_time_is_held_for_about_as_long_as_we_are_willing_to_wait(
    chances: list[float], asked: int
) -> None:
    waits: list[int] = []
    for tries, chance in enumerate(chances):
        wait = hold_ms(tries, chance, first=2 * SECOND, most=30 * MINUTE, age=sum(waits), asked=asked)
        if wait is None:
            break
        waits.append(wait)

    assert len(waits) < len(chances)
    assert all(wait >= asked for wait in waits)
    assert 19 * MINUTE <= sum(waits) <= 45 * MINUTE


def test_what_upstream_asks_for_now_says_nothing_of_what_it_asked_for_before() -> None:
    asked, wait = (
        30 * MINUTE,
        hold_ms(4, 0, first=5 * SECOND, most=120 * MINUTE, age=MINUTE, asked=30 * MINUTE),
    )

    assert wait == asked
    assert hold_ms(4, 0, first=5 * SECOND, most=120 * MINUTE, age=121 * MINUTE, asked=asked) is None


@pytest.mark.parametrize("pool", list(Pool))
def test_a_job_times_out_by_standing_still_or_by_sheer_age(pool: Pool) -> None:
    still = a_job(pool=pool, submitted_at=NOW)
    lively = a_job(pool=pool, submitted_at=NOW, changed_at=NOW + CAP_MS[pool])

    assert not has_timed_out(still, NOW + STILL_MS[pool] - 1)
    assert has_timed_out(still, NOW + STILL_MS[pool])
    assert not has_timed_out(lively, NOW + CAP_MS[pool] - 1)
    assert has_timed_out(lively, NOW + CAP_MS[pool])


def test_time_in_our_own_queue_does_not_count_as_age() -> None:
    late = a_job(submitted_at=NOW + CAP_MS[Pool.NORMAL], changed_at=NOW + CAP_MS[Pool.NORMAL])

    assert not has_timed_out(late, NOW + CAP_MS[Pool.NORMAL])


def test_what_a_clock_wrote_that_stood_far_ahead_is_not_recent() -> None:
    assert not is_recent(NOW - 9, NOW, 9)
    assert is_recent(NOW - 8, NOW, 9)
    assert is_recent(NOW + CLOCKS_DIFFER_MS, NOW, 9)
    assert not is_recent(NOW + CLOCKS_DIFFER_MS + 1, NOW, 9)
