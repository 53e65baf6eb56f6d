"""`/blend`: two to five pictures become one grid.
Never here: fetching them, and what a finished grid offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.inputs import FEWEST_BLENDED, MOST_BLENDED
from bot.domain.jobs import JobKind
from bot.domain.prices import Charge
from bot.errors import UserError
from bot.services.admission.authorization import Authorizer, Operation, origin_of
from bot.services.intake.new_chain import NewChain
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.inputs import Shape, SourcePicture
    from bot.domain.jobs import Job
    from bot.domain.pools import Pool
    from bot.services.admission.asker import Asker
    from bot.services.intake.attachments import ImageLoader
    from bot.services.intake.intake import StartedJob
    from bot.services.intake.new_chain import NewChains


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Blending:
    """Begins blends."""

    chains: NewChains
    image_loader: ImageLoader
    authorizer: Authorizer

    async def begin(
        self,
        asker: Asker,
        given: Sequence[SourcePicture],
        *,
        shape: Shape,
        pool: Pool | None,
        preferred: Pool | None = None,
    ) -> StartedJob:
        """Accept a blend. Raises `UserError`, `RetryLater` or `StorageTrouble`; in each case nothing was charged, but see `WriteUnclear`."""
        check_count(len(given))
        await self.chains.ask_first(asker, Charge.BLEND, pool=pool, preferred=preferred, given=given)
        taken = await self.image_loader.gather(given)
        chain = NewChain(kind=JobKind.BLEND, pool=pool, preferred=preferred, taken=taken, shape=shape)
        return await self.chains.start(asker, chain)

    async def again(self, asker: Asker, job: Job) -> StartedJob:
        """Blend the pictures of a job that came to nothing once more, in its pool; one at a time. Raises as `begin`."""
        asker = await self.authorizer.authorize_asker(asker, origin_of(job), Operation.REMIX)
        taken = await self.image_loader.kept(job)
        if len(taken) < max(FEWEST_BLENDED, job.inputs):
            raise UserError(text("again.pictures_gone", key=job.key))
        turn = f"{job.key}/again"
        chain = NewChain(kind=JobKind.BLEND, pool=job.pool, taken=taken, shape=job.shape, turn=turn)
        return await self.chains.start(asker, chain)


def check_count(n: int) -> None:
    """Raise `UserError` for a number of pictures that upstream does not take (contract §1.3)."""
    if not FEWEST_BLENDED <= n <= MOST_BLENDED:
        raise UserError(text("blend.count", fewest=FEWEST_BLENDED, most=MOST_BLENDED, given=n))
