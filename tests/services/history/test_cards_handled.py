"""Cards that are deleted and files that are sent: what is said where Discord refuses, or the file had to be made smaller.
Never here: cards that are shown again (tests/cogs), and moderators' removals (test_moderating.py)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.domain.ports import Picture
from bot.errors import RouteClosed
from bot.services.admission.viewer import Viewer
from tests.services.harness import CHANNEL, GUILD
from tests.services.server_harness import SENTENCES, refusal

if TYPE_CHECKING:
    from tests.services.harness import Harness

ME = Viewer(user_id=1, guild_id=GUILD, manages=False)
LINK = "https://discord.com/channels/11/22/1000"
WHOLE = Picture(b"x", "easel.png", "image/png", 8, 8)


@pytest.mark.parametrize("reason", ["message_gone", "channel_gone"])
async def test_a_card_that_is_gone_already_is_deleted_and_no_link_leads_there(
    world: Harness, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    grid = await world.finished_grid()
    card = grid.reply.message_id
    assert card is not None

    async def refuse(*_: object) -> None:
        raise RouteClosed(reason)

    monkeypatch.setattr(world.services.redelivery.publisher, "take_down", refuse)
    said = await world.services.redelivery.take_down(ME, grid.key, channel_id=CHANNEL, message_id=card)

    assert said.id == "jobs.deleted"
    assert (await world.job(grid.key)).reply.message_id is None


async def test_a_card_that_may_not_be_deleted_stays_where_links_lead(
    world: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = await world.finished_grid()
    card = grid.reply.message_id
    assert card is not None

    async def refuse(*_: object) -> None:
        raise RouteClosed("missing_permission")

    monkeypatch.setattr(world.services.redelivery.publisher, "take_down", refuse)
    attempt = world.services.redelivery.take_down(ME, grid.key, channel_id=CHANNEL, message_id=card)

    assert (await refusal(attempt)).id == "jobs.delete_refused"
    assert (await world.job(grid.key)).reply.message_id == card


@pytest.mark.parametrize(
    ("picture", "link", "said"),
    [
        (WHOLE, None, "jobs.file"),
        (WHOLE, LINK, "jobs.file_from"),
        (replace(WHOLE, reduced=True), LINK, "jobs.file_from"),
    ],
)
async def test_a_file_says_where_it_is_from(
    world: Harness, picture: Picture, link: str | None, said: str
) -> None:
    grid = await world.finished_grid()
    world.painted = picture

    told = await world.services.redelivery.send(ME, grid.key, locale="en", link=link, nonce="1")

    ((user, words, given),) = world.discord.handed
    SENTENCES.render(words, "en")
    assert (told.id, user, words.id, given) == ("jobs.sent", 1, said, picture)
