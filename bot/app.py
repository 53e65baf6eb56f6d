"""The composition root: opens everything in one exit stack, runs it, and closes it in good order.
Never here: decisions; every part gets its own through its constructor."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from importlib import metadata
from typing import TYPE_CHECKING, Final

import aiohttp
import discord

from bot import log as log_room
from bot.account_settings import ApiKind
from bot.client import Easel, point_at
from bot.clock import ClockWatch, GuardedClock, SystemClock
from bot.discord_refusals import CLOSED_FOR_GOOD, discord_refusals
from bot.domain.ports import unguarded
from bot.errors import StartupDelayed, StartupError
from bot.i18n import Catalogues
from bot.image_accounts import OwnersAccounts, open_accounts, picture_settings
from bot.invitation import invite_link
from bot.metrics import Meters, watch_loop
from bot.midjourney.image_loader import PillowReader
from bot.midjourney.images import HttpPictures
from bot.midjourney.masks import PillowMasks
from bot.midjourney.ohmygpt.webhook import webhook_address
from bot.midjourney.screens import PillowScreens
from bot.midjourney.transport import open_lines
from bot.readiness import Readiness
from bot.services.accounts.owner_policy import OwnerTerms
from bot.services.admission.terms import DeploymentPolicy
from bot.services.intake.mask_editor import MaskEditor
from bot.services.intake.region_links import RegionLinks
from bot.services.wiring import Ports, RandomNaming, Terms, build
from bot.starts import Starts
from bot.stop_signals import listen_to_signals
from bot.storage.backup import file_of
from bot.storage.opening import open_storage
from bot.storage.vault import FernetVault
from bot.supervision import Supervisor
from bot.systemd import Systemd
from bot.ui.card.cards import Cards
from bot.ui.card.publisher import DiscordPublisher
from bot.ui.kit.directory import DiscordDirectory
from bot.ui.kit.links import card_link
from bot.ui.moderation.modlog import ChannelModLog
from bot.ui.servers.owners import DiscordMail
from bot.web_server import Served, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bot.config import Settings
    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.domain.ports import Clock, Guard
    from bot.services.wiring import Services
    from bot.storage.opening import Storage

log = logging.getLogger(__name__)

STEPS_SHARE: Final = 0.6
"""The part of the stop time-out that steps in flight get; the rest is for closing connections."""
TOKEN_EVERY_S: Final = 600.0
"""How often a process without a gateway asks whether Discord still takes the token."""


@dataclass(slots=True)
class App:
    """One process of the bot, open and ready to run."""

    settings: Settings
    bot: Easel
    services: Services
    storage: Storage
    clock: Clock
    meters: Meters
    accounts: OwnersAccounts
    mask_editor: MaskEditor
    supervisor: Supervisor
    starts: Starts
    readiness: Readiness
    stopping: asyncio.Event
    """Set it to stop in good order."""
    manager: Systemd = field(default_factory=Systemd.of_environment)
    _logged_in: asyncio.Event = field(default_factory=asyncio.Event)
    _engine: asyncio.Task[None] | None = None
    _cards: asyncio.Task[None] | None = None

    # -- running -----------------------------------------------------------------------------------------

    async def start_engine(self) -> None:
        """Start the worker; the client calls this once it may speak to Discord (in `setup_hook`).

        A process that only holds shards runs the editor alone: the first card answers the person.
        """
        worker = self.settings.role != "gateway"
        run = self.services.worker.run if worker else self.services.editor.run
        # Half of a broken engine could send twice what the other half had sent: only a new process begins again.
        self._engine = self.supervisor.start("engine", run, restart=False)
        self._cards = self.supervisor.start("painted regions", self.mask_editor.run)

    async def run(self) -> None:
        """Run until `stopping`. Raises `StartupError` if Discord will not have us, or a part broke for good."""
        start = self.supervisor.start
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(serving(self.settings, self.served()))
            stack.push_async_callback(self.supervisor.stop)
            start("loop lag", lambda: watch_loop(self.clock, self.meters))
            start("systemd", lambda: self.manager.feed(self.clock, self.supervisor.lost))
            start("telling", self.services.dispatcher.run)
            start("people", self.services.people.run)
            start("starts", self.starts.watch)
            start("announcement", self._announce)
            start("clock", ClockWatch(self.clock, self._clock_stepped).run)
            if self.settings.role != "gateway":
                start("image API", self.readiness.watch_upstream)
                if (bank := self.accounts.balances.get(self.accounts.own_name)) is not None:
                    start("balance", lambda: self.readiness.watch_balance(bank))
                start("housekeeping", self.services.housekeeping.run)
                start("copies", self.services.copies.run)
                start("watch", self.services.watch.run)
            self.manager.tell("READY=1", "STATUS=connecting to Discord")
            client = asyncio.create_task(self._be_client(), name="discord")
            stopping = asyncio.create_task(self.stopping.wait(), name="stopping")
            await asyncio.wait([client, stopping], return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            asked = self.stopping.is_set()
            refusal = client.exception() if client.done() else None
            self.manager.tell("STOPPING=1")
            await self.stop()
            await asyncio.gather(client, return_exceptions=True)
        if self.supervisor.failure is not None:
            raise self.supervisor.failure
        if refusal is not None:
            raise refusal
        if not asked:
            raise StartupDelayed("Discord closed the connection.")
        await self.starts.calm()

    async def log_in(self) -> None:
        """Make ourselves known to Discord over HTTP; the client's set-up runs. Raises `StartupError`."""
        with discord_refusals():
            await self.bot.login(self.settings.discord_token.get_secret_value())

    async def _be_client(self) -> None:
        await self.log_in()
        self._logged_in.set()
        if self.settings.role == "worker":
            await self._ask_for_token()
            return
        await self.starts.wait(self.bot, self.stopping)
        if not self.stopping.is_set():
            with discord_refusals():
                await self.bot.connect()

    async def _announce(self) -> None:
        """Say in one line who started, as soon as Discord has said where."""
        await self._logged_in.wait()
        if self.settings.role != "worker":
            await self.bot.wait_until_ready()
        told = {
            "version": metadata.version("easel-bot"),
            "role": self.settings.role,
            "servers": len(self.bot.guilds),
            "pools": ",".join(pool.value for pool in self.settings.default_rules),
            "invite": invite_link(self.bot.application_id or 0),
        }
        log.info("started", extra=told)
        self.manager.tell(f"STATUS={told['servers']} servers")
        await asyncio.Event().wait()

    async def _ask_for_token(self) -> None:
        """Until `stopping`: notice a token that was revoked, where no gateway would tell. Raises `StartupError`."""
        while not await self.clock.pause(TOKEN_EVERY_S, self.stopping):
            try:
                await self.bot.application_info()
            except discord.HTTPException as error:
                if error.status == HTTPStatus.UNAUTHORIZED:
                    raise StartupError(CLOSED_FOR_GOOD[4004]) from None
            except (aiohttp.ClientError, OSError):
                continue  # Discord's outages are told where messages cannot be sent

    async def _clock_stepped(self, now: int) -> None:
        """The system's clock was set: what was due at the old time must not wait for it."""
        await self.storage.jobs.pull_in(now)
        self.services.worker.clock_stepped(now)

    async def stop(self) -> None:
        """Claim nothing more, let steps in flight finish, give the leases back, leave Discord."""
        self.stopping.set()
        self.supervisor.stopping()
        log.info("stopping")
        if self._cards is not None:
            self._cards.cancel()
            await asyncio.wait([self._cards])
        patience = self.settings.stop_timeout * STEPS_SHARE
        if self.settings.role != "gateway":
            await self.services.worker.stop(within=patience)
        elif self._engine is not None:
            self._engine.cancel()
        if self._engine is not None:
            await asyncio.wait([self._engine])
        with suppress(TimeoutError):
            async with asyncio.timeout(max(1.0, self.settings.stop_timeout - patience)):
                await self.bot.close()
        log.info("stopped")

    def served(self) -> Served:
        """What its web server shows and asks."""
        return Served(
            supervisor=self.supervisor,
            readiness=self.readiness,
            metrics=self.meters,
            load=self.storage.jobs.load,
            find_job=self.storage.jobs.by_webhook_token,
            on_hint=self.on_hint,
            mask_editor=self.mask_editor,
            catalogues=self.bot.catalogues,
            clock=self.clock,
        )

    async def on_hint(self, key: JobKey, ended: bool) -> None:  # noqa: FBT001 - the hook's own signature
        """A webhook spoke of a job."""
        self.services.worker.hear(key, ended=ended)


