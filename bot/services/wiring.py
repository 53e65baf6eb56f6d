"""Puts the services together: what a process needs to accept, send, follow and deliver jobs.
Never here: adapters; they come in through the ports."""

from __future__ import annotations

import random
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.domain.accounts import DEFAULT_ACCOUNT
from bot.domain.guild_ports import Silence
from bot.domain.keys import KEY_LENGTH, JobKey, key_from_bits
from bot.domain.membership import NoDirectory
from bot.services.accounts.accounts import Accounts
from bot.services.accounts.monitor import AccountMonitor
from bot.services.accounts.own_keys import OwnKeys
from bot.services.accounts.owner_policy import NoMail, OwnerPolicy, OwnerTerms
from bot.services.accounts.status import Upstream
from bot.services.admission.doors import Doors
from bot.services.history.dm_outbox import DmDebts, DmOutbox
from bot.services.history.favourites import Favourites
from bot.services.history.jobs import Jobs
from bot.services.history.preferences import People
from bot.services.history.redelivery import Redelivery
from bot.services.history.thumbnails import Thumbnails
from bot.services.housekeeping import Housekeeping
from bot.services.intake.attachments import ImageLoader
from bot.services.intake.batches import Batches
from bot.services.intake.blend import Blending
from bot.services.intake.describe import Describing
from bot.services.intake.drafts import Drafts
from bot.services.intake.imagine import Imagine
from bot.services.intake.new_chain import Roots
from bot.services.intake.press import Presses
from bot.services.intake.region import Regions, no_editor
from bot.services.modlog.dispatcher import Dispatcher
from bot.services.modlog.listeners import lost_to, told_to
from bot.services.servers.moderation import Moderation
from bot.services.servers.policy import GuildPolicy
from bot.services.servers.prompt_settings import PromptSettings
from bot.services.servers.quota import Allowances
from bot.services.servers.settings import Guilds
from bot.services.worker.delivery import Delivery
from bot.services.worker.progress import ProgressEditor
from bot.services.worker.reconcile import Reconciler
from bot.services.worker.submission import Submitter
from bot.services.worker.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.domain.accounts import AccountMap
    from bot.domain.balances import AccountApi, BalanceApi
    from bot.domain.guild_ports import GuildStores, ModLog
    from bot.domain.inputs import PictureReader
    from bot.domain.jobs import Job
    from bot.domain.keepsakes import Keepsakes
    from bot.domain.masks import Masks
    from bot.domain.membership import MemberDirectory
    from bot.domain.own_keys import Vault
    from bot.domain.people import PreferenceStore
    from bot.domain.ports import Clock, ImageApi, JobArchive, JobStore, Metrics, Pictures, Publisher
    from bot.domain.tenancy import TenantStore
    from bot.services.accounts.owner_policy import OwnerMail
    from bot.services.admission.terms import DeploymentPolicy
    from bot.services.intake.imagine import Naming
    from bot.services.intake.region import EditorLink


class RandomNaming:
    """Names from the operating system's random source."""

    def key(self) -> JobKey:
        """60 random bits: by 10 million jobs, the chance of one collision is about 1 in 23,000."""
        return key_from_bits(secrets.randbits(5 * KEY_LENGTH))

    def token(self) -> str:
        """192 random bits."""
        return secrets.token_urlsafe(24)


def _no_account(_key: str) -> AccountApi:
    raise LookupError("no account can be opened in this process")


