"""The history as moderators read it: the pages of `/mod audit`, and the question before a change is taken back.
Never here: reading and writing the history, and the wording of a change (changes)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import discord

from bot.texts import Text, text
from bot.ui.kit.controls import StatelessView
from bot.ui.kit.escape import quoted
from bot.ui.kit.moderators import draw_mod_button
from bot.ui.moderation.changes import changes
from bot.ui.moderation.pages import few

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.servers.guilds import AuditEntry
    from bot.texts import Text
    from bot.ui.moderation.setting_words import Localizer

PAGE: Final = 6
"""Entries of a page: together with their changes they stay within a message's 4,000 characters."""
CHANGES: Final = 5
"""Changes that one entry shows; the rest is counted."""
UNDONE: Final = 20
"""Changes that are shown before they are taken back."""
ROOM: Final = 480
"""Characters of one entry's changes."""
SETTINGS: Final = "settings"
UNDO: Final = "undo"


def audit_view(
    entries: Sequence[AuditEntry], localizer: Localizer, *, more: bool, first: bool, undo: AuditEntry | None
) -> discord.ui.LayoutView:
    """Draw a page of the history."""
    localize = localizer.localize
    view = StatelessView()
    box: discord.ui.Container[Any] = discord.ui.Container(accent_colour=discord.Colour(0x5865F2))
    view.add_item(box)
    box.add_item(discord.ui.TextDisplay(localize(text("audit.title"))))
    if not entries:
        box.add_item(discord.ui.TextDisplay(localize(text("audit.empty"))))
    for entry in entries:
        box.add_item(discord.ui.TextDisplay(entry_words(entry, localizer)))
    row: discord.ui.ActionRow[Any] = discord.ui.ActionRow()
    if not first:
        row.add_item(draw_mod_button("audit", None, label=localize(text("button.newest"))))
    if more:
        row.add_item(draw_mod_button("audit", entries[-1].id, label=localize(text("button.older"))))
    if undo is not None:
        row.add_item(
            draw_mod_button(
                "undo", undo.id, label=localize(text("button.undo")), style=discord.ButtonStyle.danger
            )
        )
    if row.children:
        box.add_item(row)
    return view


def entry_words(entry: AuditEntry, localizer: Localizer) -> str:
    """Who, when and what; then before → after."""
    localize = localizer.localize
    by = f"<@{entry.actor.user_id}>" if entry.actor.user_id else "Easel"
    line = text("audit.entry", by=by, at=entry.at // 1000, what=_what(entry))
    lines = few(changes(entry.before, entry.after, localizer), CHANGES, localize, room=ROOM)
    undone = [] if entry.undone_by is None else [localize(text("audit.undone"))]
    return "\n".join([localize(line), *(f"-# {line}" for line in [*lines, *undone])])


def undo_view(
    entry: AuditEntry, localizer: Localizer, *, yes: discord.ui.Button[Any], back: discord.ui.Button[Any]
) -> discord.ui.LayoutView:
    """Ask before a change is taken back, with what that means: it may not be the one on top of the page."""
    localize = localizer.localize
    lines = few(changes(entry.after, entry.before, localizer), UNDONE, localize)
    by = f"<@{entry.actor.user_id}>" if entry.actor.user_id else "Easel"
    words = [localize(text("audit.undo_sure", by=by, at=entry.at // 1000)), *(f"-# {line}" for line in lines)]
    days, now = (localizer.days_kept(part.get("retention_days")) for part in (entry.before, entry.after))
    if days is not None and (now is None or days < now):
        words.append(localize(text("mod.retention_sure", n=days)))  # as whoever sets it is asked
    box: discord.ui.Container[Any] = discord.ui.Container(accent_colour=discord.Colour(0xD83C3E))
    box.add_item(discord.ui.TextDisplay("\n".join(words)))
    box.add_item(discord.ui.ActionRow(yes, back))
    return StatelessView(box)


def _what(entry: AuditEntry) -> Text:
    if entry.subject is not None:
        return text("audit.of_member", action=_named(entry.action), user=str(entry.subject))
    return _named(entry.action)


ACTIONS: Final = frozenset(
    {
        "block",
        "unblock",
        "cancel",
        "cancel_all",
        "clear_queue",
        "delete_card",
        "erase",
        "export",
        "forgive",
        "grant",
        "own_key_removed",
        "own_key_replaced",
        "own_key_set",
        "remove",
        SETTINGS,
        "strike",
        "take_back",
        UNDO,
    }
)


def _named(action: str) -> Text:
    return text(f"audit.{action}") if action in ACTIONS else text("audit.other", action=quoted(action, 40))
