"""Lost answers: what a window's own task and a look for a tag say of them.
Never here: asking a server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.jobs import JobState
from bot.domain.settling import (
    FILL_PATIENCE_MS,
    CallOutcome,
    is_of_some_try,
    opened,
    tag_of,
    window_filled,
    window_of,
)
from bot.domain.tasks import RemoteTaskId, TaskSnapshot, TaskStatus
from bot.errors import IllegalTransition
from tests.domain.builders import NOW, TASK, a_job

SENT = 1_900_000_000_000


def test_only_a_press_that_is_being_sent_opens_a_window() -> None:
    with pytest.raises(IllegalTransition):
        opened(a_job(), TASK, NOW)

    assert window_of(a_job()) is None


def window(status: TaskStatus, *, started_at: int | None = None) -> TaskSnapshot:
    return TaskSnapshot(RemoteTaskId("01"), status, started_at=started_at)


@pytest.mark.parametrize("status", [status for status in TaskStatus if status is not TaskStatus.MODAL])
def test_a_window_that_waits_no_more_was_filled(status: TaskStatus) -> None:
    assert window_filled(window(status), filled_at=SENT, now=SENT) is CallOutcome.ARRIVED


def test_a_window_that_a_worker_took_up_was_filled_though_it_still_reads_so() -> None:
    taken = window(TaskStatus.MODAL, started_at=SENT + 1)
    assert window_filled(taken, filled_at=SENT, now=SENT) is CallOutcome.ARRIVED


@pytest.mark.parametrize("seen", [None, window(TaskStatus.MODAL)])
def test_an_open_or_unknown_window_tells_nothing_until_the_patience_ends(seen: TaskSnapshot | None) -> None:
    before, after = SENT + FILL_PATIENCE_MS - 1, SENT + FILL_PATIENCE_MS
    assert window_filled(seen, filled_at=SENT, now=before) is CallOutcome.OPEN
    assert window_filled(seen, filled_at=SENT, now=after) is CallOutcome.LOST


def test_what_was_put_back_is_known_by_the_tag_of_any_try_and_nothing_else_is() -> None:
    put_back = a_job(state=JobState.UNCLEAR, created_at=SENT, sent_at=SENT - 1)
    sent = replace(put_back, sent_at=SENT)

    assert is_of_some_try(put_back, tag_of(replace(put_back, sent_at=SENT + 5)))
    assert not is_of_some_try(put_back, "7h2m9k4qxw3d-1")
    assert not is_of_some_try(sent, tag_of(put_back))
