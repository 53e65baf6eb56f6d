"""What people see while a job lives: edits on change only, paced per job and per channel, the stalest first.
Never here: results; delivery shows those, and goes before progress."""

from __future__ import annotations

import asyncio
import heapq
import logging
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from bot.domain.jobs import Job, JobState, Route
from bot.domain.ports import Showing
from bot.domain.schedule import CHANNEL_EDIT_EVERY_MS, EDIT_EVERY_MS, SECOND
from bot.errors import RetryLater, RouteClosed, StorageTrouble
from bot.services.worker.channel_slots import ChannelSlots

if TYPE_CHECKING:
    from bot.domain.keys import JobKey
    from bot.domain.ports import Clock, JobStore, Metrics, Publisher

log = logging.getLogger(__name__)

AT_ONCE: Final = 8
"""Edits in flight at the same time."""
IDLE_MS: Final = 60 * SECOND
"""With nothing to show; a change wakes the editor at once."""
REMEMBER: Final = 20_000
"""Cards and channels whose last edit is remembered; forgetting one only costs an early edit."""
GIVE_WAY_MS: Final = SECOND // 2
"""When a card that may not be edited now is looked at again, at the earliest."""
LOOKED_AT: Final = 32
"""So many waiting cards are looked at when the queue has moved, in turn: no more could be edited before it moves again."""
UNWANTED: Final = "unwanted"
"""How every unwanted job looks, whatever becomes of it upstream."""


@dataclass(slots=True)
class _Card:
    """What this process knows of one card."""

    job: Job
    edited_at: int = 0
    """0: never; its first edit waits for nobody."""
    shown: tuple[JobState, int | None, int | None, str | None] | str | None = None
    """State, percent, queue position and reason to wait, as last shown; or that it is unwanted."""
    dirty: bool = True


