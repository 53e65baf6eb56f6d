"""A row that this program cannot read is set aside and said once; every other goes on.
Never here: rows that no version would write."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from bot.domain.pools import Allowance
from bot.storage.tables import jobs
from tests.claims import claim_submissions, claim_work, next_due
from tests.storage.making import NOON, job

if TYPE_CHECKING:
    from bot.domain.keys import JobKey
    from bot.storage import Storage

FREE = Allowance(per_day=None, running=None, waiting=None)
LATER = NOON + 100_000
HOUR = 3_600_000


async def spoil(storage: Storage, key: JobKey, **values: str) -> None:
    """Write what a newer version may write."""
    await storage.database.write(lambda cn: cn.execute(update(jobs).where(jobs.c.key == key).values(values)))


@pytest.mark.parametrize("values", [{"kind": "sculpture"}, {"notes": "{"}, {"shape": "round"}])
async def test_a_waiting_row_of_a_newer_version_lets_the_others_pass(
    storage: Storage, values: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    strange, plain = [await storage.jobs.insert(job(), FREE) for _ in range(2)]
    await spoil(storage, strange.key, **values)

    async def claim(now: int) -> list[JobKey]:
        claimed = await claim_submissions(storage.jobs, "me", now, lease_ms=1_000, limit=9, max_running=9)
        return [one.key for one in claimed]

    with caplog.at_level(logging.ERROR):
        assert await claim(LATER) == [plain.key]
        assert await claim(LATER + 1) == []
        assert await claim(LATER + HOUR + 1) == []
        assert await storage.jobs.get(strange.key) is None
    assert [record.getMessage() for record in caplog.records].count("row_not_read") == 1

    await spoil(storage, strange.key, kind="imagine", notes="[]")
    await storage.database.write(lambda cn: cn.execute(update(jobs).values(shape=None)))
    assert await claim(LATER + 3 * HOUR) == [strange.key]


async def test_a_row_in_hand_of_a_newer_version_lets_the_others_pass(storage: Storage) -> None:
    strange, plain = [await storage.jobs.insert(job(), FREE) for _ in range(2)]
    await claim_submissions(storage.jobs, "dead", LATER, lease_ms=1, limit=9, max_running=9)
    await spoil(storage, strange.key, state="dreaming")

    work = await claim_work(storage.jobs, "me", LATER + 10, lease_ms=1_000, limit=9)

    assert [one.key for one in work] == [plain.key]
    assert not await claim_work(storage.jobs, "me", LATER + 11, lease_ms=1_000, limit=9)
    due = await next_due(storage.jobs, LATER + 11)
    assert due is not None
    assert due > LATER + HOUR
