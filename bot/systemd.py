"""What systemd is told over its notification socket: ready, stopping, and that the process still lives.
Never here: what is well and what is not (`bot.readiness`)."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.domain.ports import Clock

MICROSECOND: Final = 1e-6
IDLE_S: Final = 3_600.0


class Systemd:
    """Speaks sd_notify's protocol (systemd's manual, sd_notify(3)); does nothing where nobody listens."""

    def __init__(self, address: str | None = None, watchdog_s: float | None = None) -> None:
        self._address = address
        self._every = None if watchdog_s is None else watchdog_s / 3

    @classmethod
    def of_environment(cls) -> Systemd:
        """Read what systemd set for this process."""
        address = os.environ.get("NOTIFY_SOCKET") or None
        interval = os.environ.get("WATCHDOG_USEC", "")
        ours = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        watched = ours and interval.isdigit() and int(interval) > 0
        return cls(address, int(interval) * MICROSECOND if watched else None)

    def notify(self, *lines: str) -> None:
        """Send lines such as `READY=1`; a manager that does not listen is no trouble of ours."""
        if self._address is None:
            return
        # An abstract socket is spelt with an @, where its address has a zero byte.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
                out.settimeout(0)
                out.connect(address)
                out.send("\n".join(lines).encode())
        except OSError:
            return

    async def feed(self, clock: Clock, dead: Callable[[], Awaitable[str | None]]) -> None:
        """Run for ever: say in time that we live, but not when a part is dead that only a new process brings back."""
        while True:
            if self._every is not None and await dead() is None:
                self.notify("WATCHDOG=1")
            await clock.pause(IDLE_S if self._every is None else self._every)
