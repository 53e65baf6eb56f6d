"""No part of the process stops unseen: it is started again, counts as lost, or ends the process loudly.
Never here: the parts themselves."""

from __future__ import annotations

import asyncio
import logging

import pytest

from bot.errors import PartLost, StartupError
from bot.metrics import Meters
from bot.supervision import TRIES, Supervisor
from tests.process.clock import Idle


class Watched:
    """A supervisor whose time stands still, with what it said and did."""

    def __init__(self) -> None:
        self.clock = Idle()
        self.meters = Meters()
        self.ended = asyncio.Event()
        self.supervisor = Supervisor(clock=self.clock, metrics=self.meters, on_end=self.ended.set)

    async def state(self) -> tuple[str | None, str | None]:
        """What liveness and readiness say."""
        return await self.supervisor.lost(), await self.supervisor.down()


@pytest.mark.parametrize("how", ["raises", "returns"])
async def test_a_part_that_stops_is_started_again_after_growing_pauses(
    how: str, caplog: pytest.LogCaptureFixture
) -> None:
    watched, runs, healed = Watched(), 0, asyncio.Event()

    async def part() -> None:
        nonlocal runs
        runs += 1
        if runs == 4:
            healed.set()
            await asyncio.Event().wait()
        if how == "raises":
            raise LookupError("a row from the future")

    watched.supervisor.start("people", part)
    await healed.wait()

    assert watched.clock.pauses == [1, 2, 4]
    assert await watched.state() == (None, None)
    assert not watched.ended.is_set()
    assert sum(record.exc_info is not None for record in caplog.records) == (how == "raises")
    assert b'easel_part_failures_total{part="people"} 3.0' in watched.meters.exposition()
    await watched.supervisor.stop()


async def test_a_part_that_waits_to_be_started_again_makes_the_process_unready(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watched, down = Watched(), asyncio.Event()

    async def forever(_seconds: float, _wake: asyncio.Event | None = None) -> bool:
        down.set()
        return await asyncio.Event().wait()

    monkeypatch.setattr(watched.clock, "pause", forever)

    async def part() -> None:
        raise LookupError

    watched.supervisor.start("telling", part)
    await down.wait()

    assert await watched.state() == (None, "telling")
    await watched.supervisor.stop()


async def test_a_part_that_never_comes_back_fails_liveness_and_is_tried_all_the_same(
    caplog: pytest.LogCaptureFixture,
) -> None:
    watched, runs, healed = Watched(), 0, asyncio.Event()

    async def part() -> None:
        nonlocal runs
        runs += 1
        if runs == TRIES + 30:
            healed.set()
            await asyncio.Event().wait()
        raise LookupError

    watched.supervisor.start("copies", part)
    await healed.wait()

    assert await watched.supervisor.lost() == "copies"
    assert max(watched.clock.pauses) == 30
    assert sum(record.levelno == logging.CRITICAL for record in caplog.records) == 1
    assert not watched.ended.is_set()
    await watched.supervisor.stop()


async def test_a_part_that_lived_long_and_failed_again_is_not_lost_any_more() -> None:
    watched, runs, healed = Watched(), 0, asyncio.Event()

    async def part() -> None:
        nonlocal runs
        runs += 1
        if runs == TRIES + 1:
            await watched.clock.pause(3_600)
        if runs == TRIES + 2:
            healed.set()
            await asyncio.Event().wait()
        raise LookupError

    watched.supervisor.start("copies", part)
    await healed.wait()

    assert await watched.state() == (None, None)
    await watched.supervisor.stop()


async def test_an_engine_that_breaks_ends_the_process() -> None:
    watched = Watched()

    async def engine() -> None:
        raise LookupError

    watched.supervisor.start("engine", engine, restart=False)
    await watched.ended.wait()

    assert await watched.supervisor.lost() == "engine"
    assert isinstance(watched.supervisor.failure, PartLost)
    assert watched.supervisor.failure.status == 70
    assert "engine" in str(watched.supervisor.failure)


async def test_what_only_the_owner_can_mend_ends_the_process_with_its_own_sentence() -> None:
    watched = Watched()

    async def part() -> None:
        raise StartupError("Discord no longer takes the token.")

    watched.supervisor.start("image API", part)
    await watched.ended.wait()

    assert str(watched.supervisor.failure) == "Discord no longer takes the token."
    assert watched.supervisor.failure is not None
    assert watched.supervisor.failure.status == 78


async def test_parts_may_end_when_the_process_does() -> None:
    watched, done = Watched(), asyncio.Event()

    async def engine() -> None:
        await done.wait()

    task = watched.supervisor.start("engine", engine, restart=False)
    watched.supervisor.stopping()
    done.set()
    await task

    assert await watched.state() == (None, None)
    assert watched.supervisor.failure is None
