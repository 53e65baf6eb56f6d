"""`easel run`: the bot itself.
Never here: what keeps it running (`bot.app`)."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Final

from bot.cli.ending import carry_out, tell

ORNATE: Final = ("structlog", "httpx")
"""Libraries that, where they find these, import them for tracebacks and a command line that nobody here sees:"""
ORNAMENTS: Final = ("click", "rich")


def command() -> None:
    """Run the bot, with the settings of the environment, `.env` or a secrets directory."""
    import_plainly()
    from bot import app, config  # noqa: PLC0415 - `easel --help` should not wait for discord.py

    async def work() -> None:
        settings = config.load()
        for sentence in config.unknown_names(os.environ):
            tell(sentence, warning=True)
        await app.run(settings)

    carry_out(work())


def import_plainly() -> None:
    """Import what would bring ornaments along, as if those were not installed: it allows for that, and starts sooner."""
    hidden = [name for name in ORNAMENTS if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # how Python is told that a module is not there
    try:
        for name in ORNATE:
            importlib.import_module(name)
    finally:
        for name in hidden:
            del sys.modules[name]
