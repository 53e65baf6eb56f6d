"""Whatever runs as long as the process is one of its parts, which the supervisor watches.
Never here: what the supervisor does with a part that stops (test_supervision)."""

from __future__ import annotations

import asyncio
import inspect
from dataclasses import fields
from typing import TYPE_CHECKING

from bot.i18n import Catalogues
from bot.supervision import Supervisor
from tests.e2e.harness import open_world
from tests.process.clock import Idle

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    import pytest

INSIDE = {"editor"}
"""Runs within the worker, whose end it is when it ends."""


async def test_every_service_that_runs_for_ever_is_a_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []
    start = Supervisor.start

    def noted(
        self: Supervisor, name: str, run: Callable[[], Awaitable[None]], *, restart: bool = True
    ) -> asyncio.Task[None]:
        started.append(getattr(run, "__self__", None))
        return start(self, name, run, restart=restart)

    monkeypatch.setattr(Supervisor, "start", noted)
    async with open_world(tmp_path) as world, world.app.parts():
        services = {one.name: getattr(world.app.services, one.name) for one in fields(world.app.services)}
        running = {
            name
            for name, service in services.items()
            if inspect.iscoroutinefunction(getattr(type(service), "run", None))
            and not list(inspect.signature(service.run).parameters)
        }
        watched = {name for name, service in services.items() if any(service is one for one in started)}
        assert await world.app.supervisor.down() is None

    assert {"worker", "people", "dispatcher", "housekeeping", "watch"} <= running
    assert running - watched == INSIDE


async def test_what_failed_to_be_read_ahead_is_read_again_though_discord_connects_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []

    def read_all(_catalogues: Catalogues) -> None:
        reads.append(1)
        if len(reads) == 1:
            raise OSError(24, "Too many open files")

    monkeypatch.setattr(Catalogues, "read_all", read_all)
    async with open_world(tmp_path) as world:
        app = world.app
        supervisor = Supervisor(clock=Idle(), metrics=app.meters, on_end=lambda: None)
        await app.bot._async_setup_hook()
        app._logged_in.set()
        supervisor.start("reading ahead", app._read_ahead)
        for _ in range(5):
            await asyncio.sleep(0)
        assert reads == []

        app.bot.dispatch("connect")
        app.bot._ready.set()
        async with asyncio.timeout(20):
            while len(reads) < 2:  # noqa: ASYNC110 - a thread reads
                await asyncio.sleep(0.01)
        assert await supervisor.down() is None
        await supervisor.stop()
