"""Fixtures of the behaviour tests: a world for each test.
Never here: tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import simcord

from tests.e2e.harness import Harness, open_world
from tests.fixtures.painting import paint_once
from tests.fixtures.patience import be_patient
from tests.fixtures.simulated import simulate_lightly
from tests.fixtures.starting import start_alike

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    be_patient(monkeypatch)


@pytest.fixture(autouse=True)
def painted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    paint_once(monkeypatch)


@pytest.fixture(autouse=True)
def started_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    start_alike(monkeypatch)
    simulate_lightly(monkeypatch)


@pytest.fixture(autouse=True)
def impatient_settling(monkeypatch: pytest.MonkeyPatch) -> None:
    """SimCord looks again every 50 ms whether the bot has settled; there are dozens of such looks in a test."""
    defaults = simcord.Env._settle_internal.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "idle", 0.005)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Harness]:
    async with open_world(tmp_path) as opened:
        yield opened
