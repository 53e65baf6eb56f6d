"""Whether what was asked of Discord may have been done by a try before the last one: discord.py repeats what met a 5xx, silently.
Never here: what to do then."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, cast

import aiohttp
from discord.webhook.async_ import AsyncWebhookAdapter, async_context
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType

SERVER_TROUBLE: Final = 500
NOT_SENT: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""Raised before anything leaves: Discord cannot have done it."""
BROKEN: Final = (aiohttp.ClientError, OSError, TimeoutError)


class Tries:
    """Those of one call of discord.py's."""

    in_doubt = False
    """One of them failed in a way that leaves open whether Discord did it."""


class _Try:
    """One request, until its answer is read."""

    def __init__(self, request: AbstractAsyncContextManager[aiohttp.ClientResponse], tries: Tries) -> None:
        self._request = request
        self._tries = tries

    async def __aenter__(self) -> aiohttp.ClientResponse:
        try:
            response = await self._request.__aenter__()
        except NOT_SENT:
            raise
        except BaseException:
            self._tries.in_doubt = True
            raise
        if response.status >= SERVER_TROUBLE:
            self._tries.in_doubt = True
        return response

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        if isinstance(error, BROKEN):
            self._tries.in_doubt = True
        return await self._request.__aexit__(kind, error, trace)


class _Session:
    """A client's, each of whose requests is a try."""

    def __init__(self, session: aiohttp.ClientSession, tries: Tries) -> None:
        self._session = session
        self._tries = tries

    def request(self, *what: Any, **how: Any) -> _Try:
        return _Try(self._session.request(*what, **how), self._tries)


class _Adapter(AsyncWebhookAdapter):
    """discord.py's own, by which interactions are answered: it makes the tries, of whatever session it is given.

    (Tracing the session shows them as well, and makes each request of the whole client dearer: docs/figures.md.)
    """

    @override
    async def request(self, route: Any, session: aiohttp.ClientSession, **how: Any) -> Any:
        tries = _CURRENT.get()
        seen = session if tries is None else cast("aiohttp.ClientSession", _Session(session, tries))
        return await super().request(route, seen, **how)


_CURRENT: Final[ContextVar[Tries | None]] = ContextVar("tries", default=None)
_ADAPTER: Final = _Adapter()  # type: ignore[no-untyped-call]  # the library's own


@contextmanager
def watched() -> Iterator[Tries]:
    """Watch the tries that this task makes within to answer an interaction."""
    tries = Tries()
    before = _CURRENT.set(tries)
    if (
        type(async_context.get()) is AsyncWebhookAdapter
    ):  # no simulated one: for this task and those that it begins
        async_context.set(_ADAPTER)
    try:
        yield tries
    finally:
        _CURRENT.reset(before)
