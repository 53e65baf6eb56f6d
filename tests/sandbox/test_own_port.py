"""The port of the sandbox's own web server, which is chosen long before it listens.
Never here: what is served there (tests/web), and the page's port (test_verb.py)."""

from __future__ import annotations

import errno
import socket
import sys

import pytest

from bot.sandbox.run import _own_port
from bot.web.health import Health
from bot.web.server import serve

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no port can be held for a server")


async def test_nobody_else_gets_the_port_before_the_sandbox_listens_there() -> None:
    with _own_port() as listen:
        host, _, port = listen.partition(":")
        with socket.socket() as other, pytest.raises(OSError, match="in use") as refused:
            other.bind((host, int(port)))
        async with serve(
            host=host, port=int(port), health=Health({}, {}), metrics_page=None, hook=None
        ) as got:
            pass

    assert refused.value.errno == errno.EADDRINUSE
    assert got == int(port)
