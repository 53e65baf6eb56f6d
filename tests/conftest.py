"""What holds for every test run: how many workers, and for which tests coverage is measured.
Never here: fixtures; each room has its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import coverage
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

UNMEASURED: Final = frozenset(
    {"bench", "browser", "e2e", "fakes", "faults", "i18n", "sandbox", "wire"},
)
"""Rooms that walk the whole program again and again. Tracing doubles their time, and what they run is the other rooms'
business to cover: a line that only an end-to-end test reaches is a line without a test of its own."""


def pytest_xdist_auto_num_workers() -> int:
    """Half as many workers again as there are cores: much of the time is waiting for programs, browsers and databases."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores + max(1, cores // 2)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Measure no coverage while a test of such a room runs."""
    measuring = coverage.Coverage.current()
    if measuring is None or item.nodeid.split("/")[1] not in UNMEASURED:
        return (yield)
    measuring.stop()
    try:
        return (yield)
    finally:
        measuring.start()
