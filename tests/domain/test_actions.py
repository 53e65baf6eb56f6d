"""Every button set of the contract becomes the rows it should, and every customId is told apart.
Never here: sending an action."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.actions import (
    LABEL_LIMIT,
    Family,
    Need,
    buttons,
    classify,
    describe_press,
    is_split,
    lay_out,
    need_of,
    pattern_of,
    unknown_of,
    zooms_of,
)
from tests.domain import button_sets as sets
from tests.domain.builders import UUID, action

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.actions import ActionButton
    from bot.domain.tasks import RemoteAction

GRID_ROWS = [["U1", "U2", "U3", "U4", "🔄"], ["V1", "V2", "V3", "V4"]]
PANS = ["⬅️", "➡️", "⬆️", "⬇️"]
ZOOMS = ["🔍 Zoom Out 2x", "🔍 Zoom Out 1.5x", "🔍 Custom Zoom"]
SQUARE = "↔️ Make Square"
FINER = ["⬆️ Upscale (Subtle)", "⬆️ Upscale (Creative)"]
SUBTLE, STRONG, REGION = "🪄 Vary (Subtle)", "🪄 Vary (Strong)", "🖌️ Vary (Region)"
UNKNOWN = action(f"MJ::JOB::hologram::1::{UUID}", "Hologram")
ANIMATE = ["🎞️ Animate (High motion)", "🎞️ Animate (Low motion)"]


def read(rows: Iterable[Iterable[ActionButton]]) -> list[list[str]]:
    """The rows as people read them."""
    return [[" ".join(filter(None, (b.emoji, b.label))) for b in row] for row in rows]


@pytest.mark.parametrize(
    ("actions", "rows"),
    [
        pytest.param(sets.GRID, GRID_ROWS, id="A, a grid"),
        pytest.param(sets.OLD_PAN_GRID, GRID_ROWS[:1], id="A, a pan of 2023"),
        pytest.param(sets.V52, [[STRONG, SUBTLE], [*ZOOMS, SQUARE], PANS], id="B, v5.2"),
        pytest.param(
            sets.V52_LATER,
            [["⬆️ Upscale (2x)", "⬆️ Upscale (4x)", STRONG, SUBTLE, REGION], [*ZOOMS, SQUARE], PANS],
            id="B, v5.2 later",
        ),
        pytest.param(sets.V6, [[*FINER, SUBTLE, STRONG, REGION], [*ZOOMS, SQUARE], PANS], id="C, v6"),
        pytest.param(sets.V61, [[*FINER, SUBTLE, STRONG, REGION], [*ZOOMS, SQUARE], PANS], id="D, v6.1"),
        pytest.param(sets.V7, [[*FINER, SUBTLE, STRONG, REGION], ZOOMS, PANS], id="E, v7"),
        pytest.param(
            sets.V7_FINE,
            [["⬆️ Redo Upscale (Subtle)", "⬆️ Redo Upscale (Creative)", SUBTLE, STRONG]],
            id="F, v7 upscaled",
        ),
        pytest.param(sets.V8, [[SUBTLE, STRONG, REGION], ZOOMS, PANS], id="G, v8"),
        pytest.param(sets.CLIPS, [], id="H, clips"),
        pytest.param(sets.CLIP, [], id="H, one clip"),
        pytest.param(sets.DESCRIBED, [["🔄"]], id="I, a description"),
    ],
)
def test_every_button_set_of_midjourney_is_laid_out_by_family(
    actions: tuple[RemoteAction, ...], rows: list[list[str]]
) -> None:
    assert read(buttons(actions)) == rows
    assert read(lay_out(actions).rows) == rows


@pytest.mark.parametrize(
    ("actions", "rows"),
    [
        pytest.param(sets.V7, [[*FINER, SUBTLE, STRONG, REGION], ZOOMS, PANS, ANIMATE], id="E, v7"),
        pytest.param(sets.V8, [[SUBTLE, STRONG, REGION], ZOOMS, PANS, ANIMATE], id="G, v8"),
        pytest.param(sets.CLIPS, [["U1", "U2", "U3", "U4", "🔄"]], id="H, clips"),
        pytest.param(sets.CLIP, [["🎞️ Extend (High motion)", "🎞️ Extend (Low motion)"]], id="H, one clip"),
    ],
)
def test_the_video_switch_brings_the_families_of_clips(
    actions: tuple[RemoteAction, ...], rows: list[list[str]]
) -> None:
    assert read(buttons(actions, video=True)) == rows


@pytest.mark.parametrize(
    "actions", [v for k, v in vars(sets).items() if k.isupper() and isinstance(v, tuple)]
)
@pytest.mark.parametrize("video", [False, True])
@pytest.mark.parametrize("rows", [1, 2, 5])
def test_every_offered_action_is_shown_or_left_over_and_nothing_twice(
    actions: tuple[RemoteAction, ...], *, video: bool, rows: int
) -> None:
    layout = lay_out(actions, video=video, rows=rows)

    shown = [b.position for row in layout.rows for b in row] + [b.position for b in layout.overflow]
    offered = [b.position for row in buttons(actions, video=video) for b in row]
    assert sorted(shown) == sorted(offered)
    assert len(shown) == len(set(shown))
    assert len(layout.rows) <= rows
    assert all(1 <= len(row) <= 5 for row in layout.rows)


def test_a_position_is_the_index_in_the_stored_actions_whatever_is_hidden_before_it() -> None:
    layout = lay_out((sets.HEART, sets.CUSTOM_ZOOM, sets.ZOOM_2, sets.REROLL))

    assert {b.family: b.position for row in layout.rows for b in row} == {
        Family.CUSTOM_ZOOM: 1,
        Family.ZOOM_OUT: 2,
        Family.REROLL: 3,
    }


def test_groups_share_rows_only_when_they_must_and_the_rest_is_handed_back() -> None:
    roomy = lay_out(sets.V7, video=True, rows=4)
    tight = lay_out(sets.V7, video=True, rows=2)

    assert [len(row) for row in roomy.rows] == [5, 3, 4, 2]
    assert [len(row) for row in tight.rows] == [5, 5]
    assert [b.title for b in tight.overflow] == [
        "Pan up",
        "Pan down",
        "Animate (High motion)",
        "Animate (Low motion)",
    ]


def test_more_than_twenty_five_buttons_overflow_in_order() -> None:
    many = [action(f"MJ::JOB::variation::{n}::{UUID}", f"V{n}") for n in range(30)]

    layout = lay_out(many)

    assert [len(row) for row in layout.rows] == [5] * 5
    assert [b.label for b in layout.overflow] == ["V25", "V26", "V27", "V28", "V29"]
    assert len(buttons(many)) == 6


def test_what_needs_text_makes_no_job_or_is_unknown_is_hidden() -> None:
    actions = (sets.CUSTOM_ZOOM, sets.HEART, sets.WEB, UNKNOWN, sets.REROLL)

    assert read(lay_out(actions).rows) == [["🔄"]]


def test_of_unknown_ones_the_pattern_can_be_told_without_the_picture_s_ids() -> None:
    actions = (UNKNOWN, action(f"MJ::JOB::hologram::2::{UUID}"), *sets.V7, sets.WEB)

    assert unknown_of(actions) == {"MJ::JOB::hologram::{n}::{u}"}
    assert unknown_of(sets.GRID) == frozenset()


def test_a_free_zoom_is_offered_beside_zooms_that_work_so_that_it_can_name_them() -> None:
    assert zooms_of(sets.V6) == ("Zoom Out 2x", "Zoom Out 1.5x", "Make Square")
    assert zooms_of((sets.CUSTOM_ZOOM, sets.REROLL)) == ()
    shown = [b.title for row in buttons(sets.V6) for b in row]
    assert "Custom Zoom" in shown


def test_a_family_that_is_hidden_can_be_allowed_by_its_name() -> None:
    assert read(buttons([sets.CUSTOM_ZOOM], allow={Family.CUSTOM_ZOOM})) == [["🔍 Custom Zoom"]]
    assert read(buttons([UNKNOWN], allow={Family.UNKNOWN})) == [["Hologram"]]


def test_rerolling_a_grid_of_clips_needs_the_video_switch_too() -> None:
    assert buttons(sets.CLIPS) == ()
    assert buttons(sets.CLIPS, video=True)[0][4].need is Need.VIDEO


@pytest.mark.parametrize(
    ("given", "label", "emoji", "title"),
    [
        pytest.param(sets.PANS[0], "", "⬅️", "Pan left", id="an emoji alone"),
        pytest.param(action(sets.REROLL.custom_id, "\u200b", ""), "Reroll", None, "Reroll", id="neither"),
        pytest.param(action(sets.REROLL.custom_id, "", "reroll_2"), "Reroll", None, "Reroll", id="a name"),
        pytest.param(
            action(sets.REROLL.custom_id, "x" * 99), "x" * 79 + "…", None, "x" * 79 + "…", id="long"
        ),
        pytest.param(
            action(sets.SQUARE.custom_id, " Make\u202e\n Square ", "✓"),
            "Make Square",
            None,
            "Make Square",
            id="junk",
        ),
    ],
)
def test_a_button_always_has_something_to_show_and_a_name(
    given: RemoteAction, label: str, emoji: str | None, title: str
) -> None:
    ((button,),) = buttons([given])

    assert (button.label, button.emoji, button.title) == (label, emoji, title)
    assert len(button.label) <= LABEL_LIMIT


@pytest.mark.parametrize(
    ("custom_id", "family"),
    [
        (f"MJ::JOB::upsample::1::{UUID}", Family.UPSAMPLE),
        (f"MJ::JOB::upsample_v5_4x::1::{UUID}::SOLO", Family.UPSCALE),
        (f"MJ::JOB::upsample_v6r1_2x_creative::1::{UUID}::SOLO", Family.UPSCALE),
        (f"MJ::JOB::upsample_v12r3_8x_gentle::1::{UUID}::SOLO", Family.UPSCALE),
        (f"MJ::CustomZoom::1::{UUID}", Family.CUSTOM_ZOOM),
        (f"MJ::CustomZoom::{UUID}", Family.CUSTOM_ZOOM),
        ("MJ::Job::PicReader::3", Family.IMAGINE_LINE),
        ("MJ::JOB::PicReader::3", Family.IMAGINE_LINE),
        ("MJ::Job::PicReader::all", Family.IMAGINE_ALL),
        ("MJ::Job::PromptAnalyzer::5", Family.IMAGINE_SHORTENED),
        ("MJ::Picread::Retry", Family.DESCRIBE_AGAIN),
        (f"MJ::Job::upsample::1::{UUID}", Family.UNKNOWN),
        (f"mj::job::upsample::1::{UUID}", Family.UNKNOWN),
        (f"MJ::JOB::upsampled::1::{UUID}", Family.UNKNOWN),
        (f"MJ::JOB::animate_high::1::{UUID}::SOLO", Family.ANIMATE),
        (f"MJ::JOB::animate_low_extend::2::{UUID}", Family.EXTEND),
        (f"MJ::JOB::video::1::{UUID}::manual", Family.ANIMATE_MANUALLY),
        (f"MJ::JOB::video::1::{UUID}::auto", Family.UNKNOWN),
        (f"MJ::JOB::video_virtual_upscale::4::{UUID}", Family.TAKE_CLIP),
        (f"MJ::Outpaint::100::1::{UUID}::SOLO", Family.MAKE_SQUARE),
        (f"MJ::Outpaint::60::1::{UUID}::SOLO", Family.ZOOM_OUT),
        (f"MJ::CancelJob::ByJobid::{UUID}", Family.CANCEL),
        ("", Family.LINK),
        (" ", Family.LINK),
    ],
)
def test_look_alikes_are_told_apart_and_model_versions_never_matter(custom_id: str, family: Family) -> None:
    assert classify(custom_id) is family


@pytest.mark.parametrize(
    ("custom_id", "title"),
    [
        (f"MJ::JOB::upsample::2::{UUID}", "U2"),
        (f"MJ::JOB::variation::3::{UUID}", "V3"),
        (f"MJ::JOB::pan_down::1::{UUID}::SOLO", "Pan down"),
        (f"MJ::JOB::high_variation::1::{UUID}::SOLO", "Vary (Strong)"),
        (f"MJ::JOB::upsample_v5_4x::1::{UUID}::SOLO", "Upscale (4x)"),
        (f"MJ::JOB::upsample_v7_2x_creative::1::{UUID}::SOLO", "Upscale (Creative)"),
        (f"MJ::JOB::upsample_beta::1::{UUID}::SOLO", "Upscale"),
        (f"MJ::Outpaint::75::1::{UUID}::SOLO", "Zoom Out 1.5x"),
        (f"MJ::Outpaint::60::1::{UUID}::SOLO", "Zoom Out"),
        (f"MJ::JOB::animate_high::1::{UUID}::SOLO", "Animate (High motion)"),
        (f"MJ::JOB::animate_low_extend::1::{UUID}", "Extend (Low motion)"),
        ("MJ::whatever", "Other action"),
    ],
)
def test_a_press_without_a_label_is_named_by_its_family(custom_id: str, title: str) -> None:
    assert describe_press(action(custom_id)) == title


def test_only_taking_one_out_of_a_grid_gives_the_same_again() -> None:
    assert {family for family in Family if is_split(family)} == {Family.UPSAMPLE, Family.TAKE_CLIP}


def test_each_family_says_what_it_needs() -> None:
    assert need_of(Family.VARY_REGION) is Need.MASK
    assert need_of(Family.CUSTOM_ZOOM) is Need.TEXT
    assert need_of(Family.ANIMATE) is Need.VIDEO
    assert need_of(Family.BOOKMARK) is Need.NO_JOB
    assert need_of(Family.UNKNOWN) is Need.UNKNOWN
    assert need_of(Family.PAN) is Need.NOTHING


def test_a_pattern_is_the_same_for_every_picture_and_short() -> None:
    other = UUID.replace("1", "a").upper()

    assert pattern_of(f"MJ::JOB::x9::1::{UUID}") == pattern_of(f"MJ::JOB::x8::2::{other}")
    assert len(pattern_of("x" * 9_000)) <= 120
