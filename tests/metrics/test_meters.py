"""What Prometheus reads after the rooms have counted.
Never here: that the rooms and the table agree (tests/architecture)."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.domain.pools import Pool
from bot.domain.ports import Load, Metrics
from bot.errors import StorageTrouble
from bot.metrics import METERS, Kind, Meters, NoMetrics, page_of, watch_loop

if TYPE_CHECKING:
    from collections.abc import Mapping


def samples(page: bytes) -> dict[str, float]:
    """Read a page as Prometheus does: `name{label=value}` to number."""
    read = {}
    for family in text_string_to_metric_families(page.decode()):
        for sample in family.samples:
            labels = ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))
            read[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return read


def test_what_is_counted_can_be_read() -> None:
    meters = Meters(version="1.2", role="worker", instance="a")
    metrics: Metrics = meters

    metrics.count("jobs_begun", pool="FAST", kind="imagine")
    metrics.count("jobs_begun", 2, pool="FAST", kind="imagine")
    metrics.count("leases_lost")
    metrics.observe("delivery_lag_seconds", 0.4)
    metrics.observe("upstream_seconds", 70.0, endpoint="imagine")

    read = samples(meters.exposition())
    assert read["easel_jobs_begun_total{kind=imagine,pool=FAST}"] == 3
    assert read["easel_leases_lost_total"] == 1
    assert read["easel_delivery_lag_seconds_bucket{le=0.5}"] == 1
    assert read["easel_delivery_lag_seconds_bucket{le=0.25}"] == 0
    assert read["easel_upstream_seconds_count{endpoint=imagine}"] == 1
    assert read["easel_build{instance=a,role=worker,version=1.2}"] == 1


def test_every_meter_of_the_table_works() -> None:
    meters = Meters()

    for name, meter in METERS.items():
        labels = dict.fromkeys(meter.labels, "x")
        match meter.kind:
            case Kind.COUNT:
                meters.count(name, **labels)
            case Kind.SPREAD:
                meters.observe(name, 1.0, **labels)
            case Kind.LEVEL:
                meters.level(name, 1.0, **labels)

    page = meters.exposition().decode()
    assert not [name for name in METERS if f"easel_{name}" not in page]


@pytest.mark.parametrize("ask", ["unknown", "wrong kind", "missing label", "strange label"])
def test_a_meter_that_does_not_exist_is_logged_once_and_breaks_nothing(
    ask: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    meters = Meters()
    before = samples(meters.exposition()).keys()

    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            match ask:
                case "unknown":
                    meters.count("jobs_dreamt")
                case "wrong kind":
                    meters.observe("leases_lost", 1.0)
                case "missing label":
                    meters.count("jobs_begun", pool="FAST")
                case _:
                    meters.count("leases_lost", who="me")

    assert (caplog.text + capsys.readouterr().out).count("meter_unknown") == 1
    assert samples(meters.exposition()).keys() == before


def test_two_bots_in_one_process_do_not_share_meters() -> None:
    one, other = Meters(), Meters()

    one.count("leases_lost")

    assert samples(other.exposition())["easel_leases_lost_total"] == 0


def test_the_silent_meters_say_nothing() -> None:
    metrics: Metrics = NoMetrics()

    metrics.count("anything", 3, label="x")
    metrics.observe("anything", 3.0)


async def test_levels_are_read_when_the_page_is() -> None:
    loads = {Pool.FAST: Load(waiting=4, running=3)}

    ended: list[int | None] = [JumpyClock.NOW - 90_000, None]

    async def read() -> Mapping[Pool, Load]:
        return loads

    async def undelivered() -> int | None:
        return ended.pop(0)

    page = page_of(Meters(), read, undelivered, JumpyClock())
    first = samples(await page())
    loads[Pool.FAST] = Load(waiting=0, running=1)
    second = samples(await page())

    assert (first["easel_jobs_waiting{pool=FAST}"], first["easel_jobs_running{pool=FAST}"]) == (4, 3)
    assert (second["easel_jobs_waiting{pool=FAST}"], second["easel_jobs_running{pool=FAST}"]) == (0, 1)
    assert [read["easel_undelivered_seconds"] for read in (first, second)] == [90, 0]


async def test_the_page_is_served_while_the_database_is_not() -> None:
    async def read() -> Mapping[Pool, Load]:
        raise StorageTrouble("locked")

    async def undelivered() -> int | None:
        raise StorageTrouble("locked")

    page = page_of(Meters(), read, undelivered, JumpyClock())
    assert "easel_leases_lost_total" in samples(await page())


class JumpyClock:
    """A clock whose pauses block the loop, as a long computation would, and end after three."""

    NOW = 1_750_000_000_000

    def __init__(self) -> None:
        self.pauses = 0

    def now(self) -> int:
        return self.NOW

    async def pause(self, seconds: float, wake: asyncio.Event | None = None) -> bool:
        assert wake is None
        self.pauses += 1
        if self.pauses > 3:
            raise asyncio.CancelledError
        until = asyncio.get_running_loop().time() + seconds + 0.03
        while asyncio.get_running_loop().time() < until:
            pass
        return False


async def test_a_blocked_loop_shows_up_as_lag() -> None:
    meters = Meters()

    with pytest.raises(asyncio.CancelledError):
        await watch_loop(JumpyClock(), meters, every=0.01)

    read = samples(meters.exposition())
    assert read["easel_loop_lag_seconds_count"] == 3
    assert read["easel_loop_lag_seconds_bucket{le=0.025}"] == 0


def test_where_nobody_reads_them_meters_count_nothing_and_break_nothing() -> None:
    meters = Meters(shown=False)

    meters.count("leases_lost")
    meters.observe("delivery_lag_seconds", 0.4)
    meters.level("guilds", 3)

    assert [meters._counters, meters._histograms, meters._gauges] == [{}, {}, {}]
