"""Statements that run for every job: compiled once, and handed to SQLite's driver as they are.
Never here: what they say, and statements whose text depends on their values (`IN` with any number of keys).

SQLAlchemy takes longer to run such a statement than SQLite does (measured: 0.05 ms of 0.07 with all memory warm; of the
9 ms that one command cost the database's threads in a process that was idle, SQLite and its commits took 2.4). On PostgreSQL, whose round trips cost more than either, it goes through SQLAlchemy.
What is read comes as plain values: so these read text and whole numbers, which are the same in both, and a truth value only
where 0 and 1 will do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.dialects import sqlite

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Executable
    from sqlalchemy.engine import Connection
    from sqlalchemy.sql.compiler import SQLCompiler

_DIALECT: Final = sqlite.dialect(paramstyle="qmark")


def driver_of(connection: Connection) -> sqlite3.Connection:
    """The driver's own connection."""
    driver: sqlite3.Connection = connection.connection.dbapi_connection  # type: ignore[assignment]  # the pool knows no driver
    return driver


def straight(connection: Connection, sql: str, values: Sequence[Any]) -> sqlite3.Cursor:
    """Run it within the transaction that SQLAlchemy began there."""
    return driver_of(connection).execute(sql, values)


class Prepared:
    """One statement. Each time it is given values of the same names, or a `KeyError` is raised."""

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._sql = ""
        self._names: Sequence[str] = ()
        self._constants: Mapping[str, Any] = {}
        self._given = 0

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """All that it reads."""
        if connection.dialect.name != _DIALECT.name:
            return connection.execute(self._statement, values).all()
        return self._run(connection, values).fetchall()

    def by_name(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Mapping[Any, Any]]:
        """All that it reads, each row by the names of its columns."""
        if connection.dialect.name != _DIALECT.name:
            return connection.execute(self._statement, values).mappings().all()
        cursor = self._run(connection, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def column(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """The first value of each row that it reads."""
        return [row[0] for row in self.rows(connection, values)]

    def value(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """The first value of the first row that it reads, or None."""
        if connection.dialect.name != _DIALECT.name:
            return connection.execute(self._statement, values).scalar()
        row = self._run(connection, values).fetchone()
        return None if row is None else row[0]

    def write(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """How many rows it changed."""
        if connection.dialect.name != _DIALECT.name:
            return connection.execute(self._statement, values).rowcount
        return self._run(connection, values).rowcount

    def write_each(self, connection: Connection, each: Collection[Mapping[str, Any]]) -> None:
        """Run it once for each."""
        if connection.dialect.name != _DIALECT.name and each:
            connection.execute(self._statement, list(each))
            return
        for values in each:
            self._run(connection, values)

    def _run(self, connection: Connection, values: Mapping[str, Any]) -> sqlite3.Cursor:
        if not self._sql:
            self._compile(values)
        if len(values) != self._given:
            raise KeyError(f"{len(values)} values were given to a statement of {self._given}")
        given: dict[str, Any] = {**self._constants, **values}
        return straight(connection, self._sql, [given[name] for name in self._names])

    def _compile(self, values: Mapping[str, Any]) -> None:
        compiled: SQLCompiler = self._statement.compile(dialect=_DIALECT, column_keys=list(values))  # type: ignore[attr-defined]  # every statement has it
        self._names = compiled.positiontup or ()
        self._constants = {
            name: value
            for name, value in compiled.params.items()
            if name in self._names and name not in values
        }
        self._given = len(values)
        self._sql = str(compiled)