def _seen_by_nobody(_secret: str) -> None:
    """Where nothing is logged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The adapters of one process."""

    store: JobStore
    archive: JobArchive
    accounts: Mapping[str, ImageApi]
    """The owner's."""
    pictures: Pictures
    masks: Masks
    reader: PictureReader
    publisher: Publisher
    clock: Clock
    metrics: Metrics
    policy: DeploymentPolicy
    """What holds where a server decided nothing."""
    guilds: GuildStores
    people: PreferenceStore
    keepsakes: Keepsakes
    tenants: TenantStore
    directory: MemberDirectory = field(default_factory=NoDirectory)
    modlog: ModLog = field(default_factory=Silence)
    mail: OwnerMail = field(default_factory=NoMail)
    balance_apis: Mapping[str, BalanceApi] = field(default_factory=dict)
    """Where the owner's accounts' funds can be read, as far as a key may."""
    vault: Vault | None = None
    """None: without a master key no server's own key can be kept."""
    open_account: Callable[[str], AccountApi] = _no_account
    """The account behind a key."""
    hide: Callable[[str], None] = _seen_by_nobody
    """Has a secret that was just read kept out of every log line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the owner decided."""

    owner: str
    """This process among others: host, process id and something random."""
    max_running: int
    """Jobs running upstream at once, per account and pool."""
    webhook_address: Callable[[str], str | None] = lambda _token: None
    """Where upstream may post about a job; None without a public address."""
    webhooks: bool = False
    account_of: AccountMap = field(default_factory=dict)
    """Which of the owner's accounts a server draws on."""
    own_name: str = DEFAULT_ACCOUNT
    """What jobs of the account carry that pays where nothing else is said."""
    owner_terms: OwnerTerms = field(default_factory=OwnerTerms)
    """Who draws on those, and how much."""
    server_keys: bool = True
    """Whether servers may bring keys of their own, if there is a vault."""
    balance_low: int | None = None
    """Credits below which moderators are told; None: never."""
    reads_per_second: float = 4.0
    """Budget of readings of each account, as the image API's adapter keeps it."""
    video: bool = False
    editor_link: EditorLink = no_editor
    """Where somebody can draw a mask for a button; None without a public address."""
    link_of: Callable[[Job], str | None] = lambda _job: None
    """Where a job's card is, for people to click."""
    naming: Naming | None = None
    chance: Callable[[], float] = random.random


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the front doors (commands, buttons, the web) call."""

    imagine: Imagine
    blending: Blending
    describing: Describing
    batches: Batches
    image_loader: ImageLoader
    presses: Presses
    regions: Regions
    jobs: Jobs
    redelivery: Redelivery
    worker: Worker
    guilds: Guilds
    prompt_settings: PromptSettings
    policy: GuildPolicy
    allowances: Allowances
    moderation: Moderation
    accounts: Accounts
    owner_policy: OwnerPolicy
    mail: OwnerMail
    own_keys: OwnKeys
    upstream: Upstream
    dispatcher: Dispatcher
    """Has to run beside the worker, in every process."""
    watch: AccountMonitor
    """Has to run beside the worker, in one process at least."""
    housekeeping: Housekeeping
    """Has to run beside the worker, in one process at least."""
    people: People
    """Has to run beside the worker, in every process."""
    drafts: Drafts
    copies: DmOutbox
    """Has to run beside the worker, in every process that delivers."""
    favourites: Favourites
    thumbnails: Thumbnails
    editor: ProgressEditor
    """Runs inside the worker; a process without a worker runs it alone, for the first cards."""


def build(ports: Ports, terms: Terms, *, on_lost_way: Callable[[Job, str], None]) -> Services:
    """Wire one process's services; nothing runs until `worker.run()`."""
    store, clock, metrics, chance = ports.store, ports.clock, ports.metrics, terms.chance
    naming = terms.naming or RandomNaming()
    stores = ports.guilds
    dispatcher = Dispatcher(
        settings=stores.settings, records=stores.records, modlog=ports.modlog, clock=clock, metrics=metrics
    )
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
        terms=terms.owner_terms,
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
    )
    editor = ProgressEditor(store=store, publisher=ports.publisher, clock=clock, metrics=metrics)
    people = People(store=ports.people, clock=clock)
    owed = DmDebts(people=people, store=ports.keepsakes, clock=clock)
    worker = Worker(
        owner=terms.owner,
        store=store,
        submitter=Submitter(
            store=store,
            accounts=accounts,
            clock=clock,
            metrics=metrics,
            chance=chance,
            webhook_address=terms.webhook_address,
        ),
        reconciler=Reconciler(store=store, accounts=accounts, clock=clock, metrics=metrics, chance=chance),
        delivery=Delivery(
            store=store,
            publisher=ports.publisher,
            pictures=ports.pictures,
            editor=editor,
            clock=clock,
            metrics=metrics,
            chance=chance,
            on_lost_way=lost_to(dispatcher, on_lost_way),
            on_done=told_to(dispatcher),
            owe_copy=owed.owe,
        ),
        editor=editor,
        accounts=accounts,
        webhooks=terms.webhooks,
        reads_per_second=terms.reads_per_second,
        clock=clock,
        metrics=metrics,
        chance=chance,
        max_running=min(terms.max_running, terms.owner_terms.of_account.at_once or terms.max_running),
        usual=terms.owner_terms.usual,
    )
    guilds = Guilds(store=stores.settings, clock=clock, dispatcher=dispatcher)
    policy = GuildPolicy(
        guilds=guilds,
        members=stores.members,
        books=stores.books,
        records=stores.records,
        fallback=ports.policy,
        clock=clock,
        dispatcher=dispatcher,
    )
    doors = Doors(ports.directory)
    drafts = Drafts(store=ports.keepsakes, clock=clock, naming=naming)
    jobs = Jobs(
        store=store, archive=ports.archive, doors=doors, clock=clock, wakeup=worker, show=editor.changed
    )
    roots = Roots(
        store=store,
        policy=policy,
        accounts=accounts,
        clock=clock,
        naming=naming,
        wakeup=worker,
        metrics=metrics,
        show=editor.changed,
        video=terms.video,
    )
    image_loader = ImageLoader(reader=ports.reader, pictures=ports.pictures, jobs=jobs, store=store)
    presses = Presses(
        store=store,
        policy=policy,
        doors=doors,
        accounts=accounts,
        clock=clock,
        naming=naming,
        wakeup=worker,
        metrics=metrics,
        show=editor.changed,
        video=terms.video,
    )
    redelivery = Redelivery(
        jobs=jobs, store=store, publisher=ports.publisher, pictures=ports.pictures, clock=clock
    )
    return Services(
        batches=Batches(
            roots=roots, doors=doors, drafts=drafts, guilds=guilds, people=people, policy=policy, store=store
        ),
        imagine=Imagine(roots=roots, image_loader=image_loader, doors=doors),
        blending=Blending(roots=roots, image_loader=image_loader),
        describing=Describing(roots=roots, image_loader=image_loader, jobs=jobs, store=store, doors=doors),
        image_loader=image_loader,
        presses=presses,
        regions=Regions(
            presses=presses,
            store=store,
            policy=policy,
            accounts=accounts,
            pictures=ports.pictures,
            masks=ports.masks,
            clock=clock,
            editor=terms.editor_link,
        ),
        jobs=jobs,
        redelivery=redelivery,
        worker=worker,
        guilds=guilds,
        prompt_settings=PromptSettings(guilds),
        policy=policy,
        allowances=Allowances(
            guilds=guilds,
            policy=policy,
            members=stores.members,
            books=stores.books,
            clock=clock,
            dispatcher=dispatcher,
        ),
        moderation=Moderation(
            guilds=guilds,
            stores=stores,
            jobs=store,
            archive=ports.archive,
            publisher=ports.publisher,
            wakeup=worker,
            show=editor.changed,
            clock=clock,
            dispatcher=dispatcher,
        ),
        accounts=accounts,
        owner_policy=owner_policy,
        mail=ports.mail,
        own_keys=own_keys,
        upstream=Upstream(accounts=accounts, clock=clock, trackers=worker.trackers),
        dispatcher=dispatcher,
        watch=AccountMonitor(
            accounts=accounts,
            own_keys=own_keys,
            records=stores.records,
            memory=stores.memory,
            dispatcher=dispatcher,
            clock=clock,
            balance_low=terms.balance_low,
            mail=ports.mail,
        ),
        people=people,
        copies=DmOutbox(
            owed=owed,
            people=people,
            store=ports.keepsakes,
            jobs=store,
            redelivery=redelivery,
            publisher=ports.publisher,
            clock=clock,
            link_of=terms.link_of,
        ),
        favourites=Favourites(jobs=jobs, store=ports.keepsakes, clock=clock),
        thumbnails=Thumbnails(publisher=ports.publisher, clock=clock),
        drafts=drafts,
        housekeeping=Housekeeping(
            records=stores.records, drafts=drafts, own_keys=own_keys, clock=clock, metrics=metrics
        ),
        editor=editor,
    )
