"""A server's day and month: from one midnight of its time zone to the next, through every change of its clocks.
Never here: reads of a clock, and what is counted in a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

# The tables of time zones are data of the standard library, as Unicode's are.

UTC_ZONE: Final = "UTC"
_ONE: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Day:
    """A day, or a month, as two moments, in milliseconds since 1970; the end belongs to the next one."""

    start: int
    end: int


@cache
def zones() -> frozenset[str]:
    """Every time zone by its name in the IANA tables."""
    return frozenset(available_timezones()) | {UTC_ZONE}


def is_zone(name: str) -> bool:
    """Whether there is a time zone of that name."""
    return name in zones()


def date_of(at: int, zone: str) -> date:
    """Which date it is there at that moment."""
    return datetime.fromtimestamp(at / 1_000, UTC).astimezone(_zone(zone)).date()


def day_of(at: int, zone: str = UTC_ZONE) -> Day:
    """The day there at that moment: it may have 23 or 25 hours, or begin at one o'clock."""
    today = date_of(at, zone)
    return Day(_midnight(today, zone), _midnight(today + _ONE, zone))


def month_of(at: int, zone: str = UTC_ZONE) -> Day:
    """The month there at that moment, from midnight to midnight."""
    first = date_of(at, zone).replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return Day(_midnight(first, zone), _midnight(following, zone))


def _midnight(of: date, zone: str) -> int:
    # Fold 0 is right each time: of two midnights it names the first, and a midnight that the clocks jump over is
    # reckoned by the time before the jump, which gives the moment of the jump itself.
    return int(datetime.combine(of, time(), _zone(zone)).timestamp()) * 1_000


def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
