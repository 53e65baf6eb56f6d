"""The buttons of every result equal the sets of contract §6.2, whatever the model version.
Never here: what a press draws."""

from __future__ import annotations

import pytest

from bot.sandbox.upstream import Links, SimulatedUpstream
from tests.sandbox.upstream.client import Client, FakeClock, families

GRID = [
    *(f"MJ::JOB::upsample::{n}" for n in range(1, 5)),
    "MJ::JOB::reroll::0::SOLO",
    *(f"MJ::JOB::variation::{n}" for n in range(1, 5)),
    "",
]
ZOOM = ["MJ::Outpaint::50::1::SOLO", "MJ::Outpaint::75::1::SOLO", "MJ::CustomZoom"]
PAN = [f"MJ::JOB::pan_{side}::1::SOLO" for side in ("left", "right", "up", "down")]
REGION = "MJ::Inpaint::1::SOLO"
ANIMATE = ["MJ::JOB::animate_high::1::SOLO", "MJ::JOB::animate_low::1::SOLO"]
SUBTLE, STRONG = "MJ::JOB::low_variation::1::SOLO", "MJ::JOB::high_variation::1::SOLO"
REST = ["MJ::BOOKMARK", ""]


def upscalers(model: str) -> list[str]:
    moods = ("2x", "4x") if model == "v5" else ("2x_subtle", "2x_creative")
    return [f"MJ::JOB::upsample_{model}_{mood}::1::SOLO" for mood in moods]


