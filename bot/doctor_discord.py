"""The doctor's look at Discord: token, starts, commands, clock, and what the bot may do on each server.
Never here: anything that changes something there."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from time import time
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import discord
from discord.http import Route

from bot.client import OWNER_GUILD_ADVICE, Easel, extensions_of
from bot.finding import Finding
from bot.i18n import Catalogues
from bot.image_accounts import open_accounts
from bot.invitation import invite_link, missing
from bot.midjourney.transport import open_clients

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from bot.config import Settings
    from bot.domain.servers.access import ChannelPolicy

    Policies = Callable[[int], Awaitable[ChannelPolicy]]
    """Where a server allows pictures."""

FEW_STARTS: Final = 0.25
"""Discord resets a token that identifies 1,000 times in a day (discord.py facts §3.6)."""
MOST_SERVERS: Final = 100
"""Looked at one by one, at three requests each."""
MOST_CHANNELS: Final = 10
SKEW_S: Final = 10
PATIENCE_S: Final = 10


class _NoMeta:
    """The doctor remembers nothing."""

    async def get(self, _name: str) -> str | None:
        """Nothing."""
        return None

    async def set(self, _name: str, _value: str) -> None:
        """Forget it."""

    async def swap(self, _name: str, _old: str | None, _new: str) -> bool:
        """Nobody else is there."""
        return True


async def examine_discord(settings: Settings, policies: Policies) -> AsyncIterator[Finding]:
    """Run the checks that need the token; if it is refused, or Discord is away, that is the one finding."""
    async with open_clients() as clients:
        accounts = open_accounts(
            settings, clients
        )  # nobody is asked: which commands there are is said by the settings
    client = Easel(
        catalogues=Catalogues.load(),
        meta=_NoMeta(),
        sync_commands=False,
        pools_differ=accounts.pools_differ,
        helps=settings.helper_model is not None and accounts.may_chat,
        extensions=extensions_of(shortens=accounts.some_speak_mj, draws=accounts.draws),
    )
    try:
        async with client:
            await client.login(settings.discord_token.get_secret_value())
            limits = await client.fetch_session_start_limits()
            words = f"knows me as {client.user}; {limits.remaining} of {limits.total} starts left today"
            fine = limits.remaining >= limits.total * FEW_STARTS
            yield Finding(
                "Discord", fine=fine, words=words if fine else f"{words}: find out what restarts the bot"
            )
            yield await _commands(client)
            if settings.owner_guild is not None:
                yield await _owner_commands(client, settings.owner_guild)
            yield await _servers(client, policies)
    except discord.LoginFailure:
        yield Finding(
            "Discord",
            fine=False,
            words="refused EASEL_DISCORD_TOKEN: copy it again from the developer portal",
        )
    except (discord.HTTPException, discord.GatewayNotFound, aiohttp.ClientError, OSError) as error:
        yield Finding(
            "Discord",
            fine=False,
            words=f"cannot be reached ({type(error).__name__}): check the network and EASEL_DISCORD_API",
        )


async def _commands(client: Easel) -> Finding:
    known = {_signature(command.to_dict()) for command in await client.tree.fetch_commands()}
    ours = {_signature(command) for command in client.english_payloads()}
    if not known:
        return Finding("commands", fine=True, words="Discord knows none yet: `easel run` tells it")
    if known != ours:
        return Finding(
            "commands",
            fine=False,
            words="Discord knows others: `easel sync` tells it, or the next `easel run`",
        )
    return Finding("commands", fine=True, words=f"Discord knows all {len(ours)}")


async def _owner_commands(client: Easel, guild_id: int) -> Finding:
    """Whether `/ops` stands, or can stand, in the server that the owner named."""
    name = "owner's server"
    try:
        known = await client.tree.fetch_commands(guild=discord.Object(guild_id))
    except (discord.Forbidden, discord.NotFound):
        words = (
            f"Discord shows the bot no server {guild_id}, which EASEL_OWNER_GUILD names: {OWNER_GUILD_ADVICE}"
        )
        return Finding(name, fine=False, words=words)
    words = "has /ops" if known else "has no /ops yet: `easel run` tells Discord"
    return Finding(name, fine=True, words=words)


def _signature(command: Any) -> tuple[Any, ...]:
    """What of a command people would notice if it were different."""
    options = tuple(_signature(option) for option in command.get("options") or ())
    kind: Any = command.get("type") or discord.AppCommandType.chat_input
    number: Any = getattr(kind, "value", kind)
    return int(number), command["name"], command.get("description") or "", options


async def _servers(client: Easel, policies: Policies) -> Finding:
    guilds = [guild async for guild in client.fetch_guilds(limit=None, with_counts=False)]
    if not guilds:
        link = invite_link(client.application_id or 0)
        return Finding("servers", fine=False, words=f"none yet: invite the bot with {link}")
    lacking: list[str] = []
    for guild in guilds[:MOST_SERVERS]:
        lacking += await _lacking(client, guild.id, await policies(guild.id))
    count = f"{len(guilds)} server" + "s" * (len(guilds) != 1)
    if len(guilds) > MOST_SERVERS:
        count += f", of which the first {MOST_SERVERS} were looked at"
    if not lacking:
        return Finding(
            "servers", fine=True, words=f"{count}; every permission is there where pictures are allowed"
        )
    more = f", and {len(lacking) - MOST_CHANNELS} more" if len(lacking) > MOST_CHANNELS else ""
    return Finding(
        "servers",
        fine=False,
        words=f"{count}; give the bot's role these permissions: {'; '.join(lacking[:MOST_CHANNELS])}{more}",
    )


async def _lacking(client: Easel, guild_id: int, policy: ChannelPolicy) -> list[str]:
    """Name each channel where pictures are allowed and something is missing.

    What the bot cannot see is none of its business, unless moderators named it.
    """
    guild = await client.fetch_guild(guild_id, with_counts=False)
    me = await guild.fetch_member(client.user.id if client.user else 0)
    found = []
    for channel in await guild.fetch_channels():
        if not isinstance(channel, discord.TextChannel):
            continue
        lineage = [channel.id, *([channel.category_id] if channel.category_id else [])]
        held = channel.permissions_for(me)
        named = any(place in policy.allowed for place in lineage)
        if policy.permits(lineage) and (held.view_channel or named) and (names := missing(held)):
            found.append(f"{', '.join(names)} in #{channel.name} ({guild.name})")
    return found


async def clock_of(api: str | None) -> Finding:
    """Compare this machine's clock with Discord's; needs no token."""
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{api or Route.BASE}/gateway") as response,
        ):
            told = response.headers.get("Date")
    except (aiohttp.ClientError, OSError):
        return Finding("clock", fine=True, words="not compared: Discord cannot be reached")
    try:
        away = time() - parsedate_to_datetime(told or "").timestamp()
    except ValueError:
        return Finding("clock", fine=True, words="not compared: Discord told no time")
    if abs(away) > SKEW_S:
        way = "ahead" if away > 0 else "behind"
        return Finding(
            "clock", fine=False, words=f"{abs(away):.0f} s {way} of Discord's: set it, and keep it set (NTP)"
        )
    return Finding("clock", fine=True, words="agrees with Discord's")
