"""Answers that are of use only if they come at once: what takes longer is waited for no further, but never torn.
Never here: what is asked."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, TypeVar

from bot.errors import StorageTrouble, UserError

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

T = TypeVar("T")

log = logging.getLogger(__name__)

PATIENCE_S: Final = 1.5
"""Suggestions that come later than this are of no use to somebody who types."""

_late: Final[set[asyncio.Task[Any]]] = set()
"""Questions that nobody waits for any more. A transaction ends by itself; only then is its task let go."""


async def within_deadline(question: Coroutine[Any, Any, T], otherwise: T, *, within: float = PATIENCE_S) -> T:
    """Answer a question in time, or with `otherwise`: also in trouble. Raises nothing but bugs.

    A time-out that cancels would not do: a read of the database lets its transaction end first.
    """
    task = asyncio.ensure_future(question)
    done, _ = await asyncio.wait({task}, timeout=within)
    if not done:
        _late.add(task)
        task.add_done_callback(_ended)
        return otherwise
    try:
        return task.result()
    except (StorageTrouble, UserError):
        return otherwise


def _ended(task: asyncio.Task[Any]) -> None:
    _late.discard(task)
    if not task.cancelled() and task.exception() is not None:
        log.info("late_answer_failed", extra={"kind": type(task.exception()).__name__})
