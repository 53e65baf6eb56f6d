"""Who waits in line of those whose cards are shown here: their places, and whose card says that it is next.
Never here: cards and their edits, and the order of a line (the store's)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bot.domain.ports import MOST_AHEAD
from bot.domain.schedule import SECOND
from bot.errors import StorageTrouble

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.domain.pools import Pool
    from bot.domain.ports import Clock, JobStore

    Lane = tuple[str, Pool]

READ_FOR_MS: Final = 1 * SECOND
"""So long the front of a line is taken as it was read, unless the card came later or the line is known to have moved."""
AT_ONCE: Final = 500
"""Jobs whose places are asked for in one question."""


@dataclass(slots=True, eq=False)
class Line:
    """Those who wait in the line of an account's pool, and who stands first in it, as it was read last."""

    noted: dict[JobKey, int] = field(default_factory=dict)
    """When each came, as far as this process knows."""
    places: dict[JobKey, int] = field(default_factory=dict)
    read_at: int = 0
    moved: bool = True
    told: set[JobKey] = field(default_factory=set)
    """Those whose cards may name a place: theirs changes when the line moves, and no other's does."""
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(slots=True, eq=False, repr=False)
class Lines:
    """What this process knows of the lines. Another one may take jobs out of them without a word."""

    store: JobStore
    clock: Clock
    _lines: dict[Lane, Line] = field(init=False, default_factory=dict)
    _moved: dict[Lane, None] = field(init=False, default_factory=dict)
    """Lines that moved and were not read since."""
    _next: dict[Lane, JobKey] = field(init=False, default_factory=dict)
    """Whose card says "next in line" in each: one at a time, as people read several cards at once."""

    def join(self, job: Job) -> None:
        """A job waits; said twice it came once."""
        self._lines.setdefault(_lane(job), Line()).noted.setdefault(job.key, self.clock.now())

    def leave(self, job: Job) -> None:
        """It waits no more."""
        line = self._lines.get(_lane(job))
        if line is not None:
            line.noted.pop(job.key, None)
            line.told.discard(job.key)
            if not line.noted:
                del self._lines[_lane(job)]

    # -- places ------------------------------------------------------------------------------------------

    def note_moved(self, gone: Iterable[Job]) -> None:
        """These went out of the line: those who wait behind them may have another place."""
        for lane in dict.fromkeys(map(_lane, gone)):
            line = self._lines.get(lane)
            if line is not None:
                line.moved = True
                self._moved[lane] = None

    def take_moved(self, now: int) -> tuple[Sequence[tuple[Lane, Line]], int | None]:
        """Lines that moved and are to be read now, each once in a while; and in how many ms the next may be."""
        moved = [(lane, self._lines[lane]) for lane in self._moved if lane in self._lines]
        due = [one for one in moved if one[1].read_at + READ_FOR_MS <= now]
        later = [one for one in moved if one[1].read_at + READ_FOR_MS > now]
        self._moved = dict.fromkeys(lane for lane, _ in later)
        return due, min((line.read_at + READ_FOR_MS - now for _, line in later), default=None)

    async def follow(self, lane: Lane, line: Line) -> Collection[JobKey]:
        """Read a line that moved; whose place may have changed: of a long line only those in front."""
        await self._read(lane, line, since=0, also=None)
        return line.noted.keys() & (line.told | line.places.keys())

    async def ahead(self, job: Job) -> int | None:
        """How many stand before it, MOST_AHEAD + 1 for any more; None: unknown. One reading answers for all of a line."""
        line = self._lines.get(_lane(job))
        if line is None:
            return None
        stands = await self._read(_lane(job), line, since=line.noted.get(job.key, 0), also=job.key)
        ahead = line.places.get(job.key)
        if ahead is None:
            line.told.discard(job.key)
            return MOST_AHEAD + 1 if stands else None
        if job.key in line.noted:
            line.told.add(job.key)
        return ahead

    async def standing(self, keys: Iterable[JobKey]) -> dict[JobKey, int]:
        """Those of them that do stand in line, and how many before each, as above."""
        found: dict[JobKey, int] = {}
        asked = list(keys)
        for start in range(0, len(asked), AT_ONCE):
            found |= await self.store.ahead(asked[start : start + AT_ONCE])
        return found

    async def _read(self, lane: Lane, line: Line, *, since: int, also: JobKey | None) -> bool:
        """Read who stands first, unless that was done a moment ago, and later than `since`.

        Returns whether one more was seen to stand in line.
        """
        async with line.reading:
            now = self.clock.now()
            if not line.moved and since < line.read_at and now - line.read_at < READ_FOR_MS:
                return False
            line.moved, line.read_at = False, now
            try:
                keys, stands = await self.store.front(*lane, also=also)
            except StorageTrouble:
                line.moved = True
                raise
            line.places = {key: n for n, key in enumerate(keys)}
            return stands

    # -- next in line ------------------------------------------------------------------------------------

    def claim_next(self, job: Job) -> JobKey:
        """Whose card says that it is next: this one's from now on, if no other's does."""
        return self._next.setdefault(_lane(job), job.key)

    def give_up_next(self, job: Job) -> Collection[JobKey]:
        """Its card does not say so any more; returns whose may instead."""
        if self._next.get(_lane(job)) != job.key:
            return ()
        del self._next[_lane(job)]
        line = self._lines.get(_lane(job))
        return () if line is None else tuple(line.told)


def _lane(job: Job) -> Lane:
    return job.account, job.pool
