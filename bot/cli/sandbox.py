"""`easel sandbox`: the bot between two stand-ins, for newcomers.
Never here: the stand-ins (`bot.sandbox`, which nothing else imports)."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path  # noqa: TC003 - typer reads annotations when the program runs
from typing import Annotated, Final

import typer

from bot.cli.ending import carry_out
from bot.domain.accounts import ApiKind

NO_SIMCORD: Final = "The sandbox needs one more package; this installs it: pip install '{package}'"


def command(
    *,
    speed: Annotated[
        float, typer.Option(min=0.1, max=50, help="How many times faster than life Midjourney is played.")
    ] = 4.0,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The page's port on this machine; 0 takes a free one.")
    ] = 8765,
    fault: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Something that goes wrong, may be repeated; `help` lists them."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(file_okay=False, help="Where to keep database and tasks for the next time.")
    ] = None,
    api: Annotated[
        ApiKind, typer.Option(help="Which kind of image API is played.", case_sensitive=False)
    ] = ApiKind.OHMYGPT,
    tour: Annotated[
        bool, typer.Option("--tour", help="Walk through ten things; each is noticed when it was done.")
    ] = False,
    browser: Annotated[bool, typer.Option(help="Open the page by itself.")] = True,
) -> None:
    """Try everything with no account and no network: the real bot between two stand-ins, in your browser."""
    typer.secho("Opening the sandbox …", dim=True)
    try:
        from bot.sandbox import run as play  # noqa: PLC0415 - `easel --help` should not wait for it
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] != "simcord":
            raise
        asked = metadata.requires("easel-bot") or ()
        simcord = next(line.partition(";")[0].strip() for line in asked if line.startswith("simcord"))
        typer.secho(NO_SIMCORD.format(package=simcord), err=True, fg="red")
        raise typer.Exit(1) from None
    if fault and "help" in fault:
        typer.echo(play.known_faults())
        return
    wishes = play.Wishes(
        speed=speed, port=port, faults=fault or (), data=data, browser=browser, kind=api, tour=tour
    )
    carry_out(play.run(wishes), failed=1)  # no supervisor reads what a newcomer tries by hand
