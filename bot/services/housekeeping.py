"""What is done now and then: forgetting old prompts, and the data of servers that sent the bot away.
Never here: what is deleted exactly (storage), and when moderators ask for it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from bot.domain.inputs import INPUT_LIFE_MS
from bot.domain.region_links import LINK_KEPT_MS
from bot.domain.schedule import DAY
from bot.domain.servers.guilds import DELETION_DELAY_MS
from bot.domain.steady import Steady
from bot.errors import StorageTrouble

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.domain.ports import Clock, Metrics
    from bot.domain.servers.guild_ports import Records
    from bot.services.accounts.own_keys import OwnKeys
    from bot.services.intake.drafts import Drafts

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 600
BATCH: Final = 20
"""Rows changed in one transaction: a writer on SQLite holds up everybody else's."""
SHARE_MS: Final = 300_000
"""So long one kind is worked on; then the others have their turn, and it goes on the next time."""
AUDIT_KEPT_MS: Final = 400 * DAY
"""What moderators did can be looked up for a year, and some days."""
NOTICES_KEPT_MS: Final = 7 * DAY
"""Longer than the longest time in which nothing is told twice."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Housekeeping:
    """Keeps the database from keeping too much. Several processes may do it at once."""

    records: Records
    drafts: Drafts
    own_keys: OwnKeys
    clock: Clock
    metrics: Metrics
    retention_days: int | None = None
    """How long servers that decided nothing keep prompts; None: for ever."""

    async def run(self) -> None:
        """Tidy up every few minutes, until cancelled."""
        while True:
            try:
                await self.tidy()
            except StorageTrouble as trouble:
                log.warning("tidying_failed", extra={"reason": str(trouble)})
            await self.clock.pause(EVERY_SECONDS)

    async def tidy(self) -> None:
        """Forget what is due to be forgotten now."""
        now, records = self.clock.now(), self.records
        await _all(lambda: records.forget_tokens(now, limit=BATCH), self._share())
        self.metrics.count("prompts_forgotten", await self._forget_prompts(now))
        await _all(lambda: records.forget_inputs(now - INPUT_LIFE_MS, limit=BATCH), self._share())
        await _all(lambda: records.forget_notices(now - NOTICES_KEPT_MS, limit=BATCH), self._share())
        await _all(lambda: records.forget_audit(now - AUDIT_KEPT_MS, limit=BATCH), self._share())
        await self.records.forget_links(now - LINK_KEPT_MS)
        await self.drafts.tidy()
        for guild_id in await self.records.delete_due(now):
            log.info("guild_deleted", extra={"guild": guild_id})
        await self.own_keys.tidy()

    async def _forget_prompts(self, now: int) -> int:
        """One server after the other, which are looked for once; returns how many."""
        total, has_time, days = 0, self._share(), self.retention_days
        for guild_id in await self.records.servers_to_forget(now, usual_days=days):
            step = partial(self.records.forget_prompts, guild_id, now, limit=BATCH, usual_days=days)
            total += await _all(step, has_time)
            if not has_time():
                break
        return total

    def _share(self) -> Callable[[], bool]:
        """Whether there is still time for one kind, from now on."""
        passed = Steady(self.clock)
        return lambda: passed() < SHARE_MS

    async def left(self, guild_id: int) -> None:
        """The bot was removed from a server: its data goes in a month."""
        await self.records.schedule_deletion(guild_id, self.clock.now() + DELETION_DELAY_MS)

    async def joined(self, guild_id: int) -> None:
        """The bot is (again) in a server: its data stays."""
        await self.records.schedule_deletion(guild_id, None)


async def _all(step: Callable[[], Awaitable[int]], has_time: Callable[[], bool]) -> int:
    """Do a step until it finds less than a whole one to do, or there is no more time; returns how much it was in all."""
    total = 0
    while (done := await step()) == BATCH and has_time():
        total += done
    return total + done
