"""Death on the way from a painted region, sent by the page of a link, to its picture: one card stands, and erasure reaches it.
Never here: what the page does while everything lives (tests/services/intake/test_mask_editor.py)."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from bot.errors import RetryLater
from tests.faults.deaths import LOOKS
from tests.faults.report import Row, record
from tests.services.harness import GUILD, Crash, Harness
from tests.services.intake.test_mask_editor import MASK, Studio
from tests.services.intake.test_regions import single
from tests.services.server_harness import ADA

if TYPE_CHECKING:
    from pathlib import Path

    from bot.domain.jobs import Job, Route
    from bot.domain.ports import CardLocation, Picture, Showing

PAINTER = 3


async def painted(world: Harness, *, dies_at: int | None, dies_by: str | None = None) -> None:
    """Somebody sends a region, and its picture comes; the page's own task dies with the process."""
    studio = Studio(world)
    link = await studio.link(await single(world), world.asker(user=PAINTER))
    world.effects.names.clear()
    world.effects.crash_at, world.effects.crash_name = dies_at, dies_by
    posting = asyncio.create_task(studio.mask_editor.run())
    with suppress(Crash):
        job = await studio.mask_editor.submit(link, MASK)
        await world.ended(job)
        await world.calm()
    posting.cancel()
    await asyncio.gather(posting, return_exceptions=True)


async def regions(world: Harness) -> list[Job]:
    """The jobs that were begun, at their end."""
    return [await world.ended(job) for job in await world.all_jobs() if job.press is not None]


async def left_after_erasure(world: Harness, job: Job) -> list[int]:
    """The messages about a job that still stand once its member is erased."""
    await world.services.moderation.erase(GUILD, ADA, PAINTER)
    await world.pass_time(120)
    await world.services.erased_cards.go_on()
    return [card.id for card in world.discord.of(job.key)]


@pytest.mark.timeout(600)
async def test_death_at_any_effect_of_a_painted_region_leaves_one_card_that_erasure_reaches(
    tmp_path: Path,
) -> None:
    (tmp_path / "whole").mkdir()
    whole = Harness(tmp_path / "whole")
    await whole.boot()
    await painted(whole, dies_at=None)
    points = list(whole.effects.names)
    await whole.kill()
    assert {"show post ⟩", "db move_card ⟨", "db move_card ⟩", "show edit ⟩"} <= set(points)

    bad: dict[str, object] = {}
    tried = [n for n, name in enumerate(points) if not name.startswith(LOOKS)]
    for number in tried:
        folder = tmp_path / str(number)
        folder.mkdir()
        world = Harness(folder)
        await world.boot()
        await painted(world, dies_at=number)
        await world.reboot(after_ms=10 * 60_000)  # past Discord's nonce window
        for job in await regions(world):
            shown = [card.last.state for card in world.discord.of(job.key)]
            left = await left_after_erasure(world, job)
            if shown != [job.state] or left:
                bad[f"{number}: {points[number]}"] = (shown, left)
        await world.kill()

    record(
        Row(
            path="a painted region",
            fault="death before or after an effect",
            tried=len(tried),
            lost=0,
            doubled=len(bad),
        )
    )
    assert bad == {}


async def test_a_card_whose_answer_was_lost_becomes_the_results(tmp_path: Path) -> None:
    world = Harness(tmp_path)
    await world.boot()
    show = world.publisher._show
    lost: list[Showing] = []

    async def unanswered(showing: Showing, route: Route, picture: Picture | None) -> CardLocation:
        shown = await show(showing, route, picture)
        if showing.job.press is not None and not lost:
            lost.append(showing)
            raise RetryLater("504")
        return shown

    world.publisher._show = unanswered  # type: ignore[method-assign]  # one world, one test

    await painted(world, dies_at=None)

    (job,) = await regions(world)
    assert lost[0].job.key == job.key
    assert [card.last.state for card in world.discord.of(job.key)] == [job.state]
    assert await left_after_erasure(world, job) == []
    await world.kill()


async def test_a_card_that_nobody_noted_goes_with_its_member_who_was_erased_before_the_picture_came(
    tmp_path: Path,
) -> None:
    world = Harness(tmp_path)
    await world.boot()
    await painted(world, dies_at=None, dies_by="show post ⟩")
    await world.reboot(after_ms=1_000)
    (job,) = [job for job in await world.all_jobs() if job.press is not None]
    assert (job.is_terminal, len(world.discord.of(job.key))) == (False, 1)

    await world.services.moderation.erase(GUILD, ADA, PAINTER)
    await world.ended(job)
    await world.pass_time(120)
    await world.services.erased_cards.go_on()

    assert world.discord.of(job.key) == []
    await world.kill()
