"""The double of Discord, proved with a real discord.py client over real sockets.
Never here: Easel's own code; the bot is a toy."""

from __future__ import annotations

import asyncio

import aiohttp
import discord
import pytest
from aiohttp import web

from tests.fakes.discord_wire import FakeDiscord, Impossible, Limits
from tests.fakes.toy import Toy, aim, card, file, picture, quiet, running


async def test_a_bot_connects_and_syncs_its_commands(fake: FakeDiscord) -> None:
    async with running(fake) as bot:
        await bot.wait_until_ready()
        guild = bot.get_guild(fake.guild.id)

    assert [one["name"] for one in fake.commands()] == [
        "paint", "late", "pool", "choose", "Describe picture",
    ]  # fmt: skip
    assert guild is not None
    assert guild.me.guild_permissions.send_messages
    assert [channel.name for channel in guild.text_channels] == ["general"]
    assert fake.identified[0].intents == 1
    assert fake.findings == []


async def test_a_slash_command_turns_thinking_into_a_card_with_a_picture(fake: FakeDiscord) -> None:
    async with running(fake):
        interaction = await fake.slash(
            "paint", {"prompt": "a fox", "image": fake.upload("me.png", picture()), "size": 2}
        )
        message = await interaction.answered()

    assert interaction.answer_type == 5
    assert message.text == "a fox 2 from me.png 8"
    assert [version.flags & 128 for version in message.versions] == [128, 0]
    assert [(one.filename, one.content_type, one.width) for one in message.attachments] == [
        ("fox.png", "image/png", 8)
    ]
    assert message.attachments[0].data == picture()
    assert [(button.label, button.emoji) for button in message.buttons] == [("Vary", "🎲")]
    assert fake.findings == []


async def test_a_pressed_button_reaches_a_dynamic_item_and_answers_ephemerally(fake: FakeDiscord) -> None:
    async with running(fake):
        message = await (await fake.slash("paint", {"prompt": "a fox"})).answered()
        pressed = await fake.press(message, "Vary", user=fake.moderator)
        answer = await pressed.answered()

    assert answer.content == "varied k1"
    assert answer.only_for is fake.moderator
    assert pressed.source is message
    with pytest.raises(Impossible):
        await fake.press(message, "Upscale")


async def test_a_modal_is_filled_in_and_sent(fake: FakeDiscord) -> None:
    async with running(fake) as bot:
        await bot.wait_until_ready()
        await bot.get_partial_messageable(fake.channel.id).send(view=card("edit", "hello"))
        opened = await fake.press(fake.messages()[0], "Vary")
        assert await opened.acknowledged() == 9
        with pytest.raises(Impossible):
            await fake.submit_modal(opened, {"Prompt": "x" * 101})
        sent = await fake.submit_modal(opened, {"Prompt": "a hare"})
        answer = await sent.answered()

    assert answer.content == "remixed a hare"
    assert fake.findings == []


async def test_another_process_edits_by_token_and_message_id(fake: FakeDiscord) -> None:
    async with running(fake) as bot:
        interaction = await fake.slash("late")
        await interaction.acknowledged()
        thinking = interaction.message()
        assert thinking is not None
        token = bot.interactions[0].token if bot.interactions else interaction.token
        webhook = discord.Webhook.partial(fake.application_id, token, client=bot)
        await webhook.edit_message(thinking.id, view=card("k2", "done", "a.png"), attachments=[file("a.png")])

    assert thinking.loading is False
    assert thinking.ephemeral is True
    assert thinking.text == "done"
    assert fake.findings == []


async def test_a_follow_up_takes_the_place_of_thinking(fake: FakeDiscord) -> None:
    async with running(fake) as bot:
        interaction = await fake.slash("late")
        await interaction.acknowledged()
        webhook = discord.Webhook.partial(fake.application_id, interaction.token, client=bot)
        await webhook.send("here", wait=True)
        await webhook.send("and there", wait=True)

    assert [one.content for one in fake.messages()] == ["here", "and there"]


async def test_a_post_with_the_same_nonce_makes_one_message(fake: FakeDiscord) -> None:
    async with running(fake) as bot:
        await bot.wait_until_ready()
        place = bot.get_partial_messageable(fake.channel.id, guild_id=fake.guild.id)
        first = await place.send("once", nonce="k1")
        second = await place.send("once", nonce="k1")

    assert first.id == second.id
    assert len(fake.messages()) == 1


async def test_an_edit_keeps_the_attachments_it_lists(fake: FakeDiscord) -> None:
    async with running(fake) as bot:
        await bot.wait_until_ready()
        place = bot.get_partial_messageable(fake.channel.id)
        sent = await place.send("one", files=[file("a.png"), file("b.png")])
        handle = place.get_partial_message(sent.id)
        await handle.edit(content="two")
        await handle.edit(content="three", attachments=[sent.attachments[0], file("c.png")])

    versions = fake.messages()[0].versions
    assert [version.text for version in versions] == ["one", "two", "three"]
    assert [[one.filename for one in version.attachments] for version in versions] == [
        ["a.png", "b.png"],
        ["a.png", "b.png"],
        ["a.png", "c.png"],
    ]


