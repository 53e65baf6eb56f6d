"""Pictures that came from outside: references, blends, described pictures and masks, checked and made small.
Never here: pictures that the service draws itself."""

from __future__ import annotations

import base64
import hashlib
import io
from typing import TYPE_CHECKING

from PIL import Image, UnidentifiedImageError

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_SIDE = 1024
MOST_PIXELS = 40_000_000
PURE = 255
"""Pure white, nothing less (contract §1.2)."""


class AssetBook:
    """Bytes by the hash of their content."""

    def __init__(self) -> None:
        self._assets: dict[str, bytes] = {}

    @property
    def all(self) -> Mapping[str, bytes]:
        """Every asset, for those who draw."""
        return self._assets

    def add_picture(self, content: bytes) -> str:
        """Keep a picture, reduced; raises ValueError if it is none. Slow: call it in a thread."""
        picture = open_picture(content)
        title = picture.info.get("Description")
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        kept = io.BytesIO()
        described = picture.convert("RGB")
        described.info = {}
        exif = Image.Exif()
        if isinstance(title, str):
            exif[0x010E] = title[:500]
        described.save(kept, "WEBP", quality=92, method=2, exif=exif)
        return self._keep(kept.getvalue())

    def add_mask(self, content: bytes, size: tuple[int, int]) -> str:
        """Keep a mask: a PNG of exactly this size with something purely white; raises ValueError with the reason."""
        mask = open_picture(content)
        if mask.format != "PNG":
            raise ValueError("the mask must be a PNG")
        if mask.size != size:
            raise ValueError(
                f"the mask is {mask.width}x{mask.height}, the picture is {size[0]}x{size[1]}: they must be the same size"
            )
        ground = Image.new("RGBA", mask.size, "black")
        ground.alpha_composite(mask.convert("RGBA"))
        red, green, blue, _ = (
            band.point(lambda level: 255 if level == PURE else 0) for band in ground.split()
        )
        chosen = Image.composite(
            Image.composite(red, Image.new("L", size), green), Image.new("L", size), blue
        )
        if chosen.getbbox() is None:
            raise ValueError("the mask selects nothing: the chosen area must be pure white")
        kept = io.BytesIO()
        chosen.convert("1").save(kept, "PNG")
        return self._keep(kept.getvalue())

    def _keep(self, content: bytes) -> str:
        name = hashlib.sha256(content).hexdigest()[:20]
        self._assets[name] = content
        return name

    def dump(self) -> dict[str, str]:
        """As JSON."""
        return {name: base64.b64encode(content).decode() for name, content in self._assets.items()}

    def load(self, dumped: Mapping[str, str]) -> None:
        """What `dump` gave."""
        self._assets.update({name: base64.b64decode(content) for name, content in dumped.items()})


def open_picture(content: bytes) -> Image.Image:
    """Decode a picture completely; raises ValueError if it is broken, too large or no picture."""
    try:
        picture = Image.open(io.BytesIO(content))
        if picture.width * picture.height > MOST_PIXELS:
            raise ValueError("the picture has too many pixels")
        picture.load()
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as broken:
        raise ValueError("this is no picture that can be read") from broken
    return picture
