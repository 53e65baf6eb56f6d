"""One call of an image API as every adapter makes it: guarded, read, and reported to the meters.
Never here: requests, budgets, and what an answer means."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Final, TypeVar

from bot.errors import RemoteError

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from bot.domain.ports import Guard, Metrics
    from bot.midjourney.transport import HttpResponse

T = TypeVar("T")
Reader = Callable[[int, Mapping[str, str], bytes], T]
"""Makes sense of status, headers and body, or raises `RemoteError`."""

CALLS_METRIC: Final = "upstream_calls"
"""Counted per call, labels `endpoint` (those of the `/mj` family begin with `mj_`) and `outcome` (`ok`, or the fault)."""
SECONDS_METRIC: Final = "upstream_seconds"
"""Observed per call, label `endpoint`; waiting for the read budget is not in it."""


async def measured(
    call: Awaitable[HttpResponse],
    read: Reader[T],
    *,
    endpoint: str,
    guard: Guard,
    metrics: Metrics | None,
    apart: bool = False,
) -> T:
    """Await a call within the guard, and read its answer, `apart` in a thread. Raises `RemoteError`."""
    began, outcome = perf_counter(), "cancelled"
    try:
        answer = await guard(call, f"image API: {endpoint}")
        said = answer.status, answer.headers, answer.body
        result = await asyncio.to_thread(read, *said) if apart else read(*said)
        outcome = "ok"
    except RemoteError as error:
        outcome = error.fault.value
        raise
    finally:
        if metrics is not None:
            metrics.count(CALLS_METRIC, endpoint=endpoint, outcome=outcome)
            metrics.observe(SECONDS_METRIC, perf_counter() - began, endpoint=endpoint)
    return result
