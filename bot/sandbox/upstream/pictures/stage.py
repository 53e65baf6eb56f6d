"""What all scenes share: the stage, its hills, the subject that stands on them, falling snow.
Never here: which scene it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.sandbox.upstream.pictures import backdrops
from bot.sandbox.upstream.pictures.chance import Dice, lattice
from bot.sandbox.upstream.pictures.colours import Palette, mix
from bot.sandbox.upstream.pictures.pen import Pen, deep, light
from bot.sandbox.upstream.pictures.vocabulary import Place, Wish

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.sandbox.upstream.pictures.brush import Brush
    from bot.sandbox.upstream.pictures.colours import Colour
    from bot.sandbox.upstream.pictures.vocabulary import Subject


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


def hill(stage: Stage, name: str, y: float, rough: float, shade: Colour) -> Callable[[float], float]:
    """A ridge of soft hills across the frame; gives its height at any place."""
    dice, octaves = stage.dice, 3 + stage.detail

    def top(x: float) -> float:
        return y - rough * dice.ridge(name, x * 1.7, octaves, 0.42)

    fade = mix(shade, stage.palette.sky[-1], 0.22)
    edge = backdrops.outline(stage.brush, top)
    edge[-2:] = [(edge[-3][0], y + 0.5), (edge[0][0], y + 0.5)]
    stage.brush.fill(backdrops.outline(stage.brush, top), deep(shade, 0.1), shadow=0.016)
    stage.brush.fill(edge, (light(shade, 0.1), mix(fade, deep(shade, 0.2), 0.6)))
    return top


def paint_subject(stage: Stage, ground: Callable[[float], float]) -> None:
    """The subject, with its companion if the prompt names one."""
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


def snowfall(stage: Stage) -> None:
    """Flakes everywhere, on an endless lattice."""
    brush = stage.brush
    cell, seed = 0.05, int(stage.dice.at("snow", 0, 1e9))
    for row in range(math.floor(brush.frame[1] / cell), math.ceil(brush.frame[3] / cell)):
        for column in range(math.floor(brush.frame[0] / cell), math.ceil(brush.frame[2] / cell)):
            x, y = (column + lattice(seed, column, row)) * cell, (row + lattice(seed + 1, column, row)) * cell
            brush.disc(
                (x, y), 0.0015 + 0.006 * lattice(seed + 2, column, row) ** 2.5, (255, 255, 255), alpha=0.85
            )
