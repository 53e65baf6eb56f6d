"""The double of Discord, proved with a real discord.py client over real sockets.
Never here: Easel's own code; the bot in this file is a toy."""

from __future__ import annotations

import asyncio
import contextlib
import io
from typing import TYPE_CHECKING, Any, Self

import aiohttp
import discord
import pytest
import yarl
from discord import app_commands
from discord.ext import commands
from PIL import Image
from typing_extensions import override

from tests.fakes.discord_rules import V2
from tests.fakes.discord_wire import FakeDiscord, Impossible, Permission

if TYPE_CHECKING:
    import re
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.filterwarnings("error")


def picture(colour: str = "navy", size: tuple[int, int] = (8, 6)) -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", size, colour).save(kept, "PNG")
    return kept.getvalue()


def file(name: str = "fox.png", colour: str = "navy") -> discord.File:
    return discord.File(io.BytesIO(picture(colour)), name)


class Vary(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"toy:1:(?P<key>\w+)"):
    """A button that survives restarts: the key in it says everything."""

    def __init__(self, key: str, item: discord.ui.Button[Any] | None = None) -> None:
        super().__init__(item or discord.ui.Button(label="Vary", custom_id=f"toy:1:{key}"))
        self.key = key

    @classmethod
    @override
    async def from_custom_id(
        cls, _: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        assert isinstance(item, discord.ui.Button)
        return cls(match["key"], item)

    @override
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        if self.key == "edit":
            await interaction.response.send_modal(Remix())
        else:
            await interaction.response.send_message(f"varied {self.key}", ephemeral=True)


class Remix(discord.ui.Modal, title="Remix"):
    """Asks for a prompt."""

    prompt: discord.ui.Label[Any] = discord.ui.Label(
        text="Prompt", component=discord.ui.TextInput(custom_id="prompt", default="a fox", max_length=100)
    )

    def __init__(self) -> None:
        super().__init__(custom_id="remix", timeout=60)

    @override
    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        assert isinstance(self.prompt.component, discord.ui.TextInput)
        await interaction.response.send_message(f"remixed {self.prompt.component.value}")


def card(key: str, text: str, *names: str) -> discord.ui.LayoutView:
    """A Components V2 card with pictures and a button."""
    view = discord.ui.LayoutView(timeout=None)
    box: discord.ui.Container[Any] = discord.ui.Container(discord.ui.TextDisplay(text))
    if names:
        gallery = (discord.MediaGalleryItem(f"attachment://{name}") for name in names)
        box.add_item(discord.ui.MediaGallery(*gallery))
    box.add_item(discord.ui.ActionRow(Vary(key)))
    view.add_item(box)
    return view


class Toy(commands.AutoShardedBot):
    """A bot with one of each."""

    def __init__(self, **more: Any) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=discord.Intents(guilds=True),
            shard_count=more.pop("shard_count", 1),
            max_messages=None,
            guild_ready_timeout=0.05,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            **more,
        )
        self.interactions: list[discord.Interaction[Any]] = []
        self.resumed = 0
        self.tree.add_command(paint)
        self.tree.add_command(late)
        self.tree.add_command(pool)

    @override
    async def setup_hook(self) -> None:
        self.add_dynamic_items(Vary)
        await self.tree.sync()

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        self.interactions.append(interaction)

    async def on_shard_resumed(self, shard_id: int) -> None:
        assert shard_id >= 0
        self.resumed += 1


@app_commands.command(description="Paint at once")
@app_commands.describe(prompt="what", image="from", size="how big")
async def paint(
    interaction: discord.Interaction[Any],
    prompt: str,
    image: discord.Attachment | None = None,
    size: app_commands.Range[int, 1, 4] = 1,
) -> None:
    await interaction.response.defer(thinking=True)
    names = ["fox.png"]
    text = f"{prompt} {size}" + ("" if image is None else f" from {image.filename} {image.width}")
    await interaction.edit_original_response(view=card("k1", text, *names), attachments=[file()])


