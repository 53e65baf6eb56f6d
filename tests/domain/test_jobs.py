"""A job's life: where each state may lead, what a reading changes, which routes are open, what a child inherits.
Never here: storage and fences."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.domain.failures import Failure, FailureKind
from bot.domain.jobs import (
    CHEAP_EDITS_MS,
    LATE_WATCH_MS,
    LEGAL,
    LIVE,
    TERMINAL,
    TOKEN_MARGIN_MS,
    UPSTREAM,
    Job,
    JobState,
    Route,
    inherit_chain,
)
from bot.domain.keys import key_from_bits
from bot.domain.pools import Pool
from bot.domain.schedule import QUEUE_FULL_CAP_MS, UNREACHED_CAP_MS
from bot.domain.server_side import HOLD_BUSY, HOLD_UNREACHABLE, HOLD_WEIGHTS
from bot.domain.tasks import TaskStatus
from bot.errors import IllegalTransition
from tests.domain.builders import KEY, NOW, REPLY, TASK, a_job, action, seen

if TYPE_CHECKING:
    from collections.abc import Callable

TIMED_OUT = Failure(FailureKind.TIMED_OUT)
RUNNING_STATUSES = st.sampled_from(
    [
        TaskStatus.NOT_START,
        TaskStatus.SUBMITTED,
        TaskStatus.IN_PROGRESS,
        TaskStatus.MODAL,
        TaskStatus.UNKNOWN,
    ]
)
PERCENTS = st.none() | st.integers(0, 100)


def in_state(state: JobState) -> Job:
    """A job that got there by a legal way."""
    queued = a_job()
    sending = queued.submitting(NOW)
    submitted = sending.submitted(TASK, NOW)
    running = submitted.observed(seen(TaskStatus.IN_PROGRESS, progress=15), NOW)
    return {
        JobState.QUEUED: queued,
        JobState.SUBMITTING: sending,
        JobState.UNCLEAR: sending.unclear(due_at=NOW),
        JobState.SUBMITTED: submitted,
        JobState.RUNNING: running,
        JobState.SUCCEEDED: running.observed(seen(TaskStatus.SUCCESS), NOW),
        JobState.FAILED: running.failed(TIMED_OUT, NOW),
        JobState.CANCELLED: queued.cancelled(NOW),
    }[state]


class JobLife(RuleBasedStateMachine):
    """Throws every event at a job, at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.job = a_job()

    def change(self, after: Job | None) -> None:
        """Take a transition over if it was one, and hold it to the rules."""
        if after is None:
            return
        before = self.job
        assert after.state is before.state or after.state in LEGAL[before.state]
        same_task = before.task_id is not None and after.task_id == before.task_id
        if same_task and after.state is not JobState.FAILED:
            assert (after.progress or 0) >= (before.progress or 0)
        assert (after.key, after.root, after.pool, after.units) == (
            before.key,
            before.root,
            before.pool,
            before.units,
        )
        self.job = after

    def attempt(self, name: str, *args: object, **kwargs: object) -> None:
        """Call a transition; an illegal one must leave no value."""
        try:
            after: Job | None = getattr(self.job, name)(*args, **kwargs)
        except IllegalTransition:
            after = None
        self.change(after)

    @rule(ms=st.integers(0, 10_000_000))
    def time_passes(self, ms: int) -> None:
        self.now += ms

    @rule()
    def a_worker_sets_out_to_send_it(self) -> None:
        self.attempt("submitting", self.now)

    @rule()
    def upstream_takes_it(self) -> None:
        self.attempt("submitted", TASK, self.now)

    @rule()
    def nobody_knows_whether_it_was_taken(self) -> None:
        self.attempt("unclear", due_at=self.now)

    @rule()
    def it_goes_back_into_the_queue(self) -> None:
        self.attempt("requeued", "hold.busy", due_at=self.now)

    @rule(kind=st.sampled_from(FailureKind))
    def it_fails(self, kind: FailureKind) -> None:
        self.attempt("failed", Failure(kind), self.now)

    @rule()
    def its_requester_withdraws_it(self) -> None:
        self.attempt("cancelled", self.now)

    @rule(route=st.sampled_from(Route))
    def it_is_delivered(self, route: Route) -> None:
        self.attempt("delivered", route, self.now)

    @rule(due=st.integers(0, 10_000))
    def a_step_is_put_off(self, due: int) -> None:
        self.attempt("put_off", due_at=self.now + due)

    @rule(status=RUNNING_STATUSES, progress=PERCENTS)
    def a_reading_shows_work(self, status: TaskStatus, progress: int | None) -> None:
        self.attempt("observed", seen(status, progress=progress), self.now)

    @precondition(lambda self: self.job.state is not JobState.SUCCEEDED)
    @rule(progress=PERCENTS)
    def a_reading_shows_success(self, progress: int | None) -> None:
        before = self.job
        self.attempt(
            "observed", seen(TaskStatus.SUCCESS, progress=progress, actions=(action("x"),)), self.now
        )
        if self.job.state is JobState.SUCCEEDED and before.state is JobState.FAILED:
            assert self.job.failure is None
            assert not self.job.is_delivered
            assert self.job.actions == (action("x"),)

    @invariant()
    def units_go_back_exactly_when_no_picture_is_expected(self) -> None:
        assert self.job.refund_due == (self.job.state in {JobState.FAILED, JobState.CANCELLED})

    @invariant()
    def an_outcome_has_an_hour_and_only_an_outcome_is_delivered(self) -> None:
        assert self.job.is_terminal == (self.job.finished_at is not None)
        assert self.job.is_terminal or not self.job.is_delivered

    @invariant()
    def a_failure_is_named_exactly_while_it_stands(self) -> None:
        assert (self.job.failure is not None) == (self.job.state is JobState.FAILED)

    @invariant()
    def what_waits_has_no_task_and_what_runs_has_one(self) -> None:
        if self.job.state in {JobState.QUEUED, JobState.SUBMITTING, JobState.UNCLEAR}:
            assert self.job.task_id is None
        if self.job.state in {JobState.SUBMITTED, JobState.RUNNING}:
            assert self.job.task_id is not None


