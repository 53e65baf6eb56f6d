"""What a press on a button produces: kind, action and the plan of the new picture (contract §6.1).
Never here: whether the press is allowed, HTTP, pixels."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.sandbox.upstream.buttons import Family, Press, read_press
from bot.sandbox.upstream.pictures.plan import (
    Blend,
    Form,
    Frame,
    Picture,
    Repainted,
    Scene,
    Single,
    ratio_of,
    vary,
    widen,
)
from bot.sandbox.upstream.tasks import Ending, Kind, Task

if TYPE_CHECKING:
    from bot.sandbox.upstream.book import TaskBook

STRENGTHS = {"low": 0.16, "high": 0.5, "": 0.3}
FRESH_STRENGTH = 1.0
PAN_SHARE = 0.5
"""A pan adds half the shorter side: 1:1 becomes 3:2, as captured (contract §6.1 no. 11)."""
_REMIXED = frozenset({Family.VARIATION, Family.REROLL, Family.VARY, Family.PAN})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the new task will be."""

    kind: Kind
    action: str
    description: str
    picture: Picture | None = None
    ending: Ending = Ending.SUCCESS


def derive(seed: int, *parts: int | str) -> int:
    """A seed that follows from another, the same on every machine."""
    written = ":".join(str(part) for part in (seed, *parts))
    return int.from_bytes(hashlib.blake2b(written.encode(), digest_size=6).digest(), "big")


def press(book: TaskBook, parent: Task, asked: Press, *, seed: int, mask: str | None, remix: bool) -> Outcome:
    """Plan the result of a press on the parent."""
    if asked.family is Family.MODAL or (remix and asked.family in _REMIXED):
        return Outcome(Kind.GRID, "ACTION", f"/modal {parent.id}", _of(parent), Ending.MODAL)
    if asked.family is Family.BOOKMARK:
        return Outcome(Kind.NOTE, "ACTION", f"/bookmark {parent.id}")
    if asked.family is Family.DESCRIBE_AGAIN:
        return Outcome(Kind.TEXT, "DESCRIBE", "/describe")
    if asked.family is Family.REROLL:
        return _reroll(book, parent, seed=seed, remix=remix)
    picture = _of(parent)
    singles = picture.singles
    chosen = singles[min(asked.index, len(singles)) - 1]
    if asked.family in {Family.UPSCALE, Family.FINER, Family.ANIMATE, Family.CLIP, Family.EXTEND}:
        return _one_picture(parent, asked, chosen, picture.factor)
    return _four_pictures(parent, asked, chosen, seed=seed, mask=mask)


def _one_picture(parent: Task, asked: Press, chosen: Single, factor: int) -> Outcome:
    told = f"{parent.id} {asked.index}"
    if asked.family is Family.UPSCALE:
        return Outcome(Kind.SINGLE, "UPSCALE", f"/up {told}", Picture(Form.SINGLE, (chosen,)))
    if asked.family is Family.FINER:
        larger = max(factor, int(asked.detail[0]))
        return Outcome(Kind.FINE, "UPSCALE_HD", f"/upscale {told}", Picture(Form.SINGLE, (chosen,), larger))
    if asked.family is Family.CLIP:
        clip = Picture(Form.CLIP, (chosen,), motion=_of(parent).motion)
        return Outcome(Kind.CLIP, "UPSCALE", f"/video up {told}", clip)
    reel = Picture(Form.REEL, (chosen,) * 4, motion=asked.detail)
    return Outcome(Kind.REEL, "VIDEO", f"/animate {told} {asked.detail}", reel)


def _four_pictures(parent: Task, asked: Press, chosen: Single, *, seed: int, mask: str | None) -> Outcome:
    seeds = [derive(seed, number) for number in range(4)]
    family = asked.family
    if family in {Family.VARIATION, Family.VARY}:
        strength = STRENGTHS[asked.detail]
        four = [vary(chosen, each, strength) for each in seeds]
        return _grid("VARIATION", f"/variation {parent.id} {asked.index}", four)
    if family is Family.REGION:
        four = [Repainted(chosen, mask, each) if mask else chosen for each in seeds]
        return _grid("VARIATION", f"/vary region {parent.id}", four)
    action = "PAN" if family is Family.PAN else "ZOOM"
    margins = _margins(asked, ratio_of(chosen))
    return _grid(
        action,
        f"/{action.lower()} {parent.id} {asked.detail}",
        [widen(chosen, margins, each) for each in seeds],
    )


def _grid(action: str, description: str, four: list[Single]) -> Outcome:
    return Outcome(Kind.GRID, action, description, Picture(Form.GRID, tuple(four)))


def _margins(asked: Press, ratio: float) -> Frame:
    """What a zoom or pan adds on each side, in the picture's own width and height."""
    if asked.family is Family.PAN:
        shorter = min(ratio, 1.0)
        across, down = PAN_SHARE * shorter / ratio, PAN_SHARE * shorter
        return {
            "left": (across, 0.0, 0.0, 0.0),
            "right": (0.0, 0.0, across, 0.0),
            "up": (0.0, down, 0.0, 0.0),
            "down": (0.0, 0.0, 0.0, down),
        }[asked.detail]
    if asked.detail == "100":
        down, across = max(0.0, (ratio - 1) / 2), max(0.0, (1 / ratio - 1) / 2)
        return (across, down, across, down)
    margin = (100 / int(asked.detail) - 1) / 2
    return (margin, margin, margin, margin)


def _reroll(book: TaskBook, parent: Task, *, seed: int, remix: bool) -> Outcome:
    """The parent's job once more: its own press again, or its prompt with another seed."""
    told = f"/reroll {parent.id}"
    grandparent = book.get(parent.parent) if parent.parent is not None else None
    asked = read_press(parent.custom_id) if parent.custom_id else None
    if grandparent is not None and asked is not None:
        mask = _mask_of(parent)
        again = press(book, grandparent, asked, seed=seed, mask=mask, remix=remix)
        return replace(again, description=told)
    action = "IMAGINE" if parent.action == "UPSCALE" else parent.action
    four = [_fresh(single, derive(seed, number)) for number, single in enumerate(_of(parent).singles)]
    return Outcome(Kind.GRID, action, told, Picture(Form.GRID, tuple(four)))


def _fresh(single: Single, seed: int) -> Single:
    if isinstance(single, Scene | Blend):
        return replace(single, seed=seed, drift=())
    return vary(single, seed, FRESH_STRENGTH)


def _mask_of(task: Task) -> str | None:
    single = task.picture.singles[0] if task.picture is not None else None
    return single.mask if isinstance(single, Repainted) else None


def _of(task: Task) -> Picture:
    if task.picture is None:
        raise ValueError(f"task {task.id} has no picture to act on")
    return task.picture
