"""`PillowReader`: the PictureReader port. Files that people give become still pictures that upstream takes.
Never here: fetching them, and what they are for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageOps

from bot.domain.inputs import LONGEST_SIDE, MOST_SENT_BYTES, Checked
from bot.errors import UserError
from bot.midjourney.resize import (
    JPEG,
    PNG,
    QUALITIES,
    WEBP,
    NotAPicture,
    TooManyPixels,
    as_webp,
    open_whole,
    recognise,
)
from bot.texts import text

if TYPE_CHECKING:
    from bot.midjourney.resize import Format

MOST_PIXELS: Final = 64_000_000
"""Above what phones take, and 256 MB once unfolded."""
AT_ONCE: Final = 2
"""Pictures that are looked into at the same time: what bounds memory."""
SENT_AS_IT_IS: Final = frozenset({PNG, JPEG, WEBP})


class PillowReader:
    """Implements `PictureReader` in threads."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def check(self, data: bytes, *, name: str) -> Checked:
        """Look into a file by its bytes, whatever it is called."""
        async with self._slots:
            return await asyncio.to_thread(check, data, name=name)


def check(data: bytes, *, name: str) -> Checked:
    """See the port. Slow: it belongs into a thread."""
    kind = recognise(data)
    if kind is None or kind.media_type.startswith("video/"):
        raise UserError(text("picture.unknown_type", name=name))
    try:
        with open_whole(data, kind, MOST_PIXELS) as image:
            if kind is not JPEG and getattr(
                image, "is_animated", False
            ):  # some phones put two views into a JPEG
                raise UserError(text("picture.animated", name=name))
            if kind in SENT_AS_IT_IS and len(data) <= MOST_SENT_BYTES and max(image.size) <= LONGEST_SIDE:
                return Checked(data, kind.media_type, reduced=False)
            return _prepared(image, kind, smaller=len(data) > MOST_SENT_BYTES)
    except NotAPicture as broken:
        raise UserError(text("picture.broken", name=name)) from broken
    except TooManyPixels as bomb:
        millions = MOST_PIXELS // 1_000_000
        raise UserError(text("picture.too_many_pixels", name=name, limit=millions)) from bomb


def _prepared(image: Image.Image, kind: Format, *, smaller: bool) -> Checked:
    """Written anew, the right way up, within the bounds of what is sent."""
    try:
        profile = image.info.get("icc_profile")
        ImageOps.exif_transpose(image, in_place=True)
        plain = image.convert("RGBA" if image.has_transparency_data else "RGB")
        side = min(LONGEST_SIDE, max(plain.size))
        smaller = smaller or side < max(plain.size)
        while True:
            plain.thumbnail((side, side), Image.Resampling.LANCZOS)
            for quality in QUALITIES:
                written = as_webp(plain, quality, profile)
                if len(written) <= MOST_SENT_BYTES:
                    return Checked(written, WEBP.media_type, reduced=smaller)
            side //= 2
    except Exception as broken:  # Pillow's plugins let any exception out on hostile bytes
        raise NotAPicture(f"{kind.name}: {type(broken).__name__}") from broken
