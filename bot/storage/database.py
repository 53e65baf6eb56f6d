"""Connections and transactions, and all that differs between SQLite and PostgreSQL: threads, locks, begin mode, pools.
Never here: tables and queries."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlencode

from sqlalchemy import event, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from bot.errors import StartupError, StorageTrouble
from bot.local_files import is_directory
from bot.storage.errors import Conflict, commit_translated, translated
from bot.storage.prepared import straight
from bot.storage.sqlite_connections import SqliteConnections, arguments, set_up
from bot.storage.sqlite_writer import SqliteWriter
from bot.storage.threads import undisturbed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from sqlalchemy.engine import URL, Connection
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

T = TypeVar("T")

BUSY_MS: Final = 5_000
"""How long a statement waits for a lock of another process before it gives up."""
READERS: Final = 4
"""Reading connections of SQLite, each with a thread of its own."""
CONNECTIONS: Final = 10
"""Connections to PostgreSQL."""
CONNECT_SECONDS: Final = 10
COMMAND_SECONDS: Final = 30
"""How long we wait for PostgreSQL's answer to one statement, or for a free connection."""
PATIENT_SECONDS: Final = 6 * 3600
"""The same where an operator waits, for what goes through all there is: only a server that fell silent takes longer."""
LOG_KEPT_BYTES: Final = 64 * 1024 * 1024
"""To what SQLite's write-ahead log is cut after a burst."""

AT_WORK: Final = "easel"
"""What a process that works on a PostgreSQL database for long is called in the server's list of connections."""
VISITING: Final = "easel (command)"
"""The same of a verb that comes and goes."""

LIBPQ_READ: Final = frozenset(
    {
        *("sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslpassword", "sslnegotiation"),
        *(
            "ssl_min_protocol_version",
            "ssl_max_protocol_version",
            "target_session_attrs",
            "passfile",
            "options",
        ),
    }
)
"""Parameters of libpq's addresses that asyncpg reads from an address too."""
LIBPQ_LEFT_OUT: Final = frozenset(
    {
        "channel_binding",
        "gssencmode",
        "connect_timeout",
        "application_name",
        "pgbouncer",
        "fallback_application_name",
    }
)
"""Such that neither asyncpg nor the server takes, or that we set ourselves; the connection stands without them."""

SQLITE: Final = "sqlite"
POSTGRES: Final = "postgresql"
_DRIVERS: Final = frozenset({"sqlite", "sqlite+aiosqlite", "postgresql", "postgresql+asyncpg"})
UNREADABLE: Final = (
    "The database's address cannot be read: write it like sqlite:///easel.db or postgresql://user:password@host:5432/name, "
    "with @, : and / in a password as %40, %3A and %2F."
)

# A transaction is a plain function of a connection, so the same code runs on both: for SQLite as a whole in one of our
# threads (a driver that hands over each statement spends more time on that than SQLite on the work), for PostgreSQL
# over asyncpg.


class _Reporting:
    """Counts the transactions that run, and tells somebody of each that failed, for the meters."""

    on_trouble: Callable[[str], None] | None = None
    running = 0
    """How many were begun and have not come back."""

    async def _run(self, visit: Awaitable[T]) -> T:
        self.running += 1
        try:
            return await visit
        except Conflict:  # an answer, no trouble
            raise
        except StorageTrouble as trouble:
            if self.on_trouble is not None:
                self.on_trouble(str(trouble))
            raise
        finally:
            self.running -= 1


