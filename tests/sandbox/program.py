"""`easel sandbox` as a real program: its address, what it prints, and a clean end.
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
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 100.0
"""A busy machine takes long to import everything."""


@dataclass(slots=True)
class Program:
    """A running sandbox."""

    process: subprocess.Popen[str]
    began: float = field(default_factory=time.monotonic)
    lines: list[str] = field(default_factory=list)
    _all_read: bool = False
    _news: threading.Condition = field(default_factory=threading.Condition)

    def listen(self) -> None:
        """Collect what it prints until it ends."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
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
    program = Program(process)
    listener = threading.Thread(target=program.listen, daemon=True)
    listener.start()
    try:
        yield program
    finally:
        try:
            program.end()
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(PATIENCE_S)
        listener.join(PATIENCE_S)
        if process.stdout is not None:
            process.stdout.close()
