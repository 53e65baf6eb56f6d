"""A moderated server: the client in a simulated Discord with the real services over a real database.
Never here: a worker, and expectations."""

from __future__ import annotations

import math
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import discord
from cryptography.fernet import Fernet

from bot.domain.capabilities import BY_SERVER, Capabilities, ServerKind
from bot.domain.days import day_of
from bot.domain.failures import Failure, FailureKind
from bot.domain.jobs import JobState
from bot.domain.keys import key_from_bits
from bot.domain.pools import UNLIMITED, Allowance, AllowanceChange, Pool
from bot.domain.servers.guilds import Actor
from bot.domain.tasks import TaskPage
from bot.errors import RemoteError, RemoteFault
from bot.metrics import Meters
from bot.midjourney.image_loader import PillowReader
from bot.midjourney.masks import PillowMasks
from bot.services.accounts.owner_policy import OwnerTerms
from bot.services.admission.terms import DeploymentPolicy
from bot.services.process import Ports, Terms
from bot.services.wiring import build
from bot.storage import open_storage
from bot.storage.vault import FernetVault
from bot.ui.accounts.owners import DiscordMail
from bot.ui.kit.open_answers import DiscordAnswers
from tests.cogs.jobs_harness import Gallery
from tests.fixtures.sqlite import migrated
from tests.ui.builders import words
from tests.ui.client_harness import CATALOGUES, studio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from simcord.actors import MemberActor
    from simcord.builders import RoleHandle, UserHandle
    from simcord.results import InteractionResult

    from bot.domain.jobs import Job
    from bot.domain.servers.guilds import GuildSettings
    from bot.domain.upstream_keys import KeyAdmin
    from bot.services.wiring import Services
    from bot.storage import Storage
    from tests.ui.client_harness import ClientHarness

DEFAULTS = {
    Pool.NORMAL: Allowance(50, 3, 10),
    Pool.FAST: Allowance(10, 1, 5),
    Pool.TURBO: Allowance(5, 1, 3),
}


def seen(result: InteractionResult) -> str:
    """All that the person was shown; nothing of it in public."""
    answers = [*([result.response] if result.response else []), *result.followups]
    assert answers
    assert all(answer.ephemeral for answer in answers)
    return "\n".join(f"{a.content}\n{words(a.components)}" for a in answers)


@dataclass
class Gateway:
    """An image API that answers readings, or fails as the test wants."""

    trouble: Exception | None = None
    asked: int = 0
    key: str = "sk-of-the-owner"
    prices: list[Any] | None = None
    capabilities: Capabilities = BY_SERVER[ServerKind.OHMYGPT]

    async def page(self, number: int, *, size: int) -> TaskPage:
        assert number == 1
        assert size in {5, 20}
        self.asked += 1
        if self.trouble is not None:
            raise self.trouble
        return TaskPage(tasks=(), total=0)

    def holds(self, key: str) -> bool:
        return key == self.key

    async def balance(self) -> Any:
        return SimpleNamespace(total=Decimal("1234567.8"))

    async def rates(self) -> Any:
        if self.prices is None:
            raise RemoteError(RemoteFault.KEY, "no")
        return self.prices


