"""Open answers that stand on this process's journal: which they are, and how one of them gets a row after all.
Never here: the file (`AnswerJournal`), when an answer is over, and who is told what (open_answers)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from bot.errors import StorageTrouble, WriteUnclear

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.domain.open_answers import AnswerJournal, AnswerStore, OpenAnswer
    from bot.domain.ports import Clock


class Row(Enum):
    """What became of an answer while it was given a row."""

    STANDS = "stands"
    CLOSED = "closed"
    DISOWNED = "disowned"


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class NotedAnswers:
    """Those of one process; without a journal none ever is."""

    owner: str
    store: AnswerStore
    clock: Clock
    journal: AnswerJournal | None
    lease_ms: int
    _noted: dict[int, OpenAnswer] = field(init=False, default_factory=dict)
    _astray: set[int] = field(init=False, default_factory=set)
    """Those of them that are on the journal no more, for it was begun anew."""
    _perhaps_rows: set[int] = field(init=False, default_factory=set)
    """Those of them of which there may be a row as well."""
    _over: dict[int, int] = field(init=False, default_factory=dict)
    """When those ended that had no row: another process that was handed them, too, may have one still."""
    _moving: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)
    _disowned: set[int] = field(init=False, default_factory=set)
    """While one is given a row: what was disowned meanwhile."""
    _stops: bool = field(init=False, default=False)

    def note(self, answer: OpenAnswer, *, has_row: bool) -> bool:
        """Whether it stands on the journal, alone there."""
        if answer.interaction_id in self._noted:
            return True
        if self.journal is None or has_row or self._stops or not self.journal.write(answer, self.clock.now()):
            return False
        self._noted[answer.interaction_id] = answer
        return True

    def without_row(self) -> Collection[int]:
        """Those that certainly have none."""
        return self._noted.keys() - self._perhaps_rows

    def is_over(self, interaction_id: int, *, disowned: bool = False) -> bool:
        """Take it off the journal; whether there is no row of it to be deleted."""
        if self.journal is None or self._noted.pop(interaction_id, None) is None:
            return False
        now = self.clock.now()
        alone = self.journal.erase(interaction_id, now) and interaction_id not in self._perhaps_rows
        self._perhaps_rows.discard(interaction_id)
        self._astray.discard(interaction_id)
        if disowned:
            self._disowned.add(interaction_id)
        else:
            self._over[interaction_id] = now
        return alone

    def was_lately(self, interaction_id: int) -> bool:
        """Whether it stood here and had its words or its job: no other process's row says otherwise."""
        return interaction_id in self._over

    async def as_row(self, interaction_id: int) -> Row:
        """Give it a row that a transaction can see, and take back; raises `StorageTrouble`. Nothing where it has one."""
        async with self._moving:
            if (answer := self._noted.get(interaction_id)) is None:
                return Row.STANDS
            self._disowned.clear()
            self._perhaps_rows.add(interaction_id)
            try:
                await self.store.adopt([answer], owner=self.owner, until=self.clock.now() + self.lease_ms)
            except WriteUnclear as unclear:  # of a row that is written once more, or deleted
                raise StorageTrouble(str(unclear)) from unclear
            if interaction_id in self._noted:
                self.is_over(interaction_id)
                del self._over[interaction_id]
                return Row.STANDS
            return Row.DISOWNED if interaction_id in self._disowned else Row.CLOSED

    def keep(self, now: int) -> Collection[int]:
        """Stay among the living; returns what needs a row, for those may have taken it who took this process for dead."""
        if self.journal is not None and not self.journal.keep(now, now + self.lease_ms):
            self._astray.update(self._noted)
            self._perhaps_rows.update(self._noted)
        for id_ in [id_ for id_, ended in self._over.items() if not now - 4 * self.lease_ms < ended <= now]:
            del self._over[id_]
        return [*self._astray]

    async def take_up(self, now: int, *, but: Collection[int]) -> None:
        """Give rows to what the dead left; what is open here is answered here. Raises `StorageTrouble`."""
        if self.journal is None:
            return
        for name, answers in self.journal.left(now):
            ours = {*but, *self._over}
            theirs = [answer for answer in answers if answer.interaction_id not in ours]
            if theirs:
                await self.store.adopt(theirs, owner=None, until=now)
            self.journal.discard(name)

    def stop(self) -> Collection[int]:
        """Note no more; returns what needs a row."""
        self._stops = True
        return [*self._noted]

    def close(self) -> None:
        """Leave no file, or what still stands there for others."""
        if self.journal is not None:
            self.journal.close()