TestJobLife = JobLife.TestCase
TestJobLife.settings = settings(max_examples=50, stateful_step_count=40, deadline=None)


def test_states_are_live_or_terminal_and_every_state_has_its_ways_on() -> None:
    assert set(JobState) == LEGAL.keys() == LIVE | TERMINAL
    assert not LIVE & TERMINAL
    assert UPSTREAM < LIVE


@pytest.mark.parametrize("state", list(JobState))
def test_a_transition_that_is_not_in_the_table_is_refused(state: JobState) -> None:
    job = in_state(state)
    moves: dict[JobState, Callable[[], Job]] = {
        JobState.SUBMITTING: lambda: job.submitting(NOW),
        JobState.QUEUED: lambda: job.requeued("hold.busy", due_at=NOW),
        JobState.UNCLEAR: lambda: job.unclear(due_at=NOW),
        JobState.SUBMITTED: lambda: job.submitted(TASK, NOW),
        JobState.FAILED: lambda: job.failed(TIMED_OUT, NOW),
        JobState.CANCELLED: lambda: job.cancelled(NOW),
    }

    for target, move in moves.items():
        if target in LEGAL[state]:
            assert move().state is target
        else:
            with pytest.raises(IllegalTransition):
                move()


@pytest.mark.parametrize("state", [JobState.SUBMITTING, JobState.SUBMITTED, JobState.RUNNING])
def test_a_job_that_upstream_had_no_place_for_waits_again_as_if_it_was_never_sent(state: JobState) -> None:
    again = in_state(state).requeued("hold.busy", due_at=NOW + 5)

    assert again.state is JobState.QUEUED
    assert (again.task_id, again.sent_at, again.submitted_at, again.progress) == (None, None, None, None)
    assert (again.hold, again.due_at, again.tries) == ("hold.busy", NOW + 5, 1)


def test_refusals_are_counted_on_past_a_task_and_looks_for_a_lost_one_are_not() -> None:
    taken = in_state(JobState.SUBMITTING).requeued("hold.busy", due_at=NOW).submitting(NOW)
    unclear = taken.unclear(due_at=NOW).put_off(due_at=NOW)

    assert taken.submitted(TASK, NOW).requeued("hold.busy", due_at=NOW).tries == 2
    assert unclear.submitted(TASK, NOW).tries == 0


def test_a_full_queue_and_an_outage_are_counted_together_each_by_how_long_it_is_waited_out() -> None:
    busy = in_state(JobState.SUBMITTING).requeued(HOLD_BUSY, due_at=NOW).submitting(NOW)
    unreached = busy.requeued(HOLD_UNREACHABLE, due_at=NOW).submitting(NOW)

    assert UNREACHED_CAP_MS * HOLD_WEIGHTS[HOLD_UNREACHABLE] == QUEUE_FULL_CAP_MS
    assert (unreached.refusals(HOLD_BUSY), unreached.refusals(HOLD_UNREACHABLE)) == (5, 1)
    assert unreached.submitted(TASK, NOW).refusals(HOLD_BUSY) == 5


def test_a_reading_without_news_changes_nothing() -> None:
    running = in_state(JobState.RUNNING)

    for stale in (
        seen(TaskStatus.IN_PROGRESS, progress=15),
        seen(TaskStatus.IN_PROGRESS, progress=3),
        seen(TaskStatus.NOT_START),
        seen(TaskStatus.MODAL),
        seen(TaskStatus.UNKNOWN),
    ):
        assert running.observed(stale, NOW + 9) == running


def test_progress_counts_as_a_change_and_so_does_the_start() -> None:
    submitted = in_state(JobState.SUBMITTED)

    started = submitted.observed(seen(TaskStatus.IN_PROGRESS), NOW + 1)
    further = started.observed(seen(TaskStatus.IN_PROGRESS, progress=46), NOW + 2)

    assert (started.state, started.progress, started.changed_at) == (JobState.RUNNING, None, NOW + 1)
    assert (further.progress, further.changed_at) == (46, NOW + 2)


