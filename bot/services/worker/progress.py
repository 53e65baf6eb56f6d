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
from bot.domain.ports import MOST_AHEAD, Showing
from bot.domain.schedule import CHANNEL_EDIT_EVERY_MS, EDIT_EVERY_MS, LEASE_MS, MINUTE, SECOND
from bot.errors import RetryLater, RouteClosed, StorageTrouble, TooLarge
from bot.services.worker.channel_slots import ChannelSlots
from bot.services.worker.lines import Lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.domain.keys import JobKey
    from bot.domain.ports import Clock, JobStore, Metrics, Publisher
    from bot.services.worker.lines import Lane, Line
    from bot.services.worker.previews import Previews

log = logging.getLogger(__name__)

AT_ONCE: Final = 8
"""Edits in flight at the same time."""
IDLE_MS: Final = 60 * SECOND
"""With nothing to show; a change wakes the editor at once."""
REMEMBER: Final = 20_000
"""Cards and channels whose last edit is remembered; forgetting one only costs an early edit."""
GIVE_WAY_MS: Final = SECOND // 2
"""When a card that may not be edited now is looked at again, at the earliest."""
QUIET_MS: Final = 2 * MINUTE
"""A waiting card of which nothing was heard for so long is looked up in the line,"""
FORGET_MS: Final = 15 * MINUTE
"""and any other is another process's, or nobody's."""
STALE_MS: Final = LEASE_MS // 2
"""News so old may come from before a pause of the whole process, in which another one took the job over and ended it."""
UNWANTED: Final = "unwanted"
"""How every unwanted job looks, whatever becomes of it upstream."""
PREVIEW_WAIT_MS: Final = 2 * SECOND
"""So long an edit waits for the preview that came with its news; what comes later is shown by the next one."""


class _PreviewRefused(Exception):
    """A card was not taken with its preview: it is to be shown without."""


