"""Everybody who is blocked, in pages, each with the button that lifts the block.
Never here: blocking (its command and services), and one member's view (members)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import discord

from bot.errors import UserError
from bot.texts import Text, text
from bot.ui.kit.escape import quoted
from bot.ui.kit.moderators import ModButton, actor_of, guild_of, mod_button
from bot.ui.kit.private import localised, show_ephemeral
from bot.ui.kit.replies import client_of
from bot.ui.moderation.pages import page_of, turning

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.domain.guilds import Block
    from bot.ui.kit.replies import AnyInteraction

    Say = Callable[[Text], str]

PAGE: Final = 8
"""Blocks on a page: each is three components of the forty that a message may have (facts §3.4)."""
REASON_LIMIT: Final = 120
CALM: Final = discord.Colour(0x5865F2)
BLOCKED: Final = discord.Colour(0xD83C3E)


async def show_blocks(interaction: AnyInteraction, page: int) -> None:
    """Put a page of blocks into the answer."""
    blocks = await client_of(interaction).services.moderation.blocks(guild_of(interaction))
    await show_ephemeral(interaction, blocks_view(blocks, page, partial(localised, interaction)))


@mod_button("blocks")
async def turn_blocks(interaction: AnyInteraction, about: str) -> None:
    """Turn the page."""
    await interaction.response.defer()
    await show_blocks(interaction, int(about or "0"))


@mod_button("lift")
async def lift(interaction: AnyInteraction, about: str) -> None:
    """Lift the block beside the button, and show who is left; one that is over by now is simply gone."""
    await interaction.response.defer()
    user_id, _, page = about.partition("-")
    moderation = client_of(interaction).services.moderation
    try:
        await moderation.unblock(guild_of(interaction), actor_of(interaction), int(user_id))
    except UserError as refusal:
        if refusal.text.id != "settings.not_blocked":
            raise
    await show_blocks(interaction, int(page or "0"))


def blocks_view(blocks: Sequence[Block], page: int, say: Say) -> discord.ui.LayoutView:
    """Draw a page."""
    page, pages = page_of(len(blocks), page, PAGE)
    box: discord.ui.Container[Any] = discord.ui.Container(accent_colour=BLOCKED if blocks else CALM)
    title = text("blocks.title", n=len(blocks)) if blocks else text("blocks.none")
    box.add_item(discord.ui.TextDisplay(say(title)))
    for block in blocks[page * PAGE : (page + 1) * PAGE]:
        button = ModButton.draw("lift", f"{block.user_id}-{page}", label=say(text("button.unblock")))
        box.add_item(discord.ui.Section(discord.ui.TextDisplay(say(_entry(block))), accessory=button))
    for item in turning("blocks", page, pages, say):
        box.add_item(item)
    view = discord.ui.LayoutView(timeout=None)
    view.add_item(box)
    return view


def _entry(block: Block) -> Text:
    reason: Text | str = quoted(block.reason, REASON_LIMIT) if block.reason else text("member.no_reason")
    by = f"<@{block.by.user_id}>" if block.by.user_id else "Easel"
    user, at = str(block.user_id), block.at // 1000
    if block.until is None:
        return text("blocks.entry", user=user, by=by, at=at, reason=reason)
    return text("blocks.entry_until", user=user, by=by, at=at, reason=reason, until=block.until // 1000)
