"""Whoever was interrupted over questions to the chat model: they pay for none whose picture did not begin, and may ask again.
Never here: deaths at every effect (tests/faults), and who is told (test_open_answers.py)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.intake.prompts import PromptOptions
from bot.domain.open_answers import AnswerKind
from bot.domain.pools import Pool
from bot.domain.servers.moderation import Match, WordAction, WordRule
from bot.errors import RemoteError, RemoteFault, StorageTrouble, UserError
from bot.services.intake.open_answers import LEASE_MS
from tests.services.harness import GUILD, Crash
from tests.services.helped import GERMAN, ME, PRICE, Room, open_helped
from tests.services.server_harness import ADA, refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.services.admission.asker import Asker
    from bot.services.intake.batches import BatchStarted, Offer
    from tests.services.helped import Helped

ANOTHER = 4243
"""A second press."""


@pytest.fixture
async def helped(tmp_path: Path) -> AsyncIterator[Helped]:
    """A server whose moderators want English."""
    async with open_helped(tmp_path) as made:
        await made.translating()
        yield made


async def offered(helped: Helped) -> Offer:
    options = PromptOptions(prompt=f"{GERMAN} --repeat 3")
    return await helped.world.services.batches.offer(helped.server.asker(), options, None, None)


async def pressed(helped: Helped, offer: Offer, room: Room) -> BatchStarted:
    await helped.thinks(helped.world.asker(interaction=room.pressed), AnswerKind.UPDATE)
    return await helped.world.services.batches.start(ME, offer.key, room)


async def after_a_death(helped: Helped) -> None:
    """Another process finds who was left waiting."""
    world = helped.world
    await world.kill()
    world.clock.move_to(world.clock.now() + LEASE_MS + 1_000)
    world.owner += "'"
    await world.open()
    await world.services.answers.recover()
    await world.services.answers.settle()


async def died_over_the_third(helped: Helped, offer: Offer, point: str) -> None:
    """Two of three pictures have begun."""
    answers = iter(range(1, 10))
    effects = helped.world.effects
    passed = effects.point

    def counting(name: str) -> None:
        if name == point and next(answers) == 3:
            effects.die_at(name)
        passed(name)

    effects.point = counting  # type: ignore[method-assign]  # dies at the third of a name
    with pytest.raises(Crash):
        await pressed(helped, offer, Room(helped.world))
    await after_a_death(helped)


@pytest.mark.parametrize(("point", "asked"), [("POST chat ⟨", 2), ("POST chat ⟩", 3), ("db insert ⟨", 3)])
async def test_a_question_of_several_whose_picture_never_began_is_let_off_and_the_others_stay(
    helped: Helped, point: str, asked: int
) -> None:
    offer = await offered(helped)

    await died_over_the_third(helped, offer, point)

    assert (len(await helped.world.all_jobs()), helped.asked) == (2, asked)
    assert helped.world.discord.told == {4242: "answer.interrupted_update"}
    assert await helped.questions() == ["help", "help", "help", "help_refund"]
    assert await helped.spent() == 2 * (1 + PRICE)
    assert await helped.drawn() == 2 + 3  # the third may have been paid


async def test_who_was_let_off_is_translated_at_the_next_press_and_pays_once(helped: Helped) -> None:
    offer = await offered(helped)
    await died_over_the_third(helped, offer, "POST chat ⟩")

    started = await pressed(helped, offer, Room(helped.world, ANOTHER))

    assert (started.known, [job.typed for job in started.begun]) == (2, [GERMAN])
    assert await helped.spent() == 3 * (1 + PRICE)


async def test_what_is_announced_is_what_pictures_and_questions_cost_together(helped: Helped) -> None:
    offer = await offered(helped)
    english = PromptOptions(prompt="a fox in the snow --repeat 2")
    plain = await helped.world.services.batches.offer(helped.server.asker(), english, None, None)

    await pressed(helped, offer, Room(helped.world))

    assert (offer.units, plain.units) == (3 * (1 + PRICE), 2)
    assert await helped.spent() == offer.units


async def test_a_second_press_meanwhile_asks_nothing_twice(helped: Helped) -> None:
    offer = await offered(helped)
    world = helped.world

    first, second = await asyncio.gather(
        pressed(helped, offer, Room(world)), pressed(helped, offer, Room(world, ANOTHER))
    )
    later = await pressed(helped, offer, Room(world, ANOTHER + 1))

    assert len(first.begun) + len(second.begun) == 3
    assert (later.known, helped.asked) == (3, 3)
    assert await helped.spent() == 3 * (1 + PRICE)
    assert [job.typed for job in await world.all_jobs()] == [GERMAN] * 3  # what was paid for


async def test_those_of_several_that_had_no_room_are_translated_when_there_is_some(helped: Helped) -> None:
    world = helped.world
    await helped.server.rule(Pool.NORMAL, GUILD, 100, running=1, waiting=0)
    helped.world.services.improving.helper._ration.most = 3
    offer = await offered(helped)

    for press in range(3):
        started = await pressed(helped, offer, Room(world, ANOTHER + press))

        assert [job.typed for job in started.begun] == [GERMAN]
        assert [why.id for _, why in started.refused] == ["refused.at_once"] * (2 - press)
        assert (helped.asked, await helped.spent()) == (press + 1, (press + 1) * PRICE + 1)
        await world.store.cancel(started.begun[0].key, world.clock.now())  # which gives its own unit back


class InTrouble:
    """A store one of whose methods fails."""

    def __init__(self, store: Any, method: str) -> None:
        self._store, self._method = store, method

    def __getattr__(self, name: str) -> Any:
        return self._trouble if name == self._method else getattr(self._store, name)

    async def _trouble(self, *_args: Any, **_more: Any) -> None:
        raise StorageTrouble("the disk is full")


async def ended(helped: Helped, asker: Asker) -> None:
    """The handler said what it had to say, and the process goes on."""
    answers = helped.world.services.answers
    answers.close(asker.interaction_id)
    await answers.recover()
    await answers.settle()


async def improved_in_trouble(helped: Helped) -> Asker:
    """Somebody whose better prompt was asked for, and could not be kept."""
    asker = helped.server.asker()
    await helped.thinks(asker, AnswerKind.PRIVATE)
    drafts = helped.world.services.improving.drafts
    drafts.store = InTrouble(drafts.store, "keep_draft")
    with pytest.raises(StorageTrouble):
        await helped.improved(asker=asker)
    return asker


async def test_who_is_told_of_trouble_after_a_question_pays_nothing_for_it(helped: Helped) -> None:
    asker = await improved_in_trouble(helped)
    await ended(helped, asker)

    assert await helped.questions() == ["help", "help_refund"]
    assert (helped.asked, await helped.spent(), await helped.drawn()) == (1, 0, 1)
    assert helped.world.discord.told == {}


async def test_who_asks_again_after_trouble_pays_for_one_translation(helped: Helped) -> None:
    world = helped.world
    asker = helped.server.asker()
    await helped.thinks(asker)
    world.store.trouble, world.store.trouble_for = StorageTrouble("locked"), {"insert"}
    with pytest.raises(StorageTrouble):
        await world.imagine(GERMAN, asker=asker)
    world.store.trouble = None
    await ended(helped, asker)

    job = await world.imagine(GERMAN)

    assert job.typed == GERMAN
    assert await helped.questions() == ["help", "help_refund", "help"]
    assert await helped.spent() == 1 + PRICE


async def test_who_was_told_of_trouble_is_let_off_by_an_heir_where_the_process_dies_first(
    helped: Helped,
) -> None:
    asker = await improved_in_trouble(helped)
    helped.world.services.answers.close(asker.interaction_id)

    await after_a_death(helped)

    assert await helped.spent() == 0


@pytest.mark.parametrize("locked", [False, True])
async def test_who_was_told_that_nothing_was_charged_is_let_off_at_a_stop_and_told_nothing_more(
    helped: Helped, *, locked: bool
) -> None:
    asker = await improved_in_trouble(helped)
    answers = helped.world.services.answers
    answers.close(asker.interaction_id)
    if locked:
        answers.help_books = InTrouble(answers.help_books, "waive")

    await answers.settle()
    await after_a_death(helped)

    assert await helped.spent() == 0
    assert bool(helped.world.discord.told) is locked  # an heir lets them off, and says why they see nothing


async def test_who_is_refused_while_the_disk_is_full_is_let_off_when_it_is_not(helped: Helped) -> None:
    await helped.server.guilds.add_word(GUILD, ADA, WordRule(Match.WORD, "fox", WordAction.BLOCK))
    asker = helped.server.asker()
    await helped.thinks(asker)
    helper = helped.world.services.improving.helper
    books, helper.books = helper.books, InTrouble(helper.books, "let_off")  # for once

    assert (await refusal(helped.server.imagine(GERMAN, asker=asker))).id == "refused.words"
    helper.books = books
    await ended(helped, asker)

    assert await helped.questions() == ["help", "help_refund"]
    assert (await helped.spent(), await helped.drawn()) == (0, 1)


async def test_a_question_that_could_not_be_given_back_at_once_is_let_off(helped: Helped) -> None:
    asker = helped.server.asker()
    await helped.thinks(asker, AnswerKind.PRIVATE)
    helper = helped.world.services.improving.helper
    helper.own_api = Unreached()
    books, helper.books = helper.books, InTrouble(helper.books, "give_back")  # for once

    with pytest.raises(UserError):
        await helped.improved(asker=asker)
    helper.books = books
    await ended(helped, asker)

    assert await helped.spent() == 0


class Unreached:
    """A chat model to which no way leads."""

    async def chat(self, *_args: Any, **_more: Any) -> str:
        raise RemoteError(RemoteFault.UNREACHED, "no way")
