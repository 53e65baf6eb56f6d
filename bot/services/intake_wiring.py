"""Puts the room together in which requests become rows.
Never here: adapters; they come in through the ports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.services.intake.attachments import ImageLoader
from bot.services.intake.batches import Batches
from bot.services.intake.blend import Blending
from bot.services.intake.describe import Describing
from bot.services.intake.drafts import Drafts
from bot.services.intake.drawing import Drawings
from bot.services.intake.imagine import Imagine
from bot.services.intake.improving import Improving
from bot.services.intake.intake import Intake
from bot.services.intake.new_chain import NewChains
from bot.services.intake.open_answers import OpenAnswers
from bot.services.intake.press import Presses
from bot.services.intake.prompt_help import PromptHelper
from bot.services.intake.region import Regions
from bot.services.intake.shorten import Shortening
from bot.services.intake.translating import Translating
from bot.services.intake.windows import ActionWindows

if TYPE_CHECKING:
    from bot.services.accounts_wiring import AccountServices
    from bot.services.admission.authorization import Authorizer
    from bot.services.history_wiring import HistoryServices
    from bot.services.modlog.dispatcher import Dispatcher
    from bot.services.process import Ports, Terms
    from bot.services.servers_wiring import ServerServices
    from bot.services.worker.worker import Worker


@dataclass(frozen=True, kw_only=True)
class IntakeServices:
    """The services of the room."""

    imagine: Imagine
    blending: Blending
    describing: Describing
    drawings: Drawings
    batches: Batches
    presses: Presses
    windows: ActionWindows
    shortening: Shortening
    regions: Regions
    intake: Intake
    image_loader: ImageLoader
    drafts: Drafts
    improving: Improving
    answers: OpenAnswers
    """Has to run beside the worker, in every process."""


def build_intake(
    ports: Ports,
    terms: Terms,
    *,
    payers: AccountServices,
    servers: ServerServices,
    history: HistoryServices,
    authorizer: Authorizer,
    worker: Worker,
    dispatcher: Dispatcher,
) -> IntakeServices:
    """Wire them."""
    store, clock, metrics = ports.store, ports.clock, ports.metrics
    accounts, guilds, policy = payers.accounts, servers.guilds, servers.policy
    jobs, people = history.jobs, history.people
    answers = OpenAnswers(
        owner=terms.owner,
        store=ports.answers,
        writer=ports.answer_writer,
        clock=clock,
        metrics=metrics,
        dispatcher=dispatcher,
        help_books=ports.help_books,
        journal=ports.answer_journal,
    )
    intake = Intake(
        policy=policy,
        store=store,
        accounts=accounts,
        costs=payers.costs,
        clock=clock,
        naming=terms.naming,
        wakeup=worker,
        metrics=metrics,
        answers=answers,
        show=worker.editor.changed,
        video=terms.video,
    )
    helper = PromptHelper(
        model=terms.helper_model,
        own_api=ports.chat,
        chat_of=ports.chat_of,
        books=ports.help_books,
        policy=policy,
        accounts=accounts,
        owner=payers.owner_policy,
        clock=clock,
        metrics=metrics,
        answers=answers,
    )
    translating = Translating(helper=helper, people=people, guilds=guilds, intake=intake)
    chains = NewChains(intake=intake, policy=policy, accounts=accounts, translating=translating)
    loader = ImageLoader(reader=ports.reader, pictures=ports.pictures, jobs=jobs, store=store)
    presses = Presses(
        intake=intake,
        store=store,
        archive=ports.archive,
        authorizer=authorizer,
        accounts=accounts,
        image_loader=loader,
        video=terms.video,
    )
    drafts = Drafts(store=ports.personal_items, clock=clock, naming=terms.naming)
    return IntakeServices(
        batches=Batches(
            chains=chains,
            authorizer=authorizer,
            drafts=drafts,
            image_loader=loader,
            guilds=guilds,
            people=people,
            policy=policy,
            store=store,
        ),
        imagine=Imagine(chains=chains, image_loader=loader, authorizer=authorizer),
        blending=Blending(chains=chains, image_loader=loader, authorizer=authorizer),
        describing=Describing(
            chains=chains, image_loader=loader, jobs=jobs, store=store, authorizer=authorizer
        ),
        drawings=Drawings(chains=chains, image_loader=loader, accounts=accounts, authorizer=authorizer),
        presses=presses,
        windows=ActionWindows(presses=presses),
        shortening=Shortening(chains=chains, accounts=accounts, jobs=jobs, authorizer=authorizer),
        regions=Regions(
            presses=presses,
            store=store,
            pictures=ports.pictures,
            masks=ports.masks,
            clock=clock,
            editor=terms.editor_link,
        ),
        intake=intake,
        image_loader=loader,
        drafts=drafts,
        improving=Improving(
            helper=helper, chains=chains, people=people, drafts=drafts, jobs=jobs, authorizer=authorizer
        ),
        answers=answers,
    )
