"""`easel keys`: keys with a cap and an end, for servers and accounts, over the database and the image API.
Never here: what making, capping and deleting mean (that is `bot.services.accounts.upstream_keys`)."""

from __future__ import annotations

import json
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from bot.cli.asking import require_yes
from bot.cli.ending import carry_out

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from datetime import datetime

    from bot.config import Settings
    from bot.domain.servers.guilds import Actor
    from bot.services.accounts.upstream_keys import KeyView, UpstreamKeys

group = typer.Typer(
    no_args_is_help=True, help="Keys with a cap and an end, for servers and accounts of yours."
)
Key = Annotated[
    str, typer.Argument(metavar="KEY", help="A key's tag, or whom it is for (see `easel keys list`).")
]
_ESCAPED: Final = re.compile(r"\\([^\w\s]|_)")
"""What Discord would read as markup, in sentences that may be shown there, too."""
AsJson = Annotated[bool, typer.Option("--json", help="For programs: one JSON document.")]
Cap = Annotated[int, typer.Option("--cap", help="Credits that may be paid with it, 1 at least.")]


@group.command("list")
def list_keys(*, as_json: AsJson = False) -> None:
    """Show the keys that were made here: what was spent of each cap, and when it ends. Never a key itself."""

    async def work(keys: UpstreamKeys) -> None:
        listing = await keys.every()
        if as_json:
            shown = [_as_json(view) for view in listing.keys]
            typer.echo(json.dumps({"keys": shown, "others": listing.others}))
            return
        if listing.keys:
            for view in listing.keys:
                typer.echo(_line(view))
        else:
            typer.echo("No key was made here yet: easel keys create ID --cap CREDITS --until DAY.")
        if listing.others:
            typer.echo(f"The account's other keys, which are not shown: {listing.others}")

    _with_keys(work)


@group.command("create")
def create(
    subject: Annotated[
        str,
        typer.Argument(metavar="FOR", help="A server's id, or the name of an account for EASEL_ACCOUNTS."),
    ],
    *,
    cap: Cap,
    until: Annotated[
        str, typer.Option("--until", help="Its last day (2027-01-31, UTC), or days from now (30d).")
    ],
    as_json: AsJson = False,
) -> None:
    """Make a key with a cap and an end. A server's becomes that server's own key at once, and nobody has to copy it."""
    from bot.clock import SystemClock  # noqa: PLC0415 - `easel --help` should not wait for it
    from bot.domain.upstream_keys import read_end  # noqa: PLC0415 - as above
    from bot.errors import UserError  # noqa: PLC0415 - as above
    from bot.texts import text  # noqa: PLC0415 - as above

    async def work(keys: UpstreamKeys) -> None:
        try:
            end = read_end(until, SystemClock().now())
        except ValueError:
            raise UserError(text("keys.end_form", typed=until)) from None
        made = await keys.make(subject.strip(), cap=cap, expires_at=end, actor=_owner())
        view = made.view
        if as_json:
            typer.echo(json.dumps(_as_json(view) | ({} if made.key is None else {"key": made.key})))
        else:
            typer.echo(_line(view))
            if made.key is None:
                typer.echo("It is that server's own key now, stored encrypted.")
            else:
                typer.echo(f"Shown this once; put it into EASEL_ACCOUNTS:\n  {view.subject}={made.key}")
        if made.key is not None:
            await keys.mark_key_shown(view.tag)

    _with_keys(work)


@group.command("cap")
def cap_key(
    key: Key, cap: Annotated[int, typer.Argument(help="Credits that may be paid with it, 1 at least.")]
) -> None:
    """Set another cap; what was spent before counts."""

    async def work(keys: UpstreamKeys) -> None:
        typer.echo(_line(await keys.cap(key, cap)))

    _with_keys(work)


@group.command("disable")
def disable(key: Key) -> None:
    """Let a key open nothing until it is enabled again; pictures on their way with it have to wait."""

    async def work(keys: UpstreamKeys) -> None:
        typer.echo(_line(await keys.disable(key)))

    _with_keys(work)


@group.command("enable")
def enable(key: Key) -> None:
    """Let a disabled key open the account again."""

    async def work(keys: UpstreamKeys) -> None:
        typer.echo(_line(await keys.disable(key, disabled=False)))

    _with_keys(work)


@group.command("delete")
def delete(key: Key, *, yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False) -> None:
    """Delete a key for good; a server then draws on your account again, if you let it in."""

    async def work(keys: UpstreamKeys) -> None:
        view = await keys.one(key)
        if not yes:
            typer.echo(_line(view))
            require_yes("Delete this key for good?")
        gone = await keys.delete(view.tag, actor=_owner())
        typer.echo(f"The key {gone.tag} of {gone.subject} is deleted.")

    _with_keys(work)


# -- parts ---------------------------------------------------------------------------------------------