@app_commands.command(description="Only defers")
async def late(interaction: discord.Interaction[Any]) -> None:
    await interaction.response.defer(thinking=True, ephemeral=True)


pool = app_commands.Group(
    name="pool",
    description="Pools",
    default_permissions=discord.Permissions(manage_guild=True),
    guild_only=True,
)


@pool.command(name="rule", description="Set a rule")
@app_commands.describe(role="whose", member="who", where="where")
async def rule(
    interaction: discord.Interaction[Any],
    role: discord.Role,
    member: discord.Member | None = None,
    where: discord.TextChannel | None = None,
) -> None:
    await interaction.response.send_message(f"{role.name} {member} {where}", ephemeral=True)


@pytest.fixture
async def fake(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeDiscord]:
    monkeypatch.setattr(discord.VoiceClient, "warn_nacl", False)
    monkeypatch.setattr(discord.VoiceClient, "warn_dave", False)
    async with FakeDiscord() as double:
        double.check_answers()
        aim(monkeypatch, double)
        yield double
        assert double.drift == []


def aim(monkeypatch: pytest.MonkeyPatch, double: FakeDiscord) -> None:
    monkeypatch.setattr(discord.http.Route, "BASE", double.api)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(double.gateway))


@contextlib.asynccontextmanager
async def running(fake: FakeDiscord, **more: Any) -> AsyncIterator[Toy]:
    shards = more.get("shard_count", 1)
    async with Toy(**more) as bot:
        task = asyncio.create_task(bot.start(fake.token))
        try:
            await fake.ready(shards)
            yield bot
        finally:
            await bot.close()
            await asyncio.wait([task])
            task.result()


async def test_a_bot_connects_and_syncs_its_commands(fake: FakeDiscord) -> None:
    async with running(fake) as bot:
        await bot.wait_until_ready()
        guild = bot.get_guild(fake.guild.id)

    assert [one["name"] for one in fake.commands()] == ["paint", "late", "pool"]
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
    assert [button.label for button in message.buttons] == ["Vary"]
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
        sent = await place.send(view=card("k1", "one", "a.png"), files=[file("a.png")])
        handle = place.get_partial_message(sent.id)
        await handle.edit(view=card("k1", "two", "a.png"))
        await handle.edit(
            view=card("k1", "three", "a.png", "b.png"), attachments=[sent.attachments[0], file("b.png")]
        )
        with pytest.raises(discord.HTTPException) as refused:
            await handle.edit(view=card("k1", "four", "a.png"), attachments=[file("c.png")])

    message = fake.messages()[0]
    assert refused.value.code == 50035
    assert [version.text for version in message.versions] == ["one", "two", "three"]
    assert [one.filename for one in message.attachments] == ["a.png", "b.png"]


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


async def quiet(_: discord.Interaction[Any], error: app_commands.AppCommandError) -> None:
    assert "40060" in str(error)


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


class Raw:
    """A bare HTTP client with the bot's token."""

    def __init__(self, fake: FakeDiscord, session: aiohttp.ClientSession) -> None:
        self._fake = fake
        self._session = session

    async def ask(
        self, method: str, path: str, body: Any = None, *, token: str | None = None
    ) -> tuple[int, Any]:
        headers = {"Authorization": f"Bot {token or self._fake.token}"}
        async with self._session.request(method, self._fake.api + path, json=body, headers=headers) as answer:
            assert answer.status == 204 or answer.headers["Content-Type"] == "application/json"
            return answer.status, await answer.json() if answer.status != 204 else None


@pytest.fixture
async def raw(fake: FakeDiscord) -> AsyncIterator[Raw]:
    async with aiohttp.ClientSession() as session:
        yield Raw(fake, session)


async def synced(fake: FakeDiscord, raw: Raw) -> None:
    command = {"name": "draw", "type": 1, "description": "Draw"}
    await raw.ask("PUT", f"/applications/{fake.application_id}/commands", [command])


