"""A timer goes on where the clock is set.
Never here: what is believed by it (tests/services)."""

from __future__ import annotations

from bot.domain.steady import Steady
from tests.services.harness import ManualClock


def test_a_timer_goes_on_from_where_it_stood_when_the_clock_is_set_back() -> None:
    clock = ManualClock()
    timer = Steady(clock)
    clock.set_by(2_000)
    assert timer() == 2_000

    clock.set_by(-3_600_000)
    assert timer() == 2_000
    clock.set_by(500)

    assert timer() == 2_500
