"""A simulated upstream with a clock of our own, and a foreign client that speaks the contract to it.
Never here: knowledge of the inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.sandbox.upstream import SimulatedUpstream
from tests.sandbox.upstream.client import Client, FakeClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def upstream(clock: FakeClock) -> AsyncIterator[SimulatedUpstream]:
    async with SimulatedUpstream(clock=clock, canvas=160) as opened:
        yield opened


@pytest.fixture
async def client(upstream: SimulatedUpstream, clock: FakeClock) -> AsyncIterator[Client]:
    async with Client(upstream, clock) as opened:
        yield opened
