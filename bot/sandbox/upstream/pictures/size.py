"""How large a picture is drawn.
Never here: drawing."""

from __future__ import annotations

import math

SMALLEST_SIDE = 64
GUTTER_PARTS = 256


def size_of(ratio: float, canvas: int) -> tuple[int, int]:
    """Width and height with about the area of a square of this side, both even."""
    width = max(SMALLEST_SIDE, round(math.sqrt(canvas * canvas * ratio) / 2) * 2)
    height = max(SMALLEST_SIDE, round(math.sqrt(canvas * canvas / ratio) / 2) * 2)
    return width, height


def gutter_of(canvas: int) -> int:
    """The thin line between the four pictures of a grid, an even number of pixels."""
    return max(2, canvas // GUTTER_PARTS // 2 * 2)
