"""What one reading says of a task that failed with words of a full queue or of a rate limit: whether it had begun.
Never here: what becomes of its job (test_tracker)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.jobs import JobState
from bot.domain.tasks import RemoteTaskId, TaskSnapshot, TaskStatus
from bot.services.worker.reading import has_begun
from tests.services.worker.test_windows import NOW, a_press

TASK = RemoteTaskId("7")
LIMITED, TITLED, TITLED_BARE = "429 Too Many Requests", "[Queue full] try later", "Queue full, try later"
DISCORDS = '429 Too Many Requests: "{"message": "You are being rate limited.", "retry_after": 1.2}"'
RUNNING = {"state": JobState.RUNNING, "progress": 5}


@pytest.mark.parametrize(
    ("reason", "of_the_job", "of_the_task", "begun"),
    [
        (LIMITED, {}, {}, False),
        (LIMITED, {}, {"progress": 0}, False),
        (LIMITED, {}, {"progress": 100}, False),
        (LIMITED, {}, {"progress": 93}, True),
        (LIMITED, {}, {"started_at": NOW}, False),
        (DISCORDS, {}, {"started_at": NOW, "progress": 0}, False),
        ("图片转存失败\uff0c请求过于频繁\uff0c请稍后再试", RUNNING, {}, True),
        (LIMITED, {"state": JobState.RUNNING}, {}, True),
        (LIMITED, {"progress": 5}, {}, True),
        (LIMITED, {}, {"discord_url": "https://cdn.discordapp.com/a.png"}, True),
        (TITLED, {}, {"started_at": NOW}, False),
        (TITLED_BARE, {"state": JobState.RUNNING}, {"started_at": NOW}, False),
        (TITLED, {}, {"storage_key": "a.png"}, True),
        ("[Invalid parameter] queue full", RUNNING, {}, True),
        ("The job queue is full, please try again later", RUNNING, {}, False),
        ("Too many jobs in the queue", RUNNING, {}, False),
        ("队列已满\uff0c请稍后尝试", RUNNING, {"progress": 93}, False),
        ("429: 当前分组负载已饱和", RUNNING, {"started_at": NOW}, False),
        (None, {}, {}, False),
    ],
)
def test_what_failed_has_begun_if_anything_of_it_was_seen(
    reason: str | None, of_the_job: dict[str, Any], of_the_task: dict[str, Any], *, begun: bool
) -> None:
    job = replace(a_press().submitted(TASK, NOW), **of_the_job)

    assert has_begun(job, TaskSnapshot(TASK, TaskStatus.FAILURE, fail_reason=reason, **of_the_task)) is begun
