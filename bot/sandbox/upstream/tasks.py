"""One task: what was asked, how far it is at a moment, and the fifteen fields that tell it (contract §2).
Never here: the queue, HTTP, pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from bot.sandbox.upstream.buttons import (
    Button,
    clip_buttons,
    describe_buttons,
    fine_buttons,
    grid_buttons,
    reel_buttons,
    single_buttons,
)
from bot.sandbox.upstream.pictures.plan import Picture, ratio_of
from bot.sandbox.upstream.prompts import Version

if TYPE_CHECKING:
    from collections.abc import Mapping

SQUARE_TOLERANCE = 0.01


class Pool(StrEnum):
    """The speed pools (contract §7); the third is the proxies' alone."""

    NORMAL = "NORMAL"
    FAST = "FAST"
    TURBO = "TURBO"


class Status(StrEnum):
    """Every status a task can be in by itself (contract §2.2)."""

    NOT_START = "NOT_START"
    SUBMITTED = "SUBMITTED"
    IN_PROGRESS = "IN_PROGRESS"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    FAILED = "FAILED"
    MODAL = "MODAL"


ENDED = frozenset({Status.SUCCESS, Status.FAILURE, Status.FAILED})


class Kind(StrEnum):
    """What a task makes; it decides the buttons, the price and the time."""

    GRID = "grid"
    SINGLE = "single"
    FINE = "fine"
    REEL = "reel"
    CLIP = "clip"
    TEXT = "text"
    NOTE = "note"


class Ending(StrEnum):
    """How a task will end, decided when it is accepted."""

    SUCCESS = "success"
    FAILURE = "failure"
    MODAL = "modal"
    NEVER_STARTS = "never-starts"
    NEVER_ENDS = "never-ends"


@dataclass(frozen=True, slots=True)
class Pace:
    """How long tasks take. The documented sample took 36 s (contract §2.5)."""

    fast: float = 20.0
    """Seconds of a FAST grid at speed 1."""
    normal: float = 36.0
    """Seconds of a NORMAL grid at speed 1."""
    steps: tuple[int, ...] = (0, 15, 46, 78)
    """The percents a running task shows, evenly spaced."""
    lag: float = 1.2
    """Seconds between acceptance and start at speed 1: NOT_START."""
    speed: float = 1.0
    """Everything is this many times faster."""
    weights: Mapping[Kind, float] = field(
        default_factory=lambda: {
            Kind.SINGLE: 0.3,
            Kind.TEXT: 0.4,
            Kind.CLIP: 0.3,
            Kind.REEL: 1.5,
            Kind.NOTE: 0.1,
        }
    )
    """Work that is shorter or longer than a grid."""

    def seconds(self, pool: Pool, kind: Kind) -> float:
        """How long a task runs once it has started."""
        whole = {Pool.FAST: self.fast, Pool.TURBO: self.fast / 2}.get(pool, self.normal)
        return whole * self.weights.get(kind, 1.0) / self.speed

    @property
    def delay(self) -> float:
        """How long a task waits before it can start."""
        return self.lag / self.speed


HANDED_OVER = 0.08
"""The part of a running task's time during which it is still SUBMITTED."""


@dataclass(frozen=True, slots=True)
class State:
    """What can be seen of a task at a moment."""

    status: Status
    percent: int = 0

    @property
    def ended(self) -> bool:
        """Nothing more will change."""
        return self.status in ENDED


