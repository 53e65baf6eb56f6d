"""Members of servers as Discord knows them at this moment, for presses that come from somewhere else.
Never here: what membership allows (that is `bot.services.admission.authorization`).

Nothing of a member is remembered: without the privileged intent nobody would tell us that they were kicked or lost a role.
A press from outside is rare and costs one or two requests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import discord

from bot.domain.servers.membership import Membership
from bot.errors import RetryLater
from bot.ui.kit.context import AGE_RESTRICTABLE, parents_of
from bot.ui.kit.error_sentences import NETWORK

if TYPE_CHECKING:
    from datetime import datetime

ASKING_S: Final = 1.5
"""Some modals must be the first answer, within three seconds."""
NOT_THERE: Final = frozenset({10004, 10007, 10013, 50001})
"""Unknown server, member or user, and missing access: they, or we, are not there (facts §3.6)."""


class DiscordDirectory:
    """Asks Discord."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def find(self, guild_id: int, user_id: int, channel_id: int | None) -> Membership | None:
        """See the port."""
        try:
            async with asyncio.timeout(ASKING_S):
                return await self._found(guild_id, user_id, channel_id)
        except discord.HTTPException as error:
            if error.code in NOT_THERE:
                return None
            raise RetryLater("directory") from error
        except NETWORK as error:
            raise RetryLater("directory") from error

    async def _found(self, guild_id: int, user_id: int, channel_id: int | None) -> Membership:
        # A process that does not serve the server's shard knows nothing of it, and asks for it.
        guild = self._client.get_guild(guild_id) or await self._client.fetch_guild(
            guild_id, with_counts=False
        )
        member = await guild.fetch_member(user_id)
        channel = await _channel(guild, channel_id)
        held = member.guild_permissions
        return Membership(
            role_ids=frozenset(role.id for role in member.roles),
            joined_at=_ms(member.joined_at),
            is_moderator=held.manage_guild or held.administrator,
            timed_out=member.is_timed_out(),
            locale=guild.preferred_locale.value,
            channel_parents=parents_of(channel),
            age_restricted=isinstance(channel, AGE_RESTRICTABLE) and channel.is_nsfw(),
        )


async def _channel(guild: discord.Guild, channel_id: int | None) -> object:
    """The channel; None if it is gone or hidden from us: then its own id alone says what it is."""
    if channel_id is None:
        return None
    known = guild.get_channel_or_thread(channel_id)
    if known is not None:
        return known
    try:
        return await guild.fetch_channel(channel_id)
    except (discord.NotFound, discord.Forbidden, discord.InvalidData):
        return None


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)
