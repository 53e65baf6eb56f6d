"""Small things that appear only where a picture was made wider: they make the four results of a zoom differ.
Never here: anything inside the frame that was there before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.sandbox.upstream.pictures import creatures, objects
from bot.sandbox.upstream.pictures.pen import Pen, deep, light

if TYPE_CHECKING:
    from bot.sandbox.upstream.pictures.brush import Brush
    from bot.sandbox.upstream.pictures.chance import Dice
    from bot.sandbox.upstream.pictures.colours import Palette
    from bot.sandbox.upstream.pictures.plan import Frame

TRIES = 18


def scatter_extras(brush: Brush, palette: Palette, dice: Dice, inner: Frame, *, abstract: bool) -> None:
    """Put a few things outside the inner frame."""
    left, top, right, bottom = brush.frame
    width, height = right - left, bottom - top
    for index in range(TRIES):
        x = left + width * dice.at(f"x{index}", 0.03, 0.97)
        y = top + height * dice.at(f"y{index}", 0.05, 0.95)
        size = (0.06 + 0.07 * dice.at(f"size{index}", 0, 1)) * min(width, height)
        if inner[0] - size < x < inner[2] + size and inner[1] - size < y - size / 2 < inner[3] + size:
            continue
        pen = Pen(
            brush,
            palette,
            dice.child(f"thing{index}"),
            (x, y + size / 2),
            size,
            dice.chance(f"flip{index}", 0.5),
        )
        if abstract:
            shade = dice.pick(f"shade{index}", (palette.accent, palette.second, palette.light))
            pen.round((0, 0.5), 0.4, (light(shade), deep(shade, 0.2)), lift=0.1)
        elif y < 0.5:  # noqa: PLR2004 - the sky
            dice.pick(f"air{index}", (objects.balloon, creatures.bird, creatures.bird))(pen)
        else:
            dice.pick(f"land{index}", (objects.mushroom, objects.flower, objects.flower))(pen)
