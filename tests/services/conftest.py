"""Fixtures of the services' tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.windows import furnish
from tests.fixtures.patience import be_patient
from tests.services.harness import Harness, worlds
from tests.services.server_harness import Server, servers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    be_patient(monkeypatch)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Harness]:
    """A world with a running process."""
    async for made in worlds(tmp_path):
        await made.boot()
        yield made


@pytest.fixture
async def family(tmp_path: Path) -> AsyncIterator[Harness]:
    """The same at a server of the family that opens windows and shortens."""
    async for made in worlds(tmp_path):
        furnish(made)
        await made.boot()
        yield made


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """A moderated server; its process sends nothing by itself."""
    async for made in servers(tmp_path):
        yield made
