"""Times of the program that a wire test has otherwise: they are there, they hold in a forked process, and nowhere else.
Never here: which test has which."""

from __future__ import annotations

import importlib
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.schedule import LEASE_MS
from bot.midjourney.ohmygpt.client import ApiSettings
from tests.fixtures import times
from tests.fixtures.forked_programs import FORKED

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from tests.fixtures.times import Times

MODULES = ("bot.domain.schedule", "bot.services.worker.worker", "bot.storage.jobs.clock_steps")
"""Where a lease is declared, and two that import it."""


def found_in_a_forked_process(given: Times) -> tuple[dict[str, Any], float]:
    """The leases of each of these modules there, with that of open answers, and how long a submission may take."""
    here, there = FORKED.Pipe(duplex=False)
    process = FORKED.Process(target=_tell, args=(there, dict(given)), daemon=True)
    process.start()
    there.close()
    found: tuple[dict[str, Any], float] = here.recv()
    process.join(30)
    return found


def _tell(there: Connection, given: Times) -> None:
    times.set_times(given)
    names = (*MODULES, "bot.services.intake.open_answers")
    leases = {name: vars(importlib.import_module(name))["LEASE_MS"] for name in names}
    there.send((leases, ApiSettings("sk-of-nobody").submit_seconds))


def test_a_time_holds_where_it_is_declared_and_imported_and_leaves_another_of_its_name_alone() -> None:
    leases, _ = found_in_a_forked_process({"bot.domain.schedule.LEASE_MS": 7})

    assert leases == {**dict.fromkeys(MODULES, 7), "bot.services.intake.open_answers": 30_000}


def test_a_default_of_a_class_is_what_its_instances_have() -> None:
    _, seconds = found_in_a_forked_process(times.SENDING)

    assert seconds == ApiSettings("sk-of-nobody").submit_seconds / 6


def test_the_next_process_and_this_one_have_the_programs_own_times() -> None:
    found_in_a_forked_process(times.LEASES)
    leases, seconds = found_in_a_forked_process({})

    assert set(leases.values()) == {LEASE_MS, 30_000}
    assert (LEASE_MS, times.real("bot.domain.schedule.LEASE_MS")) == (30_000, 30_000)
    assert seconds == ApiSettings("sk-of-nobody").submit_seconds == 60.0


@pytest.mark.parametrize(
    "name",
    [
        "bot.domain.schedule.LEASE_OF_OLD_MS",
        "bot.services.worker.worker.LEASE_MS",  # imported there
        "bot.domain.schedule.STILL_MS",  # a table of times
        "bot.midjourney.ohmygpt.client.ApiSettings.patience",
        "bot.midjourney.ohmygpt.client.Nobody.submit_seconds",
    ],
)
def test_a_time_that_the_program_does_not_declare_is_refused(name: str) -> None:
    with pytest.raises(LookupError, match=name.rpartition(".")[2]):
        times.set_times({name: 1})


def test_a_row_of_times_is_scaled_each() -> None:
    name = "bot.readiness.ASK_AGAIN_S"
    row = times.real(name)
    assert isinstance(row, tuple)

    assert times.scaled(Fraction(1, 2), name) == {name: tuple(one / 2 for one in row)}
