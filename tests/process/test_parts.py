"""Whatever runs as long as the process is one of its parts, which the supervisor watches.
Never here: what the supervisor does with a part that stops (test_supervision)."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import TYPE_CHECKING

from bot.supervision import Supervisor
from tests.e2e.harness import open_world

if TYPE_CHECKING:
    import asyncio
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
