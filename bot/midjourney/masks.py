"""`PillowMasks`: the Masks port. Draws masks from cells, reads those that people drew, and draws lattices.
Never here: I/O; every drawing happens in a thread."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final, TypeVar

from bot.domain.intake.masks import MOST_MASK_BYTES, SIDE, CheckedMask, name_of, rectangles
from bot.domain.party import Shared
from bot.errors import UserError
from bot.midjourney.decoding import decoded
from bot.midjourney.pillow import Image, ImageChops, ImageDraw, ImageFont, ImageOps
from bot.midjourney.resize import MOST_PIXELS, MP4, NotAPicture, TooManyPixels, open_whole, recognise
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.intake.masks import Cells

T = TypeVar("T")

BLACK: Final = 0
WHITE: Final = 255
HALF: Final = 128
"""From this brightness on a pixel is chosen: soft edges and a JPEG's noise fall to the nearer side."""
ORIENTATION: Final = 0x0112
"""Exif's number for how a picture is to be turned."""
TURNED: Final = frozenset({5, 6, 7, 8})
"""Exif's orientations that lay a picture on its side."""
BESIDE: Final = 8
"""Bytes that a mask takes at most for each of its pixels while it is made: twice in colours."""
SHOWN_SIDE: Final = 1024
"""The longest side of a picture that cells are chosen on."""
QUALITY: Final = 82
TINT: Final = (235, 64, 120)
TINTED: Final = 0.5
"""How much of the tint lies over a chosen cell: what is beneath must still be seen."""
FOREIGN: Final = (
    b"BM",
    b"II*\0",
    b"MM\0*",
    b"8BPS",
    b"\0\0\1\0",
    b"%PDF",
    b"<svg",
    b"<?xml",
    b"\0\0\0\x0cJXL",
)
"""First bytes of files that people take for pictures, and that no mask is read from."""


AT_ONCE: Final = 2
"""Pictures that are decoded for masks at the same time."""


class PillowMasks:
    """Implements `Masks`."""

    def __init__(self) -> None:
        self._slots = Shared(AT_ONCE)

    async def from_cells(self, width: int, height: int, cells: Cells) -> bytes:
        """White cells on black ground; raises ValueError if they are no region."""
        if not cells.is_region:
            raise ValueError("nothing, or everything, is no region")
        return await self._drawn(lambda: _from_cells(width, height, cells), pixels=width * height)

    async def checked(self, data: bytes, width: int, height: int) -> CheckedMask:
        """Read a mask in any format that results come in; raises `UserError`."""
        if not data:
            raise UserError(text("mask.empty"))
        if len(data) > MOST_MASK_BYTES:
            raise UserError(text("mask.too_large", limit=MOST_MASK_BYTES >> 20))
        return await self._drawn(lambda: _checked(data, (width, height)), data, pixels=width * height)

    async def shrunk(self, picture: bytes) -> bytes:
        """A JPEG; raises `UserError`."""
        return await self._drawn(lambda: _shrunk(picture), picture)

    async def preview(self, picture: bytes, cells: Cells) -> bytes:
        """A JPEG of the same size."""
        return await self._drawn(lambda: _preview(picture, cells), picture)

    async def _drawn(self, draw: Callable[[], T], data: bytes = b"", *, pixels: int = 0) -> T:
        async with self._slots.hold():
            return await decoded(data, draw, beside=BESIDE * pixels)


def _from_cells(width: int, height: int, cells: Cells) -> bytes:
    mask = Image.new("L", (width, height), BLACK)
    boxes = rectangles(width, height)
    for cell in cells:
        mask.paste(WHITE, boxes[cell])
    return _png(mask)


