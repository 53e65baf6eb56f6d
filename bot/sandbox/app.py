"""The real bot, set up for the stage: settings that need no environment, and a database that knows no commands.
Never here: the stage itself, and anything the real bot would do differently."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from bot import config
from bot.app import assemble
from bot.client import SYNCED
from bot.domain.accounts import ApiKind
from bot.sandbox.mjproxy.server import SimulatedProxy
from bot.sandbox.stage import GUILD_ID
from bot.sandbox.upstream import SANDBOX_KEY, Key, SimulatedUpstream
from bot.sandbox.upstream.chat import MODELS as CHAT_MODELS
from bot.sandbox.upstream.drawing import MODELS
from bot.setting_names import new_name

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from bot.config import Settings
    from bot.domain.ports import Clock, Guard
    from bot.process import App
    from bot.sandbox.upstream.loopback import LoopbackServer

MADE_UP_TOKEN: Final = "a-token-that-nobody-checks"  # noqa: S105 - the simulated Discord takes any
OWN_KEY: Final = "sk-robins-own"
KEYS: Final = {SANDBOX_KEY: Key(), OWN_KEY: Key(account="robin")}
"""What the simulated API takes: the deployment's key, and one that a server may bring for itself."""
ALLOWANCE: Final = "NORMAL=200/5/20,FAST=50/3/10,TURBO=25/2/6,DRAW=50/3/10"
STOP_S: Final = 3.0


def settings_for(
    upstream: LoopbackServer, database: Path, *, more: Mapping[str, str] | None = None
) -> Settings:
    """Settings from nothing but the stand-ins' addresses."""
    return config.load(
        {
            "EASEL_DISCORD_TOKEN": MADE_UP_TOKEN,
            "EASEL_API_KEY": SANDBOX_KEY,
            "EASEL_API_URL": upstream.origin,
            **_of_kind(upstream),
            "EASEL_WSRV_ORIGIN": upstream.wsrv,
            "EASEL_IMAGE_HOSTS": upstream.host,
            "EASEL_DATABASE": f"sqlite+aiosqlite:///{database.as_posix()}",
            "EASEL_DEFAULT_RULES": ALLOWANCE,
            "EASEL_SHARD_COUNT": "1",
            "EASEL_SERVERS": "open",
            "EASEL_SERVER_CEILING": "unlimited",
            "EASEL_STOP_TIMEOUT": f"{STOP_S:g}",
            "EASEL_LOG_LEVEL": "ERROR",
            **{new_name(name): value for name, value in (more or {}).items()},
        }
    )


def everything(upstream: LoopbackServer, *, master_key: str, listen: str) -> dict[str, str]:
    """What a deployment with all there is has set besides: own keys, `/ops`, a watched balance, `/draw`, a prompt helper."""
    admin = (
        {
            "EASEL_API_ADMIN_KEY": SANDBOX_KEY,
            "EASEL_ENGINE_MODEL": MODELS[0],
            "EASEL_HELPER_MODEL": CHAT_MODELS[0],
        }
        if isinstance(upstream, SimulatedUpstream)
        else {}
    )
    return {
        "EASEL_MASTER_KEY": master_key,
        "EASEL_OWNER_GUILD": str(GUILD_ID),
        "EASEL_WEB_LISTEN": listen,
        "EASEL_PUBLIC_URL": f"http://{listen}",
        **admin,
    }


def _of_kind(upstream: LoopbackServer) -> dict[str, str]:
    if isinstance(upstream, SimulatedProxy):
        return {"EASEL_API_KIND": ApiKind.MJ_PROXY.value}
    return {"EASEL_API_STORAGE": upstream.origin}


@asynccontextmanager
async def furnished(settings: Settings, *, guard: Guard, clock: Clock) -> AsyncIterator[App]:
    """The bot, ready for a stage that has never heard of its commands, whatever the database remembers."""
    async with assemble(settings, guard=guard, clock=clock) as app:
        await app.storage.meta.set(SYNCED, "")
        yield app
