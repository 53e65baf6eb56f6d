"""Which pages of the task list to read so that few requests cover many jobs.
Never here: the requests themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.tasks import RemoteTaskId, TaskPage

EMPTY_PAGES: Final = 2
"""After this many pages in a row without a job looked for, single queries are cheaper,"""
PATIENCE: Final = 4
"""unless many are looked for: one more page is risked for each four of them, each of which would cost a query."""


@dataclass(slots=True, eq=False, repr=False)
class PageScan:
    """Walks the list from its newest end, whichever end that is: its order is not promised (contract §1.6).

    It learns the order from the ids on the pages, and stops when all jobs were seen, when the pages have become
    older than the oldest job looked for, or when they stop paying off.
    """

    PAGE_SIZE: ClassVar[int] = 20
    """The most that the service gives (contract §1.6)."""

    _oldest_first: bool = field(init=False, default=False)
    _pages: int = field(init=False, default=1)
    _wanted: set[RemoteTaskId] = field(init=False, default_factory=set)
    _oldest_wanted: int = field(init=False, default=0)
    _next: int | None = field(init=False, default=None)
    _turned: bool = field(init=False, default=False)
    _fruitless: int = field(init=False, default=0)

    def start(self, wanted: Iterable[RemoteTaskId]) -> None:
        """Look for these tasks."""
        self._wanted = set(wanted)
        self._oldest_wanted = min((int(t) for t in self._wanted if t.isdigit()), default=0)
        self._next = self._pages if self._oldest_first else 1
        self._turned = False
        self._fruitless = 0

    def next_page(self) -> int | None:
        """The page to read next, or None when the rest is better read singly."""
        return self._next if self._wanted else None

    def record_page(self, page: TaskPage) -> None:
        """Learn from the page that was asked for."""
        ids = [int(t.task_id) for t in page.tasks if t.task_id.isdigit()]
        hits = self._wanted & {t.task_id for t in page.tasks}
        self._wanted -= hits
        self._fruitless = 0 if hits else self._fruitless + 1
        here, self._pages = self._next or 1, max(1, -(-page.total // self.PAGE_SIZE))
        self._next = None
        if not ids:
            return
        rising = len(ids) > 1 and ids == sorted(ids)
        if rising is not self._oldest_first and len(ids) > 1:
            self._turn(rising=rising)
            return
        too_old = max(ids) < self._oldest_wanted
        if too_old or self._fruitless >= max(EMPTY_PAGES, len(self._wanted) // PATIENCE):
            return
        step = here - 1 if self._oldest_first else here + 1
        self._next = step if 1 <= step <= self._pages else None

    def _turn(self, *, rising: bool) -> None:
        """The list runs the other way than we thought: begin again at its newest end, once."""
        if self._turned:  # it runs no way at all
            return
        self._turned = True
        self._oldest_first = rising
        self._next = self._pages if rising else 1
