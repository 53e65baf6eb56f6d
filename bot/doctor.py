"""`easel doctor`: looks at everything the bot needs, one check after the other, and says what to do about each.
Never here: repairs, anything that makes a file or costs money, and Discord's half (`bot.doctor_discord`)."""

from __future__ import annotations

import errno
import platform
import re
import shutil
import socket
from functools import partial
from importlib import metadata
from typing import TYPE_CHECKING, Final

import aiohttp

from bot.client import use_addresses
from bot.config import unknown_names
from bot.doctor_discord import clock_of, examine_discord
from bot.doctor_kind import looks_like_the_family
from bot.doctor_pictures import examine_hosts
from bot.domain.pools import Pool
from bot.domain.servers.access import ChannelPolicy
from bot.domain.upstream_keys import NEARLY_PERCENT
from bot.errors import RemoteError, RemoteFault, StartupError, StorageTrouble
from bot.finding import Finding, advice_on
from bot.image_accounts import OwnersApi, chat_of, open_accounts, picture_settings
from bot.midjourney.mjproxy.client import MjProxyApi
from bot.midjourney.mjproxy.reporting import report
from bot.midjourney.ohmygpt.client import MidjourneyApi
from bot.midjourney.ohmygpt.webhook import webhook_address
from bot.midjourney.transport import open_clients
from bot.storage import open_storage
from bot.storage.backup import file_of
from bot.storage.opening import require_writable, schema_state
from bot.storage.schema import SchemaState
from bot.storage.vault import FernetVault
from bot.unread_rules import examine_rules

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from bot.config import Settings
    from bot.domain.intake.drawing import ListedEngine
    from bot.domain.upstream_keys import KeyAdmin
    from bot.midjourney.openai.chat import OpenAiChat
    from bot.setting_types import ListenAddress

__all__ = ["Finding", "examine"]

LITTLE_DISK: Final = 200 * 1024 * 1024
"""Below this a busy bot is in danger: SQLite refuses to write when the disk is full."""
PATIENCE_S: Final = 10
BROKEN: Final = 500
KUBERNETES: Final = re.compile(r"EASEL(?:_[A-Z0-9]+)*_(?:SERVICE_HOST|SERVICE_PORT\w*|PORT|PORT_\d+_\w+)")
"""Names that Kubernetes adds for a service called easel."""


async def examine(settings: Settings, environ: Mapping[str, str] | None = None) -> AsyncIterator[Finding]:
    """Run every check; a failed one does not stop the others. Nothing is made or changed."""
    use_addresses(settings.discord_api, settings.discord_gateway)
    yield Finding(
        "version", fine=True, words=f"{metadata.version('easel-bot')}, Python {platform.python_version()}"
    )
    yield _ignored(settings, environ or {})
    state, finding = await _database(settings)
    yield finding
    yield _disk(settings)
    yield await _own_keys(settings, state)
    yield await examine_rules(settings.database, state)
    for name, listen in (
        ("EASEL_WEB_LISTEN", settings.web_listen),
        ("EASEL_HEALTH_LISTEN", settings.health_listen),
    ):
        if listen is not None:
            yield await _port(name, listen)
    yield await clock_of(settings.discord_api)

    async def policies(guild_id: int) -> ChannelPolicy:
        return await _policy(settings, state, guild_id)

    async for finding in examine_discord(settings, policies):
        yield finding
    async for finding in _upstream(settings):
        yield finding
    yield await _address(settings)


def _ignored(settings: Settings, environ: Mapping[str, str]) -> Finding:
    wrong = [said for said in unknown_names(environ) if not KUBERNETES.fullmatch(said.split()[0])]
    wrong += settings.idle
    if wrong:
        return Finding(
            "settings", fine=False, words=f"{'; '.join(wrong)}: that is ignored, mend or remove it"
        )
    return Finding("settings", fine=True, words="can be read, and none is ignored")


async def _database(settings: Settings) -> tuple[SchemaState | None, Finding]:
    """Open it as it is, without making or migrating it: a running bot may be using it."""
    try:
        state = await schema_state(settings.database)
        if state is SchemaState.CURRENT:
            async with open_storage(settings.database, migrate=False) as storage:
                await storage.check()
        else:
            require_writable(settings.database)
    except (StartupError, StorageTrouble) as error:
        return None, Finding("database", fine=False, words=str(error))
    words = {
        SchemaState.EMPTY: "none yet: `easel run` makes it",
        SchemaState.OLDER: "of an older version: `easel run` brings it up to date, after a copy",
        SchemaState.CURRENT: "can be read and written",
    }[state]
    return state, Finding("database", fine=True, words=words)


async def _policy(settings: Settings, state: SchemaState | None, guild_id: int) -> ChannelPolicy:
    if state is not SchemaState.CURRENT:
        return ChannelPolicy()
    try:
        async with open_storage(settings.database, migrate=False) as storage:
            return (await storage.guilds.settings.settings(guild_id)).channels
    except (StartupError, StorageTrouble):
        return ChannelPolicy()


