"""Whether what was asked of Discord may have been done by a try before the last one: discord.py repeats what met a 5xx, silently.
Never here: what to do then."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER_TROUBLE: Final = 500


class Tries:
    """Those of one call of discord.py's."""

    is_sent = False
    """The one that runs has left: before, Discord cannot have done it."""
    in_doubt = False
    """One of them failed in a way that leaves open whether Discord did it."""


_CURRENT: Final[ContextVar[Tries | None]] = ContextVar("tries", default=None)


@contextmanager
def watched() -> Iterator[Tries]:
    """Watch the tries that this task makes within; only those of a client that has the `trace`."""
    tries = Tries()
    before = _CURRENT.set(tries)
    try:
        yield tries
    finally:
        _CURRENT.reset(before)


def trace() -> aiohttp.TraceConfig:
    """What a client's session needs, that is all there is to see of discord.py's own tries."""
    config = aiohttp.TraceConfig()
    config.on_request_start.append(_begun)
    config.on_request_headers_sent.append(_sent)
    config.on_request_end.append(_answered)
    config.on_request_exception.append(_broke)
    return config


async def _begun(*_: Any) -> None:
    if (tries := _CURRENT.get()) is not None:
        tries.is_sent = False


async def _sent(*_: Any) -> None:
    if (tries := _CURRENT.get()) is not None:
        tries.is_sent = True


async def _answered(_session: Any, _context: Any, end: aiohttp.TraceRequestEndParams) -> None:
    if end.response.status >= SERVER_TROUBLE:
        await _broke()


async def _broke(*_: Any) -> None:
    if (tries := _CURRENT.get()) is not None:
        tries.in_doubt |= tries.is_sent
