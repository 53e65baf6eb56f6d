"""Erasing a member reaches what the bot posted: their cards go, others' lose the words, and what cannot be reached is named.
Never here: which rows are noted (tests/storage/servers/test_lifecycle.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.domain.jobs import Route
from bot.errors import RetryLater, RouteClosed
from bot.services.admission.viewer import Viewer
from bot.services.history.erased_cards import BATCH, TRIES
from bot.services.modlog.dispatcher import Dispatcher
from tests.services.harness import GUILD, Crash
from tests.services.server_harness import ADA

if TYPE_CHECKING:
    import pytest

    from tests.services.harness import Harness

HOUR = 3_600_000


async def go_on(world: Harness, times: int = 1) -> None:
    for _ in range(times):
        world.clock.move_to(world.clock.now() + HOUR)
        await world.services.erased_cards.go_on()


def standing(world: Harness, message_id: int | None) -> bool:
    return any(m.id == message_id and not m.deleted for m in world.discord.messages)


async def test_their_cards_are_deleted_and_anothers_is_drawn_without_the_words(world: Harness) -> None:
    grid = await world.finished_grid(user=1)
    heir = await world.ended((await world.press(grid, user=2)).job)
    assert standing(world, grid.reply.message_id)

    await world.services.moderation.erase(GUILD, ADA, 1)
    assert await world.services.moderation.cards_left(GUILD, 1) == 1
    await go_on(world)

    assert not standing(world, grid.reply.message_id)
    assert standing(world, heir.reply.message_id)
    card = next(m for m in world.discord.messages if m.id == heir.reply.message_id)
    assert card.versions[-1].job.prompt == ""
    assert await world.services.moderation.cards_left(GUILD, 1) == 0


async def test_a_picture_that_was_shown_in_public_again_and_again_stands_nowhere_any_more(
    world: Harness,
) -> None:
    grid = await world.finished_grid(user=1)
    places = [grid.reply.message_id]
    for _ in range(3):
        asker = world.asker(user=1)
        viewer = Viewer(user_id=1, guild_id=GUILD, manages=False)
        await world.services.redelivery.show(viewer, asker, grid.key, public=True)
        places.append(asker.reply.message_id)

    await world.services.moderation.erase(GUILD, ADA, 1)
    assert await world.services.moderation.cards_left(GUILD, 1) == len(places)
    await go_on(world, 2)

    assert [standing(world, message_id) for message_id in places] == [False] * 4


async def test_a_picture_that_was_being_shown_in_public_as_the_process_died_stands_nowhere_any_more(
    world: Harness,
) -> None:
    grid = await world.finished_grid(user=1)
    viewer = Viewer(user_id=1, guild_id=GUILD, manages=False)
    deaths: list[str] = []
    while len(deaths) < 100:
        await world.calm()
        world.effects.names.clear()
        world.effects.crash_at = len(deaths)
        try:
            await world.services.redelivery.show(viewer, world.asker(user=1), grid.key, public=True)
        except Crash as death:
            deaths.append(str(death))
            await world.reboot(after_ms=60_000)
        else:
            break
    assert {"show reply ⟩", "db move_card ⟨", "db move_card ⟩"} <= set(deaths)
    world.effects.crash_at = None

    await world.services.moderation.erase(GUILD, ADA, 1)
    await go_on(world, len(deaths))

    assert world.discord.of(grid.key) == []
    assert await world.services.moderation.cards_left(GUILD, 1) == 0


async def test_after_a_death_in_the_middle_the_rest_is_deleted_by_the_next_process(world: Harness) -> None:
    grids = [await world.finished_grid(user=1) for _ in range(BATCH + 2)]
    await world.services.moderation.erase(GUILD, ADA, 1)
    await go_on(world)
    assert sum(standing(world, grid.reply.message_id) for grid in grids) == 2

    await world.reboot()
    await go_on(world)

    assert not any(standing(world, grid.reply.message_id) for grid in grids)


async def test_after_a_clock_that_stood_ahead_the_cards_of_an_erased_member_go_at_once(
    world: Harness,
) -> None:
    grid = await world.finished_grid(user=1)
    year = 365 * 24 * HOUR
    world.clock.set_by(year)
    await world.services.moderation.erase(GUILD, ADA, 1)
    world.clock.set_by(-year)
    await go_on(world)

    assert not standing(world, grid.reply.message_id)


async def test_trouble_is_waited_out_and_a_closed_channel_is_named_to_moderators(
    world: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = await world.finished_grid(user=1)
    await world.services.moderation.erase(GUILD, ADA, 1)
    answers: list[RetryLater | RouteClosed] = [RetryLater("busy")] * 2 + [RouteClosed("missing_permission")]
    told: list[tuple[int | None, str]] = []

    async def refuse(*_: object) -> None:
        raise answers.pop(0)

    monkeypatch.setattr(world.services.erased_cards.publisher, "take_down", refuse)
    monkeypatch.setattr(
        Dispatcher, "notify", lambda _self, guild_id, event: told.append((guild_id, event.said.id))
    )
    await go_on(world, 5)

    assert answers == []
    assert told == [(GUILD, "log.card_stands")]
    assert await world.services.moderation.cards_left(GUILD, 1) == 1
    assert standing(world, grid.reply.message_id)


async def test_what_stays_in_trouble_is_given_up_after_a_bounded_time(
    world: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.finished_grid(user=1)
    await world.services.moderation.erase(GUILD, ADA, 1)
    tried: list[int] = []

    async def busy(*_: object) -> None:
        tried.append(1)
        raise RetryLater("busy")

    monkeypatch.setattr(world.services.erased_cards.publisher, "take_down", busy)
    await go_on(world, TRIES + 5)

    assert len(tried) == TRIES


async def test_where_anothers_card_stood_before_it_moved_is_named_to_moderators(
    world: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = await world.finished_grid(user=1)
    heir = await world.ended((await world.press(grid, user=2)).job)
    asker = world.asker(user=2)
    await world.services.redelivery.show(
        Viewer(user_id=2, guild_id=GUILD, manages=False), asker, heir.key, public=True
    )
    told: list[str] = []
    monkeypatch.setattr(Dispatcher, "notify", lambda _self, _guild_id, event: told.append(event.said.id))

    await world.services.moderation.erase(GUILD, ADA, 1)
    await go_on(world, 2)

    assert told.count("log.card_stands") == 1
    card = next(m for m in world.discord.messages if m.id == asker.reply.message_id)
    assert card.versions[-1].job.prompt == ""


async def test_a_server_that_is_deleted_while_its_cards_are_taken_leaves_nothing_to_do(
    world: Harness,
) -> None:
    grid = await world.finished_grid(user=1)
    await world.ended((await world.press(grid, user=2)).job)
    await world.services.moderation.erase(GUILD, ADA, 1)
    records = world.services.erased_cards.records
    claim = records.claim_cards

    async def overtaken(*args: Any, **terms: Any) -> Any:
        cards = await claim(*args, **terms)
        await records.schedule_deletion(GUILD, 0)
        assert GUILD in await records.delete_due(world.clock.now())
        return cards

    records.claim_cards = overtaken  # type: ignore[method-assign]  # another process tidies up
    await go_on(world)

    assert await claim(10**15, lease_ms=1, limit=10) == []


async def test_a_card_whose_member_is_erased_while_the_picture_is_made_never_says_that_anything_is_kept(
    world: Harness,
) -> None:
    job = await world.imagine(user=1)
    await world.pass_time(6)
    await world.services.moderation.erase(GUILD, ADA, 1)
    before = len(world.discord.of(job.key)[0].versions)

    ended = await world.ended(job)

    assert (ended.route, ended.storage_key, ended.discord_url) == (Route.KEPT, None, None)
    assert len(world.discord.of(job.key)[0].versions) == before
