"""Connections and transactions, and all that differs between SQLite and PostgreSQL: locks, begin mode, pools.
Never here: tables and queries."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.errors import StartupError
from bot.storage.troubles import translated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from sqlalchemy.engine import URL, Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

BUSY_MS: Final = 5_000
"""How long a statement waits for a lock of another process before it gives up."""
READERS: Final = 4
"""Reading connections of SQLite, each with a thread of its own."""
CONNECTIONS: Final = 10
"""Connections to PostgreSQL."""
CONNECT_SECONDS: Final = 10
COMMAND_SECONDS: Final = 30
"""How long we wait for PostgreSQL's answer to one statement."""
LOG_KEPT_BYTES: Final = 64 * 1024 * 1024
"""To what SQLite's write-ahead log is cut after a burst."""

SQLITE: Final = "sqlite"
POSTGRES: Final = "postgresql"


@dataclass(frozen=True, slots=True)
class Database:
    """One open database. Every error of it that leaves a block of `read` or `write` is a `StorageTrouble`."""

    dialect: str
    writer: AsyncEngine
    reader: AsyncEngine
    turn: AbstractAsyncContextManager[Any] = field(default_factory=nullcontext)
    """Whose turn it is to write: SQLite has one writer, so writers queue here and not in the busy handler."""

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that commits at the end of the block and is undone by any exception."""
        with translated():
            async with self.turn, self.writer.begin() as connection:
                yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection for reading; each statement sees one consistent moment, two may see different ones."""
        with translated():
            async with self.reader.connect() as connection:
                yield connection

    async def lock(self, connection: AsyncConnection, name: str) -> None:
        """Hold back other transactions that name the same lock, until this one ends.

        SQLite's only writer needs no such thing. On PostgreSQL it is an advisory lock: it guards what is counted
        before it is inserted, where there is no row yet to lock.
        """
        if self.dialect == POSTGRES:
            number = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)
            await connection.execute(select(func.pg_advisory_xact_lock(number)))

    async def close(self) -> None:
        """Close every connection and end its thread."""
        await self.reader.dispose()
        await self.writer.dispose()


def open_database(url: str, *, busy_ms: int = BUSY_MS) -> Database:
    """Make the engines for an address; nothing is connected yet."""
    try:
        parsed = make_url(url)
        if parsed.drivername == "sqlite+aiosqlite":
            return _sqlite(parsed, busy_ms)
        if parsed.drivername == "postgresql+asyncpg":
            return _postgres(parsed, busy_ms)
    except (ArgumentError, NoSuchModuleError):
        raise StartupError(
            "The database's address cannot be read: write it like sqlite+aiosqlite:///easel.db."
        ) from None
    except ModuleNotFoundError:
        raise StartupError(
            "PostgreSQL needs the driver asyncpg: install Easel with its extra `postgres`."
        ) from None
    raise StartupError(
        f"Easel cannot use a database of the kind {parsed.drivername}: "
        "set DATABASE to sqlite+aiosqlite:///… or postgresql+asyncpg://…."
    )


def sqlite_file(url: str) -> Path | None:
    """Name the file of a SQLite address; None for other addresses and for SQLite's own `file:` spelling."""
    parsed = make_url(url)
    database = parsed.database
    if parsed.get_backend_name() != SQLITE or database is None or database.startswith("file:"):
        return None
    return Path(database)


def _sqlite(url: URL, busy_ms: int) -> Database:
    if url.database in {None, "", ":memory:"}:
        raise StartupError(
            "A database in memory would forget every job: name a file, like sqlite+aiosqlite:///easel.db."
        )
    writer = _sqlite_engine(
        url,
        busy_ms,
        connections=1,
        pragmas=(
            "journal_mode = WAL",
            f"journal_size_limit = {LOG_KEPT_BYTES}",
            # FULL, not NORMAL: in WAL mode NORMAL may lose the last commits when the power fails. A lost SUBMITTING
            # row would be sent, and paid, again (design §1.4).
            "synchronous = FULL",
            "foreign_keys = ON",
        ),
    )
    # The driver opens no transaction of its own (isolation_level None), so we do, and as a writer from the start: a
    # transaction that begins by reading cannot wait for the write lock later, it fails at once.
    event.listen(writer.sync_engine, "begin", _begin_immediate)
    reader = _sqlite_engine(url, busy_ms, connections=READERS, pragmas=("query_only = ON",))
    return Database(SQLITE, writer, reader, asyncio.Lock())


def _sqlite_engine(url: URL, busy_ms: int, *, connections: int, pragmas: tuple[str, ...]) -> AsyncEngine:
    engine = create_async_engine(
        url,
        hide_parameters=True,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=COMMAND_SECONDS,
        connect_args={"isolation_level": None, "timeout": busy_ms / 1_000},
    )

    def set_up(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    event.listen(engine.sync_engine, "connect", set_up)
    return engine


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _postgres(url: URL, busy_ms: int) -> Database:
    engine = create_async_engine(
        url,
        hide_parameters=True,
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=COMMAND_SECONDS,
        pool_pre_ping=True,
        connect_args={
            "timeout": CONNECT_SECONDS,
            "command_timeout": COMMAND_SECONDS,
            "server_settings": {"application_name": "easel", "jit": "off", "lock_timeout": str(busy_ms)},
        },
    )
    return Database(POSTGRES, engine, engine.execution_options(isolation_level="AUTOCOMMIT"))
