"""Threads in which blocking work runs, first come, first served, and whose caller may be cancelled but never tears it.
Never here: what the work is."""

from __future__ import annotations

import asyncio
import contextvars
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

T = TypeVar("T")

STOP_SECONDS: Final = 5
"""How long we wait for threads that should have nothing more to do."""


class Threads:
    """So many threads at most, begun when they are needed; a disk that hangs keeps no process from ending."""

    def __init__(self, most: int, *, name: str, patience_s: float) -> None:
        self._most = most
        self._name = name
        self._patience_s = patience_s
        self._free = asyncio.Semaphore(most)
        self._orders: SimpleQueue[_Order | None] = SimpleQueue()
        self._running = 0
        self._threads: list[Thread] = []

    async def run(self, work: Callable[[], T]) -> T:
        """Run it in a thread; raises `TimeoutError` if none gets free for so long."""
        async with self._place():
            if self._running > len(self._threads):
                thread = Thread(target=_follow, args=(self._orders,), name=self._name, daemon=True)
                self._threads.append(thread)
                thread.start()
            loop = asyncio.get_running_loop()
            future: asyncio.Future[T] = loop.create_future()
            self._orders.put((loop, future, contextvars.copy_context(), work))
            return await undisturbed(future)

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        if self._free.locked():
            async with asyncio.timeout(self._patience_s):
                await self._free.acquire()
        else:
            await self._free.acquire()  # at once
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            self._free.release()

    async def close(self, last: Callable[[], object]) -> None:
        """Wait until nothing runs, run this, and end the threads; a later call begins them anew."""
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS), AsyncExitStack() as places:
                for _ in range(self._most):
                    await places.enter_async_context(self._place())
        await self.run(last)
        ending, self._threads = self._threads, []
        for _ in ending:
            self._orders.put(None)
        for thread in ending:
            thread.join(STOP_SECONDS)


_Order = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", contextvars.Context, "Callable[[], Any]"]


def _follow(orders: SimpleQueue[_Order | None]) -> None:
    while (order := orders.get()) is not None:
        loop, future, context, work = order
        result, error = None, None
        try:
            result = context.run(work)
        except BaseException as raised:  # noqa: BLE001 - whoever asked is told
            error = raised
        with suppress(RuntimeError):  # the loop was closed: nobody waits any more
            loop.call_soon_threadsafe(_tell, future, result, error)
        del order, loop, future, context, work, result, error  # nothing is held while waiting


def _tell(future: asyncio.Future[Any], result: object, error: BaseException | None) -> None:
    if future.cancelled():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)


async def undisturbed(work: asyncio.Future[T]) -> T:
    """Let it end before its caller's cancellation goes on: a transaction takes milliseconds, and is never torn."""
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        while not work.done():
            with suppress(asyncio.CancelledError):  # said twice, it is still one cancellation
                await asyncio.wait([work])
        if not work.cancelled():
            work.exception()  # seen; the caller is no longer there to hear of it
        raise
