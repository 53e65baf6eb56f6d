"""Rows in bulk: jobs as if a busy process had left them, written past the services.
Never here: measuring."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import insert

from bot.domain.jobs import Job, JobKind, JobState, ReplyTarget
from bot.domain.keys import key_from_bits
from bot.domain.pools import Pool
from bot.domain.tasks import RemoteTaskId
from bot.storage.jobs import rows
from bot.storage.tables import jobs as table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.storage.database import Database

MEMBERS: Final = 200
_numbers = itertools.count(1)


def a_job(now: int, **changes: object) -> Job:
    """A job just accepted, of one of some members."""
    n = next(_numbers)
    key = key_from_bits(n + (1 << 50))
    job = Job(
        key=key,
        kind=JobKind.IMAGINE,
        root=key,
        pool=Pool.NORMAL,
        prompt=f"a heron in the reeds, number {n} --ar 3:2",
        account="default",
        user_id=10**17 + n % MEMBERS,
        user_name="Ada",
        locale="en-US",
        interaction_id=10**18 + n,
        reply=ReplyTarget(
            channel_id=10**17 + n % 97,
            guild_id=10**17,
            application_id=10**17,
            token=None,
            token_until=0,
            message_id=None,
        ),
        created_at=now,
        changed_at=now,
        due_at=now,
        webhook_token=f"webhook-token-{n:020d}",
    )
    return replace(job, **changes)  # type: ignore[arg-type]  # field names of Job


def running(now: int, task_id: int | str, **changes: object) -> Job:
    """A job that is being drawn."""
    return a_job(
        now,
        state=JobState.RUNNING,
        sent_at=now,
        submitted_at=now,
        task_id=RemoteTaskId(str(task_id)),
        **changes,
    )


async def write(database: Database, found: Sequence[Job], *, at_once: int = 2_000) -> None:
    """Insert these rows, some thousands in one transaction."""
    for start in range(0, len(found), at_once):
        values = [
            {**rows.identity(job), **rows.progress(job), **rows.lease(job), "running_limit": None}
            for job in found[start : start + at_once]
        ]
        await database.write(lambda cn, values=values: cn.execute(insert(table), values))  # type: ignore[misc]  # a default binds it


def many(count: int, make: Callable[[int], Job]) -> list[Job]:
    """So many jobs."""
    return [make(n) for n in range(count)]
