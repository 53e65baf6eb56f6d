"""Where there is a journal nobody waits for a row before “thinking…”, and a dead process's people are told all the same, once.
Never here: the file (tests/storage/people/test_answer_journal.py), and deaths at every effect (tests/faults)."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.jobs import Route
from bot.domain.open_answers import AnswerKind
from bot.domain.pools import UNLIMITED, Pool
from bot.errors import StorageTrouble, UserError, WriteUnclear
from bot.services.intake.open_answers import BATCH, EVERY_S, LEASE_MS, OpenAnswers
from bot.storage.people.answer_journal import SUFFIX, FileAnswerJournal
from tests.services.harness import Crash
from tests.services.intake.test_open_answers import LAPSED_S, a_question, after_a_death, asked, kept
from tests.services.intake.test_pictures import ADA, described

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.open_answers import OpenAnswer
    from tests.services.harness import Harness


@pytest.fixture
async def journaled(world: Harness) -> Harness:
    """A world whose processes keep journals."""
    world.journaled = True
    await world.reboot()
    return world


def journals(world: Harness) -> list[str]:
    return [one.name for one in world.file.parent.iterdir() if SUFFIX in one.name]


def another(world: Harness) -> OpenAnswers:
    """A second process on the same database, with a journal of its own."""
    one = world.services.answers
    return OpenAnswers(
        owner="other",
        store=one.store,
        writer=one.writer,
        clock=one.clock,
        metrics=one.metrics,
        dispatcher=one.dispatcher,
        help_books=one.help_books,
        journal=world.a_journal(),
    )


def standing(world: Harness) -> list[int]:
    """The interactions on the journals of processes that would be dead."""
    left = FileAnswerJournal(world.file).left(world.clock.now() + LEASE_MS)
    return [one.interaction_id for _, answers in left for one in answers]


async def test_nobody_waits_for_the_database(journaled: Harness) -> None:
    answers = journaled.services.answers
    answers.store.trouble, answers.store.trouble_for = StorageTrouble("locked"), {"write", "adopt"}  # type: ignore[attr-defined]  # the watched one

    await answers.open(asked(journaled))

    assert standing(journaled) == [1]
    assert await kept(journaled) == []
    answers.close(1)
    await answers.settle()
    assert standing(journaled) == []


async def test_whoever_a_dead_process_left_waiting_is_told_once(journaled: Harness) -> None:
    await journaled.services.answers.open(asked(journaled))

    await after_a_death(journaled)
    assert journaled.discord.told == {1: "answer.interrupted"}
    journaled.discord.told.clear()
    await after_a_death(journaled)

    assert journaled.discord.told == {}
    assert await kept(journaled) == []
    assert len(journals(journaled)) == 1


async def test_a_person_whose_process_may_live_is_told_nothing(journaled: Harness) -> None:
    await journaled.services.answers.open(asked(journaled))

    await after_a_death(journaled, seconds=LEASE_MS / 1_000 - 1)

    assert journaled.discord.told == {}
    assert standing(journaled) == [1]


async def test_a_living_process_keeps_its_own(journaled: Harness) -> None:
    answers = journaled.services.answers
    await answers.open(asked(journaled))
    for _ in range(10):
        journaled.clock.move_to(journaled.clock.now() + LEASE_MS // 2)
        await answers.recover()

    assert journaled.discord.told == {}
    assert standing(journaled) == [1]
    assert await kept(journaled) == []


@pytest.mark.parametrize("erased", [True, False])
async def test_an_answer_that_became_a_job_is_left_to_the_job(
    journaled: Harness,
    monkeypatch: pytest.MonkeyPatch,
    erased: bool,  # noqa: FBT001 - pytest names it
) -> None:
    answers = journaled.services.answers
    await answers.open(asked(journaled, 77))
    if not erased:  # the process dies between the two
        monkeypatch.setattr(FileAnswerJournal, "erase", lambda *_: True)
    job = await journaled.imagine(asker=journaled.asker(interaction=77))
    assert standing(journaled) == ([] if erased else [77])

    await after_a_death(journaled)

    assert journaled.discord.told == {}
    assert await kept(journaled) == []
    assert (await journaled.ended(job)).route is Route.REPLY


@pytest.mark.parametrize("dies", [False, True])
async def test_an_answer_that_became_a_job_with_a_number_of_its_own_is_left_to_the_job(
    journaled: Harness,
    dies: bool,  # noqa: FBT001 - pytest names it
) -> None:
    done = await described(journaled)
    await journaled.services.answers.open(asked(journaled, 77))
    if dies:
        journaled.effects.die_at("db insert ⟩")
    with pytest.raises(Crash) if dies else nullcontext():
        await journaled.services.describing.again(journaled.asker(interaction=77), ADA, done.key)

    await after_a_death(journaled)
    (again,) = [job for job in await journaled.all_jobs() if job.key != done.key]

    assert journaled.discord.told == {}
    assert (await journaled.ended(again)).route is Route.REPLY


async def test_a_process_that_wakes_after_its_person_was_told_begins_nothing(journaled: Harness) -> None:
    await journaled.services.answers.open(asked(journaled, 77))
    sleeper, journal = journaled.services.answers, FileAnswerJournal(journaled.file)
    now = journaled.clock.now() + int(LAPSED_S * 1_000)
    ((name, left),) = journal.left(now)
    await sleeper.store.adopt(left, owner=None, until=now)
    journal.discard(name)
    await sleeper.store.claim("another", now, until=now + LEASE_MS, limit=50)

    with pytest.raises(UserError) as refused:
        await journaled.imagine(asker=journaled.asker(interaction=77))

    assert refused.value.text.id == "answer.interrupted"
    assert await journaled.ledger() == []


async def test_a_process_that_slept_and_was_missed_by_nobody_keeps_its_answers_as_rows(
    journaled: Harness,
) -> None:
    answers = journaled.services.answers
    await answers.open(asked(journaled))
    await answers.open(asked(journaled, 2))
    journaled.clock.move_to(journaled.clock.now() + LEASE_MS + 1)

    await answers.recover()
    assert [one for one, _ in await kept(journaled)] == [1, 2]
    assert journaled.discord.told == {}
    answers.close(1)
    answers.close(2)
    await answers.settle()

    assert await kept(journaled) == []


async def test_trouble_with_the_database_then_is_made_good_at_the_next_look(journaled: Harness) -> None:
    answers = journaled.services.answers
    await answers.open(asked(journaled))
    journaled.clock.move_to(journaled.clock.now() + LEASE_MS + 1)
    answers.store.trouble, answers.store.trouble_for = StorageTrouble("locked"), {"adopt"}  # type: ignore[attr-defined]  # the watched one

    with pytest.raises(StorageTrouble):
        await answers.recover()
    answers.store.trouble = None  # type: ignore[attr-defined]  # as above
    await answers.recover()

    assert [one for one, _ in await kept(journaled)] == [1]


async def test_an_heir_that_dies_between_rows_and_the_file_tells_nobody_twice(journaled: Harness) -> None:
    await journaled.services.answers.open(asked(journaled))
    await journaled.kill()
    (path,) = [one for one in journaled.file.parent.iterdir() if SUFFIX in one.name]
    content = path.read_bytes()
    await journaled.boot()
    await after_a_death(journaled)
    assert journaled.discord.told == {1: "answer.interrupted"}
    journaled.discord.told.clear()

    path.write_bytes(content)
    await journaled.services.answers.recover()
    await journaled.services.answers.settle()

    assert journaled.discord.told == {}
    assert not path.exists()


async def test_what_was_not_said_is_said_later_by_the_same_process(journaled: Harness) -> None:
    answers = journaled.services.answers
    await answers.open(asked(journaled, kind=AnswerKind.PRIVATE))
    answers.abandon(1)

    await answers.recover()
    await answers.settle()

    assert journaled.discord.told == {1: "answer.interrupted_private"}
    assert standing(journaled) == []
    assert await kept(journaled) == []


async def test_what_questions_cost_is_given_back_where_nothing_came_of_them(journaled: Harness) -> None:
    answers = journaled.services.answers
    await answers.open(asked(journaled))
    await journaled._opened.help_books.book(a_question(), UNLIMITED, None, None)
    answers.owe(1)
    answers.close(1)

    await answers.settle()
    await answers.settle()

    assert [kind for _, kind in await journaled.ledger()] == ["help", "help_refund"]
    assert await kept(journaled) == []
    assert standing(journaled) == []


async def test_a_process_that_stops_leaves_rows_and_no_file(journaled: Harness) -> None:
    answers = journaled.services.answers
    await answers.open(asked(journaled))
    await answers.open(asked(journaled, 2))
    answers.close(2)

    await answers.stop()

    assert [one for one, _ in await kept(journaled)] == [1]
    assert journals(journaled) == []


async def test_a_process_that_stops_while_its_database_is_away_leaves_them_in_the_file(
    journaled: Harness,
) -> None:
    answers = journaled.services.answers
    await answers.open(asked(journaled))
    answers.store.trouble, answers.store.trouble_for = StorageTrouble("locked"), {"write", "adopt"}  # type: ignore[attr-defined]  # the watched one

    await answers.stop()
    assert standing(journaled) == [1]
    await after_a_death(journaled, seconds=1)

    assert journaled.discord.told == {1: "answer.interrupted"}


async def test_an_interaction_that_is_delivered_twice_stands_until_its_words_are_there(
    journaled: Harness,
) -> None:
    answers = journaled.services.answers
    await answers.open(asked(journaled))
    await answers.open(asked(journaled))
    answers.disown(1)
    assert standing(journaled) == [1]
    answers.disown(1)

    assert standing(journaled) == []
    await answers.settle()
    assert await kept(journaled) == []


async def test_one_that_has_a_row_goes_on_with_it(journaled: Harness) -> None:
    answers = journaled.services.answers
    await answers.open(asked(journaled))
    await answers.as_row(1)
    await answers.open(asked(journaled))

    assert standing(journaled) == []
    answers.close(1)
    await answers.settle()
    assert await kept(journaled) == []


async def test_one_that_ends_while_it_gets_a_row_leaves_none(journaled: Harness) -> None:
    answers = journaled.services.answers
    adopt, ready, go = answers.store.adopt, asyncio.Event(), asyncio.Event()

    async def slowly(found: Sequence[OpenAnswer], **how: Any) -> None:
        ready.set()
        await go.wait()
        await adopt(found, **how)

    answers.store.adopt = slowly  # type: ignore[method-assign, assignment]  # one world, one test
    await answers.open(asked(journaled))
    moves = [asyncio.create_task(answers.as_row(1)) for _ in range(2)]
    await ready.wait()
    answers.close(1)
    go.set()
    await asyncio.gather(*moves)
    await answers.settle()

    assert await kept(journaled) == []
    assert standing(journaled) == []


async def test_two_that_give_it_a_row_at_once_leave_it_one(journaled: Harness) -> None:
    answers = journaled.services.answers
    await answers.open(asked(journaled))

    await asyncio.gather(answers.as_row(1), answers.as_row(1))
    await answers.settle()

    assert [one for one, _ in await kept(journaled)] == [1]


async def test_the_engine_keeps_the_journal_and_looks_into_those_of_the_dead(journaled: Harness) -> None:
    await journaled.services.answers.open(asked(journaled))
    await journaled.reboot(after_ms=int(LAPSED_S * 1_000))
    tending = asyncio.create_task(journaled.services.answers.run())
    try:
        await journaled.pass_time(EVERY_S * 9)
        await journaled.services.answers.open(asked(journaled, 2))
    finally:
        tending.cancel()

    assert journaled.discord.told == {1: "answer.interrupted"}
    assert standing(journaled) == [2]


async def test_a_process_that_wakes_says_its_words_and_nobody_says_more(journaled: Harness) -> None:
    sleeper = journaled.services.answers
    for number in range(1, BATCH + 11):
        await sleeper.open(asked(journaled, number))
    heir = another(journaled)
    journaled.clock.move_to(journaled.clock.now() + LEASE_MS + 1)
    await heir.recover()
    await heir.settle()
    untold = {*range(1, BATCH + 11)} - journaled.discord.told.keys()
    assert len(untold) == 10

    for number in untold:
        sleeper.close(number)
    await sleeper.settle()
    await sleeper.recover()
    await heir.recover()

    assert not untold & journaled.discord.told.keys()
    assert await kept(journaled) == []


async def test_a_row_of_which_nobody_knows_whether_it_is_there_goes_with_its_answer(
    journaled: Harness,
) -> None:
    answers = journaled.services.answers
    adopt = answers.store.adopt

    async def unclear(found: Sequence[OpenAnswer], **how: Any) -> None:
        await adopt(found, **how)
        raise WriteUnclear("the connection went")

    await answers.open(asked(journaled))
    answers.store.adopt = unclear  # type: ignore[method-assign, assignment]  # one world, one test
    with pytest.raises(StorageTrouble) as trouble:
        await answers.as_row(1)
    assert not isinstance(trouble.value, WriteUnclear)  # nobody is told that a job may have begun
    journaled.clock.move_to(journaled.clock.now() + LEASE_MS - 1)
    await answers.recover()
    assert await another(journaled).store.claim("other", journaled.clock.now() + 2, until=0, limit=9) == ()
    answers.close(1)
    await answers.settle()

    assert await kept(journaled) == []
    assert standing(journaled) == []


async def test_what_a_dead_twin_noted_of_an_answer_that_is_open_here_is_not_told(journaled: Harness) -> None:
    answers, twin = journaled.services.answers, FileAnswerJournal(journaled.file)
    await answers.open(asked(journaled))
    (path,) = [one for one in journaled.file.parent.iterdir() if SUFFIX in one.name]
    path.with_name(f"{journaled.file.name}{SUFFIX}twin").write_bytes(path.read_bytes())
    journaled.clock.move_to(journaled.clock.now() + LEASE_MS - 1)
    await answers.recover()
    journaled.clock.move_to(journaled.clock.now() + 1)

    await answers.recover()

    assert journaled.discord.told == {}
    assert [*twin.left(journaled.clock.now())] == []
    assert await kept(journaled) == []


async def test_whoever_is_answered_here_is_told_nothing_because_of_a_row_that_another_process_left(
    journaled: Harness,
) -> None:
    """One of an older version, or one whose disk was full, was handed the same interaction, and ended before it heard of that."""
    answers, now = journaled.services.answers, journaled.clock.now()
    await answers.open(asked(journaled, 77))
    await answers.open(asked(journaled, 78))
    for number in (77, 78):
        await answers.store.adopt([asked(journaled, number)], owner="old", until=now + 1)
    answers.close(78)
    journaled.clock.move_to(now + 2)
    await answers.recover()
    await answers.settle()

    job = await journaled.imagine(asker=journaled.asker(interaction=77))

    assert journaled.discord.told == {}
    assert (await journaled.ended(job)).route is Route.REPLY
    assert await kept(journaled) == []


async def test_what_a_question_is_booked_for_has_its_row_first(journaled: Harness) -> None:
    answers = journaled.services.answers
    await answers.open(asked(journaled))

    await journaled.services.improving.helper._book(
        journaled.asker(interaction=1), Pool.NORMAL, "default", None, None
    )

    assert [one for one, _ in await kept(journaled)] == [1]
    assert [kind for _, kind in await journaled.ledger()] == ["help"]


async def test_an_answer_that_comes_while_the_process_stops_gets_a_row(journaled: Harness) -> None:
    answers = journaled.services.answers
    await answers.stop()
    await answers.open(asked(journaled))
    await answers.recover()

    assert [one for one, _ in await kept(journaled)] == [1]
    assert journals(journaled) == []


async def test_who_disowns_it_while_it_gets_a_row_leaves_that_to_the_process_that_answers(
    journaled: Harness,
) -> None:
    answers = journaled.services.answers
    adopt = answers.store.adopt

    async def beside_another(found: Sequence[OpenAnswer], **how: Any) -> None:
        await adopt(found, **how)
        await adopt(found, owner="other", until=how["until"])
        answers.disown(1)

    await answers.open(asked(journaled))
    answers.store.adopt = beside_another  # type: ignore[method-assign, assignment]  # one world, one test
    await answers.as_row(1)
    await answers.settle()

    assert [one for one, _ in await kept(journaled)] == [1]


async def test_that_something_was_answered_here_is_not_kept_for_ever(journaled: Harness) -> None:
    answers = journaled.services.answers
    await answers.open(asked(journaled))
    answers.close(1)
    answers.close(1)
    assert answers._noted.was_lately(1)

    for _ in range(5):
        journaled.clock.move_to(journaled.clock.now() + LEASE_MS)
        await answers.recover()

    assert not answers._noted.was_lately(1)
