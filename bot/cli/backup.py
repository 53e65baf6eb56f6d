"""`easel backup`: a whole, checked copy of the database, also while the bot runs.
Never here: how it is copied (`bot.storage.backup`)."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads annotations when the program runs
from typing import Annotated

import typer

from bot.cli.ending import carry_out, do_and_tell


def command(
    file: Annotated[Path, typer.Argument(help="Where the copy goes; a directory gets a file with the time.")],
) -> None:
    """Copy the database into a file, as it stands at one moment; the bot may go on running."""
    from datetime import UTC, datetime  # noqa: PLC0415 - `easel --help` should not wait for it

    from bot import config  # noqa: PLC0415 - as above
    from bot.cli.progress import bar  # noqa: PLC0415 - as above
    from bot.local_files import is_directory, real  # noqa: PLC0415 - as above
    from bot.storage import backup  # noqa: PLC0415 - as above
    from bot.storage.transfer import into_file  # noqa: PLC0415 - as above

    async def work() -> None:
        settings = config.load_local()
        target = real(file)
        if is_directory(target):
            target /= f"easel-{datetime.now(UTC).strftime('%Y%m%dT%H%M%SZ')}.db"
        source = backup.file_of(settings.database)

        def tell(jobs: int) -> None:
            typer.echo(f"{target} holds everything, {jobs:,} jobs; it was opened and checked.")

        with bar() as show:
            if source is not None:
                await do_and_tell(
                    lambda: backup.take(
                        source, target, progress=lambda done, all_: show("pages", done, all_)
                    ),
                    tell,
                )
            else:
                tell(await into_file(settings.database, target, progress=show))

    carry_out(work())
