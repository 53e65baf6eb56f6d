"""`/help` lists what a person may use where they are, with commands to click, in every process.
Never here: what the commands do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import discord
import pytest

from bot.client import COMMAND_IDS
from bot.domain.capabilities import BY_SERVER, ServerKind
from bot.domain.pools import Pool
from bot.texts import text
from bot.ui.help.help import TEXT_LIMIT
from tests.cogs.moderation_harness import moderated, seen
from tests.ui.builders import walk
from tests.ui.client_harness import CATALOGUES

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_member_finds_members_commands_each_to_be_clicked(tmp_path: Path) -> None:
    async with moderated(tmp_path, more=("cogs.moderation",)) as shop:
        known = {c.name: c.id for c in await shop.house.bot.tree.fetch_commands()}

        told = seen(await shop.house.ada.slash(shop.house.channel, "help"))

        clickable = dict(re.findall(r"</([\w ]+):(\d+)>", told))
        assert {"imagine", "jobs list", "prefer show", "quota", "help"} <= clickable.keys()
        assert all(int(id_) == known[name.split()[0]] for name, id_ in clickable.items())
        assert "Your pictures on this server" in told
        assert "Picture info" in told
        assert "pool panel" not in told
        assert "Moderate…" not in told


async def test_a_moderator_finds_the_panel_too(tmp_path: Path) -> None:
    async with moderated(tmp_path, more=("cogs.moderation",)) as shop:
        result = await shop.mo.slash(shop.house.channel, "help")

        assert "</pool panel:" in seen(result)
        assert "For moderators" in seen(result)
        assert "Moderate…" in seen(result)
        assert result.response is not None
        words = [c["content"] for c in walk(result.response.components) if c["type"] == 10]
        assert sum(map(len, words)) < 4000
        assert max(map(len, words)) < TEXT_LIMIT


async def test_where_no_pool_is_open_nobody_is_sent_to_imagine(tmp_path: Path) -> None:
    async with moderated(tmp_path, more=("cogs.pictures",)) as shop:
        assert "**Describe picture**" in seen(await shop.house.ada.slash(shop.house.channel, "help"))
        for pool in Pool:
            await shop.services.guilds.switch_pool(shop.guild_id, shop.boss, pool, on=False)

        told = seen(await shop.house.ada.slash(shop.house.channel, "help"))

        assert "No pool is open" in told
        assert "</imagine:" not in told
        assert "**Picture info**" in told
        assert "Describe picture" not in told
        assert "Use as image prompt" not in told


async def test_another_process_reads_the_ids_and_does_without_until_then(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        bot, meta = shop.house.bot, shop.house.meta
        bot._command_ids, synced = {}, meta.words.pop(COMMAND_IDS)

        without = seen(await shop.house.ada.slash(shop.house.channel, "help"))
        meta.words[COMMAND_IDS] = synced
        read = seen(await shop.house.ada.slash(shop.house.channel, "help"))

        assert "`/jobs list`" in without
        assert "</jobs list:" in read


@pytest.mark.parametrize("locale", ["en-US", "zh-CN", "ja", "ko", "de", "fr", "es-ES", "es-419", "pt-BR"])
async def test_the_menus_of_messages_are_named_as_the_readers_discord_shows_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locale: str
) -> None:
    """A language chosen with `/prefer` changes the sentences, but not what Discord's own menu says."""
    made: Any = discord.Interaction.__init__

    def from_there(self: Any, *, data: dict[str, Any], state: Any) -> None:
        made(self, data=data | {"locale": locale}, state=state)

    async with moderated(tmp_path) as shop:
        monkeypatch.setattr(discord.Interaction, "__init__", from_there)
        await shop.services.people.prefer_language(shop.house.ada.id, "fr")

        told = seen(await shop.house.ada.slash(shop.house.channel, "help"))

        assert f"**{CATALOGUES.render(text('menu.info'), locale)}**" in told
        assert "Dans le menu d'un message" in told


@pytest.mark.parametrize("server", ServerKind)
async def test_help_names_shorten_where_the_account_can(tmp_path: Path, server: ServerKind) -> None:
    async with moderated(tmp_path, server=server, more=("cogs.shorten",)) as shop:
        told = seen(await shop.house.ada.slash(shop.house.channel, "help"))

        assert ("</shorten:" in told) is BY_SERVER[server].shorten
        assert "</imagine:" in told