class SqliteDatabase(_Reporting):
    """One SQLite file: one writing connection and a few readers. Its errors are `StorageTrouble`."""

    def __init__(self, url: URL, *, busy_ms: int) -> None:
        self._url, self._busy_ms = url, busy_ms
        writing = SqliteConnections(
            url,
            busy_ms,
            most=1,
            pragmas=(
                "journal_mode = WAL",
                f"journal_size_limit = {LOG_KEPT_BYTES}",
                # FULL, not NORMAL: in WAL mode NORMAL may lose the last commits when the power fails. A lost
                # SUBMITTING row would be sent, and paid, again (design §1.4).
                "synchronous = FULL",
                "foreign_keys = ON",
            ),
        )
        # The driver opens no transaction of its own (isolation_level None), so we do, and as a writer from the
        # start: a transaction that begins by reading cannot wait for the write lock later, it fails at once.
        event.listen(
            writing.sync_engine, "begin", lambda connection: straight(connection, "BEGIN IMMEDIATE", ())
        )
        self._writer = SqliteWriter(writing)
        self._reader = SqliteConnections(url, busy_ms, most=READERS, pragmas=("query_only = ON",))
        self._copier = SqliteConnections(url, busy_ms, most=1, pragmas=("synchronous = FULL",))

    async def write(self, work: Callable[[Connection], T], *, synced: bool = True) -> T:
        """Run `work` in a transaction that commits at its end and is undone by any exception.

        Writers queue for the one connection, first come, first served. What is not `synced` outlives this process, but
        perhaps no power cut: for what somebody waits for, and nobody pays for.
        """
        return await self._run(self._writer.transact(work, synced=synced))

    async def write_at_length(self, work: Callable[[Connection], T]) -> T:
        """The same: SQLite's statements may always take their time."""
        return await self.write(work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on a reading connection; each of its statements sees one consistent moment."""
        return await self._run(self._reader.look(work))

    async def copy_log(self) -> None:
        """Copy what stands in the write-ahead log into the file, beside the writers.

        SQLite does it by itself within a commit, every thousand pages: who writes much at a time spares others that.
        """
        copying = "PRAGMA wal_checkpoint(PASSIVE)"
        await self._run(self._copier.look(lambda cn: cn.exec_driver_sql(copying).all()))

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """A connection on which everything is read as it stands at one moment."""
        async with self._by_steps(_begin, "query_only = ON") as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that the caller fills step by step; undone by any exception."""
        async with self._by_steps(_begin_immediate, "journal_mode = WAL", "foreign_keys = ON") as connection:
            yield connection

    @asynccontextmanager
    async def _by_steps(
        self, begin: Callable[[Connection], None], *pragmas: str
    ) -> AsyncIterator[AsyncConnection]:
        from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415 - it brings the whole ORM along, which a start does not need

        engine = create_async_engine(
            self._url.set(drivername="sqlite+aiosqlite"),
            hide_parameters=True,
            poolclass=NullPool,
            connect_args=arguments(self._busy_ms),
        )
        set_up(engine.sync_engine, pragmas)
        event.listen(engine.sync_engine, "begin", begin)
        with translated():
            async with engine.begin() as connection:
                yield connection

    async def close(self) -> None:
        """Finish what runs, close every connection and end the threads."""
        await self._reader.close()
        await self._copier.close()
        await self._writer.close()


class PostgresDatabase(_Reporting):
    """One PostgreSQL database, through a pool of connections. Its errors are `StorageTrouble`."""

    def __init__(self, url: URL, *, busy_ms: int, called: str = VISITING) -> None:
        self._writer = _postgres(
            url,
            busy_ms,
            COMMAND_SECONDS,
            called,
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_timeout=COMMAND_SECONDS,
            pool_pre_ping=True,
        )
        self._patient = _postgres(url, busy_ms, PATIENT_SECONDS, called, poolclass=NullPool)
        self._reader = self._writer.execution_options(isolation_level="AUTOCOMMIT")

    async def write(self, work: Callable[[Connection], T], *, synced: bool = True) -> T:  # noqa: ARG002 - the server's own setting decides
        """Run `work` in a transaction that commits at its end and is undone by any exception."""
        return await self._run(undisturbed(asyncio.ensure_future(_transact(self._writer, work))))

    async def write_at_length(self, work: Callable[[Connection], T]) -> T:
        """The same for what goes through all there is, and may take its time."""
        return await self._run(undisturbed(asyncio.ensure_future(_transact(self._patient, work))))

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on a connection without a transaction; each of its statements sees one consistent moment."""
        return await self._run(undisturbed(asyncio.ensure_future(_look(self._reader, work))))

    async def copy_log(self) -> None:
        """Nothing: the server does so by itself, beside everybody."""

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """A connection on which everything is read as it stands at one moment."""
        with translated():
            async with (
                self._patient.execution_options(isolation_level="REPEATABLE READ").connect() as connection,
                connection.begin(),
            ):
                yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that the caller fills step by step; undone by any exception."""
        with translated():
            async with self._patient.begin() as connection:
                yield connection

    async def close(self) -> None:
        """Close every connection."""
        await self._writer.dispose()


Database = SqliteDatabase | PostgresDatabase


def open_database(url: str, *, busy_ms: int = BUSY_MS, called: str = VISITING) -> Database:
    """Make ready for an address; nothing is connected yet. `called`: by which name PostgreSQL knows us."""
    parsed = read_address(url)
    if parsed.drivername not in _DRIVERS:
        raise StartupError(
            f"Easel cannot use a database of the kind {parsed.drivername}: "
            "set EASEL_DATABASE to sqlite+aiosqlite:///… or postgresql+asyncpg://…."
        )
    try:
        if parsed.drivername.startswith(SQLITE):
            return SqliteDatabase(_named(parsed).set(drivername="sqlite+aiosqlite"), busy_ms=busy_ms)
        return PostgresDatabase(parsed.set(drivername="postgresql+asyncpg"), busy_ms=busy_ms, called=called)
    except ModuleNotFoundError:
        raise StartupError(
            "PostgreSQL needs the driver asyncpg: install Easel with its extra `postgres`."
        ) from None
    except (ArgumentError, ValueError):  # what stands behind its question mark
        raise StartupError(UNREADABLE) from None


def read_address(url: str) -> URL:
    """Take a database's address apart; raises `StartupError`, which shows nothing of it: a password stands there."""
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        raise StartupError(UNREADABLE) from None


def lock(connection: Connection, name: str) -> None:
    """Hold back other transactions that name the same lock, until this one ends.

    SQLite's only writer needs no such thing. On PostgreSQL it is an advisory lock: it guards what is counted before
    it is inserted, where there is no row yet to lock.
    """
    if connection.dialect.name == POSTGRES:
        number = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)
        connection.execute(select(func.pg_advisory_xact_lock(number)))


