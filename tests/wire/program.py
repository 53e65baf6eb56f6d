"""The bot's program as a process of its own: begun, signalled, waited for; its log in a file.
Never here: what it talks to, and what is expected of it."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from tests.fixtures.forked_programs import FORKED
from tests.fixtures.times import set_times

if TYPE_CHECKING:
    import signal
    from collections.abc import Mapping, Sequence

    from tests.fixtures.times import Times

ROOT: Final = Path(__file__).resolve().parents[2]
TAIL: Final = 60
"""Lines of a log that a failure shows."""


class Process(Protocol):
    """What both ways to begin give."""

    @property
    def pid(self) -> int | None:
        """The process id."""


@dataclass(eq=False)
class Program:
    """One process of the bot."""

    process: Process
    log: Path

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self.process.pid is not None
        return self.process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.code is None

    @property
    def code(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""
        if isinstance(self.process, subprocess.Popen):
            return self.process.poll()
        assert isinstance(self.process, multiprocessing.process.BaseProcess)
        return self.process.exitcode

    @property
    def output(self) -> str:
        """Everything it wrote, to either stream."""
        return self.log.read_text(errors="replace")

    @property
    def tail(self) -> str:
        """The last lines it wrote."""
        return "\n".join(self.output.splitlines()[-TAIL:])

    def tell(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if self.running:
            os.kill(self.pid, number)

    async def ended(self, within: float) -> int:
        """Wait until it has ended; its exit status."""
        await asyncio.to_thread(self._join, within)
        code = self.code
        assert code is not None, f"still running after {within:g} s\n{self.tail}"
        return code

    def _join(self, within: float) -> None:
        if isinstance(self.process, subprocess.Popen):
            try:
                self.process.wait(within)
            except subprocess.TimeoutExpired:
                return
        else:
            assert isinstance(self.process, multiprocessing.process.BaseProcess)
            self.process.join(within)


def whole(environ: Mapping[str, str], folder: Path, log: Path) -> Program:
    """Begin `python -m bot run`, as an operator does."""
    command = (sys.executable, "-m", "bot", "run")
    with log.open("ab") as out:
        process = subprocess.Popen(command, cwd=folder, env=dict(environ), stdout=out, stderr=out)  # noqa: S603 - our own program
    return Program(process, log)


# Most tests fork the program from a server that has the modules loaded: same entry point, same exit paths, a process of
# its own. What a start, a stop or an exit status means is tested with the whole command.


def forked(
    environ: Mapping[str, str],
    folder: Path,
    log: Path,
    *,
    verb: Sequence[str] = ("run",),
    times: Times | None = None,
) -> Program:
    """Begin the same entry point in a process forked from one that has the modules loaded, with these times of ours."""
    given = (dict(environ), str(folder), str(log), tuple(verb), dict(times or {}))
    process = FORKED.Process(target=_become, args=given, daemon=True)
    process.start()
    return Program(process, log)


def _become(
    environ: dict[str, str], folder: str, log: str, verb: tuple[str, ...], times: dict[str, float]
) -> None:
    """In the new process: take over environment, folder and streams, and be the program."""
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.close(out)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = ["easel", *verb]
    from bot.__main__ import main  # noqa: PLC0415 - loaded already; the test's own process must not need it

    set_times(times)

    main()
