"""The meters: every name that the `Metrics` port may use, what it means, and how Prometheus reads it.
Never here: what is measured (the rooms call the port), dashboards and alerts (docs/operations.md)."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeVar

import structlog

from bot.domain.capabilities import Speed
from bot.domain.jobs import JobKind, Route
from bot.domain.pools import Pool
from bot.domain.servers.guild_ports import EventKind
from bot.errors import RemoteFault, StorageTrouble

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

    from bot.domain.ports import Clock, Load

log = structlog.stdlib.get_logger(__name__)


class Kind(StrEnum):
    """What a meter holds."""

    COUNT = "count"
    """Only grows; Prometheus shows it with `_total` at its end."""
    SPREAD = "spread"
    """A histogram: how often how much."""
    LEVEL = "level"
    """Goes up and down; read when somebody asks."""


@dataclass(frozen=True, slots=True)
class Meter:
    """One line of the table."""

    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Values that labels are known to take. With one for each label, the counters stand there from the start: a rate
    needs a zero before the first one."""


_POOLS: Final = {"pool": tuple(Pool)}
_KINDS: Final = {"kind": tuple(EventKind)}
_QUICK: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)
"""Up to the three seconds that Discord gives an answer."""
_CALL: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
_LAG: Final = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 300.0, 1800.0, 7200.0)
_SIZE: Final = tuple(float(1 << power) for power in range(14, 28, 2))
"""16 KiB to 64 MiB."""

METERS: Final[Mapping[str, Meter]] = {
    "jobs_begun": Meter(
        Kind.COUNT, "Jobs accepted and stored.", ("pool", "kind"), known=_POOLS | {"kind": tuple(JobKind)}
    ),
    "submissions": Meter(
        Kind.COUNT,
        "Calls that begin paid work: `accepted`, or the kind of fault.",
        ("outcome",),
        known={"outcome": ("accepted", *RemoteFault)},
    ),
    "reconciled": Meter(
        Kind.COUNT,
        "Submissions of unknown outcome that were settled: `adopted` or `lost`.",
        ("outcome",),
        known={"outcome": ("adopted", "lost")},
    ),
    "jobs_finished": Meter(
        Kind.COUNT,
        "Jobs that reached an outcome.",
        ("state", "pool"),
        known=_POOLS | {"state": ("succeeded", "failed")},
    ),
    "pools_left": Meter(
        Kind.COUNT,
        "Pictures that ran at another speed than their pool's, as the image server told.",
        ("pool", "ran_at"),
        known=_POOLS | {"ran_at": tuple(Speed)},
    ),
    "deliveries": Meter(
        Kind.COUNT,
        "Outcomes shown to people, by the way they took.",
        ("route",),
        known={"route": tuple(Route)},
    ),
    "delivery_lag_seconds": Meter(Kind.SPREAD, "From a job's outcome to people seeing it.", buckets=_LAG),
    "edits": Meter(
        Kind.COUNT, "Edits of cards that are no delivery.", ("kind",), known={"kind": ("progress",)}
    ),
    "notices_told": Meter(Kind.COUNT, "Events told in servers' log channels.", ("kind",), known=_KINDS),
    "notices_dropped": Meter(
        Kind.COUNT, "Events that too many others stood before.", ("kind",), known=_KINDS
    ),
    "prompts_forgotten": Meter(Kind.COUNT, "Finished jobs whose prompts were forgotten by age."),
    "answers_refused": Meter(
        Kind.COUNT, "Commands and presses refused because the database was too slow to note them."
    ),
    "answers_recovered": Meter(
        Kind.COUNT, "People left waiting by a process that died, by the way they were told.", ("way",)
    ),
    "leases_lost": Meter(Kind.COUNT, "Writes refused because another worker had taken the job over."),
    "upstream_reads": Meter(
        Kind.COUNT,
        "Status readings: a `page` of many jobs, or one job's `query`.",
        ("kind",),
        known={"kind": ("page", "query")},
    ),
    "upstream_calls": Meter(Kind.COUNT, "Calls of the image API.", ("endpoint", "outcome")),
    "upstream_seconds": Meter(Kind.SPREAD, "Duration of a call of the image API.", ("endpoint",), _CALL),
    "prompt_help": Meter(
        Kind.COUNT,
        "Questions to the chat model that helps with prompts.",
        ("what", "outcome"),
    ),
    "previews": Meter(
        Kind.COUNT,
        "Previews of running jobs that were fetched, or could not be.",
        ("outcome",),
        known={"outcome": ("ok", "failed")},
    ),
    "picture_sources": Meter(
        Kind.COUNT, "Attempts to fetch a picture, by where from and what came of it.", ("source", "outcome")
    ),
    "picture_bytes": Meter(Kind.SPREAD, "Size of the pictures that were fetched.", buckets=_SIZE),
    "webhooks": Meter(
        Kind.COUNT,
        "Posts to our webhook, by what became of them.",
        ("outcome",),
        known={"outcome": ("woke", "unknown", "merged", "dropped", "failed", "slow", "oversized")},
    ),
    "regions_sent": Meter(
        Kind.COUNT, "Regions sent in from the mask editor, by what became of them.", ("outcome",)
    ),
    "loop_lag_seconds": Meter(
        Kind.SPREAD, "How much later than asked the event loop woke up.", buckets=_QUICK
    ),
    "part_failures": Meter(Kind.COUNT, "Failures of long-lived parts of the process.", ("part",)),
    "storage_troubles": Meter(Kind.COUNT, "Transactions that failed, by the reason.", ("reason",)),
    "gateway_shards": Meter(
        Kind.LEVEL, "Shards of this process that Discord answers, when the page was read."
    ),
    "guilds": Meter(Kind.LEVEL, "Servers that this process serves, when the page was read."),
    "starts_left": Meter(Kind.LEVEL, "Starts that Discord still allowed today, when this process started."),
    "balance_credits": Meter(Kind.LEVEL, "Credits of an account, when it was last looked at.", ("account",)),
    "jobs_waiting": Meter(Kind.LEVEL, "Jobs in the queue, when the page was read.", ("pool",)),
    "jobs_running": Meter(Kind.LEVEL, "Jobs upstream, when the page was read.", ("pool",)),
    "undelivered_seconds": Meter(
        Kind.LEVEL, "For how long what ended first has waited to be shown, when the page was read."
    ),
}
"""Every meter. A test compares it with what the rooms call, and with docs/operations.md."""

