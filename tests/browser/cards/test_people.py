"""What members keep for themselves, as a browser paints it: preferences, lists with thumbnails, refusals with a button.
Never here: what any of it says (tests/cogs)."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from PIL import Image

from bot.domain.jobs import JobState, Route
from bot.domain.ports import Showing
from bot.services.admission.viewer import Viewer
from tests.browser.cards.test_pools import photograph
from tests.cogs.moderation_harness import moderated
from tests.ui.builders import a_picture

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.camera import Camera

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(240),
]


async def test_preferences_and_refusals_are_painted(camera: Camera, tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        ada, channel, people = shop.house.ada, shop.house.channel, shop.services.people

        empty = await ada.slash(channel, "prefer show")
        await people.prefer_aspect(ada.id, "16:9")
        await people.prefer_suffix(ada.id, "in soft watercolour --stylize 300")
        await people.keep_set(ada.id, "poster", "bold poster, flat colours --ar 2:3 --no text")
        await ada.slash(channel, "prefer set", name="wide", options="--ar 21:9 --chaos 10")
        await people.stop_copies(ada.id)
        shown = await ada.slash(channel, "prefer show")
        asked = await ada.slash(channel, "prefer show")
        assert asked.response is not None
        await ada.click(asked.response, custom_id="easel:2:prefer:ask_forget")
        refused = await ada.slash(channel, "imagine", prompt="a paper fox --chaso 5")
        pictures = {
            "prefer-empty": empty,
            "prefer": shown,
            "prefer-forget": asked,
            "refused-prompt": refused,
        }
        await photograph(camera, shop, ada, pictures)
        await photograph(camera, shop, shop.mo, {"help": await shop.mo.slash(channel, "help")})


async def test_a_list_with_thumbnails_is_painted(camera: Camera, tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        ada, channel = shop.house.ada, shop.house.channel
        for n, words in enumerate(("a paper fox --ar 3:2", "an owl in the snow, at night", "a lighthouse")):
            job = await shop.job(JobState.SUCCEEDED, prompt=words)
            picture = a_picture(data=painted(n), filename=f"{n}.png")
            shown = await shop.house.publisher.show(Showing(job, job.created_at), Route.POST, picture=picture)
            place = replace(job.reply, message_id=shown.message_id, message_at=shown.at)
            await shop.storage.jobs.move_card(job.key, place)
            await shop.services.favourites.toggle(
                Viewer(user_id=ada.id, guild_id=shop.guild_id, manages=False), job.key
            )
        await shop.job(JobState.FAILED, prompt="something that failed")
        listed = await ada.slash(channel, "jobs list")
        stars = await ada.slash(channel, "jobs list", what="favourites")
        card = next(m for m in channel.history(viewer=ada) if m.author.bot)
        told = await ada.context_menu(channel, "Picture info", card)
        await photograph(camera, shop, ada, {"list": listed, "favourites": stars, "job-info": told})


def painted(n: int) -> bytes:
    """A picture of one colour."""
    written = io.BytesIO()
    Image.new("RGB", (320, 240), ((90 * n) % 256, 120, 200 - 60 * n)).save(written, "PNG")
    return written.getvalue()
