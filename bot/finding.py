"""What one of the doctor's checks found.
Never here: checks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's: what was looked at, whether it is fine, and what to do if it is not."""

    name: str
    fine: bool
    words: str
