"""Buttons that this version of the program does not know: they are hidden, and the log says so once (contract §6.3).
Never here: which buttons are known, and what cards offer."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bot.domain.actions import unknown_of

if TYPE_CHECKING:
    from bot.domain.jobs import Job

log = logging.getLogger(__name__)

MOST: Final = 256
"""Patterns that one process tells of: a server that makes them up fills no log."""


@dataclass(slots=True, eq=False, repr=False)
class UnknownButtons:
    """Tells of each pattern once in the life of this process."""

    _told: set[str] = field(init=False, default_factory=set)

    def note(self, job: Job) -> None:
        """Tell of what came with a job. A pattern names neither a picture nor words of anybody."""
        for pattern in sorted(unknown_of(job.actions) - self._told):
            if len(self._told) < MOST:
                self._told.add(pattern)
                log.info("unknown_button", extra={"pattern": pattern, "account": job.account})
