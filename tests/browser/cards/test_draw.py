"""Cards of the second engine, and a card of Midjourney's that offers it, as a browser paints them.
Never here: what they say and do (tests/e2e/test_draw.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from bot.sandbox.upstream import Fault
from tests.e2e.harness import open_world

if TYPE_CHECKING:
    from pathlib import Path

    from simcord.results import InteractionResult

    from tests.browser.camera import Camera

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(240),
]


async def test_what_the_engine_draws_and_where_it_is_offered_is_painted(
    camera: Camera, tmp_path: Path
) -> None:
    async with open_world(tmp_path, more={"EASEL_ENGINE_MODEL": "gpt-image-1.5"}, canvas=512) as world:
        place = world.place

        async def draw(prompt: str, **options: object) -> InteractionResult:
            shown = await place.member.slash(place.channel, "draw", prompt=prompt, **options)
            await world.finished(shown)
            return shown

        one = await draw("A paper fox reads a letter in the snow.")
        several = await draw("four boats on a lake", size="1536x1024", number=4)
        world.upstream.fault(Fault.REFUSED, reason="[Banned prompt] a word", endpoint="imagine")
        refused = await world.imagine("a paper fox in a forest --ar 3:2")
        await world.says(refused, "word filter")
        await place.owner.slash(place.channel, "pool pause", pool="NORMAL", words="back at noon")
        paused = await world.imagine("a paper fox")
        pictures = {"draw-card": one, "draw-four": several, "draw-offered": refused, "draw-paused": paused}
        await camera.take(world.env, place.channel, place.member, ids(pictures))
        panel = await place.owner.slash(place.channel, "pool panel")
        await camera.take(world.env, place.channel, place.owner, ids({"draw-panel": panel}))


def ids(answers: dict[str, InteractionResult]) -> dict[str, int]:
    """The last message of each answer."""
    found = {name: one.followups[-1] if one.followups else one.response for name, one in answers.items()}
    return {name: message.id for name, message in found.items() if message is not None}
