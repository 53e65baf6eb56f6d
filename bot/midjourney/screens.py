"""`PillowScreens`: the Screens port. Makes copies of pictures that a browser loads quickly.
Never here: I/O; every drawing happens in a thread."""

from __future__ import annotations

import io
from typing import Final

from bot.domain.party import Shared
from bot.midjourney.decoding import decoded
from bot.midjourney.pillow import Image

LONGEST_SIDE: Final = 2048
QUALITY: Final = 85
_MADE: Final = 2 * 4 * LONGEST_SIDE**2
"""Bytes of what is made of a picture, half of them on the way."""


class PillowScreens:
    """Implements `Screens`."""

    def __init__(self, *, at_once: int = 2) -> None:
        self._slots = Shared(at_once)

    async def fit(self, picture: bytes) -> bytes:
        """A WebP of a picture that `HttpPictures` gave: its type, its pixels and that it is whole were seen there."""
        async with self._slots.hold():
            return await decoded(picture, lambda: _fit(picture), beside=_MADE)


def _fit(picture: bytes) -> bytes:
    written = io.BytesIO()
    with Image.open(io.BytesIO(picture)) as opened:
        shown = opened if opened.mode == "RGB" else opened.convert("RGB")
        shown.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
        shown.save(written, "WEBP", quality=QUALITY, method=3)
    return written.getvalue()
