"""Bringing an outcome to people: fetch the picture, fit it, show it by the first way that is open, retry until it sticks.
Never here: progress, and deciding what the outcome is."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from bot.domain.inputs import images_of
from bot.domain.jobs import Job, JobKind, JobState, Route
from bot.domain.party import CURRENT_PARTY
from bot.domain.ports import CardLocation, Picture, Showing
from bot.domain.schedule import DELIVERY_CAP_MS, PICTURE_CAP_MS, SECOND, backoff_ms
from bot.errors import LeaseLost, RetryLater, RouteClosed, TooLarge

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bot.domain.keys import JobKey
    from bot.domain.ports import Clock, JobStore, Metrics, Pictures, Publisher
    from bot.services.modlog.dispatcher import Dispatcher
    from bot.services.worker.progress import ProgressEditor

log = logging.getLogger(__name__)

SMALLER: Final = 0.5
"""A picture that Discord finds too large is fitted to this part of its size and offered again,"""
REFITS: Final = 3
"""at most this often; then the card goes out without it."""
PATIENCE_MS: Final = 10 * SECOND
"""So long after its end a job's card may wait for the picture; then it says what it is waiting for."""
FETCH_MS: Final = 4 * SECOND
"""So long a fetch may take in any case: a result that has waited for its channel, or for a worker, is one edit, not two."""
FETCHING: Final = "note.picture_fetching"
IN_PLACE: Final = frozenset({Route.REPLY, Route.EDIT})
"""Ways that change a message and make none."""
REFUSALS: Final = dict.fromkeys(
    ("picture_too_large", "animation_too_large", "too_many_bytes", "too_many_pixels"),
    "note.picture_too_large",
)
"""What the card says where the host is not to blame."""
UNREACHABLE: Final = "note.picture_unreachable"
NOT_ALLOWED: Final = "note.picture_not_allowed"
REDUCED: Final = "card.reduced"
"""Stands beside a picture that was made smaller, with a link to it in full size where there is one."""
LACKING: Final = "note.pictures_lacking"
"""Stands beside the others where one of several pictures could not be fetched."""
PICTURE_NOTES: Final = frozenset(
    {UNREACHABLE, NOT_ALLOWED, FETCHING, REDUCED, LACKING, "note.picture_gone", *REFUSALS.values()}
)
"""Notes of an earlier try about its picture; they say nothing of this one."""


