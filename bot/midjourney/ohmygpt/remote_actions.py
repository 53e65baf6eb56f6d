"""Words and buttons of a task object, which every server writes alike (contract §2.4, family §2).
Never here: the rest of a task, in which servers differ (`wire`, `tasks`)."""

from __future__ import annotations

from bot.domain.tasks import RemoteAction
from bot.midjourney.ohmygpt.envelope import clean


def word(value: object) -> str | None:
    """A text, or None for anything that is none or says nothing."""
    return (clean(value).strip() or None) if isinstance(value, str) else None


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