async def test_a_card_cannot_name_a_file_that_its_edit_took_away(fake: FakeDiscord) -> None:
    async with running(fake) as bot:
        await bot.wait_until_ready()
        place = bot.get_partial_messageable(fake.channel.id)
        sent = await place.send(view=card("k1", "one", "a.png"), files=[file("a.png")])
        handle = place.get_partial_message(sent.id)
        await handle.edit(view=card("k1", "two", "a.png"))
        with pytest.raises(discord.HTTPException) as refused:
            await handle.edit(view=card("k1", "three", "a.png"), attachments=[file("b.png")])

    assert refused.value.code == 50035
    assert fake.messages()[0].text == "two"
    assert [one.filename for one in fake.messages()[0].shown] == ["a.png"]


async def test_a_dropped_connection_is_resumed_and_misses_nothing(fake: FakeDiscord) -> None:
    async with running(fake) as bot:
        await bot.wait_until_ready()
        await fake.drop()
        interaction = await fake.slash("late")
        assert interaction.delivered == 0
        await interaction.acknowledged()
        await fake.until(lambda: fake.identified[-1].resumed)

    assert [one.resumed for one in fake.identified] == [False, True]


async def test_an_invalid_session_is_identified_anew(fake: FakeDiscord) -> None:
    async with running(fake) as bot:
        await bot.wait_until_ready()
        fake.invalidate()
        await fake.until(lambda: len(fake.identified) == 2, 20)
        await fake.ready()
        await (await fake.slash("late")).acknowledged()

    assert fake.identified[1].resumed is False
    assert fake.identified[0].session != fake.identified[1].session


async def test_the_same_interaction_delivered_twice_is_answered_once(fake: FakeDiscord) -> None:
    async with running(fake) as bot:
        interaction = await fake.slash("late")
        await interaction.acknowledged()
        bot.tree.error(quiet)
        await fake.dispatch_again(interaction)
        await fake.until(lambda: any(one.code == 40060 for one in fake.requests))

    assert len(fake.messages()) == 1


async def test_a_429_with_via_is_retried_by_the_library(fake: FakeDiscord) -> None:
    async with running(fake) as bot:
        await bot.wait_until_ready()
        fake.fail_next("POST", r"/channels/\d+/messages", status=429, retry_after=0.01)
        await bot.get_partial_messageable(fake.channel.id).send("x")

    assert [one.status for one in fake.calls("POST", r"/channels/\d+/messages")] == [429, 200]
    assert len(fake.rate_limited) == 1


async def test_a_429_without_via_raises_like_a_ban(fake: FakeDiscord) -> None:
    async with running(fake) as bot:
        await bot.wait_until_ready()
        fake.fail_next("POST", r"/channels/\d+/messages", status=429, via=False)
        with pytest.raises(discord.HTTPException) as refused:
            await bot.get_partial_messageable(fake.channel.id).send("x")

    assert refused.value.status == 429
    assert fake.messages() == []


async def test_a_lost_answer_leaves_its_effect(fake: FakeDiscord) -> None:
    async with running(fake) as bot:
        await bot.wait_until_ready()
        fake.fail_next("POST", r"/channels/\d+/messages", before_effect=False)
        place = bot.get_partial_messageable(fake.channel.id)
        with pytest.raises(aiohttp.ClientError):
            await place.send("x", nonce="k1")
        again = await place.send("x", nonce="k1")

    assert [one.id for one in fake.messages()] == [again.id]
    assert fake.requests[-2].status is None


async def test_a_reset_before_the_effect_leaves_nothing(fake: FakeDiscord) -> None:
    async with running(fake) as bot:
        await bot.wait_until_ready()
        fake.fail_next("POST", r"/channels/\d+/messages")
        with pytest.raises(aiohttp.ClientError):
            await bot.get_partial_messageable(fake.channel.id).send("x")

    assert fake.messages() == []


async def test_a_held_request_waits_for_its_release(fake: FakeDiscord) -> None:
    async with running(fake) as bot:
        await bot.wait_until_ready()
        gate = fake.hold_next("POST", r"/channels/\d+/messages", before_effect=False)
        sending = asyncio.create_task(bot.get_partial_messageable(fake.channel.id).send("x"))
        await gate.reached.wait()

        assert [one.content for one in fake.messages()] == ["x"]
        assert not sending.done()
        gate.release()
        assert (await sending).content == "x"


async def test_two_shards_hear_their_own_servers(fake: FakeDiscord) -> None:
    far = fake.add_guild("Far", guild_id=fake.guild.id + (1 << 22))
    away = fake.add_channel("away", far)
    fake.join(fake.user, far)
    async with running(fake, shard_count=2, shard_connect_timeout=None) as bot:
        interaction = await fake.slash("late", channel=away)
        await interaction.acknowledged()
        shard = bot.get_guild(far.id)

    assert interaction.delivered == 1
    assert shard is not None
    assert shard.shard_id == (far.id >> 22) % 2


