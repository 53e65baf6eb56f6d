"""What breaks, what health says, what the log says, and how soon: one table, measured on the running program.
Never here: faults that end a start (test_refusals_to_start), and what is mended again (test_health)."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import time
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import pytest

from bot.sandbox.upstream import Fault
from tests.faults.report import folder
from tests.fixtures.ports import free_port
from tests.wire.installation import open_house

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from tests.wire.installation import Installation
    from tests.wire.program import Program

pytestmark = [pytest.mark.wire, pytest.mark.deep]

SLOWNESS: Final = 2.0
"""A machine under load may take so much longer than the limits that are promised."""
SABOTAGE: Final = """
import os, time
from pathlib import Path
from bot import clock
from bot.services import housekeeping
from bot.services.worker import worker

here = Path(os.environ["SABOTAGE"])
now, kept, worked = clock.SystemClock.now, housekeeping.Housekeeping.run, worker.Worker.run

def stepped(self):
    return now(self) + 3_600_000 * (here / "clock").exists()

def broken(run, name):
    async def until(self):
        import asyncio
        running = asyncio.ensure_future(run(self))
        try:
            while not (here / name).exists():
                await asyncio.wait([running], timeout=0.2)
                if running.done():
                    return running.result()
            raise LookupError("a row from the future")
        finally:
            running.cancel()
    return until

clock.SystemClock.now = stepped
housekeeping.Housekeeping.run = broken(kept, "housekeeping")
worker.Worker.run = broken(worked, "engine")
"""
"""Python runs a module called sitecustomize before any program: this one breaks what no outside fault can break."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A line of the table."""

    fault: str
    readyz: str
    ready_s: float | None
    healthz: str
    health_s: float | None
    log: str
    status: int | None

    @property
    def line(self) -> str:
        """The line."""
        cells = (
            self.fault, self.readyz, _seconds(self.ready_s), self.healthz, _seconds(self.health_s), self.log,
            "runs on" if self.status is None else f"ends with {self.status}",
        )  # fmt: skip
        return f"| {' | '.join(cells)} |"


def _seconds(took: float | None) -> str:
    return "-" if took is None else f"{took:.1f}"


@dataclass(eq=False)
class Patient:
    """A running program whose health is asked all the time."""

    house: Installation
    running: Program
    began: float = 0.0

    async def asks(self, path: str) -> tuple[int, dict[str, Any]]:
        """One page; (0, {}) if nobody answers."""
        address = f"http://{self.house.environ['EASEL_HEALTH_LISTEN']}{path}"
        try:
            async with aiohttp.ClientSession() as session, session.get(address) as answer:
                return answer.status, json.loads(await answer.text())
        except (aiohttp.ClientError, ValueError):
            return 0, {}

    async def until(self, path: str, status: int, *, within: float) -> tuple[float, dict[str, Any]]:
        """Ask until it answers this (0: nobody); after how long, and what it said."""
        while True:
            answered, said = await self.asks(path)
            took = time.monotonic() - self.began
            if answered == status:
                return took, said
            assert took < within * SLOWNESS, f"{path}: {answered} {said}\n{self.running.tail}"
            await asyncio.sleep(0.2)

    async def recovered(self) -> None:
        """Wait until it is ready."""
        self.began = time.monotonic()
        await self.until("/readyz", 200, within=60)

    def breaks(self) -> None:
        """From now on time is taken."""
        self.began = time.monotonic()

    def told(self, event: str) -> str:
        """The log's line of this event, as the table shows it. There must be one."""
        lines = [json.loads(line) for line in self.running.output.splitlines() if line.startswith("{")]
        found = [line for line in lines if line["event"] == event]
        assert found, self.running.tail
        return f"{found[0]['level'].upper()} {event}"


def wrong(said: dict[str, Any]) -> str:
    """Which checks are not well."""
    return "; ".join(f"{name}: {words}" for name, words in said["checks"].items() if words != "ok")


@asynccontextmanager
async def patient(room: Path, *, start: bool = True) -> AsyncIterator[Patient]:
    """A program that is well, with the means to break it."""
    room.mkdir()  # noqa: ASYNC240 - one folder of the test
    async with open_house(room) as house:
        house.environ["EASEL_HEALTH_LISTEN"] = f"127.0.0.1:{free_port()}"
        house.environ["SABOTAGE"] = str(room)
        (room / "sitecustomize.py").write_text(SABOTAGE)
        house.environ["PYTHONPATH"] = f"{room}{os.pathsep}{house.environ['PYTHONPATH']}"
        if not start:
            yield Patient(house, await house.start(whole=True))
            return
        one = Patient(house, await house.start(whole=True))
        await one.recovered()
        yield one


async def gateway(room: Path) -> Seen:
    async with patient(room) as one:
        one.breaks()
        one.house.fake.socket.closed = True
        await one.house.fake.drop()
        took, said = await one.until("/readyz", 503, within=60)
        assert (await one.asks("/healthz"))[0] == 200
        told = await _told_soon(one, "not_ready")
        return Seen("the gateway is gone", wrong(said), took, "ok", None, told, one.running.code)


async def dead_line(room: Path) -> Seen:
    async with patient(room) as one:
        one.breaks()
        one.house.fake.socket.answers_beats = False
        took, said = await one.until("/readyz", 503, within=95)
        assert (await one.asks("/healthz"))[0] == 200
        return Seen(
            "the gateway's line is dead, unclosed",
            wrong(said),
            took,
            "ok",
            None,
            one.told("not_ready"),
            one.running.code,
        )


