"""Several jobs from one prompt: announced with their price, begun when their asker says so, each by the one way in.
Never here: writing choices out (domain), the card that asks (ui), and keeping what waits for a yes (drafts).

Each job stands for a number of its own, so that a second press, or a press after a restart, begins nothing twice."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bot.domain.intake.batches import DEFAULT_JOBS, written_out
from bot.domain.intake.choices import count_of
from bot.domain.intake.prompts import PROMPT_LIMIT, PromptOptions, compose
from bot.domain.intake.stand_in import STAND_IN
from bot.domain.jobs import JobKind
from bot.domain.prices import Charge, charge_of_prompt, price_of
from bot.domain.wording import clean
from bot.errors import StorageTrouble, UserError
from bot.services.admission.authorization import Operation, origin_of, origin_of_draft
from bot.services.admission.terms import Request
from bot.services.intake.drafts import as_typed
from bot.services.intake.imagine import chosen_by, named_pool
from bot.services.intake.new_chain import NewChain, named_after
from bot.services.intake.synthetic_ids import synthetic_id
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.domain.personal_items import Draft
    from bot.domain.pools import Pool
    from bot.domain.ports import JobStore
    from bot.services.admission.asker import Asker
    from bot.services.admission.authorization import Authorizer, Origin
    from bot.services.admission.terms import Policy
    from bot.services.admission.viewer import Viewer
    from bot.services.history.preferences import People
    from bot.services.intake.attachments import ImageLoader
    from bot.services.intake.describe import Places
    from bot.services.intake.drafts import Drafts
    from bot.services.intake.intake import StartedJob
    from bot.services.intake.new_chain import NewChains
    from bot.services.servers.settings import Guilds
    from bot.texts import Text

log = logging.getLogger(__name__)

NAMED: Final = 10
"""Prompts that an announcement shows."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Jobs that wait for a yes."""

    key: JobKey
    prompts: Sequence[str]
    pool: Pool
    units: int
    """What all of them cost together, by the server's prices, with the questions that translate them."""


@dataclass(frozen=True, slots=True)
class BatchStarted:
    """What came of a yes."""

    begun: tuple[Job, ...]
    known: int
    """Jobs that an earlier press had begun."""
    refused: tuple[tuple[int, Text], ...]
    """Which of the jobs began nothing, counted from 1, and why."""


