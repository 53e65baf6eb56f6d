"""What lies behind a subject: light in the sky, ridges, cities, woods, water. None of it has an edge.
Never here: subjects, or which backdrop a prompt asks for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot.sandbox.upstream.pictures.chance import lattice
from bot.sandbox.upstream.pictures.colours import mix
from bot.sandbox.upstream.pictures.pen import deep, light

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.sandbox.upstream.pictures.brush import Brush, Point
    from bot.sandbox.upstream.pictures.chance import Dice
    from bot.sandbox.upstream.pictures.colours import Colour, Palette

FLOOR = 4.0
"""Below everything that a frame can show."""
WINDOW_LIGHT = (255, 214, 130)


def outline(brush: Brush, height_at: Callable[[float], float]) -> list[Point]:
    """A line across the whole frame, closed far below it."""
    left, right = brush.frame[0] - 0.05, brush.frame[2] + 0.05
    step = max(brush.step, (right - left) / 700)
    count = math.ceil((right - left) / step)
    # The points belong to the scene, not to the frame: a wider frame shows the very same edge.
    first = math.floor(left / step)
    edge = [((first + index) * step, height_at((first + index) * step)) for index in range(count + 2)]
    return [*edge, (edge[-1][0], FLOOR), (edge[0][0], FLOOR)]


def city(
    brush: Brush,
    palette: Palette,
    dice: Dice,
    *,
    base: float,
    tall: float,
    shade: Colour,
    cell: float,
    lit: float,
) -> None:
    """A row of towers with lit windows."""
    seed = int(dice.at("city", 0, 1e9))
    left = math.floor((brush.frame[0] - 0.2) / cell)
    for column in range(left, math.ceil((brush.frame[2] + 0.2) / cell)):
        roll = lattice(seed, column)
        crowd = 0.55 + 0.45 * math.cos((column * cell - dice.at("centre", -0.2, 0.2)) * 2.4)
        high = tall * (0.25 + 0.75 * roll**1.6) * (0.55 + 0.45 * crowd)
        x0 = column * cell + cell * 0.1 * lattice(seed + 1, column)
        x1 = x0 + cell * (0.78 + 0.34 * lattice(seed + 2, column))
        tone = mix(shade, palette.sky[-1], 0.12 * lattice(seed + 3, column))
        _tower(brush, (x0, base - high, x1), tone, seed + column, lit, palette)


def _tower(
    brush: Brush, place: tuple[float, float, float], tone: Colour, seed: int, lit: float, palette: Palette
) -> None:
    x0, top, x1 = place
    middle, wide = (x0 + x1) / 2, x1 - x0
    style = int(lattice(seed, 5) * 4)
    if style == 0:
        brush.fill(
            [(middle - wide * 0.3, top), (middle, top - wide * 1.1), (middle + wide * 0.3, top)],
            tone,
            shadow=0.004,
        )
    elif style == 1:
        brush.fill(
            [
                (middle - wide * 0.28, top),
                (middle - wide * 0.28, top - wide * 0.4),
                (middle + wide * 0.28, top - wide * 0.4),
                (middle + wide * 0.28, top),
            ],
            tone,
            shadow=0.004,
        )
        brush.stroke([(middle, top - wide * 0.4), (middle, top - wide * 1.2)], wide * 0.05, tone)
    brush.fill(
        [(x0, top), (x1, top), (x1, FLOOR), (x0, FLOOR)],
        (light(tone, 0.12), mix(tone, palette.sky[-1], 0.3)),
        shadow=0.009,
    )
    columns = max(2, round(wide / 0.018))
    pitch = wide / (columns + 0.5)
    for row in range(min(40, int((brush.frame[3] - top) / (pitch * 1.35)))):
        for column in range(columns):
            if lattice(seed + 17, column, row) < lit:
                x, y = x0 + pitch * (0.45 + column), top + pitch * (0.7 + row * 1.35)
                glass = mix(WINDOW_LIGHT, palette.accent, 0.35 * lattice(seed + 18, column, row))
                brush.fill(
                    [
                        (x, y),
                        (x + pitch * 0.55, y),
                        (x + pitch * 0.55, y + pitch * 0.75),
                        (x, y + pitch * 0.75),
                    ],
                    glass,
                )


def woods(
    brush: Brush, dice: Dice, ground: Callable[[float], float], *, shade: Colour, high: float, cell: float
) -> None:
    """Firs along a ridge."""
    seed = int(dice.at("woods", 0, 1e9))
    for column in range(
        math.floor((brush.frame[0] - high) / cell), math.ceil((brush.frame[2] + high) / cell)
    ):
        if lattice(seed + 9, column) < 0.15:  # noqa: PLR2004 - a few gaps
            continue
        x = (column + 0.8 * lattice(seed, column)) * cell
        tall = high * (0.55 + 0.6 * lattice(seed + 1, column))
        foot = ground(x) + tall * 0.06
        tone = mix(shade, (255, 255, 255), 0.07 * lattice(seed + 2, column))
        _fir(brush, x, foot, tall, tone)


def _fir(brush: Brush, x: float, foot: float, tall: float, tone: Colour) -> None:
    if not brush.sees(x, foot - tall / 2, tall):
        return
    points: list[Point] = [(x, foot - tall)]
    tiers = 4
    for tier in range(1, tiers + 1):
        y = foot - tall + tall * 0.92 * tier / tiers
        half = tall * 0.055 * (tier + 1.2)
        points += [(x + half, y), (x + half * 0.5, y - tall * 0.03)]
    left = [(2 * x - px, py) for px, py in reversed(points[1:])]
    brush.fill(
        [*points, (x + tall * 0.03, foot), (x - tall * 0.03, foot), *left],
        (light(tone, 0.16), deep(tone, 0.15)),
        shadow=tall * 0.025,
    )


def water(brush: Brush, palette: Palette, dice: Dice, *, level: float, glitter: float) -> None:
    """The sea from the horizon down, with the light of the sun on it."""
    left, _, right, bottom = brush.frame
    surface = mix(palette.sky[-1], palette.far, 0.45)
    edge = [(left - 0.1, level), (right + 0.1, level)]
    brush.fill(
        [*edge, (right + 0.1, level + 1.1), (left - 0.1, level + 1.1)],
        (surface, mix(palette.far, palette.near, 0.55)),
    )
    if bottom > level + 1.0:
        deepest = mix(palette.far, palette.near, 0.55)
        brush.fill(
            [
                (left - 0.1, level + 1.0),
                (right + 0.1, level + 1.0),
                (right + 0.1, FLOOR),
                (left - 0.1, FLOOR),
            ],
            deepest,
        )
    seed = int(dice.at("glitter", 0, 1e9))
    for row in range(46):
        down = 0.004 + 0.3 * (row / 46) ** 1.7
        spread = 0.03 + down * 0.55
        for part in range(3):
            x = glitter + (lattice(seed, row, part) - 0.5) * 2 * spread
            half = 0.006 + 0.03 * lattice(seed + 1, row, part) * (0.3 + down * 3)
            brush.oval(
                (x, level + down),
                (half, 0.0012 + down * 0.006),
                light(palette.light, 0.2),
                alpha=0.75 - down * 1.6,
            )


def swell(
    brush: Brush, dice: Dice, name: str, *, y: float, high: float, shade: Colour, crest: Colour
) -> None:
    """One row of paper waves with light crests."""
    length = 0.13 + high * 2.2
    phase = dice.at(f"phase{name}", 0, 1)

    def top(x: float) -> float:
        arch: float = abs(math.sin((x / length + phase) * math.pi)) ** 0.8
        return y - high * arch - 0.012 * dice.ridge(name, x * 2, 2)

    brush.fill(outline(brush, lambda x: top(x) - 0.007), crest, shadow=0.014)
    brush.fill(outline(brush, top), (light(shade, 0.14), deep(shade, 0.25)))


def grass(
    brush: Brush, seed: int, ground: Callable[[float], float], *, shade: Colour, high: float, cell: float
) -> None:
    """Blades along an edge."""
    for column in range(
        math.floor((brush.frame[0] - high) / cell), math.ceil((brush.frame[2] + high) / cell)
    ):
        x = (column + lattice(seed, column)) * cell
        foot = ground(x) + 0.01
        if not brush.sees(x, foot, high):
            continue
        tall, lean = (
            high * (0.35 + 0.65 * lattice(seed + 1, column)),
            (lattice(seed + 2, column) - 0.5) * high * 0.9,
        )
        wide = high * 0.045
        blade = [
            (x - wide, foot),
            (x + lean * 0.35 - wide * 0.7, foot - tall * 0.55),
            (x + lean, foot - tall),
            (x + lean * 0.4 + wide * 0.7, foot - tall * 0.5),
            (x + wide, foot),
        ]
        brush.fill(blade, mix(shade, (255, 255, 255), 0.12 * lattice(seed + 3, column)))
