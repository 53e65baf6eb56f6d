"""Preferences hold at once where they were changed, soon everywhere else, and an answer never waits for them.
Never here: their rows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest

from bot.domain.people import Preferences
from bot.domain.pools import Pool
from bot.errors import StorageTrouble, UserError
from bot.services.history.preferences import CACHED_MS, CACHED_PEOPLE, LANGUAGES_EVERY_S, People

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.people import PreferenceStore
    from tests.services.harness import Harness

ADA, BOB = 1, 2


def another(world: Harness) -> People:
    """The people of a second process on the same database."""
    return People(store=world._opened.people, clock=world.clock)


async def test_switching_copies_over_means_what_is_stored_and_not_what_a_process_believes(
    world: Harness,
) -> None:
    people, elsewhere = world.services.people, another(world)
    assert not (await elsewhere.preferences(ADA)).copies  # this process is about to be wrong

    assert (await people.toggle_copies(ADA)).copies
    assert not (await elsewhere.toggle_copies(ADA)).copies
    assert (await people.toggle_remix(ADA)).remix
    assert not (await elsewhere.toggle_remix(ADA)).remix


async def test_every_preference_can_be_chosen_and_taken_back(world: Harness) -> None:
    people = world.services.people

    await people.prefer_pool(ADA, Pool.FAST)
    await people.prefer_aspect(ADA, " 16:9 ")
    await people.prefer_version(ADA, "niji 6")
    await people.prefer_suffix(ADA, "in ink --s 50")
    await people.toggle_copies(ADA)
    await people.prefer_language(ADA, "de")
    full = await people.keep_set(ADA, "wide", "--ar 21:9")

    assert full == await another(world).preferences(ADA) == await people.preferences(ADA)
    assert (full.pool, full.aspect, full.version, full.suffix) == (
        Pool.FAST,
        "16:9",
        "niji 6",
        "in ink --s 50",
    )
    assert (full.copies, full.language, [one.name for one in full.sets]) == (True, "de", ["wide"])

    renamed = await people.keep_set(ADA, "very wide", "--ar 32:9", instead="wide")
    assert [one.name for one in renamed.sets] == ["very wide"]
    assert [one.name for one in (await people.keep_set(ADA, "wide", "--tile", instead="very wide")).sets] == [
        "wide"
    ]
    assert [one.name for one in (await people.keep_set(ADA, "wide", "--raw", instead="gone")).sets] == [
        "wide"
    ]

    await people.prefer_pool(ADA, None)
    await people.prefer_aspect(ADA, None)
    await people.prefer_version(ADA, "")
    await people.prefer_suffix(ADA, "")
    await people.toggle_copies(ADA)
    await people.prefer_language(ADA, None)
    assert await people.drop_set(ADA, "Wide") == Preferences()


@pytest.mark.parametrize("typed", ["99", "seven"])
async def test_what_no_command_would_take_is_refused(world: Harness, typed: str) -> None:
    people = world.services.people

    with pytest.raises(UserError):
        await people.prefer_aspect(ADA, typed)
    with pytest.raises(UserError):
        await people.prefer_version(ADA, typed)

    assert await people.preferences(ADA) == Preferences()


async def test_copies_that_nobody_takes_are_stopped_and_the_reason_is_remembered(world: Harness) -> None:
    people = world.services.people
    await people.toggle_copies(ADA)

    stopped = await people.stop_copies(ADA)

    assert (stopped.copies, stopped.copies_refused) == (False, True)
    assert not (await people.toggle_copies(ADA)).copies_refused


async def test_another_process_sees_a_change_within_seconds(world: Harness) -> None:
    there = another(world)
    assert (await there.preferences(ADA)).aspect is None

    await world.services.people.prefer_aspect(ADA, "2:1")

    assert (await there.preferences(ADA)).aspect is None
    world.clock.move_to(world.clock.now() + CACHED_MS)
    assert (await there.preferences(ADA)).aspect == "2:1"


async def test_a_language_is_known_at_once_here_and_after_a_look_elsewhere(world: Harness) -> None:
    here, there = world.services.people, another(world)
    looking = asyncio.create_task(there.run())
    await world.calm()

    await here.prefer_language(ADA, "de")

    assert (here.language(ADA), here.language(BOB), there.language(ADA)) == ("de", None, None)
    await world.until(lambda: there.language(ADA) == "de", within=LANGUAGES_EVERY_S + 1)
    looking.cancel()


async def test_languages_stay_as_they_are_while_the_database_is_in_trouble(
    world: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = world.services.people
    await people.prefer_language(ADA, "de")

    async def broken(_self: object) -> dict[int, str]:
        raise StorageTrouble("it is away")

    monkeypatch.setattr(type(world._opened.people), "languages", broken)
    await people.refresh()

    assert people.language(ADA) == "de"


async def test_other_words_are_asked_for_or_not_by_what_is_stored(world: Harness) -> None:
    people = world.services.people

    assert (await people.toggle_remix(ADA)).remix
    assert (await another(world).preferences(ADA)).remix
    assert not (await people.toggle_remix(ADA)).remix


async def test_whoever_asks_to_be_forgotten_is(world: Harness) -> None:
    people = world.services.people
    await people.prefer_language(ADA, "de")

    assert await people.forget(ADA) == Preferences()

    assert people.language(ADA) is None
    assert await another(world).preferences(ADA) == Preferences()


async def test_the_cache_has_an_end(world: Harness) -> None:
    people = world.services.people
    for user_id in range(CACHED_PEOPLE + 1):
        people._keep(user_id, Preferences())

    assert len(people._cache) == CACHED_PEOPLE


class SlowToAnswer:
    """A database whose answers are old by the time they come."""

    def __init__(self, inner: PreferenceStore) -> None:
        self._inner = inner
        self.go_on = asyncio.Event()
        self.has_read = asyncio.Semaphore(0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def preferences(self, user_id: int) -> Preferences:
        found = await self._inner.preferences(user_id)
        self.has_read.release()
        await self.go_on.wait()
        return found

    async def languages(self) -> Mapping[int, str]:
        found = await self._inner.languages()
        self.has_read.release()
        await self.go_on.wait()
        return found


async def test_what_was_changed_while_it_was_read_is_not_covered_by_what_was_read(world: Harness) -> None:
    await world.services.people.prefer_language(ADA, "fr")
    await world.services.people.prefer_language(BOB, "ja")
    store = SlowToAnswer(world._opened.people)
    people = People(store=cast("PreferenceStore", store), clock=world.clock)
    store.go_on.set()
    await people.refresh()
    await store.has_read.acquire()
    store.go_on.clear()
    reading = [asyncio.create_task(people.preferences(ADA)), asyncio.create_task(people.refresh())]
    for _ in reading:
        await store.has_read.acquire()

    await people.prefer_language(ADA, "de")
    store.go_on.set()
    await asyncio.wait(reading)

    assert (await people.preferences(ADA)).language == "de"
    assert (people.language(ADA), people.language(BOB)) == ("de", "ja")
