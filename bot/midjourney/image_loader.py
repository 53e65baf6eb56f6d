"""`PillowReader`: the PictureReader port. Files that people give become still pictures that upstream takes.
Never here: fetching them, and what they are for."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from bot.domain.inputs import LONGEST_SIDE, MOST_SENT_BYTES, CheckedPicture
from bot.errors import UserError
from bot.midjourney.decoding import DECODING, DecodingBudget, decoded, unfolds_into
from bot.midjourney.pillow import Image, ImageCms, ImageOps, features
from bot.midjourney.resize import (
    GIF,
    JPEG,
    PNG,
    QUALITIES,
    WEBP,
    Format,
    NotAPicture,
    TooManyPixels,
    as_webp,
    most_of,
    open_whole,
    recognise,
)
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_PIXELS: Final = 64_000_000
"""Above what phones take, and 256 MB once unfolded."""
JPEG_QUALITY: Final = 92
LEAST_SIDE: Final = 16
"""Pixels: upstream makes nothing of less, and is paid for trying."""
MOST_RATIO: Final = 10
"""Times that one side may have the other's length."""
AVIF: Final = Format("AVIF", "image/avif", "avif")
HEIC: Final = Format("HEIF", "image/heic", "heic")
BMP: Final = Format("BMP", "image/bmp", "bmp")
TIFF: Final = Format("TIFF", "image/tiff", "tiff")
_BRANDS: Final[Mapping[bytes, Format]] = {
    **dict.fromkeys((b"avif", b"avis"), AVIF),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), HEIC),
}
_NO_READER: Final = (
    (b"8BPS", "PSD"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"\0\0\x01\0", "ICO"),
)
"""First bytes of pictures that no library of ours reads."""
_MOVING: Final = frozenset({PNG, GIF, WEBP, AVIF})
"""Files of these that hold several pictures move; a phone's JPEG or HEIC and a scan's TIFF hold several views."""
_MIXED: Final = frozenset({"L", "RGB", "CMYK"})
"""Modes in which colours may be mixed as they are."""
_BAND: Final = 512
"""Rows of a picture that are made usual at once."""
_MADE: Final = 4 * (2 * LONGEST_SIDE) ** 2
"""Bytes of what is made of a picture at most: one that is twice as long as what is sent shrinks band by band."""


class PillowReader:
    """Implements `PictureReader` in threads, within the process's budget for decoding."""

    def __init__(self, *, budget: DecodingBudget = DECODING) -> None:
        self._budget = budget

    async def check(self, data: bytes, *, name: str) -> CheckedPicture:
        """Look into a file by its bytes, whatever it is called."""
        made = min(4 * unfolds_into(data), _MADE)
        return await decoded(data, lambda: check(data, name=name), beside=made, budget=self._budget)


def recognise_given(data: bytes) -> Format | None:
    """The type of a file by its first bytes: what results come in, and what phones and scanners write."""
    brand = _BRANDS.get(data[8:12]) if data[4:8] == b"ftyp" else None
    if brand is not None:
        return brand
    if data.startswith((b"II*\0", b"MM\0*")):
        return TIFF
    if data.startswith(b"BM") and data[6:10] == bytes(4):
        return BMP
    return recognise(data)


def check(data: bytes, *, name: str) -> CheckedPicture:
    """See the port. Slow: it belongs into a thread."""
    foreign = next((kind for head, kind in _NO_READER if data.startswith(head)), None)
    if foreign is not None:
        raise UserError(text("picture.no_reader", name=name, kind=foreign))
    kind = recognise_given(data)
    if kind is None or kind.media_type.startswith("video/"):
        raise UserError(text("picture.unknown_type", name=name))
    if kind is AVIF and not features.check("avif"):
        raise UserError(text("picture.no_reader", name=name, kind="AVIF"))
    try:
        _check_size(data, kind, name)
        with open_whole(data, kind, MOST_PIXELS) as image:
            if kind in _MOVING and getattr(image, "is_animated", False):
                raise UserError(text("picture.animated", name=name))
            return _prepared(image, kind, smaller=len(data) > MOST_SENT_BYTES)
    except NotAPicture as broken:
        raise UserError(text("picture.broken", name=name)) from broken
    except TooManyPixels as bomb:
        millions = most_of(kind, MOST_PIXELS) // 1_000_000
        raise UserError(text("picture.too_many_pixels", name=name, limit=millions)) from bomb


