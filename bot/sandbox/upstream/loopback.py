"""A simulated service as one thing to open, look into and close: what all stand-ins for an image API share.
Never here: routes, and rules of any one service."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

from aiohttp import web

from bot.sandbox.upstream.gallery import CDN_PREFIX, PUBLIC_PREFIX, Gallery, NotThere
from bot.sandbox.upstream.misbehaviour import Misbehaviour
from bot.sandbox.upstream.picture_window import PictureWindow
from bot.sandbox.upstream.views import plain_view
from bot.sandbox.upstream.webhooks import Webhooks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from bot.sandbox.upstream.calls import Call
    from bot.sandbox.upstream.service import Service
    from bot.sandbox.upstream.tasks import Task

LARGEST_BODY = 64 * 1024 * 1024
WSRV = "/wsrv/"


class LoopbackServer(ABC):
    """An image API on loopback. Open it with `async with`."""

    windows: ClassVar[Mapping[str, str]] = {CDN_PREFIX: "cdn", PUBLIC_PREFIX: "file"}
    """Where pictures are served, and what the log calls it."""

    def __init__(
        self,
        service: Service,
        *,
        host: str,
        port: int,
        view: Callable[[Service, Task], dict[str, Any]] = plain_view,
    ) -> None:
        self.service = service
        """Everything else, for tests that need it: accounts, files, assets, settings."""
        self._address = (host, port)
        self._misbehaviour = Misbehaviour()
        self._gallery = Gallery(service)
        self._webhooks = Webhooks(service, view=view)
        self._runner: web.AppRunner | None = None

    # -- life ----------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        """Open the port and begin to post webhooks."""
        application = self._application()
        window = PictureWindow(self.service, self._gallery, self._misbehaviour)
        for prefix, name in self.windows.items():
            application.router.add_get(f"{prefix}{{key:.+}}", window.serve(name))
        application.router.add_get(WSRV, window.serve("wsrv"))
        self._add_routes(application)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        host, port = self._address
        await web.TCPSite(self._runner, host, port, reuse_address=True).start()
        self.service.origin = f"http://{host}:{self._runner.addresses[0][1]}"
        await self._webhooks.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of everything that waits, and close."""
        self._misbehaviour.closing.set()
        await self._webhooks.close()
        if self._runner is not None:
            await self._runner.cleanup()

    def _application(self) -> web.Application:
        return web.Application(client_max_size=LARGEST_BODY)

    @abstractmethod
    def _add_routes(self, application: web.Application) -> None:
        """Every route but those of pictures, which stand before them."""

    # -- looking in ----------------------------------------------------------------------------------------------

    @property
    def origin(self) -> str:
        """What an owner puts into the settings, without a slash at the end."""
        return self.service.origin

    @property
    def host(self) -> str:
        """`127.0.0.1:PORT`, for an allow-list of picture hosts."""
        return self.service.host

    @property
    def wsrv(self) -> str:
        """The stand-in for wsrv: `?url=…` follows."""
        return f"{self.service.origin}{WSRV}"

    @property
    def calls(self) -> list[Call]:
        """Every request, oldest first."""
        return self.service.log.calls

    @property
    def counts(self) -> Mapping[str, int]:
        """How many requests each endpoint got, ever."""
        return self.service.log.counts

    @property
    def paid(self) -> int:
        """How many tasks were accepted and charged."""
        return len(self.service.accounts.charges)

    @property
    def webhooks_sent(self) -> list[tuple[str, dict[str, Any]]]:
        """Every webhook that went out: address and body."""
        return self._webhooks.sent

    async def flush_webhooks(self) -> None:
        """Send what changed up to now and wait until it was sent."""
        await self._webhooks.flush()

    async def picture_at(self, url: str) -> bytes | None:
        """What one of its own addresses shows, past all faults and uncounted; None for any other address."""
        own = self.service.own_path(url)
        if own is None:
            return None
        path, query = own
        try:
            shown = self._gallery.resize(query) if path == WSRV else self._gallery.fetch(path, query)
            return (await shown).content
        except NotThere:
            return None

    # -- survival ------------------------------------------------------------------------------------------------

    @abstractmethod
    def dump(self) -> dict[str, Any]:
        """Everything worth keeping, as JSON."""

    @abstractmethod
    def load(self, dumped: Mapping[str, Any]) -> None:
        """What `dump` gave; tasks that had not ended run again. Raises ValueError for another format."""
