"""What the bot says of its own health: named checks, asked all at once, each with little patience.
Never here: the checks themselves (the composition root hands them in)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from aiohttp import web

log = logging.getLogger(__name__)

Check = Callable[[], Awaitable[str | None]]
"""Returns None if all is well, else a few words for the operator: shown to whoever can reach the page."""

FINE: Final = "ok"


@dataclass(slots=True)
class Health:
    """Two questions an orchestrator asks: is it alive (else restart it), is it ready (else send it nothing)."""

    alive: Mapping[str, Check]
    ready: Mapping[str, Check]
    patience: float = 2.0
    """Seconds that one check may take."""
    fresh: float = 0.0
    """Seconds that an answer about readiness is given again: asking often must not keep the database busy."""
    _asked: asyncio.Task[dict[str, str]] | None = None
    _answered_at: float = 0.0
    _unwell: frozenset[str] | None = None
    """Which checks of readiness were not well when last asked; None before all were for the first time."""

    async def answer_alive(self, _request: web.Request) -> web.Response:
        """`GET /healthz`: that this is answered at all is most of the answer."""
        return _response(await self._look(self.alive))

    async def answer_ready(self, _request: web.Request) -> web.Response:
        """`GET /readyz`: looked at once for all who ask at the same time."""
        if self._asked is None or (self._asked.done() and self._age() >= self.fresh):
            self._asked = asyncio.create_task(self._look(self.ready), name="readiness")
        return _response(await asyncio.shield(self._asked))

    def _age(self) -> float:
        return asyncio.get_running_loop().time() - self._answered_at

    async def _look(self, checks: Mapping[str, Check]) -> dict[str, str]:
        words = await asyncio.gather(*(self._ask(check) for check in checks.values()))
        found = dict(zip(checks, words, strict=True))
        if checks is self.ready:
            self._answered_at = asyncio.get_running_loop().time()
            self._log_changes(found)
        return found

    def _log_changes(self, found: Mapping[str, str]) -> None:
        """Say in the log what changed, once for each state. A start that is still under way is no trouble."""
        unwell = {name: words for name, words in found.items() if words != FINE}
        if (self._unwell is None and unwell) or self._unwell == unwell.keys():
            return
        if unwell:
            log.warning("not_ready", extra={"reason": "; ".join(f"{n}: {w}" for n, w in unwell.items())})
        elif self._unwell is not None:
            log.info("ready_again")
        self._unwell = frozenset(unwell)

    async def _ask(self, check: Check) -> str:
        try:
            async with asyncio.timeout(self.patience):
                return await check() or FINE
        except TimeoutError:
            return "no answer in time"
        except Exception as error:  # noqa: BLE001  # whatever breaks a check is the check's answer
            # The class alone: messages of drivers name hosts and users.
            return type(error).__name__


def _response(found: Mapping[str, str]) -> web.Response:
    well = all(word == FINE for word in found.values())
    return web.json_response(
        {"ok": well, "checks": found}, status=200 if well else 503, headers={"Cache-Control": "no-store"}
    )