async def upstream(room: Path) -> Seen:
    room.mkdir()  # noqa: ASYNC240 - one folder of the test
    async with open_house(room) as house:
        house.environ["EASEL_HEALTH_LISTEN"] = f"127.0.0.1:{free_port()}"
        house.upstream.fault(Fault.UNAVAILABLE, times=None, endpoint="query-mj-tasks")
        one = Patient(house, house.begin())
        one.breaks()
        await one.until("/healthz", 200, within=30)
        one.breaks()
        took, said = await one.until("/readyz", 503, within=1)
        while "no answer yet" in wrong(said) or "not connected" in wrong(said):
            _, said = await one.until("/readyz", 503, within=60)
            await asyncio.sleep(0.2)
        assert (await one.asks("/healthz"))[0] == 200
        return Seen(
            "upstream silent since the start", wrong(said), took, "ok", None, one.told("upstream_not_ready"),
            one.running.code,
        )  # fmt: skip


async def refuses(room: Path) -> Seen:
    async with patient(room) as one:
        with closing(sqlite3.connect(one.house.database, isolation_level=None)) as other:
            one.breaks()
            other.execute("BEGIN IMMEDIATE")
            took, said = await one.until("/readyz", 503, within=60)
            assert (await one.asks("/healthz"))[0] == 200
            told = await _told_soon(one, "not_ready")
            other.execute("ROLLBACK")
        return Seen("the database refuses writes", wrong(said), took, "ok", None, told, one.running.code)


async def full(room: Path) -> Seen | None:
    room.mkdir()  # noqa: ASYNC240 - one folder of the test
    mounted = await asyncio.to_thread(
        subprocess.run,
        ["mount", "-t", "tmpfs", "-o", "size=48m", "none", str(room)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        return None
    try:
        async with patient(room / "disk") as one:
            one.breaks()
            _fill(room)
            took, said = await one.until("/readyz", 503, within=60)
            assert (await one.asks("/healthz"))[0] == 200
            told = await _told_soon(one, "not_ready")
            (room / "ballast").unlink()
            await one.recovered()
            return Seen("the disk is full", wrong(said), took, "ok", None, told, one.running.code)
    finally:
        await asyncio.to_thread(subprocess.run, ["umount", "-l", str(room)], check=True)


def _fill(room: Path) -> None:
    with (room / "ballast").open("wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(bytes(65_536 if shutil.disk_usage(room).free > 65_536 else 4_096))
        except OSError:
            return


async def part(room: Path) -> Seen:
    async with patient(room) as one:
        one.breaks()
        (room / "housekeeping").touch()
        took, said = await one.until("/readyz", 503, within=60)
        lost, _ = await one.until("/healthz", 503, within=120)
        seen = Seen(
            "a background part dies again and again",
            wrong(said),
            took,
            "parts",
            lost,
            one.told("part_lost"),
            one.running.code,
        )
        (room / "housekeeping").unlink()
        await one.recovered()
        return seen


async def engine(room: Path) -> Seen:
    async with patient(room) as one:
        one.breaks()
        (room / "engine").touch()
        took, _ = await one.until("/readyz", 0, within=60)
        status = await one.running.ended(60)
        return Seen(
            "a part dies that cannot be started again",
            "gone",
            took,
            "gone",
            took,
            one.told("part_lost"),
            status,
        )


async def revoked(room: Path) -> Seen:
    async with patient(room) as one:
        one.breaks()
        await one.house.fake.drop(code=4004)
        took, _ = await one.until("/readyz", 0, within=60)
        status = await one.running.ended(60)
        assert status == 78
        return Seen("the token is revoked", "gone", took, "gone", took, one.told("not_started"), status)


async def clock(room: Path) -> Seen:
    async with patient(room) as one:
        one.breaks()
        (room / "clock").touch()
        told = await _told_soon(one, "clock_stepped")
        took = time.monotonic() - one.began
        await asyncio.sleep(3)
        assert (await one.asks("/readyz"))[0] == (await one.asks("/healthz"))[0] == 200
        return Seen(
            "the clock jumps an hour ahead",
            "ok",
            None,
            "ok",
            None,
            f"{told} after {took:.1f} s",
            one.running.code,
        )


async def _told_soon(one: Patient, event: str) -> str:
    end = time.monotonic() + 30 * SLOWNESS
    while f'"{event}"' not in one.running.output:
        assert time.monotonic() < end, one.running.tail
        await asyncio.sleep(0.2)
    return one.told(event)


@pytest.mark.timeout(900)
async def test_health_tells_each_fault_within_a_minute_and_the_log_says_it(tmp_path: Path) -> None:
    faults: list[Callable[[Path], Awaitable[Seen | None]]] = [
        *(gateway, dead_line, upstream, refuses, full, part, engine, revoked, clock)
    ]
    lanes = asyncio.Semaphore(3)

    async def one(number: int) -> Seen | None:
        async with lanes:
            return await faults[number](tmp_path / str(number))

    found = await asyncio.gather(*(one(number) for number in range(len(faults))))
    seen = [line for line in found if line is not None]

    head = ("fault", "/readyz says", "after, s", "/healthz says", "after, s", "the log says", "the process")
    table = [f"| {' | '.join(head)} |", "|---" * len(head) + "|", *(line.line for line in seen)]
    print("\n".join(table))  # noqa: T201 - the figures are what this test is for
    (folder() / "health.md").write_text("\n".join(table) + "\n", encoding="utf-8")
    for line in seen:
        assert (line.ready_s or 0.0) <= 60 * SLOWNESS, line
