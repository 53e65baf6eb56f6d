"""`easel sandbox` as a real program, whole or forked: its address, what it prints, and a clean end.
Never here: expectations."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess
    from typing import IO

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 100.0
"""A busy machine takes long to import everything."""


class Process(Protocol):
    """What is asked of a process, however it was begun."""

    @property
    def returncode(self) -> int | None:
        """Its exit status, once it was seen to have ended."""

    def poll(self) -> int | None:
        """Its exit status, if it has ended."""

    def wait(self, timeout: float) -> int:
        """Its exit status. Raises `subprocess.TimeoutExpired`."""

    def send_signal(self, number: int, /) -> None:
        """Send it one."""

    def kill(self) -> None:
        """End it at once."""


@dataclass(frozen=True, slots=True)
class _Fork:
    """One that was forked, spoken to like the others."""

    process: BaseProcess

    @property
    def returncode(self) -> int | None:
        return self.process.exitcode

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self, timeout: float) -> int:
        self.process.join(timeout)
        if self.process.exitcode is None:
            raise subprocess.TimeoutExpired("easel sandbox", timeout)
        return self.process.exitcode

    def send_signal(self, number: int, /) -> None:
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    def kill(self) -> None:
        self.process.kill()


@dataclass(slots=True)
class Program:
    """A running sandbox."""

    process: Process
    output: IO[str]
    began: float = field(default_factory=time.monotonic)
    lines: list[str] = field(default_factory=list)
    _all_read: bool = False
    _news: threading.Condition = field(default_factory=threading.Condition)

    def listen(self) -> None:
        """Collect what it prints until it ends."""
        for line in self.output:
            with self._news:
                self.lines.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._all_read = True
            self._news.notify_all()

    @property
    def text(self) -> str:
        """Everything printed so far."""
        return "\n".join(self.lines)

    def until(self, seen: Callable[[str], bool]) -> str:
        """The first line that is looked for."""
        with self._news:
            found = self._news.wait_for(lambda: any(map(seen, self.lines)) or self._all_read, PATIENCE_S)
            line = next(filter(seen, self.lines), None)
        assert found, f"never printed; there is only\n{self.text}"
        assert line is not None, f"it ended with {self.process.poll()} before printing it:\n{self.text}"
        return line

    @property
    def address(self) -> str:
        """The page's, with the key in it."""
        return self.until(lambda line: "http://127.0.0.1:" in line and "#" in line).strip()

    @property
    def port(self) -> int:
        """The page's."""
        match = re.search(r":(\d+)/#", self.address)
        assert match is not None
        return int(match[1])

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, and return its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(PATIENCE_S)


@contextmanager
def sandbox(*arguments: str) -> Iterator[Program]:
    """Start `easel sandbox` without a browser of its own; it is gone afterwards."""
    process = subprocess.Popen(  # noqa: S603 - our own program with our own arguments
        [sys.executable, "-m", "bot", "sandbox", "--no-browser", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200", "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"},
    )
    assert process.stdout is not None
    yield from _followed(Program(process, process.stdout))


@contextmanager
def forked_sandbox(*arguments: str, prepare: Callable[[], None] | None = None) -> Iterator[Program]:
    """Begin the same command in a process forked from one that has the modules loaded; `prepare` is called in it before.

    What the command line says and how it ends is tested with the whole program.
    """
    from tests.fixtures.forked_programs import FORKED  # noqa: PLC0415 - Windows has no such server, and runs whole programs

    read, write = FORKED.Pipe(duplex=False)
    process = FORKED.Process(target=_become, args=(write, arguments, prepare), daemon=True)
    process.start()
    write.close()
    with os.fdopen(os.dup(read.fileno()), encoding="utf-8") as output:
        read.close()
        yield from _followed(Program(_Fork(process), output))


def _followed(program: Program) -> Iterator[Program]:
    """Hear what it prints for as long as it is needed; it is gone afterwards."""
    listener = threading.Thread(target=program.listen, daemon=True)
    listener.start()
    try:
        yield program
    finally:
        try:
            program.end()
        except subprocess.TimeoutExpired:
            program.process.kill()
            program.process.wait(PATIENCE_S)
        listener.join(PATIENCE_S)
        program.output.close()


def _become(writer: Connection, arguments: tuple[str, ...], prepare: Callable[[], None] | None) -> None:
    """In the new process: print into the pipe, line by line, and be the program."""
    for stream in (1, 2):
        os.dup2(writer.fileno(), stream)
    writer.close()
    sys.stdout = os.fdopen(1, "w", buffering=1, encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", closefd=False)
    os.chdir(ROOT)
    os.environ["COLUMNS"] = "200"
    sys.argv = ["easel", "sandbox", "--no-browser", *arguments]
    if prepare is not None:
        prepare()
    from bot.__main__ import main  # noqa: PLC0415 - loaded already; the test's own process must not need it

    main()
