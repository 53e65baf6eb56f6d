"""The catalogue of customId families: what each button asks for and gives, its name, and the rows it stands in.
Never here: sending an action, Discord's components, and any customId built by us (they are copied verbatim)."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from bot.domain.emoji import as_emoji

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from bot.domain.tasks import RemoteAction

ROWS: Final = 5
"""Rows of buttons under a message (contract §6.4)."""
ROW_LENGTH: Final = 5
"""Buttons in a row (contract §6.4)."""
LABEL_LIMIT: Final = 80
"""Characters of a button's label (contract §6.4)."""


class Family(StrEnum):
    """What a customId means (contract §6.1; its row numbers in brackets)."""

    UPSAMPLE = "upsample"
    """U1 to U4: take one picture out of the grid (1)."""
    VARIATION = "variation"
    """V1 to V4 (2)."""
    REROLL = "reroll"
    """The same job again (3)."""
    VARY_SUBTLE = "vary_subtle"
    """(4)"""
    VARY_STRONG = "vary_strong"
    """(5)"""
    VARY_REGION = "vary_region"
    """Repaint a region: needs a mask (6)."""
    ZOOM_OUT = "zoom_out"
    """(7, 8)"""
    MAKE_SQUARE = "make_square"
    """(9)"""
    CUSTOM_ZOOM = "custom_zoom"
    """Needs a text that the API has no field for (10)."""
    PAN = "pan"
    """(11)"""
    UPSCALE = "upscale"
    """More pixels: every `upsample_v…` of every model (12 to 15)."""
    ANIMATE = "animate"
    """A picture becomes four clips (16)."""
    ANIMATE_MANUALLY = "animate_manually"
    """(17)"""
    TAKE_CLIP = "take_clip"
    """U1 to U4 of a grid of clips (18)."""
    EXTEND = "extend"
    """A longer clip (19)."""
    IMAGINE_LINE = "imagine_line"
    """Imagine one line of a description; replaced by our own button (20)."""
    IMAGINE_ALL = "imagine_all"
    """Four jobs from one press; replaced by our own button (21)."""
    DESCRIBE_AGAIN = "describe_again"
    """(22)"""
    IMAGINE_SHORTENED = "imagine_shortened"
    """(23)"""
    BOOKMARK = "bookmark"
    """A mark on upstream's site; no job (24)."""
    CANCEL = "cancel"
    """(25)"""
    DRAW_AGAIN = "draw_again"
    """The second engine's own: the same order once more."""
    DRAW_VARIED = "draw_varied"
    """The second engine's own: one of its pictures, edited by the same words."""
    LINK = "link"
    """No customId: a link to upstream's site (26)."""
    UNKNOWN = "unknown"
    """(27)"""


class Need(StrEnum):
    """What a press takes besides the customId (contract §6.3)."""

    NOTHING = "nothing"
    MASK = "mask"
    """A picture of the region (`base64Mask`)."""
    TEXT = "text"
    """A text for which the API has no field: it would wait for a window that nothing here can fill."""
    VIDEO = "video"
    """The operator's word: what clips cost, and whether they come, is not known."""
    NO_JOB = "no_job"
    """It makes no job that could be followed."""
    UNKNOWN = "unknown"
    """Nobody knows: hidden, and logged once."""


@dataclass(frozen=True, slots=True)
class _Kind:
    pattern: re.Pattern[str]
    need: Need
    group: int
    """Which group of rows its buttons stand in (contract §6.4)."""
    title: str
    """Its name where upstream gives none; braces take the pattern's named parts."""


_SPLITS, _VARIATIONS, _FINER, _ZOOMS, _PANS, _REST = range(6)


def _kind(pattern: str, need: Need, group: int, title: str) -> _Kind:
    return _Kind(re.compile(pattern), need, group, title)


