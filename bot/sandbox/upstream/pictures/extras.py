"""Small things that appear only where a picture was made wider: they make the four results of a zoom differ.
Never here: anything inside the frame that was there before."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from bot.sandbox.upstream.pictures import creatures, objects, swimmers_and_flyers
from bot.sandbox.upstream.pictures.pen import Pen, deep, light

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.sandbox.upstream.pictures.brush import Brush
    from bot.sandbox.upstream.pictures.chance import Dice
    from bot.sandbox.upstream.pictures.colours import Palette
    from bot.sandbox.upstream.pictures.plan import Frame

Draw: TypeAlias = "Callable[[Pen], None]"
TRIES = 12
SKYLINE = 0.54
"""Above it things fly, below it they stand or swim."""


class World(StrEnum):
    """What kind of scene the things are put into."""

    LAND = "land"
    WATER = "water"
    DEEP = "deep"
    ABSTRACT = "abstract"


_FLYING: tuple[Draw, ...] = (swimmers_and_flyers.bird, swimmers_and_flyers.bird, objects.balloon)
_LOW: dict[World, tuple[Draw, ...]] = {
    World.LAND: (objects.flower, objects.mushroom, creatures.rabbit),
    World.WATER: (objects.ship, swimmers_and_flyers.whale),
    World.DEEP: (swimmers_and_flyers.fish,),
    World.ABSTRACT: (),
}


def _things(world: World, y: float) -> tuple[Draw, ...]:
    return _FLYING if y < SKYLINE and world is not World.DEEP else _LOW[world]


def scatter_extras(brush: Brush, palette: Palette, dice: Dice, inner: Frame, *, world: World) -> None:
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
        if world is World.ABSTRACT:
            shade = dice.pick(f"shade{index}", (palette.accent, palette.second, palette.light))
            pen.round((0, 0.5), 0.4, (light(shade), deep(shade, 0.2)), lift=0.1)
        else:
            dice.pick(f"thing{index}", _things(world, y))(pen)


def put_inside(brush: Brush, palette: Palette, dice: Dice, place: Frame, *, world: World) -> None:
    """Put something new into a part of the picture: one thing that fills most of it, and two beside it."""
    left, top, right, bottom = place
    size = min(right - left, bottom - top)
    middle = ((left + right) / 2, (top + bottom) / 2)
    for index, (share, roam) in enumerate(((0.34, 1.0), (0.26, 1.0), (0.8, 0.0))):
        high = size * share
        wobble = (roam * dice.at(f"x{index}", -0.5, 0.5), roam * dice.at(f"y{index}", -0.5, 0.5))
        x = middle[0] + wobble[0] * (right - left - high)
        y = middle[1] + wobble[1] * (bottom - top - high) + high / 2
        pen = Pen(brush, palette, dice.child(f"new{index}"), (x, y), high, dice.chance(f"flip{index}", 0.5))
        if world is World.ABSTRACT:
            shade = dice.pick(f"shade{index}", (palette.accent, palette.second, palette.light))
            pen.round((0, 0.5), 0.42, (light(shade), deep(shade, 0.2)), lift=0.08)
        else:
            dice.pick(f"thing{index}", _things(world, middle[1]))(pen)
