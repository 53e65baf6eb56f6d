"""Presses: each gets an answer, in public only when something begins, and none depends on the process that drew it.
Never here: what the services make of a press."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
import pytest

from bot.domain.jobs import JobState, Route
from bot.domain.ports import Showing
from bot.errors import StorageTrouble, UserError, WriteUnclear
from bot.services.intake.press import Pressed, PressOutcome
from bot.texts import text
from bot.ui.card.press import press
from bot.ui.kit.controls import COMPONENTS, component
from bot.ui.kit.custom_ids import KEY as KEY_FIELD
from bot.ui.kit.links import card_link
from tests.ui.builders import KEY, a_job, a_picture, a_reply
from tests.ui.client_harness import an_easel, studio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simcord.builders import ChannelHandle
    from simcord.results import InteractionResult

    from bot.domain.keys import JobKey
    from bot.domain.ports import Picture
    from bot.ui.kit.context import Context
    from tests.ui.client_harness import ClientHarness


async def grid(house: ClientHarness, picture: Picture | None = None) -> discord.Message:
    """A finished card in the channel."""
    showing = Showing(house.job(), house.clock.now())
    await house.publisher.show(showing, Route.POST, picture=picture)
    message = house.channel.last_message
    assert message is not None
    return message


async def message_with(
    house: ClientHarness, custom_id: str, where: ChannelHandle | None = None
) -> discord.Message:
    """A message of the bot's with one button that nothing of this version drew."""
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="Old", custom_id=custom_id))
    place = where or house.channel
    channel = house.bot.get_partial_messageable(place.id, guild_id=house.guild.id)
    message = await channel.send("from another time", view=view)
    view.stop()
    return message


def only_said(house: ClientHarness, result: InteractionResult) -> str:
    """The one sentence that Bob got; Ada sees nothing new."""
    answers = [*([result.response] if result.response else []), *result.followups]
    assert [answer.ephemeral for answer in answers] == [True]
    assert len(house.channel.history(viewer=house.ada)) == 1
    return answers[0].content


async def test_a_press_is_answered_in_public_and_handed_to_the_services() -> None:
    async with studio() as house:
        message = await grid(house, a_picture())

        result = await house.bob.click(message, label="U2")

        (asker, key, position, channel_id, message_id), *more = house.services.presses.pressed
        media = house.services.presses.media
    assert not more
    assert result.deferred
    assert not result.ephemeral
    assert (asker.user_id, key, position) == (house.bob.id, KEY, 1)
    assert [address.split("?")[0].rsplit("/")[-1] for address in media] == ["lighthouse.png"]
    assert (channel_id, message_id) == (house.channel.id, message.id)
    assert result.response is not None
    assert asker.reply.message_id == result.response.id


async def test_the_answer_comes_before_anything_else() -> None:
    async with studio() as house:
        message = await grid(house)
        before = len(house.env.http_requests)

        await house.bob.click(message, label="U2")

    assert house.env.http_requests[before].path.endswith("/callback")


async def test_buttons_answer_after_a_restart() -> None:
    async with studio() as house:
        message = await grid(house)
        reborn = an_easel(house.services, house.meta)
        await house.env.restart_bot(reborn)

        result = await house.ada.click(message, label="V3")
        await reborn.close()

    assert result.deferred
    assert [press[1:3] for press in house.services.presses.pressed] == [(KEY, 7)]


@pytest.mark.parametrize("outcome", [PressOutcome.RUNNING, PressOutcome.SHOWN])
async def test_a_button_that_has_a_job_leads_to_it(outcome: PressOutcome) -> None:
    async with studio() as house:
        message = await grid(house)
        there = a_job(JobState.RUNNING)
        house.services.presses.answer = Pressed(there, outcome)

        result = await house.bob.click(message, label="U1")

        assert str(card_link(there)) in only_said(house, result)


