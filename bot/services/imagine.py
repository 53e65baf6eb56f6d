"""`/imagine`: a command becomes a row, and a chain begins.
Never here: sending anything; workers turn rows into calls."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bot.domain.jobs import Ancestor, Job, JobKind
from bot.domain.prices import Charge
from bot.domain.prompts import PromptOptions, compose
from bot.errors import UserError
from bot.services.accepting import accept
from bot.services.quotas import Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.keys import JobKey
    from bot.domain.pools import Pool
    from bot.domain.ports import Clock, JobStore, Probe, Wakeup
    from bot.services.accounts import Accounts
    from bot.services.asking import Asker
    from bot.services.quotas import Policy

log = logging.getLogger(__name__)


class Naming(Protocol):
    """Where new names come from (random outside tests)."""

    def key(self) -> JobKey:
        """A new job key."""

    def token(self) -> str:
        """A new webhook token: at least 128 random bits, safe in a URL."""


@dataclass(frozen=True, slots=True)
class Begun:
    """An accepted command."""

    job: Job
    fresh: bool
    """False if this interaction had been accepted before: the gateway delivered it twice."""


class Imagine:
    """Begins chains."""

    def __init__(
        self,
        *,
        store: JobStore,
        policy: Policy,
        accounts: Accounts,
        clock: Clock,
        naming: Naming,
        wakeup: Wakeup,
        probe: Probe,
        show: Callable[[Job], None],
    ) -> None:
        self._store = store
        self._policy = policy
        self._accounts = accounts
        self._clock = clock
        self._naming = naming
        self._wakeup = wakeup
        self._probe = probe
        self._show = show

    async def remix(self, asker: Asker, ancestor: Job, prompt: str) -> Begun:
        """Begin a chain with a prompt that was edited from another job's, in the pool of that one. Raises as `begin`."""
        reply = ancestor.reply
        origin = Ancestor(ancestor.key, reply.channel_id, reply.message_id)
        return await self.begin(asker, PromptOptions(prompt=prompt), ancestor.pool, ancestor=origin)

    async def begin(
        self,
        asker: Asker,
        options: PromptOptions,
        pool: Pool | None,
        *,
        ancestor: Ancestor | None = None,
        preferred: Pool | None = None,
    ) -> Begun:
        """Accept a prompt: check it, decide the chain's pool for good, store the intent and wake a worker.

        Without a `pool` it is the `preferred` one if that is open to the asker, else the usual one of the place.
        Raises `UserError` if prompt or policy refuse, `StorageTrouble` if the row could not be written; in both
        cases nothing was charged.
        """
        composed = compose(options)
        pool = pool or await self._usual_pool(asker, preferred)
        now = self._clock.now()
        key = self._naming.key()
        job = Job(
            key=key,
            kind=JobKind.IMAGINE,
            root=key,
            pool=pool,
            prompt=composed.prompt,
            account=await self._accounts.for_chain(asker.reply.guild_id, pool),
            user_id=asker.user_id,
            user_name=asker.user_name,
            locale=asker.guild_locale,
            interaction_id=asker.interaction_id,
            reply=asker.reply,
            created_at=now,
            changed_at=now,
            due_at=now,
            ancestor=ancestor,
            notes=composed.notes,
            webhook_token=self._naming.token(),
        )
        request = Request(pool=pool, charge=Charge.IMAGINE, prompt=job.prompt)
        stored = await accept(job, request, asker=asker, policy=self._policy, store=self._store)
        fresh = stored.key == key
        if fresh:
            self._probe.count("jobs_begun", pool=pool.value, kind=job.kind.value)
            self._show(stored)
            self._wakeup.wake()
        return Begun(stored, fresh)

    async def _usual_pool(self, asker: Asker, preferred: Pool | None) -> Pool:
        if preferred is not None:
            try:
                await self._policy.allowance(asker, preferred, in_chain=False)
            except UserError:
                log.debug("preferred_pool_closed")
            else:
                return preferred
        return await self._policy.default_pool(asker)
