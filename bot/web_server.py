"""What the bot's own web server serves: health, meters, webhooks and the mask editor, wired to one process.
Never here: how any of them answers (`web`)."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.metrics import page_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from bot.config import Settings
    from bot.domain.pools import Pool
    from bot.domain.ports import Clock, Load
    from bot.i18n import Catalogues
    from bot.metrics import Meters
    from bot.readiness import Readiness
    from bot.services.intake.mask_editor import MaskEditor
    from bot.supervision import Supervisor
    from bot.web.hook import FindJob, OnHint
    from bot.web.region import RegionPages


FRESH_S: Final = 5.0
"""So old an answer about readiness may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebServices:
    """What the pages and checks of one process stand on."""

    supervisor: Supervisor
    readiness: Readiness
    metrics: Meters
    load: Callable[[], Awaitable[Mapping[Pool, Load]]]
    undelivered_since: Callable[[], Awaitable[int | None]]
    find_job: FindJob
    on_hint: OnHint
    mask_editor: MaskEditor
    catalogues: Catalogues
    clock: Clock


@asynccontextmanager
async def serving(settings: Settings, served: WebServices) -> AsyncIterator[None]:
    """Serve for the length of the block, where the operator wants it; raises `StartupError`."""
    own, listen = settings.health_listen, settings.web_listen
    if own is None and listen is None:
        yield
        return
    from bot.midjourney.hints import read_hint  # noqa: PLC0415 - who serves nothing hears no webhook
    from bot.web.health import Health  # noqa: PLC0415 - who serves nothing waits for no aiohttp
    from bot.web.hook import Hook  # noqa: PLC0415 - who serves nothing waits for no aiohttp
    from bot.web.server import serve  # noqa: PLC0415 - who serves nothing waits for no aiohttp

    health = Health(
        alive={"parts": served.supervisor.lost},
        ready={
            "gateway": served.readiness.gateway,
            "database": served.readiness.database,
            "upstream": served.readiness.upstream,
            "engine": served.readiness.engine,
            "parts": served.supervisor.down,
        },
        fresh=FRESH_S,
    )
    levels = page_of(served.metrics, served.load, served.undelivered_since, served.clock)

    async def metrics_page() -> bytes:
        served.readiness.measure()
        return await levels()

    async with AsyncExitStack() as stack:
        if own is not None:
            await stack.enter_async_context(
                serve(
                    host=own.host,
                    port=own.port,
                    health=health,
                    metrics_page=metrics_page,
                    hook=None,
                    setting="EASEL_HEALTH_LISTEN",
                )
            )
        if listen is not None:
            hook = Hook(
                read_hint=read_hint,
                find_job=served.find_job,
                on_hint=served.on_hint,
                metrics=served.metrics,
            )
            await stack.enter_async_context(
                serve(
                    host=listen.host,
                    port=listen.port,
                    health=health if own is None else None,
                    metrics_page=metrics_page if own is None else None,
                    hook=hook,
                    region=_region_pages(settings.public_url, served),
                    keep=served.supervisor.start,
                )
            )
        yield


def _region_pages(public_url: str | None, served: WebServices) -> RegionPages | None:
    """The mask editor, if people can reach it."""
    if public_url is None:
        return None
    from bot.web.region import RegionPages  # noqa: PLC0415 - as above

    return RegionPages(
        mask_editor=served.mask_editor,
        catalogues=served.catalogues,
        public_url=public_url,
        clock=served.clock,
        metrics=served.metrics,
    )
