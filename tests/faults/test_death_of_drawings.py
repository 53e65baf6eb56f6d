"""Death on the way from an order of the second engine's to its picture: its one paid call is never made twice.
Never here: how a death is made (deaths)."""

from __future__ import annotations

import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from bot.domain.failures import FailureKind
from bot.domain.jobs import JobState
from bot.errors import RemoteError, RemoteFault
from bot.services.intake.drawing import DrawOptions
from tests.faults.deaths import balanced, empty_database, settled, worth_trying
from tests.faults.report import Row, record
from tests.services.engine import furnish
from tests.services.harness import Crash, Harness

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from tests.services.engine import Studio

    Walk = Callable[[Harness, Studio], Awaitable[None]]


async def drawn(world: Harness, _studio: Studio) -> None:
    """/draw to the pictures."""
    options = DrawOptions(prompt="a paper fox", number=2)
    await world.services.drawings.begin(world.asker(), options)


async def varied(world: Harness, _studio: Studio) -> None:
    """Vary under a drawn picture, to the picture."""
    first = next(job for job in await world.all_jobs() if job.press is None)
    await world.services.presses.press(world.asker(), first.key, 2, channel_id=0, message_id=0)


async def refused(world: Harness, studio: Studio) -> None:
    """An order that the engine refuses."""
    error = RemoteError(RemoteFault.REFUSED, "unsafe", kind=FailureKind.BANNED_PROMPT)
    studio.refusals.append(error)
    await drawn(world, studio)


async def silent(world: Harness, studio: Studio) -> None:
    """An order whose answer is lost."""
    studio.swallow = 1
    await drawn(world, studio)


def in_folder(folder: Path, template: Path) -> Harness:
    folder.mkdir()
    world = Harness(folder)
    shutil.copyfile(template, folder / "easel.db")
    return world


async def prepared(folder: Path, walk: Walk, template: Path) -> tuple[Harness, Studio]:
    world = in_folder(folder, template)
    studio = furnish(world)
    await world.boot()
    if walk is varied:
        await drawn(world, studio)
        await settled(world, drawn)  # type: ignore[arg-type]  # it only asks which walk it is
    world.effects.names.clear()
    return world, studio


async def walked(world: Harness, studio: Studio, walk: Walk) -> None:
    with suppress(Crash):
        await walk(world, studio)
        await settled(world, walk)  # type: ignore[arg-type]  # as above
    if world.died:
        await world.reboot(after_ms=1_000)
        await settled(world, walk)  # type: ignore[arg-type]  # as above


async def judged(world: Harness, studio: Studio) -> tuple[int, int]:
    """How much was lost and how much doubled: what was paid for and not shown, and what was paid or shown twice."""
    jobs = await world.all_jobs()
    books = await world.ledger()
    lost = [job for job in jobs if not (job.is_terminal and job.is_delivered)]
    unseen = [job for job in jobs if not any(m.last.state is job.state for m in world.discord.of(job.key))]
    hidden = [
        job
        for job in jobs
        if job.state is JobState.SUCCEEDED
        and not any(m.picture is not None for m in world.discord.of(job.key))
    ]
    odd = [
        job
        for job in jobs
        if job.state is JobState.FAILED
        and (job.failure is None or job.failure.kind not in {FailureKind.LOST, FailureKind.BANNED_PROMPT})
    ]
    doubled = [job for job in jobs if len(world.discord.of(job.key)) > 1]
    unfair = [job for job in jobs if not balanced(job, [kind for key, kind in books if key == job.key])]
    return len(lost + unseen + hidden + odd), len(doubled + unfair) + max(0, len(studio.orders) - len(jobs))


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("walk", [drawn, varied, refused, silent], ids=lambda walk: walk.__name__)
async def test_death_at_any_effect_loses_nothing_and_doubles_nothing(walk: Walk, tmp_path: Path) -> None:
    template = await empty_database(tmp_path)
    whole, studio = await prepared(tmp_path / "whole", walk, template)
    await walked(whole, studio, walk)
    points = list(whole.effects.names)
    assert await judged(whole, studio) == (0, 0)
    await whole.kill()

    outcomes: dict[str, tuple[int, int]] = {}
    for n in worth_trying(points):
        world, studio = await prepared(tmp_path / str(n), walk, template)
        world.effects.crash_at = n
        await walked(world, studio, walk)
        outcomes[f"{n}: {points[n]}"] = await judged(world, studio)
        await world.kill()

    record(
        Row(
            path=(walk.__doc__ or "").strip(". "),
            fault="death before or after an effect",
            tried=len(outcomes),
            lost=sum(lost for lost, _ in outcomes.values()),
            doubled=sum(doubled for _, doubled in outcomes.values()),
        )
    )
    assert {point: outcome for point, outcome in outcomes.items() if outcome != (0, 0)} == {}


@pytest.mark.parametrize(
    ("point", "state", "orders"),
    [
        ("db insert ⟩", JobState.SUCCEEDED, 1),
        ("POST draw ⟨", JobState.FAILED, 0),
        ("POST draw ⟩", JobState.FAILED, 1),
        ("db save ⟩", JobState.SUCCEEDED, 1),
    ],
)
async def test_what_died_between_the_call_and_its_row_is_said_to_be_lost_and_not_drawn_again(
    point: str, state: JobState, orders: int, tmp_path: Path
) -> None:
    world = Harness(tmp_path)
    studio = furnish(world)
    await world.boot()
    world.effects.die_at(point)

    await walked(world, studio, drawn)

    (job,) = await world.all_jobs()
    assert (job.state, len(studio.orders)) == (state, orders)
    assert await judged(world, studio) == (0, 0)
    await world.kill()
