"""SQLite's one writer: transactions that wait for it share its next commit, which takes a disk milliseconds however small it is.
Never here: what is written, and connections.

Each stands in a savepoint of its own, so what one raises undoes nothing of the others; nobody hears that theirs is written
before the commit of all.
"""

from __future__ import annotations

import asyncio
import contextvars
import traceback
from collections import deque
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from typing_extensions import override

from bot.errors import StorageTrouble
from bot.storage import threads
from bot.storage.errors import UNREADABLE, Conflict, translated
from bot.storage.prepared import driver_of, straight
from bot.storage.sqlite_connections import QUEUE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.engine import Connection

    from bot.storage.sqlite_connections import SqliteConnections

T = TypeVar("T")

MOST: Final = 8
"""Transactions in one commit: the first of them waits for the work of the last."""
NORMAL: Final = 1
"""SQLite's number for commits that the disk is not waited for: they outlive the process, not a power cut."""
SYNCED: Final = "synced"
"""Where a connection keeps the number it was set up with,"""
NOW: Final = "synced now"
"""and the one it has now."""


class _Order(asyncio.Future[T]):
    """A transaction: whoever waits for it may leave until it begins, and then hears of that at its end."""

    def __init__(self, work: Callable[[Connection], T], *, synced: bool) -> None:
        super().__init__(loop=asyncio.get_running_loop())
        self.work = work
        self.synced = synced
        self.context = contextvars.copy_context()
        self._patience: asyncio.TimerHandle | None = None
        self._begun = False

    def wait_in_line(self) -> None:
        """Give up when it has not begun for too long."""
        self._patience = self.get_loop().call_later(QUEUE_SECONDS, self._give_up)

    def _give_up(self) -> None:
        if not self.done():
            self.set_exception(TimeoutError())

    def begin(self) -> bool:
        """Whether anybody still waits for it."""
        if self._patience is not None:
            self._patience.cancel()
        self._begun = True
        return not self.done()

    @override
    def cancel(self, msg: Any = None) -> bool:
        return not self._begun and super().cancel(msg)

    def leave(self) -> None:
        """Its caller has gone."""
        if self._patience is not None:
            self._patience.cancel()
        if self.done() and not self.cancelled():
            self.exception()  # seen


class _Outcome(NamedTuple):
    result: Any
    error: BaseException | None


class SqliteWriter:
    """Runs transactions in the order in which they come, those that have come meanwhile together."""

    def __init__(self, connections: SqliteConnections) -> None:
        self.connections = connections
        self.sync_engine = connections.sync_engine
        self._thread: threads.WorkerThread | None = None
        self._line: deque[_Order[Any]] = deque()
        self._writing: asyncio.Future[Any] | None = None

    async def transact(self, work: Callable[[Connection], T], *, synced: bool) -> T:
        """Run it in a transaction; `synced`: it is on the disk afterwards, and outlives a power cut."""
        order = _Order(work, synced=synced)
        self._line.append(order)
        if self._writing is None:
            self._write()
        else:
            order.wait_in_line()
        with translated():
            try:
                return await order
            except (asyncio.CancelledError, TimeoutError):
                order.leave()
                if order in self._line:
                    self._line.remove(order)
                raise

    def _write(self) -> None:
        group: list[_Order[Any]] = []
        while self._line and len(group) < MOST:
            order = self._line.popleft()
            if order.begin():
                group.append(order)
        if not group:
            return
        if self._thread is None:
            self._thread = threads.WorkerThread("sqlite writer")
        self._writing = self._thread.do(self.connections.bound(partial(_together, group)))
        self._writing.add_done_callback(partial(self._written, group))

    def _written(self, group: Sequence[_Order[Any]], done: asyncio.Future[Sequence[_Outcome]]) -> None:
        self._writing = None
        trouble = done.exception()
        outcomes = done.result() if trouble is None else [_Outcome(None, trouble)] * len(group)
        try:
            for order, (result, error) in zip(group, outcomes, strict=True):
                if error is None:
                    order.set_result(result)
                else:
                    order.set_exception(error)
        finally:
            if self._writing is None:
                self._write()

    async def close(self) -> None:
        """Wait for what runs and stands in line, close the connection, end the thread; a later call begins it anew."""
        with suppress(TimeoutError):
            async with asyncio.timeout(threads.STOP_SECONDS):
                while self._writing is not None:
                    await asyncio.wait([self._writing])
        if self._thread is None:
            return
        thread, self._thread = self._thread, None
        if self._writing is not None:  # its disk hangs, and keeps no process from ending
            thread.end()
            return
        with translated():
            await thread.do(self.connections.close_all)
        thread.end()
        thread.join()


def _together(group: Sequence[_Order[Any]], connection: Connection) -> Sequence[_Outcome]:
    _set_synced(connection, synced=any(order.synced for order in group))
    with connection.begin():
        if len(group) == 1:
            return [_Outcome(_result(group[0], connection), None)]
        return [_apart(order, connection) for order in group]


def _apart(order: _Order[Any], connection: Connection) -> _Outcome:
    """What one did, or why nothing of it is done. Raises `StorageTrouble` if SQLite undid the others, too."""
    straight(connection, "SAVEPOINT apart", ())
    try:
        outcome = _Outcome(_result(order, connection), None)
    except BaseException as error:  # noqa: BLE001 - whoever asked is told
        if not driver_of(connection).in_transaction:
            # Of the others too, so not by the name of what one of them ran into.
            raise StorageTrouble(
                str(error)
                if isinstance(error, StorageTrouble) and not isinstance(error, Conflict)
                else UNREADABLE
            ) from None
        straight(connection, "ROLLBACK TO apart", ())
        outcome = _Outcome(None, error)
    straight(connection, "RELEASE apart", ())
    return outcome


def _result(order: _Order[T], connection: Connection) -> T:
    try:
        with translated():
            return order.context.run(order.work, connection)
    except StopIteration as ended:  # which no future takes
        raise RuntimeError("a transaction ended in StopIteration") from ended
    except BaseException as error:
        traceback.clear_frames(
            error.__traceback__
        )  # a cursor in them, half read, would hold its savepoint open
        raise


def _set_synced(connection: Connection, *, synced: bool) -> None:
    """Have the next commits wait for the disk, or not. Said only when it changes: each statement is a turn with the loop's thread."""
    known = connection.info
    if SYNCED not in known:
        ((known[SYNCED],),) = straight(connection, "PRAGMA synchronous", ())
        known[NOW] = known[SYNCED]
    level = known[SYNCED] if synced else min(known[SYNCED], NORMAL)
    if level != known[NOW]:
        straight(connection, f"PRAGMA synchronous = {level}", ())
        known[NOW] = level
