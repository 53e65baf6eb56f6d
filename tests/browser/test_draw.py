"""Cards of the second engine, and a card of Midjourney's that offers it, as a browser paints them.
Never here: what they say and do (tests/e2e/test_draw.py)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from bot.sandbox.upstream import Fault
from tests.browser.page import ROOT
from tests.e2e.harness import open_world

if TYPE_CHECKING:
    from simcord.actors import MemberActor
    from simcord.results import InteractionResult

    from tests.e2e.harness import Harness

pytestmark = [
    pytest.mark.usefixtures("chromium"),
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(240),
]


async def photograph(
    world: Harness, shown: InteractionResult, name: str, viewer: MemberActor | None = None
) -> bytes:
    folder = Path(os.environ.get("EASEL_ARTEFACTS") or ROOT / "artefacts") / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    message = shown.followups[-1] if shown.followups else shown.response
    assert message is not None
    await world.env.settle()
    async with world.env.preview(
        world.place.channel, viewers=[viewer or world.place.member], layout="channel", width=760, height=1200
    ) as preview:
        await preview.screenshot(
            str(folder / f"{name}.png"),
            target=message.message,
            allow_incomplete=True,
            layout="message",
            viewport=(760, 1200),
        )
    return (folder / f"{name}.png").read_bytes()


async def test_what_the_engine_draws_and_where_it_is_offered_is_painted(tmp_path: Path) -> None:
    async with open_world(tmp_path, more={"EASEL_ENGINE_MODEL": "gpt-image-1.5"}, canvas=512) as world:
        place = world.place

        async def draw(prompt: str, **options: object) -> InteractionResult:
            shown = await place.member.slash(place.channel, "draw", prompt=prompt, **options)
            await world.finished(shown)
            return shown

        assert await photograph(world, await draw("A paper fox reads a letter in the snow."), "draw-card")
        several = await draw("four boats on a lake", size="1536x1024", number=4)
        assert await photograph(world, several, "draw-four")
        world.upstream.fault(Fault.REFUSED, reason="[Banned prompt] a word", endpoint="imagine")
        refused = await world.imagine("a paper fox in a forest --ar 3:2")
        await world.says(refused, "word filter")
        assert await photograph(world, refused, "draw-offered")
        await place.owner.slash(place.channel, "pool pause", pool="NORMAL", words="back at noon")
        assert await photograph(world, await world.imagine("a paper fox"), "draw-paused")
        panel = await place.owner.slash(place.channel, "pool panel")
        assert await photograph(world, panel, "draw-panel", place.owner)