async def _port(name: str, listen: ListenAddress) -> Finding:
    """Try to listen; where somebody else does, see whether that is Easel."""
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    try:
        with socket.socket(family) as metrics:
            metrics.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            metrics.bind((listen.host, listen.port))
    except OSError as error:
        where = f"{listen.host}:{listen.port}"
        if error.errno != errno.EADDRINUSE:
            return Finding(
                "port",
                fine=False,
                words=f"{name}: {where} cannot be listened on ({error.strerror}): name another",
            )
        if await _is_easel(listen):
            return Finding("port", fine=True, words=f"{name}: a running Easel answers on {where}")
        return Finding(
            "port",
            fine=False,
            words=f"{name}: another program listens on {where}: stop it, or name another port",
        )
    return Finding("port", fine=True, words=f"{name}: {listen.host}:{listen.port} is free")


async def _is_easel(listen: ListenAddress) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listen.host, listen.host)  # noqa: S104 - where to ask, not where to listen
    host = f"[{host}]" if ":" in host else host
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE_S)) as session,
            session.get(f"http://{host}:{listen.port}/healthz") as response,
        ):
            return response.headers.get("Server") == "Easel"
    except (aiohttp.ClientError, OSError):
        return False


def _disk(settings: Settings) -> Finding:
    try:
        path = file_of(settings.database)
    except StartupError:
        return Finding("disk", fine=True, words="not looked at: the database's address comes first")
    if path is None:
        return Finding("disk", fine=True, words="the database is elsewhere")
    folder = path.parent
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Finding("disk", fine=False, words=f"{folder} cannot be looked at: {error.strerror}")
    words = f"{free // 1024**2:,} MiB free in {folder}"
    if free < LITTLE_DISK:
        return Finding("disk", fine=False, words=f"{words}: make room, jobs are refused when it is full")
    return Finding("disk", fine=True, words=words)


async def _own_keys(settings: Settings, state: SchemaState | None) -> Finding:
    """Try the master keys on what is stored; their form was checked when the settings were read."""
    if not settings.master_key:
        return Finding("servers' keys", fine=True, words="off (no EASEL_MASTER_KEY)")
    if state in {SchemaState.EMPTY, SchemaState.OLDER}:
        return Finding("servers' keys", fine=True, words="none were looked at: the database comes first")
    vault = FernetVault([key.get_secret_value() for key in settings.master_key])
    try:
        async with open_storage(settings.database, migrate=False) as storage:
            stored = await storage.guilds.keys.every()
    except (StartupError, StorageTrouble):
        return Finding("servers' keys", fine=False, words="cannot be read while the database cannot")
    shut = sum(vault.open(key.account.guild_id, key.sealed) is None for key in stored)
    if shut:
        return Finding(
            "servers' keys",
            fine=False,
            words=f"{shut} of {len(stored)} open with no key of EASEL_MASTER_KEY: add the one that sealed them",
        )
    switched = "" if settings.server_keys == "on" else "switched off by EASEL_SERVER_KEYS; "
    return Finding("servers' keys", fine=True, words=f"{switched}{len(stored)} stored, all can be opened")


async def _upstream(settings: Settings) -> AsyncIterator[Finding]:
    async with open_clients() as clients:
        accounts = open_accounts(settings, clients)
        for name, api in accounts.apis.items():
            is_own = name == accounts.own_name
            account = settings.accounts.get(name)
            url = (None if is_own or account is None else account.url) or settings.api_url
            async for finding in _account(
                name, api, is_own=is_own, other=partial(looks_like_the_family, clients, url)
            ):
                yield finding
            if isinstance(api, MjProxyApi):
                allowed = picture_settings(settings).allowed
                async for finding in examine_hosts(api, allowed, of="" if is_own else f" ({name})"):
                    yield finding
            if isinstance(api, MidjourneyApi) and api.engine is not None:
                yield await _engine(api.engine, settings, "" if is_own else f" ({name})")
        if settings.helper_model is not None:
            yield await _helper(settings.helper_model, accounts.chat or chat_of(accounts.own))
        if any(isinstance(api, MidjourneyApi) for api in accounts.apis.values()):
            yield await _store(settings.api_storage)
        bank = accounts.balances.get(accounts.own_name)
        if bank is None:
            return
        try:
            balance = await bank.balance()
        except RemoteError as error:
            yield Finding(
                "balance", fine=False, words=f"cannot be read with EASEL_API_ADMIN_KEY: {error.message}"
            )
        else:
            yield Finding("balance", fine=balance.total > 0, words=f"{balance.total:,} credits")
        if accounts.keys is not None:
            yield await _managed_keys(accounts.keys, settings)


async def _engine(engine: ListedEngine, settings: Settings, of: str) -> Finding:
    """Whether the key's list of models names the second engine; nothing is drawn for it."""
    name, model = f"second engine{of}", engine.model.name
    try:
        offered = await engine.offered()
    except RemoteError as error:
        return Finding(name, fine=False, words=f"the list of models cannot be read: {error.message}")
    if not offered:
        words = (
            f"the key's list of models does not name {model}: give the key that permission, or name another"
        )
        return Finding(name, fine=False, words=words)
    if Pool.DRAW not in settings.default_rules:
        words = f"{model} is offered, but EASEL_DEFAULT_RULES names no DRAW: nobody may draw"
        return Finding(name, fine=False, words=words)
    return Finding(name, fine=True, words=f"the key may use {model}")


