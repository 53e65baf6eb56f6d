"""What one act costs: CPU of this process, and the work of the database behind it, counted by itself; and databases to count on.
Never here: which acts, and on what rows."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event, text

from bot.storage.database import SqliteDatabase
from bot.storage.opening import open_storage
from bot.storage.prepared import driver_of
from tests.fixtures.forked_programs import FORKED
from tests.fixtures.postgres import NoServerError, running_server
from tests.fixtures.sqlite import migrated

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence

    from bot.storage.opening import Storage
    from tests.bench.report import Report
    from tests.fixtures.postgres import Server

    Work = Callable[[], Awaitable[int]]

WARM: Final = 8
"""Acts that are not counted: statements are compiled, pages read."""
A_FEW_PAGES: Final = 300
"""Rows."""
SQLITE: Final = "SQLite"
POSTGRES: Final = "PostgreSQL"


@dataclass(frozen=True, slots=True)
class Databases:
    """New, empty databases of the kinds that this machine has, migrated once for all of a kind."""

    folder: Path
    server: Server | None
    templates: list[str] = field(default_factory=list)
    """The PostgreSQL database that the others are copies of."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Their names."""
        return (SQLITE,) if self.server is None else (SQLITE, POSTGRES)

    async def new(self, kind: str) -> str:
        """The address of one that nobody has used."""
        if kind == POSTGRES and self.server is not None:
            if not self.templates:
                first = await self.server.create()
                async with open_storage(self.server.url(first), migrate=True):
                    self.templates.append(first)
            return self.server.url(await self.server.create(template=self.templates[0]))
        number = len(list(self.folder.iterdir()))
        (self.folder / str(number)).mkdir()
        return migrated(self.folder / str(number) / "easel.db")


@contextmanager
def databases() -> Iterator[Databases]:
    """SQLite always; PostgreSQL where its programs are, without fsync, as the tests have it."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            with running_server() as server:
                yield Databases(Path(folder), server)
        except NoServerError:
            yield Databases(Path(folder), None)


async def in_a_process(
    work: Callable[..., Coroutine[Any, Any, dict[str, float]]], *words: object
) -> dict[str, float]:
    """What a measurement in a process of its own found."""
    with ProcessPoolExecutor(1, mp_context=FORKED) as pool:
        return await asyncio.get_running_loop().run_in_executor(pool, _finished, work, words)


def _finished(
    work: Callable[..., Coroutine[Any, Any, dict[str, float]]], words: tuple[object, ...]
) -> dict[str, float]:
    return asyncio.run(work(*words))


def counter(storage: Storage) -> Work:
    """Tells how much the database has done until now: steps of SQLite's machine, or rows that PostgreSQL read."""
    return _Steps(storage).read if isinstance(storage.database, SqliteDatabase) else _Rows(storage).read


async def cost(
    name: str,
    act: Callable[[int], Awaitable[object]],
    times: int,
    work: Work,
    *,
    after: Callable[[], Awaitable[object]] | None = None,
) -> dict[str, float]:
    """Do it so many times; milliseconds (the lower half of the runs) and the database's work on average.

    `after` undoes what was done, and is not counted.
    """
    spent: list[float] = []
    total = 0
    for n in range(WARM + times):
        counted, began = await work(), time.process_time()
        await act(n)
        took = time.process_time() - began
        if n >= WARM:
            spent.append(took)
            total += await work() - counted
        if after is not None:
            await after()
    calm = sorted(spent)[: max(1, len(spent) // 2)]
    return {f"{name} ms": round(statistics.mean(calm) * 1_000, 2), f"{name} work": round(total / times)}


def judge_growth(report: Report, kind: str, acts: Sequence[str], goal: float) -> None:
    """The largest of each act's figures over the smallest.

    Whether PostgreSQL reads a table of a page or two whole is its planner's choice: so few rows count as the same.
    """
    mine = [row for row in report.rows if row["database"] == kind]
    for act in acts:
        for unit, least in (("ms", 0.01), ("work", 0 if kind == SQLITE else A_FEW_PAGES)):
            values = [max(least, row[f"{act} {unit}"]) for row in mine]
            report.at_most(f"{kind}: {act}, {unit}: largest : smallest", max(values) / min(values), goal)


async def settle(storage: Storage) -> None:
    """Have PostgreSQL know its tables, as it does a minute after they were filled."""
    if not isinstance(storage.database, SqliteDatabase):
        await storage.database.read(lambda cn: cn.execute(text("ANALYZE")))


class _Steps:
    """Counts what SQLite's machine does, on all connections of a storage."""

    EVERY = 10

    def __init__(self, storage: Storage) -> None:
        database = storage.database
        assert isinstance(database, SqliteDatabase)
        self._count = 0
        for connections in (database._writer.connections, database._reader):
            event.listen(connections.sync_engine, "connect", self._listen)
            for connection in connections._idle:
                self._listen(driver_of(connection))

    def _listen(self, connection: object, *_: object) -> None:
        raw: sqlite3.Connection = connection  # type: ignore[assignment]  # the pool gives it untyped
        raw.set_progress_handler(self._more, self.EVERY)

    def _more(self) -> int:
        self._count += self.EVERY
        return 0

    async def read(self) -> int:
        """Steps until now."""
        return self._count


class _Rows:
    """Asks PostgreSQL's statistics how many rows and index entries it has read. One act at a time: they share a connection."""

    _FLUSH = text("SELECT pg_stat_force_next_flush()")
    _COUNT = text(
        "SELECT (SELECT SUM(seq_tup_read) FROM pg_stat_user_tables)"
        " + (SELECT SUM(idx_tup_read) FROM pg_stat_user_indexes)"
    )

    def __init__(self, storage: Storage) -> None:
        self._database = storage.database

    async def read(self) -> int:
        """Rows until now."""
        await self._database.read(lambda cn: cn.execute(self._FLUSH))
        return int(await self._database.read(lambda cn: cn.execute(self._COUNT).scalar_one()))
