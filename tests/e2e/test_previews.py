"""A picture is seen while it is being made: the whole bot at either kind of API, where a server wants it, veiled as results are.
Never here: single rules of it (tests/services/worker/test_previews.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.ports import PREVIEW_NAME
from bot.sandbox.mjproxy.flavours import Flavour
from tests.e2e.harness import Harness, open_world
from tests.e2e.test_proxy import proxied

if TYPE_CHECKING:
    from pathlib import Path

    from simcord.results import InteractionResult

SLOW = 1.0
"""A grid takes 36 s: long enough for several edits."""


async def previews(world: Harness, asked: InteractionResult) -> list[str]:
    """Every preview that the card showed until it was finished."""
    shown: list[str] = []

    def look() -> bool:
        card = world.shown(asked)
        shown.extend(url for url in card.pictures if PREVIEW_NAME in url and url not in shown)
        return bool(card.buttons)

    await world.until(look, "a finished card", within=120)
    return shown


def judge(world: Harness, asked: InteractionResult) -> None:
    """The picture alone is left."""
    card = world.shown(asked)
    assert len(card.pictures) == 1
    assert PREVIEW_NAME not in card.pictures[0]


async def test_ohmygpts_previews_are_shown_until_the_picture_is_there(tmp_path: Path) -> None:
    async with open_world(tmp_path, speed=SLOW, previews=True) as world:
        asked = await world.imagine("a paper fox")
        assert len(await previews(world, asked)) >= 2
        judge(world, asked)


@pytest.mark.parametrize("flavour", [Flavour.TRUEAI, Flavour.NEW_API])
async def test_a_familys_previews_are_shown_until_the_picture_is_there(
    flavour: Flavour, tmp_path: Path
) -> None:
    async with proxied(tmp_path, flavour, speed=SLOW, previews=True) as (world, _proxy):
        asked = await world.imagine("a paper fox --v 7")
        seen = await previews(world, asked)
        assert len(seen) >= 1
        judge(world, asked)


async def test_moderators_switch_them_off_and_veil_them(tmp_path: Path) -> None:
    async with open_world(tmp_path, speed=SLOW, previews=True) as world:
        moderator, channel = world.place.moderator, world.place.channel
        assert "what there is of it" in world.whisper(await moderator.slash(channel, "mod previews"))
        await moderator.slash(channel, "mod previews", on=False)
        assert await previews(world, await world.imagine("a paper fox")) == []

        await moderator.slash(channel, "mod previews", on=True)
        await moderator.slash(channel, "mod media", treatment="spoiler", on=True)
        asked = await world.imagine("a paper owl")
        await world.until(lambda: bool(world.shown(asked).pictures), "a preview", within=60)
        assert "'spoiler': True" in str(world.shown(asked).message.components)
