"""A card that lies in a direct message obeys its server: membership, blocks and switches of the home hold there too.
Never here: every operation and every situation (tests/services/admission/test_authorization.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
import pytest

from bot.domain.pools import Pool
from bot.domain.servers.guilds import Actor
from bot.sandbox.stage import GUILD_ID
from tests.e2e.seen import card_of
from tests.services.server_harness import set_rule

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from simcord.results import InteractionResult

    from tests.e2e.harness import Harness
    from tests.e2e.seen import Card

ROBIN = Actor(1, "robin")
START = "🖼️ Start from this picture"


async def press_in_dm(world: Harness, card: Card, face: str) -> InteractionResult:
    """The same button, under a card in the member's direct messages."""
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label=face, custom_id=card.button(face).custom_id))
    channel = await world.app.bot.create_dm(discord.Object(world.place.member.id))
    message = await channel.send(view=view)
    view.stop()
    result: InteractionResult = await world.place.member.user.click(
        message, custom_id=card.button(face).custom_id
    )
    return result


async def test_a_member_goes_on_in_direct_messages_and_the_home_server_counts_it(world: Harness) -> None:
    card = await world.grid()

    done = await world.finished(await press_in_dm(world, card, "U1"))

    assert done.buttons
    assert len(world.submissions) == 2
    usage = await world.app.services.allowances.usage(GUILD_ID, 0, world.clock.now() + 1)
    assert sum(row.units for row in usage) == 2


async def test_a_picture_in_direct_messages_is_started_from_and_a_mistake_in_the_words_is_mended(
    world: Harness,
) -> None:
    card = await world.grid()
    ada = world.place.member.user

    refused = await ada.submit_modal(await press_in_dm(world, card, START), {"prompt": "an owl --chaso 5"})
    assert refused.response is not None
    edit = card_of(refused.response).button("✏️ Edit prompt").custom_id
    window = await ada.click(refused.response, custom_id=edit)
    owl = await world.finished(await ada.submit_modal(window, {"prompt": "an owl"}))
    begun = await ada.submit_modal(await press_in_dm(world, card, START), {"prompt": "an elk"})
    elk = await world.finished(begun)

    assert owl.pictures
    assert elk.pictures
    usage = await world.app.services.allowances.usage(GUILD_ID, 0, world.clock.now() + 1)
    assert sum(row.units for row in usage) == 3


async def kicked(world: Harness) -> None:
    world.place.member.guild.remove_member(world.place.member)


async def blocked(world: Harness) -> None:
    await world.app.services.moderation.block(
        GUILD_ID, ROBIN, world.place.member.id, until=None, reason="enough"
    )


async def pools_off(world: Harness) -> None:
    for pool in Pool:
        await world.app.services.guilds.switch_pool(GUILD_ID, ROBIN, pool, on=False)


async def paused(world: Harness) -> None:
    await world.app.services.guilds.pause(GUILD_ID, ROBIN, None, "a break")


async def role_needed(world: Harness) -> None:
    for pool in Pool:
        await set_rule(
            world.app.services.guilds, GUILD_ID, ROBIN, pool, 4711, per_day=5, running=None, waiting=None
        )


@pytest.mark.parametrize(
    ("happen", "words"),
    [
        (kicked, "not a member"),
        (blocked, "enough"),
        (pools_off, "off"),
        (paused, "a break"),
        (role_needed, "4711"),
    ],
)
@pytest.mark.parametrize("face", ["U1", "🔁 Edit prompt", START])
async def test_what_the_home_server_refuses_begins_nothing_in_direct_messages(
    world: Harness, happen: Callable[[Harness], Awaitable[None]], words: str, face: str
) -> None:
    card = await world.grid()
    await happen(world)

    result = await press_in_dm(world, card, face)
    if result.modal is not None:
        result = await world.place.member.user.submit_modal(result, {"prompt": "an owl"})

    assert words in world.whisper(result)
    await world.pass_time(30)
    assert len(world.submissions) == 1


@pytest.mark.parametrize("face", ["🔁 Edit prompt", START])
async def test_words_written_in_direct_messages_are_given_back_to_whoever_may_not_begin(
    world: Harness, face: str
) -> None:
    card = await world.grid()
    window = await press_in_dm(world, card, face)
    await kicked(world)

    told = await world.place.member.user.submit_modal(window, {"prompt": "an owl"})

    answer = card_of(told.followups[-1])
    assert "not a member" in answer.words
    assert "✏️ Edit prompt" in answer.own
