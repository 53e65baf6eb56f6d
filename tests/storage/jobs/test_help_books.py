"""Questions to a chat model in the books, on both databases: booked once, within every limit, given back once.
Never here: asking."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.domain.days import day_of
from bot.domain.intake.prompt_help import HelpCall, key_of
from bot.domain.open_answers import AnswerKind, OpenAnswer
from bot.domain.pools import Allowance, Pool
from bot.domain.schedule import HOUR
from bot.domain.servers.guilds import Actor
from bot.domain.tenancy import Access, Budget, Ceiling
from bot.errors import UserError
from bot.texts import text
from tests.storage import making

if TYPE_CHECKING:
    from bot.storage.opening import Storage

AT = 1_700_000_000_000
GUILD = 5
ADA = Actor(10, "Ada")
FREE = Allowance(None, None, None)


def call(number: int, units: int = 2) -> HelpCall:
    return HelpCall(
        key=f"help/{number}",
        home=GUILD,
        user_id=7,
        pool=Pool.NORMAL,
        account="default",
        units=units,
        created_at=AT,
    )


def of_picture(picture: int, interaction: int = 9, at: int = AT) -> HelpCall:
    return replace(call(interaction), key=key_of(interaction, picture), created_at=at)


async def thinking(storage: Storage, interaction: int) -> None:
    answer = OpenAnswer(
        interaction_id=interaction,
        application_id=1,
        token="t",
        token_until=AT + 900_000,
        channel_id=3,
        guild_id=GUILD,
        user_id=7,
        locale="en",
        kind=AnswerKind.UPDATE,
        at=AT,
    )
    await storage.answers.write([answer], [], owner="first", until=AT + 30_000)


def budget(per_day: int | None = None) -> Budget:
    ceiling = Ceiling(per_day, None, None, None)
    return Budget(
        guild_id=GUILD,
        account="default",
        cost=1,
        access=Access(everyone=True),
        usual=ceiling,
        of_account=Ceiling(None, None, None, None),
        refusal=text("refused.not_let_in"),
    )


async def spent(storage: Storage) -> int:
    return (await storage.guilds.books.totals(GUILD, day_of(AT)))[Pool.NORMAL].spent


async def drawn(storage: Storage) -> int:
    return (await storage.tenants.used(AT, [GUILD]))[GUILD].today


async def test_a_question_is_booked_once_and_given_back_once(storage: Storage) -> None:
    assert await storage.help_books.book(call(1), FREE, None, budget())
    assert not await storage.help_books.book(call(1), FREE, None, budget())
    assert (await spent(storage), await drawn(storage)) == (2, 1)

    await storage.help_books.give_back(call(1), AT + 5)
    await storage.help_books.give_back(call(1), AT + 6)

    assert (await spent(storage), await drawn(storage)) == (0, 0)
    assert not await storage.help_books.book(call(1), FREE, None, budget())


async def test_it_is_no_picture_in_the_usage(storage: Storage) -> None:
    await storage.help_books.book(call(1), FREE, None, budget())

    (row,) = await storage.guilds.books.usage(GUILD, AT - 1, AT + 1, zone="UTC")

    assert (row.units, row.jobs) == (2, 0)


async def test_a_members_allowance_and_the_owners_ceiling_hold_for_it(storage: Storage) -> None:
    with pytest.raises(UserError) as member:
        await storage.help_books.book(call(1), Allowance(1, None, None), None, budget())
    await storage.help_books.book(call(2, units=0), FREE, None, budget(per_day=1))
    with pytest.raises(UserError) as owner:
        await storage.help_books.book(call(3, units=0), FREE, None, budget(per_day=1))

    assert member.value.text.id == "refused.per_job"
    assert owner.value.text.id == "refused.ceiling_day"


async def test_whose_rule_gives_nothing_asks_what_is_free_only_while_a_granted_unit_is_left_which_it_leaves(
    storage: Storage,
) -> None:
    none = Allowance(0, None, None)
    with pytest.raises(UserError) as refused:
        await storage.help_books.book(call(1, units=0), none, None, budget())
    await storage.guilds.members.grant(
        GUILD, 7, Pool.NORMAL, units=1, reason="", expires_at=None, actor=ADA, at=AT - HOUR
    )

    assert await storage.help_books.book(call(1, units=0), none, None, budget())
    assert await storage.help_books.book(call(2, units=0), none, None, budget())
    assert [one.left for one in await storage.guilds.members.grants(GUILD, 7, AT)] == [1]
    assert refused.value.text.id == "refused.per_nothing"


async def test_who_was_interrupted_pays_nothing_and_the_owners_count_keeps_it(storage: Storage) -> None:
    await storage.help_books.book(call(1), FREE, None, budget())
    await storage.help_books.book(call(2), FREE, None, budget())

    await storage.help_books.waive(1, AT + 5)
    await storage.help_books.waive(1, AT + 6)
    await storage.help_books.waive(99, AT + 6)
    await storage.help_books.give_back(call(1), AT + 7)

    assert (await spent(storage), await drawn(storage)) == (2, 2)


async def test_of_several_pictures_those_without_words_from_the_model_are_let_off(storage: Storage) -> None:
    await thinking(storage, 9)
    for picture in (-1, -12, -3):
        assert await storage.help_books.book(of_picture(picture), FREE, None, budget())
    await storage.help_books.book(of_picture(-4, interaction=90), FREE, None, budget())
    await storage.jobs.insert(making.job(interaction_id=-1, typed="ein Fuchs"), FREE)
    await storage.jobs.insert(
        making.job(interaction_id=-3), FREE
    )  # begun by another press, as it was written

    await storage.help_books.waive(9, AT + 5)
    await storage.help_books.waive(9, AT + 6)

    assert (await spent(storage), await drawn(storage)) == (4, 4)


async def test_a_picture_is_asked_for_by_one_press_until_that_is_given_back_or_long_ago(
    storage: Storage,
) -> None:
    books, later = storage.help_books, of_picture(-2, interaction=10, at=AT + 5)
    await books.book(of_picture(-2), FREE, None, budget())
    assert not await books.book(of_picture(-2), FREE, None, budget())
    assert not await books.book(later, FREE, None, budget())
    assert await books.book(of_picture(-22, interaction=10), FREE, None, budget())

    await books.give_back(of_picture(-2), AT + 6)

    assert await books.book(later, FREE, None, budget())
    assert await books.book(of_picture(-2, interaction=11, at=AT + HOUR + 5), FREE, None, budget())


async def test_a_question_begins_no_job_and_its_picture_does(storage: Storage) -> None:
    books, busy = storage.help_books, Allowance(9, 1, 0)
    await storage.jobs.insert(making.job(user_id=7, home=GUILD), busy)

    with pytest.raises(UserError) as picture:
        await books.book(replace(call(1), beside=1), busy, None, budget())

    assert picture.value.text.id == "refused.at_once"
    assert await books.book(call(2), busy, None, budget())


async def test_a_question_without_a_picture_is_let_off_and_may_be_asked_again_by_another_press(
    storage: Storage,
) -> None:
    books = storage.help_books
    await books.book(of_picture(-2), FREE, None, budget())

    await books.let_off(of_picture(-2), AT + 5)
    await books.let_off(of_picture(-2), AT + 6)

    assert (await spent(storage), await drawn(storage)) == (0, 1)
    assert not await books.book(of_picture(-2), FREE, None, budget())
    assert await books.book(of_picture(-2, interaction=10), FREE, None, budget())


async def test_a_question_of_a_clock_that_stood_ahead_keeps_nobody_from_asking(storage: Storage) -> None:
    books = storage.help_books
    await books.book(of_picture(-2, interaction=10, at=AT + 24 * HOUR), FREE, None, budget())

    assert await books.book(of_picture(-2), FREE, None, budget())


async def test_a_question_leaves_enough_for_the_picture_that_it_is_for(storage: Storage) -> None:
    books, mine = storage.help_books, Allowance(3, None, None)
    with pytest.raises(UserError) as member:
        await books.book(replace(call(1), beside=2), mine, None, budget())
    with pytest.raises(UserError) as owner:
        await books.book(replace(call(1), beside=1), mine, None, budget(per_day=1))

    assert (member.value.text.id, owner.value.text.id) == ("refused.per_job", "refused.ceiling_job")
    assert await books.book(replace(call(1), beside=1), mine, None, budget(per_day=2))
    assert (await spent(storage), await drawn(storage)) == (2, 1)
