"""Keeping the long-lived parts of the process running: each is watched, started again with growing pauses, or ends the process.
Never here: what the parts do, and what the end of the process says."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.errors import PartLost, StartupError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.domain.ports import Clock, Metrics

log = logging.getLogger(__name__)

TRIES: Final = 6
"""A part that failed so often in a row, within about a minute, counts as lost; it is tried all the same."""
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 30.0
CALM_S: Final = 600.0
"""After so long a life a failure counts as the first one again."""


@dataclass(slots=True)
class Part:
    """One long-lived part."""

    name: str
    running: bool = True
    lost: bool = False
    """It failed again and again: a new process might help."""


class Supervisor:
    """Runs parts that should never end.

    A part that fails is started again, after growing pauses; failing again and again it is `lost`, and whoever watches the
    process may replace it. A part that cannot be started again, and one that says that only the owner can help, end
    the process: `on_end` is called, and `failure` says why.
    """

    def __init__(self, *, clock: Clock, metrics: Metrics, on_end: Callable[[], None]) -> None:
        self._clock = clock
        self._metrics = metrics
        self._on_end = on_end
        self._parts: dict[str, Part] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopping = False
        self.failure: StartupError | None = None
        """What the process has to end with."""

    def start(
        self, name: str, run: Callable[[], Awaitable[None]], *, restart: bool = True
    ) -> asyncio.Task[None]:
        """Run a part until `stop`, or until it ends after `stopping`."""
        part = self._parts[name] = Part(name)
        self._metrics.count("part_failures", 0, part=name)
        task = self._tasks[name] = asyncio.create_task(self._keep(part, run, restart=restart), name=name)
        return task

    def stopping(self) -> None:
        """From now on parts may end."""
        self._stopping = True

    async def stop(self) -> None:
        """End every part that still runs."""
        self.stopping()
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def lost(self) -> str | None:
        """For liveness: which parts a new process might bring back."""
        return ", ".join(part.name for part in self._parts.values() if part.lost) or None

    async def down(self) -> str | None:
        """For readiness: which parts do not run at this moment."""
        return ", ".join(part.name for part in self._parts.values() if not part.running) or None

    async def _keep(self, part: Part, run: Callable[[], Awaitable[None]], *, restart: bool) -> None:
        failures = 0
        while True:
            began = self._clock.now()
            error: Exception | None = None
            try:
                await run()
            except Exception as raised:  # noqa: BLE001 - whatever it was, it is logged below, and the part begins again
                error = raised
            if self._stopping:
                if error is not None:
                    log.error("part_failed", exc_info=error, extra={"part": part.name})
                return
            part.running = False
            self._metrics.count("part_failures", part=part.name)
            if isinstance(error, StartupError) or not restart:
                self._end(part, error)
                return
            if self._clock.now() - began >= CALM_S * 1_000:
                failures, part.lost = 0, False
            failures += 1
            self._log(part, failures, error)
            await self._clock.pause(min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (min(failures, 10) - 1)))
            part.running = True

    def _log(self, part: Part, failures: int, error: Exception | None) -> None:
        """One traceback tells it; the next ones would tell the same."""
        reason = "it ended by itself" if error is None else type(error).__name__
        if failures == TRIES:
            part.lost = True
            log.critical("part_lost", exc_info=error, extra={"part": part.name, "reason": reason})
        elif failures < TRIES:
            extra = {"part": part.name, "failures": failures, "reason": reason}
            log.error("part_failed", exc_info=error if failures == 1 else None, extra=extra)

    def _end(self, part: Part, error: Exception | None) -> None:
        part.lost = True
        if isinstance(error, StartupError):
            failure = error
            log.critical("part_lost", extra={"part": part.name, "reason": str(error)})
        else:
            failure = PartLost(
                f"The part “{part.name}” broke, and only a new process can go on: the log says why."
            )
            log.critical("part_lost", exc_info=error, extra={"part": part.name})
        self.failure = self.failure or failure
        self._on_end()
