"""`python -m bot.sandbox.mjproxy`: a simulated server of the family as a program; its address is the first line.
Never here: the bot, or Discord's half of the sandbox."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from bot.sandbox.mjproxy.faults import ProxyFault, read_proxy_fault
from bot.sandbox.mjproxy.flavours import SPEEDS, Flavour
from bot.sandbox.mjproxy.server import SimulatedProxy
from bot.sandbox.upstream.faults import Fault, read_fault
from bot.sandbox.upstream.service import Settings
from bot.sandbox.upstream.tasks import Pace

POLL = 15.0
"""Seconds between a gateway's polls of its proxy."""


def _arguments() -> argparse.Namespace:
    faults = "\n".join(f"  {fault.value:22} {fault.about}" for kind in (ProxyFault, Fault) for fault in kind)
    parser = argparse.ArgumentParser(
        prog="python -m bot.sandbox.mjproxy",
        description="A simulated server of the /mj family on loopback. The key is sk-sandbox.",
        epilog=f"faults, written NAME[:TIMES][/ENDPOINT]:\n{faults}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--flavour", choices=[flavour.value for flavour in Flavour], default="trueai")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--speed", type=float, default=1.0, help="how many times faster than real ones")
    parser.add_argument("--slots", type=int, default=3, help="tasks running at once per speed")
    parser.add_argument("--canvas", type=int, default=1024, help="side of a square picture in pixels")
    parser.add_argument("--guest", action="store_true", help="take any key")
    parser.add_argument("--remix", action="store_true", help="the account is in Remix mode")
    parser.add_argument("--fixed-speed", choices=SPEEDS, help="the account behind it runs at this alone")
    parser.add_argument("--manual", action="store_true", help="tasks do not move by themselves")
    parser.add_argument(
        "--fault", action="append", default=[], metavar="NAME", help="may be given several times"
    )
    parser.add_argument("--quiet", action="store_true", help="do not print every call")
    return parser.parse_args()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def _main() -> int:
    arguments = _arguments()
    try:
        faults = [read_proxy_fault(spelled) or read_fault(spelled) for spelled in arguments.fault]
    except ValueError as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 2
    settings = Settings(
        pace=Pace(speed=arguments.speed),
        slots=arguments.slots,
        canvas=arguments.canvas,
        manual=arguments.manual,
        on_call=None if arguments.quiet else lambda call: _say(call.line),
    )
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    proxy = SimulatedProxy(
        Flavour(arguments.flavour),
        settings,
        port=arguments.port,
        guest=arguments.guest,
        remix=arguments.remix,
        fixed_speed=arguments.fixed_speed,
        lag=POLL / arguments.speed,
    )
    for planned in faults:
        proxy.fault(planned)
    async with proxy:
        # A gateway whose owner never said where it is believes to be on localhost:3000.
        _say(proxy.origin)
        await stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
