"""Telling moderators: events are handed over at once, and told one after the other, each once in a window.
Never here: what is worth telling (that is `events`), and how it looks in the channel."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from cachetools import TTLCache

from bot.domain.servers.guild_ports import EventKind, ModEvent
from bot.errors import StorageTrouble
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
    _waiting: dict[int, deque[ModEvent]] = field(init=False, default_factory=dict)
    _turns: asyncio.Queue[int] = field(init=False, default_factory=asyncio.Queue)
    """Servers whose turn it is to be told something; each stands there once, and goes to the end after it."""
    _hours: TTLCache[int, _Hour, int] = field(init=False)

    def __post_init__(self) -> None:
        self._hours = TTLCache(SERVERS, HOUR_MS, self.clock.now)

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
            self._turns.put_nowait(guild_id)
        mine.append(event)

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
            for _ in range(AT_ONCE):
                senders.create_task(self._run())

    async def _run(self) -> None:
        while True:
            guild_id = await self._turns.get()
            try:
                await self._pass_on(guild_id, self._waiting[guild_id].popleft())
            except StorageTrouble as trouble:
                log.warning("notice_lost", extra={"guild": guild_id, "reason": str(trouble)})
            finally:
                if self._waiting[guild_id]:
                    self._turns.put_nowait(guild_id)
                else:
                    del self._waiting[guild_id]
                self._turns.task_done()

    async def drain(self) -> None:
        """Wait until everything handed over so far has been told (`run` must be running)."""
        await self._turns.join()

    async def _pass_on(self, guild_id: int, event: ModEvent) -> None:
        settings = await self.settings.settings(guild_id)
        if settings.log_channel is None:
            return
        if self._hours.get(guild_id, _Hour()).lines >= LINES:
            self.metrics.count("notices_dropped", kind=event.kind.value)
            return
        window = REPEAT_AFTER_MS[event.kind]
        if window:
            held_back = await self.records.claim_notice(
                guild_id, event.key, self.clock.now(), window_ms=window
            )
            if held_back is None:
                return
            event = replace(event, held_back=held_back)
        await self._post(guild_id, settings.log_channel, event, settings.locale)
        if self._hours.get(guild_id, _Hour()).lines == LINES:
            enough = ModEvent(event.kind, event.key, text("log.enough", limit=LINES))
            await self._post(guild_id, settings.log_channel, enough, settings.locale)

    async def _post(self, guild_id: int, channel_id: int, event: ModEvent, locale: str | None) -> None:
        self._hours.setdefault(guild_id, _Hour()).lines += 1
        try:
            await self.modlog.post(guild_id, channel_id, event, locale=locale)
        except Exception:  # one channel's trouble, whatever it is, must not silence all the others
            log.exception("notice_failed", extra={"guild": guild_id, "kind": event.kind.value})
            return
        self.metrics.count("notices_told", kind=event.kind.value)
