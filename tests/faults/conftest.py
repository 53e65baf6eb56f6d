"""Hundreds of deaths run the same lines again and again: coverage is not measured while they do.
Never here: tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import coverage
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def unmeasured() -> Iterator[None]:
    """Tracing doubles the time of these tests, and what they run is covered by the services' own."""
    measuring = coverage.Coverage.current()
    if measuring is None:
        yield
        return
    measuring.stop()
    yield
    measuring.start()
