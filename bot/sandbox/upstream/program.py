"""A simulated service as a program of its own: the options all stand-ins share; its origin is the first line.
Never here: the bot, or Discord's half of the sandbox."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from typing import TYPE_CHECKING

from bot.sandbox.upstream.service import Settings
from bot.sandbox.upstream.tasks import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from enum import Enum

    from bot.sandbox.upstream.loopback import LoopbackServer


def options(prog: str, about: str, faults: Iterable[Enum], spelled: str) -> argparse.ArgumentParser:
    """What every stand-in takes; `spelled` says how its faults are written."""
    listed = "\n".join(f"  {fault.value:22} {getattr(fault, 'about', '')}" for fault in faults)
    parser = argparse.ArgumentParser(
        prog=prog,
        description=f"{about} The key is sk-sandbox.",
        epilog=f"faults, written {spelled}:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--speed", type=float, default=1.0, help="how many times faster than real ones")
    parser.add_argument("--slots", type=int, default=None, help="tasks running at once per pool")
    parser.add_argument("--canvas", type=int, default=1024, help="side of a square picture in pixels")
    parser.add_argument("--manual", action="store_true", help="tasks do not move by themselves")
    parser.add_argument(
        "--fault", action="append", default=[], metavar="NAME", help="may be given several times"
    )
    parser.add_argument("--quiet", action="store_true", help="do not print every call")
    return parser


def settings_of(arguments: argparse.Namespace) -> Settings:
    """The service that was asked for."""
    return Settings(
        pace=Pace(speed=arguments.speed),
        slots=arguments.slots,
        canvas=arguments.canvas,
        manual=arguments.manual,
        on_call=None if arguments.quiet else lambda call: _say(call.line),
    )


def play(make: Callable[[], LoopbackServer]) -> int:
    """Serve until SIGTERM or SIGINT; what cannot be made (`ValueError`) is said, with status 2."""
    try:
        server = make()
    except ValueError as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 2
    asyncio.run(_serve(server))
    return 0


async def _serve(server: LoopbackServer) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with server:
        _say(server.origin)
        await stop.wait()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
