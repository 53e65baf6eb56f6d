"""A finished job brought somewhere by request: its card here again, its file to one person; or a card taken down.
Never here: the first delivery of an outcome (that is `delivery`)."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bot.domain.jobs import Job, JobKind, JobState, Route
from bot.domain.ports import Picture, Showing
from bot.errors import RetryLater, RouteClosed, TooLarge, UserError
from bot.services.admission.authorization import Operation
from bot.services.worker.delivery import PICTURE_NOTES, REFUSALS, described, noted_of
from bot.texts import Text, text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeVar

    from bot.domain.keys import JobKey
    from bot.domain.ports import Clock, JobStore, Pictures, Publisher
    from bot.services.admission.asker import Asker
    from bot.services.admission.viewer import Viewer
    from bot.services.history.jobs import Jobs

    T = TypeVar("T")

log = logging.getLogger(__name__)

DIRECT_LIMIT: Final = 10 * 1024 * 1024
"""Bytes of a file in a direct message: Discord's least, which no server's boosts raise (facts §3.5)."""
SHARES: Final = (1.0, 0.5, 0.25, 0.125)
"""What is offered of the size limit, one after the other, if Discord finds a picture too large."""
PICTURE_GONE: Final = "note.picture_gone"
PICTURE_TOO_LARGE: Final = "note.picture_too_large"


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Redelivery:
    """Brings finished jobs to people who ask for them."""

    jobs: Jobs
    store: JobStore
    publisher: Publisher
    pictures: Pictures
    clock: Clock
    address_of: Callable[[Job], str | None] = lambda _job: None
    """Where a job's file lies for all to see, if it does."""

    async def show(self, viewer: Viewer, asker: Asker, key: JobKey, *, public: bool) -> None:
        """Put a job's card, with live buttons and its picture, into the asker's deferred answer.

        In public that becomes the job's card: links lead there from now on, and a job that was kept counts as
        delivered, and its picture is treated as pictures are there. Raises `UserError`, or `TooLarge` if not even a card
        without its picture is taken.
        """
        job = await self.jobs.get_managed(viewer, key, Operation.SHOW)
        if not job.is_terminal:
            raise UserError(text("jobs.unfinished", key=key))
        treated = await self.jobs.policy.treatment(asker) if public else ()

        async def put(picture: Picture | None, *missing: str) -> None:
            if public:
                # Before the look: whoever erases its words meanwhile finds this place, or they are not read.
                await self.store.keep_place(key, asker.reply)
            # Words may have been erased, or the result removed, while the picture was fetched.
            stored = await self.store.get(key)
            if stored is None or (picture is not None and _has_picture(job) and not _has_picture(stored)):
                raise UserError(text("jobs.picture_gone", key=key))
            said = (*treated, *missing)
            kept = (note for note in stored.notes if note not in {*PICTURE_NOTES, *said})
            # Here it was asked for, whatever was said before.
            here = replace(stored, reply=asker.reply, notes=(*kept, *said), unwanted=False)
            try:
                shown = await self.publisher.show(
                    Showing(here, self.clock.now(), pressed=await self.store.pressed(key)),
                    Route.REPLY,
                    picture=picture,
                )
            except (
                RouteClosed,
                RetryLater,
            ) as trouble:  # what it cost was paid long ago: say nothing of that
                log.info("card_not_shown", extra={"job": key, "reason": trouble.reason})
                raise UserError(text("jobs.not_shown", key=key)) from trouble
            if public:
                reply = replace(asker.reply, message_id=shown.message_id, message_at=shown.at)
                said += noted_of(picture)
                await self.store.move_card(key, reply, notes=said, without=PICTURE_NOTES)

        if job.kind is JobKind.DESCRIBE and job.state is JobState.SUCCEEDED:
            await put(await described(job, self.store))
            return
        if job.state is not JobState.SUCCEEDED or not _has_picture(job):
            await put(None)
            return
        missing = await self._with_picture(job, asker.reply.upload_limit, put)
        if missing is not None:
            await put(None, missing)

    async def send(self, viewer: Viewer, key: JobKey, *, locale: str, link: str | None, nonce: str) -> Text:
        """Send a picture's file to the viewer in a direct message; says that it is there.

        Anybody who sees the card may have the file: it is what the card shows. Raises `UserError` or `RetryLater`.
        """
        job = await self.jobs.get_authorized(viewer, key, Operation.SEND)
        if job.state is not JobState.SUCCEEDED or not _has_picture(job):
            raise UserError(text("jobs.no_picture", key=key))

        words = text("jobs.file", key=key) if link is None else text("jobs.file_from", key=key, link=link)

        async def send_dm(picture: Picture) -> None:
            stored = await self.store.get(key)
            if stored is None or not _has_picture(stored):  # removed while it was fetched
                raise UserError(text("jobs.picture_gone", key=key))
            try:
                await self.publisher.send_dm(
                    viewer.user_id, words, locale=locale, job=stored, picture=picture, nonce=nonce
                )
            except RouteClosed as closed:
                log.info("direct_message_refused", extra={"job": key, "reason": closed.reason})
                raise UserError(text("jobs.dms_closed")) from closed

        missing = await self._with_picture(job, DIRECT_LIMIT, send_dm)
        if missing == PICTURE_GONE:
            raise UserError(text("jobs.picture_gone", key=key))
        if missing is not None:
            address = self.address_of(job)
            if address is None:
                raise UserError(text("jobs.file_too_large_unlinked", key=key))
            raise UserError(text("jobs.file_too_large", key=key, link=address))
        return text("jobs.sent")

    async def take_down(self, viewer: Viewer, key: JobKey, *, channel_id: int, message_id: int) -> Text:
        """Delete a card; the job stays and can be shown again. Raises `UserError` or `RetryLater`.

        The message has to be one in which the job was shown: a button's custom_id is whatever its sender says.
        """
        job = await self.jobs.get_managed(viewer, key, Operation.DELETE)
        if (channel_id, message_id) not in await self.jobs.archive.shown_at(key):
            raise UserError(text("jobs.nothing_to_delete", key=key))
        try:
            await self.publisher.take_down(channel_id, message_id)
        except RouteClosed as closed:
            if closed.reason not in {"message_gone", "channel_gone"}:
                log.info("card_not_deleted", extra={"job": key, "reason": closed.reason})
                raise UserError(text("jobs.delete_refused")) from closed
        log.info(
            "card_deleted",
            extra={"job": key, "card": message_id, "by": viewer.user_id, "own": viewer.owns(job)},
        )
        if job.reply.message_id == message_id:  # no link may lead there any more
            nowhere = replace(job.reply, message_id=None, message_at=None, token=None)
            await self.store.move_card(
                key,
                nowhere,
                unless=lambda now: now.reply.message_id != message_id,  # shown anew meanwhile
            )
        return text("jobs.deleted", key=key)

    async def _with_picture(
        self, job: Job, limit: int, use: Callable[[Picture], Awaitable[None]]
    ) -> str | None:
        """Fetch the picture and use it, a smaller one if Discord wants that; else the note that says why it is missing."""
        for share in SHARES:
            try:
                picture = await self.pictures.fetch(
                    storage_key=job.storage_key, discord_url=job.discord_url, limit=int(limit * share)
                )
            except (RouteClosed, RetryLater) as trouble:
                log.info("picture_not_fetched", extra={"job": job.key, "reason": trouble.reason})
                return REFUSALS.get(trouble.reason, PICTURE_GONE)
            try:
                await use(picture)
            except TooLarge:
                limit = min(limit, len(picture.data))
            else:
                return None
        return PICTURE_TOO_LARGE


def _has_picture(job: Job) -> bool:
    return bool(job.storage_key or job.discord_url)
