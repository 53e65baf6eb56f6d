"""Finding a message's picture wherever Discord shows one.
Never here: fetching it (tests/e2e/test_pictures.py)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest
from discord.components import _component_factory

from bot.ui.kit.message_parser import pictures_in

FOX = "https://cdn.example/fox.png"
OWL = "https://cdn.example/owl.png"


def a_message(**parts: Any) -> Any:
    empty: dict[str, Any] = {
        "attachments": [],
        "components": [],
        "embeds": [],
        "stickers": [],
        "message_snapshots": [],
    }
    return cast("discord.Message", SimpleNamespace(**(empty | parts)))


def an_attachment(name: str, kind: str | None) -> Any:
    data: dict[str, Any] = {"id": 1, "filename": name, "size": 9, "url": FOX, "proxy_url": FOX}
    state = cast("Any", SimpleNamespace(http=None))
    return discord.Attachment(data=cast("Any", data | ({"content_type": kind} if kind else {})), state=state)


def an_embed(**parts: Any) -> discord.Embed:
    return discord.Embed.from_dict(cast("Any", parts))


def a_card(*components: dict[str, Any]) -> list[Any]:
    return [
        _component_factory(
            cast("Any", {"type": 17, "id": 1, "components": list(components)}), cast("Any", None)
        )
    ]


def media(url: str, kind: str = "image/png") -> dict[str, Any]:
    return {"url": url, "proxy_url": url, "content_type": kind, "id": "1"}


def a_sticker(kind: int) -> discord.StickerItem:
    return discord.StickerItem(
        state=cast("Any", None), data={"id": 7, "name": "wave", "format_type": cast("Any", kind)}
    )


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ({"embeds": [an_embed(type="rich", image={"url": FOX})]}, [FOX]),
        ({"embeds": [an_embed(type="link", url="https://a.example", thumbnail={"url": OWL})]}, [OWL]),
        ({"embeds": [an_embed(type="image", url=FOX, thumbnail={"url": FOX})]}, [FOX]),
        ({"embeds": [an_embed(type="rich", image={"url": "attachment://x.png", "proxy_url": ""})]}, []),
        (
            {
                "components": a_card(
                    {"type": 12, "id": 2, "items": [{"media": media(FOX)}, {"media": media(OWL)}]}
                )
            },
            [FOX, OWL],
        ),
        ({"components": a_card({"type": 12, "id": 2, "items": [{"media": media(FOX, "video/mp4")}]})}, []),
        ({"stickers": [a_sticker(1)]}, ["https://cdn.discordapp.com/stickers/7.png"]),
        ({"stickers": [a_sticker(3)]}, []),
        ({"message_snapshots": [a_message(embeds=[an_embed(image={"url": OWL})])]}, [OWL]),
        ({}, []),
    ],
)
def test_a_picture_is_found_wherever_discord_shows_one(parts: dict[str, Any], found: list[str]) -> None:
    assert list(pictures_in(a_message(**parts))) == found


def test_a_file_comes_first_and_a_forwarded_one_counts() -> None:
    picture, words = an_attachment("fox.HEIC", None), an_attachment("notes.txt", "text/plain")
    forwarded = a_message(attachments=[words, picture])

    both = list(pictures_in(a_message(attachments=[picture], embeds=[an_embed(image={"url": OWL})])))

    assert both == [picture, OWL]
    assert list(pictures_in(a_message(message_snapshots=[forwarded]))) == [picture]
