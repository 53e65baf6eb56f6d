"""Death at every effect of every path: before and after each transaction, each upstream call, each Discord call.
Never here: faults of the network itself; those are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.jobs import JobState, Route
from bot.domain.tasks import TaskStatus
from bot.errors import RemoteError, RemoteFault
from tests.faults.report import Row, record
from tests.services.world import Crash, World

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from bot.domain.jobs import Job

    Path_ = Callable[[World], Awaitable[None]]

PATIENCE = 40 * 60
"""Virtual seconds in which every job must have come to its end, whatever died meanwhile."""


async def imagine(world: World) -> None:
    """/imagine to the picture."""
    await world.imagine()


async def press(world: World) -> None:
    """A grid, then U1 to the picture."""
    grid = await _first(world)
    await world.press(grid)


async def refund(world: World) -> None:
    """A task that fails upstream."""
    world.upstream.template.update(ends=TaskStatus.FAILURE, reason="[Banned prompt detected] no")
    await world.imagine()


async def refused(world: World) -> None:
    """A submission that is refused."""
    world.upstream.refusals.append(RemoteError(RemoteFault.BALANCE, "no credit"))
    await world.imagine()


async def unclear(world: World) -> None:
    """A submission whose answer is lost."""
    world.upstream.swallow = 1
    await world.imagine()


async def reposted(world: World) -> None:
    """A picture whose card was deleted: a new message."""
    world.discord.closed = {Route.REPLY: "token", Route.EDIT: "gone"}
    await world.imagine()


async def by_direct_message(world: World) -> None:
    """A picture for a channel that is shut."""
    world.discord.closed = dict.fromkeys((Route.REPLY, Route.EDIT, Route.POST), "forbidden")
    await world.imagine()


async def late(world: World) -> None:
    """A picture that comes after we gave up."""
    world.upstream.template["seconds"] = 40 * 60
    world.upstream.template["hidden_until"] = 0
    await world.imagine()


PATHS = (imagine, press, refund, refused, unclear, reposted, by_direct_message, late)


async def _first(world: World) -> Job:
    """The grid that the press path starts from: made before any death."""
    found: Job | None = getattr(world, "grid", None)
    assert found is not None
    return found


async def _prepared(folder: Path, path: Path_) -> World:
    world = World(folder)
    await world.boot()
    if path is press:
        world.grid = await world.finished_grid()  # type: ignore[attr-defined]  # only this path has one
    world.effects.names.clear()
    return world


async def _run(world: World, path: Path_) -> None:
    """Walk the path; after a death start again and let everything come to its end."""
    try:
        await path(world)
        await world.calm()
        await world.pass_time(PATIENCE * 2)
    except Crash:
        pass
    if world.died:
        await world.reboot(after_ms=1_000)
        await world.pass_time(PATIENCE * 2)


async def _judge(world: World) -> tuple[int, int]:
    """How many jobs were lost and how many effects doubled."""
    jobs: list[Job] = await world.all_jobs()
    lost = [j for j in jobs if not (j.is_terminal and j.is_delivered)]
    doubled = [j for j in jobs if len(world.discord.of(j.key)) > 1]
    tasks_of_jobs = [j.task_id for j in jobs if j.task_id]
    sent: dict[str, int] = {}
    for task in world.upstream.tasks:
        sent[f"{task.prompt} {task.custom_id}"] = sent.get(f"{task.prompt} {task.custom_id}", 0) + 1
    doubled_submits = [k for k, n in sent.items() if n > 1]
    orphans = [t for t in world.upstream.tasks if str(t.id) not in tasks_of_jobs]
    unseen = [
        j
        for j in jobs
        if j.route is not Route.KEPT
        and not any(m.last.state is j.state for m in world.discord.of(j.key))
    ]
    books = await world.ledger()
    wrong_books = [j for j in jobs if not _balanced(j, [kind for key, kind in books if key == j.key])]
    assert all(j.state is not JobState.SUCCEEDED or j.task_id for j in jobs)
    return len(lost) + len(unseen) + len(orphans), len(doubled) + len(doubled_submits) + len(wrong_books)


def _balanced(job: Job, entries: list[str]) -> bool:
    """One reservation each; one refund for what brought nothing; a late picture may have been refunded before."""
    refunds = entries.count("refund")
    fair = {1} if job.refund_due else {0, 1} if job.route is Route.EDIT else {0}
    return entries.count("reserve") == 1 and refunds in fair


@pytest.mark.timeout(600)
@pytest.mark.parametrize("path", PATHS, ids=lambda p: p.__name__)
async def test_death_at_any_effect_loses_nothing_and_doubles_nothing(path: Path_, tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    whole = await _prepared(tmp_path / "whole", path)
    await _run(whole, path)
    points = list(whole.effects.names)
    assert await _judge(whole) == (0, 0)
    await whole.kill()

    outcomes: dict[str, tuple[int, int]] = {}
    for n in range(_worth_trying(points)):
        folder = tmp_path / str(n)
        folder.mkdir()
        world = await _prepared(folder, path)
        world.effects.crash_at = n
        await _run(world, path)
        outcomes[f"{n}: {points[n]}"] = await _judge(world)
        await world.kill()

    bad = {point: outcome for point, outcome in outcomes.items() if outcome != (0, 0)}
    record(
        Row(
            path=(path.__doc__ or path.__name__).strip(". "),
            fault="death before or after an effect",
            tried=len(outcomes),
            lost=sum(lost for lost, _ in outcomes.values()),
            doubled=sum(doubled for _, doubled in outcomes.values()),
        )
    )
    assert not bad


def _worth_trying(points: list[str]) -> int:
    """All points up to the last one that touches a person or upstream; idle looks at the database go on for ever."""
    last = max(n for n, name in enumerate(points) if "next_due" not in name and "claim" not in name and "renew" not in name)
    return last + 2