async def _helper(model: str, chat: OpenAiChat | None) -> Finding:
    """Look the model up in the list of the key's models, which costs nothing."""
    name = "prompt helper"
    if chat is None:
        return Finding(
            name,
            fine=False,
            words="off: this kind of API has no chat models: set EASEL_HELPER_KEY (and EASEL_HELPER_URL)",
        )
    try:
        known = await chat.models()
    except RemoteError as error:
        if error.fault in {RemoteFault.KEY, RemoteFault.UNREACHED}:
            return Finding(
                name,
                fine=False,
                words=f"off: {error.message}: give its key the permission for {model}, or set EASEL_HELPER_KEY",
            )
        words = f"{model}; its server lists no models ({error.message}), so neither it nor its address was looked up"
        return Finding(name, fine=True, words=words)
    if model not in known:
        return Finding(
            name, fine=False, words=f"its key may not use {model}: choose another EASEL_HELPER_MODEL"
        )
    return Finding(name, fine=True, words=f"{model} may be used")


async def _managed_keys(admin: KeyAdmin, settings: Settings) -> Finding:
    """Whether keys with caps can be made; nobody's key is told."""
    name = "keys with caps"
    try:
        listed = await admin.keys()
    except RemoteError as error:
        return Finding(
            name,
            fine=False,
            words=f"off: {error.message}: give the key in EASEL_API_ADMIN_KEY the management permission",
        )
    ours = [key for key in listed if key.subject is not None]
    full = sum((key.percent or 0) >= NEARLY_PERCENT for key in ours)
    if not settings.master_key:
        return Finding(
            name, fine=True, words=f"{len(ours)} made here; for servers they need EASEL_MASTER_KEY"
        )
    return Finding(
        name, fine=True, words=f"{len(ours)} made here, {full} with {NEARLY_PERCENT} % of the cap spent"
    )


async def _account(
    name: str, api: OwnersApi, *, is_own: bool, other: Callable[[], Awaitable[bool]]
) -> AsyncIterator[Finding]:
    of = "" if is_own else f" ({name})"
    try:
        if isinstance(api, MjProxyApi):
            await api.prove()
            words = "takes the key"
        else:
            page = await api.page(1, size=5)
            words = f"takes the key; {page.total} tasks on the account"
    except RemoteError as error:
        advice = advice_on(error.fault, None if is_own else name)
        yield Finding(f"image API{of}", fine=False, words=f"{error.message}: {advice}")
        known = error.fault in {RemoteFault.KEY, RemoteFault.BALANCE, RemoteFault.UNREACHED}
        if isinstance(api, MidjourneyApi) and not known and await other():
            words = "this looks like a server of the /mj family: choose the kind mj-proxy"
            yield Finding(f"kind of API{of}", fine=False, words=words)
        if isinstance(api, MidjourneyApi) or known:
            return
    else:
        yield Finding(f"image API{of}", fine=True, words=words)
    if isinstance(api, MjProxyApi):
        try:
            seen = await api.probe()
        except RemoteError as error:
            yield Finding(f"kind of API{of}", fine=False, words=f"{error.message}: try later")
            return
        for line in report(seen):
            yield Finding(f"{line.name}{of}", fine=line.fine, words=line.words)


async def _store(origin: str) -> Finding:
    """Any answer will do: it shows that pictures can be fetched from here."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE_S)) as session,
            session.get(origin, allow_redirects=False) as response,
        ):
            broken = response.status >= BROKEN
            status = response.status
    except (aiohttp.ClientError, OSError) as error:
        return Finding(
            "picture store",
            fine=False,
            words=f"{origin} cannot be reached ({type(error).__name__}): check the network and EASEL_API_STORAGE",
        )
    if broken:
        return Finding("picture store", fine=False, words=f"{origin} answers {status}: try again later")
    return Finding("picture store", fine=True, words=f"{origin} answers")


async def _address(settings: Settings) -> Finding:
    """Come in from outside: the public address must lead to a running bot's own page."""
    if settings.public_url is None:
        return Finding("webhooks", fine=True, words="off (no EASEL_PUBLIC_URL): the bot polls")
    # A token that no job has: the receiver answers 204 to every token.
    address = webhook_address(settings.public_url, "doctor" * 6)
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(str(address), json={}, allow_redirects=False) as response,
        ):
            status = response.status
    except (aiohttp.ClientError, OSError) as error:
        return Finding(
            "webhooks",
            fine=False,
            words=f"{settings.public_url} does not lead here ({type(error).__name__}): start the bot, then check the "
            "reverse proxy and EASEL_WEB_LISTEN",
        )
    if status != 204:  # noqa: PLR2004 - the receiver's one answer
        return Finding(
            "webhooks",
            fine=False,
            words=f"{settings.public_url} answers {status} instead of 204: something else listens there",
        )
    return Finding("webhooks", fine=True, words=f"{settings.public_url} leads to the receiver")
