"""Fixtures of these tests: bots that start share what all of them read and say alike.
Never here: tests."""

from __future__ import annotations

import pytest

from tests.fixtures.patience import be_patient
from tests.fixtures.simulated import simulate_lightly
from tests.fixtures.starting import start_alike


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    be_patient(monkeypatch)


@pytest.fixture(autouse=True)
def started_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    start_alike(monkeypatch)
    simulate_lightly(monkeypatch)
