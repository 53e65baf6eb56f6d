"""One process of the bot, open and ready: it runs its parts, says who it is, and stops in good order.
Never here: what it is made of (that is `app`)."""

from __future__ import annotations

import asyncio
import gc
import logging
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from importlib import metadata
from typing import TYPE_CHECKING, Final

import aiohttp
import discord

from bot.clock import ClockWatch, idle
from bot.discord_refusals import CLOSED_FOR_GOOD, discord_refusals
from bot.errors import StartupDelayed, StartupError
from bot.invitation import invite_link
from bot.metrics import Meters, watch_loop
from bot.midjourney import pillow
from bot.systemd import Systemd
from bot.unread_rules import warn_of_unread_rules
from bot.web_server import WebServices, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.client import Easel
    from bot.config import Settings
    from bot.domain.keys import JobKey
    from bot.domain.ports import Clock
    from bot.image_accounts import OwnerAccounts
    from bot.readiness import Readiness
    from bot.services.intake.mask_editor import MaskEditor
    from bot.services.wiring import Services
    from bot.starts import Starts
    from bot.storage.opening import Storage
    from bot.supervision import Supervisor

log = logging.getLogger(__name__)

STEPS_SHARE: Final = 0.6
"""The part of the stop time-out that steps in flight get; the rest is for closing connections."""
TOKEN_EVERY_S: Final = 600.0
"""How often a process without a gateway asks whether Discord still takes the token."""
OWNERS_EVERY_S: Final = 600.0
"""How often a process at the gateway looks whether the application's team has changed."""


@dataclass(slots=True)
class App:
    """One process of the bot, open and ready to run."""

    settings: Settings
    bot: Easel
    services: Services
    storage: Storage
    clock: Clock
    meters: Meters
    accounts: OwnerAccounts
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

    async def start_workers(self) -> None:
        """Start the worker; the client calls this once it may speak to Discord (in `setup_hook`).

        A process that only holds shards runs the editor alone: the first card answers the person.
        """
        self._logged_in.set()
        worker = self.settings.role != "gateway"
        run = self.services.worker.run if worker else self.services.editor.run
        # Half of a broken engine could send twice what the other half had sent: only a new process begins again.
        self._engine = self.supervisor.start("engine", run, restart=False)
        self._cards = self.supervisor.start("painted regions", self.mask_editor.run)
        if self.accounts.some_speak_mj:
            # Whatever a process shows follows from what the image servers can do.
            self.supervisor.start("kinds of API", lambda: self.accounts.learn(self.clock))

    @asynccontextmanager
    async def parts(self) -> AsyncIterator[None]:
        """Serve, and run every part but engine and client, for the length of the block.

        Raises `StartupError` at its end if a part broke for good.
        """
        start = self.supervisor.start
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(serving(self.settings, self.served()))
            stack.push_async_callback(self.supervisor.stop)
            start("loop lag", lambda: watch_loop(self.clock, self.meters))
            start("systemd", lambda: self.manager.feed(self.clock, self.supervisor.lost))
            start("telling", self.services.dispatcher.run)
            start("people", self.services.people.run)
            start("open answers", self.services.answers.run)
            start("starts", self.starts.watch)
            start("announcement", self._announce)
            start("reading ahead", self._read_ahead)
            start("clock", ClockWatch(self.clock, self._clock_stepped).run)
            if self.settings.role != "worker":
                start("owners", self._look_at_owners)
            if self.settings.role != "gateway":
                start("image API", self.readiness.watch_upstream)
                if (bank := self.accounts.balances.get(self.accounts.own_name)) is not None:
                    start("balance", lambda: self.readiness.watch_balance(bank))
                start("housekeeping", self.services.housekeeping.run)
                start("copies", self.services.copies.run)
                start("standing cards", self.services.erased_cards.run)
                start("watch", self.services.watch.run)
                start("owner questions", self.services.owner_questions.run)
            yield
        if self.supervisor.failure is not None:
            raise self.supervisor.failure

    async def run(self) -> None:
        """Run until `stopping`. Raises `StartupError` if Discord will not have us, or a part broke for good."""
        async with self.parts():
            self.manager.notify("READY=1", "STATUS=connecting to Discord")
            client = asyncio.create_task(self._be_client(), name="discord")
            stopping = asyncio.create_task(self.stopping.wait(), name="stopping")
            await asyncio.wait([client, stopping], return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            asked = self.stopping.is_set()
            refusal = client.exception() if client.done() else None
            self.manager.notify("STOPPING=1")
            await self.stop()
            await asyncio.gather(client, return_exceptions=True)
        if refusal is not None:
            raise refusal
        if not asked:
            raise StartupDelayed("Discord closed the connection.")
        await self.starts.reset()

    async def log_in(self) -> None:
        """Make ourselves known to Discord over HTTP; the client's set-up runs. Raises `StartupError`."""
        with discord_refusals():
            await self.bot.login(self.settings.discord_token.get_secret_value())

    async def _be_client(self) -> None:
        await self.log_in()
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
        self.manager.notify(f"STATUS={told['servers']} servers")
        gc.freeze()  # the servers that Discord told of stand to the end, too
        await warn_of_unread_rules(self.storage)
        await idle(self.clock)

    async def _read_ahead(self) -> None:
        """Read what the first sentence in a language, or the first picture, would have to wait for.

        In a thread, and while Discord still tells of the servers, before people are there who would share the processor.
        """
        await self._logged_in.wait()
        if self.settings.role != "worker":
            # Only the first of them comes again where this part begins again.
            first = [asyncio.ensure_future(self.bot.wait_until_ready())]
            first.append(asyncio.ensure_future(self.bot.wait_for("connect")))
            try:
                await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in first:
                    one.cancel()
        await asyncio.to_thread(self.bot.catalogues.read_all)
        await asyncio.to_thread(pillow.load)
        # What stands now stands to the end; searching it for garbage again and again held up the loop for 100 ms.
        gc.freeze()
        await idle(self.clock)

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

    async def _look_at_owners(self) -> None:
        """Have the client look, now and then, whose servers are the owner's own: Discord tells nobody of a team that changes."""
        while True:
            await self.clock.pause(OWNERS_EVERY_S)
            self.bot.dispatch("owners_due")

    async def _clock_stepped(self, now: int, by_ms: int) -> None:
        """The system's clock was set: what was due at the old time must not wait for it."""
        await self.storage.jobs.pull_in(now, stood_ahead=by_ms < 0)
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
        rest = max(1.0, self.settings.stop_timeout - patience)
        with suppress(TimeoutError):
            async with asyncio.timeout(rest):
                if self._engine is not None:
                    await asyncio.wait([self._engine], timeout=rest / 2)  # its claim may hang in the database
                await self.bot.close()
                await self.services.answers.stop()
        log.info("stopped")

    def served(self) -> WebServices:
        """What its web server shows and asks."""
        return WebServices(
            supervisor=self.supervisor,
            readiness=self.readiness,
            metrics=self.meters,
            load=self.storage.jobs.load,
            undelivered_since=self.storage.archive.undelivered_since,
            find_job=self.storage.jobs.by_webhook_token,
            on_hint=self.on_hint,
            mask_editor=self.mask_editor,
            catalogues=self.bot.catalogues,
            clock=self.clock,
        )

    async def on_hint(self, key: JobKey, ended: bool) -> None:  # noqa: FBT001 - the hook's own signature
        """A webhook spoke of a job."""
        self.services.worker.receive_webhook(key, ended=ended)
