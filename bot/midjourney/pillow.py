"""Pillow, imported when a picture is first opened or drawn, and not by a start.
Never here: what is done with pictures."""

from __future__ import annotations

import importlib
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image, ImageChops, ImageCms, ImageDraw, ImageFont, ImageOps, features
else:

    class _Late:
        """One of Pillow's modules."""

        def __init__(self, name: str) -> None:
            self._name = f"PIL.{name}"

        def __getattr__(self, name: str) -> Any:
            load()
            return getattr(importlib.import_module(self._name), name)

    Image = _Late("Image")
    ImageChops = _Late("ImageChops")
    ImageCms = _Late("ImageCms")
    ImageDraw = _Late("ImageDraw")
    ImageFont = _Late("ImageFont")
    ImageOps = _Late("ImageOps")
    features = _Late("features")

__all__ = ["Image", "ImageChops", "ImageCms", "ImageDraw", "ImageFont", "ImageOps", "features", "load"]


@cache
def load() -> None:
    """Import what nearly every picture needs, and teach Pillow what phones write. It takes a moment, in a thread as well."""
    for name in ("Image", "ImageDraw", "ImageOps"):
        importlib.import_module(f"PIL.{name}")
    import pillow_heif  # noqa: PLC0415 - with the others

    pillow_heif.register_heif_opener()
