"""From a plan to the bytes that a fetch gets: grids, single pictures, clips, previews; small enough to send.
Never here: scenes, HTTP."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PIL import Image, PngImagePlugin

from bot.sandbox.upstream.pictures.colours import mood_of
from bot.sandbox.upstream.pictures.plan import (
    Altered,
    Blend,
    Form,
    Picture,
    Repainted,
    Scene,
    Wider,
    ratio_of,
    scene_under,
)
from bot.sandbox.upstream.pictures.raster import alter, blend, extend, inlay
from bot.sandbox.upstream.pictures.scenes import paint_scene
from bot.sandbox.upstream.pictures.size import gutter_of, size_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.sandbox.upstream.pictures.plan import Single

LARGEST_BYTES = 980_000
"""Everything stays below 1 MB: a sandbox shows many pictures."""
FRAMES = 12
FRAME_MS = 110
CLIP_SIDE = 512
LARGEST_PAINTED = 2048
"""What is asked for larger is painted at this side and enlarged."""
GUTTER = (250, 248, 243)


@dataclass(frozen=True, slots=True)
class Studio:
    """Draws the plans of one service."""

    canvas: int
    assets: Mapping[str, bytes]

    def single(self, single: Single, size: tuple[int, int], *, detail: int) -> Image.Image:
        """One picture at this size."""
        if isinstance(single, Scene):
            mood = [shade for asset in single.tint for shade in mood_of(self._asset(asset))]
            sharpness = 1.75 if max(size) <= 1.5 * self.canvas else 1.25
            return paint_scene(single, size, detail=detail, sharpness=sharpness, mood=mood)
        if isinstance(single, Blend):
            return blend([self._asset(asset) for asset in single.assets], size, single.seed, single.drift)
        if isinstance(single, Wider):
            return self._wider(single, size, detail=detail)
        if isinstance(single, Altered):
            return alter(self.single(single.base, size, detail=detail), single.seed, single.strength)
        return self._repainted(single, size, detail=detail)

    def _wider(self, single: Wider, size: tuple[int, int], *, detail: int) -> Image.Image:
        left, top, right, bottom = single.place
        inner = (round(size[0] * (right - left)), round(size[1] * (bottom - top)))
        place = (round(size[0] * left), round(size[1] * top))
        base = self.single(single.base, inner, detail=detail)
        scene = scene_under(single)
        if scene is not None and single.words is not None:
            scene = replace(scene, words=single.words)
        if scene is None:
            return inlay(extend(base, size, place, single.seed), base, place)
        return inlay(self.single(scene, size, detail=detail), base, place)

    def _repainted(self, single: Repainted, size: tuple[int, int], *, detail: int) -> Image.Image:
        mask = Image.open(io.BytesIO(self.assets[single.mask])).convert("L")
        if mask.size != size:
            mask = mask.resize(size, Image.Resampling.BOX)
        base = self.single(single.base, size, detail=detail)
        if not isinstance(single.base, Scene):
            return Image.composite(alter(base, single.seed, 1.0), base, mask)
        x0, y0, x1, y1 = single.base.frame
        chosen = mask.getbbox() or (0, 0, *size)
        across, down = (x1 - x0) / size[0], (y1 - y0) / size[1]
        place = (
            x0 + chosen[0] * across,
            y0 + chosen[1] * down,
            x0 + chosen[2] * across,
            y0 + chosen[3] * down,
        )
        words = single.base.words if single.words is None else single.words
        patch = replace(single.base, words=words, inside=(*single.base.inside, (single.seed, place)))
        return Image.composite(self.single(patch, size, detail=detail), base, mask)

    def _asset(self, name: str) -> Image.Image:
        return Image.open(io.BytesIO(self.assets[name])).convert("RGB")

    def picture(self, picture: Picture) -> Image.Image:
        """A grid or a single picture, still."""
        ratio = ratio_of(picture.singles[0])
        if picture.form in {Form.SINGLE, Form.CLIP}:
            side = min(self.canvas * picture.factor, LARGEST_PAINTED)
            painted = self.single(
                picture.singles[0], size_of(ratio, side), detail=1 if picture.factor == 1 else 2
            )
            wanted = size_of(ratio, self.canvas * picture.factor)
            return painted if painted.size == wanted else painted.resize(wanted, Image.Resampling.LANCZOS)
        width, height = size_of(ratio, self.canvas)
        gutter = gutter_of(self.canvas)
        part = ((width - gutter) // 2, (height - gutter) // 2)
        sheet = Image.new("RGB", (width, height), GUTTER)
        for index, single in enumerate(picture.singles[:4]):
            place = (index % 2 * (width - part[0]), index // 2 * (height - part[1]))
            sheet.paste(self.single(single, part, detail=0), place)
        return sheet

    def frames(self, picture: Picture) -> list[Image.Image]:
        """A clip: the camera moves through the picture and comes back."""
        side = min(self.canvas, CLIP_SIDE)
        ratio = ratio_of(picture.singles[0])
        still = self.single(picture.singles[0], size_of(ratio, side * 5 // 4), detail=0)
        size = size_of(ratio, side)
        sweep = 0.16 if picture.motion == "high" else 0.08
        single = [_moved(still, size, frame / FRAMES, sweep, path=0) for frame in range(FRAMES)]
        if picture.form is Form.CLIP:
            return single
        gutter = gutter_of(side)
        part = ((size[0] - gutter) // 2, (size[1] - gutter) // 2)
        sheets = []
        for frame in range(FRAMES):
            sheet = Image.new("RGB", size, GUTTER)
            for path in range(4):
                place = (path % 2 * (size[0] - part[0]), path // 2 * (size[1] - part[1]))
                sheet.paste(_moved(still, part, frame / FRAMES, sweep, path=path), place)
            sheets.append(sheet)
        return sheets


def draw(
    picture: Picture, *, canvas: int, assets: Mapping[str, bytes], title: str, percent: int | None = None
) -> bytes:
    """The picture's bytes; with a percent, a blurred preview. Slow: call it in a thread."""
    studio = Studio(canvas, assets)
    if percent is not None:
        preview = studio.picture(picture).reduce(max(2, (110 - percent) // 4))
        return _webp(
            preview.resize(size_of(ratio_of(picture.singles[0]), canvas // 2), Image.Resampling.BICUBIC), 60
        )
    if picture.form in {Form.REEL, Form.CLIP}:
        return _animation(studio.frames(picture))
    painted = studio.picture(picture)
    if picture.factor == 1:
        exact = _png(painted, title)
        if len(exact) <= LARGEST_BYTES:
            return exact
    content = b""
    for quality in (88, 76, 60, 40):
        content = _webp(painted, quality)
        if len(content) <= LARGEST_BYTES:
            break
    return content


def _moved(
    still: Image.Image, size: tuple[int, int], moment: float, sweep: float, *, path: int
) -> Image.Image:
    swing = sweep * (1 - abs(2 * moment - 1))
    width, height = still.size
    x = (0.0, sweep - swing, swing / 2, swing)[path]
    y = (swing / 2, swing / 2, sweep - swing, 0.0)[path]
    seen = 1 - sweep
    box = (x * width, y * height, (x + seen) * width, (y + seen) * height)
    return still.resize(size, Image.Resampling.BICUBIC, box=box)


def _png(painted: Image.Image, title: str) -> bytes:
    notes = PngImagePlugin.PngInfo()
    notes.add_itxt("Description", title[:500])
    written = io.BytesIO()
    painted.save(written, "PNG", compress_level=6, pnginfo=notes)
    return written.getvalue()


def _webp(painted: Image.Image, quality: int) -> bytes:
    written = io.BytesIO()
    painted.save(written, "WEBP", quality=quality, method=3)
    return written.getvalue()


def _animation(frames: list[Image.Image]) -> bytes:
    content = b""
    for quality in (60, 40, 20):
        written = io.BytesIO()
        frames[0].save(
            written,
            "WEBP",
            save_all=True,
            append_images=frames[1:],
            duration=FRAME_MS,
            loop=0,
            quality=quality,
            method=1,
        )
        content = written.getvalue()
        if len(content) <= LARGEST_BYTES:
            break
    return content
