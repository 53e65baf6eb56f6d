"""What a message shows, read from the message itself: which job of ours, and where its pictures are.
Never here: asking Discord for a message."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import discord

from bot.domain.keys import KEY_PATTERN, JobKey
from bot.domain.ports import PREVIEW_NAME
from bot.ui.kit.custom_ids import key_on

if TYPE_CHECKING:
    from collections.abc import Iterable

PICTURE_NAMES: Final = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".avif", ".heic", ".bmp", ".tif", ".tiff")
_QUOTED_KEY: Final = re.compile(rf"`({KEY_PATTERN})`")


def flat(components: Iterable[Any]) -> Iterable[Any]:
    """All components, however deep they stand."""
    for component in components:
        yield component
        beside = getattr(component, "accessory", None)
        yield from flat([*getattr(component, "children", ()), *([] if beside is None else [beside])])


def shows(message: discord.Message, key: JobKey) -> bool:
    """Whether one of its buttons, or its footer, carries a job's key."""
    for component in flat(message.components):
        if isinstance(component, discord.Button) and key_on(component.custom_id) == key:
            return True
        if isinstance(component, discord.TextDisplay) and f"`{key}`" in component.content:
            return True
    return False


def job_on(message: discord.Message) -> JobKey | None:
    """The job that a card shows: its buttons know, else its footer, which stands last."""
    named = None
    for component in flat(message.components):
        if isinstance(component, discord.Button) and (key := key_on(component.custom_id)) is not None:
            return key
        if isinstance(component, discord.TextDisplay):
            found = _QUOTED_KEY.findall(component.content)
            named = JobKey(found[-1]) if found else named
    return named


def picture_url(message: discord.Message) -> str | None:
    """Where the picture is that a message shows in its gallery, or beside its words; a preview is none."""
    for component in flat(message.components):
        url = None
        if isinstance(component, discord.MediaGalleryComponent) and component.items:
            url = component.items[0].media.url
        elif isinstance(component, discord.ThumbnailComponent):
            url = component.media.url
        if url is not None:
            return None if PREVIEW_NAME in url else url
    return None


def picture_urls(message: discord.Message) -> list[str]:
    """Where all the pictures are that a message shows in its gallery, or beside its words; a preview is none."""
    first = picture_url(message)
    if first is None:
        return []
    for component in flat(message.components):
        if isinstance(component, discord.MediaGalleryComponent) and component.items:
            return [item.media.url for item in component.items]
    return [first]


def pictures_in(message: discord.Message | discord.MessageSnapshot) -> Iterable[discord.Attachment | str]:
    """Every picture that Discord shows in a message, the first of which people mean: its files, then addresses.

    Those of galleries and cards of other bots, of embeds and link previews, of stickers, and of what was forwarded.
    """
    for attachment in message.attachments:
        if _is_picture(attachment.content_type, attachment.filename):
            yield attachment
    yield from _shown_by(message.components)
    for embed in message.embeds:
        for media in (embed.image, embed.thumbnail):
            address = media.url or media.proxy_url
            if address is not None and address.startswith(("https://", "http://")):
                yield address
    for sticker in message.stickers:
        if sticker.format is not discord.StickerFormatType.lottie:
            yield sticker.url
    for snapshot in getattr(message, "message_snapshots", ()):  # a forwarded message carries none of its own
        yield from pictures_in(snapshot)


def _shown_by(components: Iterable[Any]) -> Iterable[str]:
    for component in flat(components):
        media: list[discord.UnfurledMediaItem] = []
        if isinstance(component, discord.MediaGalleryComponent):
            media = [item.media for item in component.items]
        elif isinstance(component, discord.ThumbnailComponent):
            media = [component.media]
        elif isinstance(component, discord.FileComponent):
            media = (
                [component.media] if _is_picture(component.media.content_type, component.name or "") else []
            )
        for one in media:
            if one.url.startswith("https://") and not (one.content_type or "image/").startswith("video/"):
                yield one.url


def _is_picture(content_type: str | None, filename: str) -> bool:
    return (content_type or "").startswith("image/") or filename.lower().endswith(PICTURE_NAMES)
