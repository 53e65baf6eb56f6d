"""Pictures on a page that no message carries: thumbnails and covers that lie at the simulated API, fetched when they are missed.
Never here: any address but the simulated API's own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

KEPT: Final = 400
"""Small copies of pictures; the oldest make room."""


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
