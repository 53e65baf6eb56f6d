"""The real client on a real wire: discord.py over HTTP and websocket to the double of Discord.
Never here: expectations."""

from __future__ import annotations

import asyncio
import contextlib
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from discord.gateway import DiscordWebSocket
from discord.http import Route as DiscordRoute

from bot.client import use_addresses
from bot.domain.jobs import JobState
from bot.ui.card.cards import Cards
from bot.ui.card.publisher import DiscordPublisher
from tests.fakes.discord_wire import FakeDiscord
from tests.fixtures.shared import Shared
from tests.ui.builders import a_job, a_reply
from tests.ui.client_harness import CATALOGUES, ScriptedServices, an_easel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from bot.client import Easel
    from bot.domain.jobs import Job, ReplyTarget


class WallClock:
    """Real time."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    async def pause(self, seconds: float, wake: object = None) -> bool:
        raise AssertionError(f"nothing in the ui waits by the clock: {seconds} s, {wake}")


@dataclass
class Line:
    """The double, the client on it, and a publisher."""

    discord: FakeDiscord
    bot: Easel
    services: ScriptedServices
    meta: Shared
    publisher: DiscordPublisher

    def job(self, state: JobState = JobState.SUCCEEDED, **changes: Any) -> Job:
        """A job of the double's user whose card goes to its channel and has no message yet."""
        reply = a_reply(
            channel_id=self.discord.channel.id,
            guild_id=self.discord.guild.id,
            application_id=self.discord.application_id,
            token=None,
            message_id=None,
        )
        now = WallClock().now()
        return replace(
            a_job(state, created_at=now, changed_at=now, user_id=self.discord.user.id, reply=reply), **changes
        )

    async def asked(self) -> ReplyTarget:
        """Type `/imagine`; returns where the answer goes."""
        interaction = await self.discord.slash("imagine", {"prompt": "a fox"})
        await asyncio.wait_for(self.services.imagine.asked.wait(), 60)
        assert interaction.original is not None
        return self.services.imagine.begun[-1][0].reply


@asynccontextmanager
async def line(
    *, extensions: Sequence[str] = ("cogs.imagine",), owner_guild: int | None = None, **options: Any
) -> AsyncIterator[Line]:
    """Connect the client to a fresh double."""
    addresses = DiscordRoute.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    async with FakeDiscord(**options) as fake:
        use_addresses(fake.api, fake.gateway)
        services, meta = ScriptedServices(), Shared()
        bot = an_easel(services, meta, extensions=extensions, owner_guild=owner_guild)
        running = asyncio.create_task(bot.start(fake.token))
        try:
            await fake.ready()
            yield Line(fake, bot, services, meta, DiscordPublisher(bot, Cards(CATALOGUES), WallClock()))
        finally:
            await bot.close()
            with contextlib.suppress(asyncio.CancelledError):
                await running
            DiscordRoute.BASE, DiscordWebSocket.DEFAULT_GATEWAY = addresses
        assert fake.findings == []
