"""What was chosen in a menu or a window, read: another release may have drawn it, with choices that this one does not know.
Never here: what a choice does, and custom_ids (`custom_ids`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from bot.errors import UserError
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def known(read: Callable[[str], T], chosen: str | None) -> T:
    """Read a choice; raises `UserError` for one that this release does not know, and for none where one is needed."""
    if chosen is None:
        raise UserError(text("press.expired"))
    try:
        return read(chosen)
    except ValueError:
        raise UserError(text("press.expired")) from None
