"""The buttons under every kind of result, in Midjourney's order, and what a customId asks for (contract §6).
Never here: tasks, or what a press produces."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.sandbox.upstream.prompts import Version

ZERO_WIDTH = "\u200b"
KEYCAPS = ("1\ufe0f\u20e3", "2\ufe0f\u20e3", "3\ufe0f\u20e3", "4\ufe0f\u20e3")


class Links(StrEnum):
    """How an entry without customId appears; which of these is real is unknown (contract §2.4)."""

    ABSENT = "absent"
    EMPTY = "empty"
    OMITTED = "omitted"


@dataclass(frozen=True, slots=True)
class Button:
    """One entry of `actions`; without a customId it is a link."""

    custom_id: str | None
    label: str = ""
    emoji: str = ""


def entries(buttons: Iterable[Button], links: Links) -> list[dict[str, str]]:
    """The flat list as the API gives it: three text fields, links in the chosen way."""
    listed = []
    for button in buttons:
        entry = {"customId": button.custom_id or "", "emoji": button.emoji, "label": button.label}
        if button.custom_id is None:
            if links is Links.OMITTED:
                continue
            if links is Links.ABSENT:
                del entry["customId"]
        listed.append(entry)
    return listed


def grid_buttons(job: str) -> list[Button]:
    """Set A: every grid of four."""
    return [
        *(Button(f"MJ::JOB::upsample::{n}::{job}", f"U{n}") for n in range(1, 5)),
        Button(f"MJ::JOB::reroll::0::{job}::SOLO", emoji="🔄"),
        *(Button(f"MJ::JOB::variation::{n}::{job}", f"V{n}") for n in range(1, 5)),
        Button(None, ZERO_WIDTH),
    ]


def single_buttons(job: str, version: Version, *, square: bool) -> list[Button]:
    """Sets B, C, D, E and G: a picture taken out of its grid."""
    animated = _animations(job) if version.family in {"7", "8"} else []
    return [
        *_upscalers(job, version),
        *_variers(job, version),
        Button(f"MJ::Inpaint::1::{job}::SOLO", "Vary (Region)", "🖌️"),
        *_zooms(job, square=square),
        *_pans(job),
        *animated,
        *_favourite_and_link(job),
    ]


def fine_buttons(job: str, version: Version) -> list[Button]:
    """Set F: a picture that went through an upscaler."""
    animated = _animations(job) if version.family in {"7", "8"} else []
    again = [
        Button(found.custom_id, f"Redo {found.label}", found.emoji) for found in _upscalers(job, version)
    ]
    return [*again, *_variers(job, version), *animated, *_favourite_and_link(job)]


def reel_buttons(job: str) -> list[Button]:
    """Set H: a grid of four clips."""
    return [
        *(Button(f"MJ::JOB::video_virtual_upscale::{n}::{job}", f"U{n}") for n in range(1, 5)),
        Button(f"MJ::JOB::reroll::0::{job}::SOLO", emoji="🔄"),
        Button(None, ZERO_WIDTH),
    ]


def clip_buttons(job: str, index: int) -> list[Button]:
    """Set H, second part: one clip taken out of its grid."""
    return [
        Button(f"MJ::JOB::animate_high_extend::{index}::{job}", "Extend (High motion)", "🎞️"),
        Button(f"MJ::JOB::animate_low_extend::{index}::{job}", "Extend (Low motion)", "🎞️"),
    ]


def describe_buttons() -> list[Button]:
    """Set I: four prompts read from a picture."""
    return [
        *(Button(f"MJ::Job::PicReader::{n}", emoji=KEYCAPS[n - 1]) for n in range(1, 5)),
        Button("MJ::Picread::Retry", emoji="🔄"),
        Button("MJ::Job::PicReader::all", "Imagine all", "🎉"),
    ]


def _upscalers(job: str, version: Version) -> list[Button]:
    if version.family == "8":
        return []
    if version.family == "5":
        return [
            Button(f"MJ::JOB::upsample_v5_{factor}::1::{job}::SOLO", f"Upscale ({factor})", "upscale_1")
            for factor in ("2x", "4x")
        ]
    model = {"6": "v6", "6.1": "v6r1", "7": "v7"}[version.family]
    return [
        Button(
            f"MJ::JOB::upsample_{model}_2x_{mood}::1::{job}::SOLO", f"Upscale ({mood.title()})", "upscale_1"
        )
        for mood in ("subtle", "creative")
    ]


def _variers(job: str, version: Version) -> list[Button]:
    subtle = Button(f"MJ::JOB::low_variation::1::{job}::SOLO", "Vary (Subtle)", "🪄")
    strong = Button(f"MJ::JOB::high_variation::1::{job}::SOLO", "Vary (Strong)", "🪄")
    return [strong, subtle] if version.family == "5" else [subtle, strong]


def _zooms(job: str, *, square: bool) -> list[Button]:
    zooms = [
        Button(f"MJ::Outpaint::50::1::{job}::SOLO", "Zoom Out 2x", "🔍"),
        Button(f"MJ::Outpaint::75::1::{job}::SOLO", "Zoom Out 1.5x", "🔍"),
        Button(f"MJ::CustomZoom::{job}", "Custom Zoom", "🔍"),
    ]
    if not square:
        zooms.append(Button(f"MJ::Outpaint::100::1::{job}::SOLO", "Make Square", "↔️"))
    return zooms


def _pans(job: str) -> list[Button]:
    arrows = {"left": "⬅️", "right": "➡️", "up": "⬆️", "down": "⬇️"}
    return [Button(f"MJ::JOB::pan_{side}::1::{job}::SOLO", emoji=arrow) for side, arrow in arrows.items()]


def _animations(job: str) -> list[Button]:
    return [
        Button(f"MJ::JOB::animate_{mood}::1::{job}::SOLO", f"Animate ({mood.title()} motion)", "🎞️")
        for mood in ("high", "low")
    ]


def _favourite_and_link(job: str) -> list[Button]:
    return [Button(f"MJ::BOOKMARK::{job}", emoji="❤️"), Button(None, "Web")]


class Family(StrEnum):
    """What a customId asks for (contract §6.1)."""

    UPSCALE = "upscale"
    VARIATION = "variation"
    REROLL = "reroll"
    VARY = "vary"
    REGION = "region"
    ZOOM = "zoom"
    PAN = "pan"
    FINER = "finer"
    ANIMATE = "animate"
    CLIP = "clip"
    EXTEND = "extend"
    DESCRIBE_AGAIN = "describe-again"
    BOOKMARK = "bookmark"
    MODAL = "modal"


@dataclass(frozen=True, slots=True)
class Press:
    """A customId read: its family, the picture's number, and the word that sets it apart in the family."""

    family: Family
    index: int = 1
    detail: str = ""


