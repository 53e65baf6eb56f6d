"""`easel sandbox`: opens both stand-ins with the real bot between them, and closes everything again.
Never here: how any of them works."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import threading
import webbrowser
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot import log as log_room
from bot.domain.accounts import ApiKind
from bot.errors import StartupError
from bot.sandbox.app import KEYS, everything, furnished, settings_for
from bot.sandbox.clock import StageClock, StageGuard
from bot.sandbox.mjproxy.faults import ProxyFault, read_proxy_fault
from bot.sandbox.mjproxy.server import SimulatedProxy
from bot.sandbox.page import live_page
from bot.sandbox.shelf import open_shelf
from bot.sandbox.stage import open_stage
from bot.sandbox.story import Story
from bot.sandbox.tour.guide import Tour
from bot.sandbox.tour.witness import Witness
from bot.sandbox.upstream import Fault, Pace, PlannedFault, Settings, SimulatedUpstream, read_fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bot.sandbox.mjproxy.faults import Planned
    from bot.sandbox.shelf import Shelf
    from bot.sandbox.upstream.loopback import LoopbackServer

KEEP_EVERY_S: Final = 1.0
CANVAS: Final = 768
"""The side of a square picture: large enough to look at, small enough for a page that keeps each one it showed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What was asked for on the command line."""

    speed: float = 4.0
    port: int = 8765
    faults: Sequence[str] = ()
    data: Path | None = None
    browser: bool = True
    kind: ApiKind = ApiKind.OHMYGPT
    """Which kind of image API is played."""
    tour: bool = False


async def run(wishes: Wishes, story: Story | None = None) -> None:
    """Play until Ctrl+C, SIGTERM, or the end of the session in the page. Raises `StartupError`."""
    story = story or Story()
    faults = _read(wishes.faults, wishes.kind)
    log_room.setup(level="ERROR")
    stop = asyncio.Event()
    with open_shelf(wishes.data, wishes.kind) as shelf, _signals(stop):
        upstream = _upstream(wishes, story)
        shelf.restore(upstream)
        for fault in faults:
            upstream.fault(fault)  # type: ignore[arg-type]  # `_read` read those of this kind
        try:
            async with upstream:
                await _play(wishes, story, shelf, upstream, stop)
        finally:
            shelf.keep(upstream, whatever=True)
        story.closing(tasks=upstream.paid, kept=wishes.data)


def _upstream(wishes: Wishes, story: Story) -> SimulatedUpstream | SimulatedProxy:
    """The API between which and Discord the bot stands."""
    settings = Settings(pace=Pace(speed=wishes.speed), canvas=CANVAS, previews=True, on_call=story.call)
    if wishes.kind is ApiKind.MJ_PROXY:
        return SimulatedProxy(settings=settings)
    return SimulatedUpstream(settings, keys=KEYS)


async def _play(
    wishes: Wishes,
    story: Story,
    shelf: Shelf,
    upstream: LoopbackServer,
    stop: asyncio.Event,
) -> None:
    guard, clock = StageGuard(), StageClock()
    with _own_port() as listen:
        own = everything(upstream, master_key=shelf.master_key, listen=listen)
        settings = settings_for(upstream, shelf.database, more=own)
        async with (
            furnished(settings, guard=guard, clock=clock) as app,
            open_stage(app, guard, clock) as (env, place),
            app.parts(),
            live_page(env, place, port=wishes.port, timezone=_timezone(), fetch=upstream.picture_at) as page,
        ):
            story.opening(
                address=page.url,
                api=upstream.origin,
                web=own["EASEL_PUBLIC_URL"],
                speed=wishes.speed,
                kept=wishes.data,
                kind=wishes.kind,
            )
            if wishes.browser:
                _open_browser(page.url)
            tour = None
            if wishes.tour:
                tour = Tour(Witness(app=app, env=env, place=place, upstream=upstream), story.tour)
                await tour.begin()
            waits = {
                asyncio.create_task(page.wait_closed(), name="page closed"),
                asyncio.create_task(stop.wait(), name="asked to stop"),
                asyncio.create_task(app.stopping.wait(), name="a part ended"),
            }
            try:
                while not any(wait.done() for wait in waits):
                    await asyncio.wait(waits, timeout=KEEP_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
                    shelf.keep(upstream)
                    if tour is not None:
                        await tour.look()
            finally:
                for wait in waits:
                    wait.cancel()


@contextmanager
def _own_port() -> Iterator[str]:
    """The bot's own web server, for the mask editor, the simulated API's webhooks, health and metrics: any free port.

    Until it listens it is kept from other programs that ask for any port. Linux gives it to who reuses the address, as
    our server does; elsewhere it has to be let go before.
    """
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        if sys.platform != "linux":
            held.close()
        yield f"127.0.0.1:{port}"


def _read(spelled: Sequence[str], kind: ApiKind) -> list[Planned | PlannedFault]:
    try:
        if kind is ApiKind.MJ_PROXY:
            return [read_proxy_fault(one) or read_fault(one) for one in spelled]
        return [read_fault(one) for one in spelled]
    except ValueError as wrong:
        raise StartupError(str(wrong)) from None


@contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    """Ctrl+C and SIGTERM ask for the end; where a loop cannot listen (Windows), Ctrl+C cancels the run instead."""
    loop = asyncio.get_running_loop()
    with ExitStack() as stack:
        for number in (signal.SIGTERM, signal.SIGINT):
            with suppress(NotImplementedError):
                loop.add_signal_handler(number, stop.set)
                stack.callback(loop.remove_signal_handler, number)
        yield


def _open_browser(address: str) -> None:
    """Where there is one with windows; nothing depends on it, and nothing waits for it."""
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return  # what would open now is a browser in this very terminal

    def open_it() -> None:
        with suppress(webbrowser.Error, OSError):
            webbrowser.open(address)

    threading.Thread(target=open_it, name="browser", daemon=True).start()


def _timezone() -> str:
    """The machine's own, for times on the page; UTC where it does not say."""
    for name in (os.environ.get("TZ", ""), os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]):
        with suppress(ZoneInfoNotFoundError, ValueError, OSError):
            return ZoneInfo(name.lstrip(":")).key
    return "UTC"


def known_faults() -> str:
    """Every fault's name with what it does, for `--fault help`."""
    lines = (f"  {fault.value:22} {fault.about}" for fault in Fault)
    more = (f"  {fault.value:22} {fault.about}" for fault in ProxyFault)
    head = "NAME[:TIMES][@CHANCE][/ENDPOINT]; without TIMES it strikes always."
    return "\n".join([head, *lines, "With --api mj-proxy also, without @CHANCE:", *more])
