"""What is true of this process's health: gateway, database, image API, engine, clock; each check in a few words.
Never here: how it is asked over HTTP (`bot.web.health`)."""

from __future__ import annotations

import logging
import shutil
import time
from typing import TYPE_CHECKING, Any, Final

from bot.domain.accounts import DEFAULT_ACCOUNT
from bot.errors import RemoteError, RemoteFault, StartupError, StorageTrouble
from bot.finding import advice_on
from bot.services.accounts.checking import check
from bot.storage.errors import REASONS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bot.client import Easel
    from bot.domain.balances import BalanceApi
    from bot.domain.ports import Clock, Readings
    from bot.metrics import Meters
    from bot.services.wiring import Services
    from bot.starts import Starts
    from bot.storage.opening import Storage

log = logging.getLogger(__name__)

STALE_READING_MS: Final = 5 * 60_000
"""With jobs to follow, a tracker that read nothing for so long is not ready."""
SILENCE_S: Final = 10.0
"""So much later than its heartbeat Discord's answer may come; readiness falls about 50 s after the line went dead."""
LITTLE_DISK: Final = 16 * 1024 * 1024
"""SQLite's log has room for small writes long after the disk is full for real ones."""
ASK_AGAIN_S: Final = (5.0, 10.0, 20.0, 40.0, 60.0)
ASK_SELDOM_S: Final = 300.0
BALANCE_EVERY_S: Final = 900.0
REFUSALS: Final = 3
"""So many refusals of the key, with nothing else between, are no slip of a proxy."""


class Readiness:
    """The checks behind `/readyz`; each returns None if all is well."""

    def __init__(
        self,
        *,
        role: str,
        bot: Easel,
        storage: Storage,
        services: Services,
        api: Readings,
        clock: Clock,
        meters: Meters,
        starts: Starts,
        file: Path | None,
    ) -> None:
        self._role = role
        self._bot = bot
        self._storage = storage
        self._services = services
        self._api = api
        self._clock = clock
        self._meters = meters
        storage.database.on_trouble = self._count_trouble
        for reason in REASONS:
            meters.count("storage_troubles", 0, reason=reason)
        self._starts = starts
        self._file = file
        self._upstream: str | None = "no answer yet"
        self._answered = False

    def _count_trouble(self, reason: str) -> None:
        self._meters.count("storage_troubles", reason=reason)

    async def gateway(self) -> str | None:
        """Whether Discord sends us events."""
        if self._role == "worker":
            return None
        if self._starts.waiting is not None:
            return self._starts.waiting
        shards = self._shards()
        connected = sum(_is_heard(shard) for shard in shards.values())
        if not self._bot.is_ready() or connected < len(shards):
            return "not connected" if len(shards) <= 1 else f"{connected} of {len(shards)} shards connected"
        return None

    def _shards(self) -> Mapping[int, Any]:
        return {number: info._parent.ws for number, info in self._bot.shards.items()}  # noqa: SLF001 - no public way to its socket

    def measure(self) -> None:
        """Set the levels that stand for this moment."""
        self._meters.level("gateway_shards", sum(_is_heard(shard) for shard in self._shards().values()))
        self._meters.level("guilds", len(self._bot.guilds))

    async def database(self) -> str | None:
        """Whether the database can be read and written."""
        try:
            await self._storage.check()
        except StorageTrouble as trouble:
            return str(trouble)
        if self._file is not None and shutil.disk_usage(self._file.parent).free < LITTLE_DISK:
            return "the disk of the database is full"
        return None

    async def upstream(self) -> str | None:
        """Whether the image API has answered since the start."""
        return None if self._answered or self._role == "gateway" else self._upstream

    async def engine(self) -> str | None:
        """Whether upstream's answers about running jobs are fresh."""
        for account, tracker in self._services.worker.trackers.items():
            if account not in self._services.accounts.fixed:
                continue  # what is wrong with a server's own key is not wrong with this process
            read_at = tracker.last_reading_at
            if len(tracker) and read_at is not None and self._clock.now() - read_at > STALE_READING_MS:
                return f"no reading of account {account} for {(self._clock.now() - read_at) // 1000} s"
        return None

    async def watch_balance(self, balance_api: BalanceApi) -> None:
        """Run for ever: measure what the default account has left; in trouble the old level stays."""
        while True:
            try:
                balance = await balance_api.balance()
            except RemoteError as error:
                log.info("balance_not_read", extra={"fault": error.fault.value})
            else:
                self._meters.level("balance_credits", float(balance.total), account=DEFAULT_ACCOUNT)
            await self._clock.pause(BALANCE_EVERY_S)

    async def watch_upstream(self) -> None:
        """Run for ever: ask the image API whether it is there and takes our key, and say it once when that changes.

        Raises `StartupError` if it has never taken the key since the start: then only the owner can help.
        """
        tries = refused = 0
        while True:
            try:
                await check(self._api)
            except RemoteError as error:
                said = f"{error.fault.value}: {error.message}"
                if said != self._upstream:
                    reason = f"{error.message}: {advice_on(error.fault)}"
                    log.warning("upstream_not_ready", extra={"fault": error.fault.value, "reason": reason})
                self._upstream = said
                refused = refused + 1 if error.fault is RemoteFault.KEY else 0
                if refused >= REFUSALS and not self._answered:
                    raise StartupError(
                        "The image API refuses EASEL_API_KEY (EASEL_OHMYGPT_KEY): make a key with the Midjourney permission."
                    ) from None
                wait = ASK_AGAIN_S[min(tries, len(ASK_AGAIN_S) - 1)]
                tries += 1
            else:
                if self._upstream is not None:
                    log.info("upstream_ready")
                self._upstream, self._answered, wait, tries, refused = None, True, ASK_SELDOM_S, 0, 0
            await self._clock.pause(wait)


def _is_heard(ws: Any) -> bool:
    """Whether a shard's socket is open, and its heartbeats are answered (discord.py notices only after minutes)."""
    if ws is None or not ws.open:
        return False
    beat = getattr(ws, "_keep_alive", None)
    if beat is None:
        return True
    silent = time.perf_counter() - beat._last_recv  # noqa: SLF001 - no public way to the time of the last frame
    return bool(silent < (beat.interval or 0) + SILENCE_S)