async def test_refusals_carry_discords_codes(fake: FakeDiscord, raw: Raw) -> None:
    hidden, mute = fake.add_channel("hidden"), fake.add_channel("mute")
    fake.forbid(Permission.VIEW_CHANNEL, hidden)
    fake.forbid(Permission.SEND_MESSAGES, mute)
    fake.user.accepts_messages = False
    theirs, text = fake.say("mine"), {"content": "x"}

    def to(channel_id: int) -> str:
        return f"/channels/{channel_id}/messages"

    codes = [
        (await raw.ask("POST", path, body))[1]["code"]
        for path, body in (
            (to(1), text),
            (to(hidden.id), text),
            (to(mute.id), text),
            (to(fake.direct().id), text),
            (to(fake.channel.id), {"content": ""}),
            (to(fake.channel.id), {"content": "x" * 2001}),
        )
    ]
    unknown = await raw.ask("PATCH", f"{to(fake.channel.id)}/1", text)
    foreign = await raw.ask("PATCH", f"{to(fake.channel.id)}/{theirs.id}", text)
    stranger = await raw.ask("GET", "/users/@me", token="wrong")

    assert codes == [10003, 50001, 50013, 50007, 50006, 50035]
    assert unknown[1]["code"] == 10008
    assert foreign[1]["code"] == 50005
    assert stranger[0] == 401


async def test_tokens_and_first_answers_have_deadlines(fake: FakeDiscord, raw: Raw) -> None:
    await synced(fake, raw)
    interaction = await fake.slash("draw")
    hook = f"/webhooks/{fake.application_id}/{interaction.token}"
    door = f"/interactions/{interaction.id}/{interaction.token}/callback"

    early = await raw.ask("PATCH", f"{hook}/messages/@original", {"content": "x"})
    first = await raw.ask("POST", f"{door}?with_response=1", {"type": 5})
    second = await raw.ask("POST", door, {"type": 5})
    edited = await raw.ask("PATCH", f"{hook}/messages/@original", {"content": "x"})
    fake.advance(15 * 60)
    expired = await raw.ask("PATCH", f"{hook}/messages/@original", {"content": "y"})
    overdue = await fake.slash("draw")
    fake.advance(4)
    missed = await raw.ask("POST", f"/interactions/{overdue.id}/{overdue.token}/callback", {"type": 5})

    assert early[1]["code"] == 10015
    assert first[1]["interaction"]["response_message_loading"] is True
    assert second[1]["code"] == 40060
    assert edited[1]["flags"] == 0
    assert expired == (401, {"message": "Invalid Webhook Token", "code": 50027})
    assert missed[1]["code"] == 10062


async def test_old_messages_bear_few_edits_and_archived_threads_none(fake: FakeDiscord, raw: Raw) -> None:
    thread = fake.add_thread("deep")
    old = (await raw.ask("POST", f"/channels/{fake.channel.id}/messages", {"content": "x"}))[1]["id"]
    deep = (await raw.ask("POST", f"/channels/{thread.id}/messages", {"content": "x"}))[1]["id"]
    fake.archive(thread)
    fake.advance(3601)

    edits = [
        await raw.ask("PATCH", f"/channels/{fake.channel.id}/messages/{old}", {"content": str(n)})
        for n in range(4)
    ]
    closed = await raw.ask("PATCH", f"/channels/{thread.id}/messages/{deep}", {"content": "y"})
    opened = await raw.ask("PATCH", f"/channels/{thread.id}", {"archived": False})
    again = await raw.ask("PATCH", f"/channels/{thread.id}/messages/{deep}", {"content": "y"})

    assert [status for status, _ in edits] == [200, 200, 200, 429]
    assert edits[3][1]["code"] == 30046
    assert closed[1]["code"] == 50083
    assert (opened[0], again[0]) == (200, 200)


async def test_an_upload_over_the_limit_is_too_large(fake: FakeDiscord) -> None:
    small = fake.add_guild("Small", upload_limit=10)
    channel = fake.add_channel("tiny", small)
    async with running(fake) as bot:
        await bot.wait_until_ready()
        with pytest.raises(discord.HTTPException) as refused:
            await bot.get_partial_messageable(channel.id).send(file=file())

    assert (refused.value.status, refused.value.code) == (413, 40005)


