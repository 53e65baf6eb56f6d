"""Posting task objects to the addresses that tasks were submitted with (contract §3).
Never here: other addresses than this machine's own; what a task looks like."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp

from bot.sandbox.upstream.faults import Fault, Scope
from bot.sandbox.upstream.tasks import State, Status
from bot.sandbox.upstream.views import plain_view

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.sandbox.upstream.service import Service
    from bot.sandbox.upstream.tasks import Task

log = logging.getLogger(__name__)

PATIENCE = aiohttp.ClientTimeout(total=5)
LATE = 0.3
"""Seconds that a held webhook waits for a successor before it goes out after all."""


@dataclass(slots=True)
class WatchedTask:
    """A task whose changes are posted: what was posted last, and what goes out in order after it."""

    task: Task
    url: str
    seen: State = field(default_factory=lambda: State(Status.NOT_START))
    tail: asyncio.Task[None] | None = None
    held: dict[str, Any] | None = None


class Webhooks:
    """Notices changes on a real-time tick and posts each once; answers are ignored, nothing is repeated."""

    def __init__(
        self,
        service: Service,
        *,
        tick: float = 0.05,
        view: Callable[[Service, Task], dict[str, Any]] = plain_view,
    ) -> None:
        self._service = service
        self._view = view
        self._tick = tick
        self._watched: dict[int, WatchedTask] = {}
        self._sending: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None
        self._ticker: asyncio.Task[None] | None = None
        self.sent: list[tuple[str, dict[str, Any]]] = []
        """Everything that went out, for tests: address and body."""

    def watch(self, task: Task) -> None:
        """Post this task's changes from now on, if its address is on this machine."""
        if task.webhook is None:
            return
        if not is_loopback(task.webhook):
            log.warning("webhook_refused task=%s: only addresses of this machine are posted to", task.id)
            return
        self._watched[task.id] = WatchedTask(task, task.webhook)

    async def start(self) -> None:
        """Begin to look for changes."""
        self._session = aiohttp.ClientSession(timeout=PATIENCE)
        self._ticker = asyncio.create_task(self._run(), name="upstream webhooks")

    async def close(self) -> None:
        """Stop; what is on its way is given up."""
        running = [task for task in (self._ticker, *self._sending) if task is not None]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def flush(self) -> None:
        """Post every change up to now and wait until all of it was sent."""
        self._post_changes()
        while self._sending:
            await asyncio.gather(*self._sending, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._tick)
            if self._watched:
                self._post_changes()

    def _post_changes(self) -> None:
        self._service.book.advance()
        for watch in list(self._watched.values()):
            state = self._service.book.state(watch.task)
            if state == watch.seen:
                continue
            watch.seen = state
            if state.ended or state.status is Status.MODAL:
                del self._watched[watch.task.id]
            self._post(watch, self._view(self._service, watch.task), last=state.ended)

    def _post(self, watch: WatchedTask, body: dict[str, Any], *, last: bool) -> None:
        planned = self._service.faults.draw(Scope.WEBHOOK, endpoint="webhook", task=watch.task.id)
        fault = planned.fault if planned else None
        bodies = [body]
        if fault is Fault.WEBHOOK_LOST:
            bodies = []
        elif fault is Fault.WEBHOOK_TWICE:
            bodies = [body, body]
        elif fault is Fault.WEBHOOK_FORGED:
            bodies = [_forged(body), body]
        elif fault is Fault.WEBHOOK_REORDERED and watch.held is None:
            watch.held, bodies = body, []
        if watch.held is not None and (bodies or last):
            bodies, watch.held = [*bodies, watch.held], None
        delay = LATE if fault is Fault.WEBHOOK_REORDERED and last else 0.0
        if bodies:
            watch.tail = asyncio.create_task(self._send(watch.url, bodies, watch.tail, delay))
            self._sending.add(watch.tail)
            watch.tail.add_done_callback(self._sending.discard)

    async def _send(
        self, url: str, bodies: list[dict[str, Any]], before: asyncio.Task[None] | None, delay: float
    ) -> None:
        if before is not None:
            await asyncio.wait({before})
        if delay:
            await asyncio.sleep(delay)
        for body in bodies:
            wrapped = {"statusCode": 200, "message": "Success", "data": body}
            payload = wrapped if self._service.settings.wrap_webhooks else body
            self.sent.append((url, payload))
            with suppress(aiohttp.ClientError, TimeoutError):
                if self._session is not None:
                    async with self._session.post(url, json=payload, allow_redirects=False):
                        pass


def is_loopback(url: str) -> bool:
    """Whether an address is this very machine."""
    try:
        split = urlsplit(url)
        host = split.hostname or ""
        return split.scheme in {"http", "https"} and (host == "localhost" or ip_address(host).is_loopback)
    except ValueError:
        return False


def _forged(body: dict[str, Any]) -> dict[str, Any]:
    """What a stranger who knows the address might post."""
    return {
        **body,
        "status": "SUCCESS",
        "progress": "100%",
        "imageDcUrl": "http://203.0.113.9/forged.png",
        "imageS3Url": "../../forged.png",
        "actions": [{"customId": "MJ::JOB::upsample::1::forged", "emoji": "", "label": "U1"}],
    }
