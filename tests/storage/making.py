"""Builders of jobs for storage tests: everything has a value, a test names only what it is about; and a newer version's tables.
Never here: stores."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from bot.domain.jobs import Job, JobKind, Press, ReplyTarget
from bot.domain.keys import JobKey, key_from_bits
from bot.domain.pools import Allowance, Pool
from bot.domain.tasks import RemoteAction, RemoteTaskId, TaskSnapshot, TaskStatus
from bot.storage.database import open_database
from bot.storage.schema import head

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

NOON = 1_750_000_000_000 - 1_750_000_000_000 % 86_400_000 + 43_200_000
"""Midday, UTC."""
LEASE = 30_000

_numbers = itertools.count(1)


def reply(**changes: Any) -> ReplyTarget:
    target = ReplyTarget(
        channel_id=2**62 + 1,
        guild_id=2**62 + 2,
        application_id=2**62 + 3,
        token="interaction-token-of-somebody",
        token_until=NOON + 900_000,
        message_id=None,
    )
    return replace(target, **changes)


def job(**changes: Any) -> Job:
    """A fresh `/imagine`, different from every other."""
    n = next(_numbers)
    key = changes.pop("key", key_from_bits(n))
    guild = {"guild_id": changes.pop("guild_id")} if "guild_id" in changes else {}
    created_at = changes.pop("created_at", NOON + n)
    values: dict[str, Any] = {
        "key": key,
        "kind": JobKind.IMAGINE,
        "root": key,
        "pool": Pool.NORMAL,
        "prompt": "a heron in the reeds --ar 3:2",
        "account": "default",
        "user_id": 2**62 + 4,
        "user_name": "Ada",
        "locale": "en",
        "interaction_id": 2**62 + 1_000 + n,
        "reply": reply(**guild),
        "created_at": created_at,
        "changed_at": created_at,
        "due_at": created_at,
        "webhook_token": f"webhook-{n}",
    }
    values |= changes
    values.setdefault("home", values["reply"].guild_id)
    return Job(**values)


def press(parent: JobKey, position: int = 0) -> Press:
    return Press(
        parent=parent,
        position=position,
        custom_id=f"MJ::JOB::upsample::{position + 1}::uuid",
        label=f"U{position + 1}",
        parent_task=RemoteTaskId("1"),
        channel_id=2**62 + 1,
        message_id=2**62 + 5,
    )


def child(parent: Job, position: int = 0, **changes: Any) -> Job:
    """A press of one of the parent's buttons."""
    return job(kind=JobKind.ACTION, root=parent.root, press=press(parent.key, position), **changes)


def seen(task: str, status: TaskStatus, **changes: Any) -> TaskSnapshot:
    return TaskSnapshot(task_id=RemoteTaskId(task), status=status, **changes)


def success(task: str) -> TaskSnapshot:
    return seen(
        task,
        TaskStatus.SUCCESS,
        discord_url="https://cdn.discordapp.com/a.png?ex=1",
        storage_key="2025/a.png",
        prompt="a heron",
        actions=(
            RemoteAction("MJ::JOB::upsample::1::uuid", "U1", ""),
            RemoteAction("MJ::JOB::reroll::0::uuid::SOLO", "", "🔄"),
        ),
    )


FREE = Allowance(None, None, None)


async def under_a_newer_program(url: str) -> None:
    """As a version after this one leaves a database that this one is promised to work on."""
    database = open_database(url)

    def grow(connection: Connection) -> None:
        for statement in (
            "CREATE TABLE albums (id INTEGER PRIMARY KEY, words TEXT)",
            "INSERT INTO albums VALUES (1, 'a year')",
            "ALTER TABLE preferences ADD COLUMN theme TEXT",
            "UPDATE easel_version SET version_num = '9999'",
            f"UPDATE meta SET value = '9999>={head()}' WHERE key = 'schema_promise'",  # noqa: S608 - our version
        ):
            connection.execute(text(statement))

    await database.write(grow)
    await database.close()
