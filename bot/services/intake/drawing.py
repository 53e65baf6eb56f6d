"""`/draw`: an order of the second engine becomes a row, and so does what people begin under its card or instead of Midjourney.
Never here: what a model takes (domain), and sending anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.intake.drawing import read_order
from bot.domain.intake.prompt_parts import words_of
from bot.domain.jobs import JobKind
from bot.domain.pools import Pool
from bot.domain.prices import Charge
from bot.errors import UserError
from bot.services.admission.authorization import Authorizer, Operation, origin_of, origin_of_draft
from bot.services.intake.attachments import PromptPictures
from bot.services.intake.new_chain import NewChain, named_after
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.engine_models import EngineModel
    from bot.domain.inputs import SourcePicture
    from bot.domain.intake.drawing import Order
    from bot.domain.jobs import Ancestor, Job
    from bot.domain.personal_items import Draft
    from bot.services.accounts.accounts import Accounts
    from bot.services.admission.asker import Asker
    from bot.services.intake.attachments import ImageLoader, LoadedImage
    from bot.services.intake.intake import StartedJob
    from bot.services.intake.new_chain import NewChains

INSTEAD: Final = "note.drawn_instead"
"""The note of an order that was begun with a prompt of Midjourney's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawOptions:
    """What `/draw` was given; an option wins over the same in the prompt."""

    prompt: str
    size: str | None = None
    quality: str | None = None
    number: int | None = None

    @property
    def typed(self) -> str:
        """All of it as one would type it, mistakes and all."""
        given = (("size", self.size), ("quality", self.quality), ("number", self.number))
        return " ".join([self.prompt.strip(), *(f"--{name} {value}" for name, value in given if value)])

    def read(self, model: EngineModel) -> Order:
        """The order that it is for a model. Raises `UserError`."""
        return read_order(self.prompt, model, size=self.size, quality=self.quality, number=self.number)


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Drawings:
    """Begins orders. Every method that begins one raises `UserError` or `StorageTrouble`; then nothing was charged, but see `WriteUnclear`."""

    chains: NewChains
    image_loader: ImageLoader
    accounts: Accounts
    authorizer: Authorizer

    async def engine(self, guild_id: int | None) -> EngineModel | None:
        """The engine that a server's members can draw with; None: it has none."""
        return await self.accounts.engine_in(guild_id)

    async def begin(
        self, asker: Asker, options: DrawOptions, *, given: Sequence[SourcePicture] = ()
    ) -> StartedJob:
        """Accept an order with the pictures that it starts from."""
        model = await self._model(asker)
        order = options.read(model)
        if given:
            check_pictures(model)
            await self.chains.ask_first(asker, Charge.DRAW, pool=Pool.DRAW, preferred=None, given=given)
        return await self._start(asker, order, taken=await self.image_loader.gather(given))

    async def remix(self, asker: Asker, ancestor: Job, prompt: str, *, turn: str | None = None) -> StartedJob:
        """Accept an order whose words were edited from another one's.

        Its pictures go along while they are kept; the card says so if they are not.
        """
        asker = await self.authorizer.authorize_asker(asker, origin_of(ancestor), Operation.REMIX)
        model = await self._model(asker)
        order = DrawOptions(prompt=prompt).read(model)
        pictures = await self.image_loader.of_prompt(ancestor)
        if pictures.kept:
            check_pictures(model)
        return await self._start(
            asker,
            order,
            taken=pictures.kept,
            ancestor=named_after(ancestor),
            borrowed=ancestor.prompt,
            notes=pictures.notes,
            turn=turn,
        )

    async def again(self, asker: Asker, job: Job) -> StartedJob:
        """Send an order that came to nothing once more, with all its pictures; one at a time."""
        if (await self.image_loader.of_prompt(job)).are_gone:
            raise UserError(text("again.prompt_pictures_gone", key=job.key))
        return await self.remix(asker, job, job.prompt, turn=f"{job.key}/again")

    async def instead(self, asker: Asker, job: Job) -> StartedJob:
        """Draw what Midjourney did not: the words of its job, with its pictures where the model takes them; one at a time."""
        asker = await self.authorizer.authorize_asker(asker, origin_of(job), Operation.REMIX)
        model = await self._model(asker)
        pictures = await self._pictures(job, model)
        order = DrawOptions(prompt=job.prompt).read(model)
        return await self._start(
            asker,
            order,
            taken=pictures.kept,
            ancestor=named_after(job),
            borrowed=job.prompt,
            notes=(INSTEAD, *pictures.notes),
            turn=f"{job.key}/instead",
        )

    async def of_draft(
        self, asker: Asker, draft: Draft, prompt: str | None = None, *, ancestor: Job | None = None
    ) -> StartedJob:
        """Draw what was refused before it became a job, where it was first asked for: as it was, or with other words.

        The pictures of the job that it was made from go along as with `remix` and `instead`.
        """
        origin = origin_of_draft(draft, ancestor)
        asker = await self.authorizer.authorize_asker(asker, origin, Operation.DRAFT)
        model = await self._model(asker)
        order = DrawOptions(prompt=prompt or draft.prompt).read(model)
        notes = () if (ancestor or draft).pool is Pool.DRAW else (INSTEAD,)
        if ancestor is None:
            return await self._start(asker, order, borrowed=draft.borrowed, notes=notes)
        pictures = await self._pictures(ancestor, model)
        return await self._start(
            asker,
            order,
            taken=pictures.kept,
            ancestor=named_after(ancestor),
            borrowed=f"{ancestor.prompt} {draft.borrowed}",
            notes=notes + pictures.notes,
        )

    async def _pictures(self, job: Job, model: EngineModel) -> PromptPictures:
        return await self.image_loader.of_prompt(job) if model.pictures else PromptPictures()

    async def _model(self, asker: Asker) -> EngineModel:
        model = await self.accounts.engine_in(asker.server)
        if model is None:
            raise UserError(text("draw.not_here"))
        if await self.accounts.is_engine_refused(asker.server):
            raise UserError(text("draw.key_refused", engine=model.name))
        return model

    async def _start(
        self,
        asker: Asker,
        order: Order,
        *,
        taken: Sequence[LoadedImage] = (),
        ancestor: Ancestor | None = None,
        borrowed: str = "",
        notes: tuple[str, ...] = (),
        turn: str | None = None,
    ) -> StartedJob:
        chain = NewChain(
            kind=JobKind.DRAW,
            pool=Pool.DRAW,
            prompt=order.prompt,
            notes=order.notes + notes,
            borrowed=borrowed,
            taken=taken,
            ancestor=ancestor,
            number=order.number,
            turn=turn,
        )
        return await self.chains.start(asker, chain)


def check_pictures(model: EngineModel) -> None:
    """Raise `UserError` if a model cannot start from a picture."""
    if not model.pictures:
        raise UserError(text("draw.no_pictures", engine=model.name))


def may_be_drawn(job: Job) -> bool:
    """Whether a job's words can be sent to the engine: it is Midjourney's, and has words beside its parameters."""
    return job.pool is not Pool.DRAW and bool(words_of(job.prompt))