def asks_for_several(options: PromptOptions) -> bool:
    """Whether a prompt may be meant for more than one job; prompts with mistakes are not."""
    line = clean(options.prompt)
    if count_of(line) > 1:
        return True
    try:
        return compose(PromptOptions(prompt=line, sets=options.sets, several=True)).repeat > 1
    except UserError:
        return False


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Batches:
    """Offers and begins batches."""

    chains: NewChains
    authorizer: Authorizer
    drafts: Drafts
    image_loader: ImageLoader
    guilds: Guilds
    people: People
    policy: Policy
    store: JobStore

    async def offer(
        self,
        asker: Asker,
        options: PromptOptions,
        pool: Pool | None,
        option_set: str | None,
        *,
        draft: Draft | None = None,
        ancestor: Job | None = None,
        borrowed: str = "",
    ) -> Offer:
        """Write a prompt out and keep it until its asker says yes; nothing is begun or charged.

        It was refused before as this `draft`, or edited from that `ancestor` with `borrowed` words, or both.
        Raises `UserError` if a job cannot be sent, there are more than the server allows, or the pool is closed to
        the asker; `StorageTrouble` if it could not be kept.
        """
        if options.pictures or (ancestor is not None and (await self.image_loader.of_prompt(ancestor)).had):
            raise UserError(text("prompt.several_with_pictures"))
        origin = None if ancestor is None else origin_of(ancestor)
        if draft is not None:
            origin, borrowed = origin_of_draft(draft, ancestor), draft.borrowed
        if origin is not None:
            asker = await self.authorizer.authorize_asker(asker, origin, Operation.DRAFT)
        settings = None if asker.server is None else await self.guilds.settings(asker.server)
        most = DEFAULT_JOBS if settings is None else settings.batch
        spelled = as_typed(options)
        if len(spelled) > PROMPT_LIMIT:
            raise UserError(text("prompt.too_long", limit=PROMPT_LIMIT, length=len(spelled)))
        liked = await self.people.preferences(asker.user_id)
        compose(replace(options, prompt=STAND_IN))  # what the command's options alone are refused for
        # What was made from a card has what was laid under that card's words already.
        under = liked.under(option_set) if ancestor is None else ()
        full = PromptOptions(prompt=spelled, under=under, sets=liked.named())
        jobs = written_out(full, most=most)  # exactly what `start` will read
        chosen = named_pool(pool, jobs[-1].speed, await self.policy.shown(asker.server))
        chosen = await self.chains.pool_for(asker, chosen, liked.pool)
        asked = [
            Request(pool=chosen, charge=charge_of_prompt(Charge.IMAGINE, one.prompt), prompt=one.prompt)
            for one in jobs
        ]
        for charge in dict.fromkeys(one.charge for one in asked):
            await self.chains.check(asker, Request(pool=chosen, charge=charge))
        sent = [await self.policy.shaped(asker, one) for one in asked]
        prices = () if settings is None else settings.prices
        units = sum(price_of(prices, chosen, charge) for _, charge in sent)
        units += sum([await self.chains.translating.price(asker, chosen, one.prompt) for one in jobs])
        lent = (borrowed, "" if ancestor is None else ancestor.prompt)
        key = await self.drafts.keep(
            options,
            user_id=asker.user_id,
            guild_id=asker.server,
            home_channel=asker.home_channel,
            pool=chosen,
            option_set=option_set,
            borrowed=" ".join(one for one in lent if one),
            ancestor=None if ancestor is None else ancestor.key,
        )
        return Offer(key, [prompt for prompt, _ in sent], chosen, units)

    async def start(self, viewer: Viewer, key: JobKey, places: Places) -> BatchStarted:
        """Begin what was offered. Raises `UserError` if it is no longer kept, or somebody else's."""
        draft = await self.drafts.open(viewer, key)
        settings = None if draft.guild_id is None else await self.guilds.settings(draft.guild_id)
        liked = await self.people.preferences(draft.user_id)
        under = liked.under(draft.option_set) if draft.ancestor is None else ()
        options = PromptOptions(prompt=draft.prompt, under=under, sets=liked.named())
        jobs = written_out(options, most=DEFAULT_JOBS if settings is None else settings.batch)
        shown = await self.policy.shown(draft.guild_id)
        ancestor = None if draft.ancestor is None else await self.store.get(draft.ancestor)
        strike_id = synthetic_id(f"{key}/batch")  # its words strike once, however often they are begun
        begun: list[Job] = []
        known = 0
        refused: list[tuple[int, Text]] = []
        for number, composed in enumerate(jobs, 1):
            root = NewChain(
                kind=JobKind.IMAGINE,
                pool=draft.pool,
                prompt=composed.prompt,
                notes=chosen_by(composed, draft.pool, shown),
                borrowed=draft.borrowed,
                ancestor=None if ancestor is None else named_after(ancestor),
                interaction_id=synthetic_id(f"{key}/batch/{number}"),
            )
            try:
                one = await self._begin(root, origin_of_draft(draft, ancestor), places, strike_id)
            except UserError as refusal:
                refused.append((number, refusal.text))
            except StorageTrouble as trouble:  # of this one alone: what began before it stands
                refused.append((number, text(trouble.said)))
            else:
                if one is None:
                    known += 1
                else:
                    begun.append(one)
        log.info("batch_begun", extra={"draft": key, "begun": len(begun), "refused": len(refused)})
        return BatchStarted(tuple(begun), known, tuple(refused))

    async def _begin(self, root: NewChain, origin: Origin, places: Places, strike_id: int) -> Job | None:
        """Begin one of them in a place of its own; None if it had begun before."""
        if (
            root.interaction_id is not None
            and await self.store.by_interaction(root.interaction_id) is not None
        ):
            return None
        asker = await places.open()
        try:
            authorized = await self.authorizer.authorize_asker(asker, origin, Operation.DRAFT)
            one: StartedJob = await self.chains.start(replace(authorized, strike_id=strike_id), root)
        except BaseException:
            await places.shut(asker)
            raise
        if not one.fresh:
            await places.shut(asker)
            return None
        return one.job
