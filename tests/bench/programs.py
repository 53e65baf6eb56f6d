"""The bot, and a bare one beside it, as processes of their own between the doubles; what the system says they used.
Never here: the doubles' work, which stays in the measuring process, and figures."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.sandbox.app import settings_for
from bot.sandbox.upstream import SANDBOX_KEY

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator, Mapping

    from bot.sandbox.upstream import SimulatedUpstream
    from tests.fakes.discord_wire import FakeDiscord

ROOT: Final = Path(__file__).resolve().parents[2]
READY_S: Final = 120.0


def bare(fake: FakeDiscord, *modules: str) -> tuple[str, ...]:
    """The bare bot's command line, after `python`; it imports these modules, too, and does nothing with them."""
    return ("-m", "tests.bench.bare_bot", fake.api, fake.gateway, fake.token, *modules)


EASEL: Final = ("-m", "bot", "run")


def environ_of(fake: FakeDiscord, upstream: SimulatedUpstream, folder: Path, **more: str) -> dict[str, str]:
    """The environment of Easel's process; `more` are settings."""
    settings_for(upstream, folder / "easel.db")  # what it checks is checked here, with a better message
    settings = {
        "DISCORD_TOKEN": fake.token,
        "DISCORD_API": fake.api,
        "DISCORD_GATEWAY": fake.gateway,
        "API_KEY": SANDBOX_KEY,
        "API_URL": upstream.origin,
        "API_STORAGE": upstream.origin,
        "WSRV_ORIGIN": upstream.wsrv,
        "IMAGE_HOSTS": upstream.host,
        "DATABASE": f"sqlite+aiosqlite:///{(folder / 'easel.db').as_posix()}",
        "DEFAULT_RULES": "NORMAL=unlimited,FAST=unlimited",
        "SERVERS": "open",
        "SERVER_CEILING": "unlimited",
        "SHARD_COUNT": "1",
        "STOP_TIMEOUT": "3",
        "LOG_FORMAT": "json",
        "SECRETS_DIR": folder.as_posix(),
        **more,
    }
    return {f"EASEL_{name}": value for name, value in settings.items()}


@asynccontextmanager
async def running(
    fake: FakeDiscord, command: tuple[str, ...], folder: Path, environ: Mapping[str, str]
) -> AsyncIterator[Process]:
    """Run `python COMMAND` until the block ends, connected to the double; its log is in the folder."""
    began = len(fake.identified)
    with (folder / "program.log").open("ab") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, cwd=folder, env=_clean(environ), stdout=out, stderr=out
        )
    try:
        ready = asyncio.ensure_future(fake.until(lambda: len(fake.identified) > began, READY_S))
        ended = asyncio.ensure_future(process.wait())
        await asyncio.wait([ready, ended], return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            ready.cancel()
            raise RuntimeError((folder / "program.log").read_text()[-4000:])
        await ready
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), 20)
        except TimeoutError:
            process.kill()
            await process.wait()
        await fake.gone()


def _clean(environ: Mapping[str, str]) -> dict[str, str]:
    """This environment without settings of ours, and with the repository to import from."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("EASEL_")}
    return {**own, "PYTHONPATH": str(ROOT), **environ}


def cpu_s(pid: int) -> float:
    """What a process has used of the processor so far, all its threads that live, in seconds (Linux)."""
    used = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):
            used += int((thread / "schedstat").read_text().split()[0])
    return used / 1e9
