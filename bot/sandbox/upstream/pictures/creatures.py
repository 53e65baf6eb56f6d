"""Animals of cut paper.
Never here: where they stand, or what is around them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.sandbox.upstream.pictures.pen import deep, light

if TYPE_CHECKING:
    from bot.sandbox.upstream.pictures.colours import Colour
    from bot.sandbox.upstream.pictures.pen import Pen

INK: Colour = (28, 20, 38)


def fox(pen: Pen) -> None:
    """A sitting fox."""
    coat, white = pen.palette.accent, pen.palette.paper
    pen.curve(
        [
            (0.1, 0.03),
            (0.34, 0.0),
            (0.56, 0.1),
            (0.66, 0.3),
            (0.6, 0.5),
            (0.5, 0.4),
            (0.44, 0.24),
            (0.26, 0.16),
        ],
        (light(coat, 0.12), deep(coat, 0.3)),
    )
    pen.curve(
        [(0.66, 0.3), (0.665, 0.42), (0.6, 0.52), (0.54, 0.46), (0.52, 0.4), (0.6, 0.37)], white, lift=0.004
    )
    pen.curve(
        [
            (-0.2, 0.0),
            (0.26, 0.0),
            (0.34, 0.14),
            (0.28, 0.32),
            (0.12, 0.56),
            (-0.08, 0.62),
            (-0.22, 0.5),
            (-0.24, 0.2),
        ],
        (coat, deep(coat, 0.32)),
    )
    pen.curve(
        [(0.04, 0.0), (0.3, 0.0), (0.34, 0.12), (0.24, 0.25), (0.1, 0.2)], (light(coat, 0.1), deep(coat, 0.2))
    )
    pen.cut(
        [(-0.2, 0.52), (0.02, 0.52), (-0.02, 0.26), (-0.09, 0.14), (-0.17, 0.28)],
        (white, light(coat, 0.55)),
        lift=0.005,
    )
    for x in (-0.19, -0.07):
        pen.curve(
            [(x - 0.055, 0.0), (x + 0.05, 0.0), (x + 0.04, 0.16), (x - 0.03, 0.16)],
            (coat, deep(INK, 0.1)),
            lift=0.006,
        )
    _fox_head(pen, coat, white)


def _fox_head(pen: Pen, coat: Colour, white: Colour) -> None:
    for side in (-1, 1):
        pen.cut(_face(side, [(0.06, 0.84), (0.3, 0.8), (0.27, 1.03)]), (deep(coat, 0.1), coat))
        pen.cut(_face(side, [(0.12, 0.85), (0.25, 0.82), (0.245, 0.96)]), deep(INK, 0.0), lift=0.003)
    pen.cut([_at(0, 0.86), *_face(1, [(0.27, 0.8), (0.34, 0.64), (0.1, 0.53)]), _at(0, 0.47),
             *reversed(_face(-1, [(0.27, 0.8), (0.34, 0.64), (0.1, 0.53)]))], (light(coat, 0.12), coat))  # fmt: skip
    pen.cut(
        [_at(0, 0.86), _at(0.27, 0.8), _at(0.34, 0.64), _at(0.1, 0.53), _at(0, 0.47)],
        deep(coat, 0.14),
        lift=0.0,
    )
    for side in (-1, 1):
        pen.cut(
            _face(side, [(0.345, 0.64), (0.1, 0.525), (0.0, 0.465), (0.055, 0.6), (0.16, 0.67)]),
            white,
            lift=0.004,
        )
        pen.oval(_at(0.13 * side, 0.7), (0.038, 0.02), INK, turn=0.45 * side, lift=0.0)
        pen.round(_at(0.122 * side, 0.707), 0.007, white, lift=0.0)
    pen.oval(_at(0, 0.485), (0.036, 0.027), INK, lift=0.004)


def _at(x: float, y: float) -> tuple[float, float]:
    """A point of a face that looks a little to the side."""
    return x - 0.1, y


def _face(side: int, points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return [_at(x * side, y) for x, y in points]


def cat(pen: Pen) -> None:
    """A sitting cat with a long tail."""
    coat, inner = pen.palette.accent, light(pen.palette.second, 0.3)
    pale, eye = light(coat, 0.28), deep((86, 160, 108), 0.1) if luminous(coat) else (240, 196, 84)
    pen.curve(
        [(0.16, 0.02), (0.42, 0.0), (0.56, 0.12), (0.5, 0.34), (0.58, 0.5), (0.53, 0.56), (0.43, 0.46), (0.42, 0.28),
         (0.44, 0.14), (0.34, 0.1), (0.16, 0.12)],
        (light(coat, 0.1), deep(coat, 0.2)),
    )  # fmt: skip
    pen.curve(
        [
            (-0.24, 0.0),
            (0.24, 0.0),
            (0.31, 0.16),
            (0.24, 0.38),
            (0.12, 0.58),
            (-0.12, 0.58),
            (-0.24, 0.38),
            (-0.31, 0.16),
        ],
        (coat, deep(coat, 0.3)),
    )
    pen.curve(
        [(-0.1, 0.54), (0.1, 0.54), (0.12, 0.3), (0.0, 0.16), (-0.12, 0.3)],
        (pale, light(coat, 0.08)),
        lift=0.003,
    )
    for x in (-0.1, 0.1):
        pen.curve(
            [(x - 0.07, 0.0), (x + 0.07, 0.0), (x + 0.05, 0.2), (x - 0.05, 0.2)], (coat, pale), lift=0.006
        )
    for side in (-1, 1):
        pen.cut([(0.06 * side, 0.86), (0.27 * side, 0.76), (0.25 * side, 1.0)], (deep(coat, 0.1), coat))
        pen.cut([(0.12 * side, 0.85), (0.235 * side, 0.79), (0.225 * side, 0.94)], inner, lift=0.002)
    pen.curve(
        [
            (-0.22, 0.84),
            (0.0, 0.87),
            (0.22, 0.84),
            (0.31, 0.7),
            (0.22, 0.56),
            (0.0, 0.5),
            (-0.22, 0.56),
            (-0.31, 0.7),
        ],
        (light(coat, 0.12), coat),
    )
    for side in (-1, 1):
        pen.oval((0.125 * side, 0.7), (0.062, 0.056), (light(eye, 0.4), eye), turn=0.2 * side, lift=0.0)
        pen.oval((0.125 * side, 0.7), (0.019, 0.05), INK, lift=0.0)
        pen.round((0.115 * side, 0.722), 0.011, (255, 255, 255), lift=0.0)
        for slope in (-0.03, 0.0, 0.03):
            pen.line(
                [(0.07 * side, 0.6), (0.36 * side, 0.6 + slope * 1.6)], 0.005, light(coat, 0.6), alpha=0.8
            )
    pen.cut([(-0.03, 0.635), (0.03, 0.635), (0.0, 0.6)], inner, lift=0.002)
    pen.line(
        [(-0.05, 0.575), (-0.02, 0.565), (0.0, 0.6), (0.02, 0.565), (0.05, 0.575)], 0.008, INK, alpha=0.8
    )


def luminous(shade: Colour) -> bool:
    """Whether a colour is light enough for dark marks."""
    return sum(shade) > 330  # noqa: PLR2004 - by eye


def owl(pen: Pen) -> None:
    """An owl on a branch."""
    coat, pale = pen.palette.second, light(pen.palette.second, 0.55)
    pen.line([(-0.9, 0.05), (-0.2, 0.1), (0.4, 0.06), (1.0, 0.14)], 0.07, deep(pen.palette.near, 0.2))
    for x in (-0.7, 0.62, 0.85):
        pen.leaf((x, 0.08), (x + 0.16, 0.26), 0.05, pen.palette.accent)
    pen.curve(
        [(-0.2, 0.06), (0.2, 0.06), (0.34, 0.3), (0.36, 0.62), (0.26, 0.86), (0.0, 0.94), (-0.26, 0.86), (-0.36, 0.62),
         (-0.34, 0.3)],
        (coat, deep(coat, 0.35)),
    )  # fmt: skip
    for side in (-1, 1):
        pen.cut([(0.1 * side, 0.88), (0.3 * side, 0.84), (0.33 * side, 1.02)], deep(coat, 0.15))
        pen.curve([(0.37 * side, 0.62), (0.2 * side, 0.5), (0.2 * side, 0.2), (0.3 * side, 0.1), (0.42 * side, 0.34)],
                  (deep(coat, 0.15), deep(coat, 0.5)))  # fmt: skip
    for row in range(4):
        for column in range(-2 + row % 2, 3):
            x = (column - (0.5 if row % 2 else 0.0)) * 0.1
            pen.leaf(
                (x, 0.56 - row * 0.09), (x, 0.42 - row * 0.09), 0.04, (pale, light(coat, 0.15)), lift=0.004
            )
    for side in (-1, 1):
        pen.round((0.15 * side, 0.72), 0.165, (pale, light(coat, 0.3)))
        pen.round((0.14 * side, 0.72), 0.105, pen.palette.light, lift=0.004)
        pen.round((0.135 * side, 0.72), 0.06, INK, lift=0.0)
        pen.round((0.115 * side, 0.745), 0.02, (255, 255, 255), lift=0.0)
    pen.cut([(-0.045, 0.66), (0.045, 0.66), (0.0, 0.55)], pen.palette.accent, lift=0.006)


def rabbit(pen: Pen) -> None:
    """A rabbit with upright ears."""
    coat = (
        pen.palette.paper
        if not luminous(pen.palette.sky[-1]) or pen.dice.chance("white", 0.5)
        else pen.palette.second
    )
    inner = light(pen.palette.accent, 0.35)
    pen.round((0.3, 0.12), 0.09, light(coat, 0.3))
    pen.curve(
        [(-0.22, 0.0), (0.26, 0.0), (0.32, 0.16), (0.22, 0.36), (0.0, 0.46), (-0.2, 0.36), (-0.26, 0.14)],
        (coat, deep(coat, 0.25)),
    )
    for x in (-0.12, 0.08):
        pen.oval((x, 0.04), (0.1, 0.05), (light(coat, 0.2), deep(coat, 0.1)))
    for side in (-1, 1):
        pen.leaf((0.07 * side, 0.62), (0.17 * side, 1.04), 0.07, (coat, deep(coat, 0.12)))
        pen.leaf((0.085 * side, 0.68), (0.16 * side, 0.98), 0.036, inner, lift=0.002)
    pen.curve(
        [(-0.2, 0.6), (0.0, 0.7), (0.2, 0.6), (0.24, 0.46), (0.12, 0.36), (-0.12, 0.36), (-0.24, 0.46)],
        (light(coat, 0.3), coat),
    )
    for side in (-1, 1):
        pen.round((0.11 * side, 0.53), 0.032, INK, lift=0.0)
        pen.round((0.102 * side, 0.543), 0.011, (255, 255, 255), lift=0.0)
        pen.round((0.16 * side, 0.45), 0.035, inner, lift=0.0, alpha=0.5)
    pen.cut([(-0.025, 0.475), (0.025, 0.475), (0.0, 0.445)], pen.palette.accent, lift=0.0)
