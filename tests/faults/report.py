"""The table of faults by path and outcome, kept as an artefact.
Never here: the trials themselves."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One path under one kind of fault."""

    path: str
    fault: str
    tried: int
    lost: int
    doubled: int


def folder() -> Path:
    """Where artefacts go: `EASEL_ARTEFACTS`, or `artefacts` beside the project file."""
    root = Path(__file__).resolve().parents[2]
    found = Path(os.environ.get("EASEL_ARTEFACTS", root / "artefacts"))
    found.mkdir(parents=True, exist_ok=True)
    return found


def record(row: Row) -> None:
    """Keep a row: one line of JSON each, and the table anew."""
    with (folder() / "faults.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests may run in several processes
        _add(row)


def _add(row: Row) -> None:
    lines = folder() / "faults.jsonl"
    rows = [json.loads(line) for line in lines.read_text().splitlines()] if lines.exists() else []
    rows = [r for r in rows if (r["path"], r["fault"]) != (row.path, row.fault)] + [asdict(row)]
    rows.sort(key=lambda r: (r["fault"], r["path"]))
    lines.write_text("".join(json.dumps(r) + "\n" for r in rows))
    table = ["| fault | path | points tried | lost | doubled |", "|---|---|---|---|---|"]
    table += ["| {fault} | {path} | {tried} | {lost} | {doubled} |".format(**r) for r in rows]
    (folder() / "faults.md").write_text("\n".join(table) + "\n")
