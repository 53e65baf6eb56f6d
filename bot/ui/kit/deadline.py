"""Answers that are of use only if they come at once: what takes longer is waited for no further, but never torn.
Never here: what is asked."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, TypeVar

from bot.errors import StorageTrouble, UserError

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from typing import Any

    from bot.texts import Text
    from bot.ui.kit.context import Context

T = TypeVar("T")

log = logging.getLogger(__name__)

PATIENCE_S: Final = 1.5
"""Suggestions that come later than this are of no use to somebody who types."""
READ_S: Final = 2.0
"""A modal must be the first answer, so all is read before it; the answer itself needs the rest of three seconds.

Counted from when the interaction came here: Discord's clock and this machine's may differ."""

_late: Final[set[asyncio.Task[Any]]] = set()
"""Questions that nobody waits for any more. A transaction ends by itself; only then is its task let go."""


async def within_deadline(question: Awaitable[T], otherwise: T, *, within: float = PATIENCE_S) -> T:
    """Answer a question in time, or with `otherwise`: also in trouble. Raises nothing but bugs."""
    try:
        return await _in_time(question, within)
    except (TimeoutError, StorageTrouble, UserError):
        return otherwise


async def read_first(context: Context, question: Awaitable[T], slow: Text) -> T:
    """Answer a question before the first answer to a person; raises `UserError` with `slow` when two seconds are over.

    All that a handler asks so has these two seconds together.
    """
    try:
        return await _in_time(question, context.came_at + READ_S - asyncio.get_running_loop().time())
    except TimeoutError:
        raise UserError(slow) from None


async def _in_time(question: Awaitable[T], seconds: float) -> T:
    """Raises TimeoutError. One that cancels would not do: a read of the database lets its transaction end first."""
    task = asyncio.ensure_future(question)
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if not done:
        _late.add(task)
        task.add_done_callback(_ended)
        raise TimeoutError
    return task.result()


def _ended(task: asyncio.Task[Any]) -> None:
    _late.discard(task)
    if not task.cancelled() and task.exception() is not None:
        log.info("late_answer_failed", extra={"kind": type(task.exception()).__name__})