# Read from the top, case-sensitively, at the beginning of the customId (contract §6.1, "Matching traps"): model
# versions are never listed, and `MJ::JOB::upsample::` is not `MJ::JOB::upsample_v7…`.
_KINDS: Final[Mapping[Family, _Kind]] = MappingProxyType(
    {
        Family.UPSAMPLE: _kind(r"MJ::JOB::upsample::(?P<n>\d+)", Need.NOTHING, _SPLITS, "U{n}"),
        Family.VARIATION: _kind(r"MJ::JOB::variation::(?P<n>\d+)", Need.NOTHING, _VARIATIONS, "V{n}"),
        Family.REROLL: _kind(r"MJ::JOB::reroll::", Need.NOTHING, _SPLITS, "Reroll"),
        Family.VARY_SUBTLE: _kind(r"MJ::JOB::low_variation::", Need.NOTHING, _FINER, "Vary (Subtle)"),
        Family.VARY_STRONG: _kind(r"MJ::JOB::high_variation::", Need.NOTHING, _FINER, "Vary (Strong)"),
        Family.VARY_REGION: _kind(r"MJ::Inpaint::", Need.MASK, _FINER, "Vary (Region)"),
        Family.MAKE_SQUARE: _kind(r"MJ::Outpaint::100::", Need.NOTHING, _ZOOMS, "Make Square"),
        Family.ZOOM_OUT: _kind(r"MJ::Outpaint::(?P<zoom>\d+)::", Need.NOTHING, _ZOOMS, "Zoom Out {zoom}"),
        Family.CUSTOM_ZOOM: _kind(r"MJ::CustomZoom::", Need.TEXT, _ZOOMS, "Custom Zoom"),
        Family.PAN: _kind(r"MJ::JOB::pan_(?P<side>left|right|up|down)::", Need.NOTHING, _PANS, "Pan {side}"),
        Family.UPSCALE: _kind(
            r"MJ::JOB::upsample_[^:]*?(?P<how>subtle|creative|\d+x(?=:|$))?(?=:|$)",
            Need.NOTHING,
            _FINER,
            "Upscale ({how})",
        ),
        Family.EXTEND: _kind(
            r"MJ::JOB::animate_(?P<how>high|low)_extend::", Need.VIDEO, _REST, "Extend ({how} motion)"
        ),
        Family.ANIMATE: _kind(
            r"MJ::JOB::animate_(?P<how>high|low)::", Need.VIDEO, _REST, "Animate ({how} motion)"
        ),
        Family.ANIMATE_MANUALLY: _kind(r"MJ::JOB::video::.*::manual$", Need.TEXT, _REST, "Animate manually"),
        Family.TAKE_CLIP: _kind(r"MJ::JOB::video_virtual_upscale::(?P<n>\d+)", Need.VIDEO, _SPLITS, "U{n}"),
        Family.IMAGINE_LINE: _kind(r"MJ::J(?:ob|OB)::PicReader::(?P<n>\d+)", Need.TEXT, _REST, "Imagine {n}"),
        Family.IMAGINE_ALL: _kind(r"MJ::J(?:ob|OB)::PicReader::all", Need.NO_JOB, _REST, "Imagine all"),
        Family.DESCRIBE_AGAIN: _kind(r"MJ::Picread::Retry", Need.NOTHING, _REST, "Describe again"),
        Family.IMAGINE_SHORTENED: _kind(
            r"MJ::J(?:ob|OB)::PromptAnalyzer::(?P<n>\d+)", Need.TEXT, _REST, "Imagine {n}"
        ),
        Family.BOOKMARK: _kind(r"MJ::BOOKMARK::", Need.NO_JOB, _REST, "Favourite"),
        Family.CANCEL: _kind(r"MJ::CancelJob::", Need.NO_JOB, _REST, "Cancel job"),
        Family.DRAW_AGAIN: _kind(r"EASEL::DRAW::again$", Need.NOTHING, _SPLITS, "Again"),
        Family.DRAW_VARIED: _kind(r"EASEL::DRAW::vary::(?P<n>[1-9])$", Need.NOTHING, _SPLITS, "Vary {n}"),
        Family.LINK: _kind(r"\s*$", Need.NO_JOB, _REST, "Link"),
        Family.UNKNOWN: _kind(r"", Need.UNKNOWN, _REST, "Other action"),
    }
)

_FIXED_ZOOMS: Final = frozenset({Family.ZOOM_OUT, Family.MAKE_SQUARE})
_SPOKEN: Final = MappingProxyType({"50": "2x", "75": "1.5x", "subtle": "Subtle", "creative": "Creative"})
"""How the parts of a customId read in a name."""
_ICONS: Final = MappingProxyType({"upscale_1": "⬆️"})
"""Emoji of upstream's own server, by name, and what stands for them (contract §2.4)."""

_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_UNSEEN: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u3164\ufeff\uffa0]+"
)


@dataclass(frozen=True, slots=True)
class ActionButton:
    """One button under a picture. It has a label, or an emoji, or both."""

    position: int
    """Index in the job's stored actions: all that its custom_id says."""
    family: Family
    need: Need
    label: str
    """What is written on it; empty where upstream shows an emoji alone (reroll, the pans)."""
    emoji: str | None
    title: str
    """Its name in sentences, never empty: `Reroll`, `Pan left`."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The buttons of one result, as they fit under a message."""

    rows: tuple[tuple[ActionButton, ...], ...]
    overflow: tuple[ActionButton, ...] = ()
    """What found no place in the rows, in order: to be offered in another way (peers F29)."""


@lru_cache(maxsize=4096)
def classify(custom_id: str) -> Family:
    """Tell the family of a customId; drawing one card asks for each of its buttons many times."""
    return next(family for family, kind in _KINDS.items() if kind.pattern.match(custom_id))


def need_of(family: Family) -> Need:
    """What a press of this family takes besides the customId."""
    return _KINDS[family].need


def is_split(family: Family) -> bool:
    """Whether a second press could only give the same result: that one is shown. Other families may run again."""
    return family in {Family.UPSAMPLE, Family.TAKE_CLIP}


