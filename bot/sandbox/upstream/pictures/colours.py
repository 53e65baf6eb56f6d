"""Colours, palettes and the words that call for them; the mood of a given picture.
Never here: shapes."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.sandbox.upstream.pictures.chance import Dice

Colour: TypeAlias = tuple[int, int, int]
TINT_SHARE = 0.6


def colour(written: str) -> Colour:
    """A colour of six hexadecimal digits."""
    return int(written[0:2], 16), int(written[2:4], 16), int(written[4:6], 16)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Between two colours: 0 is the first, 1 the second."""
    return (
        round(first[0] + (second[0] - first[0]) * share),
        round(first[1] + (second[1] - first[1]) * share),
        round(first[2] + (second[2] - first[2]) * share),
    )


def luminance(shade: Colour) -> float:
    """How light a colour is, 0 to 255."""
    return 0.299 * shade[0] + 0.587 * shade[1] + 0.114 * shade[2]


def turned(shade: Colour, hue: float, lift: float = 0.0) -> Colour:
    """The colour with its hue turned and its lightness lifted a little."""
    h, light, saturation = colorsys.rgb_to_hls(*(part / 255 for part in shade))
    red, green, blue = colorsys.hls_to_rgb((h + hue) % 1, min(1.0, max(0.0, light + lift)), saturation)
    return round(red * 255), round(green * 255), round(blue * 255)


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a scene."""

    sky: tuple[Colour, ...]
    """From the zenith to the horizon."""
    far: Colour
    near: Colour
    light: Colour
    accent: Colour
    second: Colour
    paper: Colour
    dark: bool = False


def _palette(
    sky: str,
    far: str,
    near: str,
    light: str,
    accent: str,
    second: str,
    paper: str = "fbf3e4",
    *,
    dark: bool = False,
) -> Palette:
    stops = tuple(colour(stop) for stop in sky.split())
    return Palette(
        sky=stops,
        far=colour(far),
        near=colour(near),
        light=colour(light),
        accent=colour(accent),
        second=colour(second),
        paper=colour(paper),
        dark=dark,
    )


PALETTES: dict[str, Palette] = {
    "dawn": _palette("31356e 7d5a94 e58e86 ffd3a1", "d79a94", "2a2145", "fff1cf", "e5633c", "f7b558"),
    "dusk": _palette("1d2951 5b3f77 c4596b f79d65 ffd48a", "a8617a", "1b1736", "ffe7b0", "f08a4b", "ffcf7a"),
    "day": _palette("3d9bd9 86c9ee cfeaf3 fdf6e3", "9cc7d3", "1d4b4f", "fffbe8", "f0714b", "f9c663"),
    "night": _palette(
        "060a22 10204e 2b4a86 6483b5", "3d5a92", "050a1e", "fdf3cf", "f2b84b", "e07a5f", dark=True
    ),
    "autumn": _palette("e8b678 f2cf98 f9e6c3 fdf4df", "d8a06a", "4d2317", "fff6dc", "c8452b", "e79a3c"),
    "winter": _palette(
        "7ea8c9 b5d0e2 dfebf2 fafcfd", "bcd0df", "2f4860", "ffffff", "d9534f", "7fb2d6", "ffffff"
    ),
    "spring": _palette("8fd0d6 c5e7df fbe3e4 fff3ec", "b9d8c7", "2f6a5e", "fffdf0", "ec6a8b", "f9a8b8"),
    "forest": _palette("a9cfb4 cfe4c5 edf3dc fbfaec", "a3c3a4", "12362c", "fffce4", "e9823f", "8fb339"),
    "desert": _palette("2f8fa6 7fc2b8 f5d9a5 fbe9c8", "e2ab77", "6a2f22", "fff3d1", "d9572f", "f2b155"),
    "neon": _palette(
        "12052e 3a0d6b 8a1f97 f0538f ffb07a", "6a2c93", "0c0424", "fff0f5", "29e6d4", "ff5fa8", dark=True
    ),
    "sea": _palette("16697a 3c9ba3 9fd6cf f4ecd2", "6fb0b3", "0d3b4a", "fff6d9", "ef6f51", "ffc15e"),
    "ink": _palette("cfc6b4 ded6c6 ece6da f6f2e9", "b3a997", "2a2724", "fdfaf3", "b33a2b", "6d655a"),
    "gold": _palette(
        "3b2a1a 7a5524 c9973f f6d98a", "a87a36", "21160d", "fff2c4", "f0b63a", "c96a2b", dark=True
    ),
    "ember": _palette(
        "1b0f1e 4a1527 a12a2c f0662f ffc15a", "7d2730", "140810", "ffe7a3", "ff8a3c", "ffd15c", dark=True
    ),
    "lilac": _palette("5a4fa0 8f7fc4 cdb4e0 fbe2ee", "a596cc", "2b2456", "fff6e6", "f28ab2", "ffd07f"),
}

_CALLS: dict[str, str] = {
    "dawn": "dawn sunrise morning warm dreamy",
    "dusk": "dusk sunset evening twilight romantic",
    "day": "day sunny sunlight bright cheerful summer noon",
    "night": "night midnight moon stars starry dark moonlight galaxy space cosmic navy sleeping",
    "autumn": "autumn fall leaves rust october harvest coffee cozy",
    "winter": "winter snow snowy ice frost frozen polar arctic christmas",
    "spring": "spring blossom cherry sakura mint pastel april garden",
    "forest": "forest woods jungle moss meadow nature fairy misty fog",
    "desert": "desert sand dune dunes canyon mars savanna cactus",
    "neon": "neon cyberpunk synthwave futuristic robot magenta cyber vaporwave electric",
    "sea": "sea ocean teal wave waves underwater harbor harbour lagoon island",
    "ink": "ink sketch monochrome drawing linocut woodcut",
    "gold": "gold golden treasure royal egypt brass steampunk bronze",
    "ember": "fire lava volcano dragon ember flame phoenix",
    "lilac": "lilac lavender magic magical dream mystic wizard",
}
_BY_WORD = {word: name for name, words in _CALLS.items() for word in words.split()}


_USUAL = ("autumn", "dawn", "day", "dusk", "forest", "lilac", "night", "sea", "spring")
_OWN_COLOURS: dict[str, Colour] = {
    word: colour(written)
    for written, words in (
        ("cf3b34", "red crimson scarlet ruby"),
        ("ef7f33", "orange amber copper"),
        ("f0bf3c", "yellow golden"),
        ("4f9d5b", "green emerald"),
        ("3c74c4", "blue sapphire"),
        ("2aa198", "teal turquoise aqua"),
        ("8257b8", "purple violet"),
        ("ea7fa6", "pink rose"),
        ("7b4f33", "brown chocolate"),
        ("2b2933", "black"),
        ("f4f1ea", "white silver"),
        ("8d9098", "grey gray"),
    )
    for word in words.split()
}


def choose_palette(words: Sequence[str], dice: Dice, usual: Sequence[str] = ()) -> Palette:
    """The palette that the words call for, else one that suits the subject; never twice quite the same."""
    called = [_BY_WORD[word] for word in words if word in _BY_WORD]
    if called:
        name = called[int(dice.at("palette", 0, 0.999) * len(called))]
    else:
        name = dice.pick("palette", usual or _USUAL)
    hue, lift = dice.at("hue", -0.03, 0.03), dice.at("lift", -0.03, 0.03)
    palette = _each(PALETTES[name], lambda shade: turned(shade, hue, lift))
    named = next((_OWN_COLOURS[word] for word in words if word in _OWN_COLOURS), None)
    return palette if named is None else replace(palette, accent=turned(named, hue, lift))


def shift(palette: Palette, hue: float) -> Palette:
    """The palette with every hue turned: a repaint must be seen."""
    return _each(palette, lambda shade: turned(shade, hue))


def tinted(palette: Palette, mood: Sequence[Colour]) -> Palette:
    """The palette pulled towards the colours of a reference picture, light to light and dark to dark."""
    if not mood:
        return palette
    ordered = sorted(mood, key=luminance)

    def pulled(shade: Colour) -> Colour:
        nearest = min(ordered, key=lambda other: abs(luminance(other) - luminance(shade)))
        return mix(shade, nearest, TINT_SHARE)

    return _each(palette, pulled)


def mood_of(picture: Image.Image, count: int = 6) -> list[Colour]:
    """The main colours of a picture, the most frequent first."""
    small = picture.convert("RGB").resize((64, 64), Image.Resampling.BOX)
    reduced = small.quantize(count, Image.Quantize.MEDIANCUT)
    table = reduced.getpalette() or []
    counted = sorted(reduced.getcolors() or [], reverse=True)
    return [
        (table[3 * index], table[3 * index + 1], table[3 * index + 2])
        for _, index in counted
        if isinstance(index, int)
    ]


def _each(palette: Palette, change: Callable[[Colour], Colour]) -> Palette:
    return Palette(
        sky=tuple(change(stop) for stop in palette.sky),
        far=change(palette.far),
        near=change(palette.near),
        light=change(palette.light),
        accent=change(palette.accent),
        second=change(palette.second),
        paper=change(palette.paper),
        dark=palette.dark,
    )