@pytest.mark.parametrize("outcome", [PressOutcome.RUNNING, PressOutcome.SHOWN])
async def test_a_job_without_a_message_is_named_by_its_key(outcome: PressOutcome) -> None:
    async with studio() as house:
        message = await grid(house)
        house.services.presses.answer = Pressed(a_job(reply=a_reply(message_id=None)), outcome)

        result = await house.bob.click(message, label="U1")

        assert f"/jobs show {KEY}" in only_said(house, result)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (UserError(text("press.unknown", key=KEY)), "no longer know"),
        (StorageTrouble("locked"), "nothing charged"),
        (WriteUnclear("lost"), "`/jobs list` before you try again"),
        (ConnectionResetError(104, "reset"), "Discord did not take"),
        (RuntimeError("a bug"), KEY),
    ],
)
async def test_a_press_that_starts_nothing_says_why_to_the_presser_alone(error: Exception, said: str) -> None:
    async with studio() as house:
        message = await grid(house)
        house.services.presses.refusal = error

        result = await house.bob.click(message, label="U1")

        sentence = only_said(house, result)
    assert said in sentence
    assert "a bug" not in sentence


@pytest.mark.parametrize(
    "custom_id",
    ["easel:2:7h2m9k4qxw3c:1", "easel:0:whatever", "easel:1:short:1", f"easel:1:{KEY}:no-such-word"],
)
async def test_a_button_of_another_version_says_what_to_do(custom_id: str) -> None:
    async with studio() as house:
        message = await message_with(house, custom_id)

        result = await house.bob.click(message, label="Old")

        assert "another version" in only_said(house, result)
        assert house.services.presses.pressed == []


async def test_a_control_that_nobody_remembers_says_that_it_expired() -> None:
    async with studio() as house:
        message = await message_with(house, "1f2e3d4c5b6a")

        result = await house.bob.click(message, label="Old")
        assert "expired" in only_said(house, result)


@pytest.mark.parametrize(
    "custom_id",
    ["\u0663" * 100, "x" * 100, "easel-list:\u0663", "easelmod:1:member:", "easel-pool:9:on:FAST"],
)
async def test_an_odd_control_is_answered_too(custom_id: str) -> None:
    async with studio() as house:
        message = await message_with(house, custom_id)

        assert "expired" in only_said(house, await house.bob.click(message, label="Old"))


async def test_what_a_release_drew_before_is_pressed_as_before() -> None:
    async with studio(extensions=()) as house:
        message = await message_with(house, f"easel:1:{KEY}:4")

        await house.bob.click(message, label="Old")

    assert [press[1:3] for press in house.services.presses.pressed] == [(KEY, 4)]


async def test_a_missing_permission_stops_a_press_before_anything_begins() -> None:
    async with studio() as house:
        me = house.bot.user
        assert me is not None
        closed = house.guild.create_text_channel(
            "closed", overwrites={me: discord.PermissionOverwrite(attach_files=False)}
        )
        message = await message_with(house, press.id(KEY, 0), closed)

        result = await house.bob.click(message, label="Old")

    assert result.ephemeral
    assert result.response is not None
    assert "Attach Files" in result.response.content
    assert house.services.presses.pressed == []


@pytest.fixture
def own_word() -> Iterator[str]:
    yield "wave"
    COMPONENTS.pop("wave", None)


async def test_a_button_of_our_own_is_a_few_lines(own_word: str) -> None:
    @component(own_word, KEY_FIELD)
    async def wave(context: Context, key: JobKey) -> None:
        await context.reply(text("press.unknown", key=key))

    async with studio() as house:
        message = await message_with(house, wave.id(KEY))

        result = await house.bob.click(message, label="Old")

        assert KEY in only_said(house, result)


@pytest.mark.parametrize("word", ["Wave", "1st", "", "x" * 40, "a b"])
def test_a_word_that_could_not_be_read_back_is_refused_at_import(word: str) -> None:
    with pytest.raises(ValueError, match="custom_id"):
        component(word, KEY_FIELD)


async def test_a_press_keeps_nothing_in_memory() -> None:
    async with studio() as house:
        message = await grid(house)
        await house.bob.click(message, label="U2")

        store: Any = house.bot._connection._view_store
    assert store._views == {}
    assert store._synced_message_views == {}
