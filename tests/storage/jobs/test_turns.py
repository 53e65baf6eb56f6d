"""Servers take turns for places first, then members within each: a hundred members of one server are one turn.
Never here: caps, leases and claims themselves (test_claiming)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.claims import claim_submissions
from tests.storage.making import FREE, LEASE, NOON, job

if TYPE_CHECKING:
    from bot.storage import SqlJobStore

HOSTILE, QUIET = 666, 5


async def test_a_server_with_many_members_takes_no_more_turns_than_one_with_few(store: SqlJobStore) -> None:
    for n in range(
        12
    ):  # each of another member: turns of members alone would give the quiet one the last place
        await store.insert(job(guild_id=HOSTILE, user_id=n + 1, created_at=NOON + n), FREE)
    for n in range(2):
        await store.insert(job(guild_id=QUIET, user_id=100, created_at=NOON + 50 + n), FREE)

    taken = await claim_submissions(store, "w", NOON + 99, lease_ms=LEASE, limit=4, max_running=4)

    assert sorted(one.home or 0 for one in taken) == [QUIET, QUIET, HOSTILE, HOSTILE]


async def test_within_a_server_members_take_turns(store: SqlJobStore) -> None:
    for n in range(5):
        await store.insert(job(guild_id=QUIET, user_id=1, created_at=NOON + n), FREE)
    late = await store.insert(job(guild_id=QUIET, user_id=2, created_at=NOON + 9), FREE)

    taken = await claim_submissions(store, "w", NOON + 99, lease_ms=LEASE, limit=2, max_running=2)

    assert late.key in {one.key for one in taken}


async def test_who_waits_is_told_the_place_that_servers_turns_give(store: SqlJobStore) -> None:
    for n in range(6):
        await store.insert(job(guild_id=HOSTILE, user_id=n + 1, created_at=NOON + n), FREE)
    late = await store.insert(job(guild_id=QUIET, user_id=100, created_at=NOON + 50), FREE)

    assert await store.ahead([late.key]) == {late.key: 1}


async def test_what_a_server_has_upstream_already_counts_as_turns(store: SqlJobStore) -> None:
    for n in range(3):
        await store.insert(job(guild_id=HOSTILE, user_id=9, created_at=NOON + n), FREE)
    await claim_submissions(store, "w", NOON + 9, lease_ms=LEASE, limit=3, max_running=3)
    await store.insert(job(guild_id=HOSTILE, user_id=1, created_at=NOON + 10), FREE)
    quiet = await store.insert(job(guild_id=QUIET, user_id=2, created_at=NOON + 11), FREE)

    (taken,) = await claim_submissions(store, "w", NOON + 99, lease_ms=LEASE, limit=1, max_running=9)

    assert taken.key == quiet.key


async def test_in_direct_messages_each_person_is_a_server_of_their_own(store: SqlJobStore) -> None:
    for n in range(5):
        await store.insert(job(guild_id=None, user_id=1, created_at=NOON + n), FREE)
    late = await store.insert(job(guild_id=None, user_id=2, created_at=NOON + 50), FREE)

    assert await store.ahead([late.key]) == {late.key: 1}
