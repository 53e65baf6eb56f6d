"""A worker's one look, seen from one side: what it takes past the queue, what of the queue, and when it looks again.
Never here: what claims must hold to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from bot.domain.tenancy import NO_CEILING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bot.domain.claims import Claim
    from bot.domain.jobs import Job
    from bot.domain.tenancy import Ceiling


class Claims(Protocol):
    """A store, or what stands before one."""

    @property
    def claim(self) -> Callable[..., Awaitable[Claim]]:
        """See `JobStore`."""


async def claim_work(store: Claims, owner: str, now: int, *, lease_ms: int, limit: int) -> Sequence[Job]:
    """Take only what is past the queue."""
    taken = await store.claim(owner, now, lease_ms=lease_ms, limit=limit, places=0, max_running=0)
    return taken.work


async def claim_submissions(
    store: Claims,
    owner: str,
    now: int,
    *,
    lease_ms: int,
    limit: int,
    max_running: int,
    usual: Ceiling = NO_CEILING,
) -> Sequence[Job]:
    """Take only from the queue."""
    taken = await store.claim(
        owner, now, lease_ms=lease_ms, limit=0, places=limit, max_running=max_running, usual=usual
    )
    return taken.queued


async def next_due(store: Claims, now: int) -> int | None:
    """Take nothing."""
    return (await store.claim("nobody", now, lease_ms=1, limit=0, places=0, max_running=0)).due
