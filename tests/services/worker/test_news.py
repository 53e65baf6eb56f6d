"""Results that took long come as a message of their own, which pings the asker: once, across crashes and every way."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from bot.domain.jobs import JobState, Route
from bot.domain.people import NEVER
from bot.domain.servers.guilds import Actor
from bot.errors import RetryLater, StorageTrouble
from bot.services.worker.news import News
from tests.services.harness import GUILD

if TYPE_CHECKING:
    from bot.domain.jobs import Job
    from bot.domain.people import Preferences
    from tests.services.harness import Harness


async def slow(world: Harness, *, seconds: float = 90) -> Job:
    """A job that takes so long, where a minute is the usual bound."""
    world.more_terms["news_after"] = 60
    await world.reboot()
    world.upstream.template["seconds"] = seconds
    return await world.imagine()


async def test_a_slow_result_is_a_new_message_that_pings_and_the_old_card_leads_there(world: Harness) -> None:
    begun = await slow(world)

    job = await world.ended(begun)

    old, new = world.discord.of(job.key)
    assert (job.route, job.reply.message_id) == (Route.POST, new.id)
    assert new.picture is not None
    assert [one.is_news for one in new.versions] == [True]
    moved = old.versions[-1].moved_to
    assert moved is not None
    assert moved.message_id == new.id
    assert old.picture is None


async def test_a_quick_result_is_edited_in_place(world: Harness) -> None:
    job = await world.ended(await slow(world, seconds=20))

    (card,) = world.discord.of(job.key)
    assert (job.route, card.versions[-1].is_news) == (Route.REPLY, False)


@pytest.mark.parametrize(
    ("member", "seconds", "posted"), [(NEVER, 90, False), (0, 10, True), (200, 90, False)]
)
async def test_the_members_own_choice_goes_before_the_servers(
    world: Harness, *, member: int, seconds: float, posted: bool
) -> None:
    begun = await slow(world, seconds=seconds)
    await world.services.people.prefer_news(begun.user_id, member)

    assert ((await world.ended(begun)).route is Route.POST) is posted


@pytest.mark.parametrize(("server", "posted"), [(NEVER, False), (30, True), (0, True)])
async def test_the_servers_setting_goes_before_the_usual(
    world: Harness, *, server: int, posted: bool
) -> None:
    begun = await slow(world, seconds=40)
    await world._opened.guilds.settings.change(
        GUILD, lambda s: replace(s, news_after=server), actor=Actor(1, "mod"), at=world.clock.now()
    )

    assert ((await world.ended(begun)).route is Route.POST) is posted


async def test_where_nothing_can_be_posted_it_is_edited_in_place(world: Harness) -> None:
    begun = await slow(world)
    world.discord.closed = {Route.POST: "missing_permission"}

    job = await world.ended(begun)

    (card,) = world.discord.of(job.key)
    assert (job.route, card.picture is not None) == (Route.REPLY, True)


@pytest.mark.parametrize(
    "point", ["show post ⟨", "show post ⟩", "show reply ⟨", "show reply ⟩", "db release ⟨"]
)
@pytest.mark.parametrize("minutes", [1, 30])
async def test_wherever_the_process_dies_people_get_one_message_and_one_link_to_it(
    world: Harness, point: str, minutes: int
) -> None:
    begun = await slow(world)
    await world.pass_time(85)
    assert world.fetches == []
    world.effects.die_at(point)
    await world.pass_time(60)
    assert world.died
    await world.reboot(after_ms=minutes * 60_000)

    job = await world.ended(begun)

    old, new = world.discord.of(job.key)
    assert (job.state, job.route, job.reply.message_id) == (JobState.SUCCEEDED, Route.POST, new.id)
    assert (old.picture, new.picture is not None) == (None, True)
    assert old.versions[-1].moved_to is not None


async def test_a_post_whose_answer_was_lost_is_found_and_not_repeated(world: Harness) -> None:
    begun = await slow(world)
    world.discord.on_result += [RetryLater("503", delay=3)] * 2

    job = await world.ended(begun)

    assert job.route is Route.POST
    assert len(world.discord.of(job.key)) == 2


async def test_an_old_card_that_cannot_lead_to_the_new_one_costs_nothing_else(world: Harness) -> None:
    begun = await slow(world)
    world.discord.closed = dict.fromkeys((Route.REPLY, Route.EDIT), "missing_permission")

    job = await world.ended(begun)

    (new,) = world.discord.of(job.key)
    assert (job.route, job.reply.message_id, new.picture is not None) == (Route.POST, new.id, True)


async def test_where_nobody_can_say_when_a_result_is_news_it_is_edited_in_place(world: Harness) -> None:
    begun = await slow(world)

    async def unreadable(_user: int) -> Preferences:
        raise StorageTrouble("the disk is full")

    world.services.worker.delivery.is_news = News(
        people=SimpleNamespace(preferences=unreadable),
        settings=world._opened.guilds.settings,
        usual=60,
    ).is_news

    assert (await world.ended(begun)).route is Route.REPLY
