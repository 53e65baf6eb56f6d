"""Who says things about a server: in its own language, for what all its moderators share, or in one person's.
Never here: what is said."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bot.ui.kit.moderators import guild_of
from bot.ui.kit.replies import client_of, locale_of
from bot.ui.moderation.setting_words import Teller

if TYPE_CHECKING:
    from bot.ui.kit.replies import AnyInteraction


async def server_teller(interaction: AnyInteraction) -> Teller:
    """Speaks the server's language: the one that moderators chose, else Discord's setting of the server."""
    settings = await client_of(interaction).services.guilds.settings(guild_of(interaction))
    return _teller(interaction, settings.locale or str(interaction.guild_locale or locale_of(interaction)))


def own_teller(interaction: AnyInteraction) -> Teller:
    """Speaks the language of the person who asks."""
    return _teller(interaction, locale_of(interaction))


def _teller(interaction: AnyInteraction, locale: str) -> Teller:
    say = partial(client_of(interaction).catalogues.render, locale=locale)
    guild = interaction.guild
    roles = frozenset() if guild is None else frozenset(role.id for role in guild.roles)
    return Teller(say, guild_of(interaction), roles)
