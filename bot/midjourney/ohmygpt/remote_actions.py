"""Words and buttons of a task object, which every server writes alike (contract §2.4, family §2).
Never here: the rest of a task, in which servers differ (`wire`, `tasks`)."""

from __future__ import annotations

from typing import Final

from bot.domain.tasks import RemoteAction
from bot.midjourney.ohmygpt.envelope import clean

_NOTHING: Final = frozenset(
    {
        "null",
        "none",
        "nil",
        "undefined",
        "n/a",
        "0",
        "-",
        "false",
        "无",
        "無",
        "success",
        "succeeded",
        "ok",
        "成功",
    }
)
"""What sloppy servers write where a task has no reason to have failed, or no picture yet."""


def word(value: object) -> str | None:
    """A text, or None for anything that is none or says nothing."""
    return (clean(value).strip() or None) if isinstance(value, str) else None


def word_if_any(value: object) -> str | None:
    """A reason or an address; None also for the words that stand for nothing. Prompts and tags may be such words."""
    written = word(value)
    return None if written is None or written.lower() in _NOTHING else written


def read_actions(value: object) -> tuple[RemoteAction, ...]:
    """The buttons in the server's order; an entry without a customId is a link and is left out."""
    if not isinstance(value, list):
        return ()
    return tuple(
        RemoteAction(
            custom_id=id_, label=word(entry.get("label")) or "", emoji=word(entry.get("emoji")) or ""
        )
        for entry in value
        if isinstance(entry, dict)
        and isinstance(id_ := entry.get("customId"), str)
        # An id that no database can hold cannot come back verbatim, so its button could not work.
        and id_.strip()
        and clean(id_) == id_
    )
