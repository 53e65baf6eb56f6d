"""Refused prompts, favourites and owed copies are kept for one person, across processes, and go when they should.
Never here: what is done with them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.keys import JobKey
from bot.domain.personal_items import Draft
from bot.domain.pools import Pool
from bot.domain.servers.guilds import Actor
from tests.storage.making import FREE, NOON, job

if TYPE_CHECKING:
    from bot.domain.jobs import Job
    from bot.storage import Storage
    from tests.storage.conftest import Opener

GUILD, USER = 2**62 + 2, 2**62 + 4
ADA = Actor(10, "Ada")
DRAFT = Draft(
    key=JobKey("000000000001"),
    user_id=USER,
    guild_id=GUILD,
    prompt="a fox --ar wide 裸",
    pool=Pool.FAST,
    option_set="ink",
    until=NOON,
)


async def begun(storage: Storage, n: int = 1) -> list[Job]:
    return [await storage.jobs.insert(job(), FREE) for _ in range(n)]


async def favourites(storage: Storage, user_id: int = USER) -> list[JobKey]:
    return [
        one.key for one in (await storage.personal_items.favourites(user_id, GUILD, skip=0, limit=9)).jobs
    ]


async def test_a_refused_prompt_is_read_in_another_process_until_it_is_tidied_away(
    storage: Storage, another: Opener
) -> None:
    bare = replace(DRAFT, key=JobKey("000000000002"), guild_id=None, pool=None, option_set=None)
    for draft in (DRAFT, replace(bare, until=NOON + 1)):
        await storage.personal_items.keep_draft(draft)

    second = (await another()).personal_items
    assert await second.draft(DRAFT.key) == DRAFT
    assert await second.tidy_drafts(NOON) == 1
    assert await second.draft(DRAFT.key) is None
    assert await second.draft(bare.key) == replace(bare, until=NOON + 1)


async def test_a_favourite_is_added_and_taken_away_by_the_same_press(storage: Storage) -> None:
    keep = storage.personal_items
    one, two, three = await begun(storage, 3)

    for n, made in enumerate((one, two, three)):
        assert await keep.toggle_favourite(USER, made.key, GUILD, NOON + n)
    assert await keep.toggle_favourite(9, one.key, GUILD, NOON)
    assert not await keep.toggle_favourite(USER, two.key, GUILD, NOON)

    assert await favourites(storage) == [three.key, one.key]
    page = await keep.favourites(USER, GUILD, skip=1, limit=1)
    assert ([found.key for found in page.jobs], page.total) == ([one.key], 2)
    assert (await keep.favourites(USER, 5, skip=0, limit=9)).total == 0


async def test_two_presses_at_once_are_two_presses(storage: Storage, another: Opener) -> None:
    (made,) = await begun(storage)
    second = await another()

    told = await asyncio.gather(
        *(s.personal_items.toggle_favourite(USER, made.key, GUILD, NOON) for s in (storage, second))
    )

    assert sorted(told) == [False, True]
    assert await favourites(storage) == []


async def test_a_copy_is_owed_once_and_taken_by_one(storage: Storage, another: Opener) -> None:
    one, two = await begun(storage, 2)
    second = await another()
    await storage.personal_items.enqueue_copy(one.key, NOON)
    await second.personal_items.enqueue_copy(one.key, NOON + 1)
    await storage.personal_items.enqueue_copy(two.key, NOON + 1_000)

    taken = await asyncio.gather(
        *(s.personal_items.claim_copies(NOON, lease_ms=60_000, limit=9) for s in (storage, second))
    )

    assert sorted(len(found) for found in taken) == [0, 1]
    assert await storage.personal_items.claim_copies(NOON + 1_000, lease_ms=1, limit=9) == [(two.key, 1)]
    await storage.personal_items.remove_copy(two.key)
    assert await storage.personal_items.claim_copies(NOON + 60_000, lease_ms=1, limit=9) == [(one.key, 2)]


async def test_a_copy_that_was_noted_while_the_clock_stood_ahead_is_taken_when_it_is_set_right(
    storage: Storage,
) -> None:
    one, two = await begun(storage, 2)
    await storage.personal_items.enqueue_copy(one.key, NOON + 365 * 24 * 3_600_000)
    await storage.personal_items.enqueue_copy(two.key, NOON + 60_000)

    assert await storage.personal_items.claim_copies(NOON, lease_ms=120_000, limit=9) == [(one.key, 1)]


async def test_whoever_asks_to_be_forgotten_leaves_nothing_behind(storage: Storage) -> None:
    (made,) = await begun(storage)
    await storage.personal_items.keep_draft(DRAFT)
    await storage.personal_items.toggle_favourite(USER, made.key, GUILD, NOON)
    await storage.personal_items.toggle_favourite(9, made.key, GUILD, NOON)
    await storage.personal_items.enqueue_copy(made.key, NOON)

    await storage.people.forget(USER)

    assert await storage.personal_items.draft(DRAFT.key) is None
    assert await favourites(storage) == []
    assert await favourites(storage, 9) == [made.key]
    assert await storage.personal_items.claim_copies(NOON, lease_ms=1, limit=9) == ()


async def test_moderators_export_and_erase_what_is_kept_in_their_server(storage: Storage) -> None:
    (made,) = await begun(storage)
    abroad = await storage.jobs.insert(job(guild_id=5), FREE)
    await storage.personal_items.keep_draft(DRAFT)
    await storage.personal_items.toggle_favourite(USER, made.key, GUILD, NOON)
    await storage.personal_items.toggle_favourite(USER, abroad.key, 5, NOON)

    told = await storage.guilds.records.export(GUILD, USER)
    await storage.guilds.records.erase(GUILD, USER, actor=ADA, at=NOON)

    assert [(one["job_key"]) for one in told["favourites"]] == [made.key]
    assert [one["prompt"] for one in told["drafts"]] == [DRAFT.prompt]
    assert await storage.personal_items.draft(DRAFT.key) is None
    assert await favourites(storage) == []
    assert (await storage.personal_items.favourites(USER, 5, skip=0, limit=9)).total == 1
