"""Members as Discord knows them at this moment: found with what the channel is there, not there, or not to be asked.
Never here: what a membership allows (tests/services)."""

from __future__ import annotations

import discord
import pytest

from bot.errors import RetryLater
from bot.ui.kit.directory import DiscordDirectory
from tests.ui.client_harness import studio


async def test_a_member_is_found_with_what_the_channel_is_to_them() -> None:
    async with studio() as house:
        directory = DiscordDirectory(house.bot)
        role = house.guild.create_role("mods", permissions=discord.Permissions(manage_guild=True))
        mo = house.guild.add_member(house.env.create_user("mo"), roles=[role])
        member = await directory.find(house.guild.id, house.bob.id, house.channel.id)
        moderator = await directory.find(house.guild.id, mo.id, None)
        elsewhere = await directory.find(house.guild.id, mo.id, 12345)

    assert member is not None
    assert (member.is_moderator, member.timed_out, member.age_restricted) == (False, False, False)
    assert moderator is not None
    assert moderator.is_moderator
    assert role.id in moderator.role_ids
    assert elsewhere is not None
    assert elsewhere.channel_parents == ()


async def test_whoever_is_not_there_is_nobody_and_a_discord_in_trouble_is_asked_later() -> None:
    async with studio() as house:
        directory = DiscordDirectory(house.bot)
        stranger = house.env.create_user("stranger")
        assert await directory.find(house.guild.id, stranger.id, None) is None
        assert await directory.find(4242, house.bob.id, None) is None
        for _ in range(5):
            house.env.inject_error("GET", "/guilds/*/members/*", status=403)

        with pytest.raises(RetryLater):
            await directory.find(house.guild.id, house.bob.id, None)
