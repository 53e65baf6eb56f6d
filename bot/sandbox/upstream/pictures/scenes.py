"""A whole scene: sky, light, land or water, the subject, what stands in front; and the abstract that replaces it.
Never here: single motifs, grids, files."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.sandbox.upstream.pictures import backdrops
from bot.sandbox.upstream.pictures.brush import Brush
from bot.sandbox.upstream.pictures.chance import Dice, lattice
from bot.sandbox.upstream.pictures.colours import Palette, choose_palette, mix, shift, tinted
from bot.sandbox.upstream.pictures.extras import scatter_extras
from bot.sandbox.upstream.pictures.pen import Pen, deep, light
from bot.sandbox.upstream.pictures.vocabulary import Place, Wish, read_wish

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PIL import Image

    from bot.sandbox.upstream.pictures.colours import Colour
    from bot.sandbox.upstream.pictures.plan import Scene
    from bot.sandbox.upstream.pictures.vocabulary import Subject

LOUD = 0.9
"""From this strength on a variation gets other colours, too."""
AHEAD = (1.1, 1.24, 1.44, 1.74, 2.2)
"""Where the land goes on below the first frame: a zoom out finds it there."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything the parts of a scene share."""

    brush: Brush
    palette: Palette
    dice: Dice
    wish: Wish
    detail: int

    @property
    def place(self) -> Place:
        """Where all this happens."""
        if self.wish.subject is not None and self.wish.subject.place is not Place.GROUND:
            if self.wish.subject.place is Place.AIR and "sea" in self.wish.backdrops:
                return Place.SEA
            return self.wish.subject.place
        return Place.SEA if "sea" in self.wish.backdrops else Place.GROUND

    @property
    def starry(self) -> bool:
        """Whether stars are out."""
        named = {"stars", "planet"} & self.wish.backdrops
        return self.palette.dark or bool(named) or self.place is Place.SPACE


def paint_scene(
    scene: Scene, size: tuple[int, int], *, detail: int, sharpness: float, mood: Sequence[Colour] = ()
) -> Image.Image:
    """Paint the framed part of a scene."""
    wish, dice = read_wish(scene.words), Dice(scene.seed, scene.drift)
    palette = tinted(choose_palette(wish.words, dice), mood)
    for seed, strength in scene.drift:
        if strength >= LOUD:
            palette = shift(palette, 0.12 + 0.5 * lattice(seed, 3))
    stage = Stage(Brush(size, scene.frame, sharpness=sharpness), palette, dice, wish, detail)
    if wish.abstract:
        paint_abstract(stage)
    elif stage.place is Place.DEEP:
        _paint_deep(stage)
    else:
        _paint_outdoors(stage)
    for seed, inner in scene.extras:
        scatter_extras(stage.brush, palette, Dice(seed), inner, abstract=wish.abstract)
    stage.brush.vignette(0.32)
    return stage.brush.finished()


def _paint_outdoors(stage: Stage) -> None:
    brush, palette, dice = stage.brush, stage.palette, stage.dice
    horizon = dice.at("horizon", 0.5, 0.6)
    _paint_sky(stage, horizon)
    light_x = dice.at("light-x", -0.34, 0.34)
    light_y = dice.at("light-y", 0.16, 0.36)
    radius = dice.at("light-r", 0.07, 0.13)
    if "planet" in stage.wish.backdrops or (stage.place is Place.SPACE and dice.chance("planet", 0.7)):
        backdrops.planet(brush, palette, (light_x, light_y), radius)
    elif "moon" in stage.wish.backdrops or (stage.starry and dice.chance("moon", 0.6)):
        backdrops.moon(brush, palette, (light_x, light_y), radius * 1.05)
    else:
        backdrops.sun(brush, palette, (light_x, light_y), radius)
    cloud = mix(palette.light, palette.sky[-1], 0.3)
    seed = int(dice.at("clouds", 0, 1e9))
    brush.haze(
        seed, 2.2, cloud, low=0.5, high=0.8, alpha=0.5 if stage.starry else 0.75, band=(-0.2, horizon + 0.08)
    )
    if stage.place is Place.SEA:
        _paint_sea(stage, horizon, light_x)
    else:
        _paint_land(stage, horizon)


def _paint_sky(stage: Stage, horizon: float) -> None:
    palette = stage.palette
    stops = [
        (-0.1 + (horizon + 0.12) * index / (len(palette.sky) - 1), shade)
        for index, shade in enumerate(palette.sky)
    ]
    stage.brush.wash([(-1.6, deep(palette.sky[0], 0.35)), *stops])
    if stage.starry:
        backdrops.stars(
            stage.brush, palette, int(stage.dice.at("stars", 0, 1e9)), density=0.5, bottom=horizon
        )


