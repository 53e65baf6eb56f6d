"""Members look after their jobs: find one, withdraw it, look back at what they made and forward to what waits.
Never here: bringing a picture anywhere (that is `redelivery`) and how any of it looks."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.intake.prompts import seed_of
from bot.domain.jobs import Job, JobState
from bot.domain.pools import Pool
from bot.errors import UserError
from bot.services.admission.authorization import Authorizer, Operation
from bot.services.history.upstream_requests import known_seed
from bot.texts import Text, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bot.domain.archive import JobArchive, JobPage
    from bot.domain.keys import JobKey
    from bot.domain.ports import Clock, JobStore, Load, Wakeup
    from bot.services.admission.terms import Policy
    from bot.services.admission.viewer import Viewer
    from bot.services.history.upstream_requests import UpstreamRequests

log = logging.getLogger(__name__)

PAGE: Final = 5
"""Jobs on a page of `/jobs list`."""
SUGGESTED_FROM: Final = 200
"""How far back suggestions look; an older job is found by its key."""
SHOWN_LIVE: Final = 50
"""Live jobs of one member, or of a server, that anybody looks at in one go."""
CHILDREN: Final = 25


@dataclass(frozen=True, slots=True)
class History:
    """A page of what a member made in this server."""

    page: JobPage
    number: int
    """Counted from 0."""
    pages: int


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits and runs in a server."""

    mine: Sequence[Job]
    """The member's unfinished jobs, the oldest first."""
    ahead: Mapping[JobKey, int]
    """For each of those that waits: how many are sent before it, other servers' included."""
    load: Mapping[Pool, Load]
    """Of each pool that the server sees."""


