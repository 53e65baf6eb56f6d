"""The Discord client: what it listens to, its buttons and commands, and the one place where commands' errors end.
Never here: what commands and buttons do, and who built the services."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

import discord
from discord import app_commands
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route
from typing_extensions import override

from bot.domain.schedule import CLOCKS_DIFFER_MS
from bot.domain.servers.guild_ports import SharedState
from bot.errors import StartupDelayed, StartupError, StorageTrouble
from bot.services.presence import other_application
from bot.ui.accounts.owners import owner_ids
from bot.ui.controls import dispatch
from bot.ui.kit.command_texts import CatalogueTranslator
from bot.ui.kit.context import Context
from bot.ui.kit.error_sentences import NETWORK
from bot.ui.pools.options import settled

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from bot.i18n import Catalogues
    from bot.services.wiring import Services
    from bot.ui.kit.context import AnyInteraction

log = logging.getLogger(__name__)

EXTENSIONS: Final = (
    "cogs.help",
    "cogs.imagine",
    "cogs.jobs",
    "cogs.moderation",
    "cogs.pictures",
    "cogs.pools",
    "cogs.preferences",
    "cogs.servers",
)
"""Loaded by name, so that nothing in `bot` imports a cog."""
SHORTENING: Final = "cogs.shorten"
"""Loaded besides where an account of the owner's may shorten prompts."""
DRAWING: Final = "cogs.draw"
"""Loaded besides where the owner named a second engine."""
COMMAND_IDS: Final = "command_ids"
"""Under this name the store keeps the ids that Discord gave the commands, for every process."""
SYNCING: Final = "commands_syncing"
"""Under this name the store keeps until when, in milliseconds since 1970, some process is telling Discord the commands."""
TURN_S: Final = 10.0
"""Whoever takes longer, or died meanwhile, leaves the telling to the next process."""
SYNCED: Final = "commands_synced"
"""Under this name the store keeps the hash of the commands that Discord has."""
OWNERS_SYNCED: Final = "owner_commands_synced"
"""Under this name the store keeps the hash of those that Discord has for the owner's server alone."""
OWNER_GUILD_ADVICE: Final = "check the id, and invite the bot there"
CHAT: Final = discord.AppCommandType.chat_input.value
OWNERS_S: Final = 300.0
"""For how long it is remembered who owns the application."""
LONGEST_WAIT_S: Final = 60.0
"""A rate limit that asks for more becomes an error, which the publisher turns into a later try."""


def extensions_of(*, shortens: bool, draws: bool) -> tuple[str, ...]:
    """The cogs of a deployment whose accounts can do this."""
    return (*EXTENSIONS, *([SHORTENING] if shortens else []), *([DRAWING] if draws else []))


class Meta(SharedState, Protocol):
    """A few words that outlive the process."""

    async def set(self, name: str, value: str, /) -> None:
        """Store it."""


class EaselTree(app_commands.CommandTree["Easel"]):
    """The command tree; commands have no error handlers of their own."""

    @override
    async def on_error(
        self, interaction: discord.Interaction[Easel], error: app_commands.AppCommandError, /
    ) -> None:
        """Answer with a sentence, whatever it was."""
        await Context(interaction).reply_error(error, reference=str(interaction.id))


