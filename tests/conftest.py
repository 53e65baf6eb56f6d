"""What holds for every test: how many workers, what is kept apart, what is measured, no speed, and a log left as it was.
Never here: fixtures that a test asks for; each room has its own."""

from __future__ import annotations

import importlib
import logging
import os
import pkgutil
import sys
import tempfile
import threading
import tomllib
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TypeVar
from unittest import mock

import coverage
import pytest
import structlog
from hypothesis import HealthCheck, settings

import bot
import bot.ui.controls  # as in the program: what a card offers is registered before one is drawn
import cogs
from bot.log import QUIET
from tests.fixtures.certificates import read_once
from tests.fixtures.compiled import compile_once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from concurrent.futures import Future

UNMEASURED: Final = frozenset(
    {"bench", "browser", "e2e", "fakes", "faults", "i18n", "sandbox", "wire"},
)
"""Rooms that walk the whole program again and again. Tracing doubles their time, and what they run is the other rooms'
business to cover: a line that only an end-to-end test reaches is a line without a test of its own."""
WAITING: Final = frozenset({"browser", "deploy", "process", "wire"})
"""Rooms whose files wait most of their time, for programs and browsers."""
LONGEST: Final = (
    "tests/browser/sandbox/test_preview.py",
    "tests/wire/faults/test_upstream_faults.py",
    "tests/browser/sandbox/test_newcomer.py",
    "tests/wire/deaths/test_kills.py",
    "tests/wire/operations/test_life.py",
)
"""Of those files the ones that take half a minute and more: begun last, they would be waited for alone."""
NEVER_READ: Final = ("bot.sandbox", "bot.__main__", "bot.storage.migrations")
"""Modules that are not measured, or that do something as soon as they are read."""
MEMORY: Final = Path("/dev/shm")  # noqa: S108 - looked at before it is used
"""Where Linux keeps files in memory: no test asks what a disk does that loses power, and thousands of databases wait for one."""
ROOM: Final = 4 * 1024**3
"""Bytes that are free there; a container's are often 64 MB."""
SUBMIT: Final = ThreadPoolExecutor.submit
UNSTEADY: Final = Path(__file__).with_name("unsteady.toml")
"""Tests that are kept apart: their names without parameters, and the reasons."""

# A busy machine is not a slow function: no example has a deadline, and none takes too long to be thought of.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


class HasName(Protocol):
    """A test, as far as its place is concerned."""

    @property
    def nodeid(self) -> str:
        """Its file and its name."""


Named = TypeVar("Named", bound=HasName)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the tests that are kept apart, and the deep ones, be run."""
    parser.addoption(
        "--deep", action="store_true", help="run the tests marked deep, which take minutes each, too"
    )
    parser.addoption("--unsteady", action="store_true", help=f"run only what {UNSTEADY.name} lists")


def pytest_configure() -> None:
    """Have files for the while in memory, where there is room and programs may lie; whoever named a place is obeyed."""
    if "TMPDIR" in os.environ or not has_room(MEMORY):
        return
    os.environ["TMPDIR"] = str(MEMORY)
    tempfile.tempdir = None  # found out anew


def has_room(folder: Path) -> bool:
    """Whether files may be written and run there, and there is room for them."""
    if not hasattr(os, "statvfs") or not os.access(folder, os.W_OK | os.X_OK):
        return False
    found = os.statvfs(folder)
    return not found.f_flag & os.ST_NOEXEC and found.f_bavail * found.f_frsize >= ROOM


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what is listed, and leave it out, or everything else where that was asked for; leave out what is deep."""
    listed = tomllib.loads(UNSTEADY.read_text(encoding="utf-8"))
    wanted = bool(config.getoption("--unsteady"))
    deep = bool(config.getoption("--deep"))

    def is_run(item: pytest.Item) -> bool:
        is_too_deep = item.get_closest_marker("deep") is not None and not deep
        return is_unsteady(item.nodeid, listed) is wanted and not is_too_deep

    left = [item for item in items if not is_run(item)]
    items[:] = spread(items)
    for item in items:
        if is_unsteady(item.nodeid, listed):
            item.add_marker(pytest.mark.unsteady)
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if is_run(item)]


def spread(items: Sequence[Named]) -> list[Named]:
    """Files that wait among those that work, the longest first: so one worker waits while the others use the cores."""
    files: dict[str, list[Named]] = {}
    for item in items:
        files.setdefault(item.nodeid.partition("::")[0], []).append(item)
    first = [name for name in LONGEST if name in files]
    waiting = deque([*first, *(n for n in files if n.split("/")[1] in WAITING and n not in first)])
    working = [name for name in files if name.split("/")[1] not in WAITING]
    between = max(1, len(working) * 3 // 4 // max(1, len(waiting)))
    order: list[str] = []
    for number, name in enumerate(working):
        if number % between == 0 and waiting:
            order.append(waiting.popleft())
        order.append(name)
    return [item for name in (*order, *waiting) for item in files[name]]


def is_unsteady(nodeid: str, listed: Mapping[str, str]) -> bool:
    """Whether a test is listed, with whatever parameters."""
    return nodeid.partition("[")[0] in listed


def pytest_xdist_auto_num_workers() -> int:
    """Two for each core: more than half of the time is waiting for programs, browsers and what takes its time upstream."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return 2 * cores


def pytest_sessionstart() -> None:
    """Read every module while it is measured: else the first test that needs one decides whether its own lines count."""
    compile_once()
    read_once()
    if coverage.Coverage.current() is None:
        return
    mock.patch.object(ThreadPoolExecutor, "submit", submit_measured).start()
    for package in (bot, cogs):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.startswith(NEVER_READ):
                importlib.import_module(module.name)


def submit_measured(
    pool: ThreadPoolExecutor, work: Callable[..., object], /, *args: object, **kwargs: object
) -> Future[object]:
    """Measure work in a pool that outlives a test: its threads lose their tracer for good when measuring stops."""

    def measured() -> object:
        if sys.gettrace() is None:
            sys.settrace(threading.gettrace())
        return work(*args, **kwargs)

    return SUBMIT(pool, measured)


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    """Undo what a program that ran inside a test has set up: its level would silence the tests after it."""
    root, hook = logging.getLogger(), sys.excepthook
    levels = {name: logging.getLogger(name).level for name in QUIET}
    level, handlers = root.level, list(root.handlers)
    yield
    if root.handlers != handlers or root.level != level:
        for handler in [one for one in root.handlers if one not in handlers]:
            root.removeHandler(handler)
        root.setLevel(level)
        for name, before in levels.items():
            logging.getLogger(name).setLevel(before)
        structlog.reset_defaults()
    sys.excepthook = hook


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
