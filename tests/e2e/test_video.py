"""Clips, where the owner offers them: animated, taken apart and extended in the chain's own pool, posted as they came.
Never here: what OhMyGPT asks for them; that is not known (contract §6.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from tests.e2e.test_chain import GRID

if TYPE_CHECKING:
    import pytest

    from tests.e2e.harness import Harness
    from tests.e2e.seen import Card

SHOWN = {"EASEL_SHOW_VIDEO": "true"}


def attached(world: Harness, card: Card) -> list[str]:
    """What kinds of file a card has."""
    stored = world.env.backend.get_message(world.place.channel.id, card.message.id)
    return [file["filename"].rpartition(".")[2] for file in stored.attachments]


async def test_a_picture_becomes_clips_that_are_posted_as_they_are(world: Harness) -> None:
    await world.restart(more=SHOWN)
    grid = await world.grid("a paper fox --v 7")
    single = await world.child(grid, "U2")

    reel = await world.child(single, "🎞️ Animate (High motion)")
    clip = await world.child(reel, "U3")

    assert reel.buttons == ["U1", "U2", "U3", "U4", "🔄"]
    assert clip.buttons == ["🎞️ Extend (High motion)", "🎞️ Extend (Low motion)"]
    assert [task.pool for task in world.accepted] == ["NORMAL"] * 4
    assert [task.action for task in world.accepted][2:] == ["VIDEO", "UPSCALE"]
    assert (attached(world, reel), attached(world, clip)) == (["webp"], ["webp"])
    assert not any("smaller" in card.words for card in (reel, clip))


async def test_a_clip_that_is_too_large_for_the_channel_is_shown_by_its_address(
    world: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.restart(more=SHOWN)
    single = await world.child(await world.grid("a paper fox --v 7"), "U2")
    read: Any = discord.Interaction._from_data

    def little_room(interaction: Any, data: Any) -> None:
        read(interaction, {**data, "attachment_size_limit": 1_000})

    monkeypatch.setattr(discord.Interaction, "_from_data", little_room)

    reel = await world.child(single, "🎞️ Animate (Low motion)")

    assert attached(world, reel) == []
    assert "Too large for this channel" in reel.words
    assert "/api/v1/content/mj-generated/" in reel.words
    assert reel.buttons == ["U1", "U2", "U3", "U4", "🔄"]


async def test_where_clips_are_not_offered_their_buttons_are_not_there(world: Harness) -> None:
    grid = await world.grid("a paper fox --v 7")
    single = await world.child(grid, "U2")

    assert grid.buttons == GRID
    assert not any("Animate" in button for button in single.buttons)