def _paint_land(stage: Stage, horizon: float) -> None:
    brush, palette, dice, names = stage.brush, stage.palette, stage.dice, stage.wish.backdrops
    if "mountain" in names or (not names and dice.chance("far-peaks", 0.35)):
        tone = mix(palette.far, palette.near, 0.28)
        backdrops.mountains(
            brush, palette, dice.child("m"), base=horizon + 0.16, height=0.42, shade=tone, detail=stage.detail
        )
    else:
        _hill(stage, "far", horizon + 0.02, 0.09, mix(palette.far, palette.sky[-1], 0.3))
    if "city" in names:
        for row, (share, tall) in enumerate(((0.15, 0.5), (0.45, 0.38), (0.72, 0.24))):
            shade = mix(palette.far, palette.near, share)
            backdrops.city(brush, palette, dice.child(f"c{row}"), base=horizon + 0.12 + row * 0.07, tall=tall, shade=shade,
                           cell=0.07 + row * 0.02, lit=0.42 if palette.dark else 0.24)  # fmt: skip
        brush.haze(
            int(dice.at("mist", 0, 1e9)),
            1.6,
            palette.sky[-1],
            low=0.3,
            high=0.8,
            alpha=0.5,
            band=(horizon - 0.05, horizon + 0.3),
        )
    wooded = "woods" in names or (not names & {"city", "hills"} and dice.chance("wooded", 0.55))
    steps = ((0.1, 0.075, 0.3), (0.18, 0.07, 0.5), (0.27, 0.06, 0.7))
    for index, (down, rough, share) in enumerate(steps):
        if "city" in names and index < 2:  # noqa: PLR2004 - the town stands on the nearer hills
            continue
        shade = mix(palette.far, palette.near, share)
        top = _hill(stage, f"hill{index}", horizon + down, rough, shade)
        if wooded:
            backdrops.woods(
                brush,
                dice.child(f"w{index}"),
                top,
                shade=mix(shade, palette.near, 0.3),
                high=0.09 + 0.05 * index,
                cell=0.028 + 0.012 * index,
            )
        brush.haze(int(dice.at(f"mist{index}", 0, 1e9)), 1.4, mix(palette.sky[-1], shade, 0.25), low=0.35, high=0.85, alpha=0.45,
                   band=(horizon + down - 0.02, horizon + down + 0.17))  # fmt: skip
    stand = _hill(stage, "stand", 0.87, 0.03, mix(palette.far, palette.near, 0.84))
    _paint_subject(stage, stand)
    _paint_front(stage)


def _paint_front(stage: Stage) -> None:
    """What is nearer than the subject, down to where only a zoom out looks."""
    palette, dice = stage.palette, stage.dice
    shade = mix(palette.far, palette.near, 0.94)
    front = _hill(stage, "front", 0.955, 0.035, shade)
    seed = int(dice.at("grass", 0, 1e9))
    backdrops.grass(stage.brush, seed, front, shade=light(shade, 0.07), high=0.075, cell=0.012)
    for index, y in enumerate(AHEAD):
        tone = deep(palette.near, 0.08 * index)
        edge = _hill(stage, f"ahead{index}", y, 0.04 + 0.02 * index, tone)
        backdrops.grass(
            stage.brush, seed + index, edge, shade=light(tone, 0.06), high=0.1 + 0.03 * index, cell=0.02
        )
    if "snow" in stage.wish.backdrops:
        _snowfall(stage)


def _paint_sea(stage: Stage, horizon: float, light_x: float) -> None:
    brush, palette, dice = stage.brush, stage.palette, stage.dice
    if {"mountain", "city"} & stage.wish.backdrops or dice.chance("shore", 0.5):
        _hill(stage, "shore", horizon - 0.015, 0.07, mix(palette.far, palette.sky[-1], 0.15))
    if "city" in stage.wish.backdrops:
        backdrops.city(
            brush,
            palette,
            dice.child("c"),
            base=horizon,
            tall=0.3,
            shade=mix(palette.far, palette.near, 0.3),
            cell=0.06,
            lit=0.4,
        )
    backdrops.water(brush, palette, dice, level=horizon, glitter=light_x)
    rows = ((0.66, 0.012, 0.3), (0.73, 0.017, 0.45), (0.81, 0.022, 0.6))
    for index, (y, high, share) in enumerate(rows):
        shade = mix(palette.far, palette.near, share)
        backdrops.swell(
            brush, dice, f"swell{index}", y=y, high=high, shade=shade, crest=mix(shade, palette.paper, 0.4)
        )
    _paint_subject(stage, lambda _x: 0.85)
    nearer = (
        (0.87, 0.028, 0.75),
        (0.95, 0.034, 0.9),
        *((y, 0.04 + 0.02 * index, 1.0) for index, y in enumerate(AHEAD)),
    )
    for index, (y, high, share) in enumerate(nearer):
        shade = deep(mix(palette.far, palette.near, min(1.0, share)), 0.05 * max(0, index - 1))
        backdrops.swell(
            brush, dice, f"near{index}", y=y, high=high, shade=shade, crest=mix(shade, palette.paper, 0.32)
        )
    if "snow" in stage.wish.backdrops:
        _snowfall(stage)


