"""All tasks of the service: ids, queues per pool, the passing of time, and the levers that move a task by hand.
Never here: what a request may ask for, HTTP, pixels."""

from __future__ import annotations

import heapq
import itertools
import math
from collections import deque
from typing import TYPE_CHECKING

from bot.sandbox.upstream.tasks import Ending, Pace, Pool, State, Status, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

FIRST_ID = 90210
ID_STEP = 4
"""Other customers' tasks take ids too: ids count up, not by one."""


class QueueFull(Exception):
    """The pool already has as many waiting tasks as it takes."""


class TaskBook:
    """Every accepted task, in order, and where each stands now."""

    def __init__(
        self, *, clock: Callable[[], float], pace: Pace, slots: int | None, room: int, manual: bool
    ) -> None:
        self.pace = pace
        self.slots = slots
        self.room = room
        self._clock = clock
        self._tasks: dict[int, Task] = {}
        self._by_job: dict[str, Task] = {}
        self._ids = itertools.count(FIRST_ID, ID_STEP)
        self._waiting: dict[Pool, deque[Task]] = {pool: deque() for pool in Pool}
        self._running: dict[Pool, list[tuple[float, int, Task]]] = {pool: [] for pool in Pool}
        """Heaps by the time of their end: thousands of live tasks cost a request nothing."""
        self._frozen_at: float | None = clock() if manual else None

    @property
    def now(self) -> float:
        """The service's clock."""
        return self._clock()

    @property
    def tasks(self) -> list[Task]:
        """Accepted tasks, oldest first."""
        return list(self._tasks.values())

    def next_id(self) -> int:
        """An id that was never given out."""
        return next(self._ids)

    def get(self, task_id: int) -> Task | None:
        """The task, brought up to date."""
        self.advance()
        return self._tasks.get(task_id)

    def by_job(self, job: str) -> Task | None:
        """The task with this uuid of Midjourney's."""
        return self._by_job.get(job)

    def check_room(self, pool: Pool) -> None:
        """Refuse before anything is made when the pool's queue is full."""
        self.advance()
        if (
            self.slots is not None
            and len(self._running[pool]) >= self.slots
            and len(self._waiting[pool]) >= self.room
        ):
            raise QueueFull

    def waiting(self, pool: Pool) -> int:
        """How many tasks of a pool have no place; one that was taken a moment ago has its place before it begins."""
        self.advance()
        if self.slots is None:
            return 0
        return max(0, len(self._running[pool]) + len(self._waiting[pool]) - self.slots)

    def accept(self, task: Task) -> None:
        """Take a task in; from here on it exists."""
        self._tasks[task.id] = task
        self._by_job[task.job] = task
        task.ready = self._moment + self.pace.delay
        if task.ending is not Ending.NEVER_STARTS:
            self._waiting[task.pool].append(task)

    def restore(self, tasks: Iterable[Task]) -> None:
        """Take in the tasks of an earlier run; those that had not ended begin again."""
        for task in tasks:
            self._tasks[task.id] = task
            self._by_job[task.job] = task
            if task.finished is None and task.pinned is None:
                task.started = None
                self.accept(task)
        highest = max(self._tasks, default=FIRST_ID - ID_STEP)
        self._ids = itertools.count(highest + ID_STEP, ID_STEP)

    def state(self, task: Task) -> State:
        """Where the task stands at the moment of the last `advance`."""
        return task.state(self._moment if task.finished is None else self.now, self.pace)

    def advance(self) -> None:
        """Let time pass: tasks whose time is up end, those that waited take their places."""
        now = self._moment
        for pool in Pool:
            self._advance_pool(pool, now)

    def _advance_pool(self, pool: Pool, now: float) -> None:
        waiting, running = self._waiting[pool], self._running[pool]
        free_since = -math.inf
        while True:
            while waiting and (self.slots is None or len(running) < self.slots):
                starts = max(waiting[0].ready, free_since)
                if starts > now:
                    break
                task = waiting.popleft()
                task.started = starts
                heapq.heappush(running, (task.ends, task.id, task))
            if not running or running[0][0] > now:
                return
            free_since, _, ended = heapq.heappop(running)
            ended.finished = free_since

    @property
    def _moment(self) -> float:
        return self.now if self._frozen_at is None else self._frozen_at

    # -- by hand -----------------------------------------------------------------------------------------------

    @property
    def manual(self) -> bool:
        """Whether time stands still for tasks."""
        return self._frozen_at is not None

    def pause(self) -> None:
        """Stop automatic progress: every task stays where it is until told otherwise."""
        if self._frozen_at is None:
            self.advance()
            self._frozen_at = self.now

    def resume(self) -> None:
        """Let time pass again, as if the pause had not been; tasks moved by hand stay where they were put."""
        if self._frozen_at is None:
            return
        pause = self.now - self._frozen_at
        for task in itertools.chain(*self._waiting.values()):
            task.ready += pause
        for pool, running in self._running.items():
            for _, _, task in running:
                task.started = (task.started or 0.0) + pause
            self._running[pool] = [(ends + pause, number, task) for ends, number, task in running]
        self._frozen_at = None

    def progress(self, task_id: int, percent: int) -> None:
        """Put a task at IN_PROGRESS with this percent; it stays there until moved again."""
        task = self._detach(task_id)
        task.started = task.started if task.started is not None else self.now
        task.finished = None
        task.pinned = percent

    def finish(self, task_id: int) -> None:
        """End a task as it was meant to end; one that never would ends with SUCCESS."""
        task = self._detach(task_id)
        if task.ending in {Ending.NEVER_ENDS, Ending.NEVER_STARTS, Ending.MODAL}:
            task.ending = Ending.SUCCESS
        task.started = task.started if task.started is not None else self.now
        task.finished = self.now

    def fail(self, task_id: int, reason: str, status: Status = Status.FAILURE) -> None:
        """End a task with this failReason."""
        task = self._detach(task_id)
        task.ending, task.fail_reason, task.failed_as = Ending.FAILURE, reason, status
        task.started = task.started if task.started is not None else self.now
        task.finished = self.now

    def _detach(self, task_id: int) -> Task:
        self.advance()
        task = self._tasks[task_id]
        if task in self._waiting[task.pool]:
            self._waiting[task.pool].remove(task)
        self._running[task.pool] = [entry for entry in self._running[task.pool] if entry[2] is not task]
        heapq.heapify(self._running[task.pool])
        return task
