"""`easel copy`: everything from one database into another, SQLite to PostgreSQL and back.
Never here: how it is copied (`bot.storage.transfer`)."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.ending import carry_out


def command(
    source: Annotated[str, typer.Argument(help="Where it is: sqlite:///easel.db, or postgresql://…")],
    target: Annotated[str, typer.Argument(help="Where it goes, written the same way.")],
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Throw away what jobs the target holds.")
    ] = False,
) -> None:
    """Copy everything into another database, with every Easel stopped; it may be done again, whatever happened."""
    from bot.cli.progress import bar  # noqa: PLC0415 - `easel --help` should not wait for it
    from bot.errors import StartupError  # noqa: PLC0415 - as above
    from bot.setting_types import spelled_database  # noqa: PLC0415 - as above
    from bot.storage.transfer import transfer  # noqa: PLC0415 - as above

    async def work() -> None:
        try:
            addresses = spelled_database(source), spelled_database(target)
        except ValueError as wrong:
            raise StartupError(f"An address {wrong}.") from None
        with bar() as show:
            copied = await transfer(*addresses, replace=replace, progress=show)
        for table in copied:
            typer.echo(f"{table.table:24}{table.rows:12,}")
        typer.echo("Everything arrived, both sides were counted. Now set EASEL_DATABASE to the target.")

    carry_out(work())