@dataclass
class Moderated:
    """The house, its memory, and one who manages it."""

    house: ClientHarness
    storage: Storage
    services: Services
    api: Gateway
    mo: MemberActor
    role: RoleHandle
    """The moderators'."""
    brought: dict[str, Gateway] = field(default_factory=dict)
    """The accounts behind servers' own keys."""
    made: int = field(default=0)

    @property
    def guild_id(self) -> int:
        return self.house.guild.id

    async def settings(self) -> GuildSettings:
        """What is stored, past every cache."""
        return await self.storage.guilds.settings.settings(self.guild_id)

    async def job(self, state: JobState = JobState.QUEUED, **changes: Any) -> Job:
        """A job that was accepted and booked, and is now in a state."""
        self.made += 1
        key = key_from_bits(self.made)
        job = replace(
            self.house.job(
                JobState.QUEUED,
                key=key,
                root=key,
                interaction_id=9000 + self.made,
                webhook_token=f"token-{self.made}",
                pool=Pool.NORMAL,
            ),
            **changes,
        )
        await self.storage.jobs.insert(job, UNLIMITED)
        if state is not JobState.QUEUED:
            now = job.created_at
            ended = now if state in {JobState.SUCCEEDED, JobState.FAILED} else None
            failure = Failure(FailureKind.UNKNOWN, "no") if state is JobState.FAILED else None
            job = replace(job, state=state, finished_at=ended, failure=failure)
            await self.storage.jobs.save(job)
        return job

    @property
    def boss(self) -> Actor:
        """The moderator, as the audit names them."""
        return Actor(self.mo.id, "mo")

    async def set_unlimited(self, actor: Actor | None = None) -> None:
        """Give everybody as much of FAST as they like: a decision that is kept."""
        everyone = self.guild_id
        await self.services.guilds.change_rule(
            everyone,
            actor or self.boss,
            Pool.FAST,
            everyone,
            AllowanceChange(None, None, None, None, 0),
            otherwise=UNLIMITED,
        )

    async def let_through_here(self, command: str, member: MemberActor) -> None:
        """The same for a command of this server alone."""
        here = discord.Object(self.guild_id)
        (found,) = [c for c in await self.house.bot.tree.fetch_commands(guild=here) if c.name == command]
        self.house.guild.set_command_permissions(found, {member: True})

    def own_application(self, *owners: MemberActor | UserHandle) -> None:
        """Make people the application's team, the first of them its owner."""
        self.house.bot._owners = tuple(owner.id for owner in owners)
        self.house.bot._owners_until = math.inf

    def midnight(self) -> int:
        """When the day ends here, in UTC."""
        return day_of(self.house.clock.now()).end

    async def let_through(self, command: str, member: MemberActor) -> None:
        """Have Discord let a member use a command, as an administrator may decide."""
        (found,) = [c for c in await self.house.bot.tree.fetch_commands() if c.name == command]
        self.house.guild.set_command_permissions(found, {member: True})

    def demote(self) -> None:
        """Take the moderator's role away."""
        self.house.env.backend.get_member(self.guild_id, self.mo.id).role_ids.clear()

    def files(self, result: InteractionResult) -> list[bytes]:
        """What was attached."""
        assert result.response is not None
        found = [self.house.env.backend.cdn.get(a.url) for a in result.response.attachments]
        return [data for data in found if data is not None]

    async def panel(self) -> InteractionResult:
        """Open the panel."""
        return await self.mo.slash(self.house.channel, "pool panel")


@asynccontextmanager
async def moderated(
    folder: Path,
    *,
    only: Pool | None = None,
    own_keys: bool = True,
    key_admin: KeyAdmin | None = None,
    owner_terms: OwnerTerms | None = None,
    more: tuple[str, ...] = (),
    server: ServerKind = ServerKind.OHMYGPT,
) -> AsyncIterator[Moderated]:
    """Open it; `only` is the pool that the deployment offers, where it does not offer all that `server` has."""
    offered = DEFAULTS if only is None else {only: DEFAULTS[only]}
    address = migrated(folder / "easel.db")
    async with (
        studio(
            extensions=("cogs.imagine", "cogs.jobs", "cogs.pools", "cogs.preferences", "cogs.help", *more),
            pools_differ=server is not ServerKind.OHMYGPT,
        ) as house,
        open_storage(address, migrate=True) as storage,
    ):
        api, brought = Gateway(capabilities=BY_SERVER[server]), dict[str, Gateway]()
        services = build(
            Ports(
                store=storage.jobs,
                archive=storage.archive,
                accounts=cast("Any", {"default": api}),
                reader=PillowReader(),
                pictures=Gallery(),
                masks=PillowMasks(),
                publisher=house.publisher,
                clock=house.clock,
                metrics=Meters(version="0", role="all", instance="test"),
                policy=DeploymentPolicy(offered, Pool.NORMAL),
                guilds=storage.guilds,
                people=storage.people,
                personal_items=storage.personal_items,
                tenants=storage.tenants,
                answers=storage.answers,
                answer_writer=DiscordAnswers(house.bot, CATALOGUES),
                help_books=storage.help_books,
                balance_apis={"default": api},
                key_admin=key_admin,
                vault=FernetVault([Fernet.generate_key().decode()]) if own_keys else None,
                open_account=lambda key: cast("Any", brought.setdefault(key, Gateway(key=key))),
            ),
            Terms(owner="test", max_running=3, owner_terms=owner_terms or OwnerTerms()),
        )
        mail = DiscordMail(house.bot, CATALOGUES)
        services.owner_questions.mail = mail
        services = replace(services, mail=mail)
        house.bot.services = services
        role = house.guild.create_role("mods", permissions=discord.Permissions(manage_guild=True))
        mo = house.guild.add_member(house.env.create_user("mo"), roles=[role])
        yield Moderated(house, storage, services, api, mo, role, brought)
