"""What the bot says of its own health: named checks, asked all at once, each with little patience.
Never here: the checks themselves (the composition root hands them in)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from aiohttp import web

Check = Callable[[], Awaitable[str | None]]
"""Returns None if all is well, else a few words for the operator: shown to whoever can reach the page."""

FINE: Final = "ok"


@dataclass(frozen=True, slots=True)
class Health:
    """Two questions an orchestrator asks: is it alive (else restart it), is it ready (else send it nothing)."""

    alive: Mapping[str, Check]
    ready: Mapping[str, Check]
    patience: float = 2.0
    """Seconds that one check may take."""

    async def answer_alive(self, _request: web.Request) -> web.Response:
        """`GET /healthz`: that this is answered at all is most of the answer."""
        return await self._answer(self.alive)

    async def answer_ready(self, _request: web.Request) -> web.Response:
        """`GET /readyz`."""
        return await self._answer(self.ready)

    async def _answer(self, checks: Mapping[str, Check]) -> web.Response:
        words = await asyncio.gather(*(self._ask(check) for check in checks.values()))
        found = dict(zip(checks, words, strict=True))
        well = all(word == FINE for word in words)
        return web.json_response(
            {"ok": well, "checks": found}, status=200 if well else 503, headers={"Cache-Control": "no-store"}
        )

    async def _ask(self, check: Check) -> str:
        try:
            async with asyncio.timeout(self.patience):
                return await check() or FINE
        except TimeoutError:
            return "no answer in time"
        except Exception as error:  # noqa: BLE001  # whatever breaks a check is the check's answer
            # The class alone: messages of drivers name hosts and users.
            return type(error).__name__
