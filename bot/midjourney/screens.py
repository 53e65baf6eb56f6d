"""`PillowScreens`: the Screens port. Makes copies of pictures that a browser loads quickly.
Never here: I/O; every drawing happens in a thread."""

from __future__ import annotations

import asyncio
import io
from typing import Final

from bot.midjourney.decoding import Shared
from bot.midjourney.pillow import Image

LONGEST_SIDE: Final = 2048
QUALITY: Final = 85


class PillowScreens:
    """Implements `Screens`."""

    def __init__(self, *, at_once: int = 2) -> None:
        self._slots = Shared(at_once)

    async def fit(self, picture: bytes) -> bytes:
        """A WebP of a picture that `HttpPictures` gave: its type, its pixels and that it is whole were seen there."""
        async with self._slots.hold():
            return await asyncio.to_thread(_fit, picture)


def _fit(picture: bytes) -> bytes:
    with Image.open(io.BytesIO(picture)) as opened:
        shown = opened.convert("RGB")
    shown.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    written = io.BytesIO()
    shown.save(written, "WEBP", quality=QUALITY, method=3)
    return written.getvalue()
