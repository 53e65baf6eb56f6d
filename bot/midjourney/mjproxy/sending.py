"""How a call of the family leaves: one header for the key, the right client, the read budget, the guard and the meters.
Never here: what is called, and what an answer means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from aiolimiter import AsyncLimiter

from bot.midjourney.calls import measured
from bot.midjourney.mjproxy.routes import Auth, authorization
from bot.midjourney.transport import MAX_ANSWER, ask

if TYPE_CHECKING:
    import httpx

    from bot.domain.ports import Guard, Metrics
    from bot.midjourney.calls import Reader, T
    from bot.midjourney.transport import HttpClients

_HEADERS: Final = {"Accept": "application/json", "Content-Type": "application/json"}
"""Both go along always: a gateway hands them on to its proxy (family §0.4)."""


@dataclass(frozen=True, slots=True)
class Way:
    """One request: how, where, with what."""

    method: str
    path: str
    body: bytes | None = None
    key: str | None = field(default=None, repr=False)
    """Another key than the account's."""
    bare: bool = False
    """Without any key."""


class Sender:
    """Sends requests to one server for one account. `guard` is never awaited around the wait for the budget."""

    def __init__(
        self,
        clients: HttpClients,
        *,
        base: str,
        auth: Auth,
        key: str,
        reads_per_second: float,
        guard: Guard,
        meters: Metrics | None,
    ) -> None:
        self._clients = clients
        self._base = base
        self._auth = auth
        self._key = key
        self._guard = guard
        self._metrics = meters
        # A bucket must hold at least one call, so a budget below one a second stretches the period instead.
        self._reads = AsyncLimiter(max(reads_per_second, 1.0), max(reads_per_second, 1.0) / reads_per_second)

    async def call(
        self,
        endpoint: str,
        way: Way,
        read: Reader[T],
        *,
        seconds: float,
        paid: bool = False,
        budgeted: bool = False,
        most: int = MAX_ANSWER,
    ) -> T:
        """Make one call and report it; an answer that may be longer than others is read in a thread. Raises `RemoteError`."""
        if budgeted:
            async with self._reads:
                pass  # a leaky bucket: to enter is to have paid
        client = self._clients.paid if paid else self._clients.free
        return await measured(
            ask(client, self._request(way), seconds=seconds, most=most),
            read,
            endpoint=endpoint,
            guard=self._guard,
            metrics=self._metrics,
            apart=most > MAX_ANSWER,
        )

    def _request(self, way: Way) -> httpx.Request:
        headers = dict(_HEADERS)
        if not way.bare:
            headers |= authorization(self._auth, way.key or self._key)
        return self._clients.free.build_request(
            way.method, self._base + way.path, headers=headers, content=way.body
        )
