"""Telling moderators: events are handed over at once, and told one after the other, each once in a window.
Never here: what is worth telling (that is `events`), and how it looks in the channel."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from cachetools import TTLCache

from bot.domain.schedule import SECOND, backoff_ms
from bot.domain.servers.guild_ports import EventKind, ModEvent
from bot.domain.steady import Steady
from bot.errors import RetryLater, StorageTrouble
from bot.services.admission.rate_limits import SERVERS
from bot.services.modlog.events import events_of, undeliverable_event
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.jobs import Job
    from bot.domain.ports import Clock, Metrics
    from bot.domain.servers.guild_ports import ModLog, Records, SettingsStore

log = logging.getLogger(__name__)

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
REPEAT_AFTER_MS: Final[Mapping[EventKind, int]] = {
    EventKind.REFUSED: 10 * MINUTE_MS,
    EventKind.WARNED: 10 * MINUTE_MS,
    EventKind.STRUCK: 0,
    EventKind.SETTINGS: 0,
    EventKind.MEMBER: 0,
    EventKind.ERROR: HOUR_MS,
    EventKind.KEY_REJECTED: 6 * HOUR_MS,
    EventKind.BALANCE_LOW: 6 * HOUR_MS,
    EventKind.KEY_LIMIT: 24 * HOUR_MS,
    EventKind.MISSING_PERMISSION: 6 * HOUR_MS,
    EventKind.LEFT_POOL: 7 * 24 * HOUR_MS,
}
"""For how long the same event is not told again. 0: its key is never used twice."""
WAITING_LIMIT: Final = 1_000
"""Events that may wait to be told; beyond it the newest are dropped and counted."""

OF_SERVER_LIMIT: Final = 50
"""Of these, one server's."""
LINES: Final = 300
"""Told to one server in an hour by this process, whatever happens there: k processes tell k times as many at most, into
that server's own channel. An hour begins with its first line. What moderators decided stands in the history besides."""
AT_ONCE: Final = 4
"""Channels that are written to at the same time: a slow one holds up nobody else."""
TRIES: Final = 60
"""After so many in trouble, about an hour of them, an event is given up."""


@dataclass(slots=True)
class _Notice:
    """An event that waits to be told."""

    event: ModEvent
    is_due: bool = False
    """Whether it was decided that it is told, with what was held back: it is not asked again at the next try."""
    troubles: int = 0
    """How often Discord did not take it for the moment."""


@dataclass(slots=True)
class _Hour:
    """An hour of a server."""

    lines: int = 0


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Dispatcher:
    """The way to servers' log channels."""

    settings: SettingsStore
    records: Records
    modlog: ModLog
    clock: Clock
    metrics: Metrics
    _waiting: dict[int, deque[_Notice]] = field(init=False, default_factory=dict)
    _coming: asyncio.Queue[int] = field(init=False, default_factory=asyncio.Queue)
    """Servers that are to be told something, and nobody is at it; each stands there once."""
    _places: asyncio.Semaphore = field(init=False, default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _hours: TTLCache[int, _Hour, int] = field(init=False)

    def __post_init__(self) -> None:
        self._hours = TTLCache(SERVERS, HOUR_MS, Steady(self.clock))

    def notify(self, guild_id: int | None, event: ModEvent) -> None:
        """Have moderators of a server hear of it; returns at once, and may be called from anywhere in the loop."""
        if guild_id is None:
            return
        mine = self._waiting.get(guild_id)
        if sum(map(len, self._waiting.values())) >= WAITING_LIMIT or (mine and len(mine) >= OF_SERVER_LIMIT):
            self.metrics.count("notices_dropped", kind=event.kind.value)
            return
        if mine is None:
            mine = self._waiting[guild_id] = deque()
            self._coming.put_nowait(guild_id)
        mine.append(_Notice(event))

    def notify_of_job(self, job: Job, reasons: Sequence[str]) -> None:
        """Have moderators hear of a delivered job if it went wrong; `reasons` closed better ways to show it."""
        for event in events_of(job, reasons):
            self.notify(job.home, event)

    def notify_of_lost(self, job: Job, why: str) -> None:
        """Have moderators hear of a finished job that could be shown nowhere."""
        event = undeliverable_event(job, why)
        if event is not None:
            self.notify(job.home, event)

    async def run(self) -> None:
        """Tell what comes, until cancelled: servers in turn, some at once, each one's events in order."""
        async with asyncio.TaskGroup() as senders:  # which waits for all of them, cancelled too
            while True:
                senders.create_task(self._tell(await self._coming.get()))

    async def _tell(self, guild_id: int) -> None:
        """Tell a server's events. Each takes its place behind those of others, and gives it up while Discord is in trouble."""
        waiting = self._waiting[guild_id]
        try:
            while waiting:
                notice = waiting.popleft()
                try:
                    async with self._places:
                        await self._pass_on(guild_id, notice)
                except StorageTrouble as trouble:
                    log.warning("notice_lost", extra={"guild": guild_id, "reason": str(trouble)})
                except RetryLater as later:
                    notice.troubles += 1
                    if notice.troubles == TRIES:
                        log.warning("notice_lost", extra={"guild": guild_id, "reason": later.reason})
                        continue
                    waiting.appendleft(notice)
                    pause = backoff_ms(notice.troubles - 1, 0.0, first=5 * SECOND) / SECOND
                    await self.clock.pause(max(pause, later.delay or 0.0))
        finally:
            if waiting:
                self._coming.put_nowait(guild_id)
            else:
                del self._waiting[guild_id]
            self._coming.task_done()

    async def drain(self) -> None:
        """Wait until everything handed over so far has been told (`run` must be running)."""
        await self._coming.join()

    async def _pass_on(self, guild_id: int, notice: _Notice) -> None:
        """Tell an event if it is due. Raises `RetryLater`: then it is to be told once more."""
        settings = await self.settings.settings(guild_id)
        if settings.log_channel is None:
            return
        if not notice.is_due:
            event = await self._due(guild_id, notice.event)
            if event is None:
                return
            notice.event, notice.is_due = event, True
        event = notice.event
        try:
            is_told = await self.modlog.post(guild_id, settings.log_channel, event, locale=settings.locale)
        except RetryLater:
            raise
        except Exception:  # one channel's trouble, whatever it is, must not silence all the others
            log.exception("notice_failed", extra={"guild": guild_id, "kind": event.kind.value})
            return
        if not is_told:
            return
        self.metrics.count("notices_told", kind=event.kind.value)
        hour = self._hours.setdefault(guild_id, _Hour())
        hour.lines += 1
        if hour.lines == LINES:
            enough = ModEvent(event.kind, event.key, text("log.enough", limit=LINES))
            self._waiting[guild_id].appendleft(_Notice(enough, is_due=True))

    async def _due(self, guild_id: int, event: ModEvent) -> ModEvent | None:
        """What is to be told of it now, with what was held back; None: nothing."""
        if self._hours.get(guild_id, _Hour()).lines >= LINES:
            self.metrics.count("notices_dropped", kind=event.kind.value)
            return None
        window = REPEAT_AFTER_MS[event.kind]
        if not window:
            return event
        held_back = await self.records.claim_notice(guild_id, event.key, self.clock.now(), window_ms=window)
        return None if held_back is None else replace(event, held_back=held_back)
