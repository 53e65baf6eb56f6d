"""Health tells the truth: what breaks around the running program shows on its pages, and what is mended shows, too.
Never here: the pages' form (tests/web)."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from bot.sandbox.upstream import Fault
from tests.fakes.discord_traffic import SLOW_MACHINE
from tests.fixtures.ports import free_port
from tests.fixtures.times import QUESTIONS
from tests.wire.installation import eventually, open_house

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from tests.wire.installation import Installation

pytestmark = pytest.mark.wire

WITHIN_S = 15.0
"""An orchestrator's patience, and so much longer as a machine is slow: a minute."""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    """An installation whose health is on a port of its own."""
    async with open_house(tmp_path, times=QUESTIONS) as opened:
        opened.environ["EASEL_HEALTH_LISTEN"] = f"127.0.0.1:{free_port()}"
        yield opened


async def page(house: Installation, path: str) -> tuple[int, str]:
    address = f"http://{house.environ['EASEL_HEALTH_LISTEN']}{path}"
    async with aiohttp.ClientSession() as session, session.get(address) as answer:
        return answer.status, await answer.text()


async def readiness(house: Installation, wanted: Callable[[dict[str, Any]], bool], *, within: float) -> None:
    """Ask until the page says it, and no longer than this. The program is alive all the time."""
    began = time.monotonic()
    while True:
        status, text = await page(house, "/readyz")
        said = json.loads(text)
        assert (await page(house, "/healthz"))[0] == 200
        if wanted(said):
            assert status == (200 if said["ok"] else 503)
            return
        assert time.monotonic() - began < within * SLOW_MACHINE, said
        await asyncio.sleep(0.1)


def ready(said: dict[str, Any]) -> bool:
    return bool(said["ok"])


def lines(log: str, event: str) -> list[dict[str, Any]]:
    read = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    return [line for line in read if line["event"] == event]


async def test_a_database_that_refuses_writes_makes_the_bot_unready_until_it_takes_them_again(
    house: Installation,
) -> None:
    await house.start()
    await readiness(house, ready, within=WITHIN_S)

    with closing(sqlite3.connect(house.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await readiness(house, lambda said: said["checks"]["database"] != "ok", within=WITHIN_S)
        other.execute("ROLLBACK")
    await readiness(house, ready, within=WITHIN_S)


async def test_an_image_api_that_never_answered_makes_the_bot_unready_and_is_told_once(
    house: Installation,
) -> None:
    refused = house.upstream.fault(Fault.UNAVAILABLE, times=None, endpoint="query-mj-tasks")
    running = await house.start()

    await readiness(
        house, lambda said: said["checks"]["upstream"] not in {"ok", "no answer yet"}, within=WITHIN_S
    )
    await eventually(lambda: refused.hits >= 3, WITHIN_S, lambda: f"asked {refused.hits} times")
    assert len(lines(running.output, "upstream_not_ready")) == 1
    (told,) = lines(running.output, "upstream_not_ready")
    assert told["level"] == "warning"
    assert told["reason"]
    house.upstream.lift()
    await readiness(house, ready, within=WITHIN_S)
    assert len(lines(running.output, "upstream_ready")) == 1


async def test_a_gateway_that_is_gone_makes_the_bot_unready_until_it_is_back(house: Installation) -> None:
    running = await house.start()
    await readiness(house, ready, within=WITHIN_S)

    house.fake.socket.closed = True
    await house.fake.drop()
    await readiness(house, lambda said: said["checks"]["gateway"] == "not connected", within=WITHIN_S)
    await house.fake.until(lambda: house.fake.socket.turned_away, WITHIN_S)
    house.fake.socket.closed = False
    await readiness(house, ready, within=WITHIN_S)

    assert "Traceback" not in running.output


async def test_the_first_line_and_the_meters_say_who_is_there(house: Installation) -> None:
    running = await house.start()
    await readiness(house, ready, within=WITHIN_S)

    (told,) = lines(running.output, "started")
    assert told["servers"] == 1
    assert told["pools"] == "NORMAL,FAST"
    assert f"client_id={house.fake.application_id}" in told["invite"]
    assert re.fullmatch(r"\d+\.\d+.*", told["version"])
    _, meters = await page(house, "/metrics")
    for line in (
        "easel_gateway_shards 1.0",
        "easel_guilds 1.0",
        'easel_jobs_begun_total{kind="imagine",pool="FAST"} 0.0',
    ):
        assert line in meters
    assert re.search(r"easel_starts_left 9\d\d\.0|easel_starts_left 1000\.0", meters)
    assert lines(running.output, "part_failed") == []  # no part ends by itself


async def test_a_crash_loop_does_not_ask_discord_for_one_more_start(house: Installation) -> None:
    await house.stop(await house.start())
    now = time.time_ns() // 1_000_000
    with closing(sqlite3.connect(house.database)) as connection, connection:
        connection.execute("DELETE FROM meta WHERE key = 'starts/all'")
        crashes = json.dumps([now - 1_000 * number for number in range(30)])
        connection.execute("INSERT INTO meta VALUES ('starts/all', ?)", (crashes,))
    identified = len(house.fake.identified)

    running = house.begin()
    said = await eventually(lambda: lines(running.output, "start_delayed"), 40, lambda: running.tail)

    assert said[0]["seconds"] == 900
    assert len(house.fake.identified) == identified
    assert "too many starts" in json.loads((await page(house, "/readyz"))[1])["checks"]["gateway"]
    assert (await page(house, "/healthz"))[0] == 200
    assert await house.stop(running) == 0
