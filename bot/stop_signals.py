"""SIGTERM and SIGINT ask a running process to stop; a second one ends it at once.
Never here: what stopping is."""

from __future__ import annotations

import asyncio
import os
import signal

from bot.errors import ExitStatus


def listen_to_signals(stopping: asyncio.Event) -> None:
    """Set it at the first signal."""

    def ask() -> None:
        if stopping.is_set():
            os._exit(ExitStatus.INTERRUPTED)
        stopping.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, ask)
        except NotImplementedError:  # Windows has no such handlers: Ctrl+C arrives as KeyboardInterrupt
            return
