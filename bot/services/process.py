"""What one process brings to its services: the adapters behind the ports, and what its owner decided.
Never here: the adapters themselves, and how services are put together (that is `wiring`)."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.domain.accounts import DEFAULT_ACCOUNT
from bot.domain.capabilities import OHMYGPT
from bot.domain.servers.guild_ports import NoModLog
from bot.domain.servers.membership import NoDirectory
from bot.services.accounts.costs import NOTHING
from bot.services.accounts.owner_policy import NoMail, OwnerTerms
from bot.services.intake.naming import RandomNaming
from bot.services.intake.region import no_editor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.domain.accounts import AccountMap
    from bot.domain.archive import JobArchive
    from bot.domain.balances import AccountApi, BalanceApi
    from bot.domain.capabilities import Capabilities
    from bot.domain.costs import Money, Rates
    from bot.domain.inputs import PictureReader
    from bot.domain.intake.masks import Masks
    from bot.domain.intake.prompt_help import ChatApi, HelpBooks
    from bot.domain.jobs import Job
    from bot.domain.open_answers import AnswerJournal, AnswerStore, AnswerWriter
    from bot.domain.people import PreferenceStore
    from bot.domain.personal_items import PersonalItems
    from bot.domain.ports import Clock, ImageApi, JobStore, Metrics, Pictures, Publisher
    from bot.domain.servers.guild_ports import GuildStores, ModLog
    from bot.domain.servers.membership import MemberDirectory
    from bot.domain.servers.own_keys import Vault
    from bot.domain.tenancy import TenantStore
    from bot.domain.upstream_keys import KeyAdmin
    from bot.services.accounts.owner_policy import OwnerMail
    from bot.services.admission.terms import DeploymentPolicy
    from bot.services.intake.naming import Naming
    from bot.services.intake.region import EditorLink


def _no_account(_key: str) -> AccountApi:
    raise LookupError("no account can be opened in this process")


def _no_chat(_api: ImageApi) -> None:
    """Where no account has chat models."""


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
    personal_items: PersonalItems
    tenants: TenantStore
    answers: AnswerStore
    answer_writer: AnswerWriter
    help_books: HelpBooks
    directory: MemberDirectory = field(default_factory=NoDirectory)
    answer_journal: AnswerJournal | None = None
    """None: where a process that dies may have no heir on its machine."""
    modlog: ModLog = field(default_factory=NoModLog)
    mail: OwnerMail = field(default_factory=NoMail)
    balance_apis: Mapping[str, BalanceApi] = field(default_factory=dict)
    """Where the owner's accounts' funds can be read, as far as a key may."""
    chat_of: Callable[[ImageApi], ChatApi | None] = _no_chat
    """The way to chat models with an account's own key."""
    chat: ChatApi | None = None
    """Where the owner names another address or key for the chat model than the accounts' own."""
    key_admin: KeyAdmin | None = None
    """The way to the keys of the owner's account at OhMyGPT; None without an admin key."""
    vault: Vault | None = None
    """None: without a master key no server's own key can be kept."""
    open_account: Callable[[str], AccountApi] = _no_account
    """The account behind a key."""
    address_of: Callable[[Job], str | None] = lambda _job: None
    """Where a job's file lies for all to see, if it does."""
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
    own_capabilities: Capabilities = OHMYGPT
    """What the key of a server's own opens."""
    owner_terms: OwnerTerms = field(default_factory=OwnerTerms)
    """Who draws on those, and how much."""
    server_keys: bool = True
    """Whether servers may bring keys of their own, if there is a vault."""
    credits: Rates = field(default_factory=lambda: NOTHING)
    """What one picture costs in credits, by the owner's word."""
    credit_value: Money | None = None
    """What credits are worth; None: nobody says."""
    retention_days: int | None = None
    """How long servers that decided nothing keep prompts; None: for ever."""
    balance_low: int | None = None
    """Credits below which moderators are told; None: never."""
    reads_per_second: float = 4.0
    """Budget of readings of each account, as the image API's adapter keeps it."""
    helper_model: str | None = None
    """The chat model that helps with prompts; None: none does."""
    video: bool = False
    editor_link: EditorLink = no_editor
    """Where somebody can draw a mask for a button; None without a public address."""
    link_of: Callable[[Job], str | None] = lambda _job: None
    """Where a job's card is, for people to click."""
    news_after: int | None = None
    """Seconds after which a result comes as a new message that pings, where a server decided nothing; None: never."""
    naming: Naming = field(default_factory=RandomNaming)
    chance: Callable[[], float] = random.random