@asynccontextmanager
async def assemble(
    settings: Settings,
    *,
    guard: Guard = unguarded,
    clock: Clock | None = None,
    engine: bool = True,
    on_lost_way: Callable[[Job, str], None] | None = None,
) -> AsyncIterator[App]:
    """Open everything that one process needs, and close it all whatever happens.

    `guard` and `clock` are for a simulated Discord; production leaves them alone. Raises `StartupError`.
    """
    point_at(settings.discord_api, settings.discord_gateway)
    clock = clock or SystemClock()
    if guard is not unguarded:
        clock = GuardedClock(clock, guard)
    catalogues = Catalogues.load()
    instance = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
    meters = Meters(version=metadata.version("easel-bot"), role=settings.role, instance=instance)
    async with AsyncExitStack() as stack:
        storage = await stack.enter_async_context(
            open_storage(settings.database, migrate=True, keep=settings.backups_kept)
        )
        lines = await stack.enter_async_context(open_lines())
        accounts = open_accounts(settings, lines, guard=guard, metrics=meters)
        masters = [key.get_secret_value() for key in settings.master_key]
        pictures = HttpPictures(lines.pictures, picture_settings(settings), guard=guard, metrics=meters)
        bot = Easel(
            catalogues=catalogues,
            meta=storage.meta,
            sync_commands=engine and settings.role != "worker",
            shard_count=settings.shard_count,
            shard_ids=settings.shard_ids,
            owner_guild=settings.owner_guild,
            pause=clock.pause,
        )
        publisher = DiscordPublisher(
            bot,
            Cards(
                catalogues,
                video=settings.show_video,
                address_of=lambda job: pictures.address(job.storage_key),
            ),
            clock,
        )
        links = RegionLinks(
            store=storage.region_links,
            clock=clock,
            token=RandomNaming().token,
            public_url=settings.public_url,
        )
        services = build(
            Ports(
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
                keepsakes=storage.keepsakes,
                tenants=storage.tenants,
                balance_apis=accounts.balances,
                vault=FernetVault(masters) if masters else None,
                open_account=accounts.direct.with_key,
                hide=log_room.hide,
                modlog=ChannelModLog(bot, catalogues, clock),
                mail=DiscordMail(bot, catalogues),
            ),
            Terms(
                owner=instance,
                max_running=settings.max_running,
                webhook_address=lambda token: webhook_address(settings.public_url, token),
                webhooks=settings.public_url is not None,
                account_of=settings.account_of,
                own_name=accounts.own_name,
                owner_terms=OwnerTerms(settings.servers, settings.server_ceiling, settings.account_ceiling),
                server_keys=settings.server_keys == "on" and settings.api_kind is ApiKind.OHMYGPT,
                balance_low=settings.balance_low,
                reads_per_second=settings.reads_per_second,
                video=settings.show_video,
                link_of=card_link,
                editor_link=links.make,
            ),
            on_lost_way=on_lost_way or _log_lost_way,
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
        if engine:
            bot.on_setup = app.start_engine
        yield app


def _log_lost_way(job: Job, why: str) -> None:
    log.warning("delivery_kept", extra={"job": job.key, "channel": job.reply.channel_id, "reason": why})


async def run(settings: Settings) -> None:
    """Run one process until SIGTERM or SIGINT; a second signal exits at once."""
    log_room.setup(style=settings.log_format, level=settings.log_level, secrets=settings.secrets())
    async with assemble(settings) as app:
        listen_to_signals(app.stopping)
        await app.run()


async def sync(settings: Settings) -> int:
    """Tell Discord the commands, changed or not; returns how many. Raises `StartupError`."""
    log_room.setup(style=settings.log_format, level=settings.log_level, secrets=settings.secrets())
    async with assemble(settings, engine=False) as app, app.bot:
        await app.log_in()
        if not await app.bot.sync_if_changed(force=True):
            raise StartupError("Discord did not take the commands; the log says why.")
        return len(app.bot.tree.get_commands())
