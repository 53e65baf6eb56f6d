"""`/mod`: moderators look after members and jobs, and read and undo what was changed.
Never here: settings (moderation_settings), words, channels and prompts (their own files), and how anything looks (ui)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands
from typing_extensions import override

from bot.domain.servers.access import HOUR_MS, HOURS_LIMIT, REASON_LIMIT
from bot.errors import UserError
from bot.texts import text
from bot.ui.kit.command_texts import localized
from bot.ui.kit.context import Context
from bot.ui.kit.message_parser import job_on
from bot.ui.kit.moderators import ModeratorsOnly
from bot.ui.moderation.block_lists import show_blocks
from bot.ui.moderation.jobs import show_job
from bot.ui.moderation.mod_buttons import show_audit, show_live, show_member
from cogs.jobs import KEY_LIMIT, SUGGESTIONS, choices, named
from cogs.moderation_prompts import Images, Prompts
from cogs.moderation_settings import Settings
from cogs.moderation_words import Channels, Words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.client import Easel
    from bot.domain.jobs import Job


class Mod(
    ModeratorsOnly,
    name="mod",
    description=localized("command.mod"),
    guild_only=True,
    default_permissions=discord.Permissions(manage_guild=True),
):
    """Everything for moderators; Discord's own setting may be changed by admins, so each command asks as well."""

    def __init__(self) -> None:
        super().__init__()
        for command in (*Settings().commands, Words(), Channels(), Prompts(), Images()):
            self.add_command(command)

    # -- members -----------------------------------------------------------------------------------------

    @app_commands.command(name="block", description=localized("command.mod.block"))
    @app_commands.describe(
        member=localized("command.mod.member_option"),
        hours=localized("command.mod.block.hours"),
        reason=localized("command.mod.block.reason"),
    )
    async def block(
        self,
        interaction: discord.Interaction[Easel],
        member: discord.User,
        hours: app_commands.Range[int, 1, HOURS_LIMIT] | None = None,
        reason: app_commands.Range[str, 1, REASON_LIMIT] = "",
    ) -> None:
        """Keep a member from making pictures, for a time or until it is lifted."""
        context = Context(interaction)
        await context.defer_ephemeral()
        services = context.services
        until = None if hours is None else services.jobs.now() + hours * HOUR_MS
        await services.moderation.block(
            context.guild_id, context.actor, member.id, until=until, reason=reason
        )
        if until is None:
            await context.reply(text("mod.blocked", user=str(member.id)))
        else:
            await context.reply(text("mod.blocked_until", user=str(member.id), until=until // 1000))

    @app_commands.command(name="unblock", description=localized("command.mod.unblock"))
    @app_commands.describe(member=localized("command.mod.member_option"))
    async def unblock(self, interaction: discord.Interaction[Easel], member: discord.User) -> None:
        """Lift a block."""
        context = Context(interaction)
        await context.defer_ephemeral()
        moderation = context.services.moderation
        await moderation.unblock(context.guild_id, context.actor, member.id)
        await context.reply(text("mod.unblocked", user=str(member.id)))

    @app_commands.command(name="blocks", description=localized("command.mod.blocks"))
    async def blocks(self, interaction: discord.Interaction[Easel]) -> None:
        """Show everybody who is blocked, with a button each."""
        context = Context(interaction)
        await context.defer_ephemeral()
        await show_blocks(context, 0)

    @app_commands.command(name="member", description=localized("command.mod.member"))
    @app_commands.describe(member=localized("command.mod.member_option"))
    async def member(self, interaction: discord.Interaction[Easel], member: discord.User) -> None:
        """Show all that is known of a member, with what can be done."""
        context = Context(interaction)
        await context.defer_ephemeral()
        await show_member(context, member.id)

    # -- jobs --------------------------------------------------------------------------------------------

    @app_commands.command(name="jobs", description=localized("command.mod.jobs"))
    async def jobs(self, interaction: discord.Interaction[Easel]) -> None:
        """Show what waits and runs."""
        context = Context(interaction)
        await context.defer_ephemeral()
        await show_live(context, 0)

    @app_commands.command(name="job", description=localized("command.mod.job"))
    @app_commands.describe(job=localized("command.mod.job.job"))
    async def job(
        self, interaction: discord.Interaction[Easel], job: app_commands.Range[str, 1, KEY_LIMIT]
    ) -> None:
        """Show one job, finished or not, with what can be done about it."""
        context = Context(interaction)
        key = named(job)
        await context.defer_ephemeral()
        await show_job(context, key)

    @app_commands.command(name="cancel", description=localized("command.mod.cancel"))
    @app_commands.describe(job=localized("command.mod.cancel.job"))
    async def cancel(
        self, interaction: discord.Interaction[Easel], job: app_commands.Range[str, 1, KEY_LIMIT]
    ) -> None:
        """Cancel somebody's job; the audit has it."""
        context = Context(interaction)
        key = named(job)
        await context.defer_ephemeral()
        moderation = context.services.moderation
        cancelled = await moderation.cancel(context.guild_id, context.actor, key)
        await context.reply(text("mod.cancelled", key=key, user=str(cancelled.user_id)))

    @job.autocomplete("job")
    @cancel.autocomplete("job")
    async def suggest_live(
        self, interaction: discord.Interaction[Easel], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Unfinished jobs of everybody here."""
        context = Context(interaction)
        if not context.is_moderator:
            return []
        return await choices(context, _live_like(context, typed))

    # -- the history -------------------------------------------------------------------------------------

    @app_commands.command(name="audit", description=localized("command.mod.audit"))
    async def audit(self, interaction: discord.Interaction[Easel]) -> None:
        """Show the first page of the history."""
        context = Context(interaction)
        await context.defer_ephemeral()
        await show_audit(context, None)


async def _live_like(context: Context, typed: str) -> Sequence[Job]:
    """Live jobs whose key, prompt or requester has what was typed."""
    wanted = typed.casefold().strip()
    found = await context.services.moderation.live_jobs(context.guild_id)
    likely = (j for j in found if wanted in f"{j.key} {j.user_name} {j.prompt}".casefold())
    return list(likely)[:SUGGESTIONS]


class ModerationCog(commands.Cog):
    """The menu of messages for moderators."""

    def __init__(self, bot: Easel) -> None:
        self._bot = bot
        self._menu = app_commands.ContextMenu(name=localized("menu.moderate"), callback=self.moderate)
        self._menu.guild_only = True
        self._menu.default_permissions = discord.Permissions(manage_guild=True)

    @override
    async def cog_load(self) -> None:
        """A menu of messages is no member of a cog: it is added by hand."""
        self._bot.tree.add_command(self._menu)

    @override
    async def cog_unload(self) -> None:
        """And taken away by hand."""
        self._bot.tree.remove_command(self._menu.name, type=self._menu.type)

    async def moderate(self, interaction: discord.Interaction[Easel], message: discord.Message) -> None:
        """Show a card's job with what can be done about it."""
        context = Context(interaction)
        context.moderator()
        await context.defer_ephemeral()
        ours = interaction.client.user is not None and message.author.id == interaction.client.user.id
        key = job_on(message) if ours else None
        if key is None:
            raise UserError(text("menu.no_card"))
        await show_job(context, key)


async def setup(bot: Easel) -> None:
    """Discord.py's entry into an extension; moderators' buttons come with it."""
    bot.tree.add_command(Mod())
    await bot.add_cog(ModerationCog(bot))