@dataclass(frozen=True, slots=True)
class Relatives:
    """A job among its relations."""

    job: Job
    parent: Job | None
    children: Sequence[Job]


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Jobs:
    """What members, and moderators in their server, do with jobs that exist."""

    store: JobStore
    archive: JobArchive
    authorizer: Authorizer
    clock: Clock
    wakeup: Wakeup
    show: Callable[[Job], None]
    policy: Policy
    server: UpstreamRequests

    # -- one job -----------------------------------------------------------------------------------------

    async def get_authorized(self, viewer: Viewer, key: JobKey, operation: Operation) -> Job:
        """Read a job, if the viewer may do this with it; raises `UserError`."""
        job = await self.store.get(key)
        if job is None:
            raise UserError(text("jobs.unknown", key=key))
        return await self.authorizer.authorize_viewer(viewer, job, operation)

    async def get_managed(self, viewer: Viewer, key: JobKey, operation: Operation) -> Job:
        """Read a job that the viewer may do something about: their own, or any of a server that they manage."""
        job = await self.get_authorized(viewer, key, operation)
        if not viewer.may_look_after(job):
            raise UserError(text("jobs.not_yours", key=key))
        return job

    async def family(self, viewer: Viewer, key: JobKey) -> Relatives:
        """Read a job with what it was made from and what was made from it."""
        job = await self.get_authorized(viewer, key, Operation.INFO)
        parent = await self.store.get(job.press.parent) if job.press is not None else None
        children = await self.archive.children(key, limit=CHILDREN)
        return Relatives(job, parent, children)

    async def cancel(self, viewer: Viewer, key: JobKey) -> Text:
        """Withdraw a job as far as that is possible; says how far. Raises `UserError` if there is nothing to withdraw.

        A job that upstream has goes on there; it is kept for `/jobs show` and not posted.
        """
        job = await self.get_managed(viewer, key, Operation.CANCEL)
        after = None if job.is_terminal else await self.store.cancel(key, self.clock.now())
        if after is None:
            raise UserError(_too_late(await self.store.get(key) or job))
        log.info(
            "job_withdrawn",
            extra={"job": key, "state": after.state.value, "by": viewer.user_id, "own": viewer.owns(after)},
        )
        # A cancelled job is an outcome, which a worker delivers; an unwanted one changes its card here and now.
        if not after.is_terminal:
            self.show(after)
        self.wakeup.wake()
        if after.state is JobState.CANCELLED:
            return text("jobs.cancelled", key=key)
        if await self.server.drop(after):
            self.wakeup.wake()
            return text("jobs.cancelled_at_server", key=key)
        late = "draw.cancelled_too_late" if after.pool is Pool.DRAW else "jobs.cancelled_too_late"
        return text(late, key=key)

    # -- many --------------------------------------------------------------------------------------------

    async def history(self, viewer: Viewer, number: int) -> History:
        """Read a page of the viewer's own jobs here; past the end, the last page."""
        guild_id = _guild(viewer)
        page = await self.archive.page(viewer.user_id, guild_id, skip=number * PAGE, limit=PAGE)
        pages = max(1, -(-page.total // PAGE))
        if number >= pages:
            number = pages - 1
            page = await self.archive.page(viewer.user_id, guild_id, skip=number * PAGE, limit=PAGE)
        return History(page, number, pages)

    async def queue(self, viewer: Viewer) -> Queue:
        """Read what waits and runs here."""
        guild_id = _guild(viewer)
        mine = await self.archive.live(guild_id, user_id=viewer.user_id, limit=SHOWN_LIVE)
        waiting = [job.key for job in mine if job.state is JobState.QUEUED]
        load, shown = await self.archive.load(guild_id), await self.policy.shown(guild_id)
        seen = {pool: n for pool, n in load.items() if pool in shown or n.running or n.waiting}
        return Queue(mine, await self.store.ahead(waiting), seen)

    async def to_show(self, viewer: Viewer, typed: str) -> Sequence[Job]:
        """Suggest own pictures for what was typed so far, the newest first."""
        found = await self.archive.finished(viewer.user_id, _guild(viewer), limit=SUGGESTED_FROM)
        return _matching(found, typed)

    async def to_cancel(self, viewer: Viewer, typed: str) -> Sequence[Job]:
        """Suggest own live jobs, the newest first; whoever manages the server finds everybody's after them."""
        guild_id = _guild(viewer)
        mine = await self.archive.live(guild_id, user_id=viewer.user_id, limit=SHOWN_LIVE)
        found = [job for job in reversed(mine) if not job.unwanted]
        if viewer.manages:
            every = await self.archive.live(guild_id, limit=SUGGESTED_FROM)
            found += [job for job in every if not job.unwanted and not viewer.owns(job)]
        return _matching(found, typed)

    async def seeds(self, viewer: Viewer) -> Sequence[tuple[int, str]]:
        """The seeds of the viewer's latest pictures here, each once with its prompt, the newest first."""
        found: dict[int, str] = {}
        for job in await self.archive.finished(viewer.user_id, _guild(viewer), limit=SUGGESTED_FROM):
            seed = known_seed(job) or seed_of(job.prompt)
            if seed is not None:
                found.setdefault(int(seed), job.prompt)
        return list(found.items())

    def now(self) -> int:
        """The clock by which the age of suggestions is told."""
        return self.clock.now()


def _guild(viewer: Viewer) -> int:
    if viewer.guild_id is None:
        raise UserError(text("refused.server_only"))
    return viewer.guild_id


def _matching(jobs: Sequence[Job], typed: str) -> list[Job]:
    """Those whose key begins with what was typed, or whose prompt contains it."""
    wanted = " ".join(typed.split()).casefold()
    return [job for job in jobs if job.key.startswith(wanted) or wanted in job.prompt.casefold()]


def _too_late(job: Job) -> Text:
    """Why a job that ended cannot be withdrawn."""
    if job.state is JobState.SUCCEEDED and not job.is_delivered:
        return text("jobs.cancel_fetching", key=job.key)
    return text(f"jobs.cancel_{job.state.value}" if job.is_terminal else "jobs.unknown", key=job.key)
