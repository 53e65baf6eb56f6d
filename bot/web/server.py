"""The bot's own small web server: routes, limits against slow and many clients, opening and closing.
Never here: what the answers say (health.py, hook.py, region.py) and TLS (that is the reverse proxy's)."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import structlog
from aiohttp import web

from bot.errors import StartupError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from aiohttp.typedefs import Handler, Middleware

    from bot.web.health import Health
    from bot.web.hook import Hook
    from bot.web.region import RegionPages

log = structlog.stdlib.get_logger(__name__)

IDLE_SECONDS: Final = 15.0
"""How long a connection may be silent, or take to send its headers."""
AT_ONCE: Final = 64
"""Requests in hand; more are sent away, because nothing here is worth a queue."""
EXPOSITION: Final = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}


@asynccontextmanager
async def serve(
    *,
    host: str,
    port: int,
    health: Health,
    metrics_page: Callable[[], Awaitable[bytes]],
    hook: Hook | None,
    region: RegionPages | None = None,
    at_once: int = AT_ONCE,
    idle_seconds: float = IDLE_SECONDS,
    stop_seconds: float = 2.0,
) -> AsyncIterator[int]:
    """Serve until the context ends; yields the port (port 0 asks the system for a free one).

    Without `hook` there is no webhook route, without `region` no mask editor. Closing stops listening, lets requests in hand end for
    `stop_seconds`, and forgets hints that were not passed on yet.
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
            raise StartupError(
                f"EASEL_WEB_LISTEN: cannot listen on {host}:{port}: {error.strerror}"
            ) from error
        bound = int(runner.addresses[0][1])
        log.info("web_listening", host=host, port=bound)
        passing = asyncio.create_task(hook.run(), name="webhook hints") if hook else None
        try:
            yield bound
        finally:
            if passing is not None:
                passing.cancel()
                await asyncio.wait([passing])
    finally:
        await runner.cleanup()


def _application(
    health: Health,
    metrics_page: Callable[[], Awaitable[bytes]],
    hook: Hook | None,
    region: RegionPages | None,
    at_once: int,
) -> web.Application:
    async def answer_metrics(_request: web.Request) -> web.Response:
        return web.Response(body=await metrics_page(), headers=EXPOSITION)

    app = web.Application(middlewares=[_limit(at_once)])
    app.on_response_prepare.append(_say_little)
    app.router.add_get("/healthz", health.answer_alive)
    app.router.add_get("/readyz", health.answer_ready)
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


async def _say_little(_request: web.Request, response: web.StreamResponse) -> None:
    """Name no versions: scanners look for them."""
    response.headers["Server"] = "Easel"
