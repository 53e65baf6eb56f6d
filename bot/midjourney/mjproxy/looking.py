"""Asking a server which program it is: the free calls, one after the other.
Never here: what their answers mean (`probing`)."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from bot.errors import RemoteError, RemoteFault
from bot.midjourney.mjproxy.probing import CALLS, NOBODY, Probe, ProbeResult, Seen, recognise
from bot.midjourney.mjproxy.requests import to_json
from bot.midjourney.mjproxy.sending import Sender, Way

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LATER: Final = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
"""By these a server, or what stands before it, says that it answers later."""
_TELLING: Final = frozenset(Probe) - {Probe.BATCH_AS_NOBODY, Probe.OHMYGPT, Probe.USAGE}
"""What programs of the family differ by."""
_MOST_LOOKS: Final = 5
"""After so many, what was never answered tells nothing: some gateway may say so for good of paths that it does not know."""
_APART_S: Final = 15.0
"""Jobs that wait together ask together: no look follows another sooner, so that those many take more than a minute."""
_NOT_SAID_YET: Final = "the server did not answer all that tells which program it is"


@dataclass(slots=True)
class Looks:
    """Looks at one server until it has answered: a wrong guess would be paid for with each job."""

    now: Callable[[], float] = time.monotonic
    """Seconds; never goes back."""
    seen: dict[Probe, Seen] = field(default_factory=dict)
    count: int = 0
    next_at: float = -math.inf

    async def look(self, out: Sender, *, seconds: float) -> ProbeResult:
        """Ask what was not answered yet. Raises `RemoteError` while that is something that tells."""
        if self.now() < self.next_at:
            raise RemoteError(RemoteFault.UNREACHED, _NOT_SAID_YET)
        await _ask(out, self.seen, seconds=seconds)
        self.count += 1
        self.next_at = self.now() + _APART_S
        if not self.seen.keys() >= _TELLING and self.count < _MOST_LOOKS:
            raise RemoteError(RemoteFault.UNREACHED, _NOT_SAID_YET)
        found = recognise(self.seen)
        self.seen, self.count, self.next_at = {}, 0, -math.inf
        return found


async def look(out: Sender, *, seconds: float) -> ProbeResult:
    """Find out by one look which program answers and what follows; a call that fails tells nothing.

    Raises `RemoteError` if the server cannot be reached at all.
    """
    seen: dict[Probe, Seen] = {}
    await _ask(out, seen, seconds=seconds)
    return recognise(seen)


async def _ask(out: Sender, seen: dict[Probe, Seen], *, seconds: float) -> None:
    for probe, call in CALLS.items():
        if probe in seen:
            continue
        way = Way(
            call.method,
            call.path,
            None if call.body is None else to_json(call.body),
            key=NOBODY if probe is Probe.BATCH_AS_NOBODY else None,
            # The key of one service is not shown to another.
            bare=probe is Probe.OHMYGPT,
        )
        try:
            # Once in a process's life: it does not wait for the budget, which running jobs need.
            answer = await out.call(f"mj_look_{probe.value}", way, _as_seen, seconds=seconds)
        except RemoteError as error:
            if error.fault is RemoteFault.UNREACHED:
                raise
        else:
            if answer.status not in _LATER:
                seen[probe] = answer


def _as_seen(status: int, headers: Mapping[str, str], body: bytes) -> Seen:
    del headers
    return Seen(status, body)
