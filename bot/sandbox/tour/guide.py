"""The tour as a conversation: what comes next, that it was done, what it came to; and how to skip or to leave.
Never here: the steps, and looking at the stage."""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import TYPE_CHECKING, Final

from bot.errors import StorageTrouble
from bot.sandbox.tour.steps import STEPS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.domain.jobs import Job
    from bot.sandbox.tour.steps import Done, Step
    from bot.sandbox.tour.witness import Witness

LEAVE: Final = frozenset({"q", "quit", "exit", "leave"})
SKIP: Final = frozenset({"s", "skip"})


class Tour:
    """Ten steps, one after the other; what was done ahead of its turn counts when its turn comes."""

    def __init__(
        self,
        eyes: Witness,
        say: Callable[[str, str], None],
        *,
        steps: Sequence[Step] = STEPS,
        keys: bool | None = None,
    ) -> None:
        """`say` prints a line in a style; `keys`: whether somebody can answer, None: if there is a terminal."""
        self._eyes = eyes
        self._say = say
        self._steps = steps
        self._listens = sys.stdin.isatty() if keys is None else keys
        self._at = 0
        self._noticed = 0
        self._typed: asyncio.Queue[str] = asyncio.Queue()

    @property
    def over(self) -> bool:
        """Whether there is nothing left to do, or nobody wants to."""
        return self._at >= len(self._steps)

    @property
    def noticed(self) -> int:
        """How many steps were done."""
        return self._noticed

    async def begin(self) -> None:
        """Say what it is, and the first step."""
        await self._eyes.begin()
        if self._listens:
            self._listen()
        leave = (
            "Enter: the step again; s: skip it; q: leave the tour." if self._listens else "Take your time."
        )
        self._say(
            f"A tour of {len(self._steps)} things; each is noticed when you did it on the page. {leave}",
            "bold",
        )
        self._ask()

    async def look(self) -> None:
        """Notice what was done since the last look, and go on from there."""
        while not self.over and not self._typed.empty():
            self.answer(self._typed.get_nowait())
        if self.over:
            return
        try:
            scene = await self._eyes.look()
        except StorageTrouble:
            return  # the next look will see it
        while not self.over and (done := self._steps[self._at].done(scene)) is not None:
            self._noticed += 1
            self._tell(done)
            self._go_on()

    def answer(self, typed: str) -> None:
        """Somebody typed a line into the terminal."""
        word = typed.strip().casefold()
        if word in LEAVE:
            self._at = len(self._steps)
            self._say("You left the tour; the sandbox stays open. Ctrl+C ends it.", "bold")
        elif word in SKIP:
            self._go_on()
        else:
            self._ask()

    def _go_on(self) -> None:
        self._at += 1
        if not self.over:
            self._ask()
            return
        self._say(
            f"That was the tour: {self._noticed} of {len(self._steps)} done. The sandbox stays open; /help shows what else there is.",
            "bold green",
        )

    def _ask(self) -> None:
        step = self._steps[self._at]
        self._say("", "")
        self._say(f"{self._at + 1} of {len(self._steps)} · {step.title}", "bold cyan")
        for line in step.how:
            self._say(f"   {line}", "")

    def _tell(self, done: Done) -> None:
        self._say(f"✔ {self._steps[self._at].title}: {done.said}", "green")
        if done.job is None:
            return
        if (call := self._eyes.call_of(done.job)) is not None:
            self._say(f"   Upstream: {call}", "dim")
        self._say(f"   {_bill(done.job, self._eyes.credits_of(done.job))}", "dim")

    def _listen(self) -> None:
        """Lines come from a thread that ends with the program: no loop can wait for a terminal everywhere."""
        loop = asyncio.get_running_loop()

        def read() -> None:
            for line in sys.stdin:
                if loop.is_closed():
                    return
                loop.call_soon_threadsafe(self._typed.put_nowait, line)

        threading.Thread(target=read, name="tour keys", daemon=True).start()


def _bill(job: Job, credit: int | None) -> str:
    units = f"{job.units} unit{'s' if job.units != 1 else ''} of {job.user_name}'s {job.pool.value} allowance"
    if job.refund_due:
        return f"Charged: nothing; {units} given back."
    upstream = f", {credit} credits of the account at the API" if credit is not None else ""
    return f"Charged: {units}{upstream}. Job {job.key}."
