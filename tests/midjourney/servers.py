"""Small servers on loopback for what the simulated API does not do: odd bytes, odd closes, odd redirects.
Never here: judgements; tests say what must come of it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web

from tests.fixtures.leaps import leap_once_read

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable


@asynccontextmanager
async def serve(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """Answer every path with the handler; yields the origin."""
    application = web.Application(client_max_size=2**26)
    application.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


class RawServer:
    """Says fixed bytes to each connection once its request's head has come, then closes or keeps silent.

    So many seconds as `leap` says pass as soon as it falls silent.
    """

    def __init__(
        self,
        answers: list[bytes],
        *,
        silent: bool = False,
        leap: float | None = None,
        until: bytes = b"\r\n\r\n",
    ) -> None:
        self.origin = ""
        self.requests = 0
        self.arrived = asyncio.Event()
        self._answers = answers
        self._silent = silent
        self._leap = leap
        self._until = until
        self._over = asyncio.Event()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(self._until)
            self.requests += 1
            self.arrived.set()
            for piece in self._answers:
                writer.write(piece)
                await writer.drain()
            if self._leap is not None:
                await leap_once_read(self._leap)
            if self._silent:
                await self._over.wait()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[RawServer]:
        """Listen; at the end let every silent connection go."""
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            self._over.set()
            server.close()
            await server.wait_closed()
