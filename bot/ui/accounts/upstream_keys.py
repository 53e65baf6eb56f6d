"""Keys with caps as their owner reads them in Discord, and the question before one is deleted.
Never here: making and changing keys (services), and a key in any view but the one at its making."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import discord

from bot.texts import Localize, Text, text
from bot.ui.kit.controls import component, words_view
from bot.ui.kit.custom_ids import Field, one_of
from bot.ui.kit.escape import quoted, units

if TYPE_CHECKING:
    from decimal import Decimal

    from bot.services.accounts.upstream_keys import CreatedKey, KeyListing, KeyView
    from bot.ui.kit.context import Context

LIST_LIMIT: Final = 1_800
"""Characters of a list; Discord shows 2,000 in one message."""
Names: TypeAlias = Mapping[str, str]
"""Servers by their ids."""
NOBODY: Final[Names] = MappingProxyType({})
NAME_LIMIT: Final = 60
TAG: Final = Field("[0-9a-z]{6,20}", str)


class Answer(StrEnum):
    """What the owner may answer."""

    DELETE = "delete"
    KEEP = "keep"


@component("upstream-key", one_of(Answer), TAG, owners=True)
async def answer(context: Context, given: Answer, tag: str) -> None:
    """Delete it, or not, and say in the question's place what is true now."""
    if given is Answer.KEEP:
        await context.show(words_view(context.localize(text("keys.kept"))))
        return
    gone = await context.services.upstream_keys.delete(tag, actor=context.actor)
    await context.show(words_view(context.localize(text("keys.deleted", subject=gone.subject, tag=gone.tag))))


def question(view: KeyView, localize: Localize, names: Names = NOBODY) -> discord.ui.LayoutView:
    """Ask before a key is deleted."""

    def button(given: Answer, style: discord.ButtonStyle) -> discord.ui.Button[Any]:
        label = localize(text(f"keys.button.{given.value}"))
        return discord.ui.Button(label=label, style=style, custom_id=answer.id(given, view.tag))

    words = f"{key_line(view, localize, names)}\n{localize(text('keys.sure' if view.in_use else 'keys.sure_unused'))}"
    return words_view(
        words,
        button(Answer.DELETE, discord.ButtonStyle.danger),
        button(Answer.KEEP, discord.ButtonStyle.secondary),
    )


def key_line(view: KeyView, localize: Localize, names: Names = NOBODY) -> str:
    """One key, without any part of it; a server by its name where that is known."""
    name = names.get(view.subject)
    return localize(
        text(
            "keys.line",
            subject=view.subject if not name else f"{quoted(name, NAME_LIMIT)} ({view.subject})",
            tag=view.tag,
            state=_state(view),
            spent=spent_words(view.used, view.cap, view.percent),
            end=text("keys.endless")
            if view.expires_at is None
            else text("keys.end", until=view.expires_at // 1_000),
        )
    )


def spent_words(used: Decimal | None, cap: Decimal | None, percent: int | None) -> Text:
    """What was paid with a key of what may be; what is not known is not said."""
    if used is None:
        return text("keys.spent_unknown")
    if cap is None or percent is None:
        return text("keys.spent", used=int(used))
    return text("keys.spent_of", used=int(used), limit=int(cap), percent=percent)


def _state(view: KeyView) -> Text:
    if view.disabled:
        return text("keys.state_disabled")
    return text("keys.state_used" if view.in_use else "keys.state_unused")


def key_list(listing: KeyListing, localize: Localize, names: Names = NOBODY) -> str:
    """All of ours; of the others, how many there are."""
    lines: list[str] = [] if listing.keys else [localize(text("keys.none"))]
    for n, view in enumerate(listing.keys):
        line = "- " + key_line(view, localize, names)
        if sum(map(units, lines)) + len(lines) + units(line) > LIST_LIMIT:
            lines.append(localize(text("keys.more", n=len(listing.keys) - n)))
            break
        lines.append(line)
    if listing.others:
        lines.append("-# " + localize(text("keys.others", n=listing.others)))
    return "\n".join(lines)


def made_words(made: CreatedKey, localize: Localize, names: Names = NOBODY) -> str:
    """What was made; an account's key, this once."""
    line = key_line(made.view, localize, names)
    if made.key is None:
        return f"{localize(text('keys.made_server'))}\n{line}"
    return f"{localize(text('keys.made_account', subject=made.view.subject))}\n||`{made.key}`||\n{line}"
