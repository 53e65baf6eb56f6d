"""The simulated Discord's time and waits, in the shape of our ports: a clock that reads it, a guard that tells it.
Never here: what moves that time (the stage does, by the wall clock; tests do, by hand)."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, TypeVar

from typing_extensions import override

from bot.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Awaitable

    import simcord

T = TypeVar("T")


class StageClock(SystemClock):
    """The time that messages on the stage carry; the operating system's until there is a stage."""

    def __init__(self) -> None:
        self.env: simcord.Env | None = None

    @override
    def now(self) -> int:
        """Milliseconds since 1970."""
        seconds = time.time() if self.env is None else self.env.now().timestamp()
        return int(seconds * 1000)


class StageGuard:
    """Declares each long wait, so that a person's click is answered while the bot waits for something else."""

    def __init__(self) -> None:
        self.env: simcord.Env | None = None

    def __call__(self, awaitable: Awaitable[T], reason: str, /) -> Awaitable[T]:
        """Await it as a wait on the outside's account.

        Whoever is served by the bot's own web server waits outside the stage already: SimCord knows no such task.
        """
        if self.env is None or asyncio.current_task() not in self.env._work.tasks:  # noqa: SLF001 - private: it has no public question for this
            return awaitable
        return self.env.external_wait(awaitable, reason=reason)
