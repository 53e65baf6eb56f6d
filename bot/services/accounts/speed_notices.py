"""Pictures that ran at another speed than their pool's: whoever owns the account hears once how to mend it.
Never here: what a server's moderators hear (that is `events`), and how a speed is read."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.accounts import is_own
from bot.domain.pool_speeds import other_speed
from bot.domain.schedule import MINUTE, is_recent
from bot.errors import StorageTrouble
from bot.services.modlog.events import speed_words
from bot.texts import text

if TYPE_CHECKING:
    from bot.domain.jobs import Job
    from bot.domain.ports import Clock, Metrics
    from bot.domain.servers.guild_ports import SharedState
    from bot.services.accounts.owner_policy import OwnerMail

log = logging.getLogger(__name__)

NOTIFIED: Final = "strayed"
"""Under this name the processes share which accounts' pools were told of, and since when one is at it (`name@time`)."""
TELLING_MS: Final = MINUTE
"""Whoever is at it for longer has died over it; said twice within minutes, it stays one message."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class SpeedNotices:
    """Tells the owner once of each pool that an account does not keep."""

    memory: SharedState
    mail: OwnerMail
    clock: Clock
    metrics: Metrics

    async def check(self, job: Job) -> None:
        """Look at a finished job. Raises nothing: what could not be noted is told with the next one."""
        ran_at = other_speed(job)
        if ran_at is None:
            return
        self.metrics.count("pools_left", pool=job.pool.value, ran_at=ran_at.value)
        if is_own(job.account):
            return
        try:
            now = self.clock.now()
            before = await self.memory.get(NOTIFIED)
            this = f"{job.account}/{job.pool.value}"
            if any(_is_settled(one, this, now) for one in _read(before)):
                return
            told = [*_others(before, this), f"{this}@{now}"]
            if not await self.memory.swap(NOTIFIED, before, json.dumps(told)):
                return
        except StorageTrouble as trouble:
            log.warning("stray_not_noted", extra={"job": job.key, "reason": str(trouble)})
            return
        log.warning(
            "pool_left", extra={"account": job.account, "pool": job.pool.value, "ran_at": ran_at.value}
        )
        words = text("log.owner_left_pool", account=job.account, **speed_words(job.pool, ran_at))
        await self._settle(this, is_told=await self.mail.notify(words, once=f"{NOTIFIED}/{this}"))

    async def _settle(self, this: str, *, is_told: bool) -> None:
        """The owner was told; or was not after all, and the next such picture tells them."""
        try:
            while True:
                before = await self.memory.get(NOTIFIED)
                told = [*_others(before, this), *([this] if is_told else ())]
                if await self.memory.swap(NOTIFIED, before, json.dumps(told)):
                    return
        except StorageTrouble as trouble:
            log.warning("stray_not_noted", extra={"of": this, "reason": str(trouble)})


def _is_settled(one: str, this: str, now: int) -> bool:
    """Whether an entry says that the owner was told of this, or is being told."""
    name, _, since = one.rpartition("@")
    return one == this or (name == this and since.isdecimal() and is_recent(int(since), now, TELLING_MS))


def _others(stored: str | None, this: str) -> list[str]:
    return [one for one in _read(stored) if one != this and one.rpartition("@")[0] != this]


def _read(stored: str | None) -> list[str]:
    """What was told; what another version wrote in another way is forgotten."""
    try:
        return [one for one in json.loads(stored or "[]") if isinstance(one, str)]
    except (ValueError, TypeError):
        return []
