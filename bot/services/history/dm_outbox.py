"""Copies of finished pictures in direct messages, for those who want them: a row first, then the message, each once.
Never here: the delivery itself, which never waits for this."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bot.domain.jobs import JobState, Route
from bot.errors import RetryLater, RouteClosed, StorageTrouble, UserError
from bot.services.admission.viewer import Viewer
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.domain.personal_items import PersonalItems
    from bot.domain.ports import Clock, JobStore, Publisher
    from bot.services.history.preferences import People
    from bot.services.history.redelivery import Redelivery

log = logging.getLogger(__name__)

EVERY_S: Final = 10
"""How often what another process owes, or what failed before, is looked for."""
LEASE_MS: Final = 120_000
"""For how long one worker has a copy to itself; after trouble it also is the wait before the next attempt."""
TRIES: Final = 5
IN_PUBLIC: Final = frozenset({Route.REPLY, Route.EDIT, Route.POST})
"""Ways after which a copy is something more; a picture that came as a direct message is there already."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class DmQueue:
    """Notes who gets a copy; the delivery calls it."""

    people: People
    store: PersonalItems
    clock: Clock
    wakeup: asyncio.Event = field(init=False, default_factory=asyncio.Event)
    """Set when something is owed."""

    async def enqueue(self, job: Job, route: Route) -> None:
        """Note that the requester of a delivered job gets a copy, if they want copies. Raises nothing."""
        if job.state is not JobState.SUCCEEDED or route not in IN_PUBLIC:
            return
        try:
            if not (await self.people.preferences(job.user_id)).copies:
                return
            await self.store.enqueue_copy(job.key, self.clock.now())
        except StorageTrouble as trouble:  # the delivery itself is what matters
            log.warning("copy_not_noted", extra={"job": job.key, "reason": str(trouble)})
            return
        self.wakeup.set()


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class DmOutbox:
    """Hands over what is owed. The same nonce in each attempt makes two of one copy into one for some minutes."""

    queue: DmQueue
    people: People
    store: PersonalItems
    jobs: JobStore
    redelivery: Redelivery
    publisher: Publisher
    clock: Clock
    link_of: Callable[[Job], str | None]

    async def run(self) -> None:
        """Hand over what is owed, until cancelled."""
        while True:
            self.queue.wakeup.clear()
            try:
                await self.deliver_due()
            except StorageTrouble as trouble:
                log.warning("copies_not_read", extra={"reason": str(trouble)})
            await self.clock.pause(EVERY_S, self.queue.wakeup)

    async def deliver_due(self) -> None:
        """Hand over what is owed and due now. Raises `StorageTrouble`."""
        # One at a time: several would share a lease, and the last of them could wait for longer than it lasts.
        while due := await self.store.claim_copies(self.clock.now(), lease_ms=LEASE_MS, limit=1):
            ((key, tries),) = due
            try:
                handed = await self._handed(key)
            except StorageTrouble as trouble:  # of this one alone, perhaps: what waits behind it goes on
                log.warning("copy_not_read", extra={"job": key, "reason": str(trouble)})
                handed = False
            if handed or tries >= TRIES:
                await self.store.remove_copy(key)

    async def _handed(self, key: JobKey) -> bool:
        """Whether nothing is owed any more."""
        job = await self.jobs.get(key)
        if job is None or not (await self.people.preferences(job.user_id)).copies:
            return True
        viewer = Viewer(user_id=job.user_id, guild_id=job.home, manages=False)
        locale = self.people.language(job.user_id) or job.locale
        try:
            await self.redelivery.send(
                viewer, key, locale=locale, link=self.link_of(job), nonce=f"copy-{key}"
            )
        except RetryLater as later:
            log.info("copy_put_off", extra={"job": key, "reason": later.reason})
            return False
        except UserError as refused:
            log.info("copy_not_handed", extra={"job": key, "reason": refused.text.id})
            if refused.text.id == "jobs.dms_closed":
                await self._stop(job, locale)
            return refused.text.id != "jobs.picture_gone"  # which may mean: just now
        return True

    async def _stop(self, job: Job, locale: str) -> None:
        """They take no direct messages: switch copies off, and say so once, where only they see it."""
        await self.people.stop_copies(job.user_id)
        try:
            await self.publisher.send_ephemeral(job.reply, text("copies.stopped"), locale=locale)
        except (RouteClosed, RetryLater) as trouble:  # the card of /prefer says it, too
            log.info("copies_stopped_silently", extra={"job": job.key, "reason": trouble.reason})
