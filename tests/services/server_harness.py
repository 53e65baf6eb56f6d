"""A moderated server in the small world: moderators, members with roles, and a log channel that is listened to.
Never here: assertions; tests judge."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bot.domain.pools import UNLIMITED, AllowanceChange
from bot.domain.servers.guilds import Actor
from bot.errors import RetryLater, UserError
from bot.i18n import Catalogues
from tests.services.harness import GUILD, Harness

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable
    from pathlib import Path

    from bot.domain.jobs import Job
    from bot.domain.pools import Pool
    from bot.domain.servers.guild_ports import ModEvent
    from bot.domain.servers.guilds import Changed
    from bot.services.admission.asker import Asker
    from bot.services.servers.moderation import Moderation
    from bot.services.servers.quota import Allowances
    from bot.services.servers.settings import Guilds
    from bot.texts import Text

ADA = Actor(900, "Ada")
LOG_CHANNEL = 700
SENTENCES = Catalogues.load(strict=True)
"""Whatever is refused or told must be a sentence that fits its arguments."""
HOUR = 3_600_000


class Heard:
    """The moderators' channel, as they read it."""

    def __init__(self) -> None:
        self.events: list[ModEvent] = []
        self.told: list[tuple[int, int, str | None]] = []
        self.broken: Exception | None = None
        self.later: dict[int, list[RetryLater]] = {}
        """What a server's channel is in trouble with, try by try."""

    async def post(self, guild_id: int, channel_id: int, event: ModEvent, *, locale: str | None) -> bool:
        if self.broken is not None:
            raise self.broken
        if self.later.get(guild_id):
            raise self.later[guild_id].pop(0)
        SENTENCES.render(event.said, "en")
        self.told.append((guild_id, channel_id, locale))
        self.events.append(event)
        return True

    @property
    def said(self) -> list[str]:
        """Which sentences were told."""
        return [event.said.id for event in self.events]


class Server:
    """One server of the world."""

    def __init__(self, world: Harness) -> None:
        self.world = world
        self.heard = Heard()
        self._dispatcher: asyncio.Task[None] | None = None

    @property
    def guilds(self) -> Guilds:
        """Settings."""
        return self.world.services.guilds

    @property
    def moderation(self) -> Moderation:
        """Members and jobs."""
        return self.world.services.moderation

    @property
    def allowances(self) -> Allowances:
        """Quotas and usage."""
        return self.world.services.allowances

    async def open(self) -> None:
        """Listen to the log channel."""
        self.world.services.dispatcher.modlog = self.heard
        self._dispatcher = asyncio.create_task(self.world.services.dispatcher.run())
        await self.guilds.set_log_channel(GUILD, ADA, LOG_CHANNEL)
        await self.listen()
        self.heard.events.clear()

    async def listen(self) -> list[str]:
        """Wait until all is told; which sentences that were."""
        await self.world.services.dispatcher.drain()
        return self.heard.said

    async def close(self) -> None:
        """Stop listening."""
        if self._dispatcher is not None:
            self._dispatcher.cancel()
            with suppress(asyncio.CancelledError):
                await self._dispatcher

    def asker(self, user: int = 1, *, roles: tuple[int, ...] = (), **more: Any) -> Asker:
        """A member with roles."""
        return replace(self.world.asker(user=user), role_ids=frozenset(roles), **more)

    def elsewhere(self, asker: Asker, **reply: Any) -> Asker:
        """The same member in another place."""
        return replace(asker, reply=replace(asker.reply, **reply))

    async def imagine(
        self, prompt: str = "a paper fox", *, asker: Asker | None = None, pool: Pool | None = None
    ) -> Job:
        """Type /imagine."""
        return await self.world.imagine(prompt, asker=asker or self.asker(), pool=pool)

    async def rule(
        self,
        pool: Pool,
        role: int,
        per_day: int | None,
        running: int | None = None,
        waiting: int | None = None,
    ) -> None:
        """Give a role an allowance."""
        await set_rule(self.guilds, GUILD, ADA, pool, role, per_day=per_day, running=running, waiting=waiting)


async def set_rule(
    guilds: Guilds,
    guild_id: int,
    actor: Actor,
    pool: Pool,
    role_id: int,
    *,
    per_day: int | None,
    running: int | None,
    waiting: int | None,
    per_month: int | None = None,
    cooldown: int = 0,
) -> Changed:
    """Give a role an allowance in a pool, over the one it had; None is unlimited, the server's id everyone."""
    numbers = AllowanceChange(per_day, running, waiting, per_month, cooldown)
    return await guilds.change_rule(guild_id, actor, pool, role_id, numbers, otherwise=UNLIMITED)


async def servers(folder: Path) -> AsyncIterator[Server]:
    """A server per test, in a world whose worker rests."""
    world = Harness(folder)
    await world.open()
    server = Server(world)
    await server.open()
    yield server
    await server.close()
    await world.kill()


async def refusal(attempt: Awaitable[object]) -> Text:
    """Why an attempt is refused."""
    try:
        await attempt
    except UserError as refused:
        SENTENCES.render(refused.text, "en")
        return refused.text
    raise AssertionError("it was not refused")
