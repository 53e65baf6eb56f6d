"""Threads in which blocking work runs, first come, first served, and whose caller may be cancelled but never tears it.
Never here: what the work is."""

from __future__ import annotations

import asyncio
import contextvars
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, TypeVar

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

T = TypeVar("T")

STOP_SECONDS: Final = 5
"""How long we wait for threads that should have nothing more to do."""


class Threads:
    """So many threads at most, begun when they are needed; a disk that hangs keeps no process from ending.

    Whoever worked last works next: its connection's memory is the freshest, and the others are for busy times.
    """

    def __init__(self, most: int, *, name: str, patience_s: float) -> None:
        self._most = most
        self._name = name
        self._patience_s = patience_s
        self._free = asyncio.Semaphore(most)
        self._idle: list[WorkerThread] = []

    async def run(self, work: Callable[[], T]) -> T:
        """Run it in a thread; raises `TimeoutError` if none gets free for so long."""
        async with self._lent_thread() as thread:
            done = thread.do(work)
            try:
                return await done
            except asyncio.CancelledError:
                done.exception()  # seen; the caller is no longer there to hear of it
                raise

    @asynccontextmanager
    async def _lent_thread(self) -> AsyncIterator[WorkerThread]:
        if self._free.locked():
            async with asyncio.timeout(self._patience_s):
                await self._free.acquire()
        else:
            await self._free.acquire()  # at once
        thread = self._idle.pop() if self._idle else WorkerThread(self._name)
        try:
            yield thread
        finally:
            self._idle.append(thread)
            self._free.release()

    async def close(self, last: Callable[[], object]) -> None:
        """Wait until nothing runs, run this, and end the threads; a later call begins them anew."""
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS), AsyncExitStack() as held:
                for _ in range(self._most):
                    await self._free.acquire()
                    held.callback(self._free.release)
        await self.run(last)
        ending, self._idle = self._idle, []
        for thread in ending:
            thread.end()
        for thread in ending:
            thread.join()


class _Undisturbed(asyncio.Future[T]):
    """Whoever waits for it and is cancelled hears of that at its end: a transaction takes milliseconds, and is never torn."""

    @override
    def cancel(self, msg: object = None) -> bool:
        return False


_Order = tuple["asyncio.Future[Any]", contextvars.Context, "Callable[[], Any]"]


class WorkerThread:
    """A thread, and what it is to do, one after the other."""

    def __init__(self, name: str) -> None:
        self._orders: SimpleQueue[_Order | None] = SimpleQueue()
        self._thread = Thread(target=_follow, args=(self._orders,), name=name, daemon=True)
        self._thread.start()

    def do(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Begin it there, in this context; what it returns or raises is the future's, which cannot be cancelled."""
        done: _Undisturbed[T] = _Undisturbed(loop=asyncio.get_running_loop())
        self._orders.put((done, contextvars.copy_context(), work))
        return done

    def end(self) -> None:
        """Have it end after what it was told to do."""
        self._orders.put(None)

    def join(self) -> None:
        """Wait for its end, a while."""
        self._thread.join(STOP_SECONDS)


def _follow(orders: SimpleQueue[_Order | None]) -> None:
    while (order := orders.get()) is not None:
        done, context, work = order
        result: object = None
        error: BaseException | None = None
        try:
            result = context.run(work)
        except StopIteration as raised:  # which no future takes
            error = RuntimeError("the work ended in StopIteration")
            error.__cause__ = raised
        except BaseException as raised:  # noqa: BLE001 - whoever asked is told
            error = raised
        with suppress(RuntimeError):  # the loop was closed: nobody waits any more
            done.get_loop().call_soon_threadsafe(_resolve, done, result, error)
        del order, done, context, work, result, error  # nothing is held while waiting


def _resolve(done: asyncio.Future[Any], result: object, error: BaseException | None) -> None:
    if error is None:
        done.set_result(result)
    else:
        done.set_exception(error)


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
