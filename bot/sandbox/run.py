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
from bot.sandbox.clock import StageClock, StageGuard
from bot.sandbox.house import furnished, settings_for
from bot.sandbox.mjproxy.faults import ProxyFault, read_proxy_fault
from bot.sandbox.mjproxy.server import SimulatedProxy
from bot.sandbox.page import live_page
from bot.sandbox.shelf import open_shelf
from bot.sandbox.stage import open_stage
from bot.sandbox.story import Story
from bot.sandbox.upstream import SANDBOX_KEY, Fault, Pace, PlannedFault, SimulatedUpstream, read_fault
from bot.web_server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bot.sandbox.mjproxy.faults import Planned
    from bot.sandbox.shelf import Shelf

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


async def run(wishes: Wishes, story: Story | None = None) -> None:
    """Play until Ctrl+C, SIGTERM, or the end of the session in the page. Raises `StartupError`."""
    story = story or Story()
    faults = _read(wishes.faults, wishes.kind)
    log_room.setup(level="ERROR")
    stop = asyncio.Event()
    if wishes.kind is ApiKind.MJ_PROXY:
        if wishes.data is not None:
            raise StartupError(
                "A simulated mj-proxy forgets its tasks, so --data cannot go with --api mj-proxy."
            )
        await _run_with_proxy(wishes, story, faults, stop)
        return
    with open_shelf(wishes.data) as shelf, _signals(stop):
        upstream = SimulatedUpstream(pace=Pace(speed=wishes.speed), canvas=CANVAS, on_call=story.call)
        shelf.restore(upstream)
        for fault in faults:
            if isinstance(fault, PlannedFault):
                upstream.fault(fault)
        try:
            async with upstream:
                await _play(wishes, story, shelf, upstream, stop)
        finally:
            shelf.keep(upstream, whatever=True)
        story.closing(tasks=len(upstream.tasks), kept=wishes.data)


async def _run_with_proxy(
    wishes: Wishes, story: Story, faults: Sequence[Planned | PlannedFault], stop: asyncio.Event
) -> None:
    """The same between Discord and a server of the family."""
    with open_shelf(None) as shelf, _signals(stop):
        proxy = SimulatedProxy(pace=Pace(speed=wishes.speed), canvas=CANVAS, on_call=story.call)
        for fault in faults:
            proxy.fault(fault)
        async with proxy:
            await _play(wishes, story, shelf, proxy, stop)
        story.closing(tasks=proxy.paid, kept=None)


async def _play(
    wishes: Wishes,
    story: Story,
    shelf: Shelf,
    upstream: SimulatedUpstream | SimulatedProxy,
    stop: asyncio.Event,
) -> None:
    guard, clock = StageGuard(), StageClock()
    # The simulated key may do all, so prices are shown as well.
    prices = {"EASEL_API_ADMIN_KEY": SANDBOX_KEY} if isinstance(upstream, SimulatedUpstream) else {}
    settings = settings_for(upstream, shelf.database, more={**_own_pages(), **prices})
    async with (
        furnished(settings, guard=guard, clock=clock) as app,
        serving(app.settings, app.served()),
        open_stage(app, guard, clock) as (env, place),
        live_page(env, place, port=wishes.port, timezone=_timezone()) as page,
    ):
        story.opening(address=page.url, api=upstream.origin, speed=wishes.speed, kept=wishes.data)
        if wishes.browser:
            _open_browser(page.url)
        ended = asyncio.create_task(page.wait_closed(), name="page closed")
        stopped = asyncio.create_task(stop.wait(), name="asked to stop")
        broken = asyncio.create_task(app.stopping.wait(), name="engine ended")
        waits = {ended, stopped, broken}
        try:
            while not any(wait.done() for wait in waits):
                await asyncio.wait(waits, timeout=KEEP_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
                if isinstance(upstream, SimulatedUpstream):
                    shelf.keep(upstream)
        finally:
            for wait in waits:
                wait.cancel()
        if broken.done() and not broken.cancelled():
            raise StartupError("The bot's engine stopped by itself; the lines above say why.")


def _own_pages() -> dict[str, str]:
    """The bot's own web server, for the mask editor and the simulated API's webhooks: on any port that is free."""
    with socket.create_server(("127.0.0.1", 0)) as metrics:
        listen = f"127.0.0.1:{metrics.getsockname()[1]}"
    return {"EASEL_WEB_LISTEN": listen, "EASEL_PUBLIC_URL": f"http://{listen}"}


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
