"""Long work in steps: they shrink when they are slow, grow when they are quick, and copy the log beside the writers.
Never here: how long others wait (`python -m tests.bench year`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.storage import pace
from bot.storage.servers import deletion
from tests.storage.making import NOON
from tests.storage.servers.test_records import GUILD, finished

if TYPE_CHECKING:
    from bot.storage import Storage


class Slow:
    """A database of which each write takes so long."""

    def __init__(self, *seconds: float) -> None:
        self.seconds = list(seconds)
        self.now = 0.0
        self.copied_at: list[int] = []

    async def write(self, work: object) -> object:
        self.now += self.seconds.pop(0)
        return work

    async def copy_log(self) -> None:
        self.copied_at.append(len(self.seconds))


async def sizes(
    monkeypatch: pytest.MonkeyPatch, slow: Slow, size: int, *, most: int
) -> tuple[list[int], list[float]]:
    rests: list[float] = []

    async def rest(seconds: float) -> None:
        rests.append(seconds)

    monkeypatch.setattr("bot.storage.pace.time.perf_counter", lambda: slow.now)
    monkeypatch.setattr("bot.storage.pace.asyncio.sleep", rest)
    steps, found = pace.Pace(slow, size, most=most), []  # type: ignore[arg-type]  # what a pace needs of it
    while slow.seconds:
        found.append(steps.size)
        await steps.write(lambda _: None)
    return found, rests


async def test_slow_steps_get_smaller_and_quick_ones_larger_within_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow = Slow(0.001, 0.001, 0.1, 0.1, 0.1, 0.1, 0.015, 0.001)

    found, rests = await sizes(monkeypatch, slow, 10, most=13)

    assert found == [10, 12, 13, 6, 3, 2, 2, 2]
    assert rests == pytest.approx([0.001, 0.001, 0.1, 0.1, 0.1, 0.1, 0.015, 0.001])
    assert slow.copied_at == [5]


async def test_a_rest_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    _, rests = await sizes(monkeypatch, Slow(9.0), 10, most=10)

    assert rests == [pace.LONGEST_REST_S]


async def test_a_deletion_that_takes_long_lets_other_housekeeping_go_on_and_is_gone_on_with(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "STEP", 1)
    for _ in range(3):
        await finished(storage)
    records = storage.guilds.records
    await records.schedule_deletion(GUILD, NOON)
    monkeypatch.setattr(deletion, "LONGEST_S", -1.0)

    assert [await records.delete_due(NOON) for _ in range(2)] == [[], []]
    monkeypatch.undo()
    assert await records.delete_due(NOON) == [GUILD]
