"""The webhook receiver: a post to `/hook/<token>` wakes the tracker, which reads the job again for itself.
Never here: belief in what a post says (contract §3), and answers that tell a guesser anything."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, Protocol

import structlog
from aiohttp import web

from bot.domain.keys import JobKey
from bot.domain.tasks import TaskStatus
from bot.web.bodies import read_body

if TYPE_CHECKING:
    from bot.domain.ports import Metrics

log = structlog.stdlib.get_logger(__name__)

LARGEST_BODY: Final = 256 * 1024
"""A finished task with all its buttons is a few KiB."""
_ENDS: Final = frozenset({TaskStatus.SUCCESS, TaskStatus.FAILURE, TaskStatus.CANCEL})
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{16,128}")


class Hint(Protocol):
    """What a post claims; only good for being in a hurry."""

    @property
    def status(self) -> TaskStatus:
        """The status that the task is said to have."""


ReadHint = Callable[[bytes], Hint | None]
"""Reads a body; None if it makes no sense."""
FindJob = Callable[[str], Awaitable[JobKey | None]]
"""Which unfinished job a token names (the store's `by_webhook_token`)."""
OnHint = Callable[[JobKey, bool], Awaitable[None]]
"""Wakes the tracker: which job, and whether its outcome was claimed."""


class Hook:
    """Takes posts in, answers at once, and passes hints on one by one.

    Every post of acceptable size is answered 204, and before its token is looked up: known, unknown, finished and
    misspelt tokens differ neither in the answer nor in its time, so guessing learns nothing. A body that makes
    no sense still wakes its job, because the true shape of the posts is only known from others' code, and the
    result is always read again. Losing a hint costs time, never a job: polling goes on besides.
    """

    def __init__(
        self,
        *,
        read_hint: ReadHint,
        find_job: FindJob,
        on_hint: OnHint,
        metrics: Metrics,
        most_waiting: int = 1024,
        body_seconds: float = 10.0,
        hint_seconds: float = 10.0,
    ) -> None:
        self._read_hint = read_hint
        self._find_job = find_job
        self._on_hint = on_hint
        self._metrics = metrics
        self._most_waiting = most_waiting
        self._body_seconds = body_seconds
        self._hint_seconds = hint_seconds
        self._waiting: dict[str, bool] = {}
        self._more = asyncio.Event()

    async def answer(self, request: web.Request) -> web.Response:
        """`POST /hook/{token}`."""
        try:
            body = await read_body(request, most=LARGEST_BODY, seconds=self._body_seconds)
        except TimeoutError:
            self._metrics.count("webhooks", outcome="slow")
            return _goodbye(408)
        if body is None:
            self._metrics.count("webhooks", outcome="oversized")
            return _goodbye(413)
        self._take(request.match_info["token"], self._is_terminal(body))
        return web.Response(status=204)

    def _is_terminal(self, body: bytes) -> bool:
        try:
            hint = self._read_hint(body)
        except Exception:
            log.exception("webhook_body_not_read")
            return False
        return hint is not None and hint.status in _ENDS

    def _take(self, token: str, terminal: bool) -> None:  # noqa: FBT001  # a fact about the post, not a switch
        if not _TOKEN.fullmatch(token):
            self._metrics.count("webhooks", outcome="unknown")
        elif token in self._waiting:
            self._waiting[token] |= terminal
            self._metrics.count("webhooks", outcome="merged")
        elif len(self._waiting) >= self._most_waiting:
            self._metrics.count("webhooks", outcome="dropped")
        else:
            self._waiting[token] = terminal
            self._more.set()

    async def run(self) -> None:
        """Pass hints on for ever, in the order in which they came; a hint that fails is logged and forgotten."""
        while True:
            await self._more.wait()
            while self._waiting:
                token = next(iter(self._waiting))
                await self._pass_on(token, terminal=self._waiting.pop(token))
            self._more.clear()

    async def _pass_on(self, token: str, *, terminal: bool) -> None:
        try:
            async with asyncio.timeout(self._hint_seconds):
                key = await self._find_job(token)
                if key is not None:
                    await self._on_hint(key, terminal)
        except Exception:
            log.exception("webhook_hint_lost")
            self._metrics.count("webhooks", outcome="failed")
            return
        self._metrics.count("webhooks", outcome="unknown" if key is None else "woke")


def _goodbye(status: int) -> web.Response:
    response = web.Response(status=status)
    response.force_close()
    return response
