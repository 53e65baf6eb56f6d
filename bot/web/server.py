"""The bot's own small web server: routes, limits against slow and many clients, opening and closing.
Never here: what the answers say (health.py, hook.py, region.py) and TLS (that is the reverse proxy's)."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import structlog
from aiohttp import web

from bot.errors import StartupDelayed, StartupError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from aiohttp.typedefs import Handler, Middleware

    from bot.web.health import Health
    from bot.web.hook import Hook
    from bot.web.region import RegionPages

log = structlog.stdlib.get_logger(__name__)

IDLE_SECONDS: Final = 15.0
"""How long a connection may be silent, or take to send its headers."""
AT_ONCE: Final = 64
"""Requests in hand; more are sent away, because nothing here is worth a queue."""
HINTS: Final = "webhook hints"
"""The part that passes on what webhooks said."""
OPERATORS: Final = frozenset({"/healthz", "/readyz", "/metrics"})
RATIONED: Final = "/region/"
"""Shares its places out by itself, and a stranger takes none of them (region.py)."""
EXPOSITION: Final = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}

Keep = Callable[[str, Callable[[], "Coroutine[Any, Any, None]"]], "asyncio.Task[None]"]
"""Runs a long-lived task of this name."""


def _plain_task(name: str, run: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
    return asyncio.create_task(run(), name=name)


@asynccontextmanager
async def serve(
    *,
    host: str,
    port: int,
    health: Health | None,
    metrics_page: Callable[[], Awaitable[bytes]] | None,
    hook: Hook | None,
    region: RegionPages | None = None,
    at_once: int = AT_ONCE,
    idle_seconds: float = IDLE_SECONDS,
    stop_seconds: float = 2.0,
    setting: str = "EASEL_WEB_LISTEN",
    keep: Keep = _plain_task,
) -> AsyncIterator[int]:
    """Serve until the context ends; yields the port (port 0 asks the system for a free one).

    What is None has no route. `at_once` limits what strangers may ask at the same time; health, meters and the mask editor
    are answered besides. Closing stops listening, lets requests in hand end for `stop_seconds`, and forgets hints that were
    not passed on yet. `keep` watches the task that passes hints on; `setting` is named if the port cannot be had.
    """
    runner = web.AppRunner(
        _application(health, metrics_page, hook, region, at_once),
        access_log=None,  # its lines would carry the tokens of webhooks and links; the meters count instead
        handle_signals=False,
        keepalive_timeout=idle_seconds,
        lingering_time=1.0,
        auto_decompress=False,  # nobody compresses a few KiB, except to make them grow
        shutdown_timeout=stop_seconds,
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            # A port that is taken may be free again when an older process has ended.
            kind = StartupDelayed if error.errno == errno.EADDRINUSE else StartupError
            raise kind(f"{setting}: cannot listen on {host}:{port}: {error.strerror}") from error
        bound = int(runner.addresses[0][1])
        log.info("web_listening", host=host, port=bound)
        passing = keep(HINTS, hook.run) if hook else None
        try:
            yield bound
        finally:
            if passing is not None:
                passing.cancel()
                await asyncio.wait([passing])
    finally:
        await runner.cleanup()


def _application(
    health: Health | None,
    metrics_page: Callable[[], Awaitable[bytes]] | None,
    hook: Hook | None,
    region: RegionPages | None,
    at_once: int,
) -> web.Application:
    app = web.Application(middlewares=[_limit(at_once)])
    app.on_response_prepare.append(_hide_version)
    if health is not None:
        app.router.add_get("/healthz", health.answer_alive)
        app.router.add_get("/readyz", health.answer_ready)
    if metrics_page is not None:
        page = metrics_page

        async def answer_metrics(_request: web.Request) -> web.Response:
            return web.Response(body=await page(), headers=EXPOSITION)

        app.router.add_get("/metrics", answer_metrics)
    if hook is not None:
        app.router.add_post("/hook/{token}", hook.answer)
    if region is not None:
        region.add_to(app.router)
    return app


def _limit(at_once: int) -> Middleware:
    in_hand = 0

    @web.middleware
    async def limit(request: web.Request, handler: Handler) -> web.StreamResponse:
        nonlocal in_hand
        # Whoever floods the rest must neither make the process look dead nor shut the page on those who paint.
        if request.path in OPERATORS or request.path.startswith(RATIONED):
            return await handler(request)
        if in_hand >= at_once:
            response = web.Response(status=503, headers={"Retry-After": "1"})
            response.force_close()
            return response
        in_hand += 1
        try:
            return await handler(request)
        finally:
            in_hand -= 1

    return limit


async def _hide_version(_request: web.Request, response: web.StreamResponse) -> None:
    """Name no versions: scanners look for them."""
    response.headers["Server"] = "Easel"
