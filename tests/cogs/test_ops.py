"""`/ops servers` serves the application's owner and nobody else, and stands in the owner's server alone.
Never here: what letting in means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot.domain.tenancy import Access, Ceiling
from bot.services.accounts.owner_policy import OwnerTerms
from cogs.servers import Ops
from tests.cogs.moderation_harness import moderated, seen

if TYPE_CHECKING:
    from pathlib import Path


async def test_the_owner_lets_in_limits_and_shuts_out_and_nobody_else_can(tmp_path: Path) -> None:
    async with moderated(tmp_path, owner_terms=OwnerTerms(Access(mine=True), Ceiling(9, 90, 1, 2))) as shop:
        here = discord.Object(shop.guild_id)
        shop.house.bot.tree.add_command(Ops(), guild=here)
        await shop.house.bot.tree.sync(guild=here)
        await shop.let_through_here("ops", shop.mo)

        async def do(name: str, **options: str) -> str:
            return seen(await shop.mo.slash(shop.house.channel, f"ops servers {name}", **options))

        assert "Only the bot's owner" in await do("let-in", server=str(shop.guild_id))
        assert not await shop.services.owner_policy.admits(shop.guild_id)

        shop.own_application(shop.mo)
        assert "let in" in await do("let-in", server=str(shop.guild_id))
        assert await shop.services.owner_policy.admits(shop.guild_id)
        assert "ceiling 5/50/1/2" in await do("ceiling", server=str(shop.guild_id), ceiling="5/50/1/2")
        assert "such as `300/3000/3/50`" in await do("ceiling", server=str(shop.guild_id), ceiling="much")
        assert str(shop.guild_id) in await do("list")
        assert "shut out" in await do("shut-out", server=str(shop.guild_id))
        assert "is no server's id" in await do("shut-out", server="Studio")
        too_long = str(2**63)
        assert "is no server's id" in await do("let-in", server=too_long)


async def test_of_many_servers_those_that_find_no_room_are_counted(tmp_path: Path) -> None:
    async with moderated(tmp_path, owner_terms=OwnerTerms(Access(mine=True), Ceiling(9, 90, 1, 2))) as shop:
        here = discord.Object(shop.guild_id)
        shop.house.bot.tree.add_command(Ops(), guild=here)
        await shop.house.bot.tree.sync(guild=here)
        await shop.let_through_here("ops", shop.mo)
        shop.own_application(shop.mo)
        for n in range(60):
            await shop.services.owner_policy.note(
                1000 + n, name=f"Server {n} *with* a name", owner_id=1, owners=frozenset()
            )

        said = seen(await shop.mo.slash(shop.house.channel, "ops servers list"))

        assert len(said) <= 2000
        shown = said.count("Server ")
        assert f"and {60 - shown} more" in said