def _with_keys(work: Callable[[UpstreamKeys], Awaitable[None]]) -> None:
    """Open the database and the image API; the bot may run beside it. Refusals become one sentence."""
    from bot import config, log  # noqa: PLC0415 - `easel --help` should not wait for it
    from bot.errors import RemoteError, StartupError, StorageTrouble, UserError  # noqa: PLC0415 - as above
    from bot.i18n import SOURCE, Catalogues  # noqa: PLC0415 - as above

    async def opened() -> None:
        settings = config.load()
        log.setup(style=settings.log_format, level="ERROR", secrets=settings.secrets())
        try:
            async with _upstream_keys(settings) as keys:
                await work(keys)
        except UserError as refusal:
            said = Catalogues.load().render(refusal.text, SOURCE)
            raise StartupError(_ESCAPED.sub(r"\1", said)) from None
        except (RemoteError, StorageTrouble) as trouble:
            raise StartupError(str(trouble)) from None

    carry_out(opened())


@asynccontextmanager
async def _upstream_keys(settings: Settings) -> AsyncIterator[UpstreamKeys]:
    from bot import log  # noqa: PLC0415 - as above
    from bot.clock import SystemClock  # noqa: PLC0415 - as above
    from bot.domain.accounts import ApiKind  # noqa: PLC0415 - as above
    from bot.domain.servers.guild_ports import NoModLog  # noqa: PLC0415 - as above
    from bot.image_accounts import open_accounts  # noqa: PLC0415 - as above
    from bot.metrics import NoMetrics  # noqa: PLC0415 - as above
    from bot.midjourney.transport import open_clients  # noqa: PLC0415 - as above
    from bot.services.accounts.own_keys import OwnKeys  # noqa: PLC0415 - as above
    from bot.services.accounts.pending_keys import PendingKeys  # noqa: PLC0415 - as above
    from bot.services.accounts.upstream_keys import UpstreamKeys  # noqa: PLC0415 - as above
    from bot.services.modlog.dispatcher import Dispatcher  # noqa: PLC0415 - as above
    from bot.storage.opening import open_storage  # noqa: PLC0415 - as above
    from bot.storage.vault import FernetVault  # noqa: PLC0415 - as above

    clock = SystemClock()
    async with open_storage(settings.database, migrate=False) as storage, open_clients() as clients:
        accounts = open_accounts(settings, clients)
        masters = [key.get_secret_value() for key in settings.master_key]
        stores = storage.guilds
        own_keys = OwnKeys(
            store=stores.keys,
            jobs=storage.jobs,
            vault=FernetVault(masters) if masters else None,
            allowed=settings.server_keys == "on" and settings.api_kind is ApiKind.OHMYGPT,
            open_account=accounts.direct.with_key,
            hide=log.hide,
            clock=clock,
            # Nobody listens here; the audit has the line, and the running bot uses the key some seconds later.
            dispatcher=Dispatcher(
                settings=stores.settings,
                records=stores.records,
                modlog=NoModLog(),
                clock=clock,
                metrics=NoMetrics(),
            ),
        )

        async def find(name: str) -> object | None:
            return accounts.apis.get(name)

        yield UpstreamKeys(
            admin=accounts.keys,
            own_keys=own_keys,
            find=find,
            jobs=storage.jobs,
            pending=PendingKeys(stores.memory),
            clock=clock,
        )


def _owner() -> Actor:
    """Whom the audit names: whoever sits at the command line has no id."""
    from bot.domain.servers.guilds import Actor  # noqa: PLC0415 - as above

    return Actor(0, "easel keys")


def _line(view: KeyView) -> str:
    """One key; nothing of it is cut, for other verbs take its first word."""
    state = "disabled" if view.disabled else "in use" if view.in_use else "not in use"
    used = "?" if view.used is None else f"{int(view.used):,}"
    cap = "no cap" if view.cap is None else f"{int(view.cap):,}"
    percent = "" if view.percent is None else f" ({view.percent} %)"
    ends = _ending(view)
    end = "never ends" if ends is None else f"ends {ends:%Y-%m-%d %H:%M} UTC"
    return f"{view.subject}  {state}  {view.tag}  spent {used} of {cap}{percent}  {end}"


def _as_json(view: KeyView) -> dict[str, Any]:
    return {
        "for": view.subject,
        "tag": view.tag,
        "used": None if view.used is None else str(view.used),
        "cap": None if view.cap is None else str(view.cap),
        "percent": view.percent,
        "ends": None if (ends := _ending(view)) is None else ends.isoformat(),
        "disabled": view.disabled,
        "in_use": view.in_use,
    }


def _ending(view: KeyView) -> datetime | None:
    from datetime import UTC, datetime  # noqa: PLC0415 - as above

    return None if view.expires_at is None else datetime.fromtimestamp(view.expires_at // 1000, UTC)
