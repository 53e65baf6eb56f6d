"""A command or a press becomes exactly one row, within its member's allowance.
Never here: what happens to the row afterwards."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.domain.failures import Failure, FailureKind
from bot.domain.jobs import JobState
from bot.domain.pools import Allowance, Pool
from bot.domain.tasks import RemoteTaskId
from bot.errors import StorageTrouble, UserError
from bot.texts import text
from tests.claims import claim_submissions
from tests.storage.making import FREE, LEASE, NOON, child, job, reply, success

if TYPE_CHECKING:
    from bot.storage import SqlJobStore
    from tests.storage.conftest import Opener


async def test_an_accepted_job_reads_back_equal(store: SqlJobStore) -> None:
    parent = job(notes=("note.speed_flag_removed", "note.ünïcode"), units=3, pool=Pool.FAST)
    pressed = child(parent, 4, reply=reply(guild_id=None, message_id=5, message_at=NOON))

    await store.insert(parent, FREE)
    await store.insert(pressed, FREE)

    assert await store.get(parent.key) == parent
    assert await store.get(pressed.key) == pressed


async def test_an_unknown_key_has_no_job(store: SqlJobStore) -> None:
    assert await store.get(job().key) is None


async def test_an_interaction_that_comes_twice_gives_the_first_job(store: SqlJobStore) -> None:
    first = await store.insert(job(), FREE)

    again = await store.insert(job(interaction_id=first.interaction_id), FREE)

    assert again == first


async def test_a_repeated_interaction_is_found_even_when_the_allowance_is_used_up(store: SqlJobStore) -> None:
    only_one = Allowance(1, 1, 0)
    first = await store.insert(job(), only_one)

    again = await store.insert(job(interaction_id=first.interaction_id), only_one)

    assert again == first


async def test_a_button_with_a_live_child_gives_that_child(store: SqlJobStore) -> None:
    parent = await store.insert(job(), FREE)
    running = await store.insert(child(parent, 2), FREE)

    again = await store.insert(child(parent, 2, user_id=77), FREE)
    beside = await store.insert(child(parent, 3), FREE)

    assert again == running
    assert beside != running


async def test_a_button_whose_child_has_ended_may_be_pressed_again(store: SqlJobStore) -> None:
    parent = await store.insert(job(), FREE)
    first = await store.insert(child(parent), FREE)
    await store.save(first.failed(Failure(FailureKind.UNKNOWN), NOON))

    second = await store.insert(child(parent), FREE)

    assert second.key != first.key


async def test_twenty_presses_of_one_button_at_once_make_one_job(store: SqlJobStore, another: Opener) -> None:
    second = (await another()).jobs
    parent = await store.insert(job(), FREE)
    presses = [child(parent, user_id=100 + n) for n in range(20)]

    begun = await asyncio.gather(
        *((store, second)[n % 2].insert(press, FREE) for n, press in enumerate(presses))
    )

    assert len({stored.key for stored in begun}) == 1
    assert (await store.load("default"))[Pool.NORMAL].waiting == 2


async def test_one_interaction_delivered_to_two_processes_makes_one_job(
    store: SqlJobStore, another: Opener
) -> None:
    second = (await another()).jobs
    twins = [job(interaction_id=9) for _ in range(10)]

    begun = await asyncio.gather(
        *((store, second)[n % 2].insert(twin, Allowance(1, 1, 0)) for n, twin in enumerate(twins))
    )

    assert len({stored.key for stored in begun}) == 1


async def test_two_processes_together_stay_within_one_members_allowance(
    store: SqlJobStore, another: Opener
) -> None:
    second = (await another()).jobs

    outcomes = await asyncio.gather(
        *((store, second)[n % 2].insert(job(), Allowance(4, None, None)) for n in range(12)),
        return_exceptions=True,
    )

    assert sum(isinstance(outcome, UserError) for outcome in outcomes) == 8
    assert (await store.load("default"))[Pool.NORMAL].waiting == 4


async def test_a_days_units_run_out_and_the_refusal_says_when_they_renew(store: SqlJobStore) -> None:
    allowance = Allowance(5, None, None)
    await store.insert(job(units=3), allowance)

    with pytest.raises(UserError) as refused:
        await store.insert(job(units=3), allowance)

    assert refused.value.text.id == "refused.per_day"
    midnight = NOON // 1_000 + 43_200
    assert dict(refused.value.text.args) == {
        "pool": "NORMAL",
        "limit": 5,
        "used": 3,
        "units": 3,
        "renews": midnight,
        "rule": text("rule.default"),
    }


async def test_a_refused_job_leaves_no_trace(store: SqlJobStore) -> None:
    refused = job(units=9)

    with pytest.raises(UserError):
        await store.insert(refused, Allowance(5, None, None))

    assert await store.get(refused.key) is None
    assert (await store.insert(job(units=5), Allowance(5, None, None))).state is JobState.QUEUED


async def test_units_of_yesterday_another_pool_server_or_member_do_not_count(store: SqlJobStore) -> None:
    allowance = Allowance(1, None, None)
    others = [
        job(created_at=NOON - 50_000_000),
        job(pool=Pool.FAST),
        job(guild_id=55),
        job(guild_id=None),
        job(user_id=66),
    ]

    for other in others:
        await store.insert(other, allowance)

    assert (await store.insert(job(), allowance)).state is JobState.QUEUED
    with pytest.raises(UserError):
        await store.insert(job(guild_id=None), allowance)


async def test_a_refund_gives_units_back_to_the_day_that_paid(store: SqlJobStore) -> None:
    allowance = Allowance(1, None, None)
    yesterday = await store.insert(job(created_at=NOON - 50_000_000), allowance)
    today = await store.insert(job(), allowance)

    await store.save(yesterday.failed(Failure(FailureKind.UNKNOWN), NOON + 10_000))

    with pytest.raises(UserError):
        await store.insert(job(), allowance)
    await store.save(today.failed(Failure(FailureKind.UNKNOWN), NOON + 10_000))
    assert (await store.insert(job(), allowance)).state is JobState.QUEUED


async def test_unfinished_jobs_of_a_member_are_limited_until_one_ends(store: SqlJobStore) -> None:
    allowance = Allowance(None, 1, 1)
    first = await store.insert(job(), allowance)
    await store.insert(job(), allowance)

    with pytest.raises(UserError) as refused:
        await store.insert(job(), allowance)
    await store.save(first.failed(Failure(FailureKind.UNKNOWN), NOON))

    assert refused.value.text.id == "refused.at_once"
    assert dict(refused.value.text.args) == {"pool": "NORMAL", "limit": 2, "rule": text("rule.default")}
    assert (await store.insert(job(), allowance)).state is JobState.QUEUED


async def test_the_live_child_of_a_button_comes_before_the_latest_finished_one(store: SqlJobStore) -> None:
    parent = await store.insert(job(), FREE)
    assert await store.child_of(parent.key, 0) is None
    done = []
    for n in range(2):
        await store.insert(child(parent, created_at=NOON + n), FREE)
        (sent,) = [
            sent
            for sent in await claim_submissions(
                store, "w", NOON + 10_000, lease_ms=LEASE, limit=9, max_running=9
            )
            if sent.press is not None
        ]
        ended = sent.submitted(RemoteTaskId(f"7{n}"), NOON).observed(success(f"7{n}"), NOON + n)
        await store.release(ended)
        done.append(await store.get(sent.key))

    latest = await store.child_of(parent.key, 0)
    running = await store.insert(child(parent, created_at=NOON - 5), FREE)

    assert latest == done[1]
    assert latest is not None
    assert len(latest.actions) == 2
    assert await store.child_of(parent.key, 0) == running
    assert await store.child_of(parent.key, 1) is None


async def test_text_that_databases_refuse_is_stored_without_the_offending_characters(
    store: SqlJobStore,
) -> None:
    odd = job(prompt="a\0b \ud800 ü", user_name="\0")

    await store.insert(odd, FREE)
    stored = await store.get(odd.key)

    assert stored is not None
    assert stored.prompt == "ab ? ü"
    assert stored.user_name == ""
    assert stored.state is JobState.QUEUED


async def test_two_different_jobs_with_one_key_are_trouble_and_not_a_silent_mix_up(
    store: SqlJobStore,
) -> None:
    first = await store.insert(job(), FREE)

    with pytest.raises(StorageTrouble):
        await store.insert(job(key=first.key), FREE)

    assert await store.get(first.key) == first


@pytest.mark.parametrize("number", [2**31, 2**63, 10**25])
async def test_a_stored_rule_beyond_what_the_database_counts_to_keeps_no_job_from_being_accepted(
    store: SqlJobStore, number: int
) -> None:
    beyond = Allowance(number, number, number, per_month=number, cooldown=number)

    kept = await store.insert(job(), beyond)

    claimed = await claim_submissions(store, "w", NOON + 10_000, lease_ms=LEASE, limit=9, max_running=9)
    assert [one.key for one in claimed] == [kept.key]
    with pytest.raises(UserError) as refused:
        await store.insert(job(), beyond)
    assert refused.value.text.id == "refused.cooldown"
