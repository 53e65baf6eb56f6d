"""A window must be the first answer: where the database is too slow for that, one sentence says so within Discord's three seconds.
Never here: windows under pictures (tests/ui/imagine) and how a read is given up (tests/ui/kit/test_deadline.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
import pytest

from tests.cogs.moderation_harness import moderated
from tests.fixtures.patience import SHORT_S, too_slowly

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("custom_id", "service", "method"),
    [
        ("easel:2:pool:rule:FAST", "policy", "shown"),
        ("easel:2:mod-set:strikes:panel", "guilds", "settings"),
        ("easel:2:mod-setup", "policy", "offered"),
        ("easel:2:prefer:shape", "people", "preferences"),
    ],
)
async def test_a_panel_whose_settings_are_not_read_in_time_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, custom_id: str, service: str, method: str
) -> None:
    async with moderated(tmp_path) as shop:
        view = discord.ui.View(timeout=None)
        view.add_item(discord.ui.Button(label="Open", custom_id=custom_id))
        channel = shop.house.bot.get_partial_messageable(shop.house.channel.id, guild_id=shop.guild_id)
        message = await channel.send("a panel", view=view)
        view.stop()

        async def in_many_steps(*_: Any) -> None:
            await too_slowly()

        monkeypatch.setattr("bot.ui.kit.deadline.READ_S", SHORT_S)
        monkeypatch.setattr(type(getattr(shop.house.bot.services, service)), method, in_many_steps)
        answer = (await shop.mo.click(message, label="Open")).response

    assert answer is not None
    assert answer.ephemeral
    assert "nothing was changed. Please press the button again" in answer.content