@dataclass(slots=True, kw_only=True, eq=False)
class Task:
    """An accepted submission."""

    id: int
    account: str
    pool: Pool
    kind: Kind
    action: str
    prompt: str | None
    description: str
    job: str
    """Midjourney's own uuid, part of every customId."""
    submitted: float
    seconds: float
    version: Version = field(default_factory=Version)
    picture: Picture | None = None
    webhook: str | None = None
    parent: int | None = None
    custom_id: str | None = None
    answer: str | None = None
    """What the prompt becomes at SUCCESS: the four lines of a describe (contract §2.6)."""
    ending: Ending = Ending.SUCCESS
    fail_reason: str | None = None
    failed_as: Status = Status.FAILURE
    ready: float = 0.0
    started: float | None = None
    finished: float | None = None
    pinned: int | None = None
    """A percent set by hand: the clock no longer moves this task."""
    seed: int = 0
    source: str | None = None
    """The asset that a describe reads."""

    @property
    def ends(self) -> float:
        """When it will end by itself; never for the endings that do not end."""
        if self.started is None or self.pinned is not None or self.ending is Ending.NEVER_ENDS:
            return math.inf
        return self.started + self.seconds * (HANDED_OVER if self.ending is Ending.MODAL else 1.0)

    def state(self, now: float, pace: Pace) -> State:
        """What can be seen of it now."""
        if self.finished is not None and now >= self.finished:
            return self._end_state()
        if self.pinned is not None:
            return State(Status.IN_PROGRESS, self.pinned)
        if self.started is None or now < self.started:
            waiting = (
                Status.NOT_START
                if self.ending is Ending.NEVER_STARTS or now < self.ready
                else Status.SUBMITTED
            )
            return State(waiting)
        done = (now - self.started) / self.seconds if self.seconds > 0 else 1.0
        if done < HANDED_OVER:
            return State(Status.SUBMITTED)
        last = len(pace.steps) - 1
        step = min(int((done - HANDED_OVER) / (1 - HANDED_OVER) * len(pace.steps)), last)
        if self.ending is Ending.NEVER_ENDS:
            step = min(step, max(0, last - 1))
        return State(Status.IN_PROGRESS, pace.steps[step])

    def _end_state(self) -> State:
        if self.ending is Ending.MODAL:
            return State(Status.MODAL)
        if self.ending is Ending.FAILURE:
            return State(self.failed_as)
        return State(Status.SUCCESS, 100)

    @property
    def square(self) -> bool:
        """Whether its picture is as wide as high."""
        return self.picture is None or abs(ratio_of(self.picture.singles[0]) - 1) < SQUARE_TOLERANCE

    def buttons(self) -> list[Button]:
        """The buttons under its result (contract §6.2)."""
        if self.kind is Kind.GRID:
            return grid_buttons(self.job)
        if self.kind is Kind.SINGLE:
            return single_buttons(self.job, self.version, square=self.square)
        if self.kind is Kind.FINE:
            return fine_buttons(self.job, self.version)
        if self.kind is Kind.REEL:
            return reel_buttons(self.job)
        if self.kind is Kind.CLIP:
            return clip_buttons(self.job, 1)
        return describe_buttons() if self.kind is Kind.TEXT else []


def iso(moment: float | None) -> str | None:
    """A moment as the API writes it: UTC with milliseconds."""
    if moment is None:
        return None
    written = datetime.fromtimestamp(round(moment, 3), UTC).isoformat(timespec="milliseconds")
    return written.replace("+00:00", "Z")


def task_fields(
    task: Task, state: State, *, actions: list[dict[str, str]], dc_url: str | None, s3_key: str | None
) -> dict[str, Any]:
    """The fifteen documented fields (contract §2.1)."""
    ended = state.ended
    failed = state.status in {Status.FAILURE, Status.FAILED}
    started = None if state.status is Status.NOT_START else task.started
    return {
        "taskId": task.id,
        "taskType": task.pool.value,
        "status": state.status.value,
        "action": task.action,
        "progress": "" if failed else f"{state.percent}%",
        "description": task.description,
        "prompt": task.answer if task.answer is not None and state.status is Status.SUCCESS else task.prompt,
        "failReason": task.fail_reason if failed else None,
        "submitTime": iso(task.submitted),
        "startTime": iso(started),
        "finishTime": iso(task.finished) if ended else None,
        "webhookUrl": task.webhook,
        "imageDcUrl": dc_url,
        "imageS3Url": s3_key,
        "actions": actions,
    }
