"""SQLite's connections, each in a thread of its own in which whole transactions run.
Never here: which of them write, and PostgreSQL."""

from __future__ import annotations

from threading import local
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import create_engine, event
from sqlalchemy.pool import NullPool

from bot.storage.errors import translated
from bot.storage.prepared import driver_of
from bot.storage.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import URL, Connection, Engine

T = TypeVar("T")

QUEUE_SECONDS: Final = 30
"""How long a transaction waits in line for a connection."""


def arguments(busy_ms: int) -> dict[str, Any]:
    """What the driver is told of each connection."""
    return {"isolation_level": None, "timeout": busy_ms / 1_000}


def set_up(engine: Engine, pragmas: tuple[str, ...]) -> None:
    """Run these pragmas at the beginning of each connection."""

    def run(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    event.listen(engine, "connect", run)


class SqliteConnections:
    """Threads in which whole transactions run, each with a connection of its own to one file."""

    def __init__(self, url: URL, busy_ms: int, *, most: int, pragmas: tuple[str, ...]) -> None:
        self.sync_engine = create_engine(
            url.set(drivername="sqlite+pysqlite"),
            hide_parameters=True,
            poolclass=NullPool,
            connect_args=arguments(busy_ms) | {"check_same_thread": False},
        )
        set_up(self.sync_engine, pragmas)
        self._threads = Threads(most, name="sqlite", patience_s=QUEUE_SECONDS)
        self._of_thread = local()
        self._idle: set[Connection] = set()
        """One in which a statement hangs is no other thread's to close."""

    async def look(self, work: Callable[[Connection], T]) -> T:
        """Run it without one."""

        def visit(connection: Connection) -> T:
            try:
                return work(connection)
            finally:
                connection.rollback()  # SQLAlchemy's idea of one; SQLite was told of none

        with translated():
            return await self._threads.run(self.bound(visit))

    def bound(self, work: Callable[[Connection], T]) -> Callable[[], T]:
        """Work on the connection of whichever thread runs it."""

        def run() -> T:
            with translated():
                connection = self._connection()
                self._idle.discard(connection)
                try:
                    return work(connection)
                finally:
                    self._idle.add(connection)
                    if connection.in_transaction() or driver_of(connection).in_transaction:
                        self._leave(connection)  # it could not even be undone

        return run

    def _connection(self) -> Connection:
        """This thread's own. Taking one out of a pool and giving it back each time took longer than most transactions."""
        connection: Connection | None = getattr(self._of_thread, "connection", None)
        if connection is None or connection.closed:
            connection = self._of_thread.connection = self.sync_engine.connect()
        return connection

    def _leave(self, connection: Connection) -> None:
        self._idle.discard(connection)
        connection.close()

    async def close(self) -> None:
        """Wait for what runs, close the connections, end the threads."""
        with translated():
            await self._threads.close(self.close_all)

    def close_all(self) -> None:
        """Close those in which nothing runs, in whatever thread."""
        for connection in list(self._idle):
            self._leave(connection)
