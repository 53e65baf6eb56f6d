"""Whoever was shown “thinking…” is on disk before that; a dead process's are told what became of it, once, in their language.
Never here: deaths at every effect (tests/faults), and Discord's own part (tests/ui)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from bot.domain.intake.prompt_help import HelpCall, key_of
from bot.domain.jobs import TOKEN_LIFE_MS, Route
from bot.domain.open_answers import AnswerKind, OpenAnswer
from bot.domain.pools import UNLIMITED, Pool
from bot.errors import RetryLater, StorageTrouble, UserError
from bot.services.intake import open_answers as room
from bot.services.intake.open_answers import LEASE_MS, POSTED_WITHIN_MS, OpenAnswers
from bot.storage.people.answer_journal import FileAnswerJournal
from bot.storage.people_tables import open_answers
from tests.services.harness import APPLICATION, CHANNEL, GUILD, Harness
from tests.services.intake.test_pictures import ADA, described

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bot.domain.intake.prompt_help import HelpBooks

LAPSED_S = LEASE_MS / 1_000 + 1


def asked(world: Harness, number: int = 1, **changes: Any) -> OpenAnswer:
    now = world.clock.now()
    answer = OpenAnswer(
        interaction_id=number,
        application_id=APPLICATION,
        token=f"interaction-token-{number}",
        token_until=now + TOKEN_LIFE_MS,
        channel_id=CHANNEL,
        guild_id=GUILD,
        user_id=7,
        locale="de",
        kind=AnswerKind.PUBLIC,
        at=now,
    )
    world.discord.placeholders[number] = 0
    return replace(answer, **changes)


def a_question() -> HelpCall:
    """What the first interaction asked a chat model."""
    return HelpCall(
        key=key_of(1), home=GUILD, user_id=7, pool=Pool.NORMAL, account="default", units=3, created_at=0
    )


async def kept(world: Harness) -> list[tuple[int, str | None]]:
    query = select(open_answers.c.interaction_id, open_answers.c.token).order_by(
        open_answers.c.interaction_id
    )
    rows = await world._opened.database.read(lambda cn: cn.execute(query).all())
    return [tuple(row) for row in rows]


async def after_a_death(world: Harness, *, seconds: float = LAPSED_S) -> None:
    await world.reboot(after_ms=int(seconds * 1_000))
    await world.services.answers.recover()
    await world.services.answers.settle()


class Slow:
    """A store that waits for a signal, and remembers what shared a transaction."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.groups: list[tuple[list[int], set[int]]] = []
        self.troubles: list[Exception] = []

    async def write(
        self,
        opened: Sequence[OpenAnswer],
        closed: Collection[int],
        disowned: Collection[int] = (),
        *,
        owner: str,
        until: int,
    ) -> None:
        assert owner
        assert until
        await self.go.wait()
        self.groups.append(([one.interaction_id for one in opened], {*closed, *disowned}))
        if self.troubles:
            raise self.troubles.pop(0)


async def test_it_is_on_disk_when_opening_returns(world: Harness) -> None:
    await world.services.answers.open(asked(world))

    assert await kept(world) == [(1, "interaction-token-1")]


async def test_whoever_a_dead_process_left_waiting_is_told_that_nothing_was_charged(world: Harness) -> None:
    await world.services.answers.open(asked(world))

    await after_a_death(world)

    assert world.discord.told == {1: "answer.interrupted"}
    assert await kept(world) == []
    assert await world.ledger() == []


async def test_who_was_interrupted_over_a_question_to_the_chat_model_pays_nothing_for_it(
    world: Harness,
) -> None:
    await world.services.answers.open(asked(world))
    await world._opened.help_books.book(a_question(), UNLIMITED, None, None)

    await after_a_death(world)

    assert world.discord.told == {1: "answer.interrupted"}
    assert [kind for _, kind in await world.ledger()] == ["help", "help_refund"]


