"""Long lists in pages, for moderators: lines, or entries with a button each, and ◀ ▶ that know nothing but their page.
Never here: what is listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot.texts import Localize, text
from bot.ui.kit.controls import StatelessView
from bot.ui.kit.escape import units
from bot.ui.kit.moderators import draw_mod_button

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def page_of(total: int, page: int, size: int) -> tuple[int, int]:
    """The page that is meant, the last one if there are fewer by now, and how many there are."""
    pages = max(1, -(-total // size))
    return min(max(0, page), pages - 1), pages


def page_buttons(word: str, page: int, pages: int, localize: Localize) -> list[discord.ui.Item[Any]]:
    """What stands under one of several pages; nothing under the only one."""
    if pages <= 1:
        return []
    return [
        discord.ui.TextDisplay("-# " + localize(text("modjobs.page", page=page + 1, pages=pages))),
        discord.ui.ActionRow(
            draw_mod_button(word, max(0, page - 1), label="◀", disabled=page == 0),
            # The words of two ids must differ, even where both would lead to the same page.
            draw_mod_button(word, page + 1, label="▶", disabled=page == pages - 1),
        ),
    ]


def lines_view(
    title: str, lines: Sequence[str], page: int, *, word: str, size: int, localize: Localize
) -> discord.ui.LayoutView:
    """Draw a page of lines."""
    page, pages = page_of(len(lines), page, size)
    box: discord.ui.Container[Any] = discord.ui.Container()
    box.add_item(discord.ui.TextDisplay(title))
    shown = lines[page * size : (page + 1) * size]
    if shown:
        box.add_item(discord.ui.TextDisplay("\n".join(shown)))
    for item in page_buttons(word, page, pages, localize):
        box.add_item(item)
    return StatelessView(box)


def few(lines: Iterable[str], limit: int, localize: Localize, *, room: int = 2_000) -> list[str]:
    """The first lines, so many and so long at most, and how many more there are."""
    all_ = list(lines)
    shown: list[str] = []
    for line in all_[:limit]:
        room -= units(line)
        if room < 0:
            break
        shown.append(line)
    hidden = len(all_) - len(shown)
    return shown if not hidden else [*shown, localize(text("audit.more", n=hidden))]
