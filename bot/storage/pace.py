"""Long work on the database in steps beside other writers: as large as time allows, with rests, and the log copied meanwhile.
Never here: what is written."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection

    from bot.storage.database import Database

T = TypeVar("T")

AIM_S: Final = 0.02
"""How long a step may take, its wait for the writing connection and its way to the disk included."""
LONGEST_REST_S: Final = 0.25
LEAST: Final = 2
GROWTH: Final = 2
COPY_AFTER: Final = 30
"""Rows after which the log is copied into the file, before SQLite does that within somebody's write."""


class Pace:
    """How many rows the next step takes: fewer after a slow one, more after a quick one. One for each long work."""

    def __init__(self, database: Database, size: int, *, most: int | None = None) -> None:
        self.size = size
        self._most = most or size
        self._database = database
        self._uncopied = 0

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run a step in a transaction, and rest as long as it took, so that half of the time is others'."""
        began = time.perf_counter()
        done = await self._database.write(work)
        took = time.perf_counter() - began
        self._uncopied += self.size
        self._adapt(took)
        if self._uncopied >= COPY_AFTER:
            self._uncopied = 0
            await self._database.copy_log()
        await asyncio.sleep(min(took, LONGEST_REST_S))
        return done

    def _adapt(self, took_s: float) -> None:
        if took_s > AIM_S:
            self.size = max(LEAST, self.size // 2)
        elif took_s < AIM_S / 2:
            self.size = min(self._most, self.size + GROWTH)
