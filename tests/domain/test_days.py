"""A day runs from midnight to midnight of its zone, whatever the clocks do, and days leave no gap.
Never here: what is counted in a day."""

from __future__ import annotations

import errno
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import days
from bot.domain.days import Day, date_of, day_of, is_zone, month_of, zone_in_use, zones

HOUR = 3_600_000
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Havana",
    "Africa/Cairo",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
)


def at(spelled: str) -> int:
    return int(datetime.fromisoformat(spelled).timestamp() * 1_000)


@given(st.integers(at("1990-01-01T00:00:00+00:00"), at("2037-12-31T00:00:00+00:00")), st.sampled_from(ZONES))
def test_every_moment_is_in_its_day_and_days_follow_each_other(moment: int, zone: str) -> None:
    day = day_of(moment, zone)

    assert day.start <= moment < day.end
    assert day_of(day.start, zone) == day
    assert day_of(day.end - 1, zone) == day
    assert day_of(day.end, zone).start == day.end
    assert 22 * HOUR <= day.end - day.start <= 26 * HOUR


@pytest.mark.parametrize(
    ("zone", "moment", "start", "hours"),
    [
        ("UTC", "2026-05-01T12:00:00+00:00", "2026-05-01T00:00:00+00:00", 24),
        ("Europe/Berlin", "2026-03-29T12:00:00+02:00", "2026-03-29T00:00:00+01:00", 23),
        ("Europe/Berlin", "2026-10-25T12:00:00+01:00", "2026-10-25T00:00:00+02:00", 25),
        # There was no midnight: the clocks jumped from 0:00 to 1:00.
        ("America/Sao_Paulo", "2018-11-04T12:00:00-02:00", "2018-11-04T01:00:00-02:00", 23),
        # There were two: at 1:00 the clocks went back to 0:00.
        ("America/Havana", "2026-11-01T12:00:00-05:00", "2026-11-01T00:00:00-04:00", 25),
        # The day before was Thursday: Friday, 30 December, never came.
        ("Pacific/Apia", "2011-12-31T12:00:00+14:00", "2011-12-31T00:00:00+14:00", 24),
    ],
)
def test_a_day_may_be_shorter_or_longer(zone: str, moment: str, start: str, hours: int) -> None:
    assert day_of(at(moment), zone) == Day(at(start), at(start) + hours * HOUR)


@pytest.mark.parametrize(
    ("zone", "moment", "start", "end"),
    [
        ("UTC", "2026-05-01T00:00:00+00:00", "2026-05-01T00:00:00+00:00", "2026-06-01T00:00:00+00:00"),
        ("UTC", "2026-12-31T23:59:59+00:00", "2026-12-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00"),
        (
            "Europe/Berlin",
            "2026-02-28T23:30:00+00:00",
            "2026-03-01T00:00:00+01:00",
            "2026-04-01T00:00:00+02:00",
        ),
    ],
)
def test_a_month_is_the_zones_too(zone: str, moment: str, start: str, end: str) -> None:
    assert month_of(at(moment), zone) == Day(at(start), at(end))


def test_the_date_is_the_zones() -> None:
    moment = at("2026-05-01T22:30:00+00:00")

    assert date_of(moment, "Europe/Berlin").isoformat() == "2026-05-02"
    assert date_of(moment, "UTC") == datetime.fromtimestamp(moment / 1_000, UTC).date()


def test_a_zone_is_known_by_its_name_alone() -> None:
    assert is_zone("Europe/Berlin")
    assert is_zone("UTC")
    assert not is_zone("Europe/Atlantis")
    assert not is_zone("../etc/passwd")


def test_only_zones_that_every_machine_has_and_that_are_a_place_s_may_be_chosen() -> None:
    assert not {"localtime", "posixrules", "Factory"} & zones()
    assert all(zone_in_use(name) == name for name in zones())


def test_a_zone_that_could_not_be_read_for_a_moment_has_its_own_days_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def out_of_descriptors(_name: str) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    days._read.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(days, "ZoneInfo", out_of_descriptors)
        during = zone_in_use("Asia/Tokyo")

    assert (during, zone_in_use("Asia/Tokyo")) == ("UTC", "Asia/Tokyo")


@pytest.mark.parametrize("stored", ["Mars/Olympus", "../etc/passwd", "Europe", "", "nul\0"])
def test_a_stored_zone_that_this_machine_does_not_know_has_the_days_of_utc(stored: str) -> None:
    moment = at("2026-05-01T22:30:00+00:00")

    assert zone_in_use(stored) == "UTC"
    assert date_of(moment, stored) == date_of(moment, "UTC")
    assert day_of(moment, stored) == day_of(moment)
    assert month_of(moment, stored) == month_of(moment)
