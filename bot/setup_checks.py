"""What `easel setup` tries before it writes anything: the token at Discord, the servers, the key at the image API.
Never here: questions and answers, and calls that cost anything."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import discord

from bot.client import use_addresses
from bot.discord_refusals import discord_refusals
from bot.errors import RemoteError, RemoteFault, StartupDelayed, StartupError
from bot.finding import advice_on
from bot.image_accounts import open_accounts
from bot.midjourney.mjproxy.client import MjProxyApi
from bot.midjourney.transport import open_clients

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from decimal import Decimal

    from bot.config import Settings
    from bot.domain.ports import Clock

LOOK_EVERY_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class BotIdentity:
    """Who Discord says that a token is."""

    name: str
    application_id: int


@dataclass(frozen=True, slots=True)
class Account:
    """What the image API says of a key."""

    tasks: int | None
    """None: this kind of API does not tell."""
    credits_left: Decimal | None
    """None: the key may not read the balance."""


TIME_MAY_MEND: Final = frozenset({RemoteFault.UNREACHED, RemoteFault.THROTTLED, RemoteFault.UNCLEAR})


class NoSuchApi(StartupError):
    """What answers there is not this image API: that says nothing about the key, and another key would not mend it."""


@asynccontextmanager
async def _logged_in(settings: Settings) -> AsyncIterator[discord.Client]:
    use_addresses(settings.discord_api, settings.discord_gateway)
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    client = discord.Client(intents=discord.Intents(guilds=True))
    with discord_refusals():
        async with client:
            await client.login(settings.discord_token.get_secret_value())
            yield client


async def identify_bot(settings: Settings) -> BotIdentity:
    """Ask Discord whose token this is. Raises `StartupError`, or `StartupDelayed` if Discord is away."""
    async with _logged_in(settings) as client:
        return BotIdentity(str(client.user), client.application_id or 0)


async def wait_for_servers(settings: Settings, clock: Clock, *, seconds: float) -> list[str]:
    """Wait until the bot is on a server, at most so long; the servers' names. Raises as `identify_bot` does."""
    until = clock.now() + seconds * 1_000
    async with _logged_in(settings) as client:
        while True:
            names = [guild.name async for guild in client.fetch_guilds(limit=None, with_counts=False)]
            if names or clock.now() >= until:
                return names
            await clock.pause(LOOK_EVERY_S)


async def try_key(settings: Settings) -> Account:
    """Ask the image API, by calls that cost nothing.

    Raises `StartupDelayed` if it is away, `NoSuchApi` if it is none, and `StartupError` for what is wrong with the key.
    """
    async with open_clients() as clients:
        api = open_accounts(settings, clients).own
        tasks = None
        try:
            if isinstance(api, MjProxyApi):
                await api.check()
            else:
                tasks = (await api.page(1, size=5)).total or 0
        except RemoteError as error:
            if error.fault is RemoteFault.KEY:
                raise StartupError(
                    "The image API refuses this key: make one with the Midjourney permission."
                ) from None
            advice = advice_on(error.fault)
            if error.fault in TIME_MAY_MEND:
                raise StartupDelayed(
                    f"The image API cannot be asked now: {error.message}: {advice}."
                ) from None
            raise (NoSuchApi if error.fault is RemoteFault.REFUSED else StartupError)(
                f"The image API does not serve this key: {error.message}: {advice}."
            ) from None
        if isinstance(api, MjProxyApi):
            return Account(tasks, None)
        try:
            balance = await api.balance()
        except RemoteError:
            return Account(tasks, None)
        return Account(tasks, balance.total)
