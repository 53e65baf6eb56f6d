"""What the bot's own web server serves: health, meters, webhooks and the mask editor, wired to one process.
Never here: how any of them answers (`web`)."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bot.metrics import page_of
from bot.midjourney.ohmygpt.webhook import read_hint
from bot.web.health import Health
from bot.web.hook import Hook
from bot.web.region import RegionPages
from bot.web.server import serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.app import App


@asynccontextmanager
async def serving(app: App) -> AsyncIterator[None]:
    """Serve for the length of the block, where the operator wants it; raises `StartupError`."""
    listen = app.settings.web_listen
    if listen is None:
        yield
        return
    hook = Hook(
        read_hint=read_hint,
        find_job=app.storage.jobs.by_webhook_token,
        on_hint=app.on_hint,
        metrics=app.meters,
    )
    health = Health(
        alive={},
        ready={
            "gateway": app.gateway_ready,
            "database": app.database_ready,
            "engine": app.engine_ready,
        },
    )
    async with serve(
        host=listen.host,
        port=listen.port,
        health=health,
        metrics_page=page_of(app.meters, app.storage.jobs.load),
        hook=hook,
        region=_region_pages(app),
    ):
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