def _check_size(data: bytes, kind: Format, name: str) -> None:
    """Raise `UserError` for a form that upstream takes money for and makes nothing of, by the head alone."""
    try:
        with Image.open(io.BytesIO(data), formats=[kind.name]) as head:
            width, height = head.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise TooManyPixels(str(bomb)) from bomb
    except Exception as broken:  # Pillow's plugins let any exception out on hostile bytes
        raise NotAPicture(type(broken).__name__) from broken
    if width * height > most_of(kind, MOST_PIXELS):
        raise TooManyPixels(f"{width} x {height}")
    if min(width, height) < LEAST_SIDE:
        raise UserError(text("picture.too_small", name=name, width=width, height=height, low=LEAST_SIDE))
    if max(width, height) > MOST_RATIO * min(width, height):
        raise UserError(text("picture.too_narrow", name=name, width=width, height=height, most=MOST_RATIO))


def _prepared(image: Image.Image, kind: Format, *, smaller: bool) -> CheckedPicture:
    """Written anew from its pixels alone, the right way up, within the bounds of what is sent.

    Nothing but pixels goes on: no place, no camera, no thumbnail, no comment, no colour profile (its colours are made
    those of the usual one).
    """
    try:
        side = min(LONGEST_SIDE, max(image.size))
        smaller = smaller or side < max(image.size)
        plain = _pixels(image)
        if kind in {PNG, JPEG} and not smaller:
            again = _as_png(plain) if kind is PNG else _as_jpeg(plain)
            if len(again) <= MOST_SENT_BYTES:
                return CheckedPicture(again, kind.media_type, reduced=False, given_type=kind.media_type)
        while True:
            plain.thumbnail((side, side), Image.Resampling.LANCZOS)
            for quality in QUALITIES:
                written = as_webp(plain, quality, None)
                if len(written) <= MOST_SENT_BYTES:
                    return CheckedPicture(
                        written, WEBP.media_type, reduced=smaller, given_type=kind.media_type
                    )
            side //= 2
    except Exception as broken:  # as above
        raise NotAPicture(f"{kind.name}: {type(broken).__name__}") from broken


def _pixels(image: Image.Image) -> Image.Image:
    """Its pixels in usual colours, upright, on a picture that knows nothing else, and no longer than what is sent.

    Each step would copy the whole: so it shrinks first, or band by band where its colours have to be made usual before.
    """
    if image.mode in _MIXED and not image.has_transparency_data:
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    orientation = image.getexif().get(0x0112, 1)
    profile = image.info.get("icc_profile")
    mode = "RGBA" if image.has_transparency_data else "RGB"
    factor = max(1, max(image.size) // LONGEST_SIDE)
    width, height = image.size
    band = max(factor, _BAND // factor * factor)
    plain = Image.new(mode, (-(-width // factor), -(-height // factor)))
    for top in range(0, height, band):
        strip = image.crop((0, top, width, min(height, top + band)))
        strip.info.update({key: image.info[key] for key in ("transparency",) if key in image.info})
        plain.paste(_converted(strip, mode, profile).reduce(factor), (0, top // factor))
    plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    turned = Image.Exif()
    turned[0x0112] = orientation
    plain.info = {"exif": turned.tobytes()} if orientation != 1 else {}
    upright = ImageOps.exif_transpose(plain)
    bare = Image.new(mode, upright.size)
    bare.paste(upright)
    return bare


def _converted(image: Image.Image, mode: str, profile: bytes | None) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits, which Pillow would cut off at 255
        image = image.convert("I").point(lambda level: level * (1 / 256)).convert("L")
    if profile and image.mode in {"RGB", "RGBA", "CMYK", "L"}:
        try:
            usual = ImageCms.createProfile("sRGB")
            alpha = image.getchannel("A") if image.mode == "RGBA" else None
            source = image.convert("RGB") if image.mode == "RGBA" else image
            managed = ImageCms.profileToProfile(source, io.BytesIO(profile), usual, outputMode="RGB")
            if managed is not None:
                if alpha is not None:
                    managed.putalpha(alpha)
                return managed.convert(mode)
        except (
            ImageCms.PyCMSError,
            OSError,
            ValueError,
        ):  # a profile that fits its picture badly is left out
            pass
    return image.convert(mode)


def _as_jpeg(image: Image.Image) -> bytes:
    written = io.BytesIO()
    image.convert("RGB").save(written, "JPEG", quality=JPEG_QUALITY)
    return written.getvalue()


def _as_png(image: Image.Image) -> bytes:
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()
