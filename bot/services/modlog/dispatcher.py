"""Telling moderators: events are handed over at once, and told one after the other, each once in a window.
Never here: what is worth telling (that is `events`), and how it looks in the channel."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from bot.domain.guild_ports import EventKind
from bot.errors import StorageTrouble
from bot.services.modlog.events import events_of, lost_way

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.guild_ports import ModEvent, ModLog, Records, SettingsStore
    from bot.domain.jobs import Job
    from bot.domain.ports import Clock, Metrics

log = logging.getLogger(__name__)

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
MODALS: Final[Mapping[EventKind, int]] = {
    EventKind.REFUSED: 10 * MINUTE_MS,
    EventKind.WARNED: 10 * MINUTE_MS,
    EventKind.STRUCK: 0,
    EventKind.SETTINGS: 0,
    EventKind.MEMBER: 0,
    EventKind.ERROR: HOUR_MS,
    EventKind.KEY_REJECTED: 6 * HOUR_MS,
    EventKind.BALANCE_LOW: 6 * HOUR_MS,
    EventKind.MISSING_PERMISSION: 6 * HOUR_MS,
}
"""For how long the same event is not told again. 0: its key is never used twice."""
WAITING_LIMIT: Final = 1_000
"""Events that may wait to be told; beyond it the newest are dropped and counted."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Dispatcher:
    """The way to servers' log channels."""

    settings: SettingsStore
    records: Records
    modlog: ModLog
    clock: Clock
    metrics: Metrics
    _waiting: asyncio.Queue[tuple[int, ModEvent]] = field(
        init=False, default_factory=lambda: asyncio.Queue(WAITING_LIMIT)
    )

    def tell(self, guild_id: int | None, event: ModEvent) -> None:
        """Have moderators of a server hear of it; returns at once, and may be called from anywhere in the loop."""
        if guild_id is None:
            return
        try:
            self._waiting.put_nowait((guild_id, event))
        except asyncio.QueueFull:
            self.metrics.count("notices_dropped", kind=event.kind.value)

    def tell_of_job(self, job: Job, reasons: Sequence[str]) -> None:
        """Have moderators hear of a delivered job if it went wrong; `reasons` closed better ways to show it."""
        for event in events_of(job, reasons):
            self.tell(job.home, event)

    def tell_of_lost(self, job: Job, why: str) -> None:
        """Have moderators hear of a finished job that could be shown nowhere."""
        event = lost_way(job, why)
        if event is not None:
            self.tell(job.home, event)

    async def run(self) -> None:
        """Tell what comes, until cancelled."""
        while True:
            guild_id, event = await self._waiting.get()
            try:
                await self._pass_on(guild_id, event)
            except StorageTrouble as trouble:
                log.warning("notice_lost", extra={"guild": guild_id, "reason": str(trouble)})
            finally:
                self._waiting.task_done()

    async def drain(self) -> None:
        """Wait until everything handed over so far has been told (`run` must be running)."""
        await self._waiting.join()

    async def _pass_on(self, guild_id: int, event: ModEvent) -> None:
        settings = await self.settings.settings(guild_id)
        if settings.log_channel is None:
            return
        window = MODALS[event.kind]
        if window:
            held_back = await self.records.claim_notice(
                guild_id, event.key, self.clock.now(), window_ms=window
            )
            if held_back is None:
                return
            event = replace(event, held_back=held_back)
        try:
            await self.modlog.post(guild_id, settings.log_channel, event, locale=settings.locale)
        except Exception:  # one channel's trouble, whatever it is, must not silence all the others
            log.exception("notice_failed", extra={"guild": guild_id, "kind": event.kind.value})
            return
        self.metrics.count("notices_told", kind=event.kind.value)
