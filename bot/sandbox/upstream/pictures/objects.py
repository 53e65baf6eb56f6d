"""Ships, houses, flowers, machines of cut paper.
Never here: where they stand, or what is around them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot.sandbox.upstream.pictures.creatures import INK
from bot.sandbox.upstream.pictures.pen import deep, light

if TYPE_CHECKING:
    from bot.sandbox.upstream.pictures.colours import Colour
    from bot.sandbox.upstream.pictures.pen import Pen

WINDOW = (255, 222, 140)


def ship(pen: Pen) -> None:
    """A ship under full sail."""
    hull, sail, flag = deep(pen.palette.near, 0.1), pen.palette.paper, pen.palette.accent
    for x, top in ((-0.26, 0.86), (0.06, 1.0), (0.34, 0.78)):
        pen.line([(x, 0.16), (x, top)], 0.018, deep(hull, 0.3))
        pen.curve([(x, top), (x - 0.12, top - 0.04), (x - 0.02, top - 0.01)], flag, lift=0.002)
    for x, top, wide in ((-0.26, 0.8, 0.17), (0.34, 0.72, 0.15), (0.06, 0.93, 0.21)):
        for level in range(2):
            high = top - level * 0.29
            low, half = high - 0.26, wide + level * 0.03
            _sail(pen, (x, low), (half, high - low), sail)
    pen.cut([(0.34, 0.62), (0.78, 0.22), (0.36, 0.22)], (sail, deep(sail, 0.2)))
    pen.curve([(-0.62, 0.3), (-0.46, 0.2), (0.0, 0.16), (0.46, 0.2), (0.74, 0.27), (0.58, 0.06), (0.34, -0.06), (-0.34, -0.06),
               (-0.54, 0.04)], (light(hull, 0.25), deep(hull, 0.2)))  # fmt: skip
    pen.line([(-0.56, 0.2), (-0.4, 0.14), (0.0, 0.1), (0.44, 0.13), (0.66, 0.2)], 0.022, flag)
    for index in range(5):
        pen.round((-0.36 + index * 0.18, 0.06), 0.018, WINDOW, lift=0.0)


def _sail(pen: Pen, foot: tuple[float, float], size: tuple[float, float], shade: Colour) -> None:
    """A square sail full of wind."""
    (x, low), (half, tall) = foot, size
    right, left, under = [], [], []
    for step in range(11):
        t = step / 10
        belly = 0.055 * math.sin(math.pi * t)
        width = half * (0.8 + 0.2 * t)
        y = low + tall * (1 - t)
        right.append((x + width + belly, y))
        left.append((x - width + belly * 0.6, y))
        across = half * (1 - 2 * t)
        under.append((x + across, low + 0.045 * (1 - (across / half) ** 2)))
    pen.cut([*right, *under, *reversed(left)], (light(shade, 0.35), deep(shade, 0.14)))
    pen.cut(
        [*right, *under[:4], *((px - half * 0.45, py) for px, py in reversed(right))],
        deep(shade, 0.3),
        lift=0.0,
        alpha=0.3,
    )


def flower(pen: Pen) -> None:
    """A great blossom with leaves."""
    petal, heart, green = pen.palette.accent, pen.palette.second, deep((86, 140, 92), 0.15)
    pen.line([(0.0, 0.0), (0.03, 0.25), (-0.02, 0.5), (0.0, 0.66)], 0.035, green)
    pen.leaf((0.02, 0.16), (0.36, 0.38), 0.075, (light(green, 0.2), green))
    pen.leaf((0.02, 0.26), (-0.34, 0.46), 0.07, (light(green, 0.15), deep(green, 0.1)))
    for ring, (count, length, wide) in enumerate(((10, 0.34, 0.085), (9, 0.26, 0.075), (7, 0.17, 0.06))):
        shade = light(petal, 0.14 * ring)
        for index in range(count):
            angle = 2 * math.pi * index / count + ring * 0.4 + pen.dice.at(f"petal{ring}", 0, 1)
            tip = (length * math.cos(angle), 0.68 + length * math.sin(angle))
            pen.leaf((0.0, 0.68), tip, wide, (light(shade, 0.12), deep(shade, 0.16)), lift=0.01)
    pen.round((0.0, 0.68), 0.085, (light(heart, 0.2), deep(heart, 0.2)))
    for index in range(21):
        turn, reach = index * 2.4, 0.016 * math.sqrt(index)
        pen.round((reach * math.cos(turn), 0.68 + reach * math.sin(turn)), 0.009, deep(heart, 0.45), lift=0.0)


def mushroom(pen: Pen) -> None:
    """A mushroom with white dots, and its child."""
    cap, stem = pen.palette.accent, pen.palette.paper
    for x, size in ((0.38, 0.5), (0.0, 1.0)):
        points = [(-0.12, 0.0), (0.12, 0.0), (0.09, 0.3), (0.1, 0.56), (-0.1, 0.56), (-0.09, 0.3)]
        pen.curve([(x + px * size, py * size) for px, py in points], (stem, deep(stem, 0.25)))
        gills = [(-0.4, 0.5), (0.0, 0.42), (0.4, 0.5), (0.0, 0.58)]
        pen.curve([(x + px * size, py * size) for px, py in gills], (deep(stem, 0.2), light(stem, 0.1)))
        top = [
            (-0.45, 0.5),
            (-0.4, 0.72),
            (-0.2, 0.92),
            (0.0, 0.98),
            (0.2, 0.92),
            (0.4, 0.72),
            (0.45, 0.5),
            (0.2, 0.545),
            (-0.2, 0.545),
        ]
        pen.curve([(x + px * size, py * size) for px, py in top], (light(cap, 0.2), deep(cap, 0.2)))
        for dot_x, dot_y, dot in (
            (-0.24, 0.7, 0.055),
            (0.02, 0.82, 0.07),
            (0.26, 0.68, 0.05),
            (0.03, 0.62, 0.04),
            (-0.1, 0.9, 0.03),
        ):
            pen.oval((x + dot_x * size, dot_y * size), (dot * size, dot * 0.8 * size), stem, lift=0.004)


def balloon(pen: Pen) -> None:
    """A hot-air balloon."""
    first, second, basket = pen.palette.accent, pen.palette.paper, deep(pen.palette.second, 0.35)
    for side in (-1, 1):
        pen.line([(0.1 * side, 0.34), (0.06 * side, 0.14)], 0.006, basket)
    pen.cut(
        [(-0.07, 0.14), (0.07, 0.14), (0.055, 0.02), (-0.055, 0.02)], (light(basket, 0.2), deep(basket, 0.2))
    )
    stripes = 7
    outline = [(0.1, 0.34), (0.25, 0.5), (0.33, 0.68), (0.28, 0.86), (0.15, 0.96), (0.0, 0.99)]
    whole = outline + [(-x, y) for x, y in reversed(outline[:-1])]
    pen.curve(whole, first, lift=0.016)
    for stripe in range(stripes):
        left, right = 2 * stripe / stripes - 1, 2 * (stripe + 1) / stripes - 1
        left, right = math.sin(left * math.pi / 2), math.sin(right * math.pi / 2)
        shade = second if stripe % 2 else first
        edge = [(x * left, y) for x, y in outline] + [(x * right, y) for x, y in reversed(outline)]
        pen.cut(edge, (light(shade, 0.2), deep(shade, 0.1 + 0.05 * stripe)), lift=0.0)
    pen.curve([(-0.105, 0.36), (0.105, 0.36), (0.09, 0.32), (-0.09, 0.32)], deep(first, 0.3), lift=0.003)


def rocket(pen: Pen) -> None:
    """A rocket on its flame."""
    body, fin = pen.palette.paper, pen.palette.accent
    pen.glow((0, 0.1), 0.55, (255, 190, 90), 0.9)
    for size, shade in ((1.0, pen.palette.accent), (0.7, pen.palette.second), (0.4, (255, 246, 214))):
        pen.curve(
            [
                (-0.1 * size, 0.26),
                (0.1 * size, 0.26),
                (0.09 * size, 0.14),
                (0.0, 0.26 - 0.34 * size),
                (-0.09 * size, 0.14),
            ],
            shade,
            lift=0.0,
        )
    for side in (-1, 1):
        pen.curve(
            [(0.12 * side, 0.5), (0.28 * side, 0.32), (0.26 * side, 0.18), (0.11 * side, 0.28)],
            (light(fin, 0.1), deep(fin, 0.3)),
        )
    pen.curve(
        [(-0.12, 0.26), (0.12, 0.26), (0.16, 0.48), (0.13, 0.74), (0.0, 1.0), (-0.13, 0.74), (-0.16, 0.48)],
        (light(body, 0.2), deep(body, 0.1)),
    )
    pen.curve(
        [(0.03, 0.26), (0.12, 0.26), (0.16, 0.48), (0.13, 0.74), (0.0, 1.0), (0.07, 0.7), (0.07, 0.46)],
        INK,
        lift=0.0,
        alpha=0.13,
    )
    pen.curve([(-0.115, 0.78), (0.0, 0.76), (0.115, 0.78), (0.0, 1.0)], (light(fin, 0.1), fin), lift=0.002)
    pen.round((0, 0.6), 0.075, deep(body, 0.4), lift=0.004)
    pen.round((0, 0.6), 0.055, (light(pen.palette.sky[1], 0.4), pen.palette.sky[0]), lift=0.0)
    pen.cut([(-0.11, 0.26), (0.11, 0.26), (0.09, 0.22), (-0.09, 0.22)], deep(body, 0.6), lift=0.004)


def robot(pen: Pen) -> None:
    """A friendly robot."""
    metal, lamp = light(pen.palette.far, 0.35), pen.palette.accent
    pen.line([(0, 0.9), (0, 1.0)], 0.02, deep(metal, 0.4))
    pen.glow((0, 1.0), 0.25, lamp, 0.9)
    pen.round((0, 1.0), 0.035, light(lamp, 0.3))
    for side in (-1, 1):
        pen.curve(
            [
                (0.08 * side, 0.0),
                (0.24 * side, 0.0),
                (0.22 * side, 0.06),
                (0.2 * side, 0.2),
                (0.1 * side, 0.2),
            ],
            (deep(metal, 0.2), deep(metal, 0.5)),
        )
        pen.curve(
            [
                (0.27 * side, 0.5),
                (0.38 * side, 0.44),
                (0.42 * side, 0.24),
                (0.36 * side, 0.2),
                (0.29 * side, 0.36),
            ],
            (metal, deep(metal, 0.35)),
        )
        pen.round((0.385 * side, 0.2), 0.055, (light(lamp, 0.1), deep(lamp, 0.3)))
    pen.curve(
        [(-0.27, 0.16), (0.27, 0.16), (0.3, 0.36), (0.24, 0.56), (-0.24, 0.56), (-0.3, 0.36)],
        (light(metal, 0.25), deep(metal, 0.2)),
    )
    pen.curve(
        [(-0.13, 0.24), (0.13, 0.24), (0.14, 0.36), (0.1, 0.46), (-0.1, 0.46), (-0.14, 0.36)],
        (pen.palette.sky[0], deep(pen.palette.sky[0], 0.4)),
        lift=0.003,
    )
    for index, shade in enumerate((lamp, pen.palette.second, pen.palette.light)):
        pen.round((-0.06 + index * 0.06, 0.35), 0.02, shade, lift=0.0)
    pen.curve(
        [(-0.26, 0.6), (0.26, 0.6), (0.31, 0.74), (0.26, 0.9), (-0.26, 0.9), (-0.31, 0.74)],
        (light(metal, 0.35), metal),
    )
    pen.curve(
        [(-0.2, 0.66), (0.2, 0.66), (0.24, 0.75), (0.2, 0.84), (-0.2, 0.84), (-0.24, 0.75)],
        deep(pen.palette.near, 0.3),
        lift=0.003,
    )
    for side in (-1, 1):
        pen.glow((0.1 * side, 0.75), 0.13, lamp, 0.8)
        pen.round((0.1 * side, 0.75), 0.045, light(lamp, 0.45), lift=0.0)


def tree(pen: Pen) -> None:
    """A wide tree with a round crown."""
    trunk, crown = deep(pen.palette.near, 0.05), pen.palette.accent
    pen.curve(
        [(-0.1, 0.0), (0.1, 0.0), (0.05, 0.2), (0.06, 0.5), (-0.06, 0.5), (-0.05, 0.2)],
        (light(trunk, 0.1), deep(trunk, 0.2)),
    )
    for x, y in ((-0.24, 0.56), (0.22, 0.62), (-0.1, 0.7)):
        pen.line([(0, 0.34), (x * 0.5, y * 0.82), (x, y)], 0.03, trunk)
    for index in range(15):
        angle, reach = index * 2.4, 0.085 * math.sqrt(index)
        x, y = reach * math.cos(angle) * 1.15, 0.7 + reach * math.sin(angle) * 0.72
        shade = light(crown, 0.3 * y - 0.1) if index % 3 else light(pen.palette.second, 0.1)
        pen.round((x, y), pen.dice.at(f"crown{index}", 0.11, 0.17), (light(shade, 0.15), deep(shade, 0.22)))


def cup(pen: Pen) -> None:
    """A steaming cup."""
    glaze, drink = pen.palette.accent, deep((120, 74, 44), 0.1)
    for x in (-0.12, 0.06, 0.2):
        pen.line(
            [(x, 0.66), (x + 0.05, 0.76), (x - 0.04, 0.86), (x + 0.03, 0.98)],
            0.028,
            pen.palette.paper,
            alpha=0.55,
        )
    pen.oval((0.02, 0.03), (0.56, 0.07), (light(pen.palette.paper, 0.2), deep(pen.palette.paper, 0.2)))
    pen.line([(0.36, 0.5), (0.54, 0.46), (0.54, 0.28), (0.32, 0.2)], 0.06, deep(glaze, 0.1))
    pen.curve(
        [(-0.4, 0.6), (0.4, 0.6), (0.36, 0.3), (0.2, 0.06), (-0.2, 0.06), (-0.36, 0.3)],
        (light(glaze, 0.15), deep(glaze, 0.25)),
    )
    pen.oval((0, 0.6), (0.4, 0.08), light(glaze, 0.35), lift=0.0)
    pen.oval((0, 0.595), (0.36, 0.062), (deep(drink, 0.2), light(drink, 0.1)), lift=0.0)