def _checked(data: bytes, size: tuple[int, int]) -> CheckedMask:
    kind = recognise(data)
    if kind is None or kind is MP4:
        foreign = kind is MP4 or data.lstrip().startswith(FOREIGN) or data[4:8] == b"ftyp"
        raise UserError(text("mask.wrong_format" if foreign else "mask.not_a_picture"))
    try:
        with open_whole(data, kind, MOST_PIXELS) as image:
            mask, resized = _two_colours(image, size)
    except TooManyPixels:
        raise UserError(text("mask.too_many_pixels")) from None
    except NotAPicture:
        raise UserError(text("mask.broken")) from None
    chosen = mask.histogram()[WHITE]
    if chosen == 0:
        raise UserError(text("mask.no_white"))
    if chosen == size[0] * size[1]:
        raise UserError(text("mask.all_white"))
    return CheckedMask(_png(mask), resized, chosen / (size[0] * size[1]))


def _two_colours(image: Image.Image, size: tuple[int, int]) -> tuple[Image.Image, bool]:
    """Black and white in one channel and that size, and whether it had another; what is transparent lies on black ground.

    Its size comes first: a file has up to forty million pixels, and each step would copy them all.
    """
    try:
        lying = size[::-1] if image.getexif().get(ORIENTATION) in TURNED else size
        resized = image.size != lying
        if resized:
            image = image.resize(lying, Image.Resampling.NEAREST)
        ImageOps.exif_transpose(image, in_place=True)
        if image.has_transparency_data and image.mode != "RGBA":
            image = image.convert("RGBA")
        if image.mode.startswith("I"):  # 16 bits, which Pillow would cut off at 255
            image = image.convert("I").point(lambda level: level * (1 / 256))
        grey = image.convert("RGB").convert("L")
        if image.mode == "RGBA":
            grey = ImageChops.multiply(grey, image.getchannel("A"))
        return grey.point(lambda level: WHITE if level >= HALF else BLACK), resized
    except Exception as broken:  # Pillow lets any exception out on hostile bytes
        raise NotAPicture(type(broken).__name__) from broken


def _png(mask: Image.Image) -> bytes:
    written = io.BytesIO()
    Image.merge("RGB", (mask, mask, mask)).save(written, "PNG")
    return written.getvalue()


def _shrunk(picture: bytes) -> bytes:
    kind = recognise(picture)
    if kind is None or kind is MP4:
        raise UserError(text("region.no_still"))
    try:
        with open_whole(picture, kind, MOST_PIXELS) as image:
            small = image if image.mode == "RGB" else image.convert("RGB")
            small.thumbnail((SHOWN_SIDE, SHOWN_SIDE))
    except (NotAPicture, TooManyPixels):
        raise UserError(text("region.no_still")) from None
    if min(small.size) < SIDE:
        raise UserError(text("region.no_still"))
    return _jpeg(small)


def _preview(picture: bytes, cells: Cells) -> bytes:
    with Image.open(io.BytesIO(picture), formats=["JPEG"]) as opened:
        shown = opened.convert("RGB")
    boxes = rectangles(*shown.size)
    unit = max(1, max(shown.size) // 320)
    for cell in cells:
        part = shown.crop(boxes[cell])
        shown.paste(Image.blend(part, Image.new("RGB", part.size, TINT), TINTED), boxes[cell])
    pen = ImageDraw.Draw(shown)
    lines = [(left, 0, left, shown.height) for left, top, _, _ in boxes if left and not top]
    lines += [(0, top, shown.width, top) for left, top, _, _ in boxes if top and not left]
    for ink, width in (
        ((0, 0, 0), 3 * unit),
        ((255, 255, 255), unit),
    ):  # light within dark is seen on every ground
        for line in lines:
            pen.line(line, fill=ink, width=width)
    font = ImageFont.load_default(size=max(10, min(shown.size) // 26))
    for cell, (left, top, _right, _bottom) in enumerate(boxes):
        pen.text(
            (left + 4 * unit, top + 3 * unit),
            name_of(cell),
            font=font,
            fill="white",
            stroke_width=unit,
            stroke_fill="black",
        )
    return _jpeg(shown)


def _jpeg(picture: Image.Image) -> bytes:
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=QUALITY)
    return written.getvalue()
