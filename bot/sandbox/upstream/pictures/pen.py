"""Drawing one thing in its own coordinates: y points up, the foot is at (0, 0), the height is 1.
Never here: which things there are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.sandbox.upstream.pictures.brush import Brush, Paint, Point, smooth
from bot.sandbox.upstream.pictures.colours import Colour, Palette, mix

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.sandbox.upstream.pictures.chance import Dice

LIGHTER = (255, 246, 226)
DARKER = (24, 14, 40)


@dataclass(slots=True)
class Pen:
    """Where a thing stands, how high it is, and in what colours it is drawn."""

    brush: Brush
    palette: Palette
    dice: Dice
    foot: Point
    height: float
    flip: bool = False
    detail: int = 1
    lift: float = 0.012
    """How far its pieces float above one another, as a part of its height."""

    def place(self, point: Point) -> Point:
        """A point of the thing in the scene."""
        x = -point[0] if self.flip else point[0]
        return self.foot[0] + x * self.height, self.foot[1] - point[1] * self.height

    def cut(
        self, points: Iterable[Point], paint: Paint, *, lift: float | None = None, alpha: float = 1.0
    ) -> None:
        """A piece with straight edges."""
        raised = self.lift if lift is None else lift
        self.brush.fill(
            [self.place(point) for point in points], paint, shadow=raised * self.height, alpha=alpha
        )

    def curve(
        self, points: Sequence[Point], paint: Paint, *, lift: float | None = None, alpha: float = 1.0
    ) -> None:
        """A piece with a curved edge through the points."""
        self.cut(smooth(points), paint, lift=lift, alpha=alpha)

    def round(
        self, centre: Point, radius: float, paint: Paint, *, lift: float | None = None, alpha: float = 1.0
    ) -> None:
        """A round piece."""
        raised = self.lift if lift is None else lift
        self.brush.disc(
            self.place(centre), radius * self.height, paint, shadow=raised * self.height, alpha=alpha
        )

    def oval(
        self, centre: Point, radii: Point, paint: Paint, *, turn: float = 0.0, lift: float | None = None
    ) -> None:
        """An oval piece, turned anticlockwise."""
        raised = self.lift if lift is None else lift
        self.brush.oval(
            self.place(centre),
            (radii[0] * self.height, radii[1] * self.height),
            paint,
            shadow=raised * self.height,
            turn=turn if self.flip else -turn,
        )

    def line(self, points: Iterable[Point], width: float, shade: Colour, *, alpha: float = 1.0) -> None:
        """A line."""
        self.brush.stroke([self.place(point) for point in points], width * self.height, shade, alpha=alpha)

    def glow(self, centre: Point, radius: float, shade: Colour, strength: float) -> None:
        """Light."""
        self.brush.glow(self.place(centre), radius * self.height, shade, strength)

    def leaf(self, base: Point, tip: Point, width: float, paint: Paint, *, lift: float | None = None) -> None:
        """A pointed oval from base to tip: a leaf, a petal, a feather."""
        dx, dy = tip[0] - base[0], tip[1] - base[1]
        left, right = [], []
        for step in range(13):
            t = step / 12
            bulge = width * math.sin(math.pi * t**0.8)
            x, y = base[0] + dx * t, base[1] + dy * t
            length = math.hypot(dx, dy) or 1.0
            left.append((x - dy / length * bulge, y + dx / length * bulge))
            right.append((x + dy / length * bulge, y - dx / length * bulge))
        self.cut([*left, *reversed(right)], paint, lift=lift)


def light(shade: Colour, share: float = 0.3) -> Colour:
    """The colour in the light."""
    return mix(shade, LIGHTER, share)


def deep(shade: Colour, share: float = 0.35) -> Colour:
    """The colour in the shade."""
    return mix(shade, DARKER, share)
