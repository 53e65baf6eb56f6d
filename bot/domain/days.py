"""A server's day and month: from one midnight of its time zone to the next, through every change of its clocks.
Never here: reads of a clock, and what is counted in a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from datetime import tzinfo

# The tables of time zones are data of the standard library, as Unicode's are.

UTC_ZONE: Final = "UTC"
_NO_PLACE: Final = "Factory"
"""In the tables, for a clock that nobody has set."""
_ONE: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Day:
    """A day, or a month, as two moments, in milliseconds since 1970; the end belongs to the next one."""

    start: int
    end: int


@cache
def zones() -> frozenset[str]:
    """Every time zone by its name in the IANA tables, as each machine of ours has them (tzdata): a system may know more."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text().split()) - {_NO_PLACE}


def is_zone(name: str) -> bool:
    """Whether there is a time zone of that name, which may be chosen."""
    return name in zones()


def zone_in_use(name: str) -> str:
    """Whose days a stored zone's are: UTC's, where this machine does not know it, as another one did that took it."""
    return name if _found(name) else UTC_ZONE


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


def _zone(name: str) -> tzinfo:
    return _found(name) or UTC


def _found(name: str) -> ZoneInfo | None:
    try:
        return _read(name)
    except (KeyError, ValueError, OSError):  # not there, no name at all, a folder, not to be read just now
        return None


@cache
def _read(name: str) -> ZoneInfo:
    """What was found stays. What was not is looked for again: it may have been for want of file descriptors only."""
    return ZoneInfo(name)
