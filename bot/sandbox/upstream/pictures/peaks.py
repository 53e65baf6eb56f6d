"""Ranges of folded mountains.
Never here: hills, or where a range stands."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot.sandbox.upstream.pictures.chance import lattice
from bot.sandbox.upstream.pictures.colours import mix
from bot.sandbox.upstream.pictures.pen import deep, light

if TYPE_CHECKING:
    from bot.sandbox.upstream.pictures.brush import Brush, Point
    from bot.sandbox.upstream.pictures.chance import Dice
    from bot.sandbox.upstream.pictures.colours import Colour, Palette


def mountains(
    brush: Brush, palette: Palette, dice: Dice, *, base: float, height: float, shade: Colour, cell: float
) -> None:
    """A range of folded peaks with a lit side, a shaded side and snow; the smaller ones stand in front."""
    seed = int(dice.at("range", 0, 1e9))
    first = math.floor((brush.frame[0] - 1) / cell)
    peaks = []
    for column in range(first, math.ceil((brush.frame[2] + 1) / cell)):
        x = (column + 0.2 + 0.6 * lattice(seed, column)) * cell
        tall = height * (0.42 + 0.58 * lattice(seed + 1, column) ** 1.2)
        peaks.append((tall, x, column))
    for tall, x, column in sorted(peaks, reverse=True):
        tone = mix(shade, palette.sky[-1], 0.3 * tall / height)
        _peak(brush, palette, (x, base - tall), (base, seed + 31 * column), tone)


def _peak(brush: Brush, palette: Palette, top: Point, foot: tuple[float, int], shade: Colour) -> None:
    """One peak: its outline, its shaded side, its snow on both."""
    base, seed = foot
    tall = base - top[1]
    left, right = (_flank(top, base, side, seed) for side in (-1, 1))
    middle = [
        (
            top[0] + tall * 0.16 * (lattice(seed + 5, part) - 0.35) * min(1.0, part / 3),
            top[1] + tall * part / 12,
        )
        for part in range(13)
    ]
    mist = mix(shade, palette.sky[-1], 0.5)
    brush.fill([*reversed(left), *right], (light(shade, 0.2), mist), shadow=0.01)
    brush.fill([*middle, *reversed(right)], (deep(shade, 0.28), mist))
    limit = 0.24 + 0.12 * lattice(seed, 9)
    for flank, tint in ((left, 0.08), (right, 0.42)):
        cap = [point for point in flank if point[1] < top[1] + tall * limit * 1.25]
        ridge_line = [point for point in middle if point[1] < top[1] + tall * limit]
        lower = [
            (
                cap[-1][0] + (ridge_line[-1][0] - cap[-1][0]) * part / 7,
                cap[-1][1]
                + (ridge_line[-1][1] - cap[-1][1]) * part / 7
                + tall * (0.11 if part % 2 else -0.05),
            )
            for part in range(1, 7)
        ]
        snow = mix(light(palette.paper, 0.5), mix(shade, palette.sky[0], 0.5), tint)
        brush.fill([*cap, *lower, *reversed(ridge_line)], snow)


def _flank(top: Point, base: float, side: int, seed: int) -> list[Point]:
    """One slope, from the top down, a little crooked."""
    tall = base - top[1]
    points = [top]
    for part in range(1, 15):
        out = tall * (0.78 * part / 14 + 0.045 * (lattice(seed + side, part) - 0.5))
        points.append((top[0] + side * out, top[1] + tall * part / 14))
    return points
