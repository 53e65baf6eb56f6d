"""What holds for every test run.
Never here: fixtures; each room has its own."""

from __future__ import annotations

import os


def pytest_xdist_auto_num_workers() -> int:
    """Half as many workers again as there are cores: much of the time is waiting for programs, browsers and databases."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores + max(1, cores // 2)
