"""Roles that have a rule in a pool though they were deleted: Discord's own options offer only those that are there.
Never here: taking the rule away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from discord import app_commands

from bot.errors import UserError
from bot.texts import text
from bot.ui.kit.context import AnyInteraction, Context
from bot.ui.kit.deadline import within_deadline
from bot.ui.kit.gone import is_gone

if TYPE_CHECKING:
    import discord

    from bot.domain.pools import Pool
    from bot.domain.servers.guilds import GuildSettings

SUGGESTIONS: Final = 25


def gone_roles(context: Context, settings: GuildSettings, pool: Pool | None = None) -> list[int]:
    """Their ids, of one pool or of all."""
    ruled = dict.fromkeys(rule.role_id for rule in settings.rules if pool in {None, rule.pool})
    return [role for role in ruled if is_gone(context.interaction.guild, role)]


async def suggest_gone_role(interaction: AnyInteraction, typed: str) -> list[app_commands.Choice[str]]:
    """Offer them by their ids, which are all that is left of them; in trouble none."""
    context = Context(interaction)
    if not context.is_moderator:
        return []
    settings = await within_deadline(context.services.guilds.settings(context.guild_id), None)
    ids = [] if settings is None else [str(role) for role in gone_roles(context, settings)]
    return [app_commands.Choice(name=id_, value=id_) for id_ in ids if typed.strip() in id_][:SUGGESTIONS]


def read_whose(role: discord.Role | None, gone: str | None) -> int:
    """The role that is meant, there or gone; raises `UserError` unless it is one of the two."""
    if role is not None and gone is not None:
        raise UserError(text("settings.one_of", option="role", other="gone"))
    if role is not None:
        return role.id
    if gone is None or not gone.strip().isdecimal():
        raise UserError(text("pool.unrule_whose"))
    return int(gone)
