"""systemd hears that the program is ready, that it lives, and nothing more once a part is dead.
Never here: systemd."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

from bot.clock import SystemClock
from bot.systemd import Systemd
from tests.process.clock import Idle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest


def heard(listener: socket.socket) -> Iterator[str]:
    listener.setblocking(False)  # noqa: FBT003 - the library's own signature
    with suppress(BlockingIOError):
        while True:
            yield listener.recv(4_096).decode()


async def test_it_speaks_the_protocol_and_falls_silent_with_a_dead_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "30000000")
        monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
        manager, clock = Systemd.of_environment(), Idle()

        async def lost() -> str | None:
            if len(clock.pauses) >= 6:
                raise KeyError
            return "engine" if len(clock.pauses) >= 3 else None

        manager.notify("READY=1", "STATUS=fine")
        with suppress(KeyError):
            await manager.feed(clock, lost)

        assert list(heard(listener)) == ["READY=1\nSTATUS=fine", *["WATCHDOG=1"] * 3]
        assert set(clock.pauses) == {10.0}


async def test_an_abstract_socket_is_found() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        name = f"easel-test-{os.getpid()}"
        listener.bind("\0" + name)
        Systemd("@" + name).notify("READY=1")

        assert list(heard(listener)) == ["READY=1"]


async def test_without_systemd_nothing_is_said_and_nothing_breaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid() + 1))
    manager = Systemd.of_environment()
    manager.notify("READY=1")
    Systemd(str(tmp_path / "nobody")).notify("READY=1")

    async def nothing() -> str | None:
        raise AssertionError("no watchdog is to be fed")

    task = asyncio.create_task(manager.feed(SystemClock(), nothing))
    await asyncio.wait([task], timeout=0.05)
    assert not task.done()
    task.cancel()
    await asyncio.wait([task])
