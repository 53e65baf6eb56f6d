"""The composition root: opens everything in one exit stack, runs it, and closes it in good order.
Never here: decisions; every part gets its own through its constructor."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import metadata
from typing import TYPE_CHECKING

from bot import log as log_room
from bot.client import Easel, extensions_of, use_addresses
from bot.clock import GuardedClock, SystemClock
from bot.domain.accounts import ApiKind
from bot.domain.capabilities import capabilities_of
from bot.domain.ports import unguarded
from bot.errors import StartupError
from bot.i18n import Catalogues
from bot.image_accounts import chat_of, open_accounts, picture_settings
from bot.metrics import Meters
from bot.midjourney.image_loader import PillowReader
from bot.midjourney.images import HttpPictures
from bot.midjourney.masks import PillowMasks
from bot.midjourney.ohmygpt.webhook import webhook_address
from bot.midjourney.screens import PillowScreens
from bot.midjourney.transport import open_clients
from bot.process import App
from bot.readiness import Readiness
from bot.services.accounts.owner_policy import OwnerTerms
from bot.services.admission.terms import DeploymentPolicy
from bot.services.history.drawn_pictures import DrawnPictures
from bot.services.intake.mask_editor import MaskEditor
from bot.services.intake.naming import RandomNaming
from bot.services.intake.region_links import RegionLinks
from bot.services.process import Ports, Terms
from bot.services.wiring import build
from bot.services.worker.news import NEWS_AFTER
from bot.starts import Starts
from bot.stop_signals import listen_to_signals
from bot.storage.backup import file_of
from bot.storage.opening import open_storage
from bot.storage.people.answer_journal import FileAnswerJournal
from bot.supervision import Supervisor
from bot.ui.accounts.owners import DiscordMail
from bot.ui.card.cards import Cards
from bot.ui.card.publisher import DiscordPublisher
from bot.ui.kit.directory import DiscordDirectory
from bot.ui.kit.links import card_link
from bot.ui.kit.open_answers import DiscordAnswers
from bot.ui.moderation.modlog import ChannelModLog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from bot.config import Settings
    from bot.domain.jobs import Job
    from bot.domain.ports import Clock, Guard
    from bot.domain.servers.own_keys import Vault
    from bot.image_accounts import OwnerAccounts
    from bot.storage.opening import Storage

log = logging.getLogger(__name__)


@asynccontextmanager
async def assemble(
    settings: Settings,
    *,
    guard: Guard = unguarded,
    clock: Clock | None = None,
    runs_jobs: bool = True,
) -> AsyncIterator[App]:
    """Open everything that one process needs, and close it all whatever happens.

    `guard` and `clock` are for a simulated Discord; production leaves them alone. Raises `StartupError`.
    """
    use_addresses(settings.discord_api, settings.discord_gateway)
    clock = clock or SystemClock()
    if guard is not unguarded:
        clock = GuardedClock(clock, guard)
    catalogues = Catalogues.load()
    instance = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
    meters = Meters(
        version=metadata.version("easel-bot"),
        role=settings.role,
        instance=instance,
        shown=settings.web_listen is not None or settings.health_listen is not None,
    )
    async with AsyncExitStack() as stack:
        storage = await stack.enter_async_context(
            open_storage(settings.database, migrate=True, keep=settings.backups_kept, working=runs_jobs)
        )
        clients = await stack.enter_async_context(open_clients())
        accounts = open_accounts(settings, clients, guard=guard, metrics=meters)
        fetching = HttpPictures(clients.pictures, picture_settings(settings), guard=guard, metrics=meters)

        def address_of(job: Job) -> str | None:
            return fetching.address(job.storage_key)

        bot = Easel(
            catalogues=catalogues,
            meta=storage.meta,
            sync_commands=runs_jobs and settings.role != "worker",
            shard_count=settings.shard_count,
            shard_ids=settings.shard_ids,
            owner_guild=settings.owner_guild,
            pools_differ=accounts.pools_differ,
            helps=settings.helper_model is not None and accounts.may_chat,
            extensions=extensions_of(shortens=accounts.some_speak_mj, draws=accounts.draws),
        )
        publisher = DiscordPublisher(
            bot,
            Cards(
                catalogues,
                video=settings.show_video,
                address_of=address_of,
                helps=bot.helps,
                capabilities=accounts.capabilities,
            ),
            clock,
        )
        pictures = DrawnPictures(fetching, storage.jobs, publisher)
        links = RegionLinks(
            store=storage.region_links,
            clock=clock,
            token=RandomNaming().token,
            public_url=settings.public_url,
        )
        services = build(
            _ports(settings, storage, accounts, bot, publisher, pictures, meters, clock, address_of),
            _terms(settings, accounts, links, owner=instance),
        )
        bot.services = services
        mask_editor = MaskEditor(
            links=links,
            regions=services.regions,
            store=storage.jobs,
            pictures=pictures,
            screens=PillowScreens(),
            publisher=publisher,
            clock=clock,
            show=services.editor.changed,
        )
        stopping = asyncio.Event()
        starts = Starts(meta=storage.meta, clock=clock, meters=meters, shards=settings.shard_ids)
        app = App(
            settings,
            bot,
            services,
            storage,
            clock,
            meters,
            accounts,
            mask_editor,
            supervisor=Supervisor(clock=clock, metrics=meters, on_end=stopping.set),
            starts=starts,
            readiness=Readiness(
                role=settings.role,
                bot=bot,
                storage=storage,
                services=services,
                api=accounts.own,
                clock=clock,
                meters=meters,
                starts=starts,
                file=file_of(settings.database),
            ),
            stopping=stopping,
        )
        if runs_jobs:
            bot.on_setup = app.start_workers
        yield app


def _ports(
    settings: Settings,
    storage: Storage,
    accounts: OwnerAccounts,
    bot: Easel,
    publisher: DiscordPublisher,
    pictures: DrawnPictures,
    meters: Meters,
    clock: Clock,
    address_of: Callable[[Job], str | None],
) -> Ports:
    """What the services reach the outside by."""
    catalogues = bot.catalogues
    masters = [key.get_secret_value() for key in settings.master_key]
    return Ports(
        store=storage.jobs,
        archive=storage.archive,
        accounts=accounts.apis,
        pictures=pictures,
        masks=PillowMasks(),
        reader=PillowReader(),
        publisher=publisher,
        directory=DiscordDirectory(bot),
        clock=clock,
        metrics=meters,
        policy=DeploymentPolicy(settings.default_rules, settings.default_pool),
        guilds=storage.guilds,
        people=storage.people,
        personal_items=storage.personal_items,
        tenants=storage.tenants,
        answers=storage.answers,
        answer_writer=DiscordAnswers(bot, catalogues),
        answer_journal=None if (file := file_of(settings.database)) is None else FileAnswerJournal(file),
        balance_apis=accounts.balances,
        help_books=storage.help_books,
        chat_of=chat_of,
        chat=accounts.chat,
        key_admin=accounts.keys,
        vault=_vault(masters),
        open_account=accounts.direct.with_key,
        hide=log_room.hide,
        modlog=ChannelModLog(bot, catalogues, clock),
        mail=DiscordMail(bot, catalogues),
        address_of=address_of,
    )


def _terms(settings: Settings, accounts: OwnerAccounts, links: RegionLinks, *, owner: str) -> Terms:
    """What the owner has decided for the services."""
    return Terms(
        owner=owner,
        max_running=settings.max_running,
        webhook_address=lambda token: webhook_address(settings.public_url, token),
        webhooks=settings.public_url is not None,
        account_of=settings.account_of,
        own_name=accounts.own_name,
        own_capabilities=capabilities_of(accounts.direct),
        owner_terms=OwnerTerms(settings.servers, settings.server_ceiling, settings.account_ceiling),
        server_keys=settings.server_keys == "on" and settings.api_kind is ApiKind.OHMYGPT,
        balance_low=settings.balance_low,
        credits=settings.credits,
        credit_value=settings.credit_value,
        retention_days=settings.retention_days,
        reads_per_second=settings.reads_per_second,
        helper_model=settings.helper_model,
        video=settings.show_video,
        link_of=card_link,
        editor_link=links.make,
        news_after=NEWS_AFTER,
    )


def _vault(masters: Sequence[str]) -> Vault | None:
    if not masters:
        return None
    from bot.storage.vault import FernetVault  # noqa: PLC0415 - cryptography, for those who keep servers' keys

    return FernetVault(masters)


async def run(settings: Settings) -> None:
    """Run one process until SIGTERM or SIGINT; a second signal exits at once."""
    log_room.setup(style=settings.log_format, level=settings.log_level, secrets=settings.secrets())
    async with assemble(settings) as app:
        listen_to_signals(app.stopping)
        await app.run()


async def sync(settings: Settings) -> int:
    """Tell Discord the commands, changed or not; returns how many. Raises `StartupError`."""
    log_room.setup(style=settings.log_format, level=settings.log_level, secrets=settings.secrets())
    async with assemble(settings, runs_jobs=False) as app, app.bot:
        await app.log_in()
        if not await app.bot.sync_if_changed(force=True):
            raise StartupError("Discord did not take the commands; the log says why.")
        await app.bot.sync_owner_guild(force=True)
        return len(app.bot.tree.get_commands())
