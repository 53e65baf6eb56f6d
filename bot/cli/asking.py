"""Questions to whoever sits at the terminal, and Ctrl+C there: it ends the verb, whatever runs around the question.
Never here: what is asked."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator


def confirm(question: str, *, default: bool = False) -> bool:
    """Ask for yes or no."""
    with _interruptible():
        return typer.confirm(question, default=default)


def require_yes(question: str) -> None:
    """Ask, and end the verb at anything but a yes."""
    if not confirm(question):
        raise typer.Abort


def ask_secret(question: str) -> str:
    """Ask for what the terminal does not show."""
    with _interruptible():
        return str(typer.prompt(question, hide_input=True))


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl+C end the question; raises `KeyboardInterrupt`.

    asyncio's own handler only cancels the task, which hears of it at its next await: after the answer, and what it leads to.
    """
    handler = signal.getsignal(signal.SIGINT)
    replaced = callable(handler) and threading.current_thread() is threading.main_thread()
    if replaced:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    except typer.Abort as abort:
        if isinstance(abort.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise  # nobody is there to answer
    finally:
        if replaced:
            signal.signal(signal.SIGINT, handler)
