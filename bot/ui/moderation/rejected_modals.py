"""A moderators' window that changed nothing comes back with what was entered: refused, or nobody knows what it showed.
Never here: why it is refused, and windows of which it is known what they showed (they change what differs)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import discord

from bot.texts import Text, text
from bot.ui.kit.controls import StatelessView
from bot.ui.kit.escape import fenced
from bot.ui.moderation.audit import entry_words
from bot.ui.moderation.localizers import own_localizer
from bot.ui.moderation.pages import few

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bot.ui.kit.context import Context

NOTHING: Final = "—"
CHANGES: Final = 3
ROOM: Final = 600
"""Characters of others' changes; what was written may have the rest of a message's 4,000:"""
TYPED_ROOM: Final = 2_010
"""the longest field so many, with its block around it,"""
LINE_ROOM: Final = 440
"""and each of the others. Only signs that grow in a block are ever cut."""


Written = Iterable[tuple[Text, Text | str | int]]
"""Labels of a window's fields, with what was entered."""


async def reply_stale(
    context: Context, sections: Collection[str], written: Written, again: discord.ui.Button[Any]
) -> None:
    """Say that nothing was changed, what others changed, and what was entered, with a button that opens the window anew."""
    localizer = own_localizer(context)
    found = await context.services.guilds.changes_of(context.guild_id, sections)
    lines = (entry_words(entry, localizer) for entry in found)
    others = few(lines, CHANGES, localizer.localize, room=ROOM)
    await reply_rejected(context, text("panel.stale"), written, again, others=others)


async def reply_rejected(
    context: Context,
    why: Text,
    written: Written,
    again: discord.ui.Button[Any],
    *,
    others: Sequence[str] = (),
) -> None:
    """Say why nothing was changed, with what was entered: nobody types that twice."""
    localize = context.localize
    lines = [localize(why)]
    if others:
        lines += [localize(text("panel.stale_changed")), *others]
    lines.append(localize(text("panel.stale_written")))
    lines += [localize(text("setting.is", label=label, value=value)) for label, value in written]
    box: discord.ui.Container[Any] = discord.ui.Container(accent_colour=discord.Colour(0xD83C3E))
    box.add_item(discord.ui.TextDisplay("\n".join(lines)))
    box.add_item(discord.ui.ActionRow(again))
    await context.reply(why, view=StatelessView(box))


def as_typed(words: str, *, room: int = TYPED_ROOM) -> str:
    """What was typed, to be copied: in a block of its own that it cannot end."""
    if not words.strip():
        return NOTHING
    return f"\n{fenced(words, room)}"


def channels_named(ids: Iterable[int]) -> str:
    """Channels as they are mentioned."""
    return " ".join(f"<#{id_}>" for id_ in ids) or NOTHING
