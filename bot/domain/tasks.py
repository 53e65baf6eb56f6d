"""What the image API reported about a task, in our words: one snapshot, as lenient in as the contract asks.
Never here: JSON, HTTP, and what we make of a snapshot (that is `store`)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NewType

if TYPE_CHECKING:
    from bot.domain.capabilities import Speed
    from bot.domain.pools import Pool

RemoteTaskId = NewType("RemoteTaskId", str)
"""Upstream's id of a task: an opaque text. OhMyGPT's are positive integers, others begin with a zero or a letter."""


class TaskStatus(StrEnum):
    """Upstream's status (contract §2.2). FAILED is read as FAILURE, CANCELLED as CANCEL, a new word as UNKNOWN."""

    NOT_START = "NOT_START"
    SUBMITTED = "SUBMITTED"
    IN_PROGRESS = "IN_PROGRESS"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    MODAL = "MODAL"
    """Waits for a window, for ever unless somebody fills it. OhMyGPT has no endpoint that could; in the family of
    proxies a task reads so until a worker takes up the answer, so after our own answer it means running."""
    CANCEL = "CANCEL"
    UNKNOWN = "UNKNOWN"
    """Still running, as far as we can tell."""


@dataclass(frozen=True, slots=True)
class RemoteAction:
    """One entry of a finished task's `actions` (contract §2.4). `custom_id` is copied verbatim, never built."""

    custom_id: str
    label: str
    emoji: str


@dataclass(frozen=True, slots=True)
class TaskSnapshot:
    """One reading of a task. Everything but the id and the status may be missing (contract §2.1)."""

    task_id: RemoteTaskId
    status: TaskStatus
    pool: Pool | None = None
    action: str | None = None
    progress: int | None = None
    """Percent, 0 to 100."""
    prompt: str | None = None
    description: str | None = None
    fail_reason: str | None = None
    """Upstream's words; a non-empty one means failure whatever the status says (contract §2.2)."""
    submitted_at: int | None = None
    """Milliseconds since 1970, UTC, by upstream's clock."""
    webhook_url: str | None = None
    discord_url: str | None = None
    """`imageDcUrl`: signed and short-lived; a partial preview while running."""
    storage_key: str | None = None
    """`imageS3Url`: despite its name an object key (contract §4)."""
    actions: tuple[RemoteAction, ...] = ()
    tag: str | None = None
    """The text of ours that came back with it (`state`), where the service echoes one."""
    final_prompt: str | None = None
    """What Midjourney printed, flags included; the text of a description or of a shortening."""
    ran_at: Speed | None = None
    """The speed that the service says it ran at, where it says so."""
    started_at: int | None = None
    """When a worker of the service took it up, by its clock; None before, and where it is not told."""
    seed: str | None = None
    """Where it was asked for before."""

    @property
    def has_failed(self) -> bool:
        """Whether upstream has given up on the task."""
        return self.status in {TaskStatus.FAILURE, TaskStatus.CANCEL} or bool(self.fail_reason)


@dataclass(frozen=True, slots=True)
class TaskPage:
    """A page of the account's tasks (contract §1.6); its order is not promised."""

    total: int
    tasks: tuple[TaskSnapshot, ...]
