"""When a snapshot means that upstream has given up.
Never here: reading JSON."""

from __future__ import annotations

import pytest

from bot.domain.tasks import TaskPage, TaskStatus
from tests.domain.builders import seen


@pytest.mark.parametrize("status", list(TaskStatus))
def test_a_task_has_failed_by_its_status_or_by_any_reason(status: TaskStatus) -> None:
    assert seen(status).has_failed == (status in {TaskStatus.FAILURE, TaskStatus.CANCEL})
    assert seen(status, fail_reason="[Invalid prompt] no").has_failed
    assert TaskPage(1, (seen(status),)).tasks[0].status is status
