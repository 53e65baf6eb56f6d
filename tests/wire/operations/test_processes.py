"""Two gateways and two workers on a real PostgreSQL, and what may befall them: nothing lost, nothing doubled, no long gap.
Never here: one process on SQLite (test_kills), and what a single fault does to a part (tests/services, tests/storage)."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Final

import pytest

from bot.domain.schedule import LEASE_MS
from tests.faults.report import Row, folder, record
from tests.fixtures.postgres import server_or_skip
from tests.wire.fleet import Figures, Fleet, open_fleet
from tests.wire.older import older_program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fixtures.postgres import Server

pytestmark = [pytest.mark.wire, pytest.mark.postgres, pytest.mark.deep]

LEASE_S: Final = LEASE_MS / 1_000
GAP_S: Final = LEASE_S + 5
"""So long somebody may wait for us beside the making of the picture: from a process's fault on, as another one takes over
when its lease ends, and else once the fault itself has passed."""
TAKEN_OVER: Final = ("killed", "frozen", "version before")
"""Words of faults of a process: while they last the other ones go on."""
HEADINGS: Final = (
    "fault", "lasted, s", "commands", "refused with words", "jobs", "lost", "doubled", "left waiting", "longest wait, s",
    "of it for us, s",
)  # fmt: skip
COMMANDS: Final = r"/applications/\d+/commands"
MESSAGES: Final = r"/(channels|webhooks)/.+"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with server_or_skip() as running:
        yield running


def kept(figures: list[Figures]) -> None:
    """The table as an artefact."""
    head = [f"| {' | '.join(HEADINGS)} |", "|---" * len(HEADINGS) + "|"]
    table = folder() / "processes.md"
    old = table.read_text(encoding="utf-8").splitlines()[2:] if table.exists() else []
    fresh = {one.fault: one.line for one in figures}
    lines = [*head, *(line for line in old if line.split(" | ")[0][2:] not in fresh), *fresh.values()]
    print("\n".join(lines))  # noqa: T201 - the figures are what this test is for
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    for one in figures:
        record(Row("pictures on 2 gateways, 2 workers, PostgreSQL", one.fault, 1, one.lost, one.doubled))


def judged(figures: list[Figures]) -> None:
    """Nothing lost, nothing doubled, nobody kept waiting."""
    for one in figures:
        assert one.jobs > 0
        assert (one.fault, one.lost, one.doubled, one.forgotten) == (one.fault, 0, 0, 0)
        nobody_could = 0 if any(word in one.fault for word in TAKEN_OVER) else one.lasted
        assert one.gap <= nobody_could + GAP_S, one


@pytest.mark.timeout(900)
async def test_nothing_is_lost_doubled_or_late_whatever_befalls_a_process_the_database_or_the_network(
    tmp_path: Path, server: Server
) -> None:
    async with open_fleet(tmp_path, server) as fleet:
        await fleet.everybody()
        assert len(fleet.house.fake.calls("PUT", COMMANDS)) == 1
        try:
            for fault in (calm, killed, frozen, restarted_database, cut, silenced, proxy):
                await fault(fleet)
        finally:
            kept(fleet.figures)
        judged(fleet.figures)
        assert delivered_twice(fleet) == []
        for one in (*fleet.gateways, *fleet.workers):
            assert await fleet.house.stop(one) == 0
        assert len(fleet.house.fake.calls("PUT", COMMANDS)) == 1


async def calm(fleet: Fleet) -> None:
    async def nothing() -> None:
        await asyncio.sleep(8)

    await fleet.under_load("none", nothing)


async def killed(fleet: Fleet) -> None:
    async def worker() -> None:
        await fleet.house.kill(fleet.workers[0])
        fleet.workers[0] = await fleet.worker()

    async def gateway() -> None:
        await fleet.house.kill(fleet.gateways[0])
        fleet.gateways[0] = await fleet.gateway(0)

    await fleet.under_load("a worker killed, another started", worker)
    await fleet.under_load("a gateway killed, another started", gateway)


async def frozen(fleet: Fleet) -> None:
    for name, one in (("worker", fleet.workers[1]), ("gateway", fleet.gateways[1])):
        fault = f"a {name} frozen past its lease, then woken"
        await fleet.under_load(fault, partial(fleet.frozen, one, LEASE_S + 8))


def delivered_twice(fleet: Fleet) -> list[str]:
    """Jobs that two processes, or one of them twice, say they delivered."""
    lines = (
        line
        for one in fleet.house.programs
        for line in one.output.splitlines()
        if line[:1] == "{" and line[-1] == "}"
    )
    told = Counter(said["job"] for said in map(json.loads, lines) if said["event"] == "job_delivered")
    return [key for key, times in told.items() if times > 1]


async def restarted_database(fleet: Fleet) -> None:
    async def restart() -> None:
        await asyncio.to_thread(fleet.server.stop)
        await asyncio.to_thread(fleet.server.start)

    await fleet.under_load("the database restarted", restart)


async def cut(fleet: Fleet) -> None:
    async def work() -> None:
        fleet.cable.cut()
        await asyncio.sleep(10)
        fleet.cable.heal()

    await fleet.under_load("network to the database cut for 10 s", work)


async def silenced(fleet: Fleet) -> None:
    async def work() -> None:
        fleet.cable.silence()
        await asyncio.sleep(10)
        fleet.cable.heal()

    await fleet.under_load("network to the database silent for 10 s", work)


async def proxy(fleet: Fleet) -> None:
    """What a REST proxy says by itself when it is busy or too slow: without the header that discord.py looks for."""
    fake = fleet.house.fake

    async def work() -> None:
        for _ in range(10):
            for method, status in (("PATCH", 429), ("POST", 408), ("PATCH", 408), ("POST", 429)):
                fake.fail_next(method, MESSAGES, status=status, via=False, retry_after=0.5)
            await asyncio.sleep(1)
        for fault in fake.unused_faults:
            fault.release()

    await fleet.under_load("a REST proxy's 429 and 408 without Via", work)


@pytest.mark.timeout(600)
async def test_processes_a_version_older_work_beside_new_ones(tmp_path: Path, server: Server) -> None:
    older, _ = older_program(tmp_path / "older")
    async with open_fleet(tmp_path, server) as fleet:
        new = fleet.house.environ["PYTHONPATH"]
        await fleet.everybody()
        await calm(fleet)

        async def replaced() -> None:
            fleet.house.environ["PYTHONPATH"] = str(older)
            fleet.whole = True
            await fleet.house.stop(fleet.workers[0])
            fleet.workers[0] = await fleet.worker()
            await fleet.house.stop(fleet.gateways[0])
            fleet.gateways[0] = await fleet.gateway(0)
            fleet.house.environ["PYTHONPATH"] = new

        await fleet.under_load("a gateway and a worker of the version before", replaced, after=10)
        kept(fleet.figures[1:])
        judged(fleet.figures)