def _paint_deep(stage: Stage) -> None:
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
        _hill(stage, f"reef{index}", y, 0.1, mix(palette.far, palette.near, share))
    _paint_subject(stage, lambda _x: 0.74)
    for index in range(26):
        x, y = dice.at(f"bubble-x{index}", -1.4, 1.4), dice.at(f"bubble-y{index}", -0.4, 0.9)
        brush.disc((x, y), 0.004 + 0.014 * lattice(index, 1), light(palette.light, 0.5), alpha=0.5)
    for index, y in enumerate((0.95, *AHEAD)):
        shade = deep(palette.near, 0.06 * index)
        edge = _hill(stage, f"bed{index}", y, 0.06, shade)
        backdrops.grass(
            brush,
            int(dice.at("weed", 0, 1e9)) + index,
            edge,
            shade=mix(shade, palette.second, 0.3),
            high=0.24,
            cell=0.05,
        )


def _hill(stage: Stage, name: str, y: float, rough: float, shade: Colour) -> Callable[[float], float]:
    dice, octaves = stage.dice, 3 + stage.detail

    def top(x: float) -> float:
        return y - rough * dice.ridge(name, x * 1.7, octaves, 0.42)

    fade = mix(shade, stage.palette.sky[-1], 0.22)
    edge = backdrops.outline(stage.brush, top)
    edge[-2:] = [(edge[-3][0], y + 0.5), (edge[0][0], y + 0.5)]
    stage.brush.fill(backdrops.outline(stage.brush, top), deep(shade, 0.1), shadow=0.016)
    stage.brush.fill(edge, (light(shade, 0.1), mix(fade, deep(shade, 0.2), 0.6)))
    return top


def _paint_subject(stage: Stage, ground: Callable[[float], float]) -> None:
    subject, companion = stage.wish.subject, stage.wish.companion
    if subject is None:
        return
    dice = stage.dice
    x = dice.at("subject-x", -0.14, 0.14)
    flip = dice.chance("flip", 0.5)
    if companion is not None:
        x = -0.2 if flip else 0.2
        _stand(stage, companion, -x * 1.25, ground, size=0.62, flip=not flip)
    _stand(stage, subject, x, ground, size=dice.at("subject-size", 0.92, 1.12), flip=flip)


def _stand(
    stage: Stage, subject: Subject, x: float, ground: Callable[[float], float], *, size: float, flip: bool
) -> None:
    height = subject.height * size
    if subject.place in {Place.AIR, Place.SPACE, Place.DEEP}:
        foot = stage.dice.at("lift", 0.72, 0.8) if subject.place is not Place.DEEP else 0.74
        foot -= 0.12 * (1 - size) if size < 1 else 0.0
    else:
        foot = max(ground(x + offset * height) for offset in (-0.3, 0.0, 0.3)) + 0.015
    pen = Pen(
        stage.brush, stage.palette, stage.dice.child(subject.name), (x, foot), height, flip, stage.detail
    )
    if not stage.brush.sees(x, foot - height / 2, height * 2):
        return
    stage.brush.glow(
        (x, foot - height * 0.5), height * 0.95, mix(stage.palette.light, stage.palette.sky[-1], 0.3), 0.28
    )
    subject.draw(pen)


def _snowfall(stage: Stage) -> None:
    brush = stage.brush
    cell, seed = 0.05, int(stage.dice.at("snow", 0, 1e9))
    for row in range(math.floor(brush.frame[1] / cell), math.ceil(brush.frame[3] / cell)):
        for column in range(math.floor(brush.frame[0] / cell), math.ceil(brush.frame[2] / cell)):
            x, y = (column + lattice(seed, column, row)) * cell, (row + lattice(seed + 1, column, row)) * cell
            brush.disc(
                (x, y), 0.0015 + 0.006 * lattice(seed + 2, column, row) ** 2.5, (255, 255, 255), alpha=0.85
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
