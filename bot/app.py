"""The composition root: opens everything in one exit stack, runs it, and closes it in good order.
Never here: decisions; every part gets its own through its constructor."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import socket
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from importlib import metadata
from typing import TYPE_CHECKING, Final

from bot import log as log_room
from bot.client import Easel, point_at
from bot.clock import GuardedClock, SystemClock
from bot.discord_refusals import discord_refusals
from bot.domain.accounts import DEFAULT_ACCOUNT
from bot.domain.ports import unguarded
from bot.errors import RemoteError, StartupError, StorageTrouble
from bot.i18n import Catalogues
from bot.metrics import Meters, watch_loop
from bot.midjourney.image_loader import PillowReader
from bot.midjourney.images import HttpPictures, PictureSettings
from bot.midjourney.masks import PillowMasks
from bot.midjourney.ohmygpt.client import ApiSettings, MidjourneyApi
from bot.midjourney.ohmygpt.webhook import webhook_address
from bot.midjourney.screens import PillowScreens
from bot.midjourney.transport import open_lines
from bot.services.accounts.owner_policy import OwnerTerms
from bot.services.admission.terms import DeploymentPolicy
from bot.services.intake.mask_editor import MaskEditor
from bot.services.intake.region_links import RegionLinks
from bot.services.wiring import Ports, RandomNaming, Terms, build
from bot.storage.opening import open_storage
from bot.storage.vault import FernetVault
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

STALE_READING_MS: Final = 5 * 60_000
"""With jobs to follow, a tracker that read nothing for so long is not ready."""
STEPS_SHARE: Final = 0.6
"""The part of the stop time-out that steps in flight get; the rest is for closing connections."""
KILLED_TWICE: Final = 130


@dataclass(slots=True)
class App:
    """One process of the bot, open and ready to run."""

    settings: Settings
    bot: Easel
    services: Services
    storage: Storage
    clock: Clock
    meters: Meters
    api: MidjourneyApi
    mask_editor: MaskEditor
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set it to stop in good order."""
    _engine: asyncio.Task[None] | None = None
    _cards: asyncio.Task[None] | None = None

    # -- running -----------------------------------------------------------------------------------------

    async def start_engine(self) -> None:
        """Start the worker; the client calls this once it may speak to Discord (in `setup_hook`).

        A process that only holds shards runs the editor alone: the first card answers the person.
        """
        worker = self.settings.role != "gateway"
        run = self.services.worker.run() if worker else self.services.editor.run()
        self._engine = asyncio.create_task(run, name="engine")
        self._engine.add_done_callback(self._engine_ended)
        self._cards = asyncio.create_task(self.mask_editor.run(), name="painted regions")

    def _engine_ended(self, engine: asyncio.Task[None]) -> None:
        if not engine.cancelled() and engine.exception() is not None:
            log.critical("engine_failed", exc_info=engine.exception())
        self.stopping.set()

    async def run(self) -> None:
        """Run until `stopping`; raises `StartupError` if Discord takes us in the first place not at all.

        Raises whatever broke the engine, so that the process ends with a non-zero status and is started again.
        """
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(serving(self.settings, self.served()))
            sides = [
                asyncio.create_task(watch_loop(self.clock, self.meters), name="loop lag"),
                asyncio.create_task(self._probe_upstream(), name="upstream probe"),
                asyncio.create_task(self.services.dispatcher.run(), name="telling"),
                asyncio.create_task(self.services.people.run(), name="people"),
            ]
            if self.settings.role != "gateway":
                run = self.services.housekeeping.run()
                sides.append(asyncio.create_task(run, name="housekeeping"))
                sides.append(asyncio.create_task(self.services.copies.run(), name="copies"))
                sides.append(asyncio.create_task(self.services.watch.run(), name="watch"))
            stack.push_async_callback(_cancelled, sides)
            client = asyncio.create_task(self._be_client(), name="discord")
            stopping = asyncio.create_task(self.stopping.wait(), name="stopping")
            await asyncio.wait([client, stopping], return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            refusal = client.exception() if client.done() else None
            await self.stop()
            await asyncio.gather(client, return_exceptions=True)
            if refusal is not None:
                raise refusal
        if self._engine is not None and self._engine.done() and not self._engine.cancelled():
            self._engine.result()

    async def log_in(self) -> None:
        """Make ourselves known to Discord over HTTP; the client's set-up runs. Raises `StartupError`."""
        with discord_refusals():
            await self.bot.login(self.settings.discord_token.get_secret_value())

    async def _be_client(self) -> None:
        await self.log_in()
        if self.settings.role == "worker":
            await self.stopping.wait()
            return
        with discord_refusals():
            await self.bot.connect()

    async def stop(self) -> None:
        """Claim nothing more, let steps in flight finish, give the leases back, leave Discord."""
        self.stopping.set()
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

    async def _probe_upstream(self) -> None:
        """Ask the image API once whether it is there and takes our key (contract §8 row 1)."""
        try:
            page = await self.api.page(1, size=5)
        except RemoteError as error:
            log.warning("upstream_not_ready", extra={"fault": error.fault.value, "reason": error.message})
        else:
            log.info("upstream_ready", extra={"tasks": page.total})

    def served(self) -> Served:
        """What its web server shows and asks."""
        return Served(
            checks={
                "gateway": self.gateway_ready,
                "database": self.database_ready,
                "engine": self.engine_ready,
            },
            metrics=self.meters,
            load=self.storage.jobs.load,
            find_job=self.storage.jobs.by_webhook_token,
            on_hint=self.on_hint,
            mask_editor=self.mask_editor,
            catalogues=self.bot.catalogues,
            clock=self.clock,
        )

    # -- health ------------------------------------------------------------------------------------------

    async def gateway_ready(self) -> str | None:
        """Whether Discord sends us events."""
        if self.settings.role == "worker" or self.bot.is_ready():
            return None
        return "not connected"

    async def database_ready(self) -> str | None:
        """Whether the database can be read and written."""
        try:
            await self.storage.check()
        except StorageTrouble as trouble:
            return str(trouble)
        return None

    async def engine_ready(self) -> str | None:
        """Whether jobs are worked on, and upstream's answers are fresh."""
        if self._engine is None or self._engine.done():
            return "not running"
        for account, tracker in self.services.worker.trackers.items():
            if account not in self.services.accounts.fixed:
                continue  # what is wrong with a server's own key is not wrong with this process
            read_at = tracker.last_reading_at
            if len(tracker) and read_at is not None and self.clock.now() - read_at > STALE_READING_MS:
                return f"no reading of account {account} for {(self.clock.now() - read_at) // 1000} s"
        return None

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
        storage = await stack.enter_async_context(open_storage(settings.database, migrate=True))
        lines = await stack.enter_async_context(open_lines())
        api = MidjourneyApi(lines, _api_settings(settings), guard=guard, metrics=meters)
        further = {name: api.with_key(key.get_secret_value()) for name, key in settings.accounts.items()}
        masters = [key.get_secret_value() for key in settings.master_key]
        pictures = HttpPictures(
            lines.pictures,
            PictureSettings(
                storage=settings.ohmygpt_storage, wsrv=settings.wsrv_origin, hosts=settings.image_hosts
            ),
            guard=guard,
            metrics=meters,
        )
        bot = Easel(
            catalogues=catalogues,
            meta=storage.meta,
            sync_commands=engine and settings.role != "worker",
            shard_count=settings.shard_count,
            shard_ids=settings.shard_ids,
            owner_guild=settings.owner_guild,
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
                accounts={DEFAULT_ACCOUNT: api, **further},
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
                balance_apis=further
                if settings.ohmygpt_admin_key is None
                else {DEFAULT_ACCOUNT: api, **further},
                vault=FernetVault(masters) if masters else None,
                open_account=api.with_key,
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
                owner_terms=OwnerTerms(settings.servers, settings.server_ceiling, settings.account_ceiling),
                server_keys=settings.server_keys == "on",
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
        app = App(settings, bot, services, storage, clock, meters, api, mask_editor)
        if engine:
            bot.on_setup = app.start_engine
        yield app


def _api_settings(settings: Settings) -> ApiSettings:
    admin = settings.ohmygpt_admin_key
    return ApiSettings(
        key=settings.ohmygpt_key.get_secret_value(),
        origin=settings.ohmygpt_origin,
        storage=settings.ohmygpt_storage,
        admin_key=None if admin is None else admin.get_secret_value(),
        reads_per_second=settings.reads_per_second,
        form=settings.form_encoding,
    )


def _log_lost_way(job: Job, why: str) -> None:
    log.warning("delivery_kept", extra={"job": job.key, "channel": job.reply.channel_id, "reason": why})


async def _cancelled(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def run(settings: Settings) -> None:
    """Run one process until SIGTERM or SIGINT; a second signal exits at once."""
    log_room.setup(style=settings.log_format, level=settings.log_level, secrets=settings.secrets())
    async with assemble(settings) as app:
        _listen_to_signals(app)
        await app.run()


async def sync(settings: Settings) -> int:
    """Tell Discord the commands, changed or not; returns how many. Raises `StartupError`."""
    log_room.setup(style=settings.log_format, level=settings.log_level, secrets=settings.secrets())
    async with assemble(settings, engine=False) as app, app.bot:
        await app.log_in()
        if not await app.bot.sync_if_changed(force=True):
            raise StartupError("Discord did not take the commands; the log says why.")
        return len(app.bot.tree.get_commands())


def _listen_to_signals(app: App) -> None:
    def ask() -> None:
        if app.stopping.is_set():
            os._exit(KILLED_TWICE)
        app.stopping.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, ask)
        except NotImplementedError:  # Windows has no such handlers: Ctrl+C arrives as KeyboardInterrupt
            return
