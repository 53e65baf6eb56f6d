"""A timer that goes on where the clock is set back: for what is believed for so long.
Never here: waits, and judging times that are written down (that is `schedule`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.ports import Clock


class Steady:
    """Milliseconds since it was made. A clock that goes back stands still for it, one that leaps ahead leaps."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen = clock.now()
        self._passed = 0

    def __call__(self) -> int:
        """How much has passed by now."""
        now = self._clock.now()
        self._passed += max(0, now - self._seen)
        self._seen = now
        return self._passed
