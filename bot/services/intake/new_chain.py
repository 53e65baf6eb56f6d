"""Roots: the first job of a chain gets its row here, whatever it is made from.
Never here: what a command means, and whether its words are good."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bot.domain.jobs import Ancestor, Job, JobKind
from bot.domain.prices import charge_of
from bot.errors import UserError
from bot.services.admission.terms import Request
from bot.services.intake.enqueue import enqueue
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.domain.inputs import Shape
    from bot.domain.keys import JobKey
    from bot.domain.pools import Pool
    from bot.domain.ports import Clock, JobStore, Metrics, Wakeup
    from bot.services.accounts.accounts import Accounts
    from bot.services.admission.asker import Asker
    from bot.services.admission.terms import Policy
    from bot.services.intake.attachments import LoadedImage

log = logging.getLogger(__name__)


class Naming(Protocol):
    """Where new names come from (random outside tests)."""

    def key(self) -> JobKey:
        """A new job key."""

    def token(self) -> str:
        """A new webhook token: at least 128 random bits, safe in a URL."""


@dataclass(frozen=True, slots=True)
class Started:
    """An accepted command."""

    job: Job
    fresh: bool
    """False if this interaction had been accepted before: the gateway delivered it twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChain:
    """What a chain begins with."""

    kind: JobKind
    pool: Pool | None
    """None: the preferred or the usual one."""
    preferred: Pool | None = None
    """What the asker likes best, where it is open to them."""
    prompt: str = ""
    """Words that somebody wrote, or stands for; upstream shows none for a blend and a description."""
    notes: tuple[str, ...] = ()
    taken: Sequence[LoadedImage] = ()
    """Pictures that go along."""
    shape: Shape | None = None
    subject: str | None = None
    ancestor: Ancestor | None = None
    interaction_id: int | None = None
    """What stands for the interaction, where one press begins several jobs, or only one however often it is pressed."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Roots:
    """Writes rows of roots, through the one door for jobs."""

    store: JobStore
    policy: Policy
    accounts: Accounts
    clock: Clock
    naming: Naming
    wakeup: Wakeup
    metrics: Metrics
    show: Callable[[Job], None]

    async def begin(self, asker: Asker, root: NewChain) -> Started:
        """Decide the chain's pool for good, store the intent and wake a worker.

        Raises `UserError` if the policy refuses, `StorageTrouble` if the row could not be written; in both cases
        nothing was charged.
        """
        if asker.server is None:  # nobody's rules would hold, and the owner would pay
            raise UserError(text("refused.server_only"))
        pool = root.pool or await self._usual_pool(asker, root.preferred)
        now, key = self.clock.now(), self.naming.key()
        smaller = ("note.picture_scaled",) if any(one.checked.reduced for one in root.taken) else ()
        job = Job(
            key=key,
            kind=root.kind,
            root=key,
            pool=pool,
            prompt=root.prompt,
            account=await self.accounts.for_chain(asker.server, pool),
            home=asker.server,
            home_channel=asker.lineage[0],
            user_id=asker.user_id,
            user_name=asker.user_name,
            locale=asker.guild_locale,
            interaction_id=asker.interaction_id if root.interaction_id is None else root.interaction_id,
            reply=asker.reply,
            created_at=now,
            changed_at=now,
            due_at=now,
            ancestor=root.ancestor,
            notes=root.notes + smaller,
            shape=root.shape,
            subject=root.subject,
            webhook_token=self.naming.token(),
        )
        request = Request(
            pool=pool,
            charge=charge_of(job),
            prompt=job.prompt or None,
            images=[one.facts for one in root.taken],
        )
        inputs = [one.input for one in root.taken]
        stored = await enqueue(
            job,
            request,
            asker=asker,
            policy=self.policy,
            store=self.store,
            accounts=self.accounts,
            inputs=inputs,
        )
        fresh = stored.key == key
        if fresh:
            self.metrics.count("jobs_begun", pool=pool.value, kind=job.kind.value)
            self.show(stored)
            self.wakeup.wake()
        return Started(stored, fresh)

    async def _usual_pool(self, asker: Asker, preferred: Pool | None) -> Pool:
        if preferred is not None:
            try:
                await self.policy.allowance(asker, preferred, in_chain=False)
            except UserError:
                log.debug("preferred_pool_closed")
            else:
                return preferred
        return await self.policy.default_pool(asker)


def named_after(job: Job) -> Ancestor:
    """A job as the one that a new root was made from."""
    return Ancestor(job.key, job.reply.channel_id, job.reply.message_id)