_Made = TypeVar("_Made", "Counter", "Histogram", "Gauge")


class Meters:
    """The `Metrics` port over Prometheus, with a registry of its own; where they are not `shown`, nothing is counted.

    A name or label that is not in the table never breaks the work that is measured: it is logged once and left out.
    """

    def __init__(
        self, *, version: str = "", role: str = "all", instance: str = "", shown: bool = True
    ) -> None:
        self._shown = shown
        self._counters: dict[str, Counter] = {}
        self._histograms: dict[str, Histogram] = {}
        self._gauges: dict[str, Gauge] = {}
        self._strange: set[str] = set()
        if shown:
            self._registry = self._make(version=version, role=role, instance=instance)

    def _make(self, **who: str) -> CollectorRegistry:
        from prometheus_client import (  # noqa: PLC0415 - a start that shows no meters need not wait for it
            CollectorRegistry,
            Counter,
            Gauge,
            Histogram,
            ProcessCollector,
        )

        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        for name, meter in METERS.items():
            spelled, labels = f"easel_{name}", list(meter.labels)
            match meter.kind:
                case Kind.COUNT:
                    self._counters[name] = Counter(spelled, meter.help, labels, registry=registry)
                case Kind.SPREAD:
                    self._histograms[name] = Histogram(
                        spelled, meter.help, labels, registry=registry, buckets=meter.buckets
                    )
                case Kind.LEVEL:
                    self._gauges[name] = Gauge(spelled, meter.help, labels, registry=registry)
            if meter.kind is Kind.COUNT and set(meter.known) == set(meter.labels):
                for values in itertools.product(*(meter.known[label] for label in meter.labels)):
                    self.count(name, 0, **dict(zip(meter.labels, map(str, values), strict=True)))
        build = Gauge("easel_build", "Always 1; its labels say who this is.", list(who), registry=registry)
        build.labels(**who).set(1)
        return registry

    def count(self, name: str, n: int = 1, /, **labels: str) -> None:
        """Something happened."""
        found = self._find(self._counters, name, labels)
        if found is not None:
            found.inc(n)

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        """Something took this long, or was this large."""
        found = self._find(self._histograms, name, labels)
        if found is not None:
            found.observe(value)

    def level(self, name: str, value: float, /, **labels: str) -> None:
        """Something stands at this height."""
        found = self._find(self._gauges, name, labels)
        if found is not None:
            found.set(value)

    def _find(self, made: Mapping[str, _Made], name: str, labels: Mapping[str, str]) -> _Made | None:
        if not self._shown:
            return None
        meter = made.get(name)
        if meter is not None and set(labels) == set(METERS[name].labels):
            return meter.labels(**labels) if labels else meter
        if name not in self._strange:
            self._strange.add(name)
            log.error("meter_unknown", meter=name, labels=sorted(labels))
        return None

    def exposition(self) -> bytes:
        """Everything in Prometheus' text format; only where meters are shown."""
        from prometheus_client import generate_latest  # noqa: PLC0415 - as above

        return generate_latest(self._registry)


class NoMetrics:
    """The `Metrics` port for programs that nobody measures."""

    def count(self, name: str, n: int = 1, /, **labels: str) -> None:
        """Forget it."""

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        """Forget it."""


def page_of(
    meters: Meters,
    loads: Callable[[], Awaitable[Mapping[Pool, Load]]],
    undelivered_since: Callable[[], Awaitable[int | None]],
    clock: Clock,
) -> Callable[[], Awaitable[bytes]]:
    """Build the metrics page: the levels are read from the database when somebody asks, and only then."""

    async def page() -> bytes:
        try:
            for pool, load in (await loads()).items():
                meters.level("jobs_waiting", load.waiting, pool=pool.value)
                meters.level("jobs_running", load.running, pool=pool.value)
            # What is delivered tells how long that took; where nobody can be reached, only this grows.
            since = await undelivered_since()
            waited_ms = 0 if since is None else max(0, clock.now() - since)
            meters.level("undelivered_seconds", waited_ms / 1_000)
        except StorageTrouble:
            log.warning("levels_not_read", exc_info=True)
        return meters.exposition()

    return page


async def watch_loop(clock: Clock, meters: Meters, *, every: float = 1.0) -> None:
    """Measure for ever how late the event loop wakes up: the first sign of something that blocks it."""
    loop = asyncio.get_running_loop()
    while True:
        asleep = loop.time()
        await clock.pause(every)
        meters.observe("loop_lag_seconds", max(0.0, loop.time() - asleep - every))
