"""`python -m tests.bench.bare_bot API GATEWAY TOKEN [MODULE …]`: a bot of discord.py's that defers, and edits that as often as asked.
Never here: anything of Easel's, and anything that discord.py would not import by itself or the modules named."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import signal
import sys
from typing import Any

import discord
import yarl
from discord import app_commands
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route
from typing_extensions import override


class Bare(commands.AutoShardedBot):
    """One command and one kind of button; both say "thinking…" and forget it."""

    @override
    async def setup_hook(self) -> None:
        """Tell Discord the command."""
        self.tree.add_command(imagine)
        await self.tree.sync()

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Answer a press."""
        if interaction.type is discord.InteractionType.component:
            await interaction.response.defer(thinking=True)


@app_commands.command(name="imagine", description="Nothing.")
async def imagine(interaction: discord.Interaction[Any], prompt: str) -> None:
    """Defer, and edit that as often as the prompt says: a bot that shows cards makes these requests, whatever else it does."""
    await interaction.response.defer(thinking=True)
    for n in range(int(prompt) if prompt.isdecimal() else 0):
        await interaction.edit_original_response(content=f"{n} done")


async def run(api: str, gateway: str, token: str) -> None:
    """Run until SIGTERM."""
    Route.BASE = api
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
    bot = Bare(
        command_prefix=commands.when_mentioned,
        help_command=None,
        intents=discord.Intents(guilds=True),
        max_messages=None,
        chunk_guilds_at_startup=False,
    )
    running = asyncio.create_task(bot.start(token))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    async with bot:
        with contextlib.suppress(asyncio.CancelledError):
            await running


def main() -> None:
    """Begin."""
    for name in sys.argv[4:]:
        importlib.import_module(name)
    asyncio.run(run(*sys.argv[1:4]))


if __name__ == "__main__":
    main()
