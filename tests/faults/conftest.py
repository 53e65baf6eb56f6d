"""Walks of deaths keep their database in the event loop's own thread, so each effect finds it between two transactions.
Never here: deaths, and what is judged."""

from __future__ import annotations

from queue import SimpleQueue
from typing import Any

import pytest

from bot.storage import sqlite_connections, threads
from tests.fixtures.patience import be_patient


class AtOnce:
    """A thread of the database that has done its work as soon as it is told to."""

    def __init__(self, _name: str) -> None:
        self.orders = self.thread = self

    def put(self, order: Any) -> None:
        orders: SimpleQueue[Any] = SimpleQueue()
        orders.put(order)
        orders.put(None)
        threads._follow(orders)

    def join(self, _within: float) -> None:
        """It never ran."""


@pytest.fixture(autouse=True)
def _between_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing run beside the loop, and nobody lose patience. Processes die here, machines do not, so nothing waits for the disk either."""
    be_patient(monkeypatch)
    set_up = sqlite_connections.set_up
    monkeypatch.setattr(threads, "_Hand", AtOnce)
    monkeypatch.setattr(
        sqlite_connections, "set_up", lambda engine, pragmas: set_up(engine, (*pragmas, "synchronous = OFF"))
    )
