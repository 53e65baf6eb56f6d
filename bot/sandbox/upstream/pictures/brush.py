"""Painting on a picture in the scene's own coordinates: cut paper with soft shadows, light, haze.
Never here: what is painted."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, TypeAlias

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from bot.sandbox.upstream.pictures.chance import lattice
from bot.sandbox.upstream.pictures.colours import Colour, mix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.sandbox.upstream.pictures.plan import Frame

Point: TypeAlias = tuple[float, float]
Paint: TypeAlias = Colour | tuple[Colour, Colour]
"""One colour, or the colours of a shape's top and bottom."""

SHADOW_DETAIL = 4
"""Shadows are blurred on a picture this many times smaller: nobody sees it, and it is much faster."""
_HALO = ImageChops.invert(Image.radial_gradient("L"))


class Brush:
    """An RGB picture of a part of the endless plane; y points down."""

    def __init__(self, size: tuple[int, int], frame: Frame, *, sharpness: float = 2.0) -> None:
        self.frame = frame
        self._size = size
        width, height = round(size[0] * sharpness), round(size[1] * sharpness)
        self.image = Image.new("RGB", (width, height))
        self.scale = width / (frame[2] - frame[0])
        """Painted pixels per unit of the scene."""

    def finished(self) -> Image.Image:
        """The picture at the size that was asked for."""
        return self.image.resize(self._size, Image.Resampling.LANCZOS)

    @property
    def step(self) -> float:
        """The distance between two points of a fine outline, in scene units."""
        return 3.0 / self.scale

    def sees(self, x: float, y: float, reach: float) -> bool:
        """Whether something of this reach around the point can be in the picture."""
        left, top, right, bottom = self.frame
        return left - reach < x < right + reach and top - reach < y < bottom + reach

    def pixel(self, point: Point) -> Point:
        """Where a point of the scene lies on the picture."""
        return (point[0] - self.frame[0]) * self.scale, (point[1] - self.frame[1]) * self.scale

    def wash(self, stops: Sequence[tuple[float, Colour]]) -> None:
        """Fill everything with colours that change with the height; stops are (y, colour), downwards."""
        height = self.image.height
        column = Image.new("RGB", (1, height))
        column.putdata([_at(stops, self.frame[1] + row / self.scale) for row in range(height)])
        self.image.paste(column.resize(self.image.size, Image.Resampling.NEAREST))

    def fill(self, points: Sequence[Point], paint: Paint, *, shadow: float = 0.0, alpha: float = 1.0) -> None:
        """A shape of cut paper; the shadow is how far it floats above what lies below, in scene units."""
        pixels = [self.pixel(point) for point in points]
        reach = math.ceil(shadow * self.scale * 3) + 2
        box = self._box(pixels, reach)
        if box is None:
            return
        local = [(x - box[0], y - box[1]) for x, y in pixels]
        mask = Image.new("L", (box[2] - box[0], box[3] - box[1]))
        ImageDraw.Draw(mask).polygon(local, fill=255)
        if shadow > 0:
            self._shade(mask, box, shadow * self.scale)
        if alpha < 1:
            mask = mask.point(lambda level: round(level * alpha))
        tops, bottoms = min(y for _, y in local), max(y for _, y in local)
        self.image.paste(_painted(mask.size, paint, tops, bottoms), box, mask)

    def disc(
        self, centre: Point, radius: float, paint: Paint, *, shadow: float = 0.0, alpha: float = 1.0
    ) -> None:
        """A round piece of paper."""
        self.oval(centre, (radius, radius), paint, shadow=shadow, alpha=alpha)

    def oval(
        self,
        centre: Point,
        radii: Point,
        paint: Paint,
        *,
        shadow: float = 0.0,
        alpha: float = 1.0,
        turn: float = 0.0,
    ) -> None:
        """An oval piece of paper, turned by so many radians."""
        count = max(12, min(160, int(max(radii) * self.scale)))
        cosine, sine = math.cos(turn), math.sin(turn)
        points = []
        for index in range(count):
            angle = 2 * math.pi * index / count
            x, y = radii[0] * math.cos(angle), radii[1] * math.sin(angle)
            points.append((centre[0] + x * cosine - y * sine, centre[1] + x * sine + y * cosine))
        self.fill(points, paint, shadow=shadow, alpha=alpha)

    def stroke(self, points: Sequence[Point], width: float, shade: Colour, *, alpha: float = 1.0) -> None:
        """A line of this width."""
        pixels = [self.pixel(point) for point in points]
        thick = max(1, round(width * self.scale))
        box = self._box(pixels, thick + 2)
        if box is None:
            return
        mask = Image.new("L", (box[2] - box[0], box[3] - box[1]))
        local = [(x - box[0], y - box[1]) for x, y in pixels]
        ImageDraw.Draw(mask).line(local, fill=round(255 * alpha), width=thick, joint="curve")
        self.image.paste(shade, box, mask)

    def glow(self, centre: Point, radius: float, shade: Colour, strength: float) -> None:
        """Light around a point."""
        x, y = self.pixel(centre)
        reach = radius * self.scale
        box = self._box([(x - reach, y - reach), (x + reach, y + reach)], 0)
        if box is None:
            return
        size = (box[2] - box[0], box[3] - box[1])
        span = 2 * reach / _HALO.width
        seen = tuple(
            (edge - corner) / span for edge, corner in zip(box, (x - reach, y - reach) * 2, strict=True)
        )
        clipped = (max(0.0, seen[0]), max(0.0, seen[1]), min(256.0, seen[2]), min(256.0, seen[3]))
        halo = _HALO.resize(size, Image.Resampling.BILINEAR, box=clipped)
        halo = halo.point(lambda level: round((max(0, level - 75) / 180) ** 1.8 * 255 * strength))
        light = Image.composite(Image.new("RGB", size, shade), Image.new("RGB", size), halo)
        self.image.paste(ImageChops.screen(self.image.crop(box), light), box)

    def haze(
        self, seed: int, cells: float, shade: Colour, *, low: float, high: float, alpha: float, band: Point
    ) -> None:
        """Clouds or mist: noise that has no edges, where it exceeds `low`, thickest at `high`, fading out of the band."""
        noise = self._noise(seed, cells)
        slope = 255 / (high - low)
        noise = noise.point(lambda level: round(min(255.0, max(0.0, (level / 255 - low) * slope)) * alpha))
        top, bottom = band
        middle, half = (top + bottom) / 2, (bottom - top) / 2
        column = Image.new("L", (1, noise.height))
        per_row = (self.frame[3] - self.frame[1]) / noise.height
        rows = [abs(self.frame[1] + row * per_row - middle) / half for row in range(noise.height)]
        column.putdata([round(255 * max(0.0, 1 - row * row)) for row in rows])
        mask = ImageChops.multiply(noise, column.resize(noise.size)).resize(
            self.image.size, Image.Resampling.BICUBIC
        )
        self.image.paste(shade, (0, 0), mask)

    def vignette(self, strength: float) -> None:
        """Darker corners."""
        dark = _HALO.resize(self.image.size, Image.Resampling.BICUBIC, box=(36, 36, 220, 220))
        dark = dark.point(lambda level: round(255 * (1 - strength * max(0.0, 1 - level / 130) ** 1.5)))
        self.image = ImageChops.multiply(self.image, Image.merge("RGB", (dark, dark, dark)))

    def _noise(self, seed: int, cells: float) -> Image.Image:
        """Three octaves, fixed to the scene: the same place has the same clouds in every frame."""
        size = (max(2, self.image.width // 4), max(2, self.image.height // 4))
        total: Image.Image | None = None
        for octave in range(3):
            per_unit = cells * (1 << octave)
            # Clouds are wide: the lattice is three times as fine downwards as across.
            left, right = self.frame[0] * per_unit, self.frame[2] * per_unit
            top, bottom = self.frame[1] * per_unit * 3, self.frame[3] * per_unit * 3
            x0, y0 = math.floor(left) - 2, math.floor(top) - 2
            x1, y1 = math.ceil(right) + 2, math.ceil(bottom) + 2
            tile = Image.new("L", (x1 - x0, y1 - y0))
            tile.putdata(
                [int(256 * lattice(seed + octave, x, y)) for y in range(y0, y1) for x in range(x0, x1)]
            )
            box = (left - x0, top - y0, right - x0, bottom - y0)
            layer = tile.resize(size, Image.Resampling.BICUBIC, box=box)
            total = layer if total is None else Image.blend(total, layer, 0.33 / (1 << (octave - 1)))
        if total is None:
            raise AssertionError
        return total

    def _shade(self, mask: Image.Image, box: tuple[int, int, int, int], reach: float) -> None:
        small = mask.resize(
            (max(1, mask.width // SHADOW_DETAIL), max(1, mask.height // SHADOW_DETAIL)), Image.Resampling.BOX
        )
        soft = small.filter(ImageFilter.GaussianBlur(max(0.6, reach / SHADOW_DETAIL)))
        moved = Image.new("L", soft.size)
        moved.paste(soft, (round(reach * 0.3 / SHADOW_DETAIL), round(reach * 0.3 / SHADOW_DETAIL)))
        soft = ImageChops.lighter(soft.point(lambda level: level // 2), moved)
        soft = soft.resize(mask.size, Image.Resampling.BILINEAR).point(lambda level: round(level * 0.42))
        self.image.paste((12, 8, 26), box, soft)

    def _box(self, pixels: Sequence[Point], reach: float) -> tuple[int, int, int, int] | None:
        left = max(0, math.floor(min(x for x, _ in pixels) - reach))
        top = max(0, math.floor(min(y for _, y in pixels) - reach))
        right = min(self.image.width, math.ceil(max(x for x, _ in pixels) + reach))
        bottom = min(self.image.height, math.ceil(max(y for _, y in pixels) + reach))
        return (left, top, right, bottom) if right > left and bottom > top else None


def _at(stops: Sequence[tuple[float, Colour]], y: float) -> Colour:
    if y <= stops[0][0]:
        return stops[0][1]
    for (above, first), (below, second) in itertools.pairwise(stops):
        if y < below:
            return mix(first, second, (y - above) / (below - above))
    return stops[-1][1]


def _painted(size: tuple[int, int], paint: Paint, top: float, bottom: float) -> Image.Image:
    if isinstance(paint[0], int):
        return Image.new("RGB", size, paint)
    first, second = paint
    height = max(1.0, bottom - top)
    rows = [max(0.0, min(1.0, (row - top) / height)) for row in range(size[1])]
    column = Image.new("RGB", (1, size[1]))
    column.putdata([mix(first, second, row) for row in rows])
    return column.resize(size, Image.Resampling.NEAREST)


def smooth(points: Sequence[Point], *, parts: int = 8) -> list[Point]:
    """A closed curve through the points (Catmull-Rom)."""
    count = len(points)
    curve = []
    for index in range(count):
        before, start = points[index - 1], points[index]
        end, after = points[(index + 1) % count], points[(index + 2) % count]
        for part in range(parts):
            t = part / parts
            curve.append(
                (
                    _spline(before[0], start[0], end[0], after[0], t),
                    _spline(before[1], start[1], end[1], after[1], t),
                )
            )
    return curve


def _spline(before: float, start: float, end: float, after: float, t: float) -> float:
    return 0.5 * (
        2 * start
        + (end - before) * t
        + (2 * before - 5 * start + 4 * end - after) * t * t
        + (3 * start - before - 3 * end + after) * t * t * t
    )