class Easel(commands.AutoShardedBot):
    """The bot. It needs the guilds intent only, caches no members and no messages, and pings nobody."""

    def __init__(
        self,
        *,
        catalogues: Catalogues,
        meta: Meta,
        services: Services | None = None,
        extensions: Sequence[str] = EXTENSIONS,
        sync_commands: bool = True,
        shard_count: int | None = None,
        shard_ids: Sequence[int] | None = None,
        owner_guild: int | None = None,
        pools_differ: bool = False,
        helps: bool = True,
    ) -> None:
        """`pools_differ` and `helps` decide which commands and options Discord is told."""
        discord.VoiceClient.warn_nacl = False  # no voice here, so nothing is missing (facts §3.1)
        discord.VoiceClient.warn_dave = False
        options: dict[str, Any] = {} if shard_ids is None else {"shard_ids": list(shard_ids)}
        super().__init__(
            command_prefix=commands.when_mentioned,  # never used, but any other asks for message contents
            help_command=None,
            tree_cls=EaselTree,
            intents=discord.Intents(guilds=True),
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_contexts=app_commands.AppCommandContext(guild=True),
            allowed_installs=app_commands.AppInstallationType(guild=True),
            max_ratelimit_timeout=LONGEST_WAIT_S,
            shard_count=shard_count,
            **options,
        )
        self.services: Services
        """The composition root hands them in before the start: what they publish through needs this client first."""
        if services is not None:
            self.services = services
        self.catalogues = catalogues
        self._meta = meta
        self._command_ids: dict[str, int] = {}
        self._own_extensions = tuple(extensions)
        self._sync_commands = sync_commands
        self._pools_differ = pools_differ
        self.helps = helps
        """Whether a chat model helps with prompts."""
        self.owner_guild = None if owner_guild is None else discord.Object(owner_guild)
        """Where the owner's own commands stand; None: nowhere."""
        self._owners: tuple[int, ...] = ()
        self._owners_until = 0.0
        self.on_setup: Callable[[], Awaitable[None]] | None = None
        """Called once, when the client may speak to Discord: the composition root starts its engine there."""

    @override
    async def setup_hook(self) -> None:
        """Once, after login and before the gateway: buttons answer and commands stand before the first event."""
        for name in self._own_extensions:
            try:
                await self.load_extension(name)
            except commands.ExtensionError as error:
                raise StartupError(f"the commands of {name} could not be loaded: {error}") from error
        await self.tree.set_translator(CatalogueTranslator(self.catalogues))
        try:
            await self._check_application()
            if self._sync_commands:
                await self.sync_if_changed()
                await self._try_owner_guild()
        except StorageTrouble as trouble:
            raise StartupDelayed(f"The database does not answer: {trouble}.") from None
        if self.on_setup is not None:
            await self.on_setup()

    async def _check_application(self) -> None:
        """Raise `StartupError` where another application's bot is in the servers that the database knows.

        To this one all of them would look left, and what is under way there could not be shown.
        """
        other = await other_application(self._meta, self.application_id)
        if other is not None:
            raise StartupError(
                f"EASEL_DISCORD_TOKEN is of application {self.application_id}, and this database is of application {other}: put "
                "the right token in, or, if the bot has become another application on purpose, run "
                f"`easel servers application {self.application_id}` and start again."
            )

    async def sync_if_changed(self, *, force: bool = False) -> bool:
        """Tell Discord the commands if they differ from those it was told last; says whether it did.

        Discord being in trouble is no reason not to start: the commands it has go on working.
        """
        fingerprint = self._fingerprint()
        if not force and not await self._has_turn(fingerprint):
            return False
        try:
            synced = await self._put_commands()
        except (discord.HTTPException, app_commands.AppCommandError, *NETWORK):
            log.exception("commands_not_synced")
            await self._meta.set(SYNCING, "0")
            return False
        self._command_ids = {
            command["name"]: int(command["id"]) for command in synced if command.get("type", CHAT) == CHAT
        }
        await self._meta.set(COMMAND_IDS, json.dumps(self._command_ids))
        await self._meta.set(SYNCED, fingerprint)
        await self._meta.set(SYNCING, "0")
        log.info("commands_synced", extra={"commands": len(synced)})
        return True

    async def sync_owner_guild(self, *, force: bool = False) -> None:
        """Tell Discord the commands of the owner's server if they differ from those it was told last.

        Raises `StartupError` or `StartupDelayed` with one sentence where Discord does not take them.
        """
        guild = self.owner_guild
        if guild is None:
            return
        fingerprint = self._fingerprint(guild)
        if not force and await self._meta.get(OWNERS_SYNCED) == fingerprint:
            return
        application_id, told = self.application_id or 0, await self._payloads(guild)
        try:
            await self.http.bulk_upsert_guild_commands(application_id, guild.id, told)
        except (discord.Forbidden, discord.NotFound):
            raise StartupError(
                f"Discord does not take /ops for {guild.id}, which EASEL_OWNER_GUILD names: {OWNER_GUILD_ADVICE}."
            ) from None
        except (discord.HTTPException, *NETWORK) as error:
            raise StartupDelayed(
                f"Discord does not take /ops for the server of EASEL_OWNER_GUILD now: {error}."
            ) from None
        await self._meta.set(OWNERS_SYNCED, fingerprint)

    async def _try_owner_guild(self) -> None:
        """A server that is shut is no reason not to start; it is tried again at the next one."""
        try:
            await self.sync_owner_guild()
        except StartupError as refusal:
            log.warning("owner_commands_not_synced", extra={"reason": str(refusal)})

    async def _has_turn(self, fingerprint: str) -> bool:
        """Whether it falls to this process to tell Discord: of several that start together one does, the others wait."""
        while await self._meta.get(SYNCED) != fingerprint:
            held = await self._meta.get(SYNCING)
            now = time.time_ns() // 1_000_000
            longest = round(TURN_S * 1_000) + CLOCKS_DIFFER_MS  # beyond it a clock wrote that stood ahead
            free = not now < int(held or 0) <= now + longest
            if free and await self._meta.swap(SYNCING, held, str(now + round(TURN_S * 1_000))):
                if await self._meta.get(SYNCED) != fingerprint:
                    return True
                await self._meta.set(SYNCING, "0")  # another one has told Discord since we looked
            await asyncio.sleep(TURN_S / 20)
        return False

    async def command_ids(self) -> Mapping[str, int]:
        """Discord's ids of the commands by name, as some process was told them; empty while nobody was."""
        if not self._command_ids:
            with suppress(ValueError, TypeError):  # what another version wrote in another way
                self._command_ids = dict(json.loads(await self._meta.get(COMMAND_IDS) or "{}"))
        return self._command_ids

    async def owners(self) -> Sequence[int]:
        """Who owns the application, the first of a team first, some minutes old at most. Raises what discord.py does."""
        now = asyncio.get_running_loop().time()
        if not self._owners or now >= self._owners_until:
            self._owners = owner_ids(await self.application_info())
            self._owners_until = now + OWNERS_S
        return self._owners

    def is_in(self, guild_id: int) -> bool:
        """Whether it is in a server of its shards, as Discord has told it by now; one in trouble counts."""
        return self.get_guild(guild_id) is not None

    async def _put_commands(self) -> Sequence[Mapping[str, Any]]:
        """Put the commands in the place of those that Discord has; returns what it has then. Raises what discord.py does."""
        id_ = self.application_id
        if id_ is None:
            raise app_commands.MissingApplicationID
        return await self.http.bulk_upsert_global_commands(id_, await self._payloads())

    async def _payloads(self, guild: discord.Object | None = None) -> list[Any]:
        """What Discord is told of the commands, translations and all."""
        translator = CatalogueTranslator(self.catalogues)
        return [
            settled(
                await command.get_translated_payload(self.tree, translator),
                pools_differ=self._pools_differ,
                helps=self.helps,
            )
            for command in self.tree.get_commands(guild=guild)
        ]

    def english_payloads(self, guild: discord.Object | None = None) -> list[dict[str, Any]]:
        """What Discord is told of the commands, without translations."""
        return [
            settled(command.to_dict(self.tree), pools_differ=self._pools_differ, helps=self.helps)
            for command in self.tree.get_commands(guild=guild)
        ]

    def _fingerprint(self, guild: discord.Object | None = None) -> str:
        """A hash over all that what Discord is told is made of; the sentences unread, for most starts tell nothing."""
        told = self.english_payloads(guild)
        if guild is not None:
            told = [one | {"guild": guild.id} for one in told]
        told.sort(key=lambda command: (command.get("type", 1), command["name"]))
        made_of = [self.application_id, told, self.catalogues.digest]
        spelled = json.dumps(made_of, sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(spelled.encode()).hexdigest()

    async def on_interaction(self, interaction: AnyInteraction) -> None:
        """Answer buttons, menus and modals; commands have a tree."""
        await dispatch(interaction)

    @override
    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """Log which event failed; its arguments may hold what people wrote."""
        log.error("event_failed", exc_info=sys.exc_info(), extra={"event_name": event_method})


def use_addresses(api: str | None, gateway: str | None) -> None:
    """Use other addresses for Discord in this process (design §8): `http://…/api/v10`, `ws://…`."""
    if api is not None:
        Route.BASE = api.rstrip("/")
    if gateway is not None:
        address = type(
            DiscordWebSocket.DEFAULT_GATEWAY
        )  # yarl's URL, which is discord.py's dependency, not ours
        DiscordWebSocket.DEFAULT_GATEWAY = address(gateway)
