"""A toy bot with one of each thing that Easel uses of discord.py, to prove the wire double with.
Never here: Easel's own code."""

from __future__ import annotations

import asyncio
import contextlib
import io
import signal
import sys
from typing import TYPE_CHECKING, Any, Self

import discord
import yarl
from discord import app_commands
from discord.ext import commands
from PIL import Image
from typing_extensions import override

if TYPE_CHECKING:
    import re
    from collections.abc import AsyncIterator

    import aiohttp

    from tests.fakes.discord_wire import FakeDiscord


def picture(colour: str = "navy", size: tuple[int, int] = (8, 6)) -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", size, colour).save(kept, "PNG")
    return kept.getvalue()


def file(name: str = "fox.png", colour: str = "navy") -> discord.File:
    return discord.File(io.BytesIO(picture(colour)), name)


class Vary(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"toy:1:(?P<key>\w+)"):
    """A button that survives restarts: the key in it says everything."""

    def __init__(self, key: str, item: discord.ui.Button[Any] | None = None) -> None:
        super().__init__(item or discord.ui.Button(label="Vary", emoji="🎲", custom_id=f"toy:1:{key}"))
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
        self.tree.add_command(paint)
        self.tree.add_command(late)
        self.tree.add_command(pool)
        self.tree.add_command(choose)
        self.tree.add_command(describe)

    @override
    async def setup_hook(self) -> None:
        self.add_dynamic_items(Vary)
        await self.tree.sync()

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        self.interactions.append(interaction)


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


class Choice(discord.ui.Select[Any]):
    """A select that says what was chosen."""

    def __init__(self) -> None:
        options = [
            discord.SelectOption(label=name.title(), value=name, emoji="🖼️") for name in ("square", "wide")
        ]
        super().__init__(custom_id="shape", placeholder="Shape", options=options)

    @override
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        view = discord.ui.View()
        view.add_item(discord.ui.Button(label="Done", custom_id="done", disabled=True))
        await interaction.response.edit_message(content=f"chose {self.values[0]}", view=view)


@app_commands.command(description="Offers shapes")
@app_commands.describe(name="typed")
async def choose(interaction: discord.Interaction[Any], name: str) -> None:
    view = discord.ui.View(timeout=60)
    view.add_item(Choice())
    await interaction.response.send_message(name, view=view)


@choose.autocomplete("name")
async def names(_: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
    return [
        app_commands.Choice(name=name, value=name) for name in ("fox", "hare") if name.startswith(current)
    ]


@app_commands.context_menu(name="Describe picture")
async def describe(interaction: discord.Interaction[Any], message: discord.Message) -> None:
    await interaction.response.send_message(message.attachments[0].filename, ephemeral=True)


async def quiet(_: discord.Interaction[Any], error: app_commands.AppCommandError) -> None:
    """An error handler for a test that expects "already acknowledged"."""
    assert "40060" in str(error)


def aim(api: str, gateway: str) -> None:
    """Turn discord.py towards another Discord (discord.py facts §3.7)."""
    discord.VoiceClient.warn_nacl = False
    discord.VoiceClient.warn_dave = False
    discord.http.Route.BASE = api
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)


@contextlib.asynccontextmanager
async def running(fake: FakeDiscord, **more: Any) -> AsyncIterator[Toy]:
    """A toy bot in this process, connected."""
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


async def synced(fake: FakeDiscord, raw: Raw) -> None:
    command = {"name": "draw", "type": 1, "description": "Draw"}
    await raw.ask("PUT", f"/applications/{fake.application_id}/commands", [command])


async def main(api: str, gateway: str, token: str) -> None:
    """The toy as a program of its own; SIGTERM ends it in good order."""
    aim(api, gateway)
    async with Toy() as bot:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        running_bot = asyncio.create_task(bot.start(token))
        await stop.wait()
        await bot.close()
        await running_bot


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
