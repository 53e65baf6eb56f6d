"""What tells moderators of jobs: listeners that delivery calls, for the dispatcher.
Never here: which failures are worth telling (that is `events`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.services.modlog.events import events_of, lost_way

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.domain.jobs import Job
    from bot.services.modlog.dispatcher import Dispatcher


def told_to(dispatcher: Dispatcher) -> Callable[[Job, Sequence[str]], None]:
    """Have moderators hear of delivered jobs that went wrong."""

    def hear(job: Job, reasons: Sequence[str]) -> None:
        for event in events_of(job, reasons):
            dispatcher.tell(job.home, event)

    return hear


def lost_to(dispatcher: Dispatcher, on_lost_way: Callable[[Job, str], None]) -> Callable[[Job, str], None]:
    """Have moderators hear of finished jobs that could be shown nowhere, besides whoever wants to know."""

    def hear(job: Job, why: str) -> None:
        on_lost_way(job, why)
        event = lost_way(job, why)
        if event is not None:
            dispatcher.tell(job.home, event)

    return hear
