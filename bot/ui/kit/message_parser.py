"""What a message of ours shows, read from the message itself: which job, and where its picture is.
Never here: asking Discord for a message."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import discord

from bot.domain.keys import KEY_PATTERN, JobKey
from bot.ui.kit.custom_ids import key_on

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    """Where the picture is that a message shows in its gallery, or beside its words."""
    for component in flat(message.components):
        if isinstance(component, discord.MediaGalleryComponent) and component.items:
            return component.items[0].media.url
        if isinstance(component, discord.ThumbnailComponent):
            return component.media.url
    return None
