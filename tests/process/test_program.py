"""The program in this process: it starts between both doubles, is ready, and ends when it is asked to.
Never here: starts that fail, and the program as a process of its own (tests/wire)."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import httpx
import pytest

from bot import app, config
from bot.errors import StartupDelayed, StartupError
from bot.sandbox.upstream import SANDBOX_KEY, SimulatedUpstream
from bot.storage.jobs.store import SqlJobStore
from tests.fakes.discord_wire import FakeDiscord
from tests.fixtures.ports import free_port
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
async def environ(fake: FakeDiscord, tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    async with SimulatedUpstream(canvas=64) as upstream:
        yield {
            "EASEL_DISCORD_TOKEN": fake.token,
            "EASEL_DISCORD_API": fake.api,
            "EASEL_DISCORD_GATEWAY": fake.gateway,
            "EASEL_API_KEY": SANDBOX_KEY,
            "EASEL_API_URL": upstream.origin,
            "EASEL_API_STORAGE": upstream.origin,
            "EASEL_DATABASE": migrated(tmp_path / "easel.db"),
        }


@pytest.fixture
def settings(environ: dict[str, str]) -> config.Settings:
    return config.load(environ)


@pytest.mark.parametrize("role", ["all", "gateway", "worker"])
async def test_it_runs_until_a_signal_and_leaves_discord(
    fake: FakeDiscord, environ: dict[str, str], role: str
) -> None:
    own = f"127.0.0.1:{free_port()}"
    running = asyncio.create_task(
        app.run(config.load({**environ, "EASEL_ROLE": role, "EASEL_HEALTH_LISTEN": own}))
    )
    await fake.until(lambda: fake.calls("GET", "/oauth2/applications/@me"), 30)
    if role != "worker":
        await fake.ready()
    async with httpx.AsyncClient(base_url=f"http://{own}", timeout=60, trust_env=False) as client:
        measured = (await client.get("/metrics")).text
    assert f'role="{role}"' in measured
    assert not running.done()

    os.kill(os.getpid(), signal.SIGTERM)

    await asyncio.wait_for(running, 30)
    await fake.gone()


async def test_it_leaves_discord_in_time_although_a_claim_hangs_in_the_database(
    fake: FakeDiscord, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs = asyncio.Event()

    async def claim(*_: object, **__: object) -> None:
        hangs.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(SqlJobStore, "claim", claim)
    running = asyncio.create_task(app.run(config.load({**environ, "EASEL_STOP_TIMEOUT": "0"})))
    await asyncio.wait_for(hangs.wait(), 30)
    await fake.ready()

    os.kill(os.getpid(), signal.SIGTERM)

    await asyncio.wait_for(running, 30)
    await fake.gone()


async def test_a_token_that_discord_refuses_is_one_sentence(environ: dict[str, str]) -> None:
    with pytest.raises(StartupError, match="refused EASEL_DISCORD_TOKEN"):
        await app.run(config.load({**environ, "EASEL_DISCORD_TOKEN": "another.token.entirely"}))


async def test_a_connection_that_discord_closes_for_good_ends_it_with_the_reason(
    fake: FakeDiscord, settings: config.Settings
) -> None:
    running = asyncio.create_task(app.run(settings))
    await fake.ready()
    await fake.drop(code=4004)

    with pytest.raises(StartupError, match="no longer takes EASEL_DISCORD_TOKEN"):
        await asyncio.wait_for(running, 30)


async def test_a_discord_that_is_away_is_waited_for(environ: dict[str, str]) -> None:
    nobody = f"http://127.0.0.1:{free_port()}/api/v10"
    with pytest.raises(StartupDelayed, match="Discord cannot be reached"):
        await app.run(config.load({**environ, "EASEL_DISCORD_API": nobody}))


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


async def test_an_owners_server_that_is_shut_is_one_sentence_of_the_verb(
    fake: FakeDiscord, environ: dict[str, str]
) -> None:
    with pytest.raises(StartupError, match="123456789012345678, which EASEL_OWNER_GUILD names"):
        await app.sync(config.load({**environ, "EASEL_OWNER_GUILD": "123456789012345678"}))

    assert len(fake.calls("PUT", COMMANDS)) == 1