@dataclass(slots=True)
class _Outgoing:
    """What is on its way: the job with its notes, and the picture if there is one."""

    job: Job
    picture: Picture | None


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Delivery:
    """Delivers ended jobs."""

    store: JobStore
    publisher: Publisher
    pictures: Pictures
    editor: ProgressEditor
    dispatcher: Dispatcher
    clock: Clock
    metrics: Metrics
    chance: Callable[[], float]
    owe_copy: Callable[[Job, Route], Awaitable[None]]
    strayed: Callable[[Job], Awaitable[None]]
    """Told of each delivered job, in case that it ran in another pool than its own."""
    is_news: Callable[[Job, int], Awaitable[bool]]
    """Whether a result that took so many milliseconds comes as a message of its own."""
    _announced: set[JobKey] = field(init=False, default_factory=set)
    """Jobs whose card says that the picture is being fetched; forgetting one only costs an edit."""

    async def deliver(self, job: Job) -> Job:
        """Deliver an ended job that this worker holds; returns the row as it now stands, its lease given back.

        Delivered means: shown, or kept for `/jobs show` because no way is open. Otherwise it is put off.
        Raises `LeaseLost` if the job was taken over, `StorageTrouble` if the outcome could not be recorded.
        """
        await self.editor.settle(job.key)
        job = replace(job, notes=tuple(note for note in job.notes if note not in PICTURE_NOTES))
        outgoing = _Outgoing(job, None)
        try:
            job = await self._adopted(job)
            if not _is_hidden(job):
                outgoing = await self._fetched(job)
                outgoing.job = job = await self._as_it_stands(job, outgoing)
                if not _is_hidden(job):
                    return await self._sent(outgoing)
            kept = await self._as_it_stands(job, outgoing)
            if kept.storage_key or kept.discord_url:  # else its member was erased, and nothing is kept
                # Another process may have cancelled it, and this one's progress stand on the card since.
                await self._edit(Showing(replace(kept, state=JobState.RUNNING, actions=()), self.clock.now()))
            return await self._done(job, Route.KEPT, await self._left_behind(job))
        except RetryLater as later:
            now = self.clock.now()
            wait = max(int((later.delay or 0) * SECOND), backoff_ms(job.tries, self.chance()))
            # With the mark of a message that may have gone out; what was tried of the picture is tried anew.
            waiting = replace(job, posting_at=outgoing.job.posting_at).put_off(due_at=now + wait)
            await self.store.release(waiting)
            log.info("delivery_put_off", extra={"job": job.key, "reason": later.reason, "try": waiting.tries})
            return waiting

    async def _as_it_stands(self, job: Job, outgoing: _Outgoing) -> Job:
        """The job as its row has it: its words may have been erased since it was claimed, or while it was fetched."""
        stored = await self.store.get(job.key)
        if stored is None or stored.fence != job.fence:
            raise LeaseLost(job.key)
        return replace(stored, notes=outgoing.job.notes)

    async def _adopted(self, job: Job) -> Job:
        """A message that was posted for a job without a card, and that nobody could note, is its card from here on.

        The row says so before anything is edited in: whoever posted it may only now hear that it is there.
        """
        found = None if job.reply.message_id is not None else await self._left_behind(job)
        if found is None:
            return job
        reply = replace(
            job.reply,
            channel_id=found.channel_id,
            token=None,  # it is no reply of an interaction's
            message_id=found.message_id,
            message_at=found.at,
        )
        adopted = replace(job, reply=reply)
        await self.store.save(adopted)
        return adopted

    async def _left_behind(self, job: Job) -> CardLocation | None:
        """A message that was posted and that nobody could note any more."""
        if job.posting_at is None:
            return None
        try:
            return await self.publisher.find(job)
        except RouteClosed:
            return None

    # -- the picture -------------------------------------------------------------------------------------

    async def _fetched(self, job: Job) -> _Outgoing:
        """Fetch the picture, or note on the card why there is none. Raises `RetryLater` while it is worth waiting."""
        if job.kind is JobKind.DESCRIBE and job.state is JobState.SUCCEEDED:
            return _Outgoing(job, await described(job, self.store))
        if job.state is not JobState.SUCCEEDED or not (job.storage_key or job.discord_url):
            return _Outgoing(job, None)
        try:
            picture = await self._fetch_in_sight(job)
        except RouteClosed as closed:
            log.warning("picture_refused", extra={"job": job.key, "reason": closed.reason})
            return _Outgoing(_noted(job, REFUSALS.get(closed.reason, NOT_ALLOWED)), None)
        except RetryLater as later:
            await self._give_up(job, later)
            return _Outgoing(_noted(job, UNREACHABLE), None)
        if isinstance(picture.lacking, RetryLater):
            await self._give_up(job, picture.lacking)
        return _Outgoing(job, picture)

    async def _give_up(self, job: Job, later: RetryLater) -> None:
        """Raises the trouble while it is worth waiting."""
        if self.clock.now() - (job.finished_at or 0) < PICTURE_CAP_MS:
            await self._announce(job)
            raise later
        log.warning("picture_given_up", extra={"job": job.key, "reason": later.reason})

    async def _fetch_in_sight(self, job: Job) -> Picture:
        """Fetch it; where that takes long, the card says so meanwhile instead of looking as if nothing had ended."""
        arrived = asyncio.Event()
        fetching = asyncio.ensure_future(self._fetch(job, job.reply.upload_limit))
        fetching.add_done_callback(lambda _: arrived.set())
        try:
            left = (job.finished_at or 0) + PATIENCE_MS - self.clock.now()
            await self.clock.pause(max(left, FETCH_MS) / SECOND, arrived)
            if not fetching.done():
                await self._announce(job)
            return await fetching
        finally:
            fetching.cancel()

    async def _announce(self, job: Job) -> None:
        """Give the card its buttons while the picture is still to come; best effort, the outcome follows in any case."""
        if job.key in self._announced or job.unwanted:
            return
        if await self._edit(Showing(_noted(job, FETCHING), self.clock.now())):
            self._announced.add(job.key)

    async def _edit(self, showing: Showing) -> bool:
        """Change the card where it is, if that goes at once; returns whether it did."""
        for route in (one for one in showing.job.reply.open_routes(showing.now) if one in IN_PLACE):
            try:
                await self.publisher.show(showing, route, picture=None)
            except (RouteClosed, RetryLater, TooLarge) as trouble:
                log.info("card_not_edited", extra={"job": showing.job.key, "reason": str(trouble)})
            else:
                return True
        return False

    async def _fetch(self, job: Job, limit: int) -> Picture:
        CURRENT_PARTY.set(job.home or job.user_id)
        return await self.pictures.fetch(
            storage_key=job.storage_key, discord_url=job.discord_url, limit=limit
        )

    async def _make_smaller(self, outgoing: _Outgoing, attempt: int) -> None:
        """Discord found the upload too large, whatever it had told us: offer less, in the end none."""
        if outgoing.picture is not None and attempt < REFITS:
            with suppress(RouteClosed, RetryLater):
                limit = int(len(outgoing.picture.data) * SMALLER)
                outgoing.picture = await self._fetch(outgoing.job, limit)
                return
        outgoing.job, outgoing.picture = _noted(outgoing.job, "note.picture_too_large"), None

    # -- the way -----------------------------------------------------------------------------------------

    async def _sent(self, outgoing: _Outgoing) -> Job:
        """Try each open way, the best first."""
        now = self.clock.now()
        put_off: RetryLater | None = None
        reasons: list[str] = []
        withdrawn = outgoing.job.unwanted or outgoing.job.state is JobState.CANCELLED
        news = await self._comes_as_news(outgoing.job, now)
        for route in _best_first(outgoing.job.reply.open_routes(now), as_news=news):
            if withdrawn and route not in IN_PLACE:
                break  # its card says so; where that is gone, nobody needs a new message about it
            if route is Route.DIRECT and put_off is not None:
                break  # the channel may answer again soon; a direct message is for when it never will
            try:
                shown = await self._by(route, outgoing, is_news=news)
            except RouteClosed as closed:
                reasons.append(closed.reason)
                log.info(
                    "delivery_rerouted",
                    extra={"job": outgoing.job.key, "route": route.value, "reason": closed.reason},
                )
            except RetryLater as later:
                put_off = later
                if route is not Route.REPLY:
                    break
            else:
                job = outgoing.job
                outgoing.job = replace(job, notes=(*job.notes, *noted_of(outgoing.picture)))
                await self._fold(outgoing.job, shown, route, as_news=news)
                return await self._done(outgoing.job, route, shown, reasons)
        if put_off is not None and now - (outgoing.job.finished_at or now) < DELIVERY_CAP_MS:
            raise put_off
        if not withdrawn:
            why = ", ".join(reasons) or (put_off.reason if put_off else "no_route")
            where = outgoing.job.reply.channel_id
            log.warning("delivery_kept", extra={"job": outgoing.job.key, "channel": where, "reason": why})
            self.dispatcher.notify_of_lost(outgoing.job, why)
        return await self._done(outgoing.job, Route.KEPT, None, reasons)

    async def _comes_as_news(self, job: Job, now: int) -> bool:
        """Whether its requester has waited so long that an edit would not be noticed."""
        if job.state is not JobState.SUCCEEDED or job.unwanted or job.reply.message_id is None:
            return False
        ended = now if job.key in self._announced else job.finished_at or now
        return await self.is_news(job, ended - job.created_at)

    async def _fold(self, job: Job, shown: CardLocation, via: Route, *, as_news: bool) -> None:
        """Let the old card lead to the new one; after a crash this is done again, which changes nothing."""
        if as_news and via is Route.POST and shown.message_id != job.reply.message_id:
            await self._edit(Showing(job, self.clock.now(), moved_to=shown))

    async def _by(self, route: Route, outgoing: _Outgoing, *, is_news: bool = False) -> CardLocation:
        """Go one way, with a smaller picture if Discord asks for it."""
        if route is Route.POST and (found := await self._before_posting(outgoing)) is not None:
            return found
        for attempt in range(REFITS + 2):
            pressed = await self._pressed(outgoing.job)
            showing = Showing(outgoing.job, self.clock.now(), pressed=pressed, is_news=is_news)
            try:
                return await self.publisher.show(showing, route, picture=outgoing.picture)
            except TooLarge:
                await self._make_smaller(outgoing, attempt)
        raise RouteClosed("too_large")

    async def _pressed(self, job: Job) -> frozenset[int]:
        """A card that waited for its picture has had its buttons all the while."""
        return await self.store.pressed(job.key) if job.key in self._announced else frozenset()

    async def _before_posting(self, outgoing: _Outgoing) -> CardLocation | None:
        """A new message is the one effect that must not happen twice: note it first, and look for the one noted before.

        Discord's nonce covers some minutes, the channel's history the rest.
        """
        if outgoing.job.posting_at is not None:
            found = await self.publisher.find(outgoing.job)
            if found is not None:
                return found
        outgoing.job = replace(outgoing.job, posting_at=self.clock.now())
        await self.store.save(outgoing.job)
        return None

    async def _done(
        self, job: Job, route: Route, shown: CardLocation | None, reasons: Sequence[str] = ()
    ) -> Job:
        now = self.clock.now()
        self._announced.discard(job.key)
        reply = job.reply
        if shown is not None:
            moved = shown.message_id != reply.message_id
            reply = replace(
                reply,
                channel_id=shown.channel_id,
                guild_id=None if route is Route.DIRECT else reply.guild_id,
                token=None if route is Route.DIRECT else reply.token,  # a direct message is no reply of it
                message_id=shown.message_id,
                message_at=shown.at if moved or reply.message_at is None else reply.message_at,
            )
        done = job.delivered(route, now, reply=reply)
        await self.owe_copy(
            done, route
        )  # a row before the outcome is recorded: no copy is lost with the process
        await self.store.release(done)
        self.metrics.count("deliveries", route=route.value)
        self.metrics.observe("delivery_lag_seconds", (now - (job.finished_at or now)) / SECOND)
        log.info("job_delivered", extra={"job": job.key, "route": route.value})
        await self.strayed(job)
        self.dispatcher.notify_of_job(
            job, reasons
        )  # as it was: a direct message has moved its card elsewhere
        return done


async def described(job: Job, store: JobStore) -> Picture | None:
    """The picture that a description is about, as its member gave it; None once it is not kept any more."""
    for one in images_of(await store.inputs(job.key)):
        return Picture(one.data, one.filename, one.media_type, width=0, height=0)
    return None


def noted_of(picture: Picture | None) -> tuple[str, ...]:
    """What a card keeps of its picture, for whenever it is drawn anew beside it."""
    if picture is None:
        return ()
    return (*([LACKING] if picture.lacking else []), *([REDUCED] if picture.reduced else []))


def _is_hidden(job: Job) -> bool:
    """Nobody is shown it: its requester did not want it any more, or was erased."""
    return job.unwanted and job.state is JobState.SUCCEEDED


def _noted(job: Job, note: str) -> Job:
    return job if note in job.notes else replace(job, notes=(*job.notes, note))


def _best_first(routes: Sequence[Route], *, as_news: bool) -> Sequence[Route]:
    """Ways to people: what is news is a new message, and only where there can be none an edit."""
    ways = [one for one in routes if one is not Route.KEPT]
    return sorted(ways, key=lambda one: one is not Route.POST) if as_news else ways
