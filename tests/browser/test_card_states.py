"""A picture's card in its states, as a browser paints it: preview, veil, fetching, folded, news, pressed, failed, neutral.
Never here: what a card says (tests/ui)."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")


from bot.domain.jobs import JobState, Route
from bot.domain.ports import PREVIEW_NAME, Showing
from bot.ui.card.cards import SPOILER
from tests.browser.page import ROOT
from tests.cogs.moderation_harness import moderated
from tests.services.harness import GRID
from tests.ui.builders import a_picture
from tests.web.region_harness import drawn

if TYPE_CHECKING:
    from tests.cogs.moderation_harness import Moderated

pytestmark = [
    pytest.mark.usefixtures("chromium"),
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(240),
]


async def states(shop: Moderated, locale: str) -> dict[str, int]:
    """Post a card for each state; returns the messages by the pictures' names."""

    async def post(job: Any, *, picture: Any = None, **more: Any) -> int:
        showing = Showing(replace(job, locale=locale), shop.house.clock.now(), **more)
        shown = await shop.house.publisher.show(showing, Route.POST, picture=picture)
        assert shown.message_id is not None
        return shown.message_id

    whole = a_picture(data=drawn((900, 600)), filename="fox.png", width=900, height=600)
    part = a_picture(data=drawn((300, 200)), filename=f"{PREVIEW_NAME}46.png", width=300, height=200)

    async def job(state: JobState = JobState.SUCCEEDED, **changes: Any) -> Any:
        return await shop.job(state, prompt="a paper fox in a forest, at dawn --ar 3:2", **changes)

    running, veiled = [await job(JobState.RUNNING, progress=46) for _ in range(2)]
    old = await job()
    posted = await shop.house.publisher.show(Showing(old, 0), Route.POST, picture=whole)
    return {
        "preview": await post(running, picture=part),
        "preview-veiled": await post(replace(veiled, notes=(SPOILER,)), picture=part),
        "fetching": await post(replace(await job(actions=GRID), notes=("note.picture_fetching",))),
        "news": await post(await job(actions=GRID), picture=whole, is_news=True, pressed=frozenset({1, 5})),
        "failed": await post(await job(JobState.FAILED)),
        "folded": await post(await job(), moved_to=posted),
    }


@pytest.mark.parametrize("locale", ["en-US", "de", "ja"])
async def test_every_state_of_a_card_is_painted(tmp_path: Path, locale: str) -> None:
    folder = Path(os.environ.get("EASEL_ARTEFACTS") or ROOT / "artefacts") / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    async with moderated(tmp_path) as shop:
        messages = await states(shop, locale)
        await shop.house.env.settle()
        async with shop.house.env.preview(
            shop.house.channel, viewers=[shop.house.ada], layout="channel", width=760, height=1200
        ) as preview:
            for name, message_id in messages.items():
                target = next(
                    m for m in shop.house.channel.history(viewer=shop.house.ada) if m.id == message_id
                )
                path = folder / f"card-{name}-{locale}.png"
                await preview.screenshot(
                    str(path), target=target, allow_incomplete=True, layout="message", viewport=(760, 1200)
                )
                assert path.stat().st_size
