"""`DrawnPictures`: the Pictures port for everything that a job brought: what the engine drew, and what lies at upstream's.
Never here: fetching addresses and fitting bytes; whoever does that stands behind it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from bot.domain.inputs import results_of
from bot.domain.intake.drawing import DRAWN
from bot.domain.keys import JobKey
from bot.errors import RetryLater, RouteClosed, StorageTrouble

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        """See the port; several pictures of one job come together."""
        if storage_key is None or not storage_key.startswith(DRAWN):
            return await self.inner.fetch(storage_key=storage_key, discord_url=discord_url, limit=limit)
        key = JobKey(storage_key.removeprefix(DRAWN))
        try:
            kept = results_of(await self.store.inputs(key))
            addresses = [] if kept else await self._on_card(key)
        except StorageTrouble as trouble:
            raise RetryLater("storage") from trouble
        each = min(limit, TOGETHER_BYTES // max(1, len(kept) or len(addresses)))
        found = [
            await self.inner.fitted(one.data, limit=each)
            if one.data
            else await self._at(one.source_url, each)
            for one in kept
        ]
        found += [await self._at(address, each) for address in addresses]
        if not found:
            raise RouteClosed("no_picture")
        return replace(found[0], more=tuple(found[1:]))

    async def fetch_address(self, address: str, *, limit: int) -> Picture:
        """See `AddressedPictures`."""
        return await self.inner.fetch_address(address, limit=limit)

    async def fetch_preview(self, address: str, *, limit: int) -> Picture:
        """See `PreviewPictures`."""
        return await self.inner.fetch_preview(address, limit=limit)

    async def _at(self, address: str | None, limit: int) -> Picture:
        return await self.inner.fetch(storage_key=None, discord_url=address, limit=limit)

    async def _on_card(self, key: JobKey) -> Sequence[str]:
        """Where the pictures are that its card shows, if there is a card."""
        job = await self.store.get(key)
        if job is None or job.reply.message_id is None:
            return ()
        return await self.publisher.picture_urls(job.reply.channel_id, job.reply.message_id)


def one_of(picture: Picture, number: int) -> Picture:
    """One of the pictures that came together, counted from 1. Raises `RouteClosed` for one that is not among them."""
    together = (replace(picture, more=()), *picture.more)
    if not 1 <= number <= len(together):
        raise RouteClosed("no_picture")
    return together[number - 1]
