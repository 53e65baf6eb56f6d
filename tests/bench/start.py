"""How long `easel run` takes until it is connected to Discord, next to a bare bot of discord.py's.
Never here: what a start finds in its database; see `restart`."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bot.sandbox.upstream import SimulatedUpstream
from tests.bench.programs import EASEL, bare, cpu_s, environ_of, running
from tests.bench.report import Report, median
from tests.fakes.discord_wire import FakeDiscord

if TYPE_CHECKING:
    from collections.abc import Mapping

GOAL = 2.0
LADEN = "bare, with the libraries"
LIBRARIES = (
    "sqlalchemy.dialects.sqlite.aiosqlite",
    "pydantic",
    "httpx",
    "structlog",
    "babel",
    "cachetools",
    "aiolimiter",
)
"""What else Easel imports of others at a start."""


async def measure(size: str) -> Report:
    """Measure."""
    report = Report(
        "start",
        "From the beginning of the process (`python -m bot run`, a bare bot with one command, and the same with the other "
        "libraries that Easel imports) to its session at the gateway; all in turn, each a process of its own beside the "
        "doubles'. The database is migrated and Discord knows the commands, as at any restart. With bytecode: Python has its "
        "compiled modules, as an installed package does; without: each start compiles every module (a checkout on a "
        "read-only disk). Small: the first start of each.",
        size,
    )
    full = size == "full"
    repeats, kinds = (7, (True, False)) if full else (0, (True,))
    with tempfile.TemporaryDirectory() as cache, tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        async with FakeDiscord(oracle=False) as fake, SimulatedUpstream() as upstream:
            ours = environ_of(fake, upstream, folder)
            for kept in kinds:
                python = {"PYTHONDONTWRITEBYTECODE": "" if kept else "1"}
                if full:
                    python["PYTHONPYCACHEPREFIX"] = cache if kept else f"{cache}/none"
                found: dict[str, list[tuple[float, float]]] = {"bare": [], LADEN: [], "easel": []}
                for turn in range(repeats + 1):
                    for name, command, settings in (
                        ("bare", bare(fake), {}),
                        (LADEN, bare(fake, *LIBRARIES), {}),
                        ("easel", EASEL, ours),
                    ):
                        one = await _start(fake, command, folder, {**settings, **python})
                        if turn or not repeats:  # the first start migrates, compiles, and tells the commands
                            found[name].append(one)
                _add(report, found, kept=kept)
    return report


async def _start(
    fake: FakeDiscord, command: tuple[str, ...], folder: Path, environ: Mapping[str, str]
) -> tuple[float, float]:
    began = time.monotonic()
    async with running(fake, command, folder, environ) as process:
        return cpu_s(process.pid), time.monotonic() - began


def _add(report: Report, found: Mapping[str, list[tuple[float, float]]], *, kept: bool) -> None:
    told = "with bytecode" if kept else "without bytecode"
    for number, part in enumerate(("cpu", "wall")):
        figures = {name: [one[number] for one in each] for name, each in found.items()}
        for name, values in figures.items():
            report.rows.append(
                {
                    "bot": name,
                    "": told,
                    "s of": part,
                    "least": round(min(values), 3),
                    "median": round(median(values), 3),
                    "most": round(max(values), 3),
                }
            )
        ours = median(figures["easel"])
        report.at_most(f"{part}, {told}, easel : bare", ours / median(figures["bare"]), GOAL)
        report.note(f"{part}, {told}, easel : {LADEN}", ours / median(figures[LADEN]))