async def test_a_living_process_keeps_its_own(world: Harness) -> None:
    await world.services.answers.open(asked(world))
    for _ in range(10):
        world.clock.move_to(world.clock.now() + LEASE_MS // 2)
        await world.services.answers.recover()

    assert world.discord.told == {}
    assert len(await kept(world)) == 1


async def test_an_answer_that_became_a_job_is_left_to_the_job(world: Harness) -> None:
    await world.services.answers.open(asked(world, 77))
    job = await world.imagine(asker=world.asker(interaction=77))

    await after_a_death(world)

    assert world.discord.told == {}
    assert await kept(world) == []
    assert (await world.ended(job)).route is Route.REPLY


async def test_an_answer_that_became_a_job_with_a_number_of_its_own_is_left_to_the_job(
    world: Harness,
) -> None:
    done = await described(world)
    await world.services.answers.open(asked(world, 77))
    again = await world.services.describing.again(world.asker(interaction=77), ADA, done.key)

    await after_a_death(world)

    assert world.discord.told == {}
    assert (await world.ended(again.job)).route is Route.REPLY


async def test_a_process_that_wakes_after_its_person_was_told_begins_nothing(world: Harness) -> None:
    await world.services.answers.open(asked(world, 77))
    store, now = world._opened.answers, world.clock.now() + int(LAPSED_S * 1_000)
    (taken,) = await store.claim("another", now, until=now + LEASE_MS, limit=50)

    with pytest.raises(UserError) as before_the_words:
        await world.imagine(asker=world.asker(interaction=77))
    await store.write([], [taken.interaction_id], owner="another", until=now)
    with pytest.raises(UserError) as after_the_words:
        await world.imagine(asker=world.asker(interaction=77))

    said = {refused.value.text.id for refused in (before_the_words, after_the_words)}
    assert said == {"answer.interrupted"}
    assert await world.ledger() == []
    assert not world.upstream.tasks


async def test_an_answer_with_its_words_is_forgotten_soon(world: Harness) -> None:
    await world.services.answers.open(asked(world))
    world.services.answers.close(1)
    await world.services.answers.settle()

    assert await kept(world) == []


async def test_what_was_not_said_is_said_later_by_the_same_process(world: Harness) -> None:
    await world.services.answers.open(asked(world, kind=AnswerKind.PRIVATE))
    world.services.answers.abandon(1)

    await world.services.answers.recover()

    assert world.discord.told == {1: "answer.interrupted_private"}


async def test_an_answer_that_never_left_is_dropped_in_silence(world: Harness) -> None:
    await world.services.answers.open(asked(world))
    world.discord.placeholders.clear()

    await after_a_death(world)

    assert world.discord.told == {}
    assert await kept(world) == []
    assert world.meters.counts["answers_recovered way=unseen"] == 1


async def test_a_dead_token_leads_to_a_message_in_the_channel(world: Harness) -> None:
    await world.services.answers.open(asked(world))

    await after_a_death(world, seconds=TOKEN_LIFE_MS / 1_000 + 1)

    assert world.discord.told == {1: "answer.interrupted_post"}
    assert await kept(world) == []


@pytest.mark.parametrize("kind", [AnswerKind.PRIVATE, AnswerKind.UPDATE])
async def test_what_one_person_saw_is_never_told_in_the_channel(world: Harness, kind: AnswerKind) -> None:
    await world.services.answers.open(asked(world, kind=kind))

    await after_a_death(world, seconds=TOKEN_LIFE_MS / 1_000 + 1)

    assert world.discord.told == {}
    assert world.meters.counts["answers_recovered way=silent"] == 1


async def test_nobody_is_written_to_about_yesterday(world: Harness) -> None:
    await world.services.answers.open(asked(world))

    await after_a_death(world, seconds=POSTED_WITHIN_MS / 1_000 + 1)

    assert world.discord.told == {}
    assert await kept(world) == []


@pytest.mark.parametrize("delay", [None, 5.0])
async def test_while_discord_is_down_the_person_is_told_later(world: Harness, delay: float | None) -> None:
    await world.services.answers.open(asked(world))
    world.discord.later = [RetryLater("discord_503", delay=delay)]

    await after_a_death(world)
    assert await kept(world) == [(1, "interaction-token-1")]
    world.clock.move_to(world.clock.now() + 10_001)
    await world.services.answers.recover()
    await world.services.answers.settle()

    assert world.discord.told == {1: "answer.interrupted"}
    assert await kept(world) == []


async def test_a_token_is_cleared_when_it_is_dead_whatever_else_fails(world: Harness) -> None:
    await world.services.answers.open(asked(world, token_until=world.clock.now() + 1_000))
    world.clock.move_to(world.clock.now() + 1_000)

    await world.services.answers.store.forget_tokens(world.clock.now())

    assert await kept(world) == [(1, None)]


async def test_of_two_processes_one_tells(world: Harness) -> None:
    for number in range(1, 9):
        await world.services.answers.open(asked(world, number))
    await world.reboot(after_ms=int(LAPSED_S * 1_000))
    store, now = world._opened.answers, world.clock.now()

    shares = await asyncio.gather(
        *(store.claim(name, now, until=now + LEASE_MS, limit=50) for name in ("one", "two", "three"))
    )

    taken = [answer.interaction_id for share in shares for answer in share]
    assert sorted(taken) == list(range(1, 9))


async def two_processes(world: Harness, *, first: str) -> tuple[OpenAnswers, OpenAnswers]:
    """The process that answers an interaction, and another that was handed it, too; both have noted it."""
    one = world.services.answers
    other = OpenAnswers(
        owner="other",
        store=one.store,
        writer=one.writer,
        clock=one.clock,
        metrics=one.metrics,
        dispatcher=one.dispatcher,
        help_books=one.help_books,
        journal=world.a_journal() if world.journaled else None,
    )
    for process in (one, other) if first == "winner" else (other, one):
        await process.open(asked(world))
    return one, other


@pytest.fixture(params=[False, True], ids=["rows", "journals"])
async def either(world: Harness, request: pytest.FixtureRequest) -> Harness:
    """A world without journals, or with them."""
    if request.param:
        world.journaled = True
        await world.reboot()
    return world


@pytest.mark.parametrize("first", ["winner", "loser"])
async def test_who_was_answered_by_one_of_two_processes_is_told_when_that_one_dies(
    either: Harness, first: str
) -> None:
    world = either
    _, other = await two_processes(world, first=first)
    other.disown(1)
    await other.settle()

    await after_a_death(world)

    assert world.discord.told == {1: "answer.interrupted"}


@pytest.mark.parametrize("first", ["winner", "loser"])
async def test_of_two_processes_the_one_that_answers_keeps_the_answer_and_closes_it(
    either: Harness, first: str
) -> None:
    world = either
    one, other = await two_processes(world, first=first)
    other.disown(1)
    for _ in range(10):
        world.clock.move_to(world.clock.now() + LEASE_MS // 2)
        await one.recover()
        await other.recover()
    assert len(await kept(world)) == 1

    one.close(1)
    await one.settle()

    assert world.discord.told == {}
    assert await kept(world) == []


@pytest.mark.parametrize("ends", ["stops", "dies", "in doubt"])
async def test_what_the_other_of_two_processes_could_not_say_is_not_told_over_words_that_were_said(
    either: Harness, ends: str
) -> None:
    world = either
    one, other = await two_processes(world, first="winner")
    if ends != "dies":
        other.abandon(1)
    if ends == "stops":
        await other.stop()
    if ends == "in doubt":
        await other.recover()
    one.close(1)
    await one.settle()
    for _ in range(5):
        world.clock.move_to(world.clock.now() + 10_000)
        await one.recover()
        await one.settle()

    assert world.discord.told == {}
    assert await kept(world) == []


async def test_an_interaction_that_comes_again_after_its_words_leaves_nothing(world: Harness) -> None:
    answers = world.services.answers
    await answers.open(asked(world))
    answers.close(1)
    await answers.settle()

    await answers.open(asked(world))
    answers.disown(1)
    await answers.settle()

    assert await kept(world) == []


async def test_an_interaction_that_is_delivered_twice_is_open_until_its_words_are_there(
    world: Harness,
) -> None:
    answers = world.services.answers
    await answers.open(asked(world))
    await answers.open(asked(world))
    answers.disown(1)
    await answers.settle()
    assert len(await kept(world)) == 1

    await after_a_death(world)

    assert world.discord.told == {1: "answer.interrupted"}


async def test_all_that_come_during_one_transaction_share_the_next(world: Harness) -> None:
    slow, answers = Slow(), world.services.answers
    answers.store = slow  # type: ignore[assignment]  # only its writing is asked for
    waiting = [asyncio.create_task(answers.open(asked(world, number))) for number in range(1, 101)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    slow.go.set()
    await asyncio.gather(*waiting)

    assert len(slow.groups) <= 2
    assert sum(len(opened) for opened, _ in slow.groups) == 100


async def test_a_slow_database_means_an_honest_refusal_and_no_late_promise(
    world: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "PATIENCE_S", 0.01)
    slow, answers = Slow(), world.services.answers
    answers.store = slow  # type: ignore[assignment]  # only its writing is asked for

    with pytest.raises(StorageTrouble):
        await answers.open(asked(world))

    slow.go.set()
    await answers.settle()
    await answers.settle()
    assert slow.groups == [([1], set()), ([], {1})]


async def test_trouble_refuses_those_who_came_and_forgets_no_closed_one(world: Harness) -> None:
    slow, answers = Slow(), world.services.answers
    answers.store = slow  # type: ignore[assignment]  # only its writing is asked for
    slow.go.set()
    await answers.open(asked(world, 5))
    answers.close(5)
    slow.troubles = [StorageTrouble("full")]

    with pytest.raises(StorageTrouble):
        await answers.open(asked(world))
    await answers.open(asked(world, 2))

    assert slow.groups[-1] == ([2], {5})


async def test_who_comes_while_others_are_written_is_written_next(world: Harness) -> None:
    slow, answers = Slow(), world.services.answers
    answers.store = slow  # type: ignore[assignment]  # only its writing is asked for
    first = asyncio.create_task(answers.open(asked(world)))
    for _ in range(5):
        await asyncio.sleep(0)
    second = asyncio.create_task(answers.open(asked(world, 2)))
    await asyncio.sleep(0)

    slow.go.set()
    await asyncio.gather(first, second)

    assert [opened for opened, _ in slow.groups] == [[1], [2]]


async def test_a_process_that_stops_while_an_answer_is_written_leaves_it_to_the_next(world: Harness) -> None:
    slow, answers = Slow(), world.services.answers
    kept_by, answers.store = answers.store, slow  # type: ignore[assignment]  # only its writing is asked for
    opening = asyncio.create_task(answers.open(asked(world)))
    for _ in range(5):
        await asyncio.sleep(0)
    await kept_by.write([asked(world)], (), owner=world.owner, until=world.clock.now() + LEASE_MS)

    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    slow.go.set()
    await answers.settle()
    answers.store = kept_by
    await answers.recover()
    await answers.recover()
    await answers.settle()

    assert world.discord.told == {1: "answer.interrupted"}


async def test_trouble_with_the_database_stops_nobody_from_being_told_later(world: Harness) -> None:
    await world.services.answers.open(asked(world))
    await world.reboot(after_ms=int(LAPSED_S * 1_000))
    store = world.services.answers.store
    store.trouble, store.trouble_for = StorageTrouble("locked"), {"claim"}  # type: ignore[attr-defined]  # the watched one
    tending = asyncio.create_task(world.services.answers.run())
    try:
        await world.pass_time(60)
        assert not world.discord.told
        store.trouble = None  # type: ignore[attr-defined]  # the same
        await world.pass_time(60)
    finally:
        tending.cancel()

    assert world.discord.told == {1: "answer.interrupted"}


class BooksInTrouble:
    """Books of questions that cannot be read at their first uses; then those behind them are asked."""

    def __init__(self, times: int, inner: HelpBooks | None = None) -> None:
        self.times = times
        self.inner = inner

    async def waive(self, interaction_id: int, at: int) -> None:
        assert interaction_id
        assert at
        self.times -= 1
        if self.times >= 0:
            raise StorageTrouble("the database is locked by another program")
        if self.inner is not None:
            await self.inner.waive(interaction_id, at)


async def test_trouble_over_one_person_keeps_none_of_the_others_waiting(world: Harness) -> None:
    for number in (1, 2, 3):
        await world.services.answers.open(asked(world, number))
    await world.reboot(after_ms=int(LAPSED_S * 1_000))
    answers = world.services.answers
    answers.help_books = BooksInTrouble(1)  # type: ignore[assignment]  # only waiving is asked for
    tending = asyncio.create_task(answers.run())
    try:
        await world.pass_time(1)
        assert set(world.discord.told) == {2, 3}
        await world.pass_time(11)
    finally:
        tending.cancel()

    assert set(world.discord.told) == {1, 2, 3}


async def test_what_could_not_be_given_back_is_given_back_later(world: Harness) -> None:
    answers = world.services.answers
    await answers.open(asked(world))
    answers.abandon(1)
    answers.store.trouble, answers.store.trouble_for = StorageTrouble("locked"), {"release"}  # type: ignore[attr-defined]  # the watched one
    with pytest.raises(StorageTrouble):
        await answers.recover()
    answers.store.trouble = None  # type: ignore[attr-defined]  # the same

    await answers.recover()

    assert world.discord.told == {1: "answer.interrupted"}


@pytest.mark.parametrize("lacking", [0, 1])
async def test_who_was_told_that_nothing_was_charged_is_let_off_what_their_question_cost(
    world: Harness, lacking: int
) -> None:
    answers = world.services.answers
    await answers.open(asked(world))
    await world._opened.help_books.book(a_question(), UNLIMITED, None, None)
    if lacking:
        answers.help_books = BooksInTrouble(1, world._opened.help_books)  # type: ignore[assignment]  # only waiving is asked for

    answers.owe(1)
    answers.close(1)
    await answers.settle()
    if lacking:
        assert await kept(world) == [(1, "interaction-token-1")]
        await answers.settle()

    assert [kind for _, kind in await world.ledger()] == ["help", "help_refund"]
    assert await kept(world) == []
    assert world.discord.told == {}


async def test_a_question_that_brought_nothing_is_let_off_also_where_another_job_of_its_answer_began(
    world: Harness,
) -> None:
    answers = world.services.answers
    await answers.open(asked(world))
    await world._opened.help_books.book(a_question(), UNLIMITED, None, None)

    answers.owe(1)
    answers.taken_over(1)
    await answers.settle()

    assert [kind for _, kind in await world.ledger()] == ["help", "help_refund"]


@pytest.mark.parametrize("dies", [False, True])
async def test_a_press_that_may_have_begun_some_is_told_later_what_is_true_of_all(
    world: Harness, *, dies: bool
) -> None:
    answers = world.services.answers
    await answers.open(asked(world, kind=AnswerKind.UPDATE))
    answers.note_begun(1)
    assert answers.has_begun(1)

    if not dies:
        answers.abandon(1)
        assert not answers.has_begun(1)
    await after_a_death(world)

    assert world.discord.told == {1: "answer.interrupted_update"}
    assert await kept(world) == []


async def test_what_became_a_job_and_could_not_be_told_is_left_to_the_job(world: Harness) -> None:
    await world.services.answers.open(asked(world, 77))
    await world.imagine(asker=world.asker(interaction=77))

    world.services.answers.abandon(77)
    await world.services.answers.recover()

    assert world.discord.told == {}
    assert await kept(world) == []


async def test_what_begins_for_nobody_who_waits_is_not_remembered(world: Harness) -> None:
    world.services.answers.note_begun(1)

    assert not world.services.answers.has_begun(1)


async def test_a_claim_whose_answer_was_lost_keeps_nobody_waiting(world: Harness) -> None:
    await world.services.answers.open(asked(world))
    await world.reboot(after_ms=int(LAPSED_S * 1_000))
    answers, now = world.services.answers, world.clock.now()
    await answers.store.claim(world.owner, now, until=now + LEASE_MS, limit=50)
    tending = asyncio.create_task(answers.run())
    try:
        await world.pass_time(LAPSED_S + room.EVERY_S)
    finally:
        tending.cancel()

    assert world.discord.told == {1: "answer.interrupted"}


async def test_while_many_are_told_slowly_those_who_wait_for_this_process_stay_its_own(
    either: Harness,
) -> None:
    world = either
    for number in range(1, 9):
        await world.services.answers.open(asked(world, number))
    await world.reboot(after_ms=int(LAPSED_S * 1_000))
    answers, say = world.services.answers, world.services.answers.writer.answer
    await answers.open(asked(world, 99))

    async def slowly(*args: Any) -> None:
        world.clock.move_to(world.clock.now() + 6_000)
        await say(*args)

    answers.writer.answer = slowly  # type: ignore[method-assign, assignment]  # one world, one test
    await answers.recover()
    now = world.clock.now()

    assert len(world.discord.told) == 8
    assert await answers.store.claim("another", now, until=now, limit=50) == ()
    assert [*FileAnswerJournal(world.file).left(now)] == []


async def test_a_channel_that_is_closed_leaves_it_to_the_moderators(world: Harness) -> None:
    answer = asked(world, token=None)
    await world.services.answers.open(answer)
    world.discord.closed = {Route.POST: "missing_permission"}

    await after_a_death(world)

    assert not world.discord.told
    assert await kept(world) == []
    assert world.meters.counts["answers_recovered way=silent"] == 1


@pytest.mark.parametrize("trouble", [StorageTrouble("full"), ZeroDivisionError("a bug")])
async def test_trouble_with_some_answers_leaves_those_alone_who_came_meanwhile(
    world: Harness, trouble: Exception
) -> None:
    slow, answers = Slow(), world.services.answers
    answers.store = slow  # type: ignore[assignment]  # only its writing is asked for
    slow.troubles = [trouble]
    first = asyncio.create_task(answers.open(asked(world)))
    for _ in range(5):
        await asyncio.sleep(0)
    second = asyncio.create_task(answers.open(asked(world, 2)))
    await asyncio.sleep(0)

    slow.go.set()
    answered = await asyncio.gather(first, second, return_exceptions=True)

    assert list(answered) == [trouble, None]
    assert slow.groups == [([1], set()), ([2], set())]
