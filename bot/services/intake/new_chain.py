"""New chains: whatever a chain begins with becomes its first job, in the pool and on the account that it keeps.
Never here: what a command means, and whether its words are good."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from bot.domain.inputs import REFERENCES, role_of
from bot.domain.jobs import Ancestor, Job, JobKind
from bot.domain.prices import Charge, charge_of
from bot.domain.servers.image_rules import ImageFacts
from bot.errors import UserError
from bot.services.admission.terms import Request
from bot.services.intake.intake import StartedJob
from bot.services.intake.synthetic_ids import next_turn
from bot.services.intake.translating import Sent
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.domain.inputs import InputRole, Shape, SourcePicture
    from bot.domain.pools import Pool
    from bot.services.accounts.accounts import Accounts
    from bot.services.admission.asker import Asker
    from bot.services.admission.terms import Policy
    from bot.services.intake.attachments import LoadedImage
    from bot.services.intake.intake import Intake
    from bot.services.intake.translating import Translating

log = logging.getLogger(__name__)


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
    borrowed: str = ""
    """Words in the prompt that the asker did not type."""
    taken: Sequence[LoadedImage] = ()
    """Pictures that go along."""
    shape: Shape | None = None
    subject: str | None = None
    ancestor: Ancestor | None = None
    interaction_id: int | None = None
    """See `Intake.new_job`."""
    turn: str | None = None
    """What it is, if there may be one of it at a time: while that runs, whoever asks again finds it."""
    number: int = 1
    """See `Request.number`."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class NewChains:
    """Begins chains, through the one way in for jobs."""

    intake: Intake
    policy: Policy
    accounts: Accounts
    translating: Translating
    _beginning: WeakValueDictionary[int, asyncio.Lock] = field(
        init=False, default_factory=WeakValueDictionary
    )
    """Of two presses for the same, in this process, the second waits: else it sends the words as they were written while
    the first has them translated, and is quicker."""

    async def pool_for(self, asker: Asker, pool: Pool | None, preferred: Pool | None) -> Pool:
        """The pool in which a chain would begin. Raises `UserError` if all are closed to the asker."""
        return pool or await self._usual_pool(asker, preferred)

    async def ask_first(
        self,
        asker: Asker,
        charge: Charge,
        *,
        pool: Pool | None,
        preferred: Pool | None,
        given: Sequence[SourcePicture] = (),
        address: str | None = None,
    ) -> None:
        """Ask all rules that can be asked before a picture is fetched or decoded. Raises `UserError`.

        Who is to pay is asked first: a server that is not let in has nothing fetched for it.
        """
        facts = [ImageFacts(one.filename, "", one.size or 0) for one in given]
        request = Request(
            pool=await self.pool_for(asker, pool, preferred),
            charge=charge,
            prompt=address,
            images=facts,
            references=references_of(role_of(one) for one in given),
        )
        await self.check(asker, request)

    async def check(self, asker: Asker, request: Request) -> None:
        """Ask whether somebody would pay for it, and the server's rules. Raises `UserError`."""
        await self.accounts.for_chain(asker.server, request.pool)
        await self.policy.check(asker, request)

    async def start(self, asker: Asker, chain: NewChain) -> StartedJob:
        """Decide the chain's pool and account for good, and hand its first job in. Raises as `Intake.enqueue`."""
        if asker.server is None:  # nobody's rules would hold, and the owner would pay
            raise UserError(text("refused.server_only"))
        number = chain.interaction_id
        if chain.turn is not None:
            number, running = await next_turn(self.intake.store, chain.turn)
            if running is not None:
                return StartedJob(running, fresh=False)
        with self.translating.helper.nothing_charged_in_trouble(asker):
            return await self._start_once(asker, chain, number)

    async def _start_once(self, asker: Asker, chain: NewChain, number: int | None) -> StartedJob:
        if number is None:
            return await self._start(asker, chain, None)
        async with self._beginning.setdefault(number, asyncio.Lock()):
            earlier = await self.intake.store.by_interaction(number)
            if earlier is not None:
                return StartedJob(earlier, fresh=False)
            return await self._start(asker, chain, number)

    async def _start(self, asker: Asker, chain: NewChain, number: int | None) -> StartedJob:
        pool = await self.pool_for(asker, chain.pool, chain.preferred)
        smaller = ("note.picture_scaled",) if any(one.checked.reduced for one in chain.taken) else ()
        account = await self.accounts.for_chain(asker.server, pool)
        images = [one.facts for one in chain.taken]
        references = references_of(one.input.role for one in chain.taken)
        sent = Sent(prompt=chain.prompt)
        if chain.kind is JobKind.IMAGINE:
            asked = Request(
                pool=pool,
                charge=Charge.IMAGINE,
                prompt=chain.prompt,
                images=images,
                borrowed=chain.borrowed,
                references=references,
            )
            sent = await self.translating.sent(asker, asked, account, call=chain.interaction_id)
        job = self.intake.new_job(
            asker,
            kind=chain.kind,
            pool=pool,
            prompt=sent.prompt,
            account=account,
            home=asker.server,
            home_channel=asker.lineage[0],
            interaction_id=number,
            ancestor=chain.ancestor,
            typed=sent.typed,
            notes=chain.notes + sent.notes + smaller,
            shape=chain.shape,
            subject=chain.subject,
        )
        request = Request(
            pool=pool,
            charge=charge_of(job),
            prompt=job.prompt or None,
            images=images,
            borrowed=chain.borrowed,
            typed=sent.typed,
            references=references,
            number=chain.number,
        )
        answers = None if chain.turn is None else asker.interaction_id
        inputs = [one.input for one in chain.taken]
        try:
            started = await self.intake.enqueue(asker, job, request, inputs, answers=answers)
        except UserError:
            await self.translating.let_off(asker, sent)
            raise
        if not started.fresh:  # another process was quicker, with other words
            await self.translating.let_off(asker, sent)
        return started

    async def _usual_pool(self, asker: Asker, preferred: Pool | None) -> Pool:
        if preferred is not None:
            try:
                await self.policy.allowance(asker, preferred, in_chain=False)
            except UserError:
                log.debug("preferred_pool_closed")
            else:
                return preferred
        return await self.policy.default_pool(asker)


def references_of(roles: Iterable[InputRole]) -> tuple[str, ...]:
    """The parameters that pictures of such roles are sent as."""
    return tuple(dict.fromkeys(REFERENCES[role] for role in roles if role in REFERENCES))


def named_after(job: Job) -> Ancestor:
    """A job as the one that a new root was made from."""
    return Ancestor(job.key, job.reply.channel_id, job.reply.message_id)
