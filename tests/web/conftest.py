"""A real web server on loopback for these tests, and the parts that it is built from.
Never here: tests."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aiohttp
import pytest

from bot.domain.keys import JobKey
from bot.midjourney.ohmygpt.webhook import read_hint
from bot.web.health import Check, Health
from bot.web.hook import Hint, Hook
from bot.web.server import serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TOKEN = "token-of-a-running-job-0123"
KEY = JobKey("0123456789ab")


@dataclass
class Counts:
    """Meters that remember what became of posts."""

    outcomes: Counter[str] = field(default_factory=Counter)

    def count(self, name: str, n: int = 1, /, **labels: str) -> None:
        """Remember one."""
        assert name == "webhooks"
        self.outcomes[labels["outcome"]] += n

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        """Nothing here takes time worth measuring."""
        raise AssertionError(name, value, labels)


def read(body: bytes) -> Hint | None:
    """Read a body as the program does, with one that breaks the reader."""
    if body == b"poison":
        raise RecursionError("too deep")
    return read_hint(body)


@dataclass
class House:
    """What stands behind the receiver: a store that knows one token, and a tracker that can be woken."""

    metrics: Counts = field(default_factory=Counts)
    woken: asyncio.Queue[tuple[JobKey, bool]] = field(default_factory=asyncio.Queue)
    looked_up: list[str] = field(default_factory=list)
    unblocked: asyncio.Event = field(default_factory=asyncio.Event)
    """Look-ups wait here: a test can hold them to see that answers do not."""
    trouble: Exception | None = None
    ready: dict[str, Check] = field(default_factory=dict)
    alive: dict[str, Check] = field(default_factory=dict)

    async def find_job(self, token: str) -> JobKey | None:
        """Look a token up."""
        self.looked_up.append(token)
        await self.unblocked.wait()
        if self.trouble is not None:
            trouble, self.trouble = self.trouble, None
            raise trouble
        return KEY if token == TOKEN else None

    async def on_hint(self, key: JobKey, terminal: bool) -> None:  # noqa: FBT001  # the receiver's signature
        """Wake the tracker."""
        self.woken.put_nowait((key, terminal))

    async def metrics_page(self) -> bytes:
        """One made-up meter."""
        return b"easel_up 1\n"

    @asynccontextmanager
    async def served(
        self,
        *,
        hook: bool = True,
        at_once: int = 64,
        body_seconds: float = 60.0,
        idle_seconds: float = 60.0,
        most_waiting: int = 1024,
        stop_seconds: float = 0.1,
        fresh: float = 0.0,
    ) -> AsyncIterator[int]:
        """Serve it; yields the port."""
        receiver = Hook(
            read_hint=read,
            find_job=self.find_job,
            on_hint=self.on_hint,
            metrics=self.metrics,
            body_seconds=body_seconds,
            most_waiting=most_waiting,
            hint_seconds=60.0,
        )
        async with serve(
            host="127.0.0.1",
            port=0,
            health=Health(alive=self.alive, ready=self.ready, patience=0.2, fresh=fresh),
            metrics_page=self.metrics_page,
            hook=receiver if hook else None,
            at_once=at_once,
            idle_seconds=idle_seconds,
            stop_seconds=stop_seconds,
        ) as port:
            yield port


@pytest.fixture
async def house() -> House:
    """Give a house whose store answers at once."""
    house = House()
    house.unblocked.set()
    return house


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    """Give an ordinary HTTP client."""
    async with aiohttp.ClientSession() as session:
        yield session