async def test_a_select_updates_the_message_it_hangs_on(fake: FakeDiscord) -> None:
    async with running(fake):
        asked = await fake.slash("choose", {"name": "fox"})
        message = await asked.answered()
        chosen = await fake.select(message, "Shape", ["Wide"])
        kind = await chosen.acknowledged()
        with pytest.raises(Impossible):
            await fake.press(message, "Done")

    assert kind == 7
    assert chosen.message() is message
    assert [version.content for version in message.versions] == ["fox", "chose wide"]


async def test_autocomplete_offers_what_the_bot_answers(fake: FakeDiscord) -> None:
    async with running(fake):
        typed = await fake.autocomplete("choose", {"name": "h"}, focused="name")
        await typed.acknowledged()

    assert typed.choices == [{"name": "hare", "value": "hare"}]


async def test_a_message_menu_hands_over_the_message_with_its_files(fake: FakeDiscord) -> None:
    said = fake.say("look", files=[fake.upload("me.png", picture())])
    async with running(fake):
        answer = await (await fake.menu("Describe picture", said)).answered()

    assert answer.content == "me.png"


async def test_the_api_lists_no_file_that_a_card_shows(fake: FakeDiscord) -> None:
    async with running(fake) as bot:
        await bot.wait_until_ready()
        sent = await bot.get_partial_messageable(fake.channel.id).send(
            view=card("k1", "one", "a.png"), files=[file("a.png"), file("b.png")]
        )

    message = fake.messages()[0]
    assert [one.filename for one in sent.attachments] == ["b.png"]
    assert [one.filename for one in message.attachments] == ["a.png", "b.png"]
    assert [one.filename for one in message.shown] == ["a.png"]


async def test_a_reconnect_is_asked_for_and_resumed(fake: FakeDiscord) -> None:
    async with running(fake) as bot:
        await bot.wait_until_ready()
        fake.ask_reconnect()
        await fake.until(lambda: fake.identified[-1].resumed)
        await fake.ready()
        await (await fake.slash("late")).acknowledged()


async def test_a_wrong_token_is_refused_by_rest_and_gateway(fake: FakeDiscord) -> None:
    async with Toy() as bot:
        with pytest.raises(discord.LoginFailure):
            await bot.login("wrong")
    async with aiohttp.ClientSession() as session, session.ws_connect(fake.gateway) as socket:
        await socket.receive_json()
        await socket.send_json({"op": 2, "d": {"token": "wrong", "intents": 1}})
        closed = await socket.receive()

    assert closed.data == 4004


async def test_a_client_that_takes_no_good_bye_is_hung_up_on(
    fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(_socket: web.WebSocketResponse, **_: object) -> bool:
        return await asyncio.Event().wait()

    async with aiohttp.ClientSession() as session, session.ws_connect(fake.gateway) as socket:
        await socket.receive_json()
        monkeypatch.setattr(web.WebSocketResponse, "close", hang)
        await fake.socket.close()
        lost = await socket.receive()

    assert lost.type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}


async def test_servers_and_channels_come_and_go_while_the_bot_runs(fake: FakeDiscord) -> None:
    async with running(fake) as bot:
        await bot.wait_until_ready()
        new = fake.add_guild("New")
        thread = fake.add_thread("deep")
        here = fake.add_channel("hall", new)
        fake.join(fake.user, new)
        await (await fake.slash("late", channel=here)).acknowledged()
        await (await fake.slash("late", channel=thread)).acknowledged()
        home = bot.get_guild(fake.guild.id)
        assert home is not None
        seen = {guild.name for guild in bot.guilds}, [one.name for one in home.threads]

    assert seen == ({"Studio", "New"}, ["deep"])
    assert fake.findings == []


async def test_a_direct_message_reaches_a_user_who_takes_them(fake: FakeDiscord) -> None:
    async with running(fake) as bot:
        await bot.wait_until_ready()
        channel = await bot.create_dm(discord.Object(fake.user.id))
        await channel.send("psst", nonce="k1")
        fake.user.accepts_messages = False
        with pytest.raises(discord.Forbidden) as refused:
            await channel.send("psst")

    assert refused.value.code == 50007
    assert [one.content for one in fake.messages(fake.direct())] == ["psst"]


@pytest.mark.usefixtures("aimed")
async def test_the_library_keeps_within_the_limits_it_is_told() -> None:
    async with FakeDiscord(rate_limits=Limits(posts=2, seconds=0.2)) as tight:
        aim(tight.api, tight.gateway)
        async with running(tight) as bot:
            await bot.wait_until_ready()
            place = bot.get_partial_messageable(tight.channel.id)
            for _ in range(5):
                await place.send("x")

    assert len(tight.messages()) == 5
    assert tight.rate_limited == []


async def test_a_slow_answer_is_the_true_one(fake: FakeDiscord) -> None:
    async with running(fake) as bot:
        await bot.wait_until_ready()
        slow = fake.slow_next("POST", r"/channels/\d+/messages", delay=0.01)
        sent = await bot.get_partial_messageable(fake.channel.id).send("x")

    assert slow.reached.is_set()
    assert [one.id for one in fake.messages()] == [sent.id]
    assert fake.unused_faults == []
