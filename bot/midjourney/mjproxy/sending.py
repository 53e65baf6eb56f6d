"""How a call of the family leaves: one header for the key, the right line, the read budget, the guard and the meters.
Never here: what is called, and what an answer means."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Final, TypeVar

from aiolimiter import AsyncLimiter

from bot.errors import RemoteError
from bot.midjourney.mjproxy.routes import Auth, authorization
from bot.midjourney.transport import ask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx

    from bot.domain.ports import Guard, Metrics
    from bot.midjourney.transport import Lines

T = TypeVar("T")
CALLS_METRIC: Final = "upstream_calls"
"""The same two meters as the other adapter's; this family's endpoints begin with `mj_`."""
SECONDS_METRIC: Final = "upstream_seconds"
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
        lines: Lines,
        *,
        base: str,
        auth: Auth,
        key: str,
        reads_per_second: float,
        guard: Guard,
        meters: Metrics | None,
    ) -> None:
        self._lines = lines
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
        read: Callable[[int, Mapping[str, str], bytes], T],
        *,
        seconds: float,
        paid: bool = False,
        budgeted: bool = False,
    ) -> T:
        """Make one call and report it; raises `RemoteError`."""
        if budgeted:
            async with self._reads:
                pass  # a leaky bucket: to enter is to have paid
        call = ask(self._lines.paid if paid else self._lines.free, self._request(way), seconds=seconds)
        began, outcome = perf_counter(), "cancelled"
        try:
            answer = await self._guard(call, f"image API: {endpoint}")
            result = read(answer.status, answer.headers, answer.body)
            outcome = "ok"
        except RemoteError as error:
            outcome = error.fault.value
            raise
        finally:
            if self._metrics is not None:
                self._metrics.count(CALLS_METRIC, endpoint=endpoint, outcome=outcome)
                self._metrics.observe(SECONDS_METRIC, perf_counter() - began, endpoint=endpoint)
        return result

    def _request(self, way: Way) -> httpx.Request:
        headers = dict(_HEADERS)
        if not way.bare:
            headers |= authorization(self._auth, way.key or self._key)
        return self._lines.free.build_request(
            way.method, self._base + way.path, headers=headers, content=way.body
        )
