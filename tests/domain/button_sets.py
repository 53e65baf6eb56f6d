"""Midjourney's button sets A to I as the API lists them, flat (contract §6.2).
Never here: how we lay them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.domain.builders import UUID, action

if TYPE_CHECKING:
    from bot.domain.tasks import RemoteAction

WEB = action("", "Web")
ZERO_WIDTH_LINK = action("", "\u200b")
HEART = action(f"MJ::BOOKMARK::{UUID}", "", "❤️")
REROLL = action(f"MJ::JOB::reroll::0::{UUID}::SOLO", "", "🔄")
SUBTLE = action(f"MJ::JOB::low_variation::1::{UUID}::SOLO", "Vary (Subtle)", "🪄")
STRONG = action(f"MJ::JOB::high_variation::1::{UUID}::SOLO", "Vary (Strong)", "🪄")
REGION = action(f"MJ::Inpaint::1::{UUID}::SOLO", "Vary (Region)", "🖌️")
ZOOM_2 = action(f"MJ::Outpaint::50::1::{UUID}::SOLO", "Zoom Out 2x", "🔍")
ZOOM_1_5 = action(f"MJ::Outpaint::75::1::{UUID}::SOLO", "Zoom Out 1.5x", "🔍")
CUSTOM_ZOOM = action(f"MJ::CustomZoom::{UUID}", "Custom Zoom", "🔍")
SQUARE = action(f"MJ::Outpaint::100::1::{UUID}::SOLO", "Make Square", "↔️")
PANS = tuple(
    action(f"MJ::JOB::pan_{side}::1::{UUID}::SOLO", "", arrow)
    for side, arrow in (("left", "⬅️"), ("right", "➡️"), ("up", "⬆️"), ("down", "⬇️"))
)
ANIMATIONS = tuple(
    action(f"MJ::JOB::animate_{mood}::1::{UUID}::SOLO", f"Animate ({mood.title()} motion)", "🎞️")
    for mood in ("high", "low")
)


def _upscalers(model: str, *, redo: str = "") -> tuple[RemoteAction, ...]:
    moods = ("2x", "4x") if model == "v5" else ("2x_subtle", "2x_creative")
    return tuple(
        action(
            f"MJ::JOB::upsample_{model}_{mood}::1::{UUID}::SOLO",
            f"{redo}Upscale ({mood.removeprefix('2x_').title() if '_' in mood else mood})",
            "upscale_1",
        )
        for mood in moods
    )


def _splits(family: str) -> tuple[RemoteAction, ...]:
    return tuple(action(f"MJ::JOB::{family}::{n}::{UUID}", f"U{n}") for n in range(1, 5))


_VARIATIONS = tuple(action(f"MJ::JOB::variation::{n}::{UUID}", f"V{n}") for n in range(1, 5))
_ZOOMS = (ZOOM_2, ZOOM_1_5, CUSTOM_ZOOM)

GRID = (*_splits("upsample"), REROLL, *_VARIATIONS, ZERO_WIDTH_LINK)
"""A."""
OLD_PAN_GRID = (*_splits("upsample"), REROLL)
"""A, pans of 2023."""
V52 = (STRONG, SUBTLE, *_ZOOMS, SQUARE, *PANS, HEART, WEB)
"""B, July 2023."""
V52_LATER = (*_upscalers("v5"), STRONG, SUBTLE, REGION, *_ZOOMS, SQUARE, *PANS, HEART, WEB)
"""B, later."""
V6 = (*_upscalers("v6"), SUBTLE, STRONG, REGION, *_ZOOMS, SQUARE, *PANS, HEART, WEB)
"""C."""
V61 = (*_upscalers("v6r1"), SUBTLE, STRONG, REGION, *_ZOOMS, SQUARE, *PANS, HEART, WEB)
"""D."""
V7 = (*_upscalers("v7"), SUBTLE, STRONG, REGION, *_ZOOMS, *PANS, *ANIMATIONS, HEART, WEB)
"""E."""
V7_FINE = (*_upscalers("v7", redo="Redo "), SUBTLE, STRONG, *ANIMATIONS, HEART, WEB)
"""F."""
V8 = (SUBTLE, STRONG, REGION, *_ZOOMS, *PANS, *ANIMATIONS, HEART, WEB)
"""G."""
CLIPS = (*_splits("video_virtual_upscale"), REROLL, ZERO_WIDTH_LINK)
"""H."""
CLIP = tuple(
    action(f"MJ::JOB::animate_{mood}_extend::1::{UUID}", f"Extend ({mood.title()} motion)", "🎞️")
    for mood in ("high", "low")
)
"""H, one clip taken out."""
DESCRIBED = (
    *(action(f"MJ::Job::PicReader::{n}", "", f"{n}\ufe0f\u20e3") for n in range(1, 5)),
    action("MJ::Picread::Retry", "", "🔄"),
    action("MJ::Job::PicReader::all", "Imagine all", "🎉"),
)
"""I."""
