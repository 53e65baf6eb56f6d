"""Deletes what the bot posted for members who were erased, a few messages at a time; others' cards lose the words.
Never here: what is erased in the database, and who asks for it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.jobs import Route
from bot.domain.ports import Showing
from bot.domain.servers.guild_ports import EventKind, ModEvent
from bot.errors import RetryLater, RouteClosed, StorageTrouble
from bot.texts import text

if TYPE_CHECKING:
    from bot.domain.ports import Clock, JobStore, Publisher
    from bot.domain.servers.guild_ports import Records
    from bot.domain.servers.guilds import ErasedCard
    from bot.services.modlog.dispatcher import Dispatcher

log = logging.getLogger(__name__)

EVERY_S: Final = 10
BATCH: Final = 5
"""Messages in that time: Discord lets a bot delete old ones slowly, and pictures that are being made go first."""
LEASE_MS: Final = 300_000
"""For how long one process has a message to itself; after trouble it also is the wait before the next attempt."""
TRIES: Final = 20
GONE: Final = frozenset({"message_gone", "channel_gone"})


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class ErasedCards:
    """What the bot posted, and can still reach. What it cannot is named in the server's log channel."""

    records: Records
    jobs: JobStore
    publisher: Publisher
    dispatcher: Dispatcher
    clock: Clock

    async def run(self) -> None:
        """Delete what is due, until cancelled."""
        while True:
            try:
                await self.go_on()
            except StorageTrouble as trouble:
                log.warning("standing_cards_not_read", extra={"reason": str(trouble)})
            await self.clock.pause(EVERY_S)

    async def go_on(self) -> None:
        """Take care of some that are due now. Raises `StorageTrouble`; what was not settled is done again."""
        for card in await self.records.claim_cards(self.clock.now(), lease_ms=LEASE_MS, limit=BATCH):
            try:
                gone = await self._cleared(card)
            except RetryLater as later:
                log.info("card_put_off", extra={"job": card.job_key, "reason": later.reason})
                if card.tries < TRIES:
                    continue
                gone = False
            if not gone:
                self._notify(card)
            await self.records.settle_card(card, gone=gone)

    async def _cleared(self, card: ErasedCard) -> bool:
        """Whether the words stand there no more. Raises `RetryLater`."""
        try:
            if card.own:
                await self.publisher.take_down(card.channel_id, card.message_id)
            elif (job := await self.jobs.get(card.job_key)) is not None:
                if job.reply.message_id != card.message_id:
                    return False  # a copy that was shown by request: there is no way to draw it anew
                pressed = await self.jobs.pressed(job.key)
                showing = Showing(job, self.clock.now(), pressed=pressed)
                await self.publisher.show(showing, Route.EDIT, picture=None)
        except RouteClosed as closed:
            return closed.reason in GONE
        return True

    def _notify(self, card: ErasedCard) -> None:
        channel = str(card.channel_id)
        said = text("log.card_stands", channel=channel, key=card.job_key)
        event = ModEvent(EventKind.MISSING_PERMISSION, f"stands/{channel}", said, job=card.job_key)
        self.dispatcher.notify(card.guild_id, event)
