"""What was on its way while its member was erased: it ends without words, and its card goes, whoever dies meanwhile.
Never here: what had ended and been shown before (test_erased_cards, tests/storage/servers/test_lifecycle.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.failures import FailureKind
from bot.domain.jobs import JobState, Route
from bot.domain.tasks import TaskStatus
from bot.errors import RetryLater, RouteClosed
from tests.services.harness import GUILD, Harness, worlds
from tests.services.server_harness import ADA

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.domain.jobs import Job

HOUR = 3_600_000
SECRET = "a secret fox"


@pytest.fixture
async def news(tmp_path: Path) -> AsyncIterator[Harness]:
    """A world in which every result comes as a message of its own."""
    async for made in worlds(tmp_path):
        made.more_terms["news_after"] = 1
        await made.boot()
        yield made


async def erase(world: Harness) -> None:
    await world.services.moderation.erase(GUILD, ADA, 1)


async def cleared(world: Harness) -> None:
    world.clock.move_to(world.clock.now() + HOUR)
    await world.services.erased_cards.go_on()


def shown(world: Harness) -> str:
    """All words that people can still read."""
    return " / ".join(m.last.prompt for m in world.discord.messages if m.versions and not m.deleted)


async def heir_that_runs(world: Harness) -> tuple[Job, Job]:
    grid = await world.finished_grid(prompt=SECRET, user=1)
    heir = (await world.press(grid, position=5, user=2)).job
    await world.pass_time(5)
    assert (await world.job(heir.key)).state is JobState.RUNNING
    return grid, heir


async def nothing_left(world: Harness) -> None:
    await cleared(world)
    assert SECRET not in shown(world)
    assert [job.key for job in await world.all_jobs() if SECRET in job.prompt] == []
    assert await world.services.moderation.cards_left(GUILD, 1) == 0


async def test_anothers_picture_that_still_runs_loses_the_words_as_it_ends(world: Harness) -> None:
    _, heir = await heir_that_runs(world)

    await erase(world)
    ended = await world.ended(heir)

    assert (ended.state, ended.prompt, ended.user_name) == (JobState.SUCCEEDED, "", "user2")
    assert ended.storage_key is not None
    (card,) = world.discord.of(heir.key)
    assert card.last.prompt == ""
    assert card.picture is not None
    await nothing_left(world)


async def test_and_so_it_does_after_a_restart(world: Harness) -> None:
    _, heir = await heir_that_runs(world)
    await erase(world)
    await world.reboot(after_ms=40_000)

    assert (await world.ended(heir)).prompt == ""
    await nothing_left(world)


async def test_what_ended_and_is_not_shown_yet_is_shown_to_nobody(world: Harness) -> None:
    world.picture_trouble = RetryLater("busy")
    begun = await world.imagine(SECRET)
    await world.until(lambda: _has_ended(world, begun))
    await erase(world)
    world.picture_trouble = None

    ended = await world.ended(begun)

    assert (ended.route, ended.prompt, ended.user_name) == (Route.KEPT, "", "—")
    assert (ended.discord_url, ended.storage_key, ended.result_text) == (None, None, None)
    await nothing_left(world)


async def test_a_result_that_is_fetched_while_its_member_is_erased_is_not_shown(world: Harness) -> None:
    world.picture_takes = 5
    begun = await world.imagine(SECRET)
    await world.until(lambda: bool(world.fetches))
    await erase(world)

    ended = await world.ended(begun)

    assert (ended.route, ended.storage_key) == (Route.KEPT, None)
    await nothing_left(world)


@pytest.mark.parametrize("point", ["show post ⟨", "show post ⟩", "db release ⟨"])
async def test_a_message_that_was_posted_as_its_process_died_is_found_and_deleted(
    news: Harness, point: str
) -> None:
    begun = await news.imagine(SECRET)
    await news.pass_time(20)
    news.effects.die_at(point)
    await news.pass_time(30)
    assert news.died
    await news.reboot()
    await erase(news)

    ended = await news.ended(begun)

    assert (ended.prompt, ended.storage_key) == ("", None)
    await nothing_left(news)


async def test_erasing_between_the_post_and_its_note_deletes_the_message(news: Harness) -> None:
    begun = await news.imagine(SECRET)
    publish = news.publisher._show

    async def erased_meanwhile(*given: object) -> object:
        done = await publish(*given)  # type: ignore[arg-type]  # as they came
        if given[1] is Route.POST:
            await erase(news)
        return done

    news.publisher._show = erased_meanwhile  # type: ignore[method-assign,assignment]  # a moment that no clock hits
    ended = await news.ended(begun)

    assert (ended.prompt, ended.storage_key, ended.user_name) == ("", None, "—")
    await nothing_left(news)


async def test_a_late_success_brings_nothing_back(world: Harness) -> None:
    world.upstream.template["seconds"] = 3_600_000
    begun = await world.imagine(SECRET)
    await world.pass_time(10)
    await world.reboot(after_ms=HOUR // 2)
    timed_out = await world.ended(begun)
    assert timed_out.failure is not None
    assert timed_out.failure.kind is FailureKind.TIMED_OUT

    await erase(world)
    world.upstream.tasks[0].seconds = 1
    await world.pass_time(300)

    late = await world.job(begun.key)
    assert (late.state, late.route) == (JobState.SUCCEEDED, Route.KEPT)
    assert (late.prompt, late.discord_url, late.storage_key) == ("", None, None)
    await nothing_left(world)


async def test_why_it_failed_is_not_kept_in_words(world: Harness) -> None:
    world.upstream.template = {"ends": TaskStatus.FAILURE, "reason": f"Banned prompt detected: {SECRET}"}
    _, heir = await _failing_heir(world)
    await erase(world)

    ended = await world.ended(heir)

    assert ended.failure is not None
    assert (ended.prompt, ended.failure.words) == ("", None)
    await nothing_left(world)


async def test_a_press_that_had_read_the_words_before_they_went_does_not_keep_them(world: Harness) -> None:
    grid = await world.finished_grid(prompt=SECRET, user=1)
    insert = world.services.intake.store.insert

    async def late(job: Job, *given: object, **named: object) -> Job:
        await erase(world)
        return await insert(job, *given, **named)  # type: ignore[arg-type]  # as they came

    world.services.intake.store = _With(world.services.intake.store, insert=late)  # type: ignore[assignment]  # the rest as it was
    heir = (await world.press(grid, position=5, user=2)).job

    assert (await world.ended(heir)).prompt == ""
    await nothing_left(world)


async def test_what_they_ask_for_afterwards_is_theirs_again(world: Harness) -> None:
    await world.finished_grid(prompt=SECRET, user=1)
    await erase(world)
    world.clock.move_to(world.clock.now() + 1)

    grid = await world.finished_grid(prompt="a new fox", user=1)

    assert (grid.prompt, grid.user_name, grid.route) == ("a new fox", "user1", Route.REPLY)
    await cleared(world)
    assert "a new fox" in shown(world)


class _With:
    def __init__(self, inner: object, **changed: object) -> None:
        self._inner = inner
        self.__dict__ |= changed

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)


async def _has_ended(world: Harness, begun: Job) -> bool:
    return (await world.job(begun.key)).is_terminal


async def _failing_heir(world: Harness) -> tuple[Job, Job]:
    world.upstream.template, failing = {}, world.upstream.template
    grid = await world.finished_grid(prompt=SECRET, user=1)
    world.upstream.template = failing
    heir = (await world.press(grid, position=5, user=2)).job
    await world.pass_time(5)
    return grid, heir


async def test_a_message_that_nobody_can_look_for_any_more_holds_nothing_up(news: Harness) -> None:
    begun = await news.imagine(SECRET)
    await news.pass_time(20)
    news.effects.die_at("show post ⟩")
    await news.pass_time(30)
    await news.reboot()

    async def shut_out(_job: Job) -> None:
        raise RouteClosed("missing_access")

    news.publisher.find = shut_out  # type: ignore[method-assign, assignment]  # one world, one test
    await erase(news)

    ended = await news.ended(begun)

    assert (ended.route, ended.prompt, ended.storage_key) == (Route.KEPT, "", None)
