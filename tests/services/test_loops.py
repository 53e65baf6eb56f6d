"""A part that runs for ever outlives trouble of the database: it says so once a turn, and at the next turn does its work.
Never here: what each part does in a turn."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from bot.errors import StorageTrouble
from tests.services.harness import Effects, WatchedStore

if TYPE_CHECKING:
    from tests.services.harness import Harness


@pytest.mark.parametrize(
    ("part", "port", "read", "turn_s", "warning"),
    [
        ("erased_cards", "records", "claim_cards", 10, "standing_cards_not_read"),
        ("copies", "store", "claim_copies", 10, "copies_not_read"),
        ("housekeeping", "records", "delete_due", 600, "tidying_failed"),
        ("watch", "memory", "get", 60, "watching_failed"),
        ("owner_questions", "memory", "get", 30, "questions_not_resumed"),
        ("answers", "store", "claim", 10, "answers_not_recovered"),
        ("people", "store", "languages", 30, "languages_not_read"),
    ],
)
async def test_trouble_of_the_database_costs_a_loop_one_turn(
    world: Harness,
    caplog: pytest.LogCaptureFixture,
    part: str,
    port: str,
    read: str,
    turn_s: int,
    warning: str,
) -> None:
    loop: Any = getattr(world.services, part)
    effects = Effects()
    store = WatchedStore(getattr(loop, port), effects)
    store.trouble, store.trouble_for = StorageTrouble("the disk is full"), {read}
    setattr(loop, port, store)
    with caplog.at_level(logging.WARNING):
        running = asyncio.create_task(loop.run())
        await world.until(lambda: warning in caplog.messages)
        store.trouble = None
        await world.until(lambda: f"db {read} ⟩" in effects.names, within=1.2 * turn_s + 1)

    assert not running.done()
    assert caplog.messages.count(warning) == 1
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
