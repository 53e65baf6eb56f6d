"""What changed, in lines that can be read: the pages of `/mod audit`, and the changes that the log channel shows.
Never here: reading and writing the history."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, Final

import discord

from bot.texts import Say, Text, text
from bot.ui.kit.controls import StatelessView
from bot.ui.kit.escape import quoted
from bot.ui.kit.moderators import draw_mod_button
from bot.ui.moderation.audit_words import VALUE_LIMIT, field_name, is_said, section_name, value_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bot.domain.guilds import AuditEntry


PAGE: Final = 6
"""Entries of a page: together with their changes they stay within a message's 4,000 characters."""
CAME: Final = "🟢"
WENT: Final = "🔴"
CHANGES: Final = 5
"""Changes that one entry shows; the rest is counted."""
UNDONE: Final = 20
"""Changes that are shown before they are taken back."""
ROOM: Final = 480
"""Characters of one entry's changes."""
SETTINGS: Final = "settings"
UNDO: Final = "undo"
HIDDEN: Final = frozenset({"user_id", "guild_id", "by", "at", "id"})
"""What an entry says of itself anyway."""
ROLES: Final = frozenset({"role_id"})
CHANNELS: Final = frozenset({"log_channel", "allowed", "denied", "channels"})
PLACES: Final = frozenset({"target_id"})
MOMENTS: Final = frozenset({"until", "expires_at", "blocked_until"})


def changes(before: Mapping[str, Any], after: Mapping[str, Any], say: Say, *, guild_id: int) -> Iterable[str]:
    """One line for each thing that is different: `name: before → after`, or what came and went."""
    for name in dict.fromkeys([*before, *after]):
        if name not in HIDDEN:
            title = section_name(name, say)
            yield from _changed(name, title, before.get(name), after.get(name), _Spoken(say, guild_id))


@dataclass(frozen=True, slots=True)
class _Spoken:
    """In whose words values are said, and of which server."""

    say: Say
    guild_id: int

    def value(self, name: str, value: object) -> str:
        """A value as Discord can show it; whatever people typed is made harmless."""
        if isinstance(value, dict):
            return self._parts(value)
        if (isinstance(value, int) and not isinstance(value, bool)) and (shown := self._place(name, value)):
            return shown
        words = self._in_words(name, value)
        if words is not None:
            return words
        if value is None:
            return "—"
        return quoted(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), VALUE_LIMIT)

    def named(self, name: str, value: str) -> str:
        """A value behind what it is called."""
        return self.say(text("audit.named", name=name, value=value))

    def _parts(self, whole: Mapping[str, Any]) -> str:
        said = [
            self.named(field_name(key, self.say), self.value(key, inner))
            for key, inner in whole.items()
            if key not in HIDDEN and is_said(key, inner)
        ]
        return reduce(self._joined, said) if said else "—"

    def _joined(self, first: str, last: str) -> str:
        return self.say(text("list.more", first=first, last=last))

    def _in_words(self, name: str, value: object) -> str | None:
        words = value_words(name, value)
        return self.say(words) if isinstance(words, Text) else words

    def _place(self, name: str, value: int) -> str | None:
        if name in ROLES:
            return "@everyone" if value == self.guild_id else f"<@&{value}>"
        if name in CHANNELS:
            return f"<#{value}>"
        if name in PLACES:
            return self.say(text("place.everywhere")) if value == self.guild_id else f"<#{value}>"
        if name in MOMENTS:
            return f"<t:{value // 1000}:f>"
        return str(value)


def _changed(name: str, title: str, old: object, new: object, spoken: _Spoken) -> Iterable[str]:
    old, new = (None if value == "" else value for value in (old, new))
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for part in dict.fromkeys([*old, *new]):
            inner = f"{title} · {field_name(part, spoken.say)}"
            yield from _changed(part, inner, old.get(part), new.get(part), spoken)
        return
    if isinstance(old, list | tuple) or isinstance(new, list | tuple):
        was, now = list(_items(old)), list(_items(new))
        for item in (x for x in was if x not in now):
            yield spoken.named(title, f"{WENT} {spoken.value(name, item)}")
        for item in (x for x in now if x not in was):
            yield spoken.named(title, f"{CAME} {spoken.value(name, item)}")
        return
    yield spoken.named(title, f"{spoken.value(name, old)} → {spoken.value(name, new)}")


def _items(value: object) -> Iterable[object]:
    return value if isinstance(value, list | tuple) else ()


def few(lines: Iterable[str], limit: int, say: Say, *, room: int = 2_000) -> list[str]:
    """The first lines, so many and so long at most, and how many more there are."""
    all_ = list(lines)
    shown: list[str] = []
    for line in all_[:limit]:
        room -= len(line)
        if room < 0:
            break
        shown.append(line)
    hidden = len(all_) - len(shown)
    return shown if not hidden else [*shown, say(text("audit.more", n=hidden))]


def last_change(entries: Sequence[AuditEntry]) -> AuditEntry | None:
    """The change of settings that an undo would take back, if it is among these."""
    return next((e for e in entries if e.action == SETTINGS and e.undone_by is None), None)


def audit_view(
    entries: Sequence[AuditEntry], say: Say, *, more: bool, first: bool, undo: AuditEntry | None
) -> discord.ui.LayoutView:
    """Draw a page of the history."""
    view = StatelessView()
    box: discord.ui.Container[Any] = discord.ui.Container(accent_colour=discord.Colour(0x5865F2))
    view.add_item(box)
    box.add_item(discord.ui.TextDisplay(say(text("audit.title"))))
    if not entries:
        box.add_item(discord.ui.TextDisplay(say(text("audit.empty"))))
    for entry in entries:
        box.add_item(discord.ui.TextDisplay(_entry(entry, say)))
    row: discord.ui.ActionRow[Any] = discord.ui.ActionRow()
    if not first:
        row.add_item(draw_mod_button("audit", None, label=say(text("button.newest"))))
    if more:
        row.add_item(draw_mod_button("audit", entries[-1].id, label=say(text("button.older"))))
    if undo is not None:
        row.add_item(
            draw_mod_button("undo", undo.id, label=say(text("button.undo")), style=discord.ButtonStyle.danger)
        )
    if row.children:
        box.add_item(row)
    return view


def _entry(entry: AuditEntry, say: Say) -> str:
    """Who, when and what; then before → after."""
    by = f"<@{entry.actor.user_id}>" if entry.actor.user_id else "Easel"
    line = text("audit.entry", by=by, at=entry.at // 1000, what=_what(entry))
    lines = few(changes(entry.before, entry.after, say, guild_id=entry.guild_id), CHANGES, say, room=ROOM)
    undone = [] if entry.undone_by is None else [say(text("audit.undone"))]
    return "\n".join([say(line), *(f"-# {line}" for line in [*lines, *undone])])


def undo_view(
    entry: AuditEntry, say: Say, *, yes: discord.ui.Button[Any], back: discord.ui.Button[Any]
) -> discord.ui.LayoutView:
    """Ask before a change is taken back, with what that means: it may not be the one on top of the page."""
    lines = few(changes(entry.after, entry.before, say, guild_id=entry.guild_id), UNDONE, say)
    by = f"<@{entry.actor.user_id}>" if entry.actor.user_id else "Easel"
    words = [say(text("audit.undo_sure", by=by, at=entry.at // 1000)), *(f"-# {line}" for line in lines)]
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
        UNDO,
    }
)


def _named(action: str) -> Text:
    return text(f"audit.{action}") if action in ACTIONS else text("audit.other", action=quoted(action, 40))
