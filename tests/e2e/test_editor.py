"""A region painted on the bot's own page, through the whole bot: the link in the picker, the post, a card of its own.
Never here: the page in a browser (tests/browser/editing/test_editor.py) and every refusal (tests/web/test_region.py)."""

from __future__ import annotations

import io
import re
from base64 import b64decode
from typing import TYPE_CHECKING

import aiohttp
from PIL import Image

from bot.web_server import serving
from tests.e2e.test_regions import REGION, picker, single
from tests.fixtures.ports import free_port

if TYPE_CHECKING:
    import pytest

    from tests.e2e.harness import Harness


def painted(size: tuple[int, int]) -> bytes:
    """What the page would send."""
    image = Image.new("RGB", size)
    image.paste("white", (2, 3, size[0] // 2, size[1] // 2))
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


async def test_a_painted_region_gets_a_card_of_its_own_at_once_and_then_its_picture(
    world: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.sandbox.upstream.calls.BASE64_SHOWN", 1_000_000)
    listen = f"127.0.0.1:{free_port()}"
    await world.restart(more={"EASEL_WEB_LISTEN": listen, "EASEL_PUBLIC_URL": f"http://{listen}"})
    async with serving(world.app.settings, world.app.served()), aiohttp.ClientSession() as browser:
        parent = await single(world)
        opened = await world.press(parent, REGION)
        link = picker(opened).button("Draw a mask").custom_id
        before = len(world.channel())

        async with browser.get(link) as page:
            found = re.search(r'data-width="(\d+)" data-height="(\d+)"', await page.text())
        assert found is not None
        mask = painted((int(found[1]), int(found[2])))
        async with browser.post(
            link, data=mask, headers={"Content-Type": "image/png", "Sec-Fetch-Site": "same-origin"}
        ) as answer:
            said = (await answer.json())["said"]

        card = world.channel()[-1]
        assert answer.status == 200
        assert len(world.channel()) == before + 1
        assert not card.message.ephemeral
        assert not card.pictures
        assert card.words.rsplit("`", 2)[-2] in said
        assert f"/{parent.message.id}" in card.words
        await world.until(lambda: bool(world.channel()[-1].pictures), "the repainted picture")

        assert world.channel()[-1].message.id == card.message.id
        assert len(world.channel()) == before + 1
        assert "Upload a mask…" in picker(opened).buttons, "the picker is as it was"
        sent = Image.open(io.BytesIO(b64decode(world.submissions[-1].body["base64Mask"].partition(",")[2])))
        assert sent.tobytes() == Image.open(io.BytesIO(mask)).tobytes()
        async with browser.get(link) as late:
            assert late.status == 410