async def _connect(**how: Any) -> Any:
    """Connect as asyncpg does; an address that it does not understand is its owner's to mend."""
    import asyncpg  # type: ignore[import-untyped]  # it has no types  # noqa: PLC0415 - who uses SQLite has none

    try:
        return await asyncpg.connect(**how)
    except (TypeError, ValueError):
        raise StartupError(
            "PostgreSQL's driver does not understand the database's address: "
            "check its host, and in EASEL_DATABASE each word behind the question mark."
        ) from None


def _postgres(url: URL, busy_ms: int, seconds: int, called: str, **pool: Any) -> AsyncEngine:
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415 - as above

    url, dsn = _as_asyncpg_takes_it(url)
    return create_async_engine(
        url,
        hide_parameters=True,
        connect_args={
            "async_creator_fn": _connect,
            "dsn": dsn,
            "timeout": CONNECT_SECONDS,
            "command_timeout": seconds,
            "server_settings": {
                "application_name": called,
                "jit": "off",
                "lock_timeout": str(busy_ms),
            },
        },
        **pool,
    )


def _as_asyncpg_takes_it(url: URL) -> tuple[URL, str]:
    """Sort out what libpq's address knows and SQLAlchemy's dialect does not, as managed databases hand it out.

    asyncpg reads TLS and its like from an address of its own, which holds nothing else then.
    """
    for_asyncpg = {name: value for name, value in url.query.items() if name in LIBPQ_READ}
    rest = url.difference_update_query([*LIBPQ_READ, *LIBPQ_LEFT_OUT])
    return rest, "postgresql://?" + urlencode(for_asyncpg, doseq=True)


def _named(url: URL) -> URL:
    """Insist on a file whose directory exists. SQLite's own `file:` spelling is left to SQLite."""
    if url.database is None or url.database in {"", ":memory:"}:
        raise StartupError(
            "A database in memory would forget every job: name a file, like sqlite+aiosqlite:///easel.db."
        )
    directory = Path(url.database).parent
    if not url.database.startswith("file:") and not is_directory(directory):
        raise StartupError(
            f"The directory of the database does not exist: create {directory}, or name another file in EASEL_DATABASE."
        )
    return url


async def _transact(engine: AsyncEngine, work: Callable[[Connection], T]) -> T:
    with translated():
        async with engine.connect() as connection, connection.begin() as transaction:
            done = await connection.run_sync(work)
            with commit_translated():
                await transaction.commit()
            return done


async def _look(engine: AsyncEngine, work: Callable[[Connection], T]) -> T:
    with translated():
        async with engine.connect() as connection:
            return await connection.run_sync(work)


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def plain(words: str) -> str:
    """Spell text so that both databases take it: upstream's JSON may hold NUL and lone surrogates, which they refuse."""
    if words.isascii() and "\0" not in words:
        return words
    return words.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
