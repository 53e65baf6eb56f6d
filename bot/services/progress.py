"""What people see while a job lives: edits on change only, paced per job and per channel, the stalest first.
Never here: results; delivery shows those, and goes before progress."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bot.domain.jobs import Job, JobState, Route
from bot.domain.ports import Showing
from bot.domain.schedule import CHANNEL_EDIT_EVERY_MS, EDIT_EVERY_MS, SECOND
from bot.errors import Later, RouteClosed, StorageTrouble

if TYPE_CHECKING:
    from bot.domain.keys import JobKey
    from bot.domain.ports import Clock, JobStore, Probe, Publisher

log = logging.getLogger(__name__)

AT_ONCE: Final = 8
"""Edits in flight at the same time."""
IDLE_MS: Final = 60 * SECOND
"""With nothing to show; a change wakes the editor at once."""
REMEMBER: Final = 20_000
"""Cards and channels whose last edit is remembered; forgetting one only costs an early edit."""
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

    def __init__(self, *, store: JobStore, publisher: Publisher, clock: Clock, probe: Probe) -> None:
        self._store = store
        self._publisher = publisher
        self._clock = clock
        self._probe = probe
        self._cards: dict[JobKey, _Card] = {}
        self._channels: dict[int, int] = {}
        self._flying: dict[JobKey, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()

    def changed(self, job: Job) -> None:
        """Note a live job's new state; the card follows as soon as the pace allows."""
        card = self._cards.get(job.key)
        if card is None:
            self._cards[job.key] = _Card(job)
        else:
            if job.unwanted and not card.job.unwanted:
                card.edited_at = 0  # somebody cancelled it, and waits for the card to say so
            # A worker may not have heard of that yet; the card must not fall back.
            card.job = replace(job, unwanted=job.unwanted or card.job.unwanted)
            card.dirty = True
        self._wake.set()

    def queue_moved(self) -> None:
        """The queue became shorter: waiting cards may show another position."""
        for card in self._cards.values():
            if card.job.state is JobState.QUEUED:
                card.dirty = True
        self._wake.set()

    async def settle(self, key: JobKey) -> None:
        """Forget a job and wait for an edit in flight, so that nothing lands after its result."""
        self._cards.pop(key, None)
        flying = self._flying.get(key)
        if flying is not None:
            await asyncio.wait([flying])

    async def run(self) -> None:
        """Edit until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._wake.clear()
                now = self._clock.now()
                wait_ms = IDLE_MS
                for key in self._stalest_first():
                    due = self._due_at(self._cards[key])
                    if len(self._flying) >= AT_ONCE or due > now:
                        wait_ms = min(wait_ms, max(due - now, 0) or CHANNEL_EDIT_EVERY_MS)
                        continue
                    self._begin(group, key, now)
                await self._clock.pause(wait_ms / SECOND, self._wake)

    def _stalest_first(self) -> list[JobKey]:
        dirty = ((c.edited_at, k) for k, c in self._cards.items() if c.dirty and k not in self._flying)
        return [key for _, key in sorted(dirty)]

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
        except Later as later:
            card.dirty = True
            log.debug("progress_put_off", extra={"job": key, "reason": later.reason})
        except StorageTrouble as trouble:
            log.warning("progress_not_shown", extra={"job": key, "reason": str(trouble)})
        except Exception:  # a bug in showing progress must not stop jobs
            log.exception("progress_failed", extra={"job": key})
        finally:
            del self._flying[key]
            if card.dirty:
                self._wake.set()

    async def _show(self, card: _Card) -> None:
        job, now = card.job, self._clock.now()
        ahead: int | None = None
        if job.state is JobState.QUEUED:
            # Another process may have taken it on meanwhile; its card must not fall back to "queued".
            stored = await self._store.get(job.key)
            if stored is None or stored.state is not JobState.QUEUED:
                return
            ahead = (await self._store.ahead([job.key])).get(job.key, 0)
        looks = UNWANTED if job.unwanted else (job.state, job.progress, ahead, job.hold)
        if looks == card.shown:
            return
        route = next((r for r in job.reply.open_routes(now) if r in {Route.REPLY, Route.EDIT}), None)
        worth_it = job.unwanted or job.reply.edits_are_cheap(now)
        if route is None or (route is Route.EDIT and not worth_it):
            return
        await self._publisher.show(Showing(job, now, ahead), route, picture=None)
        card.shown = looks
        self._probe.count("edits", kind="progress")
