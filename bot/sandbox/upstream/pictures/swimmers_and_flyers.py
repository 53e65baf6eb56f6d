"""Animals of the air and the water, of cut paper.
Never here: where they are, or what is around them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot.sandbox.upstream.pictures.creatures import INK
from bot.sandbox.upstream.pictures.pen import deep, light

if TYPE_CHECKING:
    from bot.sandbox.upstream.pictures.pen import Pen


def bird(pen: Pen) -> None:
    """A bird in flight, folded like origami."""
    coat, other = pen.palette.accent, pen.palette.second
    pen.cut([(-0.05, 0.5), (0.3, 0.98), (0.22, 0.5)], (deep(other, 0.1), deep(other, 0.4)))
    pen.cut(
        [(-0.55, 0.56), (-0.1, 0.66), (0.3, 0.5), (0.72, 0.44), (0.3, 0.34), (-0.1, 0.36)],
        (light(coat, 0.2), coat),
    )
    pen.cut([(-0.1, 0.36), (0.3, 0.34), (0.72, 0.44), (0.1, 0.42)], deep(coat, 0.28), lift=0.0)
    pen.cut([(-0.55, 0.56), (-0.36, 0.61), (-0.35, 0.53)], pen.palette.light, lift=0.003)
    pen.cut([(0.55, 0.42), (0.98, 0.6), (0.86, 0.36)], (coat, deep(coat, 0.2)))
    pen.cut([(-0.16, 0.56), (-0.3, 1.0), (0.06, 0.78), (0.26, 0.5)], (light(other, 0.3), other))
    pen.cut([(-0.3, 1.0), (0.06, 0.78), (0.26, 0.5), (-0.02, 0.66)], deep(other, 0.2), lift=0.0)
    pen.round((-0.28, 0.575), 0.018, INK, lift=0.0)


def whale(pen: Pen) -> None:
    """A whale at the surface, blowing."""
    coat, belly = pen.palette.near, light(pen.palette.far, 0.5)
    coat = light(coat, 0.22)
    for x, bend in ((-0.36, -0.16), (-0.3, 0.12)):
        pen.line(
            [(x, 0.72), (x + bend * 0.3, 0.9), (x + bend, 1.0), (x + bend * 1.6, 0.93)],
            0.035,
            pen.palette.paper,
            alpha=0.9,
        )
    pen.curve([(0.62, 0.36), (0.82, 0.5), (0.78, 0.82), (0.98, 0.74), (1.18, 0.86), (1.06, 0.62), (0.92, 0.4), (0.7, 0.2)],
              (light(coat, 0.15), coat))  # fmt: skip
    pen.curve(
        [(-0.86, 0.3), (-0.78, 0.56), (-0.45, 0.7), (-0.05, 0.68), (0.4, 0.52), (0.78, 0.36), (0.84, 0.22), (0.5, 0.06),
         (-0.1, -0.06), (-0.7, 0.02)],
        (light(coat, 0.2), deep(coat, 0.2)),
    )  # fmt: skip
    pen.curve(
        [(-0.86, 0.28), (-0.4, 0.24), (0.1, 0.14), (0.4, 0.06), (-0.1, -0.08), (-0.7, 0.0)],
        (belly, deep(belly, 0.2)),
        lift=0.004,
    )
    for line in range(4):
        y = 0.19 - line * 0.055
        pen.line(
            [(-0.8 + line * 0.04, y), (-0.3, y - 0.03), (0.12 - line * 0.06, y - 0.08)],
            0.009,
            deep(coat, 0.1),
            alpha=0.6,
        )
    pen.leaf((-0.16, 0.2), (0.14, -0.12), 0.09, (coat, deep(coat, 0.3)))
    pen.round((-0.52, 0.34), 0.03, INK, lift=0.0)
    pen.round((-0.53, 0.35), 0.01, (255, 255, 255), lift=0.0)


def fish(pen: Pen) -> None:
    """A fish with scales."""
    coat, other = pen.palette.accent, pen.palette.second
    pen.curve(
        [(0.42, 0.5), (0.7, 0.82), (0.86, 0.78), (0.76, 0.5), (0.86, 0.22), (0.7, 0.18)],
        (other, deep(other, 0.3)),
    )
    pen.curve([(-0.2, 0.72), (0.0, 0.98), (0.3, 0.86), (0.26, 0.66)], (other, deep(other, 0.2)))
    pen.curve([(-0.06, 0.3), (0.06, 0.06), (0.26, 0.14), (0.2, 0.34)], (other, deep(other, 0.2)))
    pen.curve([(-0.72, 0.48), (-0.45, 0.72), (0.0, 0.8), (0.36, 0.64), (0.5, 0.5), (0.36, 0.36), (0.0, 0.2), (-0.45, 0.27)],
              (light(coat, 0.25), deep(coat, 0.2)))  # fmt: skip
    for row in range(5):
        for column in range(5):
            x, y = -0.2 + column * 0.12 + row % 2 * 0.06, 0.34 + row * 0.08
            if abs(y - 0.5) < 0.25 - abs(x - 0.02) * 0.36:
                pen.round((x, y), 0.055, (light(coat, 0.35), coat), lift=0.006)
    pen.curve(
        [(-0.73, 0.48), (-0.5, 0.7), (-0.3, 0.74), (-0.22, 0.5), (-0.3, 0.26), (-0.5, 0.29)],
        (light(coat, 0.3), coat),
    )
    pen.round((-0.48, 0.56), 0.06, pen.palette.paper, lift=0.003)
    pen.round((-0.49, 0.56), 0.032, INK, lift=0.0)


def butterfly(pen: Pen) -> None:
    """A butterfly with open wings."""
    first, second = pen.palette.accent, pen.palette.second
    for side in (-1, 1):
        pen.curve([(0.02 * side, 0.5), (0.14 * side, 0.78), (0.46 * side, 0.98), (0.66 * side, 0.86), (0.52 * side, 0.58),
                   (0.2 * side, 0.46)], (light(first, 0.2), deep(first, 0.15)))  # fmt: skip
        pen.curve([(0.02 * side, 0.48), (0.3 * side, 0.46), (0.5 * side, 0.28), (0.4 * side, 0.06), (0.2 * side, 0.14)],
                  (second, deep(second, 0.25)))  # fmt: skip
        pen.curve(
            [(0.12 * side, 0.6), (0.38 * side, 0.86), (0.55 * side, 0.82), (0.42 * side, 0.62)],
            light(second, 0.3),
            lift=0.005,
        )
        for index in range(4):
            angle = 0.35 + index * 0.3
            pen.round(
                (side * (0.1 + 0.52 * math.cos(angle)), 0.5 + 0.52 * math.sin(angle) * 0.8),
                0.022,
                pen.palette.paper,
                lift=0.002,
            )
        pen.line([(0.01 * side, 0.7), (0.06 * side, 0.86), (0.14 * side, 0.94)], 0.012, INK)
    pen.oval((0, 0.48), (0.035, 0.24), INK)
