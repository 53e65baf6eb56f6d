"""The real bot in this process, on real wires between both doubles, as the measurements want it.
Never here: figures."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot import config
from bot.app import assemble
from bot.domain.ports import Picture
from bot.sandbox.app import settings_for
from bot.sandbox.upstream import SANDBOX_KEY
from tests.fixtures.ports import free_port

if TYPE_CHECKING:
    import random
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from bot.config import Settings
    from bot.process import App
    from bot.sandbox.upstream import SimulatedUpstream
    from tests.fakes.discord_wire import FakeDiscord

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63606060000000040001"
    "f61738550000000049454e44ae426082"
)


class ReadyPictures:
    """Pictures that need no transfer: one pixel each."""

    async def fetch(self, *, storage_key: str | None, discord_url: str | None, limit: int) -> Picture:
        """The picture."""
        del storage_key, discord_url, limit
        return Picture(PIXEL, "easel.png", "image/png", 1, 1)


@asynccontextmanager
async def addresses_kept() -> AsyncIterator[None]:
    """Give discord.py its addresses back at the end."""
    kept = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = kept


@asynccontextmanager
async def easel(
    fake: FakeDiscord,
    upstream: SimulatedUpstream,
    folder: Path,
    *,
    webhooks: bool = False,
    ready: bool = True,
    transfers: bool = False,
    **more: str,
) -> AsyncIterator[App]:
    """Run the bot between the doubles; `more` are settings. Without `transfers` pictures are there at once."""
    settings = {
        "DISCORD_TOKEN": fake.token,
        "DISCORD_API": fake.api,
        "DISCORD_GATEWAY": fake.gateway,
        "DEFAULT_RULES": "NORMAL=unlimited,FAST=unlimited",
        "MAX_RUNNING": "1000",
        "STOP_TIMEOUT": "1",
        **more,
    }
    if webhooks:
        address = f"127.0.0.1:{free_port()}"
        settings |= {"WEB_LISTEN": address, "PUBLIC_URL": f"http://{address}"}
    named = {f"EASEL_{name}": value for name, value in settings.items()}
    chosen = settings_for(upstream, folder / "easel.db", more=named)
    async with addresses_kept(), assemble(chosen) as app:
        if not transfers:
            app.services.worker.delivery.pictures = ReadyPictures()
        running = asyncio.create_task(app.run(), name="easel")
        try:
            if ready:
                await fake.ready()
            yield app
        finally:
            app.stopping.set()
            await running


def distant_settings(origin: str, folder: Path, **more: str) -> Settings:
    """Settings for an image API in another process."""
    named = {
        "DISCORD_TOKEN": "a-token-that-nobody-checks",
        "OHMYGPT_KEY": SANDBOX_KEY,
        "OHMYGPT_ORIGIN": origin,
        "OHMYGPT_STORAGE": origin,
        "WSRV_ORIGIN": f"{origin}/wsrv/",
        "IMAGE_HOSTS": origin.removeprefix("http://"),
        "DATABASE": f"sqlite+aiosqlite:///{(folder / 'easel.db').as_posix()}",
        "DEFAULT_RULES": "NORMAL=unlimited,FAST=unlimited",
        "MAX_RUNNING": "1000",
        "STOP_TIMEOUT": "1",
        **more,
    }
    return config.load({f"EASEL_{name}": value for name, value in named.items()})


def moments(per_second: float, seconds: float, dice: random.Random) -> Iterator[float]:
    """When people act: at random, so many a second."""
    at = dice.expovariate(per_second)
    while at < seconds:
        yield at
        at += dice.expovariate(per_second)
