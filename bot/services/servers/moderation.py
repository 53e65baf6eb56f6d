"""What moderators do with members and their jobs: blocks, strikes, views, cancelling, what is kept about somebody.
Never here: settings (that is `settings`), words on a prompt being accepted (that is `policy`), and who is a moderator."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from bot.domain.days import day_of
from bot.domain.jobs import JobState
from bot.domain.schedule import DAY
from bot.domain.servers.access import REASON_LIMIT
from bot.domain.servers.guild_ports import EventKind, ModEvent
from bot.domain.servers.guilds import Block, MemberView
from bot.errors import RouteClosed, UserError
from bot.services.servers.examining import examined_as_sent
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from bot.domain.archive import JobArchive
    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.domain.ports import Clock, JobStore, Publisher, Wakeup
    from bot.domain.servers.guild_ports import GuildStores
    from bot.domain.servers.guilds import Actor
    from bot.domain.servers.moderation import Verdict
    from bot.services.modlog.dispatcher import Dispatcher
    from bot.services.servers.policy import GuildPolicy
    from bot.services.servers.settings import Guilds
    from bot.texts import Text

SHOWN_JOBS: Final = 10
SHOWN_STRIKES: Final = 10
SHOWN_KEYS: Final = 50
"""Of jobs that were cancelled at once, those that the history names; the rest is counted."""
DROPPED_AT_ONCE: Final = 5
"""Cancelled jobs that image servers are asked to take out of their queues at the same time."""
BATCH: Final = 100_000
"""How many jobs one look at a queue brings: all of them."""
DONE_TO_OTHERS: Final = MappingProxyType({"cancel": "log.cancelled", "delete_card": "log.card_deleted"})
"""What is said of each act that `audit_act_on_other` writes down."""


@dataclass(frozen=True, slots=True)
class Erased:
    """How far a member was forgotten."""

    jobs: int
    """Jobs that were emptied."""
    running: int
    """Jobs that upstream still works on: they are shown to nobody, and emptied when they end."""


@dataclass(frozen=True, slots=True)
class RemovedResult:
    """A result that was taken away."""

    job: Job
    """As it was before, with the place of a card that stands still, so that this can be named."""
    card_is_gone: bool
    """False: Discord does not let us delete the message; a moderator can."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Moderation:
    """Acts on members and jobs of a server; each act is audited and told."""

    guilds: Guilds
    policy: GuildPolicy
    stores: GuildStores
    jobs: JobStore
    archive: JobArchive
    publisher: Publisher
    wakeup: Wakeup
    show: Callable[[Job], None]
    drop: Callable[[Job], Awaitable[bool]]
    """Has the image server take a job out of its queue; False where it cannot. Raises nothing."""
    clock: Clock
    dispatcher: Dispatcher

    async def examine(self, guild_id: int, words: str) -> Verdict:
        """Try a prompt against the server's rules as `/imagine` would send it; nothing is counted or told."""
        return await examined_as_sent(words, await self.guilds.settings(guild_id))

    # -- members -----------------------------------------------------------------------------------------

    async def block(
        self, guild_id: int, actor: Actor, user_id: int, *, until: int | None, reason: str
    ) -> Block:
        """Keep a member from making pictures, over any block there was; None: until it is lifted."""
        now = self.clock.now()
        if until is not None and until <= now:
            raise UserError(text("settings.past"))
        await self.guilds.write_limits.take_act(guild_id)
        block = Block(user_id, until, reason.strip()[:REASON_LIMIT], actor, now)
        await self.stores.members.block(guild_id, block)
        if until is None:
            said = text("log.blocked", user=str(user_id))
        else:
            said = text("log.blocked_until", user=str(user_id), until=until // 1_000)
        self._notify(guild_id, actor, user_id, "block", said, {"reason": block.reason, "until": until})
        return block

    async def unblock(self, guild_id: int, actor: Actor, user_id: int) -> Block:
        """Lift a member's block; raises `UserError` if there is none."""
        await self.guilds.write_limits.take_act(guild_id)
        lifted = await self.stores.members.unblock(guild_id, user_id, actor=actor, at=self.clock.now())
        if lifted is None:
            raise UserError(text("settings.not_blocked"))
        self._notify(guild_id, actor, user_id, "unblock", text("log.unblocked", user=str(user_id)), {})
        return lifted

    async def blocks(self, guild_id: int) -> Sequence[Block]:
        """Every block that holds now, the latest first."""
        return await self.stores.members.blocks(guild_id, self.clock.now())

    async def forgive(self, guild_id: int, actor: Actor, user_id: int) -> int:
        """Let a member's strikes count no more; returns how many did."""
        await self.guilds.write_limits.take_act(guild_id)
        now, settings = self.clock.now(), await self.guilds.settings(guild_id)
        since = now - settings.strikes.days * DAY
        n = await self.stores.members.forgive(guild_id, user_id, since=since, actor=actor, at=now)
        if n:
            self._notify(guild_id, actor, user_id, "forgive", text("log.forgiven", user=str(user_id)), {})
        return n

    async def member(self, guild_id: int, user_id: int) -> MemberView:
        """All that is known of a member here."""
        now = self.clock.now()
        settings = await self.guilds.settings(guild_id)
        day, since = day_of(now, settings.zone), now - settings.strikes.days * DAY
        page = await self.archive.page(user_id, guild_id, skip=0, limit=SHOWN_JOBS)
        spent = {
            pool: (await self.stores.books.standing(guild_id, user_id, pool, day=day, now=now)).spent
            for pool in await self.policy.shown(guild_id)
        }
        return MemberView(
            user_id=user_id,
            block=await self.stores.members.block_of(guild_id, user_id, now),
            strikes=await self.stores.members.strikes(guild_id, user_id, since=since, limit=SHOWN_STRIKES),
            counting=await self.stores.members.counting(guild_id, user_id, since=since),
            grants=await self.stores.members.grants(guild_id, user_id, now),
            jobs=page.jobs,
            spent_today=spent,
            made=page.total,
        )

    # -- jobs --------------------------------------------------------------------------------------------

    async def live_jobs(self, guild_id: int, *, user_id: int | None = None) -> Sequence[Job]:
        """All unfinished jobs of a server or of one member, the oldest first."""
        return await self.archive.live(guild_id, user_id=user_id, limit=BATCH)

    async def waiting(self, guild_id: int) -> int:
        """How many jobs of a server stand in the queue, which `clear_queue` would cancel."""
        return sum(load.waiting for load in (await self.archive.load(guild_id)).values())

    async def job(self, guild_id: int, key: JobKey) -> Job:
        """Read one job of this server; raises `UserError` if it is unknown here."""
        job = await self.jobs.get(key)
        if job is None or job.home != guild_id:
            raise UserError(text("settings.no_such_job", key=key))
        return job

    async def remove(self, guild_id: int, actor: Actor, key: JobKey) -> RemovedResult:
        """Take a result away: the messages that show it, picture, text and buttons. The job stays in the books, and costs.

        Pictures made from it with its buttons are jobs of their own. Raises `UserError` if there is no result, `RetryLater`
        if Discord cannot be asked just now: then the result is there still, and may be removed once more.
        """
        job = await self.job(guild_id, key)
        if job.state is not JobState.SUCCEEDED:
            raise UserError(text("settings.no_result", key=key))
        await self.guilds.write_limits.take_act(guild_id)
        places = await self.archive.shown_at(key)  # an earlier card stands where it was
        left = [place for place in places if not await self._take_down(*place)]
        await self.jobs.remove_result(key)
        details = {"jobs": [key]}
        await self._note(guild_id, actor, "remove", job.user_id, details)
        said = text("log.removed", user=str(job.user_id), key=key)
        self._notify(guild_id, actor, job.user_id, "remove", said, details)
        for channel_id, message_id in left[:1]:
            here = replace(job.reply, channel_id=channel_id, message_id=message_id)
            return RemovedResult(replace(job, reply=here), card_is_gone=False)
        return RemovedResult(job, card_is_gone=True)

    async def _take_down(self, channel_id: int, message_id: int) -> bool:
        try:
            await self.publisher.take_down(channel_id, message_id)
        except RouteClosed as closed:
            return closed.reason in {"message_gone", "channel_gone"}
        return True

    async def audit_act_on_other(self, guild_id: int | None, actor: Actor, action: str, key: JobKey) -> None:
        """Write down what somebody did to another member's job with a button or command that members have, too."""
        job = await self.jobs.get(key)
        if guild_id is None or job is None or job.user_id == actor.user_id:
            return
        details = {"jobs": [key]}
        await self._note(guild_id, actor, action, job.user_id, details)
        said = text(DONE_TO_OTHERS[action], n=1, user=str(job.user_id), key=key)
        self._notify(guild_id, actor, job.user_id, action, said, details)

    async def cancel(self, guild_id: int, actor: Actor, key: JobKey) -> Job:
        """Cancel one job of this server; raises `UserError` if it is unknown here or has ended."""
        await self.guilds.write_limits.take_act(guild_id)
        job = await self.job(guild_id, key)
        cancelled = await self.jobs.cancel(key, self.clock.now())
        if cancelled is None:
            raise UserError(text("settings.job_ended", key=key))
        try:
            if not job.unwanted:  # else it was withdrawn before
                await self._audit_act(guild_id, actor, "cancel", job.user_id, [cancelled])
        finally:  # also where that could not be written down: it is cancelled
            await self._drop([cancelled])
        return cancelled

    async def cancel_all(self, guild_id: int, actor: Actor, user_id: int) -> int:
        """Cancel all unfinished jobs of a member; returns how many."""
        await self.guilds.write_limits.take_act(guild_id)
        return await self._cancel_live(guild_id, actor, "cancel_all", user_id, queued_only=False)

    async def clear_queue(self, guild_id: int, actor: Actor) -> int:
        """Cancel every job of the server that waits; what was sent goes on. Returns how many."""
        await self.guilds.write_limits.take_act(guild_id)
        return await self._cancel_live(guild_id, actor, "clear_queue", None, queued_only=True)

    async def withdraw_queue(self, guild_id: int) -> None:
        """Cancel every job that waits in a server that sent the bot away, where nobody could be shown it."""
        await self._cancelled(await self.live_jobs(guild_id), queued_only=True)
        self.wakeup.wake()

    async def _cancel_live(
        self, guild_id: int, actor: Actor, action: str, user_id: int | None, *, queued_only: bool
    ) -> int:
        found = await self.live_jobs(guild_id, user_id=user_id)
        cancelled = await self._cancelled(found, queued_only=queued_only)
        # Whoever cancelled them may have died before the image server was asked.
        before = [] if queued_only else [job for job in found if job.unwanted]
        try:
            if cancelled:
                await self._audit_act(guild_id, actor, action, user_id, cancelled)
        finally:  # as `cancel`
            await self._drop([*cancelled, *before])
        return len(cancelled)

    async def _cancelled(self, found: Sequence[Job], *, queued_only: bool) -> Sequence[Job]:
        wanted = [
            job for job in found if not job.unwanted and (not queued_only or job.state is JobState.QUEUED)
        ]
        # What a worker has sent since we looked goes on, too.
        ended = [await self.jobs.cancel(job.key, self.clock.now(), only_queued=queued_only) for job in wanted]
        return [job for job in ended if job is not None]

    async def _drop(self, cancelled: Sequence[Job]) -> None:
        """Spare what nobody gets to see from being made, where the image server can take it out of its queue."""
        places = asyncio.Semaphore(DROPPED_AT_ONCE)

        async def drop(job: Job) -> None:
            async with places:
                if await self.drop(job):
                    self.wakeup.wake()

        await asyncio.gather(*map(drop, cancelled))

    async def _audit_act(
        self, guild_id: int, actor: Actor, action: str, subject: int | None, cancelled: Sequence[Job]
    ) -> None:
        for job in cancelled:
            if not job.is_terminal:  # a cancelled job is an outcome, which a worker delivers
                self.show(job)
        self.wakeup.wake()
        rest = len(cancelled) - SHOWN_KEYS
        details = {"jobs": [job.key for job in cancelled[:SHOWN_KEYS]] + [f"+{rest}"] * (rest > 0)}
        await self._note(guild_id, actor, action, subject, details)
        n = len(cancelled)
        said = (
            text("log.queue_cleared", n=n)
            if subject is None
            else text("log.cancelled", n=n, user=str(subject))
        )
        self._notify(guild_id, actor, subject, action, said, details)

    # -- what is kept ------------------------------------------------------------------------------------

    async def export(self, guild_id: int, actor: Actor, user_id: int) -> Mapping[str, Any]:
        """Everything kept about a member in a server, as JSON can say it."""
        await self.guilds.write_limits.take_act(guild_id)
        exported = await self.stores.records.export(guild_id, user_id)
        await self._note(guild_id, actor, "export", user_id, {})
        return exported

    async def erase(self, guild_id: int, actor: Actor, user_id: int) -> Erased:
        """Forget what a member wrote here, and cancel what still waits.

        The books keep numbers, and a block stays: it would otherwise be lifted by asking to be forgotten. What runs
        upstream, theirs or made of theirs, is found by its prompt: it is forgotten the moment it ends, and its card
        goes or loses the words. The result says how much of theirs that is.
        """
        at = self.clock.now()
        await self.cancel_all(guild_id, actor, user_id)
        n = await self.stores.records.erase(guild_id, user_id, actor=actor, at=at)
        late = [  # put into line in between
            await self.jobs.cancel(job.key, self.clock.now())
            for job in await self.live_jobs(guild_id, user_id=user_id)
            if job.created_at <= at and not job.unwanted
        ]
        await self._drop([job for job in late if job is not None])
        self._notify(guild_id, actor, user_id, "erase", text("log.erased", user=str(user_id)), {"jobs": n})
        return Erased(n, len(await self.live_jobs(guild_id, user_id=user_id)))

    async def cards_left(self, guild_id: int, user_id: int) -> int:
        """How many cards of an erased member still stand in Discord, where erasing does not reach."""
        return await self.stores.records.cards_left(guild_id, user_id)

    # -- accounting --------------------------------------------------------------------------------------

    async def _note(
        self, guild_id: int, actor: Actor, action: str, subject: int | None, details: Mapping[str, Any]
    ) -> None:
        await self.stores.settings.note(
            guild_id, actor=actor, at=self.clock.now(), action=action, subject=subject, details=details
        )

    def _notify(
        self,
        guild_id: int,
        actor: Actor,
        subject: int | None,
        action: str,
        said: Text,
        details: Mapping[str, Any],
    ) -> None:
        key = f"{action}/{subject}/{self.clock.now()}"
        self.dispatcher.notify(
            guild_id, ModEvent(EventKind.MEMBER, key, said, subject=subject, by=actor, details=details)
        )
