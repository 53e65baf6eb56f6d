"""What a card is made of, as Discord's API spells it (facts §3.5), without discord.py's own items between.
Never here: what stands on a card, and which buttons it has.

Each press has two cards drawn on the bot's one thread, where those items take several times as long (facts §3.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from discord import ComponentType
from typing_extensions import override

from bot.ui.kit.controls import StatelessView

if TYPE_CHECKING:
    from collections.abc import Iterable

    import discord

Part = dict[str, Any]


class CardView(StatelessView):
    """A message of such parts. Of a view that has ended, discord.py asks no more than these two (facts §3.4)."""

    def __init__(self, *parts: Part) -> None:
        super().__init__()
        self._parts = list(parts)

    @override
    def to_components(self) -> list[Part]:
        return self._parts

    @override
    def has_components_v2(self) -> bool:
        return True


def box(colour: discord.Colour, parts: Iterable[Part]) -> Part:
    """A frame around all of it."""
    return {
        "type": ComponentType.container.value,
        "accent_color": colour.value,
        "spoiler": False,
        "components": list(parts),
    }


def words(content: str) -> Part:
    """Markdown."""
    return {"type": ComponentType.text_display.value, "content": content}


def words_beside(said: Part, media: str, described: str, *, veiled: bool) -> Part:
    """Words with a small picture at their side."""
    small = {
        "type": ComponentType.thumbnail.value,
        "spoiler": veiled,
        "media": {"url": media},
        "description": described,
    }
    return {"type": ComponentType.section.value, "components": [said], "accessory": small}


def gallery(media: Iterable[str], described: str, *, veiled: bool) -> Part:
    """Pictures, all of one description."""
    alt = {"description": described} if described else {}
    items = [{"media": {"url": one}, "spoiler": veiled, **alt} for one in media]
    return {"type": ComponentType.media_gallery.value, "items": items}


def row(buttons: Iterable[Part]) -> Part:
    """One to five buttons."""
    return {"type": ComponentType.action_row.value, "components": list(buttons)}


def button(custom_id: str, label: str | None, emoji: str | None, style: discord.ButtonStyle) -> Part:
    """It has a label, or an emoji, or both."""
    drawn: Part = {"type": ComponentType.button.value, "style": style.value, "disabled": False}
    if label:
        drawn["label"] = label
    drawn["custom_id"] = custom_id
    if emoji:
        drawn["emoji"] = {"id": None, "name": emoji}
    return drawn
