"""What the bot's own web server serves: health, meters, webhooks and the mask editor, wired to one process.
Never here: how any of them answers (`web`)."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Final

from bot.metrics import page_of
from bot.midjourney.ohmygpt.webhook import read_hint
from bot.web.health import Health
from bot.web.hook import Hook
from bot.web.region import RegionPages
from bot.web.server import serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.app import App

FRESH_S: Final = 5.0
"""So old an answer about readiness may be."""


@asynccontextmanager
async def serving(app: App) -> AsyncIterator[None]:
    """Serve for the length of the block, where the operator wants it; raises `StartupError`."""
    settings = app.settings
    health = Health(
        alive={"parts": app.supervisor.lost},
        ready={
            "gateway": app.readiness.gateway,
            "database": app.readiness.database,
            "upstream": app.readiness.upstream,
            "engine": app.readiness.engine,
            "parts": app.supervisor.down,
        },
        fresh=FRESH_S,
    )
    levels = page_of(app.meters, app.storage.jobs.load)

    async def metrics() -> bytes:
        app.readiness.measure()
        return await levels()

    own = settings.health_listen
    async with AsyncExitStack() as stack:
        if own is not None:
            await stack.enter_async_context(
                serve(
                    host=own.host,
                    port=own.port,
                    health=health,
                    metrics=metrics,
                    hook=None,
                    setting="EASEL_HEALTH_LISTEN",
                )
            )
        listen = settings.web_listen
        if listen is not None:
            hook = Hook(
                read_hint=read_hint,
                find_job=app.storage.jobs.by_webhook_token,
                on_hint=app.on_hint,
                metrics=app.meters,
            )
            await stack.enter_async_context(
                serve(
                    host=listen.host,
                    port=listen.port,
                    health=health if own is None else None,
                    metrics=metrics if own is None else None,
                    hook=hook,
                    region=_region_pages(app),
                    keep=app.supervisor.start,
                )
            )
        yield


def _region_pages(app: App) -> RegionPages | None:
    """The mask editor, if people can reach it."""
    public_url = app.settings.public_url
    if public_url is None:
        return None
    return RegionPages(
        mask_editor=app.mask_editor,
        catalogues=app.bot.catalogues,
        public_url=public_url,
        clock=app.clock,
        metrics=app.meters,
    )
