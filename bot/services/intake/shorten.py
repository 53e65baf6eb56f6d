"""`/shorten`: Midjourney says which words of a prompt count and writes shorter ones; each becomes a picture if somebody wants it.
Never here: reading what upstream wrote (domain), and the buttons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.intake.prompt_parts import words_of
from bot.domain.intake.prompts import PromptOptions, compose, parameters_of
from bot.domain.intake.shortening import read_shortened
from bot.domain.jobs import JobKind
from bot.domain.wording import links_at_head
from bot.errors import UserError
from bot.services.admission.authorization import Authorizer, Operation, origin_of
from bot.services.intake.imagine import chosen_by, named_pool
from bot.services.intake.new_chain import NewChain, named_after
from bot.texts import text

if TYPE_CHECKING:
    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.domain.pools import Pool
    from bot.services.accounts.accounts import Accounts
    from bot.services.admission.asker import Asker
    from bot.services.admission.viewer import Viewer
    from bot.services.history.jobs import Jobs
    from bot.services.intake.intake import StartedJob
    from bot.services.intake.new_chain import NewChains

FROM_SHORTENED: Final = "note.from_shortened"
"""The note of a prompt that was taken from a shortening."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Shortening:
    """Begins shortenings, and what is made of them."""

    chains: NewChains
    accounts: Accounts
    jobs: Jobs
    authorizer: Authorizer

    async def begin(
        self, asker: Asker, prompt: str, pool: Pool | None, *, preferred: Pool | None = None
    ) -> StartedJob:
        """Accept a prompt, by the same rules as if it were to become a picture. It is a paid call like any other.

        Raises `UserError` where the prompt, the policy or the account refuses, `StorageTrouble` if the row could not
        be written; in each case nothing was charged, but see `WriteUnclear`.
        """
        composed = compose(PromptOptions(prompt=prompt))
        shown = await self.chains.policy.shown(asker.server)
        wanted = named_pool(pool, composed.speed, shown)
        chosen = await self.chains.pool_for(asker, wanted, preferred)
        account = await self.accounts.for_chain(asker.server, chosen)
        if not (await self.accounts.learned(account)).shorten:
            raise UserError(text("shorten.not_here", pool=chosen.value))
        notes = chosen_by(composed, wanted if pool is None else None, shown)
        return await self.chains.start(
            asker, NewChain(kind=JobKind.SHORTEN, pool=chosen, prompt=composed.prompt, notes=notes)
        )

    async def shorter(self, viewer: Viewer, key: JobKey, number: int) -> tuple[Job, str]:
        """One of the shorter prompts, counted from 0, with its job. Raises `UserError` if it is not there.

        Midjourney shortens words alone: the pictures that the long prompt began with stand before them again, and its
        parameters behind them.
        """
        job = await self._shortened(viewer, key)
        found = read_shortened(job.result_text).prompts
        if number >= len(found):
            raise UserError(text("shorten.forgotten", key=key))
        # Parameters that upstream repeats have lost their addresses in reading.
        words = words_of(found[number])
        return job, " ".join([*links_at_head(job.prompt), words, *parameters_of(job.prompt)])

    async def imagine(
        self,
        asker: Asker,
        viewer: Viewer,
        key: JobKey,
        prompt: str,
        *,
        sets: tuple[tuple[str, str], ...] = (),
    ) -> StartedJob:
        """Begin a chain with one of the shorter prompts, as somebody edited it, in the pool of the shortening."""
        job = await self._shortened(viewer, key)
        asker = await self.authorizer.authorize_asker(asker, origin_of(job), Operation.IDEA)
        composed = compose(PromptOptions(prompt=prompt, sets=sets))
        chain = NewChain(
            kind=JobKind.IMAGINE,
            pool=job.pool,
            prompt=composed.prompt,
            borrowed=proposed(job),
            notes=(*composed.notes, FROM_SHORTENED),
            ancestor=named_after(job),
        )
        return await self.chains.start(asker, chain)

    async def _shortened(self, viewer: Viewer, key: JobKey) -> Job:
        job = await self.jobs.get_authorized(viewer, key, Operation.IDEA)
        if job.kind is not JobKind.SHORTEN:
            raise UserError(text("press.no_such_button", key=key))
        return job


def proposed(job: Job) -> str:
    """All words that a shortening gave, and those that it was given."""
    return " ".join([job.prompt, *read_shortened(job.result_text).prompts])
