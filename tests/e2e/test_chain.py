"""A picture's life as people see it: queued, growing, there, and four levels down through its buttons.
Never here: troubles."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.harness import Harness
    from tests.e2e.seen import Card

GRID = ["U1", "U2", "U3", "U4", "🔄", "V1", "V2", "V3", "V4"]
ZOOMS_AND_PANS = ["🔍 Zoom Out 2x", "🔍 Zoom Out 1.5x", "⬅️", "➡️", "⬆️", "⬇️"]
MOODS = [
    "⬆️ Upscale (Subtle)",
    "⬆️ Upscale (Creative)",
    "🪄 Vary (Subtle)",
    "🪄 Vary (Strong)",
    "🖌️ Vary (Region)",
]


async def test_a_prompt_is_acknowledged_at_once_and_becomes_a_grid_with_its_buttons(world: Harness) -> None:
    asked = await world.imagine("a paper fox")
    first = world.shown(asked)

    card = await world.finished(asked)

    assert asked.acknowledged
    assert "a paper fox" in first.words
    assert not first.buttons
    assert not first.pictures
    assert card.message.id == first.message.id
    assert card.buttons == GRID
    assert len(card.pictures) == 1
    assert first.words != card.words
    assert [(task.pool, task.prompt) for task in world.accepted] == [("NORMAL", "a paper fox")]
    assert len(world.upstream.charges) == 1


async def test_progress_is_seen_and_never_runs_backwards(world: Harness) -> None:
    asked = await world.imagine("a slow boat")
    seen: list[int] = []

    while not world.shown(asked).buttons:
        await world.pass_time(1)
        percent = re.search(r"(\d+) %", world.shown(asked).words)
        seen += [int(percent[1])] if percent else []

    assert len(set(seen)) >= 1
    assert seen == sorted(seen)


async def test_each_level_of_a_chain_shows_its_own_buttons_and_presses_its_own_task(world: Harness) -> None:
    grid = await world.grid("a paper fox --v 7")
    single = await world.child(grid, "U2")
    zoomed = await world.child(single, "🔍 Zoom Out 2x")
    taken = await world.child(zoomed, "U4")
    varied = await world.child(taken, "🪄 Vary (Subtle)")

    assert [card.buttons for card in (grid, single, zoomed, taken, varied)] == [
        GRID,
        [*MOODS, *ZOOMS_AND_PANS],
        GRID,
        [*MOODS, *ZOOMS_AND_PANS],
        GRID,
    ]
    tasks = world.accepted
    assert [task.parent for task in tasks] == [None, *(task.id for task in tasks[:-1])]
    assert len({card.message.id for card in (grid, single, zoomed, taken, varied)}) == 5
    assert all(len(card.pictures) == 1 for card in (grid, single, zoomed, taken, varied))
    assert len(world.submissions) == len(world.upstream.charges) == 5


async def test_a_child_says_which_button_of_which_picture_it_came_from(world: Harness) -> None:
    grid = await world.grid("a paper fox")

    child = await world.child(grid, "V3", by=world.place.moderator)

    assert "V3" in child.words
    assert f"/{world.place.channel.id}/{grid.message.id})" in child.words
    assert f"<@{world.place.moderator.id}>" in child.words


@pytest.mark.parametrize(("chosen", "other"), [("NORMAL", "FAST"), ("FAST", "NORMAL")])
async def test_the_pool_stays_with_the_chain_whatever_the_default_becomes(
    world: Harness, chosen: str, other: str
) -> None:
    grid = await world.grid("a paper fox", pool=chosen)
    await world.restart(more={"EASEL_DEFAULT_POOL": other})

    single = await world.child(grid, "U1")
    await world.child(single, "🪄 Vary (Strong)")
    await world.grid("something new")

    assert [task.pool for task in world.accepted] == [chosen, chosen, chosen, other]
    assert [call.body["type"] for call in world.submissions] == [chosen, chosen, chosen, other]
    assert chosen in single.words


@pytest.mark.parametrize(
    ("model", "buttons"),
    [
        (
            "--v 5.2",
            [
                "⬆️ Upscale (2x)",
                "⬆️ Upscale (4x)",
                "🪄 Vary (Strong)",
                "🪄 Vary (Subtle)",
                "🖌️ Vary (Region)",
                *ZOOMS_AND_PANS,
            ],
        ),
        ("--v 6", [*MOODS, *ZOOMS_AND_PANS]),
        ("--v 6.1", [*MOODS, *ZOOMS_AND_PANS]),
        ("--v 7", [*MOODS, *ZOOMS_AND_PANS]),
        ("--v 8", [*MOODS[2:], *ZOOMS_AND_PANS]),
        ("--niji 6", [*MOODS, *ZOOMS_AND_PANS]),
    ],
)
async def test_every_model_brings_its_own_buttons(world: Harness, model: str, buttons: list[str]) -> None:
    single = await world.child(await world.grid(f"a paper fox {model}"), "U1")

    assert single.buttons == buttons


async def test_a_wide_picture_can_be_made_square_and_an_upscale_can_be_redone(world: Harness) -> None:
    single = await world.child(await world.grid("a paper fox --ar 16:9 --v 6.1"), "U1")
    fine = await world.child(single, "⬆️ Upscale (Creative)")

    assert "↔️ Make Square" in single.buttons
    assert fine.buttons == [
        "⬆️ Redo Upscale (Subtle)",
        "⬆️ Redo Upscale (Creative)",
        "🪄 Vary (Subtle)",
        "🪄 Vary (Strong)",
    ]


async def test_every_button_that_can_be_pressed_sends_its_own_custom_id(world: Harness) -> None:
    single = await world.child(await world.grid("a paper fox --v 7"), "U1")
    listed = world.upstream.view(world.accepted[-1].id)["actions"]
    pressed = [face for face in single.buttons if "Region" not in face]

    for face in pressed:
        await world.child(single, face)

    sent = [call.body["customId"] for call in world.submissions[2:]]
    assert len(sent) == len(set(sent)) == len(pressed)
    assert set(sent) <= {action.get("customId") for action in listed}
    assert [_words(single, face) for face in pressed] == [_label(listed, custom_id) for custom_id in sent]


def _words(card: Card, face: str) -> str:
    assert face in card.buttons
    return face.partition(" ")[2]


def _label(listed: list[dict[str, str]], custom_id: str) -> str:
    return next(action["label"] for action in listed if action.get("customId") == custom_id)
