"""Small facts that every process agrees on.
Never here: jobs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.storage import Storage
    from tests.storage.conftest import Opener


async def test_a_value_is_absent_then_set_then_replaced(storage: Storage) -> None:
    assert await storage.meta.get("commands") is None

    await storage.meta.set("commands", "a")
    await storage.meta.set("commands", "b")

    assert await storage.meta.get("commands") == "b"


async def test_of_several_processes_one_takes_a_value_over(storage: Storage, another: Opener) -> None:
    second = await another()

    first_round = await asyncio.gather(
        *((storage, second)[n % 2].meta.swap("syncing", None, str(n)) for n in range(6))
    )
    holder = await storage.meta.get("syncing")
    released = await second.meta.swap("syncing", holder, "")

    assert sum(first_round) == 1
    assert holder == str(first_round.index(True))
    assert released
    assert not await storage.meta.swap("syncing", holder, "late")


async def test_a_healthy_database_passes_its_check(storage: Storage) -> None:
    await storage.check()
    await storage.check()
