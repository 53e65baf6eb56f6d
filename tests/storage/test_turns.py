"""Servers take turns for places first, then members within each: a hundred members of one server are one turn.
Never here: caps, leases and claims themselves (test_claiming)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.storage.jobs.fairness import Running, Waiting, lines, next_in_line
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

    taken = await store.claim_submissions("w", NOON + 99, lease_ms=LEASE, limit=4, max_running=4)

    assert sorted(one.home or 0 for one in taken) == [QUIET, QUIET, HOSTILE, HOSTILE]


async def test_within_a_server_members_take_turns(store: SqlJobStore) -> None:
    for n in range(5):
        await store.insert(job(guild_id=QUIET, user_id=1, created_at=NOON + n), FREE)
    late = await store.insert(job(guild_id=QUIET, user_id=2, created_at=NOON + 9), FREE)

    taken = await store.claim_submissions("w", NOON + 99, lease_ms=LEASE, limit=2, max_running=2)

    assert late.key in {one.key for one in taken}


async def test_who_waits_is_told_the_place_that_servers_turns_give(store: SqlJobStore) -> None:
    for n in range(6):
        await store.insert(job(guild_id=HOSTILE, user_id=n + 1, created_at=NOON + n), FREE)
    late = await store.insert(job(guild_id=QUIET, user_id=100, created_at=NOON + 50), FREE)

    assert await store.ahead([late.key]) == {late.key: 1}


def waiting(key: str, guild: int | None, user: int, at: int) -> Waiting:
    return Waiting(key, "default", "NORMAL", user, guild, at, None)  # type: ignore[arg-type]  # any text orders


def test_what_a_server_has_upstream_already_counts_as_turns() -> None:
    line = [waiting("h", HOSTILE, 1, 1), waiting("q", QUIET, 2, 2)]
    upstream = [Running("default", "NORMAL", 9, HOSTILE, 3)]

    assert next_in_line(line, upstream, max_running=9, limit=1) == ["q"]


def test_in_direct_messages_each_person_is_a_server_of_their_own() -> None:
    line = [waiting(f"h{n}", None, 1, n) for n in range(5)] + [waiting("q", None, 2, 50)]

    (places,) = lines(line, [], keep_limits=False).values()

    assert [place.key for place in places][:2] == ["h0", "q"]
