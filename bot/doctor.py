"""`easel doctor`: looks at everything the bot needs, one check after the other, and says what to do about each.
Never here: repairs, and anything that costs money."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import aiohttp
import discord

from bot.client import point_at
from bot.errors import RemoteError, RemoteFault, StartupError, StorageTrouble
from bot.midjourney.ohmygpt.client import ApiSettings, MidjourneyApi
from bot.midjourney.ohmygpt.webhook import webhook_address
from bot.midjourney.transport import open_lines
from bot.storage import open_storage
from bot.storage.vault import FernetVault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.config import Settings

LITTLE_DISK: Final = 200 * 1024 * 1024
"""Below this a busy bot is in danger: SQLite refuses to write when the disk is full."""
FEW_STARTS: Final = 0.25
"""Discord resets a token that identifies 1,000 times in a day (discord.py facts §3.6)."""
PATIENCE_S: Final = 10
ADVICE: Final = {
    RemoteFault.KEY: "make a key with the Midjourney permission and put it into EASEL_OHMYGPT_KEY",
    RemoteFault.BALANCE: "top the account up",
    RemoteFault.UNREACHED: "check the network and EASEL_OHMYGPT_ORIGIN",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    name: str
    fine: bool
    words: str


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Run every check; a failed one does not stop the others."""
    point_at(settings.discord_api, settings.discord_gateway)
    yield await _database(settings)
    yield _disk(settings)
    yield await _own_keys(settings)
    yield await _discord(settings)
    async for finding in _upstream(settings):
        yield finding
    yield await _address(settings)


async def _database(settings: Settings) -> Finding:
    """Open it as it is, without migrating: a running bot may be using it."""
    try:
        async with open_storage(settings.database, migrate=False) as storage:
            await storage.check()
    except (StartupError, StorageTrouble) as error:
        return Finding("database", fine=False, words=str(error))
    return Finding("database", fine=True, words="can be read and written")


def _disk(settings: Settings) -> Finding:
    if not settings.database.startswith("sqlite"):
        return Finding("disk", fine=True, words="the database is elsewhere")
    folder = Path(settings.database.partition(":///")[2]).resolve().parent
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Finding("disk", fine=False, words=f"{folder} cannot be looked at: {error.strerror}")
    words = f"{free // 1024**2:,} MiB free in {folder}"
    if free < LITTLE_DISK:
        return Finding("disk", fine=False, words=f"{words}: make room, jobs are refused when it is full")
    return Finding("disk", fine=True, words=words)


async def _own_keys(settings: Settings) -> Finding:
    """Try the master keys on what is stored; their form was checked when the settings were read."""
    if not settings.master_key:
        return Finding("servers' keys", fine=True, words="off (no EASEL_MASTER_KEY)")
    vault = FernetVault([key.get_secret_value() for key in settings.master_key])
    try:
        async with open_storage(settings.database, migrate=False) as storage:
            stored = await storage.guilds.keys.every()
    except (StartupError, StorageTrouble):
        return Finding("servers' keys", fine=False, words="cannot be read while the database cannot")
    shut = sum(vault.open(key.account.guild_id, key.sealed) is None for key in stored)
    if shut:
        return Finding(
            "servers' keys",
            fine=False,
            words=f"{shut} of {len(stored)} open with no key of EASEL_MASTER_KEY: add the one that sealed them",
        )
    state = "" if settings.server_keys == "on" else "switched off by EASEL_SERVER_KEYS; "
    return Finding("servers' keys", fine=True, words=f"{state}{len(stored)} stored, all can be opened")


async def _discord(settings: Settings) -> Finding:
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    client = discord.AutoShardedClient(intents=discord.Intents(guilds=True))
    try:
        async with client:
            await client.login(settings.discord_token.get_secret_value())
            limits = await client.fetch_session_start_limits()
            name = str(client.user)
    except discord.LoginFailure:
        return Finding(
            "Discord",
            fine=False,
            words="refused EASEL_DISCORD_TOKEN: copy it again from the developer portal",
        )
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        return Finding(
            "Discord",
            fine=False,
            words=f"cannot be reached ({type(error).__name__}): check the network and EASEL_DISCORD_API",
        )
    words = f"knows me as {name}; {limits.remaining} of {limits.total} starts left today"
    return Finding("Discord", fine=limits.remaining >= limits.total * FEW_STARTS, words=words)


async def _upstream(settings: Settings) -> AsyncIterator[Finding]:
    admin = settings.ohmygpt_admin_key
    async with open_lines() as lines:
        api = MidjourneyApi(
            lines,
            ApiSettings(
                key=settings.ohmygpt_key.get_secret_value(),
                origin=settings.ohmygpt_origin,
                storage=settings.ohmygpt_storage,
                admin_key=None if admin is None else admin.get_secret_value(),
                form=settings.form_encoding,
            ),
        )
        try:
            page = await api.page(1, size=5)
        except RemoteError as error:
            advice = ADVICE.get(error.fault, "see whether the service still offers Midjourney, or try later")
            yield Finding("image API", fine=False, words=f"{error.message}: {advice}")
        else:
            yield Finding("image API", fine=True, words=f"takes the key; {page.total} tasks on the account")
        if admin is None:
            return
        try:
            balance = await api.balance()
        except RemoteError as error:
            yield Finding(
                "balance", fine=False, words=f"cannot be read with EASEL_OHMYGPT_ADMIN_KEY: {error.message}"
            )
        else:
            yield Finding("balance", fine=balance.total > 0, words=f"{balance.total:,} credits")


async def _address(settings: Settings) -> Finding:
    """Come in from outside: the public address must lead to a running bot's own page."""
    if settings.public_url is None:
        return Finding("webhooks", fine=True, words="off (no EASEL_PUBLIC_URL): the bot polls")
    # A token that no job has: the receiver answers 204 to every token.
    address = webhook_address(settings.public_url, "doctor" * 6)
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(str(address), json={}, allow_redirects=False) as response,
        ):
            status = response.status
    except (aiohttp.ClientError, OSError) as error:
        return Finding(
            "webhooks",
            fine=False,
            words=f"{settings.public_url} does not lead here ({type(error).__name__}): start the bot, then check the "
            "reverse proxy and EASEL_WEB_LISTEN",
        )
    if status != 204:  # noqa: PLR2004 - the receiver's one answer
        return Finding(
            "webhooks",
            fine=False,
            words=f"{settings.public_url} answers {status} instead of 204: something else listens there",
        )
    return Finding("webhooks", fine=True, words=f"{settings.public_url} leads to the receiver")
