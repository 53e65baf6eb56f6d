"""The mask editor's use cases: the picture to paint on, and the one job that a painted region begins.
Never here: HTTP, links as rows, and what a mask must be (that is `region`)."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from cachetools import TTLCache

from bot.domain.intake.window_words import read_words
from bot.domain.jobs import Route
from bot.domain.party import CURRENT_PARTY
from bot.domain.ports import Showing
from bot.errors import RetryLater, RouteClosed, StorageTrouble, UserError
from bot.services.admission.authorization import Operation
from bot.services.intake.region import picture_gone
from bot.services.intake.region_links import LinkGone, read_asker
from bot.services.intake.synthetic_ids import synthetic_id
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.domain.ports import Clock, JobStore, Pictures, Publisher
    from bot.domain.region_links import RegionLink, Screens
    from bot.services.intake.region import RegionDraft, Regions
    from bot.services.intake.region_links import RegionLinks

log = logging.getLogger(__name__)

WHOLE: Final = 64 * 1024 * 1024
IDLE_S: Final = 60.0
"""With nothing to announce; a new job wakes it at once."""
KEPT_MS: Final = 10 * 60_000
MOST_KEPT: Final = 16
"""Pictures made ready for a screen that are kept: a page that is loaded again, or on two devices, costs nothing."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """What is painted on."""

    width: int
    height: int
    """Of the picture as upstream has it: the mask's exact size, however the picture is shown."""
    words: str | None = None
    """The picture's prompt, where other words for the region are taken; None where none are."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class MaskEditor:
    """Begins jobs for people who come by a link."""

    links: RegionLinks
    regions: Regions
    store: JobStore
    pictures: Pictures
    screens: Screens
    publisher: Publisher
    clock: Clock
    show: Callable[[Job], None]
    _kept: TTLCache[tuple[JobKey, str | None, str | None], bytes, int] = field(init=False)
    _unannounced: deque[Job] = field(init=False, default_factory=deque)
    _news: asyncio.Event = field(init=False, default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._kept = TTLCache(MOST_KEPT, KEPT_MS, self.clock.now)

    async def open(self, token: str, *, used: bool = False) -> RegionLink:
        """The link that somebody came by, or with `used` comes by again; raises `LinkGone` or `StorageTrouble`."""
        return await self.links.read(token, used=used)

    # -- the picture -------------------------------------------------------------------------------------

    async def canvas(self, link: RegionLink) -> Canvas:
        """What is to be painted on; raises `UserError` if its picture is not to be had, or `StorageTrouble`."""
        draft = await self._drafted(link)
        return Canvas(draft.width, draft.height, draft.words)

    async def picture(self, link: RegionLink) -> bytes:
        """The picture as a WebP for a screen; raises `UserError` or `StorageTrouble`."""
        draft = await self._drafted(link)  # first of all: they may have been sent away meanwhile
        storage_key, discord_url = draft.job.storage_key, draft.job.discord_url
        kept = self._kept.get((link.job, storage_key, discord_url))
        if kept is not None:
            return kept
        try:
            whole = await self.pictures.fetch(storage_key=storage_key, discord_url=discord_url, limit=WHOLE)
        except RouteClosed as closed:
            raise picture_gone(link.job) from closed
        except RetryLater as later:
            raise UserError(text("region.picture_later", key=link.job)) from later
        fitted = await self.screens.fit(whole.data)
        self._kept[link.job, storage_key, discord_url] = fitted
        return fitted

    async def _drafted(self, link: RegionLink) -> RegionDraft:
        asker = read_asker(link.asker)
        CURRENT_PARTY.set(asker.server or asker.user_id)
        return await self.regions.draft(asker, link.job, link.position, Operation.EDITOR)

    # -- the region --------------------------------------------------------------------------------------

    async def submit(self, link: RegionLink, mask: bytes, words: str | None = None) -> Job:
        """Begin the link's one job; sent twice, by two taps or to two processes, it is still one job and one charge. By a
        used link, as after an answer that was lost on its way, it is the job that was begun; `LinkGone` if that is no more.

        A job is unique by the interaction that asked for it, and a link carries the one it was made in: that is what
        holds, whatever dies in between. The link is used up once the job stands. Raises `UserError` with the rule or
        the mask's or the words' fault that refuses: nothing was charged, and the link stays good; `StorageTrouble` likewise.
        """
        asker = read_asker(link.asker)
        CURRENT_PARTY.set(asker.server or asker.user_id)
        if link.used_at is not None:
            begun = await self.store.by_interaction(asker.interaction_id)
            if begun is None:
                raise LinkGone(link.locale)
            return begun
        # All tries come by the link's one interaction: other words are another strike, the same ones sent twice are not.
        asker = replace(asker, strike_id=synthetic_id(f"{link.digest}/{words}"))
        pressed = await self.regions.repaint(
            asker,
            link.job,
            link.position,
            mask,
            channel_id=asker.reply.channel_id,
            message_id=0,
            operation=Operation.EDITOR,
            words=None if words is None else read_words(words),
        )
        job = pressed.job
        if job.interaction_id != asker.interaction_id:
            raise UserError(text("region.running", key=job.key))
        if await self.links.use_up(link):
            log.info("region_painted", extra={"job": job.key, "parent": link.job})
            self._unannounced.append(job)
            self._news.set()
        return job

    async def run(self) -> None:
        """Post the cards of new jobs, until cancelled: there is no “thinking…” whose place they could take.

        Progress and result are then edited into them. Where one cannot be posted, or this process dies before, the
        result finds a way of its own; where one was posted and could not be noted, the result looks for it first.
        """
        while True:
            self._news.clear()
            while self._unannounced:
                await self._announce(self._unannounced.popleft())
            await self.clock.pause(IDLE_S, self._news)

    async def _announce(self, job: Job) -> None:
        try:
            shown = await self.publisher.show(Showing(job, self.clock.now()), Route.POST, picture=None)
            here = replace(
                job.reply, channel_id=shown.channel_id, message_id=shown.message_id, message_at=shown.at
            )
            is_noted = await self.store.move_card(
                job.key, here, unless=lambda now: _has_place(now, posting_at=job.posting_at)
            )
            current = await self.store.get(job.key)
            if not is_noted and (current is None or current.reply.message_id != shown.message_id):
                await self.publisher.take_down(shown.channel_id, shown.message_id or 0)
                return
        except (RouteClosed, RetryLater) as closed:
            log.info("region_card_not_posted", extra={"job": job.key, "reason": closed.reason})
        except StorageTrouble as trouble:
            log.warning("region_card_not_noted", extra={"job": job.key, "reason": str(trouble)})
        except Exception:  # a bug in one card must not keep others from being posted
            log.exception("region_card_failed", extra={"job": job.key})
        else:
            if current is not None and not current.is_terminal:
                self.show(current)


def _has_place(job: Job, *, posting_at: int | None) -> bool:
    """Its result is there, or goes out as a message of its own: a card that says how it waits would stand beside it for ever."""
    return job.is_delivered or job.reply.message_id is not None or job.posting_at != posting_at
