"""What a person sees of a message: its words, its picture, its buttons.
Never here: clicking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.ui.kit.custom_ids import key_on, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from simcord.results import ResponseMessage

TEXT, BUTTON, GALLERY = 10, 2, 12
"""Discord's component types."""


@dataclass(frozen=True, slots=True)
class Button:
    """A button as it is read: its words and its emoji."""

    face: str
    custom_id: str

    @property
    def is_own(self) -> bool:
        """Whether it is one of ours, such as Cancel, and stands for no action of Midjourney's."""
        return key_on(self.custom_id) is not None and kind_of(self.custom_id) not in {
            "press",
            "vary",
            "region",
            "cells",
        }


@dataclass(frozen=True, slots=True)
class Card:
    """A message as it is read."""

    message: ResponseMessage
    words: str
    rows: tuple[tuple[Button, ...], ...]
    pictures: tuple[str, ...]

    @property
    def buttons(self) -> list[str]:
        """The faces of Midjourney's buttons, in order."""
        return [button.face for row in self.rows for button in row if not button.is_own]

    @property
    def own(self) -> list[str]:
        """The faces of our own buttons, in order."""
        return [button.face for row in self.rows for button in row if button.is_own]

    def button(self, face: str) -> Button:
        """The one button that looks like this."""
        found = [button for row in self.rows for button in row if button.face == face]
        assert len(found) == 1, f"{len(found)} buttons say {face!r}; there are {self.buttons} and {self.own}"
        return found[0]


def card_of(message: ResponseMessage) -> Card:
    """Read a message."""
    parts = list(_flat(message.components))
    words = [message.content, *(part["content"] for part in parts if part["type"] == TEXT)]
    rows = tuple(
        tuple(
            Button(_face(button), button.get("custom_id") or button["url"])
            for button in row["components"]
            if button["type"] == BUTTON
        )
        for row in parts
        if row["type"] == 1
    )
    pictures = tuple(
        item["media"]["url"] for part in parts if part["type"] == GALLERY for item in part["items"]
    )
    return Card(message, "\n".join(word for word in words if word), rows, pictures)


def _face(button: dict[str, Any]) -> str:
    emoji = (button.get("emoji") or {}).get("name") or ""
    return " ".join(part for part in (emoji, button.get("label") or "") if part)


def _flat(components: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for component in components:
        yield component
        yield from _flat(component.get("components", ()))
