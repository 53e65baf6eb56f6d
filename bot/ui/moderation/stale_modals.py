"""A moderators' window of which nobody knows what it showed changed nothing: it comes back with what others changed meanwhile.
Never here: windows of which it is known what they showed (they change what differs)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot.texts import text
from bot.ui.kit.rejected_modals import reply_rejected
from bot.ui.moderation.audit import entry_words
from bot.ui.moderation.localizers import own_localizer
from bot.ui.moderation.pages import few

if TYPE_CHECKING:
    from collections.abc import Collection

    import discord

    from bot.ui.kit.context import Context
    from bot.ui.kit.rejected_modals import Written

CHANGES: Final = 3
ROOM: Final = 600
"""Characters of others' changes; what was written may have the rest of a message's 4,000."""


async def reply_stale(
    context: Context, sections: Collection[str], written: Written, again: discord.ui.Button[Any]
) -> None:
    """Say that nothing was changed, what others changed, and what was entered, with a button that opens the window anew."""
    localizer = own_localizer(context)
    found = await context.services.guilds.changes_of(context.guild_id, sections)
    lines = (entry_words(entry, localizer) for entry in found)
    others = few(lines, CHANGES, localizer.localize, room=ROOM)
    await reply_rejected(context, text("panel.stale"), written, again, others=others)
