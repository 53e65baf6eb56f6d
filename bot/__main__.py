"""The `easel` command: run, sandbox, sync, migrate, doctor, servers.
Never here: what they do; each verb calls one function."""

from __future__ import annotations

import asyncio
import os
import sys
from importlib import metadata
from pathlib import Path  # noqa: TC003 - typer reads annotations when the program runs
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot.errors import StartupError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from bot.services.accounts.owner_policy import OwnerPolicy

cli = typer.Typer(
    name="easel",
    help="Midjourney on a Discord server, through OhMyGPT's Midjourney API.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

NO_SIMCORD: Final = "The sandbox needs one more package; this installs it: pip install '{package}'"


def _do(work: Coroutine[None, None, None]) -> None:
    """Run it; what keeps the program from starting is one sentence and exit status 1."""
    try:
        asyncio.run(work)
    except StartupError as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


@cli.command()
def run() -> None:
    """Run the bot, with the settings of the environment, `.env` or a secrets directory."""
    from bot import app, config  # noqa: PLC0415 - `easel --help` should not wait for discord.py

    async def work() -> None:
        settings = config.load()
        for sentence in config.unknown_names(os.environ):
            typer.secho(sentence, err=True, fg="yellow")
        await app.run(settings)

    _do(work())


@cli.command()
def sandbox(
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
    browser: Annotated[bool, typer.Option(help="Open the page by itself.")] = True,
) -> None:
    """Try everything with no account and no network: the real bot between two stand-ins, in your browser."""
    typer.secho("Opening the sandbox …", dim=True)
    try:
        from bot.sandbox import run as play  # noqa: PLC0415 - as above
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
    _do(play.run(play.Wishes(speed=speed, port=port, faults=fault or (), data=data, browser=browser)))


@cli.command()
def migrate() -> None:
    """Bring the database to this program's version (`easel run` does it by itself)."""
    from bot import config, log  # noqa: PLC0415 - as above
    from bot.storage.opening import migrate as bring_up  # noqa: PLC0415 - as above

    async def work() -> None:
        settings = config.load_local()
        log.setup(style=settings.log_format, level=settings.log_level, secrets=settings.secrets())
        changed = await bring_up(settings.database)
        typer.echo("The database was brought up to date." if changed else "The database is up to date.")

    _do(work())


@cli.command()
def sync() -> None:
    """Tell Discord the commands now, changed or not (`easel run` does it when they changed)."""
    from bot import app, config  # noqa: PLC0415 - as above

    async def work() -> None:
        count = await app.sync(config.load())
        typer.echo(f"Discord knows {count} commands.")

    _do(work())


@cli.command()
def doctor() -> None:
    """Look at everything the bot needs and say what to do about it; exit status 1 if something is wrong."""
    from rich.console import Console  # noqa: PLC0415 - as above

    from bot import config  # noqa: PLC0415 - as above
    from bot.doctor import examine  # noqa: PLC0415 - as above

    console = Console(highlight=False)

    async def work() -> None:
        bad = 0
        async for finding in examine(config.load()):
            bad += not finding.fine
            mark = "[green]✔[/]" if finding.fine else "[red]✖[/]"
            console.print(f"{mark} [bold]{finding.name}[/]", end=" ")
            console.print(finding.words, markup=False)
        if bad:
            raise typer.Exit(1)

    _do(work())


servers = typer.Typer(no_args_is_help=True, help="Which servers draw on your accounts, and how much at most.")
cli.add_typer(servers, name="servers")
ServerId = Annotated[int, typer.Argument(min=1, metavar="ID", help="What Discord's *Copy Server ID* gives.")]


def _with_servers(work: Callable[[OwnerPolicy], Awaitable[None]]) -> None:
    """Open the database alone: neither Discord nor the image API is asked, and the bot may run beside it."""
    from bot import config, log  # noqa: PLC0415 - as above
    from bot.servers import owner_policy  # noqa: PLC0415 - as above

    async def opened() -> None:
        settings = config.load_local()
        log.setup(style=settings.log_format, level="WARNING", secrets=settings.secrets())
        async with owner_policy(settings) as policy:
            await work(policy)

    _do(opened())


async def _print_server(policy: OwnerPolicy, server: int) -> None:
    from bot.servers import line  # noqa: PLC0415 - as above

    typer.echo(line(await policy.view(server)))


@servers.command("list")
def list_servers() -> None:
    """Show every known server: whether it is let in, what it has used, and its ceiling."""
    from bot.servers import line  # noqa: PLC0415 - as above

    async def work(policy: OwnerPolicy) -> None:
        views = await policy.every()
        for view in views:
            typer.echo(line(view))
        if not views:
            typer.echo("No server is known yet: the bot notes them when it is connected to Discord.")

    _with_servers(work)


@servers.command("let-in")
def let_in(server: ServerId) -> None:
    """Let a server draw on your accounts."""

    async def work(policy: OwnerPolicy) -> None:
        await policy.let_in(server, by=None)
        await _print_server(policy, server)

    _with_servers(work)


@servers.command("shut-out")
def shut_out(server: ServerId) -> None:
    """Keep a server off your accounts; what it was promised before is brought to its end."""

    async def work(policy: OwnerPolicy) -> None:
        await policy.shut_out(server)
        await _print_server(policy, server)

    _with_servers(work)


@servers.command("ceiling")
def ceiling(
    server: ServerId,
    most: Annotated[
        str, typer.Argument(help="A day/a month/at once/waiting, such as 300/3000/3/50; unlimited; usual.")
    ],
) -> None:
    """Limit what a server draws on your accounts, whatever its moderators decide; `usual` takes it back."""
    from bot.domain.tenancy import parse_ceiling  # noqa: PLC0415 - as above

    async def work(policy: OwnerPolicy) -> None:
        try:
            given = None if most.strip().lower() == "usual" else parse_ceiling(most)
        except ValueError as error:
            raise StartupError(f"A ceiling {error}; `usual` takes it back.") from None
        await policy.set_ceiling(server, given)
        await _print_server(policy, server)

    _with_servers(work)


def main() -> None:
    """Entry point of the `easel` script."""
    if sys.version_info < (3, 11):  # noqa: UP036 - a clear sentence for whoever runs it from a checkout
        sys.exit("Easel needs Python 3.11 or newer.")
    cli()


if __name__ == "__main__":
    main()
