"""Each measurement still runs, in a small size, and tells what it found; how fast this machine is concerns nobody here.
Never here: judging figures."""

from __future__ import annotations

import importlib
import json
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING
from unittest import mock

import pytest
from rich.console import Console

from tests.bench import counted
from tests.bench.__main__ import BENCHES
from tests.bench.report import Report, keep, percentile, show
from tests.fixtures.postgres import running_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fixtures.postgres import Server


@pytest.fixture(scope="module", autouse=True)
def _one_server() -> Iterator[None]:
    """PostgreSQL is begun once for the measurements that ask for it: that takes longer than what they do in this size."""
    with ExitStack() as stack:
        begun: list[Server] = []

        @contextmanager
        def same() -> Iterator[Server]:
            if not begun:
                begun.append(stack.enter_context(running_server()))
            yield begun[0]

        with mock.patch.object(counted, "running_server", same):
            yield


@pytest.mark.parametrize("name", BENCHES)
async def test_a_measurement_runs_and_tells_what_it_found(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EASEL_ARTEFACTS", str(tmp_path))
    module = importlib.import_module(f"tests.bench.{name}")

    report = await module.measure("smoke")

    assert report.rows
    assert report.figures
    kept = json.loads(keep(report).read_text())
    assert kept["name"] == name
    assert len(kept["load_before"]) == len(kept["load_after"]) == 3


def test_a_report_prints_its_rows_and_verdicts() -> None:
    report = Report("trial", "Nothing.", rows=[{"jobs": 5, "share": 0.25}])
    report.at_most("lag", 0.5, 1.0, "s")
    report.at_least("share", 0.25, 0.9)
    console = Console(record=True, width=100, file=None, quiet=True)

    with console.capture():
        show(report, console)

    assert [one.hit for one in report.figures] == [True, False]


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = [float(n) for n in range(1, 101)]

    assert (percentile(values, 0.5), percentile(values, 0.99), percentile(values, 1.0)) == (50, 99, 100)
