"""`easel run`: the bot itself, imported with as little as it can do with.
Never here: what keeps it running (`bot.app`)."""

from __future__ import annotations

import gc
import importlib.util
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from bot.cli.ending import carry_out, report

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator

    from bot.config import Settings

ORNATE: Final = ("structlog", "httpx")
"""Libraries that, where they find these, import them for tracebacks and a command line that nobody here sees:"""
ORNAMENTS: Final = ("click", "rich")
SOUGHT: Final = "sniffio"
"""httpcore looks for it four times in each request; where it is not installed, in every folder of Python's."""


def command() -> None:
    """Run the bot, with the settings of the environment, `.env` or a secrets directory."""
    serve()


def serve(tried: Callable[[], Settings] | None = None) -> None:
    """Run it, with settings that were tried or those that stand everywhere."""
    with gc_frozen():
        import_plainly()
        from bot import app, config  # noqa: PLC0415 - `easel --help` should not wait for discord.py

    async def work() -> None:
        settings = config.load() if tried is None else tried()
        for sentence in (*config.unknown_names(os.environ), *settings.idle):
            report(sentence, warning=True)
        await app.run(settings)

    carry_out(work(), loop=uvloop_factory())


def uvloop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The event loop of libuv where there is one (not on Windows), which takes less of the processor; None: asyncio's own."""
    try:
        import uvloop  # noqa: PLC0415 - the one verb that runs for long
    except ImportError:
        return None
    return uvloop.new_event_loop


@contextmanager
def gc_frozen() -> Iterator[None]:
    """Search for no garbage inside, and never again in what was made there: modules stay, and there are a lot of them."""
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


def import_plainly() -> None:
    """Import what would bring ornaments along, as if those were not installed: it allows for that, and starts sooner."""
    if importlib.util.find_spec(SOUGHT) is None:
        sys.modules[SOUGHT] = None  # type: ignore[assignment]  # how Python is told that a module is not there
    hidden = [name for name in ORNAMENTS if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # as above
    try:
        for name in ORNATE:
            importlib.import_module(name)
    finally:
        for name in hidden:
            del sys.modules[name]
