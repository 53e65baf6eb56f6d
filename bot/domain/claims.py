"""What a worker was given of the work that is there.
Never here: what is there, and who may take it (the store's)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.jobs import Job
    from bot.errors import StorageTrouble


class Claim(NamedTuple):
    """What a worker took, and when to look again."""

    work: Sequence[Job]
    """Past the queue."""
    queued: Sequence[Job]
    """To be sent."""
    due: int | None
    """When the earliest job falls due that nobody holds, None: there is none. Jobs that wait for a place do not count."""
    trouble: StorageTrouble | None = None
    """Why nothing of the queue could be taken."""
