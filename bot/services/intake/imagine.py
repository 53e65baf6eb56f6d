"""`/imagine`: a command becomes a row, and a chain begins.
Never here: sending anything; workers turn rows into calls."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.domain.intake.prompts import NOTE_SPEED, PromptOptions, compose
from bot.domain.jobs import Ancestor, Job, JobKind
from bot.domain.pools import Pool
from bot.domain.prices import Charge, charge_of_prompt
from bot.errors import UserError
from bot.services.admission.authorization import Authorizer, Operation, origin_of, origin_of_draft
from bot.services.intake.new_chain import NewChain, named_after
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bot.domain.inputs import SourcePicture
    from bot.domain.intake.prompts import ComposedPrompt
    from bot.domain.personal_items import Draft
    from bot.services.admission.asker import Asker
    from bot.services.intake.attachments import ImageLoader, LoadedImage
    from bot.services.intake.intake import StartedJob
    from bot.services.intake.new_chain import NewChains


NOTE_CHOSEN = "note.speed_chose_pool"
NOTE_NO_TURBO = "note.no_turbo"
_POOLS = {"relax": Pool.NORMAL, "fast": Pool.FAST, "turbo": Pool.TURBO}
"""Which pool a speed in the text stands for."""


def named_pool(pool: Pool | None, speed: str | None, shown: Collection[Pool]) -> Pool | None:
    """The pool of a new chain: the option of the command, else what a speed in the text stands for, if it is one here."""
    meant = pool if pool is not None else _POOLS.get(speed or "")
    return meant if pool is not None or meant in shown else None


def chosen_by(composed: ComposedPrompt, pool: Pool | None, shown: Collection[Pool]) -> tuple[str, ...]:
    """The notes of a prompt, with what became of a speed in it."""
    meant = _POOLS.get(composed.speed or "")
    if meant is not None and meant not in shown:
        said = NOTE_NO_TURBO
    elif pool is not None and meant is pool:
        said = NOTE_CHOSEN
    else:
        return composed.notes
    return tuple(said if note == NOTE_SPEED else note for note in composed.notes)


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Imagine:
    """Begins chains."""

    chains: NewChains
    image_loader: ImageLoader
    authorizer: Authorizer

    async def remix(
        self,
        asker: Asker,
        ancestor: Job,
        prompt: str,
        *,
        sets: tuple[tuple[str, str], ...] = (),
        turn: str | None = None,
    ) -> StartedJob:
        """Begin a chain with a prompt that was edited from another job's, in the pool of that one. Raises as `begin`.

        `sets` are the asker's own that may stand in it. Its pictures go along while they are kept; the card says so if they are not.
        """
        options = PromptOptions(prompt=prompt, sets=sets)
        return await self._from(asker, ancestor, options, ancestor.pool, turn=turn)

    async def again(self, asker: Asker, job: Job) -> StartedJob:
        """Send a prompt that came to nothing once more, with all its pictures; one at a time. Raises as `begin`."""
        if (await self.image_loader.of_prompt(job)).are_gone:
            raise UserError(text("again.prompt_pictures_gone", key=job.key))
        return await self.remix(asker, job, job.prompt, turn=f"{job.key}/again")

    async def begin(
        self,
        asker: Asker,
        options: PromptOptions,
        pool: Pool | None,
        *,
        ancestor: Ancestor | None = None,
        preferred: Pool | None = None,
        given: Sequence[SourcePicture] = (),
        address: str | None = None,
        borrowed: str = "",
    ) -> StartedJob:
        """Accept a prompt: check it, take its pictures in, decide the chain's pool, store the intent, wake a worker.

        `address` is where a given picture lies that is no file: the server's rules about links hold for it.
        Without a `pool` it is the `preferred` one if that is open to the asker, else the usual one of the place.
        Raises `UserError` if prompt, pictures or policy refuse, `StorageTrouble` if the row could not be written; in
        each case nothing was charged, but see `WriteUnclear`.
        """
        options = replace(options, pictures=len(given))
        composed = compose(options)  # a bad prompt is not worth fetching pictures for
        if given:
            await self.chains.ask_first(
                asker,
                charge_of_prompt(Charge.IMAGINE, composed.prompt),
                pool=named_pool(pool, composed.speed, await self.chains.policy.shown(asker.server)),
                preferred=preferred,
                given=given,
                address=address,
            )
        taken = await self.image_loader.gather(given)
        return await self._start(
            asker, options, pool, ancestor=ancestor, taken=taken, preferred=preferred, borrowed=borrowed
        )

    async def begin_from(
        self, asker: Asker, card: Job, options: PromptOptions, *, preferred: Pool | None
    ) -> StartedJob:
        """Accept a prompt that goes with the picture of a card, by the rules of that card's server. Raises as `begin`."""
        asker = await self.authorizer.authorize_asker(asker, origin_of(card), Operation.PICTURE)
        given = await self.image_loader.of_job(card)
        return await self.begin(asker, options, None, preferred=preferred, given=[given])

    async def begin_again(
        self,
        asker: Asker,
        draft: Draft,
        options: PromptOptions,
        *,
        preferred: Pool | None,
        ancestor: Job | None = None,
    ) -> StartedJob:
        """Accept a prompt that was refused before and edited, where it was first asked for. Raises as `begin`.

        With the job that it was made from, its pictures go along as with `remix`.
        """
        pool, borrowed = draft.pool, draft.borrowed
        if ancestor is not None:
            return await self._from(asker, ancestor, options, pool, preferred=preferred, borrowed=borrowed)
        asker = await self.authorizer.authorize_asker(asker, origin_of_draft(draft, None), Operation.DRAFT)
        return await self.begin(asker, options, pool, preferred=preferred, borrowed=borrowed)

    async def _from(
        self,
        asker: Asker,
        ancestor: Job,
        options: PromptOptions,
        pool: Pool | None,
        *,
        preferred: Pool | None = None,
        borrowed: str = "",
        turn: str | None = None,
    ) -> StartedJob:
        asker = await self.authorizer.authorize_asker(asker, origin_of(ancestor), Operation.REMIX)
        pictures = await self.image_loader.of_prompt(ancestor)
        return await self._start(
            asker,
            replace(options, pictures=len(pictures.kept)),
            pool,
            ancestor=named_after(ancestor),
            borrowed=f"{ancestor.prompt} {borrowed}".strip(),
            taken=pictures.kept,
            preferred=preferred,
            notes=pictures.notes,
            turn=turn,
        )

    async def _start(
        self,
        asker: Asker,
        options: PromptOptions,
        pool: Pool | None,
        *,
        ancestor: Ancestor | None,
        taken: Sequence[LoadedImage],
        preferred: Pool | None = None,
        notes: tuple[str, ...] = (),
        borrowed: str = "",
        turn: str | None = None,
    ) -> StartedJob:
        composed = compose(options)
        shown = await self.chains.policy.shown(asker.server)
        wanted = named_pool(pool, composed.speed, shown)
        chain = NewChain(
            kind=JobKind.IMAGINE,
            pool=wanted,
            preferred=preferred,
            prompt=composed.prompt,
            notes=chosen_by(composed, wanted if pool is None else None, shown) + notes,
            borrowed=borrowed,
            taken=taken,
            ancestor=ancestor,
            turn=turn,
        )
        return await self.chains.start(asker, chain)