@dataclass(slots=True)
class _Card:
    """What this process knows of one card."""

    job: Job
    reported_at: int
    """When this process last heard anything of the job."""
    edited_at: int = 0
    """0: never; its first edit waits for nobody."""
    shown: tuple[JobState, int | None, int | None, str | None] | str | None = None
    """State, percent, queue position and reason to wait, as last shown; or that it is unwanted."""
    dirty: bool = True
    preview_until: int = 0
    """Until when its edit waits for a preview."""
    media: Sequence[str] = ()
    """Where a finished card's pictures are, as its message came with a press."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class ProgressEditor:
    """Keeps cards of live jobs current. What it remembers is a convenience: losing it loses no job."""

    store: JobStore
    publisher: Publisher
    clock: Clock
    metrics: Metrics
    previews: Previews
    slots: ChannelSlots = field(init=False, default_factory=ChannelSlots)
    """Outcomes that go before progress; the worker reports them here."""
    _cards: dict[JobKey, _Card] = field(init=False, default_factory=dict)
    _channels: LRUCache[int, int] = field(init=False, default_factory=lambda: LRUCache(REMEMBER))
    _flying: dict[JobKey, asyncio.Task[None]] = field(init=False, default_factory=dict)
    _wake: asyncio.Event = field(init=False, default_factory=asyncio.Event)
    _places: Lines = field(init=False)
    _line: list[tuple[int, int, JobKey]] = field(init=False, default_factory=list)
    """A heap of changed cards: when each may be edited, and when it last was. What moved meanwhile is put right
    when it comes to the front: thousands of cards are not sorted for each edit."""
    _looked_at: int = field(init=False, default=0)
    """When cards of which nothing was heard were looked up last."""

    def __post_init__(self) -> None:
        self._places = Lines(self.store, self.clock)

    def changed(self, job: Job, *, media: Sequence[str] = ()) -> None:
        """Note a job's new state; the card follows as soon as the pace allows. `media`: see `Showing`."""
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
            card.reported_at = self.clock.now()
            if hurried or not card.dirty:
                self._stand_in_line(card)
        self._cards[job.key].media = media
        if job.state is not JobState.RUNNING:
            self.previews.forget(job.key)
        if job.state is JobState.QUEUED:
            self._places.join(job)
        else:
            self._places.leave(job)

    def queue_moved(self, gone: Iterable[Job]) -> None:
        """These went out of the line: those who wait behind them may show another place."""
        self._places.note_moved(gone)
        self._wake.set()

    async def settle(self, key: JobKey) -> None:
        """Forget a job and wait for an edit in flight, so that nothing lands after its result."""
        self._forget(key)
        flying = self._flying.get(key)
        if flying is not None:
            await asyncio.wait([flying])
        self.previews.forget(key)

    def _forget(self, key: JobKey) -> None:
        card = self._cards.pop(key, None)
        if card is not None:
            self._places.leave(card.job)
            self._give_up_next(card.job)

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
                moved, soonest = self._places.take_moved(now)
                for lane, line in moved:
                    group.create_task(self._follow_line(lane, line), name="line")
                if not 0 <= now - self._looked_at < IDLE_MS:
                    self._looked_at = now
                    group.create_task(self._look_up_quiet(now), name="quiet cards")
                await self.clock.pause(min(wait_ms, soonest or IDLE_MS) / SECOND, self._wake)

    async def _follow_line(self, lane: Lane, line: Line) -> None:
        """Have those cards edited whose place has changed."""
        try:
            self._edit_all(await self._places.follow(lane, line))
        except StorageTrouble as trouble:
            log.warning("places_not_read", extra={"reason": str(trouble)})

    async def _look_up_quiet(self, now: int) -> None:
        """Cards of which nothing was heard for long: another process may have taken their jobs on, and shows them now."""
        quiet = {
            key: card
            for key, card in self._cards.items()
            if now - card.reported_at >= (QUIET_MS if card.job.state is JobState.QUEUED else FORGET_MS)
        }
        try:
            standing = await self._places.standing(
                key for key, card in quiet.items() if card.job.state is JobState.QUEUED
            )
        except StorageTrouble as trouble:
            log.warning("places_not_read", extra={"reason": str(trouble)})
            return
        for key, card in quiet.items():
            if self._cards.get(key) is not card or card.reported_at > now - QUIET_MS:
                continue  # it was heard of meanwhile
            if key not in standing:
                self._forget(key)
                continue
            card.reported_at = now
            if card.shown != (JobState.QUEUED, card.job.progress, standing[key], card.job.hold):
                self._edit_all((key,))

    def _edit_all(self, keys: Iterable[JobKey]) -> None:
        for card in [self._cards[key] for key in keys if key in self._cards]:
            if not card.dirty:
                self._stand_in_line(card)

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
            if not self._awaits_preview(group, card, now):
                self._start_edit(group, key, now)
                return
            due = card.preview_until
        heapq.heappush(self._line, (max(due, now + GIVE_WAY_MS), card.edited_at, key))

    def _awaits_preview(self, group: asyncio.TaskGroup, card: _Card, now: int) -> bool:
        """Whether the edit that may go now waits a little for a preview: one is fetched for an edit, none makes one."""
        if card.preview_until <= now and card.edited_at and self.previews.is_due(card.job):
            card.preview_until = now + PREVIEW_WAIT_MS
            group.create_task(self._fetch_preview(card), name=f"preview {card.job.key}")
        return card.preview_until > now

    async def _fetch_preview(self, card: _Card) -> None:
        await self.previews.fetch(card.job)
        card.preview_until = 0
        if card.dirty and self._cards.get(card.job.key) is card:
            self._stand_in_line(card)

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
        except _PreviewRefused:
            card.dirty = True
        except RouteClosed as closed:  # delivery will find another way; progress is not worth one
            log.debug("progress_not_shown", extra={"job": key, "reason": closed.reason})
        except RetryLater as later:
            card.dirty = True
            log.debug("progress_put_off", extra={"job": key, "reason": later.reason})
        except StorageTrouble as trouble:
            log.warning("progress_not_shown", extra={"job": key, "reason": str(trouble)})
        except Exception:  # a bug in showing progress must not stop jobs
            self.previews.refuse(key)
            log.exception("progress_failed", extra={"job": key})
        finally:
            del self._flying[key]
            self._wake.set()
            if self._cards.get(key) is card:
                if card.dirty:
                    self._stand_in_line(card)
                elif card.job.is_terminal:
                    self._forget(key)  # nothing more will change but by the next press

    async def _show(self, card: _Card) -> None:
        job, now = card.job, self.clock.now()
        if job.is_terminal:
            await self._show_pressed(card, now)
            return
        is_queued = job.state is JobState.QUEUED
        ahead = await self._places.ahead(job) if is_queued else None
        if ahead is None and (is_queued or now - card.reported_at >= STALE_MS):
            # Another process may have taken it on, or ended it, meanwhile; its card must not fall back.
            stored = await self.store.get(job.key)
            if stored is None or stored.state is not job.state:
                self._places.leave(job)
                self._give_up_next(job)
                if card.shown is None:
                    card.edited_at = 0  # nobody was shown anything: what it is now need not wait for the pace
                return
            ahead = MOST_AHEAD + 1 if is_queued and stored.hold is None else None
        if ahead == 0 and (other := self._places.claim_next(job)) != job.key:
            ahead = None  # the card of the one that has just gone still says so, perhaps by another process's hand
            self._edit_all((other,))
        looks = UNWANTED if job.unwanted else (job.state, job.progress, ahead, job.hold)
        if looks == card.shown:
            return
        route = next((r for r in job.reply.open_routes(now) if r in {Route.REPLY, Route.EDIT}), None)
        worth_it = job.unwanted or job.reply.edits_are_cheap(now)
        if route is None or (route is Route.EDIT and not worth_it):
            return
        preview = self.previews.of(job)
        try:
            await self.publisher.show(Showing(job, now, ahead), route, picture=preview)
        except (RouteClosed, TooLarge) as closed:
            if preview is None:
                raise
            self.previews.refuse(job.key)
            log.info("preview_not_shown", extra={"job": job.key, "reason": str(closed)})
            raise _PreviewRefused from closed
        card.shown = looks
        if job.state is not JobState.QUEUED or ahead != 0:
            self._give_up_next(job)
        self.metrics.count("edits", kind="progress")

    async def _show_pressed(self, card: _Card, now: int) -> None:
        """Draw a finished card anew, with the buttons marked that were pressed."""
        job, media = card.job, card.media
        card.media = ()
        stored, pressed = await self.store.with_pressed(job.key)
        if stored is None or stored.state is not JobState.SUCCEEDED or not stored.is_delivered:
            return
        if stored.unwanted or stored.reply.message_id is None:
            return
        # A result that came as a message of its own is no reply of the interaction's.
        route = Route.EDIT if stored.route is Route.POST else stored.reply.open_routes(now)[0]
        await self.publisher.show(Showing(stored, now, pressed=pressed, media=media), route, picture=None)
        self.metrics.count("edits", kind="pressed")

    def _give_up_next(self, job: Job) -> None:
        """Its card does not say "next in line" any more: another's may."""
        self._edit_all(self._places.give_up_next(job))
