"""Houses of all kinds, of cut paper.
Never here: where they stand, or what is around them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.sandbox.upstream.pictures.creatures import INK
from bot.sandbox.upstream.pictures.objects import WINDOW
from bot.sandbox.upstream.pictures.pen import deep, light

if TYPE_CHECKING:
    from bot.sandbox.upstream.pictures.pen import Pen


def lighthouse(pen: Pen) -> None:
    """A striped tower on a rock, shining."""
    wall, stripe = pen.palette.paper, pen.palette.accent
    pen.glow((0, 0.86), 0.8, pen.palette.light, 0.7)
    for side in (-1, 1):
        pen.cut(
            [(0, 0.88), (1.5 * side, 1.08), (1.5 * side, 0.72), (0, 0.84)],
            pen.palette.light,
            lift=0.0,
            alpha=0.16,
        )
    pen.curve(
        [(-0.5, -0.06), (-0.34, 0.08), (-0.1, 0.14), (0.16, 0.13), (0.4, 0.05), (0.56, -0.06)],
        (deep(pen.palette.near, 0.0), deep(pen.palette.near, 0.4)),
    )
    pen.cut([(-0.17, 0.1), (0.17, 0.1), (0.105, 0.78), (-0.105, 0.78)], (wall, deep(wall, 0.12)))
    for index in range(3):
        low = 0.16 + index * 0.22
        half_low, half_high = 0.17 - (low - 0.1) * 0.096, 0.17 - low * 0.096
        pen.cut(
            [(-half_low, low), (half_low, low + 0.03), (half_high, low + 0.13), (-half_high, low + 0.1)],
            (stripe, deep(stripe, 0.15)),
            lift=0.0,
        )
    pen.cut([(0.05, 0.1), (0.17, 0.1), (0.105, 0.78), (0.035, 0.78)], INK, lift=0.0, alpha=0.14)
    pen.cut([(-0.15, 0.76), (0.15, 0.76), (0.14, 0.8), (-0.14, 0.8)], deep(stripe, 0.4))
    pen.cut(
        [(-0.075, 0.8), (0.075, 0.8), (0.075, 0.91), (-0.075, 0.91)], (pen.palette.light, WINDOW), lift=0.004
    )
    pen.cut([(-0.12, 0.9), (0.12, 0.9), (0.0, 1.02)], (stripe, deep(stripe, 0.3)))
    pen.cut([(-0.04, 0.1), (0.03, 0.1), (0.03, 0.2), (-0.04, 0.2)], deep(stripe, 0.5), lift=0.0)


def castle(pen: Pen) -> None:
    """A castle with many towers."""
    wall, roof = light(pen.palette.far, 0.3), pen.palette.accent
    towers = ((-0.5, 0.14, 0.44), (0.5, 0.14, 0.5), (-0.28, 0.13, 0.62), (0.3, 0.12, 0.68), (0.0, 0.17, 0.78))
    for x, half, top in towers:
        half *= 0.72  # noqa: PLW2901 - the towers are a little slimmer than planned
        pen.cut(
            [(x - half, 0.0), (x + half, 0.0), (x + half, top), (x - half, top)],
            (light(wall, 0.25), deep(wall, 0.18)),
        )
        pen.cut(
            [(x + half * 0.35, 0.0), (x + half, 0.0), (x + half, top), (x + half * 0.35, top)],
            INK,
            lift=0.0,
            alpha=0.12,
        )
        pen.cut(
            [(x - half * 1.3, top), (x + half * 1.3, top), (x, top + half * 2.6)],
            (light(roof, 0.15), deep(roof, 0.25)),
        )
        pen.line([(x, top + half * 2.5), (x, top + half * 2.5 + 0.07)], 0.008, deep(roof, 0.4))
        pen.cut(
            [(x, top + half * 2.5 + 0.07), (x + 0.07, top + half * 2.5 + 0.05), (x, top + half * 2.5 + 0.03)],
            pen.palette.second,
            lift=0.002,
        )
        for level in range(int(top * 5)):
            pen.oval((x, top - 0.09 - level * 0.15), (0.018, 0.03), WINDOW, lift=0.0)
    pen.cut([(-0.62, 0.0), (0.62, 0.0), (0.62, 0.24), (-0.62, 0.24)], (wall, deep(wall, 0.3)))
    for index in range(10):
        x = -0.6 + index * 0.13
        pen.cut(
            [(x, 0.23), (x + 0.07, 0.23), (x + 0.07, 0.29), (x, 0.29)], (light(wall, 0.1), wall), lift=0.003
        )
    pen.curve(
        [(-0.09, 0.0), (0.09, 0.0), (0.09, 0.12), (0.0, 0.19), (-0.09, 0.12)], deep(pen.palette.near, 0.3)
    )


def house(pen: Pen) -> None:
    """A small house with a warm window."""
    wall, roof = light(pen.palette.second, 0.35), pen.palette.accent
    pen.glow((0.1, 0.3), 0.7, WINDOW, 0.5)
    pen.cut([(0.24, 0.62), (0.36, 0.62), (0.36, 0.98), (0.24, 0.98)], (deep(roof, 0.2), deep(roof, 0.5)))
    pen.cut([(-0.44, 0.0), (0.44, 0.0), (0.44, 0.52), (-0.44, 0.52)], (wall, deep(wall, 0.2)))
    pen.cut([(-0.56, 0.48), (0.56, 0.48), (0.0, 0.98)], (light(roof, 0.15), deep(roof, 0.2)), lift=0.02)
    for row in range(4):
        y = 0.54 + row * 0.1
        half = 0.5 * (0.98 - y) / 0.5
        pen.line([(-half, y), (half, y)], 0.008, deep(roof, 0.35), alpha=0.5)
    for x in (-0.28, 0.14):
        pen.cut(
            [(x, 0.2), (x + 0.18, 0.2), (x + 0.18, 0.38), (x, 0.38)], (light(WINDOW, 0.4), WINDOW), lift=0.003
        )
        pen.line([(x + 0.09, 0.2), (x + 0.09, 0.38)], 0.012, deep(wall, 0.5))
        pen.line([(x, 0.29), (x + 0.18, 0.29)], 0.012, deep(wall, 0.5))
    pen.cut(
        [(-0.06, 0.0), (0.1, 0.0), (0.1, 0.27), (-0.06, 0.27)], (deep(roof, 0.3), deep(roof, 0.5)), lift=0.003
    )
