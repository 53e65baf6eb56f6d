"""Walks of deaths keep their database in the event loop's own thread, so each effect finds it between two transactions.
Never here: deaths, and what is judged."""

from __future__ import annotations

from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

import pytest
from typing_extensions import override

from bot.storage import sqlite_connections, threads
from tests.fixtures.patience import be_patient

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

T = TypeVar("T")


class AtOnce(threads.WorkerThread):
    """A thread of the database that has done its work as soon as it is told to."""

    def __init__(self, _name: str) -> None:
        self._orders = SimpleQueue()

    @override
    def do(self, work: Callable[[], T]) -> asyncio.Future[T]:
        done = super().do(work)
        self.end()
        threads._follow(self._orders)
        return done

    @override
    def join(self) -> None:
        """It never ran."""


@pytest.fixture(autouse=True)
def _between_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing run beside the loop, and nobody lose patience. Processes die here, machines do not, so nothing waits for the disk either."""
    be_patient(monkeypatch)
    set_up = sqlite_connections.set_up
    monkeypatch.setattr(threads, "WorkerThread", AtOnce)
    monkeypatch.setattr(
        sqlite_connections, "set_up", lambda engine, pragmas: set_up(engine, (*pragmas, "synchronous = OFF"))
    )
