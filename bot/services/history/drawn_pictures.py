"""`DrawnPictures`: the Pictures port for everything that a job brought: what the engine drew, and what lies at upstream's.
Never here: fetching addresses and fitting bytes; whoever does that stands behind it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Protocol

from bot.domain.inputs import results_of
from bot.domain.intake.drawing import DRAWN
from bot.domain.keys import JobKey
from bot.errors import RetryLater, RouteClosed, StorageTrouble

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from bot.domain.ports import JobStore, Picture, Publisher

TOGETHER_BYTES: Final = 24 * 1024 * 1024
"""Files of one message together: Discord takes few more (facts §3.5)."""


class PictureFetcher(Protocol):
    """Whoever fetches and fits."""

    async def fetch(self, *, storage_key: str | None, discord_url: str | None, limit: int) -> Picture:
        """See `Pictures`."""

    async def fetch_address(self, address: str, *, limit: int) -> Picture:
        """See `AddressedPictures`."""

    async def fetch_preview(self, address: str, *, limit: int) -> Picture:
        """See `PreviewPictures`."""

    async def fitted(self, data: bytes, *, limit: int) -> Picture:
        """Fit bytes that are here to `limit`. Raises `RouteClosed`."""


@dataclass(slots=True, eq=False, repr=False)
class DrawnPictures:
    """Pictures of the engine are kept beside their job's row for a while; after that its card's message has them."""

    inner: PictureFetcher
    store: JobStore
    publisher: Publisher

    async def fetch(self, *, storage_key: str | None, discord_url: str | None, limit: int) -> Picture:
        """See the port; several pictures of one job come together, those that are to be had: no bad one takes them along."""
        if storage_key is None or not storage_key.startswith(DRAWN):
            return await self.inner.fetch(storage_key=storage_key, discord_url=discord_url, limit=limit)
        key = JobKey(storage_key.removeprefix(DRAWN))
        gathered = _Gathered()
        try:
            kept = results_of(await self.store.inputs(key))
            each = min(limit, TOGETHER_BYTES // max(1, len(kept)))
            for number, one in enumerate(kept, 1):
                here = self.inner.fitted(one.data, limit=each) if one.data else self._at(one.source_url, each)
                await gathered.take(number, here)
            if not kept or any(not kept[number - 1].data for number in gathered.troubles):
                # The engine's addresses end within the hour.
                shown = await gathered.ask(self._on_card(key))
                each = min(limit, TOGETHER_BYTES // max(1, len(kept) or len(shown)))
                for number in sorted(shown.keys() - gathered.pictures.keys()):
                    await gathered.take(number, self._at(shown[number], each))
        except StorageTrouble as trouble:
            raise RetryLater("storage") from trouble
        return gathered.together()

    async def fetch_address(self, address: str, *, limit: int) -> Picture:
        """See `AddressedPictures`."""
        return await self.inner.fetch_address(address, limit=limit)

    async def fetch_preview(self, address: str, *, limit: int) -> Picture:
        """See `PreviewPictures`."""
        return await self.inner.fetch_preview(address, limit=limit)

    async def _at(self, address: str | None, limit: int) -> Picture:
        return await self.inner.fetch(storage_key=None, discord_url=address, limit=limit)

    async def _on_card(self, key: JobKey) -> Mapping[int, str]:
        """Where the pictures are that its card shows, by their numbers; none before it was delivered."""
        job = await self.store.get(key)
        if job is None or job.reply.message_id is None or not job.is_delivered:
            return {}
        return await self.publisher.picture_urls(job.reply.channel_id, job.reply.message_id)


@dataclass(slots=True, eq=False, repr=False)
class _Gathered:
    """What there is of a job's pictures, each under its number, and what went wrong with the others."""

    pictures: dict[int, Picture] = field(default_factory=dict)
    troubles: dict[int, RouteClosed | RetryLater] = field(default_factory=dict)

    async def take(self, number: int, coming: Awaitable[Picture]) -> None:
        """Wait for one of them."""
        try:
            self.pictures[number] = replace(await coming, number=number)
        except (RouteClosed, RetryLater) as trouble:
            self.troubles[number] = trouble
        else:
            self.troubles.pop(number, None)

    async def ask(self, asked: Awaitable[Mapping[int, str]]) -> Mapping[int, str]:
        """Wait for addresses; none if nobody can tell them."""
        try:
            return await asked
        except (RouteClosed, RetryLater) as trouble:
            self.troubles[0] = trouble
            return {}

    def together(self) -> Picture:
        """All of them as one. Raises what went wrong if there is none; what time may mend goes first."""
        told = sorted(self.troubles.values(), key=lambda one: isinstance(one, RouteClosed))
        found = [self.pictures[number] for number in sorted(self.pictures)]
        if not found:
            raise next(iter(told), RouteClosed("no_picture"))
        return replace(found[0], more=tuple(found[1:]), lacking=next(iter(told), None))


def one_of(picture: Picture, number: int) -> Picture:
    """One of the pictures that came together, counted from 1. Raises `RouteClosed` for one that is not among them."""
    for one in (replace(picture, more=()), *picture.more):
        if one.number == number:
            return one
    raise RouteClosed("no_picture")
