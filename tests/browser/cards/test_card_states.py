"""A picture's card in its states, as a browser paints it: preview, veil, fetching, folded, news, pressed, failed, neutral.
Never here: what a card says (tests/ui)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")


from bot.domain.jobs import JobState, Route
from bot.domain.ports import PREVIEW_NAME, Showing
from bot.ui.card.cards import SPOILER
from tests.cogs.moderation_harness import moderated
from tests.services.harness import GRID
from tests.ui.builders import a_picture
from tests.web.region_harness import drawn

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.camera import Camera
    from tests.cogs.moderation_harness import Moderated

pytestmark = [
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
async def test_every_state_of_a_card_is_painted(camera: Camera, tmp_path: Path, locale: str) -> None:
    async with moderated(tmp_path) as shop:
        messages = await states(shop, locale)
        pictures = {f"card-{name}-{locale}": message_id for name, message_id in messages.items()}
        await camera.take(shop.house.env, shop.house.channel, shop.house.ada, pictures)
