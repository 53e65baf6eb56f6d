"""Prompts that a chat model improves: kept like a refused one, to be edited before anything is paid to Midjourney.
Never here: asking the model (`prompt_help`), and windows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.domain.failures import MENDED_BY_WORDS
from bot.domain.intake.prompt_help import Help
from bot.domain.intake.prompts import ComposedPrompt, PromptOptions, compose
from bot.domain.prices import Charge
from bot.errors import UserError
from bot.services.admission.authorization import Operation, origin_of, origin_of_draft
from bot.services.admission.terms import Request
from bot.services.intake.imagine import named_pool
from bot.texts import text

if TYPE_CHECKING:
    from bot.domain.keys import JobKey
    from bot.domain.pools import Pool
    from bot.services.admission.asker import Asker
    from bot.services.admission.authorization import Authorizer
    from bot.services.admission.viewer import Viewer
    from bot.services.history.jobs import Jobs
    from bot.services.history.preferences import People
    from bot.services.intake.drafts import Drafts
    from bot.services.intake.new_chain import NewChains
    from bot.services.intake.prompt_help import PromptHelper


@dataclass(frozen=True, slots=True, kw_only=True)
class Improved:
    """A prompt before and after, kept for a while."""

    key: JobKey
    before: str
    prompt: str


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Improving:
    """Improves prompts. Its methods raise `UserError` with what stands in the way; the prompt is as it was then."""

    helper: PromptHelper
    chains: NewChains
    people: People
    drafts: Drafts
    jobs: Jobs
    authorizer: Authorizer

    async def typed(
        self, asker: Asker, options: PromptOptions, pool: Pool | None, option_set: str | None
    ) -> Improved:
        """Improve what somebody has just written: its words have to pass the server's rules first."""
        composed, chosen = await self._read(asker, options, pool)
        await self.chains.policy.check_words(
            asker, Request(pool=chosen, charge=Charge.IMAGINE, prompt=composed.prompt)
        )
        return await self._improve(asker, composed, chosen, option_set=option_set)

    async def of_job(self, asker: Asker, viewer: Viewer, key: JobKey) -> Improved:
        """Improve the prompt of a card; what Midjourney refused for its words is written so that it does not again."""
        job = await self.jobs.get_authorized(viewer, key, Operation.REMIX)
        if not job.prompt:
            raise UserError(text("helper.no_words"))
        asker = await self.authorizer.authorize_asker(asker, origin_of(job), Operation.REMIX)
        refused = job.failure is not None and job.failure.kind in MENDED_BY_WORDS
        composed = ComposedPrompt(job.prompt)
        return await self._improve(asker, composed, job.pool, refused=refused, ancestor=key)

    async def of_draft(self, asker: Asker, viewer: Viewer, key: JobKey) -> Improved:
        """Improve a prompt that the server's words refused: it was judged when it was written."""
        draft = await self.drafts.open(viewer, key)
        named = draft.ancestor
        job = None if named is None else await self.jobs.get_authorized(viewer, named, Operation.REMIX)
        origin = origin_of_draft(draft, job)
        asker = await self.authorizer.authorize_asker(asker, origin, Operation.DRAFT)
        composed, chosen = await self._read(asker, PromptOptions(prompt=draft.prompt), draft.pool)
        return await self._improve(
            asker, composed, chosen, refused=True, option_set=draft.option_set, ancestor=named
        )

    async def _read(
        self, asker: Asker, options: PromptOptions, pool: Pool | None
    ) -> tuple[ComposedPrompt, Pool]:
        """A prompt with its option sets laid in, and the pool in which it would begin as it stands."""
        liked = await self.people.preferences(asker.user_id)
        composed = compose(replace(options, sets=liked.named()))
        wanted = named_pool(pool, composed.speed, await self.chains.policy.shown(asker.server))
        return composed, await self.chains.pool_for(asker, wanted, liked.pool)

    async def _improve(
        self,
        asker: Asker,
        composed: ComposedPrompt,
        pool: Pool,
        *,
        refused: bool = False,
        option_set: str | None = None,
        ancestor: JobKey | None = None,
    ) -> Improved:
        account = await self.chains.accounts.for_chain(asker.server, pool)
        await self.chains.policy.check(asker, Request(pool=pool, charge=Charge.IMAGINE))
        with self.helper.nothing_charged_in_trouble(asker):
            better = await self._asked(asker, composed.prompt, pool, account, refused=refused)
            key = await self.drafts.keep(
                PromptOptions(prompt=" ".join([better, *composed.off])),
                user_id=asker.user_id,
                guild_id=asker.server,
                home_channel=asker.home_channel,
                pool=pool,
                option_set=option_set,
                borrowed=better,
                ancestor=ancestor,
            )
        return Improved(key=key, before=composed.prompt, prompt=better)

    async def _asked(self, asker: Asker, prompt: str, pool: Pool, account: str, *, refused: bool) -> str:
        """The model's words, which keep to the server's rules."""
        answer = await self.helper.ask(
            asker, Help.IMPROVE, prompt, pool=pool, account=account, refused=refused
        )
        better = answer.prompt()
        # Nobody is struck for words that they were given; who wrote them is asked to try again.
        checked = Request(pool=pool, charge=Charge.IMAGINE, prompt=better, borrowed=f"{prompt} {better}")
        try:
            await self.chains.policy.check_words(asker, checked)
        except UserError as refusal:
            if not refusal.text.id.startswith("refused.words"):
                raise
            raise UserError(text("helper.answer_words")) from refusal
        return better
