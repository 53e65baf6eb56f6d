"""A terminal with one of the program's verbs in it: a person reads what it shows, types, and presses Ctrl-C.
Never here: what is asked and what is answered."""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
import struct
import sys
import termios
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.wire.installation import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ROWS_AND_COLUMNS: Final = struct.pack("HHHH", 40, 120, 0, 0)
BEGIN: Final = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.executable, [sys.executable, '-m', 'bot', *sys.argv[1:]])"
)
"""Become the program with this terminal as its own: hidden questions are asked there, whatever the streams are."""
COLOURS: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
INTERRUPT: Final = b"\x03"


@dataclass(eq=False)
class Terminal:
    """One verb in a terminal of its own."""

    process: asyncio.subprocess.Process
    _line: int
    _said: bytes = b""
    _read_to: int = 0

    @classmethod
    async def open(cls, *arguments: str, folder: Path, environ: Mapping[str, str]) -> Terminal:
        """Type `easel …` into a new terminal."""
        line, inside = os.openpty()
        fcntl.ioctl(line, termios.TIOCSWINSZ, ROWS_AND_COLUMNS)
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", BEGIN, *arguments),
                cwd=folder,
                env={**environ, "TERM": "xterm"},
                stdin=inside,
                stdout=inside,
                stderr=inside,
                start_new_session=True,
            )
        finally:
            os.close(inside)
        terminal = cls(process, line)
        asyncio.get_running_loop().add_reader(line, terminal._read)
        return terminal

    def _read(self) -> None:
        try:
            read = os.read(self._line, 65_536)
        except OSError:  # how Linux says that nobody has the other end any more
            read = b""
        if not read:
            asyncio.get_running_loop().remove_reader(self._line)
        self._said += read

    @property
    def shown(self) -> str:
        """Everything that stood on it, without colours."""
        return COLOURS.sub("", self._said.decode(errors="replace")).replace("\r", "")

    async def reads(self, words: str, *, within: float = 60.0) -> str:
        """Wait until it shows these words, after those that were waited for before; what came with them."""

        def there() -> str | None:
            found = self.shown.find(words, self._read_to)
            if found < 0:
                return None
            fresh = self.shown[self._read_to : found + len(words)]
            self._read_to = found + len(words)
            return fresh

        return await eventually(there, within, lambda: f"no {words!r} in\n{self.shown}")

    def types(self, words: str) -> None:
        """Type and press Enter."""
        os.write(self._line, f"{words}\n".encode())

    async def types_hidden(self, words: str, *, within: float = 60.0) -> None:
        """Type what must not be seen, once the terminal shows it no more: what was typed sooner is shown, and thrown away."""
        await eventually(self._shows_nothing, within, lambda: f"it would be seen\n{self.shown}")
        self.types(words)

    def _shows_nothing(self) -> bool:
        local_modes = termios.tcgetattr(self._line)[3]
        return not local_modes & termios.ECHO

    async def interrupt(self, *, within: float = 30.0) -> int:
        """Press Ctrl-C and wait for the end; the exit status."""
        os.write(self._line, INTERRUPT)
        return await self.ended(within=within)

    async def ended(self, *, within: float = 60.0) -> int:
        """Wait for the end; the exit status."""
        status = await asyncio.wait_for(self.process.wait(), within)
        await asyncio.sleep(0)  # its last words may still be in the line
        self._drain()
        return status

    def _drain(self) -> None:
        os.set_blocking(self._line, False)
        try:
            while read := os.read(self._line, 65_536):
                self._said += read
        except OSError:
            return

    async def close(self) -> None:
        """End what still runs in it."""
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        asyncio.get_running_loop().remove_reader(self._line)
        os.close(self._line)
