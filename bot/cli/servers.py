"""`easel servers`: the owner's policy over the database alone, a server a line.
Never here: Discord, and what the policy means (that is `owner_policy`)."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.ending import carry_out
from bot.errors import StartupError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from bot.config import LocalSettings
    from bot.services.accounts.owner_policy import OwnerPolicy, ServerView

group = typer.Typer(no_args_is_help=True, help="Which servers draw on your accounts, and how much at most.")


def _id(typed: str) -> int:
    return _read(typed, "is no server's id; Discord's Copy Server ID gives one")


def _application_id(typed: str) -> int:
    return _read(typed, "is no application's id; Discord's developer portal shows it")


def _read(typed: str, otherwise: str) -> int:
    from bot.domain.tenancy import read_id  # noqa: PLC0415 - as above

    found = read_id(typed)
    if found is None:
        raise typer.BadParameter(f"“{typed}” {otherwise}.")
    return found


ServerId = Annotated[
    int, typer.Argument(parser=_id, metavar="ID", help="What Discord's *Copy Server ID* gives.")
]


def _with_servers(work: Callable[[OwnerPolicy], Awaitable[None]]) -> None:
    """Open the database alone: neither Discord nor the image API is asked, and the bot may run beside it."""
    from bot import config, log  # noqa: PLC0415 - as above

    async def opened() -> None:
        settings = config.load_local()
        log.setup(style=settings.log_format, level="WARNING", secrets=settings.secrets())
        async with _owner_policy(settings) as policy:
            await work(policy)

    carry_out(opened())


async def _print_server(policy: OwnerPolicy, server: int) -> None:
    typer.echo(_line(await policy.view(server)))


@group.command("list")
def list_servers() -> None:
    """Show every known server: whether it is let in, what it has used, and its ceiling."""

    async def work(policy: OwnerPolicy) -> None:
        views = await policy.every()
        for view in views:
            typer.echo(_line(view))
        if not views:
            typer.echo("No server is known yet: the bot notes them when it is connected to Discord.")

    _with_servers(work)


@group.command("let-in")
def let_in(server: ServerId) -> None:
    """Let a server draw on your accounts."""

    async def work(policy: OwnerPolicy) -> None:
        await policy.let_in(server, by=None)
        await _print_server(policy, server)

    _with_servers(work)


@group.command("shut-out")
def shut_out(server: ServerId) -> None:
    """Keep a server off your accounts; what it was promised before is brought to its end."""

    async def work(policy: OwnerPolicy) -> None:
        await policy.shut_out(server)
        await _print_server(policy, server)

    _with_servers(work)


@group.command("ceiling")
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


@group.command("application")
def application(
    application_id: Annotated[
        int,
        typer.Argument(
            parser=_application_id, metavar="ID", help="The *Application ID* in Discord's developer portal."
        ),
    ],
) -> None:
    """Say that your bot is another application now: data of servers in which that one is not goes a month after its next start."""
    from bot.services.presence import move_to  # noqa: PLC0415 - as above

    async def work(policy: OwnerPolicy) -> None:
        await move_to(policy.memory, application_id)
        typer.echo(
            f"The servers are application {application_id}'s now. At its next start those in which it is not count as left, "
            "and their data is deleted a month later."
        )

    _with_servers(work)


@asynccontextmanager
async def _owner_policy(settings: LocalSettings) -> AsyncIterator[OwnerPolicy]:
    """Open it as the bot would; raises `StartupError` if the database cannot be used."""
    from bot.clock import SystemClock  # noqa: PLC0415 - `easel --help` should not wait for it
    from bot.services.accounts.owner_policy import OwnerPolicy, OwnerTerms  # noqa: PLC0415 - as above
    from bot.storage.opening import open_storage  # noqa: PLC0415 - as above

    async with open_storage(settings.database, migrate=False) as storage:
        yield OwnerPolicy(
            store=storage.tenants,
            terms=OwnerTerms(access=settings.servers, usual=settings.server_ceiling),
            clock=SystemClock(),
            memory=storage.meta,
        )


def _line(view: ServerView) -> str:
    """One server."""
    server, used = view.server, view.used
    state = "let in" if view.admitted else "shut out" if server.shut_at is not None else "not let in"
    name = "".join(c if c.isprintable() else "?" for c in server.name) or "(never seen)"
    gone = ", the bot has left" if server.left_at is not None else ""
    return (
        f"{server.guild_id}  {state}{gone}  {name}  owner {server.owner_id or '?'}  today {used.today}, month {used.month}, "
        f"running {used.running}, waiting {used.waiting}  ceiling {view.ceiling}"
    )
