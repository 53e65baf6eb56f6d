"""Four prompts read from a picture: its colours, its light, its shape, and its title if it carries one.
Never here: tasks."""

from __future__ import annotations

import io
import re
from fractions import Fraction
from typing import TYPE_CHECKING

from PIL import Image, ImageFilter, ImageStat

from bot.sandbox.upstream.pictures.chance import Dice
from bot.sandbox.upstream.pictures.colours import luminance, mood_of

if TYPE_CHECKING:
    from bot.sandbox.upstream.pictures.colours import Colour

KEYCAPS = ("1\ufe0f\u20e3", "2\ufe0f\u20e3", "3\ufe0f\u20e3", "4\ufe0f\u20e3")
_NAMED: dict[str, Colour] = {
    "black": (20, 20, 24), "charcoal": (62, 64, 72), "grey": (128, 128, 130), "white": (246, 246, 244),
    "cream": (248, 236, 208), "crimson": (178, 34, 52), "coral": (240, 116, 88), "orange": (240, 146, 44),
    "golden": (234, 188, 74), "yellow": (250, 226, 60), "olive": (122, 126, 56), "green": (66, 148, 84),
    "mint": (164, 220, 190), "teal": (34, 128, 132), "turquoise": (70, 194, 196), "sky blue": (142, 200, 236),
    "blue": (50, 104, 190), "navy": (22, 34, 82), "violet": (122, 84, 176), "lilac": (196, 174, 222),
    "magenta": (204, 56, 150), "pink": (246, 174, 192), "brown": (118, 76, 46), "tan": (206, 166, 122),
}  # fmt: skip
_STYLES = ("layered paper art", "soft gouache illustration", "minimal vector poster", "detailed cut-paper diorama",
           "storybook illustration", "cinematic still", "risograph print", "dreamlike matte painting")  # fmt: skip
DARK, BRIGHT, BUSY = 85, 175, 22


def describe_picture(content: bytes, seed: int) -> str:
    """Four paragraphs, each with its keycap and its aspect (contract §2.6). Slow: call it in a thread."""
    picture = Image.open(io.BytesIO(content))
    title = _title(picture)
    plain = picture.convert("RGB")
    names = _colour_names(plain)
    light = ImageStat.Stat(plain.convert("L")).mean[0]
    edges = ImageStat.Stat(plain.convert("L").resize((256, 256)).filter(ImageFilter.FIND_EDGES)).mean[0]
    mood = (
        "in the dark of night"
        if light < DARK
        else ("in bright daylight" if light > BRIGHT else "in soft evening light")
    )
    weave = "with many small details" if edges > BUSY else "with calm, wide areas"
    wide, high = aspect_of(*picture.size)
    shape = "a square composition" if wide == high else ("a wide view" if wide > high else "a tall view")
    subject = title or f"shapes in {names[0]} and {names[1]}"
    dice = Dice(seed)
    lines = (
        f"{subject}, {_style(dice, 0)}, {names[0]} and {names[1]} tones, {mood}",
        f"{shape} of {subject}, {names[1]} against {names[0]}, {_style(dice, 1)}, {weave}",
        f"{_style(dice, 2)} of {subject}, palette of {', '.join(names[:3])}, {mood}, {weave}",
        f"{subject} {mood}, accents of {names[-1]}, {_style(dice, 3)}, {shape}",
    )
    return "\n\n".join(f"{KEYCAPS[index]} {line} --ar {wide}:{high}" for index, line in enumerate(lines))


def aspect_of(width: int, height: int) -> tuple[int, int]:
    """A simple ratio near the picture's own."""
    near = Fraction(width, height).limit_denominator(16)
    return near.numerator, near.denominator


def _style(dice: Dice, index: int) -> str:
    start = int(dice.at("style", 0, len(_STYLES) - 0.01))
    return _STYLES[(start + index * 3) % len(_STYLES)]


def _colour_names(picture: Image.Image) -> list[str]:
    names: list[str] = []
    for shade in mood_of(picture, 8):
        name = min(
            _NAMED, key=lambda known: sum((a - b) ** 2 for a, b in zip(_NAMED[known], shade, strict=True))
        )
        if name not in names:
            names.append(name)
    spare = "white" if luminance(mood_of(picture, 1)[0]) < BRIGHT else "grey"
    return names if len(names) > 1 else [*names, spare]


def _title(picture: Image.Image) -> str:
    """What our own pictures carry with them; a foreign one has no title."""
    written = picture.info.get("Description") or picture.getexif().get(0x010E)
    if not isinstance(written, str):
        return ""
    head = re.split(r"\s(?:--|\u2014)[a-z]", re.sub(r"https?://\S+", "", written))[0]
    return " ".join(head.split()).strip("/ ")[:120]
