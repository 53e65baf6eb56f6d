"""What people see while a job lives: edits on change only, paced per job and per channel, the stalest first.
Never here: results; delivery shows those, and goes before progress."""

from __future__ import annotations

import asyncio
import heapq
import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from cachetools import LRUCache

from bot.domain.jobs import Job, JobState, Route
from bot.domain.ports import Showing
from bot.domain.schedule import CHANNEL_EDIT_EVERY_MS, EDIT_EVERY_MS, LEASE_MS, SECOND
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
COUNTED_FOR_MS: Final = 1 * SECOND
"""So long positions in the queue are taken from the last count, unless it is known to have moved."""
STALE_MS: Final = LEASE_MS // 2
"""News so old may come from before a pause of the whole process, in which another one took the job over and ended it."""
UNWANTED: Final = "unwanted"
"""How every unwanted job looks, whatever becomes of it upstream."""


@dataclass(slots=True)
class _Card:
    """What this process knows of one card."""

    job: Job
    heard_at: int
    """When this process last heard anything of the job."""
    edited_at: int = 0
    """0: never; its first edit waits for nobody."""
    shown: tuple[JobState, int | None, int | None, str | None] | str | None = None
    """State, percent, queue position and reason to wait, as last shown; or that it is unwanted."""
    dirty: bool = True


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class ProgressEditor:
    """Keeps cards of live jobs current. What it remembers is a convenience: losing it loses no job."""

    store: JobStore
    publisher: Publisher
    clock: Clock
    metrics: Metrics
    slots: ChannelSlots = field(init=False, default_factory=ChannelSlots)
    """Outcomes that go before progress; the worker reports them here."""
    _cards: dict[JobKey, _Card] = field(init=False, default_factory=dict)
    _channels: LRUCache[int, int] = field(init=False, default_factory=lambda: LRUCache(REMEMBER))
    _flying: dict[JobKey, asyncio.Task[None]] = field(init=False, default_factory=dict)
    _wake: asyncio.Event = field(init=False, default_factory=asyncio.Event)
    _line: list[tuple[int, int, JobKey]] = field(init=False, default_factory=list)
    """A heap of changed cards: when each may be edited, and when it last was. What moved meanwhile is put right
    when it comes to the front: thousands of cards are not sorted for each edit."""
    _queued: set[JobKey] = field(init=False, default_factory=set)
    _positions: dict[JobKey, int] = field(init=False, default_factory=dict)
    _counted_at: int = field(init=False, default=0)
    _counting: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)
    _next: dict[tuple[str, str], JobKey] = field(init=False, default_factory=dict)
    """Whose card says "next in line" in a pool of an account: one at a time, as people read several cards at once."""

    def changed(self, job: Job) -> None:
        """Note a live job's new state; the card follows as soon as the pace allows."""
        card = self._cards.get(job.key)
        if card is None:
            card = self._cards[job.key] = _Card(job, self.clock.now())
            self._stand_in_line(card)
        else:
            hurried = job.unwanted and not card.job.unwanted
            if hurried:
                card.edited_at = 0  # somebody cancelled it, and waits for the card to say so
            # A worker may not have heard of that yet; the card must not fall back.
            card.job = replace(job, unwanted=job.unwanted or card.job.unwanted)
            card.heard_at = self.clock.now()
            if hurried or not card.dirty:
                self._stand_in_line(card)
        if job.state is JobState.QUEUED:
            self._queued.add(job.key)
        else:
            self._queued.discard(job.key)

    def queue_moved(self) -> None:
        """The queue became shorter: waiting cards may show another position."""
        self._counted_at = 0
        for key in self._queued:
            card = self._cards[key]
            if not card.dirty:
                self._stand_in_line(card)

    async def settle(self, key: JobKey) -> None:
        """Forget a job and wait for an edit in flight, so that nothing lands after its result."""
        card = self._cards.pop(key, None)
        self._queued.discard(key)
        if card is not None:
            self._no_longer_next(card.job)
        flying = self._flying.get(key)
        if flying is not None:
            await asyncio.wait([flying])

    async def run(self) -> None:
        """Edit until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._wake.clear()
                now = self.clock.now()
                wait_ms = IDLE_MS  # a change, or an edit that ends, wakes it
                while self._line and len(self._flying) < AT_ONCE:
                    if self._line[0][0] > now:
                        wait_ms = min(IDLE_MS, self._line[0][0] - now)
                        break
                    self._next_in_line(group, now)
                await self.clock.pause(wait_ms / SECOND, self._wake)

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
            self._answers(card, now) or self.slots.progress_may_pass(card.job.reply.channel_id)
        ):
            self._start_edit(group, key, now)
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

    def _start_edit(self, group: asyncio.TaskGroup, key: JobKey, now: int) -> None:
        card = self._cards[key]
        card.dirty = False
        card.edited_at = now
        self._channels[card.job.reply.channel_id] = now
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
            if self._cards.get(key) is card:
                if card.dirty:
                    self._stand_in_line(card)
                elif card.job.is_terminal:
                    del self._cards[key]  # nothing more will change but by the next press

    async def _show(self, card: _Card) -> None:
        job, now = card.job, self.clock.now()
        if job.is_terminal:
            await self._show_pressed(job, now)
            return
        ahead: int | None = None
        if job.state is JobState.QUEUED or now - card.heard_at >= STALE_MS:
            # Another process may have taken it on meanwhile; its card must not fall back.
            stored = await self.store.get(job.key)
            if stored is None or stored.state is not job.state:
                return
        if job.state is JobState.QUEUED:
            ahead = await self._ahead(job.key)
            if ahead == 0 and self._next.setdefault(_lane(job), job.key) != job.key:
                ahead = None  # the card of the one that has just gone still says so
        looks = UNWANTED if job.unwanted else (job.state, job.progress, ahead, job.hold)
        if looks == card.shown:
            return
        route = next((r for r in job.reply.open_routes(now) if r in {Route.REPLY, Route.EDIT}), None)
        worth_it = job.unwanted or job.reply.edits_are_cheap(now)
        if route is None or (route is Route.EDIT and not worth_it):
            return
        await self.publisher.show(Showing(job, now, ahead), route, picture=None)
        card.shown = looks
        if job.state is not JobState.QUEUED or ahead != 0:
            self._no_longer_next(job)
        self.metrics.count("edits", kind="progress")

    async def _show_pressed(self, job: Job, now: int) -> None:
        """Draw a finished card anew, with the buttons marked that were pressed."""
        stored = await self.store.get(job.key)
        if stored is None or stored.state is not JobState.SUCCEEDED or not stored.is_delivered:
            return
        if stored.unwanted or stored.reply.message_id is None:
            return
        # A result that came as a message of its own is no reply of the interaction's.
        route = Route.EDIT if stored.route is Route.POST else stored.reply.open_routes(now)[0]
        pressed = await self.store.pressed(job.key)
        await self.publisher.show(Showing(stored, now, pressed=pressed), route, picture=None)
        self.metrics.count("edits", kind="pressed")

    def _no_longer_next(self, job: Job) -> None:
        """Its card does not say "next in line" any more: another's may."""
        if self._next.get(_lane(job)) != job.key:
            return
        del self._next[_lane(job)]
        for key in self._queued:
            card = self._cards[key]
            if not card.dirty and _lane(card.job) == _lane(job):
                self._stand_in_line(card)

    async def _ahead(self, key: JobKey) -> int:
        """How many stand before it. Counting reads the whole queue, so one count answers for all cards that wait."""
        async with self._counting:
            now = self.clock.now()
            if key not in self._positions or now - self._counted_at >= COUNTED_FOR_MS:
                self._positions = await self.store.ahead(self._queued | {key})
                self._counted_at = now
            return self._positions.get(key, 0)


def _lane(job: Job) -> tuple[str, str]:
    return job.account, job.pool.value
