"""One call to OhMyGPT's API: with which key it goes out, and how it is guarded, bounded and counted.
Never here: which calls there are, and what their answers mean."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from bot.errors import RemoteError, RemoteFault
from bot.midjourney.calls import measured
from bot.midjourney.transport import MAX_ANSWER, ask

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from bot.domain.ports import Guard, Metrics
    from bot.midjourney.calls import Reader, T
    from bot.midjourney.transport import HttpClients

_SENDABLE_KEY: Final = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Caller:
    """Makes calls; nothing is repeated here."""

    clients: HttpClients
    origin: str
    guard: Guard
    metrics: Metrics | None
    seconds: float

    def at(self, origin: str) -> Caller:
        """The same to another address, which may have a path."""
        return replace(self, origin=origin.rstrip("/"))

    def build(
        self, method: str, where: str, *, key: str, kind: str | None = None, **body: Any
    ) -> httpx.Request:
        """Build a request with a key. Raises `RemoteError` for one that cannot be sent."""
        if not _SENDABLE_KEY.fullmatch(key):
            # httpx would raise errors of its own, with the key in them.
            raise RemoteError(RemoteFault.KEY, "the key is empty or holds characters that no key has")
        headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        if kind is not None:
            headers["Content-Type"] = kind
        return self.clients.free.build_request(method, self.origin + where, headers=headers, **body)

    async def call(
        self,
        endpoint: str,
        build: Callable[[], httpx.Request],
        read: Reader[T],
        *,
        client: httpx.AsyncClient | None = None,
        seconds: float | None = None,
        most: int = MAX_ANSWER,
    ) -> T:
        """Make one call, within the guard, and report it to the meters."""
        request = build()
        call = ask(client or self.clients.free, request, seconds=seconds or self.seconds, most=most)
        return await measured(call, read, endpoint=endpoint, guard=self.guard, metrics=self.metrics)
