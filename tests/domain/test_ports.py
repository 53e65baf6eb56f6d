"""The few lines of the ports that do something.
Never here: adapters; each is held to its port by the type checker and its own tests."""

from __future__ import annotations

import asyncio

from bot.domain.ports import unguarded


async def test_production_awaits_what_it_is_given_and_tells_nobody() -> None:
    assert await unguarded(asyncio.sleep(0, "done"), "a nap") == "done"
