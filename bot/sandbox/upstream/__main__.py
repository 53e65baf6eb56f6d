"""`python -m bot.sandbox.upstream`: the simulated service as a program of its own; its origin is the first line.
Never here: the bot, or Discord's half of the sandbox."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from bot.sandbox.upstream.faults import Fault, read_fault
from bot.sandbox.upstream.server import SimulatedUpstream
from bot.sandbox.upstream.service import Settings
from bot.sandbox.upstream.tasks import Pace


def _arguments() -> argparse.Namespace:
    faults = "\n".join(f"  {fault.value:22} {fault.about} ({fault.scope.value})" for fault in Fault)
    parser = argparse.ArgumentParser(
        prog="python -m bot.sandbox.upstream",
        description="A simulated OhMyGPT Midjourney API on loopback. The key is sk-sandbox.",
        epilog=f"faults, written NAME[:TIMES][@CHANCE][/ENDPOINT]:\n{faults}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument(
        "--speed", type=float, default=1.0, help="how many times faster than the real service"
    )
    parser.add_argument("--slots", type=int, default=None, help="tasks running at once per pool")
    parser.add_argument("--canvas", type=int, default=1024, help="side of a square picture in pixels")
    parser.add_argument("--manual", action="store_true", help="tasks move only through /control/task")
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
        faults = [read_fault(spelled) for spelled in arguments.fault]
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
    upstream = SimulatedUpstream(settings, port=arguments.port)
    for planned in faults:
        upstream.fault(planned)
    async with upstream:
        _say(upstream.origin)
        await stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
