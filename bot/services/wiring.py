"""Puts the services together, room by room: what a process needs to accept, send, follow and deliver jobs.
Never here: adapters; they come in through the ports (`process` lists them)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.services.accounts.accounts import Accounts
from bot.services.accounts.costs import Costs
from bot.services.accounts.key_orders import KeyOrders
from bot.services.accounts.monitor import AccountMonitor
from bot.services.accounts.own_keys import OwnKeys
from bot.services.accounts.owner_policy import OwnerPolicy
from bot.services.accounts.owner_questions import OwnerQuestions
from bot.services.accounts.status import AccountStatus
from bot.services.accounts.upstream_keys import UpstreamKeys
from bot.services.admission.doors import Doors
from bot.services.history.dm_outbox import DmOutbox, DmQueue
from bot.services.history.erased_cards import ErasedCards
from bot.services.history.favourites import Favourites
from bot.services.history.jobs import Jobs
from bot.services.history.preferences import People
from bot.services.history.redelivery import Redelivery
from bot.services.history.thumbnails import Thumbnails
from bot.services.history.upstream_requests import UpstreamRequests
from bot.services.housekeeping import Housekeeping
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
from bot.services.modlog.dispatcher import Dispatcher
from bot.services.servers.moderation import Moderation
from bot.services.servers.policy import GuildPolicy
from bot.services.servers.prompt_settings import PromptSettings
from bot.services.servers.quota import Allowances
from bot.services.servers.settings import Guilds
from bot.services.worker_wiring import build_worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.jobs import Job
    from bot.services.accounts.owner_policy import OwnerMail
    from bot.services.process import Ports, Terms
    from bot.services.worker.progress import ProgressEditor
    from bot.services.worker.worker import Worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the front doors (commands, buttons, the web) call."""

    # -- a request becomes a row -------------------------------------------------------------------------
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
    # -- a row becomes calls and messages ----------------------------------------------------------------
    worker: Worker
    editor: ProgressEditor
    """Runs inside the worker; a process without a worker runs it alone, for the first cards."""
    # -- what exists already -----------------------------------------------------------------------------
    jobs: Jobs
    upstream_requests: UpstreamRequests
    redelivery: Redelivery
    favourites: Favourites
    thumbnails: Thumbnails
    people: People
    """Has to run beside the worker, in every process."""
    copies: DmOutbox
    """Has to run beside the worker, in every process that delivers."""
    erased_cards: ErasedCards
    """As above."""
    # -- servers -----------------------------------------------------------------------------------------
    guilds: Guilds
    prompt_settings: PromptSettings
    policy: GuildPolicy
    allowances: Allowances
    moderation: Moderation
    dispatcher: Dispatcher
    """Has to run beside the worker, in every process."""
    # -- who pays ----------------------------------------------------------------------------------------
    accounts: Accounts
    owner_policy: OwnerPolicy
    owner_questions: OwnerQuestions
    own_keys: OwnKeys
    upstream_keys: UpstreamKeys
    costs: Costs
    upstream: AccountStatus
    mail: OwnerMail
    watch: AccountMonitor
    """Has to run beside the worker, in one process at least."""
    # -- now and then ------------------------------------------------------------------------------------
    housekeeping: Housekeeping
    """Has to run beside the worker, in one process at least."""
    answers: OpenAnswers
    """Has to run beside the worker, in every process."""


