"""`easel migrate`: brings the database to this program's version.
Never here: the steps from version to version (`bot.storage.migrations`)."""

from __future__ import annotations

import typer

from bot.cli.ending import carry_out


def command() -> None:
    """Bring the database to this program's version (`easel run` does it by itself, after a copy)."""
    from bot import config, log  # noqa: PLC0415 - `easel --help` should not wait for it
    from bot.storage.opening import migrate  # noqa: PLC0415 - as above

    async def work() -> None:
        settings = config.load_local()
        log.setup(style=settings.log_format, level=settings.log_level, secrets=settings.secrets())
        changed = await migrate(settings.database, keep=settings.backups_kept)
        typer.echo("The database was brought up to date." if changed else "The database is up to date.")

    carry_out(work())
