"""What the bot's own web server serves: health, meters, webhooks and the mask editor, wired to one process.
Never here: how any of them answers (`web`)."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.metrics import page_of
from bot.midjourney.ohmygpt.webhook import read_hint
from bot.web.health import Health
from bot.web.hook import Hook
from bot.web.region import RegionPages
from bot.web.server import serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from bot.config import Settings
    from bot.domain.pools import Pool
    from bot.domain.ports import Clock, Load
    from bot.i18n import Catalogues
    from bot.metrics import Meters
    from bot.services.intake.mask_editor import MaskEditor
    from bot.web.health import Check
    from bot.web.hook import FindJob, OnHint


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What the pages and checks of one process stand on."""

    checks: Mapping[str, Check]
    """Each says what keeps the process from being ready, or nothing."""
    metrics: Meters
    load: Callable[[], Awaitable[Mapping[Pool, Load]]]
    find_job: FindJob
    on_hint: OnHint
    mask_editor: MaskEditor
    catalogues: Catalogues
    clock: Clock


@asynccontextmanager
async def serving(settings: Settings, served: Served) -> AsyncIterator[None]:
    """Serve for the length of the block, where the operator wants it; raises `StartupError`."""
    listen = settings.web_listen
    if listen is None:
        yield
        return
    async with serve(
        host=listen.host,
        port=listen.port,
        health=Health(alive={}, ready=served.checks),
        metrics_page=page_of(served.metrics, served.load),
        hook=Hook(
            read_hint=read_hint,
            find_job=served.find_job,
            on_hint=served.on_hint,
            metrics=served.metrics,
        ),
        region=_region_pages(settings.public_url, served),
    ):
        yield


def _region_pages(public_url: str | None, served: Served) -> RegionPages | None:
    """The mask editor, if people can reach it."""
    if public_url is None:
        return None
    return RegionPages(
        mask_editor=served.mask_editor,
        catalogues=served.catalogues,
        public_url=public_url,
        clock=served.clock,
        metrics=served.metrics,
    )
