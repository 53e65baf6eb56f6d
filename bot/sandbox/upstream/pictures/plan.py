"""What a picture is before it is drawn: a small frozen tree that remembers where each picture came from.
Never here: pixels."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, TypeAlias

Frame: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom, in a scene's own units: the shorter side of the first picture is 1, y points down."""

Drift: TypeAlias = tuple[tuple[int, float], ...]
"""Seeds and strengths of the variations a scene went through."""


class Form(StrEnum):
    """How the pictures of one task are laid out."""

    GRID = "grid"
    SINGLE = "single"
    REEL = "reel"
    CLIP = "clip"


@dataclass(frozen=True, slots=True)
class Scene:
    """A landscape or still life made of words; it has no edges, the frame only says which part is seen."""

    words: str
    seed: int
    frame: Frame
    look: str = "7"
    drift: Drift = ()
    extras: tuple[tuple[int, Frame], ...] = ()
    tint: tuple[str, ...] = ()
    inside: tuple[tuple[int, Frame], ...] = ()
    """New things, and where: what a repaint puts in."""


@dataclass(frozen=True, slots=True)
class Blend:
    """Several given pictures mixed into one."""

    assets: tuple[str, ...]
    seed: int
    ratio: float
    drift: Drift = ()


@dataclass(frozen=True, slots=True)
class Wider:
    """A picture that is no scene, seen in something larger; `place` is where it lies, in fractions."""

    base: Single
    place: Frame
    seed: int
    words: str | None = None
    """Other words for what is around it."""


@dataclass(frozen=True, slots=True)
class Altered:
    """A picture that is no scene, varied."""

    base: Single
    seed: int
    strength: float


@dataclass(frozen=True, slots=True)
class Repainted:
    """The base everywhere except where the mask is white; there something new."""

    base: Single
    mask: str
    seed: int
    words: str | None = None
    """Other words for what is new."""


Single: TypeAlias = Scene | Blend | Wider | Altered | Repainted


@dataclass(frozen=True, slots=True)
class Picture:
    """What one task shows: four pictures or one, and how many times larger than usual."""

    form: Form
    singles: tuple[Single, ...]
    factor: int = 1
    motion: str = "low"


def first_frame(aspect: tuple[int, int]) -> Frame:
    """The part of a new scene that its first picture shows: what is beyond the square goes mostly to the sky."""
    ratio = aspect[0] / aspect[1]
    if ratio >= 1:
        return (-ratio / 2, 0.0, ratio / 2, 1.0)
    extra = 1 / ratio - 1
    return (-0.5, -0.55 * extra, 0.5, 1 + 0.45 * extra)


def ratio_of(single: Single) -> float:
    """Width by height."""
    if isinstance(single, Scene):
        left, top, right, bottom = single.frame
        return (right - left) / (bottom - top)
    if isinstance(single, Blend):
        return single.ratio
    if isinstance(single, Wider):
        left, top, right, bottom = single.place
        return ratio_of(single.base) * (bottom - top) / (right - left)
    return ratio_of(single.base)


def vary(single: Single, seed: int, strength: float) -> Single:
    """Another picture like this one; the strength runs from 0 (the same) to 1 (hardly a relative)."""
    if isinstance(single, Scene | Blend):
        return replace(single, drift=(*single.drift, (seed, strength)))
    if isinstance(single, Wider):
        return replace(single, base=vary(single.base, seed, strength), seed=seed)
    return Altered(single, seed, strength)


def widen(single: Single, margins: Frame, seed: int) -> Single:
    """See more on each side: margins (left, top, right, bottom) in units of the picture's own width and height."""
    left, top, right, bottom = margins
    if isinstance(single, Scene):
        x0, y0, x1, y1 = single.frame
        width, height = x1 - x0, y1 - y0
        frame = (x0 - left * width, y0 - top * height, x1 + right * width, y1 + bottom * height)
        return replace(single, frame=frame, extras=(*single.extras, (seed, single.frame)))
    across, down = 1 + left + right, 1 + top + bottom
    place = (left / across, top / down, (left + 1) / across, (top + 1) / down)
    return Wider(single, place, seed)


def scene_under(single: Single) -> Scene | None:
    """The scene that a picture was made of, in the picture's own frame; None if it is made of given pictures."""
    if isinstance(single, Scene):
        return single
    if isinstance(single, Blend):
        return None
    base = scene_under(single.base)
    if base is None or not isinstance(single, Wider):
        return base
    left, top, right, bottom = single.place
    across, down = right - left, bottom - top
    wider = widen(base, (left / across, top / down, (1 - right) / across, (1 - bottom) / down), single.seed)
    return wider if isinstance(wider, Scene) else None


def to_json(value: Any) -> Any:
    """Any plan as plain JSON."""
    if isinstance(value, Picture | Scene | Blend | Wider | Altered | Repainted):
        return {
            "is": type(value).__name__,
            **{field.name: to_json(getattr(value, field.name)) for field in fields(value)},
        }
    if isinstance(value, tuple):
        return [to_json(item) for item in value]
    return value


def from_json(value: Any) -> Any:
    """The plan that `to_json` wrote."""
    if isinstance(value, dict):
        kind = _KINDS[value["is"]]
        read = {name: from_json(item) for name, item in value.items() if name != "is"}
        if kind is Picture:
            read["form"] = Form(read["form"])
        return kind(**read)
    if isinstance(value, list):
        return tuple(from_json(item) for item in value)
    return value


_KINDS: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (Picture, Scene, Blend, Wider, Altered, Repainted)
}
