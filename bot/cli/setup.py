"""`easel setup`: asks for what only the owner knows, tries it, writes `.env`, offers to start.
Never here: the tries themselves (`bot.setup_checks`) and the file's form (`bot.env_file`)."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot.cli.asking import ask_secret, confirm
from bot.cli.ending import carry_out

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeVar

    from bot.config import Settings

    T = TypeVar("T")

TOKEN: Final = "EASEL_DISCORD_TOKEN"  # noqa: S105 - a setting's name
KEY: Final = "EASEL_API_KEY"
MASTER: Final = "EASEL_MASTER_KEY"
MADE_UP: Final = {TOKEN: "not.asked.yet", KEY: "sk-not-asked-yet"}
"""Stand in for what was not tried yet while the other settings are read."""
MOST_TRIES: Final = 5


def command(
    *,
    env_file: Annotated[Path, typer.Option("--env-file", help="The file that is written.")] = Path(".env"),
    no_input: Annotated[
        bool,
        typer.Option(
            "--no-input", help=f"Ask nothing: {TOKEN} and {KEY} come from the environment or the file."
        ),
    ] = False,
    wait: Annotated[
        float, typer.Option("--wait", min=0, help="Seconds to wait for the bot to be invited.")
    ] = 900.0,
    start: Annotated[
        bool | None, typer.Option("--start/--no-start", help="Start the bot at the end, or do not ask.")
    ] = None,
) -> None:
    """Set Easel up: check the token and the key, invite the bot, write the settings."""
    from bot.cli import run  # noqa: PLC0415 - `easel --help` should not wait for it

    dialogue = _Dialogue(env_file, asks=not no_input)
    carry_out(dialogue.hold(wait=0.0 if no_input else wait))
    if start is None:
        start = dialogue.asks and sys.stdin.isatty() and confirm("Start the bot now?", default=True)
    if start:
        typer.echo(
            f"On the server, type /imagine. Ctrl-C stops the bot here; {_command(env_file)} starts it again."
        )
        run.serve(dialogue.settings)
    else:
        typer.echo(
            f"Start it with {_command(env_file)}; `easel doctor` instead of `easel run` looks at everything."
        )


def _command(env_file: Path) -> str:
    """How the bot is started with what stands in a file: of itself it reads only `.env`."""
    path = env_file.absolute()
    if path.name == ".env":
        return f"`easel run` in {path.parent}"
    link = (
        f"ln -s {shlex.quote(str(path))} .env"  # no shell may read it: it cuts at blanks what is not quoted
    )
    return f"`easel run` in a folder where `{link}` was done (systemd reads the file as EnvironmentFile=, Docker as --env-file)"


class _Dialogue:
    """Questions and what was answered."""

    def __init__(self, path: Path, *, asks: bool) -> None:
        from bot import env_file  # noqa: PLC0415 - only this verb waits for it

        self._file = env_file
        self._path = path
        self.asks = asks
        self.chosen: dict[str, str] = {}
        self._refused: list[str] = []
        """Names in the environment whose value was replaced by an answer."""

    async def hold(self, *, wait: float) -> None:
        """Ask, try, write. Raises `StartupError`."""
        from cryptography.fernet import Fernet  # noqa: PLC0415 - only this verb waits for it

        from bot import setup_checks as checks  # noqa: PLC0415 - as above
        from bot.clock import SystemClock  # noqa: PLC0415 - as above
        from bot.invitation import invite_link  # noqa: PLC0415 - as above
        from bot.local_files import look_at  # noqa: PLC0415 - as above

        look_at(self._path)  # before anybody is asked: it has to be written at the end
        self.settings()  # and no answer would mend another setting
        known = await self._tried(
            TOKEN, "The bot's token (Discord's developer portal, Bot)", checks.identify_bot
        )
        typer.secho(f"✔ Discord knows the bot as {known.name}.", fg="green")
        typer.echo(
            f"Invite it with exactly the permissions that it needs:\n  {invite_link(known.application_id)}"
        )
        if wait:
            typer.echo("Waiting until it is on a server …")
        servers = await checks.wait_for_servers(self.settings(), SystemClock(), seconds=wait)
        if servers:
            typer.secho(f"✔ It is on {', '.join(servers[:5])}{' …' * (len(servers) > 5)}.", fg="green")  # noqa: PLR2004 - a line's worth
        else:
            typer.secho("It is on no server yet; open the link when you like.", fg="yellow")
        account = await self._tried(
            KEY, "Key of the image API: OhMyGPT's with the Midjourney permission", checks.try_key
        )
        tasks = "" if account.tasks is None else f"; {account.tasks:,} tasks on the account"
        typer.secho(f"✔ The image API takes the key{tasks}.", fg="green")
        left = account.credits_left
        typer.echo("  Balance: " + ("this key may not read it." if left is None else f"{left:,} credits."))
        self._show_allowances()
        if not self._given(MASTER):
            self.chosen[MASTER] = Fernet.generate_key().decode()
            typer.echo(
                "A master key was made: it encrypts keys that servers bring. Keep it apart from backups."
            )
        await asyncio.to_thread(self._file.write, self._path, self._as_they_were_named())
        typer.secho(f"✔ {self._path} is written; nobody else may read it.", fg="green")
        for name in self._refused:
            typer.secho(
                f"{name} in the environment goes before {self._path} and was refused: remove it there.",
                fg="yellow",
            )

    # -- answers -----------------------------------------------------------------------------------------

    def _given(self, name: str) -> str:
        return next((source[name] for source in self._sources()[::-1] if source.get(name)), "")

    def _sources(self) -> list[dict[str, str]]:
        """What is known already, by today's names, the most particular last."""
        from bot import config  # noqa: PLC0415 - as above
        from bot.setting_names import by_new_name  # noqa: PLC0415 - as above

        sources = config.sources(self._path)
        return [{name: said.value for name, said in by_new_name(source).items()} for source in sources]

    def _as_they_were_named(self) -> dict[str, str]:
        """Who uses an old name for a setting keeps it: two names of one would contradict each other."""
        from bot.setting_names import new_name  # noqa: PLC0415 - as above

        names = {new_name(name): name for name in (*os.environ, *self._file.read(self._path))}
        return {names.get(name, name): value for name, value in self.chosen.items()}

    def settings(self) -> Settings:
        """The settings as they are to be: those of the file and the environment, and what passed or is tried now."""
        from bot import config  # noqa: PLC0415 - as above

        sources = (*self._sources(), MADE_UP, self.chosen)
        return config.load({name: value for source in sources for name, value in source.items()})

    async def _tried(self, name: str, question: str, check: Callable[[Settings], Awaitable[T]]) -> T:
        """Ask until the answer passes; what is there already is tried first."""
        from bot.errors import StartupDelayed, StartupError  # noqa: PLC0415 - as above
        from bot.setting_names import by_new_name  # noqa: PLC0415 - as above
        from bot.setup_checks import NoSuchApi  # noqa: PLC0415 - as above

        answer = self._given(name)
        for tries in range(MOST_TRIES):
            if not answer:
                answer = self._ask(name, question)
            self.chosen[name] = answer
            try:
                settings = self.settings()
                found = await check(settings)
            except (StartupDelayed, NoSuchApi):
                raise  # whoever is away, or somebody else, said nothing about the answer
            except StartupError as error:
                if not self.asks or tries == MOST_TRIES - 1:
                    raise
                typer.secho(f"✖ {error}", fg="red")
                answer = ""
                continue
            read = getattr(settings, name.removeprefix("EASEL_").lower())
            self.chosen[name] = read.get_secret_value()
            overruling = by_new_name(os.environ).get(name)
            if tries and overruling is not None:
                self._refused.append(overruling.name)
            return found
        raise AssertionError(name)

    def _ask(self, name: str, question: str) -> str:
        from bot.errors import StartupError  # noqa: PLC0415 - as above

        if self.asks and sys.stdin.isatty():
            return ask_secret(f"{question} (stays hidden)")
        answer = sys.stdin.readline().strip() if self.asks else ""
        if not answer:
            raise StartupError(
                f"{name} is not set, and there is nobody to ask: set it and start setup again."
            )
        return answer

    def _show_allowances(self) -> None:
        from rich.console import Console  # noqa: PLC0415 - only this verb waits for it
        from rich.table import Table  # noqa: PLC0415 - as above

        table = Table(
            "Pool", "a day", "at once", "waiting", title="Everyone's allowance (EASEL_DEFAULT_RULES)"
        )
        for pool, rule in self.settings().default_rules.items():
            numbers = (rule.per_day, rule.running, rule.waiting)
            table.add_row(pool.value, *("unlimited" if n is None else str(n) for n in numbers))
        Console().print(table)
