"""The trackers of one worker, one for each account: opened when its first job comes, closed when none came for long.
Never here: what a tracker does, and where an account's key is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from bot.domain.schedule import MINUTE
from bot.services.worker.tracker import Tracker

if TYPE_CHECKING:
    import asyncio

    from bot.domain.keys import JobKey
    from bot.domain.ports import Readings

IDLE_MS: Final = 10 * MINUTE
"""A server's own account without jobs is let go after this; its budget of readings begins anew."""

Open = Callable[["Readings"], Tracker]


@dataclass(slots=True, eq=False, repr=False)
class Trackers(Mapping[str, Tracker]):
    """Trackers by their account's name."""

    fixed: Mapping[str, Readings]
    """The accounts whose trackers stay."""
    open_tracker: Open
    _trackers: dict[str, Tracker] = field(init=False)
    _runs: dict[str, asyncio.Task[None]] = field(init=False, default_factory=dict)
    _used_at: dict[str, int] = field(init=False, default_factory=dict)
    _group: asyncio.TaskGroup | None = field(init=False, default=None)
    """None while the worker does not run: not yet, or no more."""

    def __post_init__(self) -> None:
        self._trackers = {name: self.open_tracker(api) for name, api in self.fixed.items()}

    @override
    def __getitem__(self, name: str) -> Tracker:
        return self._trackers[name]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._trackers)

    @override
    def __len__(self) -> int:
        return len(self._trackers)

    def start(self, group: asyncio.TaskGroup) -> None:
        """Run in a group, those that come later too."""
        self._group = group
        for name in self._trackers:
            self._run(name)

    def opened(self, name: str, api: Readings, now: int) -> Tracker:
        """The tracker of an account, a new one if it has none."""
        if name not in self._trackers:
            self._trackers[name] = self.open_tracker(api)
            self._used_at[name] = now
            self._run(name)
        return self._trackers[name]

    def receive_webhook(self, key: JobKey, *, ended: bool) -> None:
        """A webhook spoke of a job."""
        for tracker in self._trackers.values():
            tracker.receive_webhook(key, ended=ended)

    def jobs(self) -> Iterator[JobKey]:
        """Every job that is followed; none once they have stopped."""
        for tracker in () if self._group is None else self._trackers.values():
            yield from tracker.jobs()

    def clock_stepped(self, now: int) -> None:
        """The clock was set: nothing waits for a time of the old one."""
        for name, tracker in self._trackers.items():
            tracker.clock_stepped(now)
            if name in self._used_at:
                self._used_at[name] = now

    def rest(self, now: int) -> None:
        """Let go of servers' accounts that had nothing to follow for a while."""
        for name in [name for name in self._trackers if name not in self.fixed]:
            if len(self._trackers[name]):
                self._used_at[name] = now
            elif now - self._used_at[name] >= IDLE_MS:
                del self._trackers[name], self._used_at[name]
                if name in self._runs:
                    self._runs.pop(name).cancel()

    def stop(self) -> None:
        """Stop running; what is opened after this does not begin."""
        self._group = None
        for run in self._runs.values():
            run.cancel()

    def _run(self, name: str) -> None:
        if self._group is not None:
            self._runs[name] = self._group.create_task(self._trackers[name].run(), name=f"tracker {name}")
