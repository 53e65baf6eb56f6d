"""Bytes of pictures: what they truly are, whether they are whole, and how to make them fit a limit.
Never here: I/O and the event loop; `fit` is slow and belongs into a thread."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bot.midjourney.pillow import Image, ImageOps

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_PIXELS: Final = 40_000_000
"""Twice the largest picture that Midjourney makes (4096 x 4096), and 160 MB once unfolded."""
MOST_WEBP_PIXELS: Final = 20_000_000
"""Its decoder keeps all of them four times."""
WEBP_LONGEST_SIDE: Final = 16_383
SMALLEST_SIDE: Final = 32
"""A picture that must shrink below this to fit is not worth showing."""
SCALES: Final = (1.0, 0.75, 0.5, 0.375, 0.25, 0.125, 0.0625)
QUALITIES: Final = (90, 80, 65, 50)
HOPELESS: Final = 3
"""So many times over the limit, a lower quality of the same size will not help: make it smaller at once."""
MOST_TRACKS: Final = 64


class NotAPicture(Exception):
    """The bytes are no picture that can be shown: another type, cut off, or broken."""


class TooManyPixels(Exception):
    """A few bytes that would unfold into more memory than we give a picture."""


class DoesNotFit(Exception):
    """The picture is good but cannot be brought under the limit; `code` says why, for logs."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Format:
    """A type of file, by its first bytes."""

    name: str
    media_type: str
    extension: str


PNG: Final = Format("PNG", "image/png", "png")
JPEG: Final = Format("JPEG", "image/jpeg", "jpg")
GIF: Final = Format("GIF", "image/gif", "gif")
WEBP: Final = Format("WEBP", "image/webp", "webp")
MP4: Final = Format("MP4", "video/mp4", "mp4")
_STILL_BRANDS: Final = frozenset({b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1"})
"""Files of MP4's family that hold no video."""


@dataclass(frozen=True, slots=True)
class ResizedPicture:
    """A picture within the limit."""

    data: bytes
    format: Format
    width: int
    height: int
    reduced: bool


def recognise(data: bytes) -> Format | None:
    """Tell the type by magic bytes; names and Content-Type are not asked (contract §4)."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data.startswith((b"GIF87a", b"GIF89a")):
        return GIF
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    if data[4:8] == b"ftyp" and data[8:12] not in _STILL_BRANDS:
        return MP4
    return None


def fit(data: bytes, limit: int, *, most_pixels: int) -> ResizedPicture:
    """Bring a picture under `limit` bytes: as it is, else as WebP, else smaller. Animations pass only as they are.

    Raises `NotAPicture`, `TooManyPixels` or `DoesNotFit`.
    """
    kind = recognise(data)
    if kind is None:
        raise NotAPicture("unknown type")
    if kind is MP4:
        width, height = _video_size(data)
        return _unchanged(data, kind, width, height, limit)
    with open_whole(data, kind, most_pixels) as image:
        width, height = image.size
        moves = kind is not JPEG and bool(getattr(image, "is_animated", False))
        if moves or len(data) <= limit:
            return _unchanged(data, kind, width, height, limit)
        return _reduced(image, limit)


def _unchanged(data: bytes, kind: Format, width: int, height: int, limit: int) -> ResizedPicture:
    if len(data) > limit:
        raise DoesNotFit("animation_too_large")
    return ResizedPicture(data, kind, width, height, reduced=False)


def most_of(kind: Format, most_pixels: int) -> int:
    """How many pixels a picture of that format may have where others may have `most_pixels`."""
    return min(most_pixels, MOST_WEBP_PIXELS) if kind is WEBP else most_pixels


def open_whole(data: bytes, kind: Format, most_pixels: int) -> Image.Image:
    """Open and decode a still picture, so that a cut-off file is found out here and not by the people who look at it.

    Raises `NotAPicture` or `TooManyPixels`.
    """
    try:
        image = Image.open(io.BytesIO(data), formats=[kind.name])
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise TooManyPixels(str(bomb)) from bomb
    except Exception as broken:  # Pillow's plugins let any exception out on hostile bytes
        raise NotAPicture(type(broken).__name__) from broken
    if image.width * image.height > most_of(kind, most_pixels):
        image.close()
        raise TooManyPixels(f"{image.width} x {image.height}")
    try:
        image.load()
        getattr(image, "is_animated", False)
    except Exception as broken:  # as above
        image.close()
        raise NotAPicture(type(broken).__name__) from broken
    return image


def _reduced(image: Image.Image, limit: int) -> ResizedPicture:
    try:
        ImageOps.exif_transpose(image, in_place=True)
        mode = "RGBA" if image.has_transparency_data else "RGB"
        # A copy of the largest picture is 67 MB, so none is made without need.
        plain = image if image.mode == mode else image.convert(mode)
        for size in _sizes(plain.size):
            smaller = plain if size == plain.size else plain.resize(size, Image.Resampling.LANCZOS)
            for quality in QUALITIES:
                written = as_webp(smaller, quality, image.info.get("icc_profile"))
                if len(written) <= limit:
                    return ResizedPicture(written, WEBP, *size, reduced=True)
                if len(written) > HOPELESS * limit:
                    break
    except Exception as broken:  # as above
        raise NotAPicture(type(broken).__name__) from broken
    raise DoesNotFit("picture_too_large")


def _sizes(size: tuple[int, int]) -> Iterator[tuple[int, int]]:
    width, height = size
    for scale in SCALES:
        scaled = max(1, round(width * scale)), max(1, round(height * scale))
        if max(scaled) < SMALLEST_SIDE:
            return
        if max(scaled) <= WEBP_LONGEST_SIDE:
            yield scaled


def as_webp(image: Image.Image, quality: int, profile: bytes | None) -> bytes:
    """Write it as WebP, its colours as they are meant."""
    written = io.BytesIO()
    options: dict[str, Any] = {"icc_profile": profile} if profile else {}
    image.save(written, "WEBP", quality=quality, method=4, **options)
    return written.getvalue()


def _video_size(data: bytes) -> tuple[int, int]:
    """Width and height of the largest track: the last eight bytes of its header box, as 16.16 fixed point."""
    sizes = [
        (int.from_bytes(header[-8:-4], "big") >> 16, int.from_bytes(header[-4:], "big") >> 16)
        for header in _boxes(data, (b"moov", b"trak", b"tkhd"))
        if len(header) >= 84  # noqa: PLR2004 - the shorter of the two versions of this box
    ]
    width, height = max(sizes, key=lambda size: size[0] * size[1], default=(0, 0))
    if not width or not height:
        raise NotAPicture("a video without a picture track, or cut off")
    return width, height


def _boxes(data: bytes, path: tuple[bytes, ...]) -> list[bytes]:
    """The contents of the boxes at a path of names (ISO 14496-12: size, name, content)."""
    found: list[bytes] = []
    at = 0
    while at + 8 <= len(data) and len(found) < MOST_TRACKS:
        size, start = int.from_bytes(data[at : at + 4], "big"), 8
        if size == 1:
            size, start = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        elif size == 0:
            size = len(data) - at
        if size < start or at + size > len(data):
            break
        if data[at + 4 : at + 8] == path[0]:
            content = data[at + start : at + size]
            found += [content] if len(path) == 1 else _boxes(content, path[1:])
        at += size
    return found
