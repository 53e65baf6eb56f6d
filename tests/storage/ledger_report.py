"""What the random histories of the books went through, kept as an artefact: steps, deaths, refusals, and the sums.
Never here: the histories, and what is asserted of them."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.faults.report import folder


@dataclass
class Tally:
    """The histories on one database."""

    database: str
    histories: int = 0
    steps: Counter[str] = field(default_factory=Counter)
    deaths: Counter[str] = field(default_factory=Counter)
    """Transactions that were worked and never committed, by what they were for."""
    refusals: Counter[str] = field(default_factory=Counter)
    jobs: int = 0
    refunded: int = 0
    drawn: int = 0
    """Units that grants paid."""
    booked: int = 0
    """The sum of the ledger."""
    owed: int = 0
    """The sum of the prices of jobs that stand for a picture; equal to it, or the books are wrong."""

    def write(self) -> None:
        """Keep it beside the other database's, and draw the table anew."""
        kept = folder() / f"ledger-{self.database}.json"
        begun = kept.with_suffix(".part")
        begun.write_text(json.dumps(self._row(), indent=1))
        begun.replace(kept)  # whole at once: the other database's test may read it at this moment
        rows = [json.loads(path.read_text()) for path in sorted(folder().glob("ledger-*.json"))]
        (folder() / "ledger.md").write_text("\n".join(_page(rows)) + "\n")

    def _row(self) -> dict[str, Any]:
        return {
            "database": self.database,
            "histories": self.histories,
            "steps": self.steps.total(),
            "crash points": self.deaths.total(),
            "jobs accepted": self.jobs,
            "jobs refused": self.refusals.total(),
            "jobs refunded": self.refunded,
            "units by grants": self.drawn,
            "units booked": self.booked,
            "units owed": self.owed,
            "sums": "equal" if self.booked == self.owed else "DIFFERENT",
            "_deaths": dict(sorted(self.deaths.items())),
            "_refusals": dict(sorted(self.refusals.items())),
        }


def _page(rows: list[dict[str, Any]]) -> list[str]:
    names = [name for name in rows[0] if not name.startswith("_")]
    lines = ["# The books under random histories", ""]
    lines += ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(str(row[name]) for name in names) + " |" for row in rows]
    for title, part in (("Died in", "_deaths"), ("Refused for", "_refusals")):
        for row in rows:
            told = ", ".join(f"{name} {n}" for name, n in row[part].items()) or "nothing"
            lines += ["", f"{title} ({row['database']}): {told}"]
    return lines
