"""Several processes on one PostgreSQL: gateways that hold a shard each, workers, people in both shards' servers, figures.
Never here: which faults befall them, and what is asserted."""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bot.sandbox.upstream import Pace
from tests.fixtures.postgres_reader import PostgresReader
from tests.wire.cable import Cable
from tests.wire.installation import eventually, open_house

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from pathlib import Path

    from tests.fakes.discord_wire import Interaction
    from tests.fakes.discord_world import Channel
    from tests.fixtures.postgres import Server
    from tests.wire.installation import Installation, Row
    from tests.wire.program import Program

SHARDS: Final = 2
EVERY_S: Final = 0.8
"""Between two commands of the load."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of everybody who asked for something around one fault."""

    fault: str
    lasted: float
    asked: int
    refused: int
    """Told in words that nothing began, or, by Discord, that nobody answered."""
    jobs: int
    lost: int
    doubled: int
    forgotten: int
    """Answered with “thinking…” that never became anything."""
    longest: float
    """From a command to its picture, in seconds."""
    gap: float
    """The longest of these without the time in which the picture was made: what somebody waited for us, in seconds."""

    @property
    def line(self) -> str:
        """A line of the table."""
        figures = (self.asked, self.refused, self.jobs, self.lost, self.doubled, self.forgotten)
        words = (f"{self.lasted:.1f}", *map(str, figures), f"{self.longest:.1f}", f"{self.gap:.1f}")
        return f"| {self.fault} | {' | '.join(words)} |"


@dataclass(eq=False)
class Fleet:
    """The processes, and a load that people make."""

    house: Installation
    server: Server
    cable: Cable
    channels: Sequence[Channel]
    """One in a server of each shard."""
    gateways: list[Program] = field(default_factory=list)
    workers: list[Program] = field(default_factory=list)
    whole: bool = False
    """Begin the whole command, not a fork of what has this version's modules loaded."""
    number: int = 0
    figures: list[Figures] = field(default_factory=list)

    # -- processes -----------------------------------------------------------------------------------------

    async def gateway(self, ordinal: int) -> Program:
        """A process that holds the shard of its ordinal."""
        return await self.house.start(
            whole=self.whole, ROLE="gateway", SHARD_COUNT=str(SHARDS), SHARD_IDS=str(ordinal)
        )

    async def worker(self) -> Program:
        """A process without a shard."""
        begun = self.house.begin(whole=self.whole, ROLE="worker")
        await self._started(begun)
        return begun

    @staticmethod
    async def _started(begun: Program) -> None:
        await eventually(lambda: '"started"' in begun.output, 90, lambda: begun.tail)

    async def everybody(self) -> None:
        """All four at once, as an orchestrator starts them."""
        begun = [
            self.house.begin(ROLE="gateway", SHARD_COUNT=str(SHARDS), SHARD_IDS=str(ordinal))
            for ordinal in range(SHARDS)
        ]
        workers = [self.house.begin(ROLE="worker") for _ in range(2)]
        for one in (*begun, *workers):
            await self._started(one)
        self.gateways, self.workers = begun, workers

    async def frozen(self, one: Program, seconds: float) -> None:
        """Stop a process without a word, as a paused machine does, and let it go on later."""
        one.tell(signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            one.tell(signal.SIGCONT)

    # -- load and figures ----------------------------------------------------------------------------------

    async def under_load(
        self,
        fault: str,
        happens: Callable[[], Awaitable[None]],
        *,
        before: float = 3.0,
        after: float = 5.0,
        within: float = 150.0,
    ) -> Figures:
        """People ask all the time, the fault happens and passes; what came of them, once everybody has an outcome."""
        asked: list[Interaction] = []
        load = asyncio.create_task(self._ask_for_ever(asked))
        await asyncio.sleep(before)
        began = time.monotonic()
        await happens()
        lasted = time.monotonic() - began
        await asyncio.sleep(after)
        load.cancel()
        await asyncio.gather(load, return_exceptions=True)
        found = await self._came_of(fault, lasted, asked, within)
        self.figures.append(found)
        return found

    async def _ask_for_ever(self, asked: list[Interaction]) -> None:
        while True:
            channel = self.channels[self.number % len(self.channels)]
            self.number += 1
            asked.append(await self.house.imagine(f"study {self.number} of a paper crane", channel=channel))
            await asyncio.sleep(EVERY_S)

    async def _came_of(self, fault: str, lasted: float, asked: list[Interaction], within: float) -> Figures:
        ids = {one.id for one in asked}

        def settled() -> list[Row] | None:
            rows = [row for row in self.house.rows() if row.interaction_id in ids]
            waiting = [m for one in asked if (m := one.message()) is not None and m.loading]
            return rows if all(row.delivered for row in rows) and not waiting else None

        try:
            await eventually(settled, within / 4, lambda: "", every=0.5)
        except AssertionError:
            print(f"{fault}: somebody still waits")  # noqa: T201 - counted below
        rows = {row.interaction_id: row for row in self.house.rows() if row.interaction_id in ids}
        fates = [self.house.fate(row) for row in rows.values()]
        without = [one for one in asked if one.id not in rows]
        made = {
            str(task.id): (task.finished or task.submitted) - task.submitted for task in self.house.accepted
        }
        waits = [
            (((row.delivered_at or 0) - row.created_at) / 1_000, made.get(row.task_id or "", 0.0))
            for row in rows.values()
            if row.delivered
        ]
        return Figures(
            fault,
            lasted,
            len(asked),
            len(without),
            len(rows),
            sum(lost for lost, _ in fates),
            max((twice for _, twice in fates), default=0),
            sum((m := one.message()) is not None and m.loading for one in without),
            max((wait for wait, _ in waits), default=0),
            max((wait - making for wait, making in waits), default=0),
        )


@asynccontextmanager
async def open_fleet(folder: Path, server: Server) -> AsyncIterator[Fleet]:
    """Two servers, one on each shard; a database whose cable can be cut; no process yet."""
    async with (
        open_house(folder, pace=Pace(speed=30)) as house,
        Cable(server.folder / ".s.PGSQL.5432") as cable,
    ):
        name = await server.create()
        house.postgres = PostgresReader(server.url(name))
        house.environ["EASEL_DATABASE"] = (
            f"postgresql+asyncpg://easel@127.0.0.1:{cable.port}/{name}?ssl=disable"
        )
        fake = house.fake
        there = fake.add_guild("Reef", guild_id=fake.guild.id ^ (1 << 22))
        fake.join(fake.user, there)
        channels = [fake.channel, fake.add_channel("reef", there)]
        channels.sort(key=lambda channel: (channel.guild.id >> 22) % SHARDS if channel.guild else 0)
        yield Fleet(house, server, cable, channels)
