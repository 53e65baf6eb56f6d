"""`python -m tests.wire.deaths.kills [COMMANDS]`: the long run of deaths around the first answer, and its table.
Never here: the short one that is part of the suite (test_kills_of_answers)."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.wire.deaths.answers_harness import PHASES, TOGETHER
from tests.wire.deaths.test_kills_of_answers import judged, killed


async def main(commands: int) -> int:
    """Kill until so many people asked, half of it on two processes, most of it around the answer."""
    rounds = max(2, commands // TOGETHER)
    order = (PHASES[1], PHASES[2], PHASES[3], PHASES[0], PHASES[3], PHASES[4])
    phases = [order[n % len(order)] for n in range((rounds + 1) // 2)]
    runs = {}
    with tempfile.TemporaryDirectory() as rooms:
        for processes in (1, 2):
            room = Path(rooms) / str(processes)
            room.mkdir()
            runs[f"{processes}"] = await killed(room, phases, processes=processes, seed=processes)
    total = judged(runs)
    return 1 if total.forgotten else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 120)))
