"""Scenes without a sky: under water, and the abstract that stands for words nobody knows.
Never here: landscapes."""

from __future__ import annotations

import math

from bot.sandbox.upstream.pictures import backdrops
from bot.sandbox.upstream.pictures.chance import lattice
from bot.sandbox.upstream.pictures.colours import mix
from bot.sandbox.upstream.pictures.pen import deep, light
from bot.sandbox.upstream.pictures.stage import AHEAD, Stage, hill, paint_subject


def paint_deep(stage: Stage) -> None:
    """Under water: light from above, weed from below."""
    brush, palette, dice = stage.brush, stage.palette, stage.dice
    brush.wash(
        [
            (-1.0, light(palette.sky[-1], 0.2)),
            (0.0, palette.sky[-1]),
            (0.45, palette.far),
            (1.1, palette.near),
            (2.0, deep(palette.near, 0.4)),
        ]
    )
    for index in range(5):
        x = dice.at(f"ray{index}", -0.9, 0.9)
        wide = dice.at(f"wide{index}", 0.04, 0.12)
        brush.fill(
            [(x, -1.6), (x + wide, -1.6), (x + wide * 3 - 0.3, 1.0), (x - wide - 0.3, 1.0)],
            light(palette.light, 0.3),
            alpha=0.13,
        )
    for index, (y, share) in enumerate(((0.74, 0.35), (0.84, 0.6))):
        hill(stage, f"reef{index}", y, 0.1, mix(palette.far, palette.near, share))
    paint_subject(stage, lambda _x: 0.74)
    for index in range(26):
        x, y = dice.at(f"bubble-x{index}", -1.4, 1.4), dice.at(f"bubble-y{index}", -0.4, 0.9)
        brush.disc((x, y), 0.004 + 0.014 * lattice(index, 1), light(palette.light, 0.5), alpha=0.5)
    for index, y in enumerate((0.95, *AHEAD)):
        shade = deep(palette.near, 0.06 * index)
        edge = hill(stage, f"bed{index}", y, 0.06, shade)
        backdrops.grass(
            brush,
            int(dice.at("weed", 0, 1e9)) + index,
            edge,
            shade=mix(shade, palette.second, 0.3),
            high=0.24,
            cell=0.05,
        )


def paint_abstract(stage: Stage) -> None:
    """Sheets of paper with ever smaller holes, like a map's contours."""
    brush, palette, dice = stage.brush, stage.palette, stage.dice
    ramp = [palette.near, palette.far, *reversed(palette.sky), palette.light, palette.second, palette.accent]
    turn = int(dice.at("turn", 0, len(ramp) - 0.01))
    ramp = ramp[turn:] + ramp[:turn]
    brush.wash([(-2.0, ramp[0]), (3.0, deep(ramp[0], 0.2))])
    centre = (dice.at("x", -0.16, 0.16), 0.5 + dice.at("y", -0.14, 0.14))
    sheets = 15
    for sheet in range(sheets):
        radius = 2.3 * (1 - sheet / sheets) ** 1.55 + 0.035
        shade = ramp[(sheet * (len(ramp) - 1) // sheets + 1) % len(ramp)]
        points = []
        for index in range(220):
            angle = 2 * math.pi * index / 220
            wobble = dice.ridge("blob", 4 + 1.25 * math.cos(angle) + sheet * 0.13, 2) + dice.ridge(
                "blub", 9 + 1.25 * math.sin(angle) - sheet * 0.1, 2
            )
            reach = radius * (1 + 0.34 * wobble)
            points.append((centre[0] + reach * math.cos(angle), centre[1] + reach * math.sin(angle) * 0.92))
        brush.fill(points, (light(shade, 0.14), deep(shade, 0.14)), shadow=0.022)
    for index in range(7):
        angle, reach = dice.at(f"dot-a{index}", 0, 6.28), dice.at(f"dot-r{index}", 0.14, 0.46)
        dot = (centre[0] + reach * math.cos(angle), centre[1] + reach * math.sin(angle))
        shade = dice.pick(f"dot{index}", (palette.accent, palette.second, palette.paper, palette.light))
        brush.disc(
            dot, dice.at(f"dot-s{index}", 0.012, 0.05), (light(shade, 0.2), deep(shade, 0.15)), shadow=0.012
        )
