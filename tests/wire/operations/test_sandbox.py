"""The sandbox is the whole bot: the parts that run in it are those of `easel run`, by what both programs say themselves.
Never here: what is on its page (tests/browser)."""

from __future__ import annotations

import asyncio
import re
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import aiohttp
import pytest

from bot.sandbox.upstream import SANDBOX_KEY
from tests.sandbox.program import sandbox

if TYPE_CHECKING:
    from tests.wire.installation import Installation

pytestmark = [pytest.mark.wire, pytest.mark.timeout(300)]
READY_S = 60.0
PARTS = re.compile(r'^easel_part_failures_total\{part="([^"]+)"\} (\S+)$', re.MULTILINE)


def parts_in(page: str) -> dict[str, float]:
    """Each part with how often it failed."""
    return {name: float(failures) for name, failures in PARTS.findall(page)}


async def parts_of_run(hooked: Installation) -> dict[str, float]:
    """Of a deployment that has everything set."""
    await hooked.start(API_ADMIN_KEY=SANDBOX_KEY)
    address = f"http://{hooked.environ['EASEL_WEB_LISTEN']}/metrics"

    async with aiohttp.ClientSession() as session, session.get(address) as answer:
        return parts_in(await answer.text())


def _status(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310 - loopback
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def parts_of_sandbox(*arguments: str) -> dict[str, float]:
    """Of `easel sandbox` as it is, once it is ready."""
    with sandbox("--port", "0", *arguments) as program:
        line = program.until(lambda line: "/metrics" in line)
        program.until(lambda line: "Ctrl+C" in line)
        address = re.search(r"(http://127\.0\.0\.1:\d+)/metrics", line)
        assert address is not None
        end = time.monotonic() + READY_S
        while (status := _status(f"{address[1]}/readyz")) != 200:
            assert time.monotonic() < end, f"it is not ready: {status}"
            time.sleep(0.2)
        with urllib.request.urlopen(f"{address[1]}/metrics", timeout=60) as answer:  # noqa: S310 - loopback
            return parts_in(answer.read().decode())


async def test_the_sandbox_runs_the_very_parts_of_a_real_deployment(hooked: Installation) -> None:
    real, played = await asyncio.gather(parts_of_run(hooked), asyncio.to_thread(parts_of_sandbox))

    assert sorted(played) == sorted(real)
    assert {"housekeeping", "copies", "telling", "watch", "balance", "webhook hints", "engine"} <= set(real)
    assert not any(played.values())
