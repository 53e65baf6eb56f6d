"""Pictures on a page that its message does not carry: thumbnails lie with another message, or at the simulated API.
Never here: any address but the stand-ins' own."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from simcord.components import walk_components
from simcord.preview import _assets, _pages
from typing_extensions import override

from bot.sandbox.page_limits import instead

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from simcord.backend.models import Message

KEPT: Final = 400
"""Small copies of pictures; the oldest make room."""


@contextmanager
def pictures_of_other_messages() -> Iterator[None]:
    """Show a file wherever its address at the simulated Discord stands in a message, as Discord does, for the block.

    SimCord does so for stickers of forwarded messages alone; its private question about those is asked in both places.
    """
    asked = _assets._snapshot_has_sticker  # noqa: SLF001 - private, as said above

    def stands_in(message: Message, url: str) -> bool:
        return asked(message, url) or any(
            media.get("url") == url
            for part in walk_components(message.components)
            for media in (
                part.get("media") or {},
                *(item.get("media") or {} for item in part.get("items") or ()),
            )
        )

    with (
        instead(_assets, "_snapshot_has_sticker", stands_in),
        instead(_pages, "_snapshot_has_sticker", stands_in),
    ):
        yield


class Pictures(dict[str, "tuple[str, bytes]"]):
    """What SimCord looks pictures of other sites up in; it knows no network itself."""

    def __init__(self, fetch: Callable[[str], Awaitable[bytes | None]]) -> None:
        super().__init__()
        self._fetch = fetch
        self._missed: asyncio.Queue[str] = asyncio.Queue()
        self._asked: set[str] = set()
        self.arrived = False
        """Whether there are pictures that no page has shown yet."""

    @override
    def get(self, url: str, default: object = None, /) -> tuple[str, bytes] | None:  # type: ignore[override]  # nobody has a default
        """A picture; one that is not there is fetched for the next time."""
        found = super().get(url)
        if found is None and url not in self._asked:
            self._asked.add(url)
            self._missed.put_nowait(url)
        return found

    async def run(self) -> None:
        """Fetch what was missed, for ever; what cannot be had is not asked for again."""
        while True:
            url = await self._missed.get()
            content = await self._fetch(url)
            if content is None:
                continue
            while len(self) >= KEPT:
                gone = next(iter(self))
                del self[gone]
                self._asked.discard(gone)
            self[url] = urlsplit(url).path.rpartition("/")[2] or "picture.png", content
            self.arrived = True
