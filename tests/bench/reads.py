"""How many status readings a finished picture costs, beside its submission (design §9).
Never here: latencies; see `lag`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bot.domain.capabilities import ServerKind
from tests.bench.crowd import Crowd
from tests.bench.report import Report, percentile

if TYPE_CHECKING:
    from tests.bench.crowd import Stretch

GOAL = 0.3
CROWDED = 200
"""More than so many finish enough pictures in a minute."""
PACE = 4.0
"""Readings a second at most: the default."""
FAMILY = {
    "mj-proxy": (ServerKind.TRUEAI, True),
    "gateway, no lists": (ServerKind.NEW_API, False),
}
"""Servers of the `/mj` family, and whether they read many tasks in one call."""
SIZES = {"full": (10, 100, 500), "smoke": (3,)}


async def measure(size: str) -> Report:
    """Measure."""
    report = Report(
        "reads",
        "Steady crowds in virtual time: tasks take 20 to 90 s, the API answers in 250 ms, 4 readings a second "
        "at most (the default). Naive: each task asked for alone every 5 s, counted for the same tasks.",
        size,
    )
    sizes = SIZES[size]
    for live in sizes:
        for webhooks in (False, True):
            stretch = await crowd(live, webhooks=webhooks, size=size)
            _add(report, live, stretch, webhooks=webhooks)
            if live == sizes[-1] and not webhooks:
                report.at_most(
                    f"readings a job, {live} live, polling only", _per_job(stretch.reads, stretch), GOAL
                )
                report.note("the naive way", _per_job(stretch.naive_reads, stretch))
    for name, (server, lists) in FAMILY.items():
        for live in sizes:
            stretch = await crowd(live, webhooks=False, size=size, server=server, lists=lists)
            _add(report, live, stretch, webhooks=False, api=name)
            told = f"{live} live, {name}"
            if not lists:
                report.at_most(f"readings a second, {told}", stretch.reads / stretch.seconds, PACE)
            if live == sizes[-1] and lists:
                report.at_most(f"readings a job, {told}", _per_job(stretch.reads, stretch), GOAL)
    return report


async def crowd(
    live: int,
    *,
    webhooks: bool,
    size: str,
    reads_per_second: float = PACE,
    server: ServerKind = ServerKind.OHMYGPT,
    lists: bool = False,
) -> Stretch:
    """Run one crowd to its steady state and watch it."""
    warm, watched = (100.0, 60.0 if live > CROWDED else 120.0) if size == "full" else (5.0, 15.0)
    with tempfile.TemporaryDirectory() as folder:
        world = Crowd(
            Path(folder),
            size=live,
            webhooks=webhooks,
            reads_per_second=reads_per_second,
            server=server,
            lists=lists,
        )
        await world.boot()
        try:
            return await world.measure(warm_s=warm, for_s=watched)
        finally:
            await world.kill()


def _per_job(reads: int, stretch: Stretch) -> float:
    return reads / max(1, stretch.finished)


def _add(report: Report, live: int, stretch: Stretch, *, webhooks: bool, api: str = "OhMyGPT") -> None:
    reads, naive = _per_job(stretch.reads, stretch), _per_job(stretch.naive_reads, stretch)
    report.rows.append(
        {
            "API": api,
            "jobs": live,
            "upstream": round(stretch.live, 1),
            "webhooks": "on" if webhooks else "off",
            "finished": stretch.finished,
            "pages": stretch.pages,
            "lists": stretch.batches,
            "queries": stretch.queries,
            "readings a job": round(reads, 3),
            "naive": round(naive, 2),
            "naive : ours": round(naive / reads, 1) if reads else 0.0,
            "lag p50 s": round(percentile(stretch.lags, 0.5), 2),
            "lag p99 s": round(percentile(stretch.lags, 0.99), 2),
        }
    )
