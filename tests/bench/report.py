"""What a measurement found: tables, figures with their goals, the load of the machine; printed, and kept as JSON.
Never here: measuring."""

from __future__ import annotations

import json
import math
import os
import platform
import statistics
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console


@dataclass(frozen=True, slots=True)
class Figure:
    """One number, with the goal of design §9 where there is one."""

    what: str
    value: float
    unit: str = ""
    goal: str = ""
    hit: bool | None = None
    """Whether the goal is reached; None without a goal."""


@dataclass(slots=True)
class Report:
    """One measurement."""

    name: str
    about: str
    """What was measured and how, in a sentence or two: what the figures include and what they do not."""
    size: str = "full"
    figures: list[Figure] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    """The table; every row has the same columns."""
    began: float = field(default_factory=time.time)
    load_before: tuple[float, float, float] = field(default_factory=os.getloadavg)

    def at_most(self, what: str, value: float, goal: float, unit: str = "") -> None:
        """Keep a figure that should not be above its goal."""
        self.figures.append(Figure(what, value, unit, f"≤ {goal:g} {unit}".strip(), value <= goal))

    def at_least(self, what: str, value: float, goal: float, unit: str = "") -> None:
        """Keep a figure that should not be below its goal."""
        self.figures.append(Figure(what, value, unit, f"≥ {goal:g} {unit}".strip(), value >= goal))

    def note(self, what: str, value: float, unit: str = "") -> None:
        """Keep a figure that has no goal."""
        self.figures.append(Figure(what, value, unit))


def folder() -> Path:
    """Where the JSON goes: `bench` in `EASEL_ARTEFACTS`, or in `artefacts` beside the project file."""
    root = Path(__file__).resolve().parents[2]
    found = Path(os.environ.get("EASEL_ARTEFACTS", root / "artefacts")) / "bench"
    found.mkdir(parents=True, exist_ok=True)
    return found


def keep(report: Report) -> Path:
    """Write the JSON; a small trial run goes to a file of its own."""
    told = asdict(report) | {
        "load_after": os.getloadavg(),
        "seconds": round(time.time() - report.began, 1),
        "cores": os.cpu_count(),
        "python": sys.version.split()[0],
        "machine": platform.machine(),
    }
    path = folder() / f"{report.name}{'' if report.size == 'full' else '-' + report.size}.json"
    path.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    return path


def show(report: Report, console: Console) -> None:
    """Print the tables."""
    load = f"load average before {report.load_before[0]:.1f}, now {os.getloadavg()[0]:.1f}"
    console.print(f"\n[bold]{report.name}[/bold] ({report.size}): {report.about}\n[dim]{load}[/dim]")
    if report.rows:
        table = Table(*report.rows[0])
        for row in report.rows:
            table.add_row(*(_spelled(value) for value in row.values()))
        console.print(table)
    figures = Table("figure", "value", "goal", "")
    for one in report.figures:
        verdict = {True: "[green]hit[/green]", False: "[red]missed[/red]", None: ""}[one.hit]
        figures.add_row(one.what, f"{_spelled(one.value)} {one.unit}".strip(), one.goal, verdict)
    console.print(figures)


def _spelled(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.3g}" if abs(value) < 100 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all values does not exceed; NaN for none."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, math.ceil(share * len(ordered)) - 1))]


def median(values: Iterable[float]) -> float:
    """The median; NaN for none."""
    found = list(values)
    return statistics.median(found) if found else math.nan
