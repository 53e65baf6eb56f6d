"""Jobs that exist: the real services over a real database, for a client in a simulated Discord or on the wire.
Never here: a worker, and expectations."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from bot.domain.jobs import JobState, Route
from bot.domain.keys import key_from_bits
from bot.domain.pools import UNLIMITED, Pool
from bot.domain.ports import Picture, Showing
from bot.domain.servers.membership import NoDirectory
from bot.domain.tasks import RemoteTaskId
from bot.services.accounts.costs import Costs
from bot.services.admission.authorization import Authorizer
from bot.services.admission.terms import DeploymentPolicy
from bot.services.history.favourites import Favourites
from bot.services.history.jobs import Jobs
from bot.services.history.redelivery import Redelivery
from bot.services.history.thumbnails import Thumbnails
from bot.services.history.upstream_requests import UpstreamRequests
from bot.storage import open_storage
from tests.fixtures.sqlite import migrated
from tests.ui.builders import a_picture

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.domain.servers.guilds import Actor
    from bot.storage import Storage
    from tests.ui.client_harness import ClientHarness
    from tests.ui.wire_harness import Line

EXTENSIONS = ("cogs.imagine", "cogs.jobs")


@dataclass
class Gallery:
    """Gives a picture, or trouble."""

    trouble: Exception | None = None
    picture: Picture = field(default_factory=a_picture)

    async def fetch(self, *, storage_key: str | None, discord_url: str | None, limit: int) -> Picture:
        assert storage_key or discord_url
        assert limit > 0
        if self.trouble is not None:
            raise self.trouble
        return self.picture


class Book:
    """Keeps what moderators are said to have done to others' jobs."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, JobKey]] = []

    async def audit_act_on_other(self, _guild: int | None, _actor: Actor, action: str, key: JobKey) -> None:
        self.lines.append((action, key))


class Bell:
    """Counts how often a worker would have been woken."""

    rung = 0

    def wake(self) -> None:
        self.rung += 1


@dataclass
class JobsHarness:
    """A house with a memory."""

    house: ClientHarness | Line
    storage: Storage
    gallery: Gallery
    bell: Bell
    changed: list[Job]
    """Live jobs whose cards were to be redrawn."""
    made: int = 0

    async def job(self, state: JobState = JobState.SUCCEEDED, *, shown: bool = False, **changes: Any) -> Job:
        """A job in the database, delivered if it has ended, its card in the channel if it is to be `shown`."""
        self.made += 1
        key = changes.pop("key", key_from_bits(self.made))
        base = self.house.job(
            state, key=key, root=key, interaction_id=1000 + self.made, webhook_token=f"token-{self.made}"
        )
        if base.task_id is not None:
            base = replace(base, task_id=RemoteTaskId(str(41 + self.made)))
        if state is JobState.SUCCEEDED:
            base = replace(base, storage_key="mj/1.png")
        begun = base.created_at + self.made
        due_at = begun if state is JobState.QUEUED else base.due_at
        job = replace(base, created_at=begun, **{"due_at": due_at, **changes})
        if shown:
            place = await self.house.publisher.show(Showing(job, job.created_at), Route.POST, picture=None)
            job = replace(job, reply=replace(job.reply, message_id=place.message_id, message_at=place.at))
        await self.storage.jobs.insert(job, UNLIMITED)
        if job.is_terminal:
            await self.storage.jobs.save(replace(job, delivered_at=None, route=None))
            await self.storage.jobs.release(job.delivered(job.route or Route.REPLY, job.created_at))
        return await self.row(job.key)

    async def row(self, key: JobKey) -> Job:
        """A job as it is stored."""
        found = await self.storage.jobs.get(key)
        assert found is not None
        return found


class NoAccounts:
    """Nothing can be asked of any image server."""

    async def find(self, _name: str) -> None:
        return None


@asynccontextmanager
async def workshop(house: ClientHarness | Line, clock: Any, folder: Path) -> AsyncIterator[JobsHarness]:
    """Furnish a house."""
    async with open_storage(migrated(folder / "easel.db"), migrate=True) as storage:
        gallery, bell, changed = Gallery(), Bell(), list[Any]()
        jobs = Jobs(
            store=storage.jobs,
            archive=storage.archive,
            authorizer=Authorizer(NoDirectory()),
            clock=clock,
            wakeup=bell,
            show=changed.append,
            policy=DeploymentPolicy({}, Pool.NORMAL),
            server=UpstreamRequests(store=storage.jobs, accounts=cast("Any", NoAccounts()), clock=clock),
        )
        house.services.jobs, house.services.upstream_requests = jobs, jobs.server
        house.services.moderation = Book()
        house.services.redelivery = Redelivery(
            jobs=jobs, store=storage.jobs, publisher=house.publisher, pictures=gallery, clock=clock
        )
        house.services.costs = Costs(books=storage.guilds.books, memory=storage.guilds.memory, clock=clock)
        house.services.favourites = Favourites(jobs=jobs, store=storage.personal_items, clock=clock)
        house.services.thumbnails = Thumbnails(publisher=house.publisher, clock=clock)
        yield JobsHarness(house, storage, gallery, bell, changed)
