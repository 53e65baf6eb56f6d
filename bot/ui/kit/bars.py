"""Bars made of characters, for messages that have no better.
Never here: what they measure."""

from __future__ import annotations

from typing import Final

BAR_LENGTH: Final = 12
FULL: Final = "▰"
EMPTY: Final = "▱"


def progress_bar(percent: int) -> str:
    """A bar that is full only at 100 %."""
    filled = max(0, min(BAR_LENGTH, percent * BAR_LENGTH // 100))
    return FULL * filled + EMPTY * (BAR_LENGTH - filled)
