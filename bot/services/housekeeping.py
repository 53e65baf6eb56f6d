"""What is done now and then: forgetting old prompts, and the data of servers that sent the bot away.
Never here: what is deleted exactly (storage), and when moderators ask for it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.guilds import DELETION_DELAY_MS
from bot.domain.inputs import INPUT_LIFE_MS
from bot.domain.region_links import LINK_KEPT_MS
from bot.errors import StorageTrouble

if TYPE_CHECKING:
    from bot.domain.guild_ports import Records
    from bot.domain.ports import Clock, Metrics
    from bot.services.accounts.own_keys import OwnKeys
    from bot.services.intake.drafts import Drafts

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 600
BATCH: Final = 500
"""Jobs emptied in one transaction: a writer on SQLite holds up everybody else's."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Housekeeping:
    """Keeps the database from keeping too much. Several processes may do it at once."""

    records: Records
    drafts: Drafts
    own_keys: OwnKeys
    clock: Clock
    metrics: Metrics

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
        now = self.clock.now()
        emptied = BATCH
        while emptied == BATCH:
            emptied = await self.records.forget_prompts(now, limit=BATCH)
            self.metrics.count("prompts_forgotten", emptied)
        emptied = BATCH
        while emptied == BATCH:
            emptied = await self.records.forget_inputs(now - INPUT_LIFE_MS, limit=BATCH)
        await self.records.forget_links(now - LINK_KEPT_MS)
        await self.drafts.tidy()
        for guild_id in await self.records.delete_due(now):
            log.info("guild_deleted", extra={"guild": guild_id})
        await self.own_keys.tidy()

    async def left(self, guild_id: int) -> None:
        """The bot was removed from a server: its data goes in a month."""
        await self.records.schedule_deletion(guild_id, self.clock.now() + DELETION_DELAY_MS)

    async def joined(self, guild_id: int) -> None:
        """The bot is (again) in a server: its data stays."""
        await self.records.schedule_deletion(guild_id, None)
