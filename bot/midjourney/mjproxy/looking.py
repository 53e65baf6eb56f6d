"""Asking a server which program it is: the free calls, one after the other.
Never here: what their answers mean (`probing`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import RemoteError, RemoteFault
from bot.midjourney.mjproxy.probing import CALLS, NOBODY, Metrics, ProbeResult, Seen, recognise
from bot.midjourney.mjproxy.requests import to_json
from bot.midjourney.mjproxy.sending import Sender, Way

if TYPE_CHECKING:
    from collections.abc import Mapping


async def look(out: Sender, *, seconds: float) -> ProbeResult:
    """Find out which program answers and what follows; a call that fails tells nothing.

    Raises `RemoteError` if the server cannot be reached at all.
    """
    seen: dict[Metrics, Seen] = {}
    for metrics, call in CALLS.items():
        way = Way(
            call.method,
            call.path,
            None if call.body is None else to_json(call.body),
            key=NOBODY if metrics is Metrics.BATCH_AS_NOBODY else None,
            # The key of one service is not shown to another.
            bare=metrics is Metrics.OHMYGPT,
        )
        try:
            # Once in a process's life: it does not wait for the budget, which running jobs need.
            seen[metrics] = await out.call(f"mj_look_{metrics.value}", way, _as_seen, seconds=seconds)
        except RemoteError as error:
            if error.fault is RemoteFault.UNREACHED:
                raise
    return recognise(seen)


def _as_seen(status: int, headers: Mapping[str, str], body: bytes) -> Seen:
    del headers
    return Seen(status, body)
