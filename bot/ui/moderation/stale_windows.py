"""A window that is sent when nobody knows any more what it showed: nothing is overwritten, and nothing written is lost.
Never here: windows of which that is known (they change what differs), and the history itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import discord

from bot.texts import text
from bot.ui.kit.controls import StatelessView
from bot.ui.moderation.audit import entry_words
from bot.ui.moderation.localizers import own_localizer
from bot.ui.moderation.pages import few

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from bot.texts import Text
    from bot.ui.kit.context import Context

NOTHING: Final = "—"
CHANGES: Final = 3
ROOM: Final = 1_000
"""Characters of others' changes; what was written may have the rest of a message's 4,000."""


async def tell_stale(
    context: Context,
    sections: Collection[str],
    written: Iterable[tuple[Text, Text | str | int]],
    again: discord.ui.Button[Any],
) -> None:
    """Say that nothing was changed, what others changed, and what was written, with a button that opens the window anew."""
    localizer = own_localizer(context)
    say = localizer.say
    why = text("panel.stale")
    found = await context.services.guilds.changes_of(context.guild_id, sections)
    lines = [say(why)]
    others = few((entry_words(entry, localizer) for entry in found), CHANGES, say, room=ROOM)
    if others:
        lines += [say(text("panel.stale_changed")), *others]
    lines.append(say(text("panel.stale_written")))
    for label, value in written:
        lines.append(say(text("setting.is", label=label, value=value)))
    box: discord.ui.Container[Any] = discord.ui.Container(accent_colour=discord.Colour(0xD83C3E))
    box.add_item(discord.ui.TextDisplay("\n".join(lines)))
    box.add_item(discord.ui.ActionRow(again))
    await context.tell(why, view=StatelessView(box))


def as_typed(words: str) -> str:
    """What was typed, to be copied: in a block of its own that it cannot end."""
    if not words.strip():
        return NOTHING
    unclosed = words.replace("```", "`\u200b``")
    return f"\n```\n{unclosed}\n```"


def channels_named(ids: Iterable[int]) -> str:
    """Channels as they are mentioned."""
    return " ".join(f"<#{id_}>" for id_ in ids) or NOTHING
