"""The double of Discord with a bot in a process of its own: started, killed, started again, told to stop.
Never here: Easel's own program; the toy stands for it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fakes.discord_wire import FakeDiscord

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.wire
ROOT = Path(__file__).resolve().parents[2]


@contextlib.asynccontextmanager
async def started(fake: FakeDiscord) -> AsyncIterator[Process]:
    command = (sys.executable, "-m", "tests.fakes.toy", fake.api, fake.gateway, fake.token)
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
    try:
        await fake.ready()
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await fake.gone()


async def test_buttons_answer_after_a_kill_and_a_restart() -> None:
    async with FakeDiscord() as fake:
        async with started(fake) as first:
            message = await (await fake.slash("paint", {"prompt": "a fox"})).answered(20)
            first.kill()
            await first.wait()
            await fake.gone()
        lost = await fake.press(message, "Vary")
        async with started(fake):
            answer = await (await fake.press(message, "Vary")).answered(20)

    assert lost.delivered == 0
    assert answer.content == "varied k1"
    assert [one.resumed for one in fake.identified] == [False, False]
    assert fake.findings == []


async def test_a_kill_between_effect_and_answer_leaves_the_effect() -> None:
    async with FakeDiscord() as fake, started(fake) as process:
        gate = fake.hold_next("PATCH", r"/webhooks/\d+/[^/]+/messages/.+", before_effect=False)
        interaction = await fake.slash("paint", {"prompt": "a fox"})
        await asyncio.wait_for(gate.reached.wait(), 60)
        process.kill()
        await process.wait()
        gate.release()
        message = await interaction.answered()

    assert message.text == "a fox 1"


async def test_a_process_told_to_stop_says_good_bye() -> None:
    async with FakeDiscord() as fake, started(fake) as process:
        await (await fake.slash("late")).acknowledged(20)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 60) == 0
        await fake.gone()
        interaction = await fake.slash("late")

    assert interaction.delivered == 0
