"""The command line as a whole: its verbs and `--version`.
Never here: what a verb does."""

from __future__ import annotations

from importlib import metadata
from typing import Annotated

import typer

from bot.cli import backup, doctor, keys, migrate, restore, run, sandbox, servers, setup, sync, transfer

cli = typer.Typer(
    name="easel",
    help="Midjourney on a Discord server, through OhMyGPT's Midjourney API.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:  # noqa: FBT001 - typer's own signature
    if asked:
        typer.echo(f"easel {metadata.version('easel-bot')}")
        raise typer.Exit


@cli.callback()
def easel(
    *,
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Midjourney on a Discord server, through OhMyGPT's Midjourney API."""


for name, verb in (
    ("setup", setup),
    ("run", run),
    ("doctor", doctor),
    ("sandbox", sandbox),
    ("backup", backup),
    ("restore", restore),
    ("copy", transfer),
    ("migrate", migrate),
    ("sync", sync),
):
    cli.command(name=name)(verb.command)

cli.add_typer(servers.group, name="servers")
cli.add_typer(keys.group, name="keys")
