"""Who says things about a server: in its own language, for what all its moderators share, or in one person's.
Never here: what is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.ui.kit.gone import marked
from bot.ui.moderation.setting_words import Localizer

if TYPE_CHECKING:
    from bot.ui.kit.context import Context


async def server_localizer(context: Context) -> Localizer:
    """Speaks the server's language: the one that moderators chose, else Discord's setting of the server."""
    settings = await context.services.guilds.settings(context.guild_id)
    return _localizer(context, settings.locale or str(context.interaction.guild_locale or context.locale))


def own_localizer(context: Context) -> Localizer:
    """Speaks the language of the person who asks."""
    return _localizer(context, context.locale)


def _localizer(context: Context, locale: str) -> Localizer:
    guild, render = context.interaction.guild, context.client.catalogues.render
    roles = frozenset() if guild is None else frozenset(role.id for role in guild.roles)
    days = context.services.housekeeping.retention_days
    return Localizer(lambda words: render(marked(words, guild), locale), context.guild_id, roles, days)
