"""Fixtures of the wire tests: an installation for each test, with and without webhooks.
Never here: tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fixtures.painting import paint_alike
from tests.wire.installation import open_house

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.wire.installation import Installation


@pytest.fixture(autouse=True)
def painted_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    paint_alike(monkeypatch)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    """An installation that only polls."""
    async with open_house(tmp_path) as opened:
        yield opened


@pytest.fixture
async def hooked(tmp_path: Path) -> AsyncIterator[Installation]:
    """An installation that upstream's webhooks reach: results come at once."""
    async with open_house(tmp_path, webhooks=True) as opened:
        yield opened
