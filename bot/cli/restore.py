"""`easel restore`: puts a copy in the database's place.
Never here: how it is put there (`bot.storage.backup`, `bot.storage.transfer`)."""

from __future__ import annotations

import asyncio
from pathlib import Path  # noqa: TC003 - typer reads annotations when the program runs
from typing import Annotated

import typer

from bot.cli.ending import carry_out


def command(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="A file that `easel backup` made.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
) -> None:
    """Put a copy in the database's place, with the bot stopped; the replaced file is kept beside it."""
    from bot import config  # noqa: PLC0415 - `easel --help` should not wait for it
    from bot.cli.progress import bar  # noqa: PLC0415 - as above
    from bot.errors import StartupError  # noqa: PLC0415 - as above
    from bot.storage import backup  # noqa: PLC0415 - as above

    async def work() -> None:
        target = backup.file_of(config.load_local().database)
        if target is None:
            raise StartupError(
                "EASEL_DATABASE is no SQLite file. Into PostgreSQL: "
                f"easel copy sqlite:///{file} postgresql://… --replace"
            )
        if target.exists() and not yes:
            typer.confirm(f"Replace {target} (it is kept beside)?", abort=True)
        with bar() as show:
            jobs, kept = await asyncio.to_thread(
                lambda: backup.restore(file, target, progress=lambda done, all_: show("pages", done, all_))
            )
        typer.echo(f"{target} holds {jobs:,} jobs again.")
        if kept is not None:
            typer.echo(f"The database that was there is now {kept}.")

    carry_out(work())
