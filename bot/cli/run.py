"""`easel run`: the bot itself.
Never here: what keeps it running (`bot.app`)."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Final

from bot.cli.ending import carry_out, tell

ORNATE: Final = ("structlog", "httpx")
"""Libraries that, where they find rich, import it for tracebacks and command lines that nobody here sees."""


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
    """Import what would bring rich along, as if it were not installed; they allow for that, and a start is quicker."""
    if "rich" in sys.modules:
        return
    sys.modules["rich"] = None  # type: ignore[assignment]  # how Python is told that a module is not there
    try:
        for name in ORNATE:
            importlib.import_module(name)
    finally:
        del sys.modules["rich"]
