"""Numbers that stand for interactions, where one press begins several jobs and a second press must begin none of them again.
Never here: what is begun."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.jobs import Job
    from bot.domain.ports import JobStore


def synthetic_id(name: str) -> int:
    """A number that no interaction of Discord's has: those are positive. The same name gives the same number."""
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return -1 - (int.from_bytes(digest, "big") >> 2)


async def next_turn(store: JobStore, what: str) -> tuple[int, Job | None]:
    """What stands for the next press of a button, or the job of the last one if that has not ended.

    Two presses at once get the same number, and the store begins one job for it.
    """
    turn = 0
    while True:
        number = synthetic_id(f"{what}/{turn}")
        job = await store.by_interaction(number)
        if job is None or not job.is_terminal:
            return number, job
        turn += 1