@pytest.mark.parametrize("state", [JobState.SUCCEEDED, JobState.CANCELLED])
@pytest.mark.parametrize("status", list(TaskStatus))
def test_what_ended_well_or_was_withdrawn_is_not_touched_by_readings(
    state: JobState, status: TaskStatus
) -> None:
    job = in_state(state)

    assert job.observed(seen(status, progress=99), NOW + 1) == job


@pytest.mark.parametrize("status", [s for s in TaskStatus if s is not TaskStatus.SUCCESS])
def test_a_failed_job_changes_only_by_a_late_success(status: TaskStatus) -> None:
    failed = in_state(JobState.FAILED)

    assert failed.observed(seen(status, progress=99), NOW + 1) == failed


def test_a_late_success_takes_failure_and_delivery_back_so_that_it_is_delivered_anew() -> None:
    told = in_state(JobState.FAILED).delivered(Route.REPLY, NOW + 1)

    late = told.observed(
        seen(TaskStatus.SUCCESS, storage_key="k", discord_url="u", prompt="p", actions=(action("x"),)),
        NOW + 2,
    )

    assert late.state is JobState.SUCCEEDED
    assert (late.failure, late.delivered_at, late.route, late.posting_at) == (None, None, None, None)
    assert (late.storage_key, late.discord_url, late.result_text, late.progress) == ("k", "u", "p", 100)
    assert late.actions == (action("x"),)
    assert not late.refund_due


def test_only_a_task_that_we_gave_up_on_is_watched_and_not_for_ever() -> None:
    failed = in_state(JobState.FAILED)

    assert failed.is_watched(NOW + LATE_WATCH_MS - 1)
    assert not failed.is_watched(NOW + LATE_WATCH_MS)
    assert not replace(failed, failure=Failure(FailureKind.LOST)).is_watched(NOW)
    assert not replace(failed, failure=None).is_watched(NOW)
    assert not replace(failed, task_id=None).is_watched(NOW)
    assert not replace(failed, finished_at=None).is_watched(NOW)
    assert not in_state(JobState.RUNNING).is_watched(NOW)


def test_a_job_that_is_no_longer_watched_falls_due_when_the_watch_would_have_ended() -> None:
    assert in_state(JobState.FAILED).unwatched().due_at == NOW + LATE_WATCH_MS
    assert a_job().unwatched().due_at == LATE_WATCH_MS


def test_only_an_outcome_is_delivered_and_it_may_move_to_a_new_place() -> None:
    done = replace(in_state(JobState.SUCCEEDED), posting_at=NOW, tries=3)
    elsewhere = replace(REPLY, channel_id=99)

    assert done.delivered(Route.POST, NOW + 1, reply=elsewhere).reply == elsewhere
    assert done.delivered(Route.REPLY, NOW + 1).reply == REPLY
    assert (done.delivered(Route.REPLY, NOW + 1).posting_at, done.delivered(Route.REPLY, NOW + 1).tries) == (
        None,
        0,
    )
    with pytest.raises(IllegalTransition, match="cannot be delivered"):
        in_state(JobState.RUNNING).delivered(Route.REPLY, NOW)


def test_putting_off_counts_the_tries() -> None:
    assert (a_job().put_off(due_at=7).due_at, a_job().put_off(due_at=7).tries) == (7, 1)


def test_routes_close_one_by_one_and_keeping_it_is_always_possible() -> None:
    posted = replace(REPLY, message_id=8)
    soon_dead = REPLY.token_until - TOKEN_MARGIN_MS

    assert posted.open_routes(soon_dead - 1) == (
        Route.REPLY,
        Route.EDIT,
        Route.POST,
        Route.DIRECT,
        Route.KEPT,
    )
    assert posted.open_routes(soon_dead) == (Route.EDIT, Route.POST, Route.DIRECT, Route.KEPT)
    assert REPLY.open_routes(soon_dead) == (Route.POST, Route.DIRECT, Route.KEPT)
    assert replace(REPLY, token=None).open_routes(NOW) == (Route.POST, Route.DIRECT, Route.KEPT)


def test_edits_are_cheap_for_an_hour_after_posting() -> None:
    posted = replace(REPLY, message_at=NOW)

    assert posted.edits_are_cheap(NOW + CHEAP_EDITS_MS - 1)
    assert not posted.edits_are_cheap(NOW + CHEAP_EDITS_MS)
    assert REPLY.edits_are_cheap(NOW + CHEAP_EDITS_MS)


@pytest.mark.parametrize("pool", list(Pool))
def test_a_child_takes_everything_of_the_chain_from_its_parent(pool: Pool) -> None:
    parent = a_job(
        key=key_from_bits(9),
        root=KEY,
        pool=pool,
        account="club",
        prompt="a fox --v 7",
        home=77,
        home_channel=88,
    )

    assert inherit_chain(parent) == (KEY, pool, "club", "a fox --v 7", 77, 88)
