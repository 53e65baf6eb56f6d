"""A network cable between the program and a server on this machine: it can be cut, go silent, and be healed.
Never here: what speaks over it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType


class Cable:
    """Listens on a free port of loopback and leads to a Unix socket."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._flows = asyncio.Event()
        self._flows.set()
        self._cut = False
        self._ends: set[asyncio.StreamWriter] = set()
        self._listening: asyncio.Server | None = None
        self.port = 0

    async def __aenter__(self) -> Self:
        """Listen."""
        self._listening = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.port = self._listening.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cut for good."""
        self.cut()
        if self._listening is not None:
            self._listening.close()
        await asyncio.sleep(0)

    def cut(self) -> None:
        """Reset every connection, and refuse new ones."""
        self._cut = True
        self._flows.set()
        for end in self._ends:
            end.transport.abort()

    def silence(self) -> None:
        """Swallow every packet without a word: nobody is told that anything is wrong."""
        self._flows.clear()

    def heal(self) -> None:
        """As new; what was sent into the silence arrives, as TCP would send it again."""
        self._cut = False
        self._flows.set()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.add(writer)
        try:
            await self._flows.wait()
            if self._cut:
                return
            there, back = await asyncio.open_unix_connection(self._socket)
            self._ends.add(back)
            try:
                await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
            finally:
                self._ends.discard(back)
                back.transport.abort()
        except OSError:
            return  # the server is down: the connection ends, as it would without a cable
        finally:
            self._ends.discard(writer)
            writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
        writer.transport.abort()
