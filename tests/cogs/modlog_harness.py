"""A moderators' room: the real services with the real log channel over a real database, in a simulated Discord.
Never here: a worker, and expectations."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import discord

from bot.domain.jobs import JobState, Route
from bot.domain.keys import key_from_bits
from bot.domain.pools import UNLIMITED, Allowance, Pool
from bot.domain.servers.guilds import Actor
from bot.metrics import Meters
from bot.midjourney.image_loader import PillowReader
from bot.midjourney.masks import PillowMasks
from bot.services.admission.terms import DeploymentPolicy
from bot.services.process import Ports, Terms
from bot.services.wiring import build
from bot.storage import open_storage
from bot.ui.kit.open_answers import DiscordAnswers
from bot.ui.moderation.modlog import ChannelModLog
from tests.cogs.jobs_harness import Gallery
from tests.fixtures.sqlite import migrated
from tests.ui.builders import walk, words
from tests.ui.client_harness import CATALOGUES, studio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from simcord.actors import MemberActor
    from simcord.builders import ChannelHandle
    from simcord.results import InteractionResult

    from bot.domain.jobs import Job
    from bot.domain.servers.guilds import AuditEntry, GuildSettings
    from bot.services.wiring import Services
    from bot.storage import Storage
    from tests.ui.client_harness import ClientHarness

EXTENSIONS = ("cogs.imagine", "cogs.jobs", "cogs.moderation")
BOSS = Actor(1, "boss")


class Untouched:
    """An image API that nobody may call: any use of it fails the test."""

    def __getattr__(self, name: str) -> Any:
        if name == "capabilities":
            raise AttributeError(name)  # it does not say what it can do: that is no call
        raise AssertionError(f"the image API was asked for {name}")


@dataclass
class Room:
    """The house, its memory, its log channel, and one who manages it."""

    house: ClientHarness
    storage: Storage
    services: Services
    mo: MemberActor
    log: ChannelHandle
    made: int = field(default=0)

    @property
    def guild_id(self) -> int:
        return self.house.guild.id

    async def do(self, name: str, **options: Any) -> str:
        """Run a moderator's command; what they were told, and nobody else."""
        return seen(await self.mo.slash(self.house.channel, f"mod {name}", **options))

    async def settings(self) -> GuildSettings:
        """What is stored, past every cache."""
        return await self.storage.guilds.settings.settings(self.guild_id)

    async def history(self) -> list[AuditEntry]:
        """The audit, the latest first."""
        return list(await self.storage.guilds.settings.audit(self.guild_id, before=None, limit=50))

    async def job(self, state: JobState = JobState.QUEUED, **changes: Any) -> Job:
        """A job that was accepted, and is now in a state."""
        self.made += 1
        key = key_from_bits(self.made)
        base = self.house.job(
            JobState.QUEUED,
            key=key,
            root=key,
            interaction_id=9000 + self.made,
            webhook_token=f"t-{self.made}",
        )
        job = replace(base, created_at=base.created_at + self.made, **changes)
        await self.storage.jobs.insert(job, UNLIMITED)
        if state is not JobState.QUEUED:
            ended = job.created_at if state is JobState.SUCCEEDED else None
            job = replace(job, state=state, finished_at=ended)
            await self.storage.jobs.save(job)
        if state is JobState.SUCCEEDED:
            await self.storage.jobs.release(job.delivered(Route.REPLY, job.created_at))
        return await self.row(job)

    async def row(self, job: Job) -> Job:
        """A job as it is stored."""
        found = await self.storage.jobs.get(job.key)
        assert found is not None
        return found

    async def listen(self) -> None:
        """Make the log channel known, past the audit's first lines."""
        await self.services.guilds.set_log_channel(self.guild_id, BOSS, self.log.id)
        await self.services.dispatcher.drain()

    async def told(self) -> list[str]:
        """Each message of the log channel as text, once all has been told."""
        await self.services.dispatcher.drain()
        return [
            words(cast("Any", [part.to_dict() for part in message.components]))
            for message in self.log.history(viewer=self.mo)
        ]


def seen(result: InteractionResult) -> str:
    """All that the person was shown; nothing of it in public."""
    answers = [*([result.response] if result.response else []), *result.followups]
    assert answers
    assert all(answer.ephemeral for answer in answers)
    return "\n".join(f"{answer.content}\n{words(answer.components)}" for answer in answers)


def buttons(result: InteractionResult) -> dict[str, str]:
    """Labels of the buttons with their custom_ids."""
    assert result.response is not None
    parts = list(walk(result.response.components))
    parts += [part["accessory"] for part in parts if "accessory" in part]
    return {part["label"]: part["custom_id"] for part in parts if part["type"] == 2}


@asynccontextmanager
async def room(folder: Path) -> AsyncIterator[Room]:
    """Open it."""
    address = migrated(folder / "easel.db")
    async with (
        studio(extensions=EXTENSIONS) as house,
        open_storage(address, migrate=True) as storage,
    ):
        services = build(
            Ports(
                store=storage.jobs,
                archive=storage.archive,
                accounts=cast("Any", {"default": Untouched()}),
                reader=PillowReader(),
                pictures=Gallery(),
                masks=PillowMasks(),
                publisher=house.publisher,
                clock=house.clock,
                metrics=Meters(version="0", role="all", instance="test"),
                policy=DeploymentPolicy({Pool.NORMAL: Allowance(50, 3, 30)}, Pool.NORMAL),
                guilds=storage.guilds,
                people=storage.people,
                personal_items=storage.personal_items,
                tenants=storage.tenants,
                answers=storage.answers,
                answer_writer=DiscordAnswers(house.bot, CATALOGUES),
                help_books=storage.help_books,
                modlog=ChannelModLog(house.bot, CATALOGUES, house.clock),
            ),
            Terms(owner="test", max_running=3),
        )
        house.bot.services = services
        role = house.guild.create_role("mods", permissions=discord.Permissions(manage_guild=True))
        mo = house.guild.add_member(house.env.create_user("mo"), roles=[role])
        dispatcher = asyncio.create_task(services.dispatcher.run())
        yield Room(house, storage, services, mo, house.guild.create_text_channel("mod-log"))
        dispatcher.cancel()
        await asyncio.gather(dispatcher, return_exceptions=True)
