"""Favourites are pictures of the place where one is; lists get thumbnails in time, from the cards, and ask again later.
Never here: rows, and how a list looks."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.jobs import JobState
from bot.errors import RetryLater, RouteClosed, UserError
from bot.services.admission.viewer import Viewer
from bot.services.history import thumbnails as room
from bot.services.history.jobs import PAGE
from bot.services.history.thumbnails import LIFE_MS, MARGIN_MS, Thumbnails
from tests.services.harness import GUILD

if TYPE_CHECKING:
    from bot.domain.jobs import Job
    from tests.services.harness import Harness

ADA = Viewer(user_id=1, guild_id=GUILD, manages=False)
BOB = replace(ADA, user_id=2)


async def made(world: Harness, n: int = 1) -> list[Job]:
    begun = [await world.imagine(f"a fox {i}") for i in range(n)]

    async def ended() -> bool:
        return all([(await world.job(job.key)).is_delivered for job in begun])

    await world.until(ended)
    return [await world.job(job.key) for job in begun]


async def test_anybody_in_the_server_may_like_a_picture_and_think_better_of_it(world: Harness) -> None:
    (job,) = await made(world)
    favourites = world.services.favourites

    assert (await favourites.toggle(BOB, job.key)).id == "favourite.added"
    assert [one.key for one in (await favourites.history(BOB, 0)).page.jobs] == [job.key]
    assert (await favourites.history(ADA, 0)).page.total == 0
    assert (await favourites.toggle(BOB, job.key)).id == "favourite.removed"
    assert (await favourites.history(BOB, 0)).page.total == 0


async def test_what_is_elsewhere_or_brought_no_picture_is_no_favourite(world: Harness) -> None:
    (job,) = await made(world)
    waiting = await world.imagine("an owl")
    favourites = world.services.favourites

    for viewer, key, why in (
        (replace(BOB, guild_id=5), job.key, "jobs.unknown"),
        (ADA, waiting.key, "favourite.no_picture"),
    ):
        with pytest.raises(UserError) as refused:
            await favourites.toggle(viewer, key)
        assert refused.value.text.id == why
    with pytest.raises(UserError):
        await favourites.history(replace(ADA, guild_id=None), 0)


async def test_a_page_past_the_end_is_the_last(world: Harness) -> None:
    jobs = await made(world, PAGE + 1)
    for job in jobs:
        await world.services.favourites.toggle(BOB, job.key)

    history = await world.services.favourites.history(BOB, 9)

    assert (history.number, history.pages, len(history.page.jobs)) == (1, 2, 1)


# -- thumbnails ----------------------------------------------------------------------------------------------


class Channel:
    """Says where pictures are, slowly or not at all."""

    def __init__(self, answers: dict[int, Any]) -> None:
        self.answers = answers
        self.asked: list[int] = []

    async def picture_url(self, channel_id: int, message_id: int) -> str | None:
        assert channel_id
        self.asked.append(message_id)
        answer = self.answers[message_id]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, asyncio.Event):
            await answer.wait()
        return None if isinstance(answer, asyncio.Event) else answer


async def shown(world: Harness, n: int) -> list[Job]:
    """Jobs whose cards are messages 1, 2, 3 and so on."""
    jobs = await made(world, n)
    return [replace(job, reply=replace(job.reply, message_id=i)) for i, job in enumerate(jobs, 1)]


async def test_every_card_is_asked_for_its_picture_and_trouble_is_no_thumbnail(world: Harness) -> None:
    jobs = await shown(world, 5)
    channel = Channel(
        {
            1: "https://a.example/a.png",
            2: RouteClosed("message_gone"),
            3: RetryLater("down"),
            4: None,
            5: "x/b.MP4?a=1",
        }
    )
    thumbnails = Thumbnails(publisher=channel, clock=world.clock)  # type: ignore[arg-type]  # all it needs

    assert await thumbnails.of(jobs) == {jobs[0].key: "https://a.example/a.png"}
    assert sorted(channel.asked) == [1, 2, 3, 4, 5]


async def test_jobs_without_picture_or_card_are_not_asked_about(world: Harness) -> None:
    (job,) = await shown(world, 1)
    channel = Channel({})
    thumbnails = Thumbnails(publisher=channel, clock=world.clock)  # type: ignore[arg-type]  # all it needs

    nowhere = replace(job, reply=replace(job.reply, message_id=None))
    assert await thumbnails.of([replace(job, state=JobState.FAILED), nowhere]) == {}
    assert channel.asked == []


async def test_an_address_is_remembered_until_it_ends(world: Harness) -> None:
    jobs = await shown(world, 2)
    end = world.clock.now() // 1000 + 600
    channel = Channel({1: f"https://a.example/a.png?ex={end:x}&is=1", 2: "https://a.example/b.png?ex=soon"})
    thumbnails = Thumbnails(publisher=channel, clock=world.clock)  # type: ignore[arg-type]  # all it needs

    for wait in (0, 0, 600_000 - MARGIN_MS, LIFE_MS):
        world.clock.move_to(world.clock.now() + wait)
        assert len(await thumbnails.of(jobs)) == 2

    assert sorted(channel.asked) == [1, 1, 1, 2, 2]


async def test_the_memory_has_an_end(world: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "KNOWN_LIMIT", 1)
    jobs = await shown(world, 2)
    channel = Channel({1: "https://a.example/a.png", 2: "https://a.example/b.png"})
    thumbnails = Thumbnails(publisher=channel, clock=world.clock)  # type: ignore[arg-type]  # all it needs

    assert len(await thumbnails.of(jobs)) == 2
    assert len(thumbnails._known) == 1


async def test_a_list_does_not_wait_for_a_slow_picture(
    world: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "PATIENCE_S", 0.01)
    jobs = await shown(world, 2)
    channel = Channel({1: "https://a.example/a.png", 2: asyncio.Event()})
    thumbnails = Thumbnails(publisher=channel, clock=world.clock)  # type: ignore[arg-type]  # all it needs

    assert await thumbnails.of(jobs) == {jobs[0].key: "https://a.example/a.png"}
