"""Deaths around the first answer: several people ask at once, the process is killed, and everybody is looked after.
Never here: what is asserted; it counts who was answered, who got words or a card, and who waits for ever."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.fakes.discord_traffic import SLOW_MACHINE
from tests.faults.report import folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.fakes.discord_traffic import Fault
    from tests.fakes.discord_wire import Interaction
    from tests.wire.installation import Installation
    from tests.wire.program import Program

CALLBACKS: Final = r"/interactions/.+/callback"
PHASES: Final = ("as it is asked", "answer on its way", "answer arrived, unread", "answered", "with a row")
TOGETHER: Final = 3
PATIENCE_S: Final = 6.0 * SLOW_MACHINE


@dataclass(slots=True)
class Sums:
    """What came of the commands of one phase."""

    kills: int = 0
    asked: int = 0
    answered: int = 0
    """Shown “thinking…” before the death."""
    cards: int = 0
    told: int = 0
    """That nothing was charged."""
    forgotten: int = 0

    def add(self, other: Sums) -> None:
        """Sum up."""
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(eq=False)
class Deaths:
    """Rounds of one installation; with two processes the other one lives on."""

    house: Installation
    dice: Random
    processes: int = 1
    rounds: list[tuple[str, list[Interaction]]] = field(default_factory=list)
    number: int = 0
    worker: Program | None = None

    async def round(self, phase: str) -> None:
        """Start what is dead, have people ask, kill whoever answers in the phase."""
        running = await self.start()
        held: list[Fault] = []
        if phase == PHASES[1]:
            held = [self.house.fake.hold_next("POST", CALLBACKS)]
        elif phase == PHASES[2]:
            held = [self.house.fake.hold_next("POST", CALLBACKS, before_effect=False)]
        asked = [await self._ask() for _ in range(TOGETHER)]
        self.rounds.append((phase, asked))
        if held:
            await self._within(held[0].reached.is_set)
        elif phase == PHASES[3]:
            await self._within(lambda: asked[0].callback is not None)
        elif phase == PHASES[4]:
            await self._within(lambda: self.house.row(asked[0]) is not None)
        await asyncio.sleep(self.dice.uniform(0, 0.03))
        await self.house.kill(running)
        for fault in self.house.fake.unused_faults:
            fault.release()
        for fault in held:
            fault.release()

    async def start(self) -> Program:
        """Start the process that answers; of two, the other one works and lives on."""
        if self.processes == 1:
            return await self.house.start()
        if self.worker is None:
            self.worker = self.house.begin(ROLE="worker")
        return await self.house.start(ROLE="gateway")

    async def _ask(self) -> Interaction:
        self.number += 1
        return await self.house.imagine(f"study {self.number} of a paper owl", pool="FAST")

    async def _within(self, happened: Callable[[], bool]) -> None:
        """Wait for the moment, or for patience to end: then it dies somewhere else, which is as good."""
        end = time.monotonic() + PATIENCE_S
        while not happened():
            if time.monotonic() > end:
                return
            await asyncio.sleep(0.002)

    def sums(self) -> dict[str, Sums]:
        """What came of everybody, by phase."""
        found = {phase: Sums() for phase in PHASES}
        for phase, asked in self.rounds:
            found[phase].kills += 1
            for one in asked:
                found[phase].add(self._came_of(one))
        return found

    def _came_of(self, one: Interaction) -> Sums:
        sums = Sums(asked=1, answered=int(one.callback is not None))
        message = one.message()
        if message is None or one.callback is None:
            return sums  # Discord itself told the person that nobody answered
        if self.house.row(one) is not None:
            sums.cards = 1
        elif not message.loading and message.text:
            sums.told = 1
        else:
            sums.forgotten = 1
        return sums

    def waiting(self) -> list[Interaction]:
        """Who was answered and still sees “thinking…”."""
        everybody = [one for _, asked in self.rounds for one in asked]
        return [one for one in everybody if (m := one.message()) is not None and m.loading]


def table(runs: dict[str, dict[str, Sums]]) -> str:
    """The figures as a table; kept as an artefact beside those of other deaths."""
    names = tuple(Sums.__dataclass_fields__)
    lines = [f"| processes | killed | {' | '.join(names)} |", "|---" * (len(names) + 2) + "|"]
    for run, phases in runs.items():
        total = Sums()
        for phase, sums in phases.items():
            total.add(sums)
            lines.append(_line(run, phase, sums))
        lines.append(_line(run, "all", total))
    text = "\n".join(lines) + "\n"
    (folder() / "kills_answers.md").write_text(text)
    return text


def _line(run: str, phase: str, sums: Sums) -> str:
    figures = (getattr(sums, name) for name in Sums.__dataclass_fields__)
    return f"| {run} | {phase} | {' | '.join(map(str, figures))} |"
