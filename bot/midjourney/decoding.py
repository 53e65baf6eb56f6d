"""How much memory pictures may unfold into at once: one budget of bytes for the whole process, whoever decodes.
Never here: codecs, and how many files are fetched at once."""

from __future__ import annotations

import asyncio
import ctypes
import io
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, TypeVar

from typing_extensions import override

from bot.domain.party import Shared
from bot.midjourney.pillow import Image

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

T = TypeVar("T")

DECODING_BYTES: Final = 320 * 1024 * 1024
"""What all pictures that are being decoded may unfold into together: the largest that anybody may give, and some more."""
LARGE: Final = 64 * 1024 * 1024
"""From here on memory is given back to the system at once."""
LEAST: Final = 1024 * 1024
"""Counted for a picture whose head cannot be read: it is refused in a moment."""
_PER_PIXEL: Final = {"1": 1, "L": 1, "P": 1, "LA": 4, "PA": 4, "I;16": 2, "I;16B": 2}
"""Bytes of a pixel as Pillow keeps it; 4 for every mode beside these."""

_COPIES: Final = {"WEBP": 4}
"""How often a format's decoder keeps all pixels: WebP's has two of its own and hands out a third."""


class DecodingBudget(Shared):
    """Lets decoders in as long as what they unfold fits, in bytes."""

    def __init__(self, total: int = DECODING_BYTES) -> None:
        super().__init__(total)

    @override
    @asynccontextmanager
    async def hold(self, wanted: int = LEAST) -> AsyncIterator[None]:
        """Wait for room, and keep it within; no picture counts for less than `LEAST`."""
        async with super().hold(max(wanted, LEAST)):
            yield


DECODING: Final = DecodingBudget()
"""The process's own."""
_THREADS: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="pictures")
"""Few, because the allocator keeps for each thread what its pictures took."""


async def decoded(
    data: bytes, work: Callable[[], T], *, beside: int = 0, budget: DecodingBudget = DECODING
) -> T:
    """Do slow work on a picture's bytes in a thread, as soon as there is room for what they unfold into, and for the bytes
    of what is made of them `beside`."""
    loop = asyncio.get_running_loop()
    size = unfolds_into(data) + beside
    async with budget.hold(size):
        try:
            return await loop.run_in_executor(_THREADS, work)
        finally:
            if size >= LARGE:
                await loop.run_in_executor(_THREADS, _trim)


def _trim() -> None:
    """Give freed memory back to the system: the GNU allocator would keep it for the next picture of this thread."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def unfolds_into(data: bytes) -> int:
    """Bytes that a file takes once decoded, by its head alone; nothing is decoded for it."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            pixels = image.width * image.height * _COPIES.get(image.format or "", 1)
            return pixels * _PER_PIXEL.get(image.mode, 4)
    except Exception:  # noqa: BLE001 - Pillow's plugins let any exception out on hostile bytes; who decodes says why
        return LEAST
