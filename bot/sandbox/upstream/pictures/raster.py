"""Work on pictures that are no scenes: blending, varying, extending.
Never here: scenes, files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageChops, ImageEnhance, ImageFilter, ImageOps

from bot.sandbox.upstream.pictures.chance import Dice, lattice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.sandbox.upstream.pictures.plan import Drift

NOISE_SIDE = 7
FEATHER = 0.03


def blend(pictures: Sequence[Image.Image], size: tuple[int, int], seed: int, drift: Drift) -> Image.Image:
    """Mix pictures: soft regions of each, over a mean of all."""
    dice = Dice(seed, drift)
    fitted = [ImageOps.fit(picture, size, Image.Resampling.LANCZOS) for picture in pictures]
    result = fitted[0]
    for index, picture in enumerate(fitted[1:], 2):
        result = Image.blend(result, picture, 1 / index)
    for index, picture in enumerate(fitted):
        mask = _soft_mask(dice, f"mask{index}", size, share=1 / len(fitted))
        result = Image.composite(picture, result, mask)
    if dice.chance("light", 0.5):
        result = Image.blend(result, ImageChops.soft_light(result, fitted[-1]), 0.35)
    return ImageEnhance.Color(result).enhance(dice.at("colour", 1.0, 1.35))


def alter(picture: Image.Image, seed: int, strength: float) -> Image.Image:
    """The picture with other light, other hues and a slight shift."""
    dice = Dice(seed)
    hue, saturation, value = picture.convert("HSV").split()
    turn = round((dice.at("hue", 0.25, 0.75) - 0.5 + 0.1) * 160 * strength)
    turned = Image.merge("HSV", (hue.point(lambda level: (level + turn) % 256), saturation, value)).convert(
        "RGB"
    )
    width, height = picture.size
    moved = 0.06 * strength
    x, y = dice.at("x", 0, moved) * width, dice.at("y", 0, moved) * height
    box = (x, y, x + width * (1 - moved), y + height * (1 - moved))
    shifted = turned.resize(picture.size, Image.Resampling.BICUBIC, box=box)
    return ImageOps.mirror(shifted) if strength > 0.9 and dice.chance("mirror", 0.5) else shifted  # noqa: PLR2004 - hardly a relative


def extend(base: Image.Image, size: tuple[int, int], place: tuple[int, int], seed: int) -> Image.Image:
    """The ground of a larger picture that goes on in the given one's mirror image, softer and darker."""
    wide = Image.new("RGB", (base.width * 3, base.height * 3))
    for row in range(3):
        for column in range(3):
            tile = ImageOps.mirror(base) if column != 1 else base
            tile = ImageOps.flip(tile) if row != 1 else tile
            wide.paste(tile, (column * base.width, row * base.height))
    left, top = base.width - place[0], base.height - place[1]
    ground = wide.crop((left, top, left + size[0], top + size[1]))
    radius = max(2.0, min(size) * (0.012 + 0.02 * lattice(seed, 1)))
    ground = ground.filter(ImageFilter.GaussianBlur(radius))
    return ImageEnhance.Brightness(ground).enhance(0.82 + 0.16 * lattice(seed, 2))


def inlay(ground: Image.Image, base: Image.Image, place: tuple[int, int]) -> Image.Image:
    """The ground with the picture in its place, the edge softened."""
    edge = max(2, round(min(base.size) * FEATHER))
    mask = Image.new("L", base.size)
    mask.paste(255, (edge, edge, base.width - edge, base.height - edge))
    ground.paste(base, place, mask.filter(ImageFilter.GaussianBlur(edge / 2)))
    return ground


def _soft_mask(dice: Dice, name: str, size: tuple[int, int], *, share: float) -> Image.Image:
    """Soft spots that cover about this share."""
    small = Image.new("L", (NOISE_SIDE, NOISE_SIDE))
    small.putdata([round(dice.at(f"{name}:{cell}", 0, 255)) for cell in range(NOISE_SIDE * NOISE_SIDE)])
    limit = 255 * (1 - share)
    return small.resize(size, Image.Resampling.BICUBIC).point(
        lambda level: max(0, min(255, round((level - limit) * 4 + 128)))
    )
