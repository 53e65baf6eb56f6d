"""What the image server tells of its side of a job, beside the picture: its queue, the speed it ran at, its seed.
Never here: how a server is asked, and what anybody makes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from bot.domain.capabilities import Speed
    from bot.domain.tasks import TaskSnapshot

HOLD_BUSY: Final = "hold.busy"
HOLD_UNREACHABLE: Final = "hold.unreachable"
"""Why the server has taken nothing of a job yet: ids of the sentences that its card says."""
HOLD_WEIGHTS: Final = MappingProxyType({HOLD_BUSY: 1, HOLD_UNREACHABLE: 4})
"""What one refusal of each counts for: a full queue is waited out four times as long as an outage (`schedule`), and a job
that meets both, by turns, has no more patience than one that meets only the longer."""


@dataclass(frozen=True, slots=True)
class ServerSide:
    """Everything here is None where the server did not tell."""

    ahead: int | None = None
    """How many stood before it in the server's queue when it was sent (family §3): nobody tells it later."""
    ran_at: Speed | None = None
    """The speed at which it ran, which may not be the one that was asked for (family §6.3)."""
    seed: str | None = None

    def ended(self, seen: TaskSnapshot) -> Self:
        """Take in the reading that showed the picture."""
        return replace(self, ahead=None, ran_at=seen.ran_at, seed=seen.seed or self.seed)


NOT_REPORTED = ServerSide()
