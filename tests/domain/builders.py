"""Values for the domain's tests: a job, an action, a snapshot, each with the parts that a test does not care about.
Never here: assertions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.domain.jobs import Job, JobKind, ReplyTarget
from bot.domain.keys import JobKey, key_from_bits
from bot.domain.pools import Pool
from bot.domain.tasks import RemoteAction, RemoteTaskId, TaskSnapshot, TaskStatus

NOW = 1_900_000_000_000
UUID = "11111111-2222-4333-8444-555555555555"
KEY = key_from_bits(1)
TASK = RemoteTaskId("90210")

REPLY = ReplyTarget(
    channel_id=2,
    guild_id=3,
    application_id=4,
    token="interaction-token",
    token_until=NOW + 900_000,
    message_id=None,
)


def a_job(**parts: Any) -> Job:
    key = JobKey(parts.pop("key", KEY))
    job = Job(
        key=key,
        kind=JobKind.IMAGINE,
        root=key,
        pool=Pool.NORMAL,
        prompt="a paper fox",
        account="default",
        home=parts.get("home", parts.get("reply", REPLY).guild_id),
        user_id=5,
        user_name="Ada",
        locale="en",
        interaction_id=6,
        reply=REPLY,
        created_at=NOW,
        changed_at=NOW,
        due_at=NOW,
        webhook_token="w",
    )
    return replace(job, **parts)


def action(custom_id: str, label: str = "", emoji: str = "") -> RemoteAction:
    return RemoteAction(custom_id, label, emoji)


def seen(status: TaskStatus, **parts: Any) -> TaskSnapshot:
    return TaskSnapshot(task_id=TASK, status=status, **parts)
