"""Previews of pictures that are being made: where the service shows them, and the last one of each that was fetched.
Never here: when a card is edited, and results; nothing here is ever stored."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cachetools import LRUCache

from bot.domain.jobs import JobKind, JobState
from bot.errors import RouteClosed, StorageTrouble

if TYPE_CHECKING:
    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.domain.ports import Metrics, Picture, PreviewPictures
    from bot.domain.servers.guild_ports import SettingsStore

    _Place = tuple[str, int | None]
    """An address and the percentage that came with it: gateways keep one address for all that becomes of a picture."""

log = logging.getLogger(__name__)

LIMIT: Final = 256 * 1024
"""Bytes of a preview: each progress edit sends one."""
MOST_KEPT: Final = 64
"""Previews in memory; a card whose preview was dropped shows the next one."""
REMEMBER: Final = 20_000


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Previews:
    """What can be shown of running jobs. Whatever fails here costs a preview, and nothing else."""

    pictures: PreviewPictures | None
    settings: SettingsStore
    metrics: Metrics
    _newest: LRUCache[JobKey, _Place] = field(init=False, default_factory=lambda: LRUCache(REMEMBER))
    _tried: LRUCache[JobKey, _Place] = field(init=False, default_factory=lambda: LRUCache(REMEMBER))
    _fetched: LRUCache[JobKey, Picture] = field(init=False, default_factory=lambda: LRUCache(MOST_KEPT))
    _refused: LRUCache[JobKey, bool] = field(init=False, default_factory=lambda: LRUCache(REMEMBER))
    """Jobs whose card Discord did not take with a preview."""

    def seen(self, job: Job, address: str) -> None:
        """Note where the newest preview of a running job is."""
        if (
            self.pictures is not None and job.kind is not JobKind.DESCRIBE
        ):  # theirs is the picture that was given
            self._newest[job.key] = (address, job.progress)

    def is_due(self, job: Job) -> bool:
        """Whether there is a preview that nobody has asked for yet."""
        newest = self._newest.get(job.key)
        return (
            _may_show(job) and job.key not in self._refused and newest not in {None, self._tried.get(job.key)}
        )

    async def fetch(self, job: Job) -> None:
        """Fetch the newest preview, if the server wants any. Raises nothing."""
        newest = self._newest.get(job.key)
        if self.pictures is None or newest is None:
            return
        self._tried[job.key] = newest
        address, _ = newest
        try:
            if job.home is not None and not (await self.settings.settings(job.home)).previews:
                self._fetched.pop(job.key, None)
                return
            picture = await self.pictures.fetch_preview(address, limit=LIMIT)
        except (RouteClosed, StorageTrouble) as trouble:
            log.info("preview_not_fetched", extra={"job": job.key, "reason": str(trouble)})
            self.metrics.count("previews", outcome="failed")
        except Exception:  # a bug in a preview must not stop jobs
            log.exception("preview_failed", extra={"job": job.key})
        else:
            if job.key in self._newest:  # else it has ended meanwhile
                self._fetched[job.key] = picture
                self.metrics.count("previews", outcome="ok")

    def of(self, job: Job) -> Picture | None:
        """What its card shows of it now."""
        return self._fetched.get(job.key) if _may_show(job) else None

    def refuse(self, key: JobKey) -> None:
        """Show none of this job any more: its card was not taken with one."""
        self._refused[key] = True
        self.forget(key)

    def forget(self, key: JobKey) -> None:
        """The job does not run any more."""
        for known in (self._newest, self._tried, self._fetched):
            known.pop(key, None)


def _may_show(job: Job) -> bool:
    return job.state is JobState.RUNNING and not job.unwanted