class ProgressEditor:
    """Keeps cards of live jobs current. What it remembers is a convenience: losing it loses no job."""

    def __init__(self, *, store: JobStore, publisher: Publisher, clock: Clock, metrics: Metrics) -> None:
        self._store = store
        self._publisher = publisher
        self._clock = clock
        self._metrics = metrics
        self.turns = ChannelSlots()
        """Outcomes that go before progress; the worker reports them here."""
        self._cards: dict[JobKey, _Card] = {}
        self._channels: dict[int, int] = {}
        self._flying: dict[JobKey, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._line: list[tuple[int, int, JobKey]] = []
        """A heap of changed cards: when each may be edited, and when it last was. What moved meanwhile is put right
        when it comes to the front: thousands of cards are not sorted for each edit."""
        self._queued: dict[JobKey, None] = {}
        """Cards that wait; those that were looked at longest ago stand first."""

    def changed(self, job: Job) -> None:
        """Note a live job's new state; the card follows as soon as the pace allows."""
        card = self._cards.get(job.key)
        if card is None:
            card = self._cards[job.key] = _Card(job)
            self._stand_in_line(card)
        else:
            hurried = job.unwanted and not card.job.unwanted
            if hurried:
                card.edited_at = 0  # somebody cancelled it, and waits for the card to say so
            # A worker may not have heard of that yet; the card must not fall back.
            card.job = replace(job, unwanted=job.unwanted or card.job.unwanted)
            if hurried or not card.dirty:
                self._stand_in_line(card)
        if job.state is JobState.QUEUED:
            self._queued.setdefault(job.key)
        else:
            self._queued.pop(job.key, None)

    def queue_moved(self) -> None:
        """The queue became shorter: waiting cards may show another position."""
        for key in list(islice(self._queued, LOOKED_AT)):
            self._queued[key] = self._queued.pop(key)
            card = self._cards[key]
            if not card.dirty:
                self._stand_in_line(card)

    async def settle(self, key: JobKey) -> None:
        """Forget a job and wait for an edit in flight, so that nothing lands after its result."""
        self._cards.pop(key, None)
        self._queued.pop(key, None)
        flying = self._flying.get(key)
        if flying is not None:
            await asyncio.wait([flying])

    async def run(self) -> None:
        """Edit until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._wake.clear()
                now = self._clock.now()
                wait_ms = IDLE_MS  # a change, or an edit that ends, wakes it
                while self._line and len(self._flying) < AT_ONCE:
                    if self._line[0][0] > now:
                        wait_ms = min(IDLE_MS, self._line[0][0] - now)
                        break
                    self._next_in_line(group, now)
                await self._clock.pause(wait_ms / SECOND, self._wake)

    def _stand_in_line(self, card: _Card) -> None:
        card.dirty = True
        heapq.heappush(self._line, (self._due_at(card), card.edited_at, card.job.key))
        self._wake.set()

    def _next_in_line(self, group: asyncio.TaskGroup, now: int) -> None:
        """Edit the card at the front, if it still is to be edited and its channel has not been used meanwhile."""
        _, _, key = heapq.heappop(self._line)
        card = self._cards.get(key)
        if card is None or not card.dirty or key in self._flying:  # in flight: it lines up again at its end
            return
        due = self._due_at(card)
        if due <= now and (
            self._answers(card, now) or self.turns.progress_may_pass(card.job.reply.channel_id)
        ):
            self._begin(group, key, now)
            return
        heapq.heappush(self._line, (max(due, now + GIVE_WAY_MS), card.edited_at, key))

    @staticmethod
    def _answers(card: _Card, now: int) -> bool:
        """Whether somebody waits for this edit, and it takes nothing from the channel: a token's have limits of their own.

        After a restart every card's first edit is due, and none of them is an answer.
        """
        return card.edited_at == 0 and card.job.reply.open_routes(now)[0] is Route.REPLY

    def _due_at(self, card: _Card) -> int:
        """When a card may be edited next. The first edit answers the person and waits for nobody."""
        if card.edited_at == 0:
            return 0
        channel = self._channels.get(card.job.reply.channel_id, 0)
        return max(card.edited_at + EDIT_EVERY_MS, channel + CHANNEL_EDIT_EVERY_MS)

    def _begin(self, group: asyncio.TaskGroup, key: JobKey, now: int) -> None:
        card = self._cards[key]
        card.dirty = False
        card.edited_at = now
        self._channels[card.job.reply.channel_id] = now
        if len(self._channels) > REMEMBER:
            self._channels.pop(next(iter(self._channels)))
        self._flying[key] = group.create_task(self._edit(key, card), name=f"edit {key}")

    async def _edit(self, key: JobKey, card: _Card) -> None:
        try:
            await self._show(card)
        except RouteClosed as closed:  # delivery will find another way; progress is not worth one
            log.debug("progress_not_shown", extra={"job": key, "reason": closed.reason})
        except RetryLater as later:
            card.dirty = True
            log.debug("progress_put_off", extra={"job": key, "reason": later.reason})
        except StorageTrouble as trouble:
            log.warning("progress_not_shown", extra={"job": key, "reason": str(trouble)})
        except Exception:  # a bug in showing progress must not stop jobs
            log.exception("progress_failed", extra={"job": key})
        finally:
            del self._flying[key]
            self._wake.set()
            if card.dirty and self._cards.get(key) is card:
                self._stand_in_line(card)

    async def _show(self, card: _Card) -> None:
        job, now = card.job, self._clock.now()
        ahead: int | None = None
        if job.state is JobState.QUEUED:
            ahead = (await self._store.ahead([job.key])).get(job.key)
            # Another process may have taken it on meanwhile; its card must not fall back to "queued".
            if ahead is None:
                return
        looks = UNWANTED if job.unwanted else (job.state, job.progress, ahead, job.hold)
        if looks == card.shown:
            return
        route = next((r for r in job.reply.open_routes(now) if r in {Route.REPLY, Route.EDIT}), None)
        worth_it = job.unwanted or job.reply.edits_are_cheap(now)
        if route is None or (route is Route.EDIT and not worth_it):
            return
        await self._publisher.show(Showing(job, now, ahead), route, picture=None)
        card.shown = looks
        self._metrics.count("edits", kind="progress")
