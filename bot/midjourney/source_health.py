"""Which sources of pictures are worth asking now: one that keeps failing is left alone for a while.
Never here: requests, and which sources there are."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

FAILURES: Final = 3
"""So many failures one after the other, of whatever pictures, and the source is skipped"""
SKIPPED_S: Final = 30.0
"""for so long; then one request finds out whether it is well again, while the others still pass it by."""


@dataclass(slots=True)
class _Record:
    failures: int = 0
    closed_until: float = 0.0


class SourceHealth:
    """Remembers how sources fared. A missing file says nothing of its store: only what the store itself does counts."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """`now` is in seconds, and never goes back."""
        self._now = now
        self._records: dict[str, _Record] = {}

    def may_ask(self, source: str) -> bool:
        """Whether to ask it now. After the pause this says yes once, until that request has told how it went."""
        record = self._records.get(source)
        if record is None or record.failures < FAILURES:
            return True
        if self._now() < record.closed_until:
            return False
        record.closed_until = self._now() + SKIPPED_S
        return True

    def went_well(self, source: str) -> None:
        """It answered, whatever it said."""
        self._records.pop(source, None)

    def failed(self, source: str) -> None:
        """It hung, broke off, or said that it is ill."""
        record = self._records.setdefault(source, _Record())
        record.failures += 1
        if record.failures >= FAILURES:
            record.closed_until = self._now() + SKIPPED_S
