"""An interaction either begins a job or has its person told that nothing began, whichever process is quicker.
Never here: what people are told, and when (tests/services)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from bot.domain.jobs import JobState
from bot.domain.open_answers import AnswerKind, OpenAnswer
from bot.domain.pools import UNLIMITED
from bot.errors import UserError
from bot.storage.people_tables import open_answers, told_answers
from tests.storage.making import NOON, job

if TYPE_CHECKING:
    from sqlalchemy import Table

    from bot.domain.jobs import Job
    from bot.storage import Storage

LAPSED = NOON + 60_000


def opened(interaction_id: int) -> OpenAnswer:
    return OpenAnswer(
        interaction_id=interaction_id,
        application_id=1,
        token="t",
        token_until=NOON + 900_000,
        channel_id=5,
        guild_id=6,
        user_id=7,
        locale="en",
        kind=AnswerKind.PUBLIC,
        at=NOON,
    )


async def begun(storage: Storage, wanted: Job) -> bool:
    try:
        await storage.jobs.insert(wanted, UNLIMITED)
    except UserError:
        return False
    return True


async def ids(storage: Storage, table: Table) -> list[int]:
    found = await storage.database.read(lambda cn: cn.execute(select(table.c.interaction_id)).scalars().all())
    return sorted(found)


async def test_of_a_sleeper_and_a_rescuer_exactly_one_has_its_way(storage: Storage) -> None:
    for number in range(1, 31):
        await storage.answers.write([opened(number)], (), owner="sleeper", until=NOON)
        wanted = job(interaction_id=number, state=JobState.QUEUED)

        began, taken = await asyncio.gather(
            begun(storage, wanted), storage.answers.claim("rescuer", LAPSED, until=LAPSED + 1, limit=50)
        )

        assert began != bool(taken), number
        assert (await storage.jobs.get(wanted.key) is not None) == began
        await storage.answers.write([], [number], owner="rescuer", until=LAPSED)


async def test_only_the_named_ones_of_a_process_are_kept_for_it(storage: Storage) -> None:
    await storage.answers.write([opened(1), opened(2)], (), owner="one", until=NOON)
    await storage.answers.write([opened(3)], (), owner="another", until=NOON)

    await storage.answers.renew({1, 3}, LAPSED, owner="one", until=LAPSED + 1)

    taken = await storage.answers.claim("two", LAPSED, until=LAPSED + 1, limit=50)
    assert sorted(one.interaction_id for one in taken) == [2, 3]


@pytest.mark.parametrize("winner", ["one", "two"])
async def test_what_two_processes_opened_is_left_by_the_one_that_disowns_it_and_deleted_by_the_other(
    storage: Storage, winner: str
) -> None:
    loser = "two" if winner == "one" else "one"
    for owner in ("one", "two"):
        await storage.answers.write([opened(1)], (), owner=owner, until=NOON)

    await storage.answers.write([], (), [1], owner=loser, until=NOON)
    await storage.answers.renew({1}, NOON, owner=winner, until=LAPSED + 1)
    assert await storage.answers.claim("three", LAPSED, until=LAPSED + 1, limit=50) == ()
    assert await ids(storage, open_answers) == [1]
    await storage.answers.write([], [1], owner=winner, until=NOON)

    assert await ids(storage, open_answers) == []


async def test_a_lease_of_a_clock_that_stood_ahead_holds_nothing_when_it_is_set_right(
    storage: Storage,
) -> None:
    year = 365 * 24 * 3_600_000
    await storage.answers.write([opened(1)], (), owner="one", until=NOON + year)
    await storage.answers.write([opened(2)], (), owner="one", until=LAPSED + 3_600_000)

    taken = await storage.answers.claim("two", LAPSED, until=LAPSED + 1, limit=50)

    assert [one.interaction_id for one in taken] == [1]


async def test_a_job_closes_its_own_answer_and_what_was_told_is_forgotten_in_a_day(storage: Storage) -> None:
    await storage.answers.write([opened(1), opened(2)], (), owner="one", until=NOON)
    assert await begun(storage, job(interaction_id=1))
    await storage.answers.claim("two", LAPSED, until=LAPSED + 1, limit=50)

    assert await ids(storage, open_answers) == [2]
    assert await ids(storage, told_answers) == [2]
    await storage.answers.forget_recovered(LAPSED + 1)
    assert await ids(storage, told_answers) == []
