"""A window that changed nothing comes back with what was entered, and with a button that opens it anew: nobody types that twice.
Never here: why it is refused."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import discord

from bot.errors import UserError
from bot.texts import Text, text
from bot.ui.kit.controls import StatelessView
from bot.ui.kit.escape import fenced, quoted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from bot.ui.kit.context import Context

NOTHING: Final = "—"
TYPED_ROOM: Final = 2_010
"""Characters that the longest field may have, with its block around it,"""
LINE_ROOM: Final = 440
"""and each of the others. Only signs that grow in a block are ever cut."""
WORD_LIMIT: Final = 60
"""Fields that hold no more, such as numbers and names, are shown in their line."""

Written = Iterable[tuple[Text | str, Text | str | int]]
"""Labels of a window's fields, with what was entered."""


@asynccontextmanager
async def given_back(
    context: Context, window: discord.ui.Modal, again: discord.ui.Button[Any]
) -> AsyncIterator[None]:
    """Say what is refused within, with what was entered into such a window and a button that opens it anew."""
    try:
        yield
    except UserError as refusal:
        await reply_rejected(context, refusal.text, entered(context, window), again)


async def reply_rejected(
    context: Context,
    why: Text,
    written: Written,
    again: discord.ui.Button[Any],
    *,
    others: Sequence[str] = (),
) -> None:
    """Say why nothing was changed, with what was entered."""
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


def entered(context: Context, window: discord.ui.Modal) -> Written:
    """What was sent of such a window, by its labels."""
    for field in window.children:
        if isinstance(field, discord.ui.Label):
            item: Any = field.component
            yield field.text, _shown(item, context.choices.get(item.custom_id, ()))


def _shown(item: discord.ui.Item[Any], values: Sequence[str]) -> str:
    match item:
        case discord.ui.TextInput():
            typed, most = "".join(values).strip(), item.max_length or TYPED_ROOM
            if most <= WORD_LIMIT:
                return (
                    quoted(typed, 2 * most + 2) if typed else NOTHING
                )  # each sign may need another before it
            return as_typed(
                typed, room=TYPED_ROOM if item.style is discord.TextStyle.paragraph else LINE_ROOM
            )
        case discord.ui.ChannelSelect():
            return channels_named(values)
        case discord.ui.RoleSelect():
            names = [f"<@&{id_}>" for id_ in values]
        case discord.ui.UserSelect():
            names = [f"<@{id_}>" for id_ in values]
        case discord.ui.Select():
            names = [option.label for option in item.options if option.value in values]
        case _:
            names = []
    return ", ".join(names) or NOTHING


def as_typed(words: str, *, room: int = TYPED_ROOM) -> str:
    """What was typed, to be copied: in a block of its own that it cannot end."""
    if not words.strip():
        return NOTHING
    return f"\n{fenced(words, room)}"


def channels_named(ids: Iterable[int | str]) -> str:
    """Channels as they are mentioned."""
    return " ".join(f"<#{id_}>" for id_ in ids) or NOTHING