def pattern_of(custom_id: str) -> str:
    """The customId with uuids and numbers taken out: what unknown ones are logged by."""
    return re.sub(r"\d+", "{n}", _UUID.sub("{u}", custom_id))[:120]


def describe_press(action: RemoteAction) -> str:
    """The name of an action in sentences: what is written on its button, else its family's: `U2`, `Pan left`."""
    return _seen(action.label) or _title(action.custom_id)


def buttons(
    actions: Sequence[RemoteAction], *, video: bool = False, allow: Collection[Family] = ()
) -> tuple[tuple[ActionButton, ...], ...]:
    """Every offered action in rows of up to five, one group of families after another (contract §6.4).

    `video` opens the families of clips; `allow` opens further ones. Families that need a mask are offered, and say so in
    `need`; so is Custom Zoom beside other zooms, to explain them. There may be more rows than fit: see `lay_out`.
    """
    groups: defaultdict[int, list[ActionButton]] = defaultdict(list)
    families = [classify(action.custom_id) for action in actions]
    zooms = not _FIXED_ZOOMS.isdisjoint(families)
    clips = Family.TAKE_CLIP in families
    for position, (action, family) in enumerate(zip(actions, families, strict=True)):
        # A grid of clips rerolls into another one, which costs what clips cost.
        need = Need.VIDEO if clips and family is Family.REROLL else need_of(family)
        if (
            need in {Need.NOTHING, Need.MASK}
            or (video and need is Need.VIDEO)
            or (family is Family.CUSTOM_ZOOM and zooms)
            or family in allow
        ):
            groups[_KINDS[family].group].append(_button(position, action, family, need))
    return tuple(row for _, group in sorted(groups.items()) for row in _chunked(group))


def unknown_of(actions: Sequence[RemoteAction]) -> frozenset[str]:
    """The patterns of those that this version of the program does not know, and so does not offer (contract §6.3)."""
    unknown = (action.custom_id for action in actions if classify(action.custom_id) is Family.UNKNOWN)
    return frozenset(map(pattern_of, unknown))


def zooms_of(actions: Sequence[RemoteAction]) -> tuple[str, ...]:
    """Names of the buttons that do what Custom Zoom is pressed for, as far as a fixed factor can."""
    return tuple(describe_press(action) for action in actions if classify(action.custom_id) in _FIXED_ZOOMS)


def lay_out(
    actions: Sequence[RemoteAction],
    *,
    video: bool = False,
    allow: Collection[Family] = (),
    rows: int = ROWS,
) -> Layout:
    """The same within `rows` rows (fewer than five leave room for the caller's own), and what is left over.

    Groups share rows only if they must.
    """
    return _laid_out(tuple(actions), video=video, allow=frozenset(allow), rows=rows)


@lru_cache(maxsize=256)
def _laid_out(
    actions: tuple[RemoteAction, ...], *, video: bool, allow: frozenset[Family], rows: int
) -> Layout:
    """Remembered, because a card is drawn again with each press below it."""
    grouped = buttons(actions, video=video, allow=allow)
    if len(grouped) <= rows:
        return Layout(grouped)
    flat = [button for row in grouped for button in row]
    packed = _chunked(flat)
    return Layout(packed[:rows], tuple(flat[rows * ROW_LENGTH :]))


def _chunked(line: Sequence[ActionButton]) -> tuple[tuple[ActionButton, ...], ...]:
    return tuple(tuple(line[start : start + ROW_LENGTH]) for start in range(0, len(line), ROW_LENGTH))


def _button(position: int, action: RemoteAction, family: Family, need: Need) -> ActionButton:
    title = describe_press(action)
    emoji = as_emoji(_ICONS.get(action.emoji.strip(), action.emoji))
    label = _seen(action.label) or ("" if emoji else title)
    return ActionButton(
        position=position, family=family, need=need, label=_cut(label), emoji=emoji, title=_cut(title)
    )


def _title(custom_id: str) -> str:
    """The family's name with what the customId tells of it; an upscaler that tells nothing is just `Upscale`."""
    kind = _KINDS[classify(custom_id)]
    match = kind.pattern.match(custom_id)
    parts = match.groupdict() if match else {}
    if None in parts.values():
        return kind.title.partition(" (")[0]
    spoken = {name: _SPOKEN.get(part, part) for name, part in parts.items()}
    if spoken.get("zoom", "x")[-1] != "x":
        return kind.title.partition(" {")[0]
    if "motion" in kind.title:
        spoken["how"] = spoken["how"].title()
    return kind.title.format_map(spoken)


@lru_cache(maxsize=1024)
def _seen(label: str) -> str:
    """The label as people see it: no zero-width or control characters, no blanks around or doubled."""
    return " ".join(_UNSEEN.sub("", label).split())


def _cut(words: str) -> str:
    return words if len(words) <= LABEL_LIMIT else words[: LABEL_LIMIT - 1] + "…"