_PATTERNS: tuple[tuple[Family, re.Pattern[str]], ...] = tuple(
    (family, re.compile(pattern))
    for family, pattern in (
        (Family.UPSCALE, r"MJ::JOB::upsample::(?P<index>[1-4])::.+"),
        (Family.VARIATION, r"MJ::JOB::variation::(?P<index>[1-4])::.+"),
        (Family.REROLL, r"MJ::JOB::reroll::0::.+"),
        (Family.VARY, r"MJ::JOB::(?P<detail>low|high)_variation::1::.+"),
        (Family.REGION, r"MJ::Inpaint::1::.+"),
        (Family.ZOOM, r"MJ::Outpaint::(?P<detail>50|75|100)::1::.+"),
        (Family.PAN, r"MJ::JOB::pan_(?P<detail>left|right|up|down)::1::.+"),
        (Family.FINER, r"MJ::JOB::upsample_v\d+(?:r\d+)?_(?P<detail>2x|4x)(?:_(?:subtle|creative))?::1::.+"),
        (Family.ANIMATE, r"MJ::JOB::animate_(?P<detail>high|low)::1::.+"),
        (Family.CLIP, r"MJ::JOB::video_virtual_upscale::(?P<index>[1-4])::.+"),
        (Family.EXTEND, r"MJ::JOB::animate_(?P<detail>high|low)_extend::(?P<index>[1-4])::.+"),
        (Family.DESCRIBE_AGAIN, r"MJ::Picread::Retry"),
        (Family.BOOKMARK, r"MJ::BOOKMARK::.+"),
        (Family.MODAL, r"MJ::CustomZoom::.+"),
        (Family.MODAL, r"MJ::Job::PicReader::(?:[1-4]|all)"),
        (Family.MODAL, r"MJ::Job::PromptAnalyzer::[1-5]"),
        (Family.MODAL, r"MJ::JOB::video::.+::manual"),
    )
)


def read_press(custom_id: str) -> Press | None:
    """What the button asks for; None if no family is like it."""
    for family, pattern in _PATTERNS:
        if match := pattern.fullmatch(custom_id):
            found = match.groupdict()
            return Press(family, int(found.get("index") or 1), found.get("detail") or "")
    return None
