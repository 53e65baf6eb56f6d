"""Shortenings through the services: where they are to be had, what a shorter prompt becomes, and what is refused.
Never here: reading what upstream wrote (tests/domain), and Discord."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.jobs import JobKind, JobState
from bot.domain.pools import Pool
from bot.errors import UserError
from bot.services.admission.viewer import Viewer
from bot.services.intake.shorten import FROM_SHORTENED
from tests.faults import windows
from tests.services.harness import GUILD, Harness

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from bot.domain.jobs import Job

ADA = Viewer(user_id=1, guild_id=GUILD, manages=False)
BEN = Viewer(user_id=2, guild_id=GUILD, manages=False)


async def shortened(world: Harness, prompt: str = "a very small paper fox --ar 3:2") -> Job:
    begun = await world.services.shortening.begin(world.asker(), prompt, None)
    return await world.ended(begun.job)


async def refused(attempt: Awaitable[object]) -> str:
    with pytest.raises(UserError) as refusal:
        await attempt
    return refusal.value.text.id


async def test_a_shortening_is_one_paid_call_in_the_pool_that_its_prompt_names(family: Harness) -> None:
    job = await shortened(family, "a very small paper fox --fast")

    assert (job.kind, job.state, job.pool, job.prompt) == (
        JobKind.SHORTEN,
        JobState.SUCCEEDED,
        Pool.FAST,
        "a very small paper fox",
    )
    assert job.notes == ("note.speed_chose_pool",)
    assert [(task.action, task.prompt) for task in family.upstream.tasks] == [("SHORTEN", job.prompt)]
    assert await family.ledger() == [(job.key, "reserve")]


async def test_shorter_words_have_the_parameters_of_the_long_ones(family: Harness) -> None:
    job = await shortened(family)
    shorter = family.services.shortening.shorter

    assert await shorter(ADA, job.key, 0) == (job, "paper fox --ar 3:2")
    assert await shorter(ADA, job.key, 1) == (job, "fox --ar 3:2")
    assert await refused(shorter(ADA, job.key, 2)) == "shorten.forgotten"


async def test_shorter_words_begin_with_the_pictures_of_the_long_prompt(family: Harness) -> None:
    job = await shortened(family, "https://a.io/1.png https://a.io/2.png a very small paper fox --iw 2")
    shortening = family.services.shortening

    _, shorter = await shortening.shorter(ADA, job.key, 1)
    begun = await shortening.imagine(family.asker(user=2), BEN, job.key, shorter)

    assert begun.job.prompt == "https://a.io/1.png https://a.io/2.png fox --iw 2"


async def test_parameters_that_upstream_repeats_are_those_of_the_long_prompt(
    family: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = "--sref https://a.io/1.png --ar 3:2"
    monkeypatch.setattr(windows, "SHORTER", f"## Shortened prompts\n1️⃣ paper fox {given}")
    job = await shortened(family, f"a very small paper fox {given}")

    assert await family.services.shortening.shorter(ADA, job.key, 0) == (job, f"paper fox {given}")


async def test_a_shorter_prompt_becomes_a_chain_in_the_same_pool(family: Harness) -> None:
    job = await shortened(family, "a very small paper fox --fast")

    begun = await family.services.shortening.imagine(family.asker(user=2), BEN, job.key, "paper fox --v 7")
    ended = await family.ended(begun.job)

    assert (ended.kind, ended.prompt, ended.pool) == (JobKind.IMAGINE, "paper fox --v 7", Pool.FAST)
    assert (ended.state, ended.user_id) == (JobState.SUCCEEDED, 2)
    assert FROM_SHORTENED in ended.notes
    assert ended.ancestor is not None
    assert ended.ancestor.key == job.key


async def test_what_is_no_shortening_has_no_shorter_prompts(family: Harness) -> None:
    grid = await family.finished_grid()

    assert await refused(family.services.shortening.shorter(ADA, grid.key, 0)) == "press.no_such_button"
    assert len(await family.all_jobs()) == 1


async def test_where_the_account_shortens_nothing_it_is_said_and_nothing_begins(world: Harness) -> None:
    assert (
        await refused(world.services.shortening.begin(world.asker(), "a paper fox", None))
        == "shorten.not_here"
    )
    assert await world.all_jobs() == []