VERSIONS = {
    "--v 5.2": [*upscalers("v5"), STRONG, SUBTLE, REGION, *ZOOM, *PAN, *REST],
    "--niji 5": [*upscalers("v5"), STRONG, SUBTLE, REGION, *ZOOM, *PAN, *REST],
    "--v 6": [*upscalers("v6"), SUBTLE, STRONG, REGION, *ZOOM, *PAN, *REST],
    "--niji 6": [*upscalers("v6"), SUBTLE, STRONG, REGION, *ZOOM, *PAN, *REST],
    "--v 6.1": [*upscalers("v6r1"), SUBTLE, STRONG, REGION, *ZOOM, *PAN, *REST],
    "--v 7": [*upscalers("v7"), SUBTLE, STRONG, REGION, *ZOOM, *PAN, *ANIMATE, *REST],
    "--niji 7": [*upscalers("v7"), SUBTLE, STRONG, REGION, *ZOOM, *PAN, *ANIMATE, *REST],
    "": [*upscalers("v7"), SUBTLE, STRONG, REGION, *ZOOM, *PAN, *ANIMATE, *REST],
    "--v 8": [SUBTLE, STRONG, REGION, *ZOOM, *PAN, *ANIMATE, *REST],
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("aspect", ["", "--ar 3:2"])
async def test_each_version_shows_its_own_buttons_under_grid_and_single(
    client: Client, version: str, aspect: str
) -> None:
    grid = await client.grid(f"a fox {version} {aspect}")
    single = await client.press(grid, "U3")

    expected = list(VERSIONS[version])
    if aspect:
        expected.insert(expected.index("MJ::CustomZoom") + 1, "MJ::Outpaint::100::1::SOLO")
    assert families(grid) == GRID
    assert families(single) == expected


@pytest.mark.parametrize(
    ("version", "press", "expected"),
    [
        ("--v 7", "Upscale (Subtle)", [*upscalers("v7"), SUBTLE, STRONG, *ANIMATE, *REST]),
        ("--v 6.1", "Upscale (Creative)", [*upscalers("v6r1"), SUBTLE, STRONG, *REST]),
        ("--v 5.2", "Upscale (2x)", [*upscalers("v5"), STRONG, SUBTLE, *REST]),
    ],
)
async def test_an_upscaled_single_can_be_redone_but_not_zoomed(
    client: Client, version: str, press: str, expected: list[str]
) -> None:
    single = await client.press(await client.grid(f"a fox {version}"), "U1")

    fine = await client.press(single, press)

    assert families(fine) == expected
    assert [entry["label"] for entry in fine["actions"][:2]] == [
        f"Redo {entry['label']}" for entry in single["actions"][:2]
    ]


@pytest.mark.parametrize(
    "press", ["Zoom Out 2x", "Zoom Out 1.5x", "⬅️", "⬇️", "Vary (Subtle)", "Vary (Strong)"]
)
async def test_zoom_pan_and_vary_give_grids_again(client: Client, press: str) -> None:
    single = await client.press(await client.grid(), "U1")

    result = await client.press(single, press)

    assert families(result) == GRID


async def test_make_square_gives_a_grid_whose_singles_are_square(client: Client) -> None:
    single = await client.press(await client.grid("a fox --ar 3:2"), "U1")

    square = await client.press(single, "Make Square")
    again = await client.press(square, "U1")

    assert families(square) == GRID
    assert "Make Square" not in [entry["label"] for entry in again["actions"]]


async def test_animations_are_video_grids_and_their_clips_can_be_extended(client: Client) -> None:
    single = await client.press(await client.grid(), "U1")

    reel = await client.press(single, "Animate (High motion)")
    clip = await client.press(reel, "U2")
    longer = await client.press(clip, "Extend (Low motion)")

    video_grid = [
        *(f"MJ::JOB::video_virtual_upscale::{n}" for n in range(1, 5)),
        "MJ::JOB::reroll::0::SOLO",
        "",
    ]
    assert families(reel) == families(longer) == video_grid
    assert families(clip) == ["MJ::JOB::animate_high_extend::1", "MJ::JOB::animate_low_extend::1"]
    assert (reel["action"], clip["action"]) == ("VIDEO", "UPSCALE")


async def test_entries_have_three_text_fields_odd_emoji_and_empty_labels(client: Client) -> None:
    grid = await client.grid()
    single = await client.press(grid, "U1")

    reroll, link = grid["actions"][4], grid["actions"][-1]
    assert (reroll["emoji"], reroll["label"]) == ("🔄", "")
    assert link == {"emoji": "", "label": "\u200b"}
    assert (single["actions"][0]["emoji"], single["actions"][0]["label"]) == ("upscale_1", "Upscale (Subtle)")
    assert set(single["actions"][0]) == {"customId", "emoji", "label"}


@pytest.mark.parametrize(("links", "count"), [(Links.EMPTY, 10), (Links.OMITTED, 9)])
async def test_links_can_be_empty_or_left_out(clock: FakeClock, links: Links, count: int) -> None:
    async with SimulatedUpstream(clock=clock, links=links) as upstream, Client(upstream, clock) as client:
        grid = await client.grid()

    assert len(grid["actions"]) == count
    assert all("customId" in entry for entry in grid["actions"])


@pytest.mark.parametrize("press", ["Custom Zoom"])
async def test_buttons_that_open_a_form_end_in_modal_for_ever(
    client: Client, clock: FakeClock, press: str
) -> None:
    single = await client.press(await client.grid(), "U1")

    stuck = await client.press(single, press)
    clock.pass_by(100_000)

    assert stuck["status"] == (await client.query(stuck["taskId"]))["status"] == "MODAL"
    assert (stuck["actions"], stuck["finishTime"]) == ([], None)


async def test_a_bookmark_is_an_odd_success_without_a_picture(client: Client) -> None:
    single = await client.press(await client.grid(), "U1")

    marked = await client.press(single, "❤️")

    assert marked["status"] == "SUCCESS"
    assert (marked["imageDcUrl"], marked["imageS3Url"], marked["actions"]) == (None, None, [])


async def test_remix_mode_turns_variations_into_forms(clock: FakeClock) -> None:
    async with SimulatedUpstream(clock=clock, remix=True) as upstream, Client(upstream, clock) as client:
        grid = await client.grid()
        varied, upscaled = await client.press(grid, "V1"), await client.press(grid, "U1")

    assert (varied["status"], upscaled["status"]) == ("MODAL", "SUCCESS")


async def test_a_reroll_takes_its_parents_action(client: Client) -> None:
    grid = await client.grid()
    varied = await client.press(grid, "V1")

    again, again_varied = await client.press(grid, "🔄"), await client.press(varied, "🔄")

    assert (again["action"], again_varied["action"]) == ("IMAGINE", "VARIATION")
    assert families(again) == families(again_varied) == GRID
