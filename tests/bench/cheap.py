"""What one `/imagine` and one press cost the bot's process up to the first card, next to a bare bot that only defers, and then edits.
Never here: what comes after the first card; the image API hangs meanwhile, so that all that begins waits in line."""

from __future__ import annotations

import asyncio
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.sandbox.upstream import Fault, Pace, SimulatedUpstream
from tests.bench.programs import EASEL, bare, cpu_s, environ_of, running
from tests.bench.report import Report
from tests.fakes.discord_wire import FakeDiscord

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.fakes.discord_messages import Message
    from tests.fakes.discord_wire import Interaction

GOAL_IMAGINE_MS, GOAL_PRESS_MS = 5.0, 4.0
BUTTONS: Final = ("U1", "U2", "U3", "U4", "V1", "V2", "V3", "V4")
APART_S: Final = 0.05
WAIT_S: Final = 60.0


async def measure(size: str) -> Report:
    """Measure."""
    report = Report(
        "cheap",
        "Processor time of the bot's process alone, all its threads (the kernel's count), from real interactions over a "
        "real gateway to the card that says what waits: answer, row, card. One after the other; what the process uses "
        "idle is measured before and taken off. The doubles work in another process.",
        size,
    )
    grids, commands, warm, idle_s = (12, 200, 20, 3.0) if size == "full" else (1, 4, 2, 0.3)
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        async with (
            FakeDiscord(oracle=False) as fake,
            SimulatedUpstream(pace=Pace(speed=400), canvas=64) as upstream,
        ):
            async with running(fake, bare(fake), folder, {}) as process:
                one = _Costs(fake, process.pid, idle_s)
                await one.imagines(warm, _answered)
                idle = await one.idle()
                theirs = await one.of(idle, commands, lambda: one.imagines(commands, _answered))
                least = [await one.of(idle, commands, partial(one.edits, commands, n)) for n in (1, 2)]
            environ = environ_of(fake, upstream, folder, MAX_RUNNING="1")
            async with running(fake, EASEL, folder, environ) as process:
                one = _Costs(fake, process.pid, idle_s)
                finished = [await one.finished(n) for n in range(grids)]
                upstream.fault(Fault.HANG_BEFORE, times=None)
                await one.imagines(warm, _shown)
                idle = await one.idle()
                imagine = await one.of(idle, commands, lambda: one.imagines(commands, _shown))
                presses = [(message, button) for button in BUTTONS for message in finished]
                await one.presses(presses[: grids * 2])
                rest = presses[grids * 2 :]
                press = await one.of(idle, len(rest), lambda: one.presses(rest))
    for name, ms in (
        ("bare /imagine", theirs),
        ("the same, then an edit", least[0]),
        ("the same, then two edits", least[1]),
        ("/imagine", imagine),
        ("press", press),
    ):
        report.rows.append({"what": name, "cpu ms": round(ms, 2)})
    report.note("/imagine, bare bot", theirs, "ms")
    report.at_most("/imagine up to its first card", imagine, GOAL_IMAGINE_MS, "ms")
    report.at_most("a press up to its first card", press, GOAL_PRESS_MS, "ms")
    report.note("/imagine, easel : bare", imagine / theirs)
    report.note("/imagine, easel : bare with an edit", imagine / least[0])
    report.note("press, easel : bare with two edits", press / least[1])
    return report


def _answered(asked: Interaction) -> bool:
    return asked.answered_at is not None


def _shown(asked: Interaction) -> bool:
    message = asked.message()
    return message is not None and bool(message.buttons or message.embeds or message.content)


class _Costs:
    """People who act one after the other, and what that costs one process."""

    def __init__(self, fake: FakeDiscord, pid: int, idle_s: float) -> None:
        self._fake = fake
        self._pid = pid
        self._idle_s = idle_s
        self._asked = 0

    async def idle(self) -> float:
        """How much of a core the process uses while nobody asks for anything."""
        await asyncio.sleep(self._idle_s / 3)
        began, used = time.monotonic(), cpu_s(self._pid)
        await asyncio.sleep(self._idle_s)
        return (cpu_s(self._pid) - used) / (time.monotonic() - began)

    async def of(self, idle: float, times: int, act: Callable[[], Awaitable[object]]) -> float:
        """The processor time of one of so many, in milliseconds."""
        began, used = time.monotonic(), cpu_s(self._pid)
        await act()
        used = cpu_s(self._pid) - used - idle * (time.monotonic() - began)
        return used * 1_000 / times

    async def imagines(self, times: int, enough: Callable[[Interaction], bool]) -> None:
        """Type so many commands, each once the one before is answered."""
        for _ in range(times):
            self._asked += 1
            await self._ended(await self._fake.slash("imagine", {"prompt": f"heron {self._asked}"}), enough)

    async def edits(self, times: int, edits: int) -> None:
        """Have the bare bot edit its answers so often, each once the one before is done."""
        for _ in range(times):
            asked = await self._fake.slash("imagine", {"prompt": str(edits)})
            await self._ended(
                asked,
                lambda one: (message := one.message()) is not None and message.content == f"{edits - 1} done",
            )

    async def presses(self, presses: list[tuple[Message, str]]) -> None:
        """Press these buttons."""
        for message, button in presses:
            await self._ended(await self._fake.press(message, button), _shown)

    async def _ended(self, asked: Interaction, enough: Callable[[Interaction], bool]) -> None:
        await self._fake.until(lambda: enough(asked), WAIT_S)
        await asyncio.sleep(APART_S)

    async def finished(self, number: int) -> Message:
        """A grid with its buttons."""
        asked = await self._fake.slash("imagine", {"prompt": f"grid {number}"})

        def done() -> Message | None:
            message = asked.message()
            labels = [] if message is None else [button.label for button in message.buttons]
            return message if BUTTONS[0] in labels else None

        return await self._fake.until(done, WAIT_S)
