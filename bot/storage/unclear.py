"""Writing on where the answer to a commit was lost: a database that fails over is back within a minute, and can be asked.
Never here: what is written; it finds by itself what an earlier try of it left."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeVar

from bot.errors import StorageTrouble, WriteUnclear

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from bot.storage.database import Database

T = TypeVar("T")
Pause = Callable[[float], Awaitable[object]]
"""Waits so many seconds."""

PAUSES_S: Final = (1, 2, 4, 8, 15)
"""Between tries, while somebody is shown “thinking…”."""


async def write_until_clear(
    database: Database,
    work: Callable[[Connection], T],
    pause: Pause,
    *,
    again: Callable[[Connection], T] | None = None,
) -> T:
    """Run `work` in a transaction; if nobody can tell whether it stands, then `again`, which else is the same.

    Raises `StorageTrouble` if nothing was written, and `WriteUnclear` if that never became clear.
    """
    try:
        return await database.write(work)
    except WriteUnclear as trouble:
        unclear = trouble
    for seconds in PAUSES_S:
        await pause(seconds)
        try:
            return await database.write(again or work)
        except StorageTrouble:  # it is not back, or what it has not ended yet is in the way
            continue
    raise unclear
