"""`/imagine`: a command becomes a row, and a chain begins.
Never here: sending anything; workers turn rows into calls."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.jobs import Ancestor, Job, JobKind
from bot.domain.prompts import PromptOptions, compose
from bot.services.intake.new_chain import Naming, NewChain, Roots, Started, named_after

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.inputs import Given
    from bot.domain.pools import Pool
    from bot.services.admission.asker import Asker
    from bot.services.intake.attachments import ImageLoader, LoadedImage

__all__ = ["Imagine", "Naming", "Started"]


class Imagine:
    """Begins chains."""

    def __init__(self, *, roots: Roots, image_loader: ImageLoader) -> None:
        self._roots = roots
        self._image_loader = image_loader

    async def remix(self, asker: Asker, ancestor: Job, prompt: str) -> Started:
        """Begin a chain with a prompt that was edited from another job's, in the pool of that one. Raises as `begin`.

        Its pictures go along while they are kept; the card says so if they are not.
        """
        taken = await self._image_loader.kept_of_prompt(ancestor)
        gone = ancestor.kind is JobKind.IMAGINE and ancestor.inputs > len(taken)
        return await self._begin(
            asker,
            PromptOptions(prompt=prompt, pictures=len(taken)),
            ancestor.pool,
            ancestor=named_after(ancestor),
            taken=taken,
            notes=("note.pictures_not_kept",) if gone else (),
        )

    async def begin(
        self,
        asker: Asker,
        options: PromptOptions,
        pool: Pool | None,
        *,
        ancestor: Ancestor | None = None,
        preferred: Pool | None = None,
        given: Sequence[Given] = (),
    ) -> Started:
        """Accept a prompt: check it, take its pictures in, decide the chain's pool, store the intent, wake a worker.

        Without a `pool` it is the `preferred` one if that is open to the asker, else the usual one of the place.
        Raises `UserError` if prompt, pictures or policy refuse, `StorageTrouble` if the row could not be written; in
        each case nothing was charged.
        """
        options = replace(options, pictures=len(given))
        compose(options)  # a bad prompt is not worth fetching pictures for
        taken = await self._image_loader.gather(given)
        return await self._begin(asker, options, pool, ancestor=ancestor, taken=taken, preferred=preferred)

    async def _begin(
        self,
        asker: Asker,
        options: PromptOptions,
        pool: Pool | None,
        *,
        ancestor: Ancestor | None,
        taken: Sequence[LoadedImage],
        preferred: Pool | None = None,
        notes: tuple[str, ...] = (),
    ) -> Started:
        composed = compose(options)
        root = NewChain(
            kind=JobKind.IMAGINE,
            pool=pool,
            preferred=preferred,
            prompt=composed.prompt,
            notes=composed.notes + notes,
            taken=taken,
            ancestor=ancestor,
        )
        return await self._roots.begin(asker, root)
