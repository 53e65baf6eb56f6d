"""Whoever owns an account hears once of each pool that it does not keep, and again only if they were not reached.
Never here: what moderators hear (tests/services/modlog/test_events.py)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.domain.accounts import OwnAccount
from bot.domain.capabilities import Speed
from bot.domain.jobs import Job, JobKind, JobState
from bot.domain.pools import Pool
from bot.services.accounts.speed_notices import NOTIFIED, TELLING_MS, SpeedNotices
from bot.services.modlog.events import events_of
from tests.domain.builders import a_job
from tests.fixtures.shared import Shared
from tests.services.harness import ManualClock, Meters

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.texts import Text


class Mail:
    """The owner's mail."""

    def __init__(self) -> None:
        self.told: list[Text] = []
        self.arrives = True
        self.breaks: Shared | None = None
        self.meanwhile: Callable[[], None] | None = None

    async def notify(self, words: Text, *, once: str) -> bool:
        assert once
        self.told.append(words)
        if self.breaks is not None:
            self.breaks.trouble = "get"
        if self.meanwhile is not None:
            self.meanwhile()
        return self.arrives


class Office:
    """The service with its surroundings."""

    def __init__(self) -> None:
        self.memory, self.mail, self.meters = Shared(), Mail(), Meters()
        self.clock = ManualClock()
        self.strays = SpeedNotices(memory=self.memory, mail=self.mail, clock=self.clock, metrics=self.meters)  # type: ignore[arg-type]  # what is asked of them


@pytest.fixture
def office() -> Office:
    return Office()


def a_picture(*, pool: Pool = Pool.FAST, ran_at: Speed | None = Speed.RELAX, account: str = "mint") -> Job:
    job = a_job(pool=pool, account=account, state=JobState.SUCCEEDED)
    return replace(job, server=replace(job.server, ran_at=ran_at))


async def test_each_pool_of_each_account_is_told_once(office: Office) -> None:
    for job in (
        a_picture(),
        a_picture(),
        a_picture(account="other"),
        a_picture(pool=Pool.NORMAL, ran_at=Speed.FAST),
    ):
        await office.strays.check(job)

    assert [(said.id, said.args["account"]) for said in office.mail.told] == [
        ("log.owner_left_pool", "mint"),
        ("log.owner_left_pool", "other"),
        ("log.owner_left_pool", "mint"),
    ]
    assert office.meters.counts["pools_left pool=FAST ran_at=RELAX"] == 3


WORDS = [replace(a_picture(), kind=kind) for kind in (JobKind.DESCRIBE, JobKind.SHORTEN)]


@pytest.mark.parametrize("job", [a_picture(ran_at=None), a_picture(ran_at=Speed.FAST), a_job(), *WORDS])
async def test_what_ran_as_it_should_or_tells_nothing_is_no_news(office: Office, job: Job) -> None:
    await office.strays.check(job)

    assert (office.mail.told, office.meters.counts, list(events_of(job, []))) == ([], {}, [])


async def test_who_was_not_reached_is_told_next_time_although_another_process_notes_another_pool(
    office: Office,
) -> None:
    def theirs() -> None:
        office.memory.theirs = NOTIFIED, json.dumps(["mint/FAST", "other/FAST"])

    office.mail.arrives, office.mail.meanwhile = False, theirs
    await office.strays.check(a_picture())
    office.mail.arrives, office.mail.meanwhile = True, None

    assert office.memory.words == {NOTIFIED: json.dumps(["other/FAST"])}
    await office.strays.check(a_picture())
    assert len(office.mail.told) == 2


async def test_a_servers_own_key_is_the_business_of_its_moderators_alone(office: Office) -> None:
    job = a_picture(account=OwnAccount(7, 1).name)

    await office.strays.check(job)

    assert office.mail.told == []
    (event,) = events_of(job, [])
    assert event.said.id == "log.left_pool"


async def test_an_owner_who_was_not_reached_hears_of_it_with_the_next_picture(office: Office) -> None:
    office.mail.arrives = False
    await office.strays.check(a_picture())

    office.mail.arrives = True
    for _ in range(2):
        await office.strays.check(a_picture())

    assert len(office.mail.told) == 2


@pytest.mark.parametrize("trouble", ["get", "swap"])
async def test_what_cannot_be_noted_stops_no_picture_and_is_told_with_the_next(
    office: Office, trouble: str
) -> None:
    office.memory.trouble = trouble
    await office.strays.check(a_picture())
    assert office.mail.told == []

    office.memory.trouble = ""
    await office.strays.check(a_picture())
    assert len(office.mail.told) == 1


async def test_of_two_processes_that_see_it_at_once_one_tells(office: Office) -> None:
    office.memory.raced = True

    await office.strays.check(a_picture())

    assert office.mail.told == []


async def test_an_owner_whom_a_process_died_over_telling_is_told_by_the_next(office: Office) -> None:
    def dies() -> None:
        raise ZeroDivisionError

    office.mail.meanwhile = dies
    with pytest.raises(ZeroDivisionError):
        await office.strays.check(a_picture())
    office.mail.meanwhile = None

    await office.strays.check(a_picture())
    assert len(office.mail.told) == 1
    for _ in range(2):
        office.clock.move_to(office.clock.now() + TELLING_MS)
        await office.strays.check(a_picture())

    assert len(office.mail.told) == 2


async def test_an_owner_who_was_not_reached_while_the_disk_is_full_stops_no_picture(office: Office) -> None:
    office.mail.arrives, office.mail.breaks = False, office.memory

    await office.strays.check(a_picture())

    assert len(office.mail.told) == 1