def build(ports: Ports, terms: Terms, *, on_lost_way: Callable[[Job, str], None]) -> Services:
    """Wire one process's services; nothing runs until `worker.run()`."""
    store, stores, clock, metrics = ports.store, ports.guilds, ports.clock, ports.metrics
    of_owner = terms.owner_terms
    dispatcher = Dispatcher(
        settings=stores.settings, records=stores.records, modlog=ports.modlog, clock=clock, metrics=metrics
    )

    # -- who pays ----------------------------------------------------------------------------------------
    own_keys = OwnKeys(
        store=stores.keys,
        jobs=store,
        vault=ports.vault,
        allowed=terms.server_keys,
        open_account=ports.open_account,
        hide=ports.hide,
        clock=clock,
        dispatcher=dispatcher,
    )
    owner_policy = OwnerPolicy(
        store=ports.tenants,
        terms=of_owner,
        clock=clock,
        memory=stores.memory,
        own_keys_offered=lambda: own_keys.offered,
    )
    accounts = Accounts(
        fixed=ports.accounts,
        balance_apis=ports.balance_apis,
        account_of=terms.account_of,
        own_name=terms.own_name,
        own=own_keys,
        owner=owner_policy,
        own_able=terms.own_able,
    )
    upstream_keys = UpstreamKeys(
        admin=ports.key_admin,
        own_keys=own_keys,
        find=accounts.find,
        jobs=store,
        orders=KeyOrders(stores.memory),
        clock=clock,
    )
    costs = Costs(
        books=stores.books, memory=stores.memory, clock=clock, stated=terms.credits, money=terms.credit_value
    )
    monitor = AccountMonitor(
        accounts=accounts,
        costs=costs,
        own_keys=own_keys,
        upstream_keys=upstream_keys,
        records=stores.records,
        memory=stores.memory,
        dispatcher=dispatcher,
        clock=clock,
        balance_low=terms.balance_low,
        mail=ports.mail,
    )

    # -- a row becomes calls and messages ----------------------------------------------------------------
    people = People(store=ports.people, clock=clock)
    copies = DmQueue(people=people, store=ports.personal_items, clock=clock)
    worker = build_worker(
        ports,
        terms,
        accounts=accounts,
        dispatcher=dispatcher,
        owe_copy=copies.enqueue,
        on_lost_way=on_lost_way,
    )
    editor = worker.editor

    # -- servers -----------------------------------------------------------------------------------------
    guilds = Guilds(store=stores.settings, clock=clock, dispatcher=dispatcher)
    policy = GuildPolicy(
        guilds=guilds,
        stores=stores,
        fallback=ports.policy,
        clock=clock,
        dispatcher=dispatcher,
        accounts=accounts,
    )
    allowances = Allowances(guilds=guilds, policy=policy, stores=stores, clock=clock, dispatcher=dispatcher)
    moderation = Moderation(
        guilds=guilds,
        policy=policy,
        stores=stores,
        jobs=store,
        archive=ports.archive,
        publisher=ports.publisher,
        wakeup=worker,
        show=editor.changed,
        clock=clock,
        dispatcher=dispatcher,
    )

    # -- what exists already -----------------------------------------------------------------------------
    doors = Doors(ports.directory)
    upstream_requests = UpstreamRequests(store=store, accounts=accounts, clock=clock)
    jobs = Jobs(
        store=store,
        archive=ports.archive,
        doors=doors,
        clock=clock,
        wakeup=worker,
        show=editor.changed,
        policy=policy,
        server=upstream_requests,
    )
    redelivery = Redelivery(
        jobs=jobs, store=store, publisher=ports.publisher, pictures=ports.pictures, clock=clock
    )
    outbox = DmOutbox(
        queue=copies,
        people=people,
        store=ports.personal_items,
        jobs=store,
        redelivery=redelivery,
        publisher=ports.publisher,
        clock=clock,
        link_of=terms.link_of,
    )

    # -- a request becomes a row -------------------------------------------------------------------------
    answers = OpenAnswers(
        owner=terms.owner,
        store=ports.answers,
        writer=ports.answer_writer,
        clock=clock,
        metrics=metrics,
        dispatcher=dispatcher,
        help_books=ports.help_books,
    )
    intake = Intake(
        policy=policy,
        store=store,
        accounts=accounts,
        costs=costs,
        clock=clock,
        naming=terms.naming,
        wakeup=worker,
        metrics=metrics,
        answers=answers,
        show=editor.changed,
        video=terms.video,
    )
    helper = PromptHelper(
        model=terms.helper_model,
        own_api=ports.chat,
        chat_of=ports.chat_of,
        books=ports.help_books,
        policy=policy,
        accounts=accounts,
        owner=owner_policy,
        clock=clock,
        metrics=metrics,
    )
    translating = Translating(helper=helper, people=people, guilds=guilds, policy=policy)
    chains = NewChains(intake=intake, policy=policy, accounts=accounts, translating=translating)
    loader = ImageLoader(reader=ports.reader, pictures=ports.pictures, jobs=jobs, store=store)
    presses = Presses(
        intake=intake,
        store=store,
        doors=doors,
        accounts=accounts,
        image_loader=loader,
        video=terms.video,
    )
    drafts = Drafts(store=ports.personal_items, clock=clock, naming=terms.naming)
    return Services(
        batches=Batches(
            chains=chains,
            doors=doors,
            drafts=drafts,
            guilds=guilds,
            people=people,
            policy=policy,
            store=store,
        ),
        imagine=Imagine(chains=chains, image_loader=loader, doors=doors),
        blending=Blending(chains=chains, image_loader=loader, doors=doors),
        describing=Describing(chains=chains, image_loader=loader, jobs=jobs, store=store, doors=doors),
        drawings=Drawings(chains=chains, image_loader=loader, accounts=accounts, doors=doors),
        presses=presses,
        windows=ActionWindows(presses=presses),
        shortening=Shortening(chains=chains, accounts=accounts, jobs=jobs, doors=doors),
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
            helper=helper, chains=chains, people=people, drafts=drafts, jobs=jobs, doors=doors
        ),
        worker=worker,
        editor=editor,
        jobs=jobs,
        upstream_requests=upstream_requests,
        redelivery=redelivery,
        favourites=Favourites(jobs=jobs, store=ports.personal_items, clock=clock),
        thumbnails=Thumbnails(publisher=ports.publisher, clock=clock),
        people=people,
        copies=outbox,
        erased_cards=ErasedCards(
            records=ports.guilds.records,
            jobs=store,
            publisher=ports.publisher,
            dispatcher=dispatcher,
            clock=clock,
        ),
        guilds=guilds,
        prompt_settings=PromptSettings(guilds),
        policy=policy,
        allowances=allowances,
        moderation=moderation,
        dispatcher=dispatcher,
        accounts=accounts,
        owner_policy=owner_policy,
        owner_questions=OwnerQuestions(
            policy=owner_policy, memory=stores.memory, clock=clock, mail=ports.mail
        ),
        own_keys=own_keys,
        upstream_keys=upstream_keys,
        costs=costs,
        upstream=AccountStatus(
            accounts=accounts, upstream_keys=upstream_keys, clock=clock, trackers=worker.trackers
        ),
        mail=ports.mail,
        watch=monitor,
        answers=answers,
        housekeeping=Housekeeping(
            records=stores.records,
            drafts=drafts,
            own_keys=own_keys,
            clock=clock,
            metrics=metrics,
            retention_days=terms.retention_days,
        ),
    )
