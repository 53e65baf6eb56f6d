"""`easel sync`: tells Discord the commands, whatever it was told before.
Never here: the commands."""

from __future__ import annotations

import typer

from bot.cli.ending import carry_out


def command() -> None:
    """Tell Discord the commands now, changed or not (`easel run` does it when they changed)."""
    from bot import app, config  # noqa: PLC0415 - `easel --help` should not wait for discord.py

    async def work() -> None:
        count = await app.sync(config.load())
        typer.echo(f"Discord knows {count} commands.")

    carry_out(work())
