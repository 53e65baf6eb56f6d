"""Death at every effect of every path: before and after each transaction, each upstream call, each Discord call.
Never here: faults of the network itself; those are on the wire. The tests are several files, so that several
workers can walk the paths at the same time."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from bot.domain.inputs import Shape
from bot.domain.intake.prompts import PromptOptions
from bot.domain.jobs import JobState, Route
from bot.domain.pools import Pool
from bot.domain.tasks import TaskStatus
from bot.errors import RemoteError, RemoteFault
from tests.faults.moments import Moment, Reel
from tests.faults.report import Row, record
from tests.faults.windows import (
    FamilyApi,
    FilelessApi,
    custom_zoom,
    fills_of,
    furnish,
    region_with_words,
    remix,
    shorten,
)
from tests.services.harness import Crash, Harness
from tests.services.intake.test_pictures import AFile

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from bot.domain.jobs import Job

    Path_ = Callable[[Harness], Awaitable[None]]

PATIENCE = 40 * 60
"""Virtual seconds in which every job must have come to its end, whatever died meanwhile."""
LOOKS = (
    "db get",
    "db ahead",
    "db front",
    "db known_tasks",
    "db rivals",
    "db pressed",
    "db child_of",
    "db with_child",
    "db with_pressed",
)
"""Reading changes nothing: dying around a look is dying at the effect before it, so one of each is enough."""


async def imagine(world: Harness) -> None:
    """/imagine to the picture."""
    await world.imagine()


async def press(world: Harness) -> None:
    """A grid, then U1 to the picture."""
    grid = await _first(world)
    await world.press(grid)


async def refund(world: Harness) -> None:
    """A task that fails upstream."""
    world.upstream.template.update(ends=TaskStatus.FAILURE, reason="[Banned prompt detected] no")
    await world.imagine()


async def previewed(world: Harness) -> None:
    """A picture that is shown while it is being made."""
    world.upstream.template["previews"] = True
    await world.imagine()


async def refused(world: Harness) -> None:
    """A submission that is refused."""
    world.upstream.refusals.append(RemoteError(RemoteFault.BALANCE, "no credit"))
    await world.imagine()


async def unclear(world: Harness) -> None:
    """A submission whose answer is lost."""
    world.upstream.swallow = 1
    await world.imagine()


async def reposted(world: Harness) -> None:
    """A picture whose card was deleted: a new message."""
    world.discord.closed = {Route.REPLY: "token", Route.EDIT: "gone"}
    await world.imagine()


async def by_direct_message(world: Harness) -> None:
    """A picture for a channel that is shut."""
    world.discord.closed = dict.fromkeys((Route.REPLY, Route.EDIT, Route.POST), "forbidden")
    await world.imagine()


async def late(world: Harness) -> None:
    """A picture that comes after we gave up."""
    world.upstream.tasks[0].seconds = 1


async def blend(world: Harness) -> None:
    """A blend of two pictures."""
    fox, owl = AFile(data=b"a fox"), AFile(data=b"an owl")
    await world.services.blending.begin(world.asker(), [fox, owl], shape=Shape.SQUARE, pool=Pool.FAST)


async def describe(world: Harness) -> None:
    """A description, and the picture that it is about beside it."""
    world.upstream.template.update(description="1. a fox", actions=(), picture=False)
    await world.services.describing.begin(world.asker(), AFile(), pool=Pool.FAST)


async def imagine_with_picture(world: Harness) -> None:
    """A prompt with a picture, which is uploaded first."""
    options = PromptOptions(prompt="in the snow")
    await world.services.imagine.begin(world.asker(), options, Pool.FAST, given=[AFile()])


async def imagine_with_picture_inside(world: Harness) -> None:
    """A prompt that takes a picture along, at a server that keeps no files."""
    await imagine_with_picture(world)


FEW_POINTS: dict[Path_, tuple[str, ...]] = {
    blend: ("db insert", "db inputs", "POST blend"),
    describe: ("db insert", "db inputs", "POST describe", "show reply"),
    imagine_with_picture: ("db insert", "db inputs", "db address_inputs", "POST upload", "POST imagine"),
    imagine_with_picture_inside: ("db insert", "db inputs", "db address_inputs", "POST imagine"),
    region_with_words: ("db insert", "db inputs", "db save", "POST press", "POST fill"),
    remix: ("db insert", "db save", "POST press", "POST fill"),
    shorten: ("db insert", "POST shorten", "show reply"),
}
"""Paths that differ from `imagine`, or from Custom Zoom's, only where pictures or words go along: they are tried at those
points, which are few."""


OF_WINDOWS: tuple[Path_, ...] = (custom_zoom, region_with_words, remix, shorten)
"""Paths at a server with windows, whose filling is a second paid call."""
API_OF: dict[Path_, type[FamilyApi]] = {
    **dict.fromkeys(OF_WINDOWS, FamilyApi),
    imagine_with_picture_inside: FilelessApi,
}
"""Paths at a server of the family."""


SOON_AS_WELL: tuple[Path_, ...] = (imagine,)
"""Paths on which a worker that died is started again at once too, while its leases hold."""


async def _first(world: Harness) -> Job:
    """The grid that the press path starts from: made before any death."""
    return next(j for j in await world.all_jobs() if j.press is None)


async def _prepared(folder: Path, path: Path_, template: Path | None) -> Harness:
    world = Harness(folder)
    if template is not None:
        shutil.copyfile(template, folder / "easel.db")
    if path in API_OF:
        furnish(world, API_OF[path])
    await world.boot()
    if path is press or path in OF_WINDOWS:
        await world.finished_grid()
    if path is late:
        world.upstream.template["seconds"] = 3600 * 1000
        job = await world.imagine()
        await world.pass_time(10)
        await world.reboot(after_ms=30 * 60_000)
        assert (await world.ended(job)).state is JobState.FAILED
    world.effects.names.clear()
    return world


async def _run(world: Harness, path: Path_) -> None:
    """Walk the path; after a death start again and let everything come to its end."""
    try:
        await path(world)
        await settled(world, path)
    except Crash:
        pass
    if world.died:
        await world.reboot(after_ms=1_000)
        await settled(world, path)


async def settled(world: Harness, path: Path_) -> None:
    async def all_ended() -> bool:
        jobs = await world.all_jobs()
        return all(
            j.is_terminal and j.is_delivered and (path is not late or j.state is JobState.SUCCEEDED)
            for j in jobs
        )

    await world.until(all_ended, within=PATIENCE)
    await world.pass_time(12)


async def judge(world: Harness) -> tuple[int, int]:
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
        if j.route is not Route.KEPT and not any(m.last.state is j.state for m in world.discord.of(j.key))
    ]
    books = await world.ledger()
    wrong_books = [j for j in jobs if not balanced(j, [kind for key, kind in books if key == j.key])]
    assert all(j.state is not JobState.SUCCEEDED or j.task_id for j in jobs)
    return len(lost) + len(unseen) + len(orphans), len(doubled) + len(doubled_submits) + len(wrong_books)


def balanced(job: Job, entries: list[str]) -> bool:
    """One reservation each; one refund for what brought nothing; a late picture may have been refunded before."""
    refunds = entries.count("refund")
    fair = {1} if job.refund_due else {0, 1} if job.route is Route.EDIT else {0}
    return entries.count("reserve") == 1 and refunds in fair


async def die_everywhere(path: Path_, tmp_path: Path) -> None:
    """Walk a path, die at each of its effects, start again, and judge what became of it."""
    (tmp_path / "whole").mkdir()
    template = await empty_database(tmp_path)
    whole = await _prepared(tmp_path / "whole", path, template)
    reel = Reel(whole)
    await _run(whole, path)
    points = list(whole.effects.names)
    assert await _judged(whole) == (0, 0)
    await whole.kill()

    outcomes: dict[str, tuple[int, int]] = {}
    known: dict[tuple[Moment, int], tuple[int, int]] = {}
    for n in worth_trying(points, FEW_POINTS.get(path)):
        name, folder, moment = f"{n}: {points[n]}", tmp_path / str(n), reel.alone(n)
        (tmp_path / str(n)).mkdir()
        if moment is None:
            outcomes[name] = await _died(folder, path, template, at=n)
            continue
        # Whoever dies with the command is missed at once; a worker, when nothing has ended for so long.
        for after_s in (1, PATIENCE) if path in SOON_AS_WELL else (1,) if reel.is_walkers(n) else (PATIENCE,):
            if (moment, after_s) not in known:
                known[moment, after_s] = await _left(moment, folder, path, after_s=after_s)
            outcomes[f"{name}, started again after {after_s} s"] = known[moment, after_s]

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
    assert bad == {}


async def _died(folder: Path, path: Path_, template: Path, *, at: int) -> tuple[int, int]:
    """Walk it, and die there: what else is under way comes to its end."""
    world = await _prepared(folder, path, template)
    world.effects.crash_at = at
    await _run(world, path)
    outcome = await _judged(world)
    await world.kill()
    return outcome


async def _left(moment: Moment, folder: Path, path: Path_, *, after_s: int) -> tuple[int, int]:
    """Start again from what a death left."""
    world = moment.restore(folder / f"after {after_s} s")
    if path in API_OF:
        furnish(world, API_OF[path])
    await world.reboot(after_ms=after_s * 1_000)
    await settled(world, path)
    outcome = await _judged(world)
    await world.kill()
    return outcome


async def _judged(world: Harness) -> tuple[int, int]:
    """The same of a server with windows, too: one that was filled twice was paid twice."""
    lost, doubled = await judge(world)
    return lost, doubled + len([times for times in fills_of(world) if times > 1])


def worth_trying(points: list[str], only: tuple[str, ...] | None = None) -> list[int]:
    """Every point of an effect up to the last one that touches a person or upstream, and one look of each kind."""
    idle = ("claim", "renew")
    last = max(n for n, name in enumerate(points) if not any(word in name for word in idle))
    seen: set[str] = set()
    worth = []
    for n, name in enumerate(points[: last + 2]):
        if name.startswith(LOOKS) and name in seen:
            continue
        if only is not None and (not name.startswith(only) or name in seen):
            continue
        seen.add(name)
        worth.append(n)
    return worth


async def empty_database(folder: Path) -> Path:
    """A migrated database to start each trial from."""
    (folder / "template").mkdir()
    world = Harness(folder / "template")
    await world.open()
    await world.close()
    return folder / "template" / "easel.db"
