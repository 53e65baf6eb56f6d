"""What a paid call of the image API may answer: accepted, a window to fill, or a task that exists already.
Never here: refusals (those are `RemoteError`), and what a job makes of an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from bot.domain.tasks import RemoteTaskId, TaskSnapshot, TaskStatus


@dataclass(frozen=True, slots=True)
class Accepted:
    """A new task runs, or waits for its turn."""

    task_id: RemoteTaskId
    ahead: int | None = None
    """How many stand before it, at that moment, where the server tells."""


@dataclass(frozen=True, slots=True)
class WindowOpen:
    """Nothing runs yet: the task waits until its window is filled, by exactly one more call.

    That call is paid and not idempotent, so the id is stored before it is made. A window that nobody fills costs
    nothing on a proxy.
    """

    task_id: RemoteTaskId
    prompt: str | None = None
    """The words that the server would put into the window."""


@dataclass(frozen=True, slots=True)
class ExistingTask:
    """Nothing was made: the server names an earlier task that is the same."""

    task_id: RemoteTaskId
    status: TaskStatus


Answer: TypeAlias = Accepted | WindowOpen | ExistingTask


@dataclass(frozen=True, slots=True)
class TagSearchResult:
    """What looking for a tag gave."""

    task: TaskSnapshot | None
    complete: bool
    """Whether the server looked through everything it has; otherwise finding nothing proves nothing."""
