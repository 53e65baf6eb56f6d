"""What shines: sun, moon, planets, stars.
Never here: clouds, or when something shines."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot.sandbox.upstream.pictures.chance import lattice
from bot.sandbox.upstream.pictures.colours import mix
from bot.sandbox.upstream.pictures.pen import deep, light

if TYPE_CHECKING:
    from bot.sandbox.upstream.pictures.brush import Brush, Point
    from bot.sandbox.upstream.pictures.colours import Palette


def sun(brush: Brush, palette: Palette, centre: Point, radius: float) -> None:
    """A sun or full moon with its light."""
    brush.glow(centre, radius * 6, mix(palette.light, palette.accent, 0.25), 0.55)
    brush.glow(centre, radius * 2.6, palette.light, 0.75)
    brush.disc(
        centre, radius, (light(palette.light, 0.4), mix(palette.light, palette.second, 0.12)), shadow=0.006
    )


def moon(brush: Brush, palette: Palette, centre: Point, radius: float) -> None:
    """A crescent with its light."""
    brush.glow(centre, radius * 5, palette.light, 0.5)
    outer = [(centre[0] + radius * math.cos(a), centre[1] + radius * math.sin(a)) for a in _arc(-2.2, 2.2)]
    # The inner curve ends where the outer one does: (-0.589, ±0.808).
    inner = [
        (centre[0] + radius * (0.8 * math.cos(a) - 0.371), centre[1] + radius * 0.84 * math.sin(a))
        for a in reversed(_arc(-1.847, 1.847))
    ]
    points = [_turn(point, centre, -0.5) for point in (*outer, *inner)]
    brush.fill(points, (light(palette.light, 0.3), palette.light), shadow=0.006)


def planet(brush: Brush, palette: Palette, centre: Point, radius: float) -> None:
    """A ringed planet."""
    brush.glow(centre, radius * 3, palette.second, 0.4)
    ring = [(radius * 1.9, 0.42), (radius * 1.62, 0.36)]
    for width, flat in ring[:1]:
        brush.oval(centre, (width, width * flat * 0.55), deep(palette.second, 0.1), turn=-0.35, shadow=0.006)
    brush.disc(centre, radius, (light(palette.accent, 0.25), deep(palette.accent, 0.35)), shadow=0.012)
    for index in range(3):
        y = centre[1] + radius * (-0.4 + index * 0.4)
        half = math.sqrt(max(0.0, radius**2 - (y - centre[1]) ** 2)) * 0.96
        brush.stroke(
            [(centre[0] - half, y + half * 0.3), (centre[0] + half, y - half * 0.3)],
            radius * 0.09,
            light(palette.accent, 0.4),
            alpha=0.4,
        )
    front = [
        _turn(
            (centre[0] + radius * 1.9 * math.cos(a), centre[1] + radius * 0.44 * math.sin(a)), centre, -0.35
        )
        for a in _arc(0.0, math.pi)
    ] + [
        _turn((centre[0] + radius * 1.5 * math.cos(a), centre[1] + radius * 0.3 * math.sin(a)), centre, -0.35)
        for a in reversed(_arc(0.0, math.pi))
    ]
    brush.fill(front, (light(palette.second, 0.3), palette.second), shadow=0.006)


def stars(brush: Brush, palette: Palette, seed: int, *, density: float, bottom: float) -> None:
    """Stars on an endless lattice, fewer towards the horizon."""
    cell = 0.055
    left, top, right, _ = brush.frame
    for row in range(math.floor(top / cell), math.ceil(min(bottom, brush.frame[3]) / cell)):
        for column in range(math.floor(left / cell), math.ceil(right / cell)):
            if lattice(seed, column, row) > density * (1 - max(0.0, row * cell / bottom) * 0.8):
                continue
            x = (column + lattice(seed + 1, column, row)) * cell
            y = (row + lattice(seed + 2, column, row)) * cell
            size = 0.0012 + 0.0035 * lattice(seed + 3, column, row) ** 4
            if y < bottom:
                brush.disc((x, y), size, light(palette.light, 0.4))
                if size > 0.0034:  # noqa: PLR2004 - only the brightest shine
                    brush.glow((x, y), size * 9, palette.light, 0.6)


def _arc(start: float, end: float) -> list[float]:
    return [start + (end - start) * step / 40 for step in range(41)]


def _turn(point: Point, centre: Point, angle: float) -> Point:
    x, y = point[0] - centre[0], point[1] - centre[1]
    return centre[0] + x * math.cos(angle) - y * math.sin(angle), centre[1] + x * math.sin(
        angle
    ) + y * math.cos(angle)
