"""Everybody who is blocked, in pages, each with the button that lifts the block.
Never here: blocking (its command and services), and one member's view (members)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import discord

from bot.errors import UserError
from bot.texts import Localize, Text, text
from bot.ui.kit.controls import StatelessView
from bot.ui.kit.custom_ids import NUMBER, SNOWFLAKE
from bot.ui.kit.escape import quoted
from bot.ui.kit.moderators import draw_mod_button, mod_button
from bot.ui.moderation.pages import page_buttons, page_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.servers.guilds import Block
    from bot.ui.kit.context import Context


PAGE: Final = 8
"""Blocks on a page: each is three components of the forty that a message may have (facts §3.4)."""
REASON_SHOWN: Final = 120
CALM: Final = discord.Colour(0x5865F2)
BLOCKED: Final = discord.Colour(0xD83C3E)


async def show_blocks(context: Context, page: int) -> None:
    """Put a page of blocks into the answer."""
    blocks = await context.services.moderation.blocks(context.guild_id)
    await context.show(blocks_view(blocks, page, context.localize))


@mod_button("blocks", NUMBER)
async def show_blocks_page(context: Context, page: int) -> None:
    """Turn the page."""
    await context.defer_update()
    await show_blocks(context, page)


@mod_button("lift", SNOWFLAKE, NUMBER)
async def lift(context: Context, user_id: int, page: int) -> None:
    """Lift the block beside the button, and show who is left; one that is over by now is simply gone."""
    await context.defer_update()
    moderation = context.services.moderation
    try:
        await moderation.unblock(context.guild_id, context.actor, user_id)
    except UserError as refusal:
        if refusal.text.id != "settings.not_blocked":
            raise
    await show_blocks(context, page)


def blocks_view(blocks: Sequence[Block], page: int, localize: Localize) -> discord.ui.LayoutView:
    """Draw a page."""
    page, pages = page_of(len(blocks), page, PAGE)
    box: discord.ui.Container[Any] = discord.ui.Container(accent_colour=BLOCKED if blocks else CALM)
    title = text("blocks.title", n=len(blocks)) if blocks else text("blocks.none")
    box.add_item(discord.ui.TextDisplay(localize(title)))
    for block in blocks[page * PAGE : (page + 1) * PAGE]:
        button = draw_mod_button("lift", block.user_id, page, label=localize(text("button.unblock")))
        box.add_item(discord.ui.Section(discord.ui.TextDisplay(localize(_entry(block))), accessory=button))
    for item in page_buttons("blocks", page, pages, localize):
        box.add_item(item)
    return StatelessView(box)


def _entry(block: Block) -> Text:
    reason: Text | str = quoted(block.reason, REASON_SHOWN) if block.reason else text("member.no_reason")
    by = f"<@{block.by.user_id}>" if block.by.user_id else "Easel"
    user, at = str(block.user_id), block.at // 1000
    if block.until is None:
        return text("blocks.entry", user=user, by=by, at=at, reason=reason)
    return text("blocks.entry_until", user=user, by=by, at=at, reason=reason, until=block.until // 1000)
