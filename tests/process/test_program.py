"""The program in this process: it starts between both doubles, is ready, and ends when it is asked to.
Never here: starts that fail, and the program as a process of its own (tests/wire)."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import pytest

from bot import app, config
from bot.errors import StartupError
from bot.sandbox.upstream import SANDBOX_KEY, SimulatedUpstream
from tests.fakes.discord_wire import FakeDiscord
from tests.fixtures.sqlite import migrated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

COMMANDS = r"/applications/\d+/commands"


@pytest.fixture
async def fake() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord(oracle=False) as fake:
        yield fake


@pytest.fixture
async def settings(fake: FakeDiscord, tmp_path: Path) -> AsyncIterator[config.Settings]:
    async with SimulatedUpstream(canvas=64) as upstream:
        yield config.load(
            {
                "EASEL_DISCORD_TOKEN": fake.token,
                "EASEL_DISCORD_API": fake.api,
                "EASEL_DISCORD_GATEWAY": fake.gateway,
                "EASEL_API_KEY": SANDBOX_KEY,
                "EASEL_API_URL": upstream.origin,
                "EASEL_API_STORAGE": upstream.origin,
                "EASEL_DATABASE": migrated(tmp_path / "easel.db"),
            }
        )


async def test_it_runs_until_a_signal_and_leaves_discord(
    fake: FakeDiscord, settings: config.Settings
) -> None:
    running = asyncio.create_task(app.run(settings))
    await fake.ready()
    await fake.until(lambda: fake.calls("PUT", COMMANDS))
    assert not running.done()

    os.kill(os.getpid(), signal.SIGTERM)

    await asyncio.wait_for(running, 30)
    await fake.gone()


async def test_commands_are_told_again_though_discord_knows_them(
    fake: FakeDiscord, settings: config.Settings
) -> None:
    known = await app.sync(settings)

    assert known > 10
    assert await app.sync(settings) == known
    assert len(fake.calls("PUT", COMMANDS)) == 2
    assert not fake.identified


async def test_commands_that_discord_does_not_take_are_one_sentence(
    fake: FakeDiscord, settings: config.Settings
) -> None:
    fake.fail_next("PUT", COMMANDS, status=400)

    with pytest.raises(StartupError, match="did not take the commands"):
        await app.sync(settings)
