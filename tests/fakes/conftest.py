"""Fixtures for the wire double's own tests: the double, a running toy bot, and a bare HTTP client.
Never here: what the double does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import discord
import pytest

from tests.fakes.discord_wire import FakeDiscord
from tests.fakes.toy import Raw, aim

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
def aimed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `aim` change the library for one test only."""
    monkeypatch.setattr(discord.http.Route, "BASE", discord.http.Route.BASE)
    gateway = discord.gateway.DiscordWebSocket
    monkeypatch.setattr(gateway, "DEFAULT_GATEWAY", gateway.DEFAULT_GATEWAY)
    monkeypatch.setattr(discord.VoiceClient, "warn_nacl", discord.VoiceClient.warn_nacl)
    monkeypatch.setattr(discord.VoiceClient, "warn_dave", discord.VoiceClient.warn_dave)


@pytest.fixture
async def fake(aimed: None) -> AsyncIterator[FakeDiscord]:  # noqa: ARG001 - undone afterwards
    """The double, with its own answers checked, and the library aimed at it."""
    async with FakeDiscord() as double:
        double.check_answers()
        aim(double.api, double.gateway)
        yield double
        assert double.drift == []


@pytest.fixture
async def raw(fake: FakeDiscord) -> AsyncIterator[Raw]:
    """A bare client."""
    async with aiohttp.ClientSession() as session:
        yield Raw(fake, session)
