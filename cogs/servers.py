"""Servers that come and go are noted, greeted and asked about; `/ops` for the application's owner.
Never here: what letting in means (services), and how anything looks (ui)."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.tenancy import parse_ceiling, read_id
from bot.errors import StorageTrouble, UserError
from bot.texts import text
from bot.ui.accounts.lists import NAME_LIMIT, server_line, server_list
from bot.ui.kit.command_texts import localized
from bot.ui.kit.context import Context
from bot.ui.kit.error_sentences import NETWORK
from bot.ui.kit.escape import quoted
from bot.ui.moderation.welcome import greeting, welcome_view
from cogs.upstream_keys import Keys

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from bot.client import Easel
    from bot.services.accounts.owner_policy import OwnerPolicy

log = logging.getLogger(__name__)

SUGGESTIONS = 25
USUAL = "usual"
NAMED = 10
"""How many servers that are not let in the log names at the start."""


class Servers(app_commands.Group, name="servers", description=localized("command.ops.servers")):
    """Which servers draw on the owner's accounts."""

    @app_commands.command(name="list", description=localized("command.ops.servers.list"))
    async def show(self, interaction: discord.Interaction[Easel]) -> None:
        """All of them."""
        context = Context(interaction)
        policy = await _of_owner(context)
        views = await policy.every()
        await context.send_ephemeral(content=server_list(views, context.localize))

    @app_commands.command(name="let-in", description=localized("command.ops.servers.let_in"))
    @app_commands.describe(server=localized("command.ops.server"))
    async def let_in(self, interaction: discord.Interaction[Easel], server: str) -> None:
        """Let one draw on the owner's accounts."""
        context = Context(interaction)
        policy = await _of_owner(context)
        guild_id = _id_of(server)
        await policy.let_in(guild_id, by=context.user_id)
        await _show(context, guild_id)

    @app_commands.command(name="shut-out", description=localized("command.ops.servers.shut_out"))
    @app_commands.describe(server=localized("command.ops.server"))
    async def shut_out(self, interaction: discord.Interaction[Easel], server: str) -> None:
        """Keep one off them."""
        context = Context(interaction)
        policy = await _of_owner(context)
        guild_id = _id_of(server)
        await policy.shut_out(guild_id)
        await _show(context, guild_id)

    @app_commands.command(name="ceiling", description=localized("command.ops.servers.ceiling"))
    @app_commands.describe(
        server=localized("command.ops.server"), ceiling=localized("command.ops.servers.ceiling.ceiling")
    )
    async def ceiling(self, interaction: discord.Interaction[Easel], server: str, ceiling: str) -> None:
        """Limit one, whatever its moderators decide."""
        context = Context(interaction)
        policy = await _of_owner(context)
        guild_id = _id_of(server)
        try:
            given = None if ceiling.strip().lower() == USUAL else parse_ceiling(ceiling)
        except ValueError:
            raise UserError(text("server.ceiling_form")) from None
        await policy.set_ceiling(guild_id, given)
        await _show(context, guild_id)

    @let_in.autocomplete("server")
    @shut_out.autocomplete("server")
    @ceiling.autocomplete("server")
    async def suggest(
        self, interaction: discord.Interaction[Easel], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Known servers whose name or id holds what was typed."""
        context = Context(interaction)
        if context.user_id not in await interaction.client.owners():
            return []
        servers = [view.server for view in await context.services.owner_policy.every()]
        wanted = typed.strip().casefold()
        return [
            app_commands.Choice(name=f"{s.name or '?'} ({s.guild_id})"[-100:], value=str(s.guild_id))
            for s in servers
            if wanted in f"{s.name} {s.guild_id}".casefold()
        ][:SUGGESTIONS]


class Ops(
    app_commands.Group,
    name="ops",
    description=localized("command.ops"),
    default_permissions=discord.Permissions(administrator=True),
):
    """For the owner alone; who it is gets checked each time."""

    def __init__(self) -> None:
        super().__init__()
        self.add_command(Servers())
        self.add_command(Keys())


async def _of_owner(context: Context) -> OwnerPolicy:
    """Answer first; then only for the owner."""
    await context.defer_ephemeral()
    await context.owner()
    return context.services.owner_policy


async def _show(context: Context, guild_id: int) -> None:
    view = await context.services.owner_policy.view(guild_id)
    await context.send_ephemeral(content=server_line(view, context.localize))


def _id_of(typed: str) -> int:
    guild_id = read_id(typed)
    if guild_id is None:
        raise UserError(text("server.unknown", id=quoted(typed, NAME_LIMIT)))
    return guild_id


class ServersCog(commands.Cog):
    """Hears of servers that come, go and change hands."""

    def __init__(self, bot: Easel) -> None:
        self._bot = bot

    @property
    def _owner_policy(self) -> OwnerPolicy:
        return self._bot.services.owner_policy

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Note every server; welcome those that came while nobody listened, and name those that are not let in.

        Those that left meanwhile are noted as well.
        """
        await _logged(self._look_around())

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """It is new, or back."""
        await _logged(self._welcome(guild))

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        """It may have changed hands while it was away, or have come back while nobody listened."""
        await _logged(self._note(guild))

    @commands.Cog.listener()
    async def on_guild_update(self, _before: discord.Guild, after: discord.Guild) -> None:
        """It may have changed hands."""
        await _logged(self._note(after))

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """The bot was sent away: what it keeps of the server goes in a month."""
        await _logged(self._bot.services.presence.settle(self._bot, guild.id))

    @commands.Cog.listener()
    async def on_owners_due(self) -> None:
        """Whoever came to the application's team, or left it, may own some of the servers."""
        await _logged(self._look_at_owners())

    async def _look_at_owners(self) -> None:
        owners = frozenset(await self._bot.owners())
        for server in await self._owner_policy.store.every():
            guild = self._bot.get_guild(server.guild_id)
            if guild is not None and not guild.unavailable and server.ours != (guild.owner_id in owners):
                await self._note(guild)

    async def _look_around(self) -> None:
        await self._miss_those_that_left()
        since = await self._owner_policy.since()
        outside: list[discord.Guild] = []
        for guild in self._bot.guilds:
            if guild.unavailable:  # nothing is known of it yet; it is noted when it is there
                continue
            if await self._note(guild):
                admitted = True
            else:
                admitted = False
                outside.append(guild)
            joined = None if guild.me is None else guild.me.joined_at
            if joined is not None and joined.timestamp() * 1_000 > since:
                await self._greet(guild, admitted=admitted)
        if outside:
            log.warning(
                "servers_not_let_in",
                extra={
                    "servers": len(outside),
                    "some": ", ".join(f"{g.name} ({g.id})" for g in outside[:NAMED]),
                    "help": "easel servers let-in ID, or EASEL_SERVERS=open",
                },
            )

    async def _miss_those_that_left(self) -> None:
        """Note those that sent the bot away while nobody listened: Discord names only those in which it is."""
        for view in await self._owner_policy.every():
            id_ = view.server.guild_id
            if view.server.left_at is None and not self._bot.is_in(id_) and self._is_of_our_shards(id_):
                await self._bot.services.presence.settle(self._bot, id_)

    def _is_of_our_shards(self, guild_id: int) -> bool:
        """Whether this process would hear of a server."""
        return (guild_id >> 22) % (self._bot.shard_count or 1) in (self._bot.shards or {0})

    async def _note(self, guild: discord.Guild) -> bool:
        presence = self._bot.services.presence
        await presence.settle(self._bot, guild.id)  # first, for Discord may not say who the owners are
        owners = frozenset(await self._bot.owners())
        return await presence.note(
            self._bot, guild.id, name=guild.name, owner_id=guild.owner_id, owners=owners
        )

    async def _welcome(self, guild: discord.Guild) -> None:
        await self._greet(guild, admitted=await self._note(guild))

    async def _greet(self, guild: discord.Guild, *, admitted: bool) -> None:
        """Greet a server once, and ask the owner once if it is not let in."""
        if not self._bot.is_in(
            guild.id
        ):  # it has sent us away meanwhile, and is greeted when it takes us back
            return
        if await self._owner_policy.claim_greeting(guild.id):
            await self._post_greeting(guild, admitted=admitted)
        if not admitted:
            await self._bot.services.owner_questions.ask(guild.id)

    async def _post_greeting(self, guild: discord.Guild, *, admitted: bool) -> None:
        channel = _channel_of(guild)
        if channel is None:
            return
        words = greeting(admitted=admitted, own_keys=self._bot.services.own_keys.offered)
        localize = partial(self._bot.catalogues.render, locale=guild.preferred_locale.value)
        try:
            await channel.send(
                view=welcome_view(words, localize), allowed_mentions=discord.AllowedMentions.none()
            )
        except (discord.HTTPException, *NETWORK) as trouble:
            log.info("server_not_greeted", extra={"guild": guild.id, "kind": type(trouble).__name__})


def _channel_of(guild: discord.Guild) -> discord.TextChannel | None:
    """Where a newcomer may say hello: where moderators of communities read, else the channel for such things, else
    the first in which it may speak."""
    wanted = (guild.public_updates_channel, guild.system_channel)
    places = [*(channel for channel in wanted if channel is not None), *guild.text_channels]
    for channel in places:
        held = channel.permissions_for(guild.me)
        if held.view_channel and held.send_messages:
            return channel
    return None


async def _logged(work: Coroutine[Any, Any, object]) -> None:
    """A trouble of Discord's or the database's is logged; the next start, or the next change, tries again."""
    try:
        await work
    except (discord.HTTPException, StorageTrouble, *NETWORK) as trouble:
        log.warning("server_not_noted", extra={"kind": type(trouble).__name__})


async def setup(bot: Easel) -> None:
    """Discord.py's entry into an extension."""
    owner_guild = getattr(bot, "owner_guild", None)  # whoever lists our commands may load us into a bare bot
    if owner_guild is not None:
        bot.tree.add_command(Ops(), guild=owner_guild)
    await bot.add_cog(ServersCog(bot))
