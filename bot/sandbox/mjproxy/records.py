"""The family's own book: a record per id, with its tag, its window and the speeds asked and run; the task behind it is shared.
Never here: HTTP, pixels, and the passing of time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.sandbox.upstream.tasks import Task

DIGITS = 10**16
STRIDE = 7_368_787_201_233_671
"""Prime to the number of ids: they look random, none repeats, and one in ten begins with a zero."""


@dataclass(slots=True, eq=False)
class Record:
    """One id that was given out."""

    id: str
    account: str
    action: str
    state: str
    hook: str | None
    asked: str | None
    """The speed that was asked for."""
    ran: str
    created: float
    prompt: str | None = None
    parent: Record | None = None
    custom_id: str | None = None
    task: Task | None = None
    """None while a window waits."""
    shown_prompt: str = ""
    """What the window shows."""
    fills: int = 0
    """How often the window was answered."""
    cancelled: bool = False
    forgotten: bool = False
    dead: str | None = None
    """A failReason of the proxy's own."""
    still_modal: bool = False
    seed_asked: bool = False
    copy: dict[str, Any] | None = None
    """A gateway's view of it, as of the last poll."""
    copied: float = 0.0
    unfilled: dict[str, Any] | None = None
    """A gateway's first row of a window that was filled, as it stood then."""
    quirks: set[str] = field(default_factory=set)


class RecordBook:
    """All records, oldest first."""

    def __init__(self, *, prefix: str = "") -> None:
        self._prefix = prefix
        self._records: dict[str, Record] = {}
        self._by_task: dict[int, Record] = {}
        self.given = 0
        """How many ids were given out: none is ever given twice."""

    def __iter__(self) -> Iterator[Record]:
        return (record for record in self._records.values() if not record.forgotten)

    def next_id(self) -> str:
        """An id that was never given out: sixteen digits, the first of which may be 0."""
        self.given += 1
        return f"{self._prefix}{self.given * STRIDE % DIGITS:016d}"

    def add(self, record: Record) -> None:
        """Keep a record."""
        self._records[record.id] = record
        if record.task is not None:
            self._by_task[record.task.id] = record

    def tie(self, record: Record, task: Task) -> None:
        """From now on this task is behind the record."""
        record.task = task
        self._by_task[task.id] = record

    def get(self, record_id: object) -> Record | None:
        """The record, unless the server forgot it."""
        record = self._records.get(record_id) if isinstance(record_id, str) else None
        return None if record is None or record.forgotten else record

    def of_task(self, task: Task) -> Record | None:
        """The record of a task."""
        return self._by_task.get(task.id)