async def test_files_are_served_until_their_address_expires(fake: FakeDiscord) -> None:
    kept = fake.upload("a b.png", picture())
    async with aiohttp.ClientSession() as session:
        async with session.get(kept.url) as answer:
            served = answer.status, answer.content_type, await answer.read()
        fake.advance(25 * 3600)
        async with session.get(kept.url) as answer:
            late = answer.status

    assert kept.filename == "a_b.png"
    assert served == (200, "image/png", picture())
    assert late == 404


async def test_components_v2_cannot_mix_with_the_old_fields_nor_be_left(fake: FakeDiscord, raw: Raw) -> None:
    path = f"/channels/{fake.channel.id}/messages"
    text = [{"type": 10, "content": "hi"}]

    mixed = await raw.ask("POST", path, {"flags": V2, "components": text, "content": "x"})
    _, plain = await raw.ask("POST", path, {"content": "x"})
    uncleared = await raw.ask("PATCH", f"{path}/{plain['id']}", {"flags": V2, "components": text})
    cleared = await raw.ask(
        "PATCH", f"{path}/{plain['id']}", {"flags": V2, "components": text, "content": None}
    )
    back = await raw.ask("PATCH", f"{path}/{plain['id']}", {"content": "x"})

    assert mixed[1]["code"] == uncleared[1]["code"] == back[1]["code"] == 50035
    assert cleared[1]["flags"] == V2


async def test_moderators_commands_are_hidden_from_members(fake: FakeDiscord) -> None:
    async with running(fake):
        options = {"role": fake.guild.roles[1], "member": fake.user, "where": fake.channel}
        with pytest.raises(Impossible):
            await fake.slash("pool rule", options)
        with pytest.raises(Impossible):
            await fake.slash("paint", {"prompt": "x", "size": 9})
        answer = await (await fake.slash("pool rule", options, user=fake.moderator)).answered()

    assert answer.content == "easel ada general"


async def test_rate_limits_are_kept_and_counted() -> None:
    async with FakeDiscord(rate_limits=True) as fake, aiohttp.ClientSession() as session:
        raw = Raw(fake, session)
        path = f"/channels/{fake.channel.id}/messages"
        answers = [await raw.ask("POST", path, {"content": "x"}) for _ in range(6)]
        fake.advance(5)
        after = await raw.ask("POST", path, {"content": "x"})

    assert [status for status, _ in answers] == [200] * 5 + [429]
    assert 0 < answers[5][1]["retry_after"] <= 5
    assert after[0] == 200
    assert len(fake.rate_limited) == 1


async def test_a_bad_form_is_found_and_refused(fake: FakeDiscord, raw: Raw) -> None:
    button = {"type": 2, "style": 1, "label": "x", "custom_id": "c" * 101}
    body = {"content": "x", "components": [{"type": 1, "components": [button]}]}

    refused = await raw.ask("POST", f"/channels/{fake.channel.id}/messages", body)

    assert refused[1]["code"] == 50035
    assert "custom_id" in str(refused[1]["errors"])
    assert fake.oracle_skipped or "custom_id" in fake.findings[0]


async def test_pings_are_what_the_allowed_mentions_let_through(fake: FakeDiscord, raw: Raw) -> None:
    words = {"content": f"{fake.user.mention} @everyone", "allowed_mentions": {"parse": ["users"]}}

    await raw.ask("POST", f"/channels/{fake.channel.id}/messages", words)

    assert fake.messages()[0].pings == {str(fake.user.id)}


async def test_the_transcript_tells_what_happened(fake: FakeDiscord, raw: Raw) -> None:
    await raw.ask("POST", f"/channels/{fake.channel.id}/messages", {"content": "x"})

    assert fake.transcript()[0].endswith(f'POST /channels/{fake.channel.id}/messages 200 {{"content":"x"}}')
