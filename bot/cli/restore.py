"""`easel restore`: puts a copy in the database's place.
Never here: how it is put there (`bot.storage.backup`, `bot.storage.transfer`)."""

from __future__ import annotations

import asyncio
from pathlib import Path  # noqa: TC003 - typer reads annotations when the program runs
from typing import Annotated

import typer

from bot.cli.asking import require_yes
from bot.cli.ending import carry_out, do_and_tell


def command(
    file: Annotated[
        Path | None, typer.Argument(dir_okay=False, help="A file that `easel backup` made.")
    ] = None,
    *,
    restored: Annotated[
        bool,
        typer.Option(
            "--restored",
            help="No file: pg_restore, a snapshot or the like has put the database back, and this is the rest.",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
) -> None:
    """Put a copy in the database's place, with the bot stopped: what waited in it is looked for and never sent again.

    A replaced SQLite file is kept beside it; what a PostgreSQL database held is gone.
    """
    from bot import config  # noqa: PLC0415 - `easel --help` should not wait for it
    from bot.storage import backup  # noqa: PLC0415 - as above

    if (file is None) is not restored:
        raise typer.BadParameter(
            "name a file, or say --restored after other tools have put the database back."
        )

    async def work() -> None:
        url = config.load_local().database
        target = backup.file_of(url)
        if file is None:
            await _settle(url, yes=yes)
        elif target is None:
            await _into_server(file, url, yes=yes)
        else:
            await _into_file(file, target, yes=yes)

    carry_out(work())


async def _settle(url: str, *, yes: bool) -> None:
    from bot.storage import opening  # noqa: PLC0415 - as above

    if not yes:
        require_yes(
            "Is every Easel stopped, and was the database just put back? Nothing that waits in it will be sent."
        )
    waited = await opening.settle(url)
    typer.echo(
        f"{waited:,} jobs waited in the copy: they are looked for at the next start, and never sent again."
    )


async def _into_server(file: Path, url: str, *, yes: bool) -> None:
    from bot.cli.progress import bar  # noqa: PLC0415 - as above
    from bot.storage.backup import verify  # noqa: PLC0415 - as above
    from bot.storage.transfer import from_file  # noqa: PLC0415 - as above

    if not yes:
        await asyncio.to_thread(verify, file, by_rows=True)  # nobody is asked for what cannot be
        require_yes("Replace all that the database holds? Nothing of it is kept; `easel backup FILE` would.")
    with bar() as show:
        jobs = await from_file(file, url, progress=show)
    typer.echo(f"The database holds {jobs:,} jobs again.")


async def _into_file(file: Path, target: Path, *, yes: bool) -> None:
    from bot.cli.progress import bar  # noqa: PLC0415 - as above
    from bot.local_files import look_at  # noqa: PLC0415 - as above
    from bot.storage import backup  # noqa: PLC0415 - as above

    if not yes and look_at(target) is not None:
        await asyncio.to_thread(backup.verify, file)  # nobody is asked for what cannot be
        require_yes(f"Replace {target} (it is kept beside)?")

    def tell(restored: tuple[int, Path | None]) -> None:
        jobs, kept = restored
        typer.echo(f"{target} holds {jobs:,} jobs again.")
        typer.echo(
            "No database was there before: a bot that uses another one knows nothing of it."
            if kept is None
            else f"The database that was there is now {kept}."
        )

    with bar() as show:
        await do_and_tell(
            lambda: backup.restore(file, target, progress=lambda done, all_: show("pages", done, all_)), tell
        )
