"""The coverage gate: the least that each room must have covered. `python -m tests.architecture.coverage_gate FILE`.
Never here: measuring (coverage.py does that, as pyproject.toml says)."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ENFORCED = True
"""Whether a room that falls short fails the gate, or is only named."""
LEAST = {
    "bot.domain": 100.0,
    "bot.services": 100.0,
    "bot.storage": 98.0,
    "bot.midjourney": 98.0,
    "bot.web": 98.0,
    "bot.ui": 92.0,
    "cogs": 92.0,
}
"""Percent of lines and branches together; these rooms must also have been measured. On CPython 3.11 some lines can never
count: it tells the tracer nothing of a coroutine that goes on after its callee swallowed what was thrown into it. Where that
is the only way to a line, what is thrown is caught in the coroutine that goes on."""
THE_REST = 85.0


@dataclass
class Room:
    """Lines and branches of one room, together as coverage.py counts them."""

    there: int = 0
    seen: int = 0
    missing: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        """Percent seen; a room without code is whole."""
        return 100.0 * self.seen / self.there if self.there else 100.0


def room_of(path: str) -> str:
    """Which room a file belongs to: the package below `bot`, or `bot` and `cogs` themselves."""
    parts = Path(path).with_suffix("").parts
    return ".".join(parts[:2]) if len(parts) > 2 else parts[0]  # bot, room, module


def rooms(report: Mapping[str, Any]) -> dict[str, Room]:
    """Add a JSON report up by room."""
    found: defaultdict[str, Room] = defaultdict(Room)
    for path, entry in report["files"].items():
        room, sums = found[room_of(path)], entry["summary"]
        room.there += sums["num_statements"] + sums["num_branches"]
        room.seen += sums["covered_lines"] + sums["covered_branches"]
        if entry["missing_lines"] or entry["missing_branches"]:
            branches = [f"{a}->{b}" for a, b in entry["missing_branches"]]
            where = ", ".join(map(str, [*entry["missing_lines"], *branches]))
            room.missing.append(shorten(f"{path}: {where}", 160, placeholder=" …"))
    return dict(sorted(found.items()))


def verdict(found: Mapping[str, Room]) -> Iterator[tuple[str, bool]]:
    """One line a room, and whether it is good enough; a room that is named must also be there."""
    for name in sorted(LEAST.keys() - found.keys()):
        yield f"{name:<16} was not measured", False
    for name, room in found.items():
        least = LEAST.get(name, THE_REST)
        good = room.share >= least
        line = f"{name:<16} {room.share:6.1f} %  of {room.there:5}  (at least {least:.0f} %)"
        yield (line if good else "\n    ".join([f"{line}  TOO LITTLE", *room.missing])), good


def main(path: str, *, enforced: bool = ENFORCED) -> int:
    """Print the table; 1 if a room falls short and that is enforced."""
    lines = list(verdict(rooms(json.loads(Path(path).read_text(encoding="utf-8")))))
    sys.stdout.write("coverage by room\n" + "".join(f"  {line}\n" for line, _good in lines))
    return 1 if enforced and not all(good for _line, good in lines) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
