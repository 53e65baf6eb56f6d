"""Servers that come and go, as the owner has them: greeted once, asked about until it was heard, forgotten when they leave.
Never here: what members meet meanwhile (test_strangers.py), and the buttons of the question (tests/cogs)."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from bot.domain.capabilities import OHMYGPT
from bot.domain.tenancy import Access
from bot.services.accounts.owner_policy import OwnerTerms
from bot.services.accounts.owner_questions import AGAIN_MS, ASKING, TRIES
from tests.services.harness import GUILD

if TYPE_CHECKING:
    from bot.domain.tenancy import KnownServer
    from bot.texts import Text
    from tests.services.harness import Harness

NEWCOMER = 667


class Mail:
    """The owner's direct messages, which may be shut."""

    def __init__(self) -> None:
        self.shut = False
        self.asked: list[tuple[int, bool]] = []

    async def notify(self, words: Text, *, once: str) -> bool:
        raise AssertionError(words, once)

    async def ask(self, server: KnownServer, *, again: bool) -> bool:
        self.asked.append((server.guild_id, again))
        return not self.shut


@pytest.fixture
async def mail(world: Harness) -> Mail:
    """An owner who lets nobody in but their own servers, and a server that came."""
    mail = Mail()
    world.more_ports["mail"] = mail
    world.more_terms["owner_terms"] = OwnerTerms(access=Access(mine=True, ids=frozenset({GUILD})))
    await world.reboot()
    await world.services.owner_policy.note(NEWCOMER, name="New", owner_id=6, owners=frozenset({1}))
    return mail


async def test_of_several_processes_one_greets_a_server(world: Harness, mail: Mail) -> None:
    policy = world.services.owner_policy

    assert [await policy.claim_greeting(NEWCOMER) for _ in range(3)] == [True, False, False]
    assert mail.asked == []


async def test_a_question_that_was_not_taken_is_asked_again_and_one_that_was_is_not(
    world: Harness, mail: Mail
) -> None:
    questions = world.services.owner_questions
    mail.shut = True
    await questions.ask(NEWCOMER)
    await questions.ask(NEWCOMER)
    assert mail.asked == [(NEWCOMER, False)]

    mail.shut = False
    world.clock.move_to(world.clock.now() + AGAIN_MS)
    await questions.resume()
    await questions.ask(NEWCOMER)

    assert mail.asked == [(NEWCOMER, False), (NEWCOMER, True)]
    assert await questions.memory.get(ASKING) == "{}"


async def test_an_owner_who_cannot_be_reached_is_not_asked_for_ever(world: Harness, mail: Mail) -> None:
    questions = world.services.owner_questions
    mail.shut = True
    for _ in range(TRIES + 3):
        await questions.ask(NEWCOMER)
        world.clock.move_to(world.clock.now() + AGAIN_MS)

    assert len(mail.asked) == TRIES
    assert await questions.memory.get(ASKING) == "{}"


async def test_about_a_server_that_left_nobody_is_asked_and_what_was_begun_is_forgotten(
    world: Harness, mail: Mail
) -> None:
    policy, questions = world.services.owner_policy, world.services.owner_questions
    mail.shut = True
    await questions.ask(NEWCOMER)
    assert NEWCOMER in {seen.server.guild_id for seen in await policy.every()}
    assert (await policy.view(NEWCOMER)).admitted is False

    await policy.left(NEWCOMER)
    world.clock.move_to(world.clock.now() + AGAIN_MS)
    await questions.resume()

    assert len(mail.asked) == 1
    assert await questions.memory.get(ASKING) == "{}"
    assert NEWCOMER not in {seen.server.guild_id for seen in await policy.every()}


async def test_what_was_asked_is_forgotten_also_where_another_process_wrote_meanwhile(
    world: Harness, mail: Mail, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = world.services.owner_questions
    swap, swaps = questions.memory.swap, count(1)

    async def overtaken(name: str, before: str | None, after: str) -> bool:
        return next(swaps) != 2 and await swap(name, before, after)

    monkeypatch.setattr(questions.memory, "swap", overtaken)

    await questions.ask(NEWCOMER)

    assert mail.asked == [(NEWCOMER, False)]
    assert next(swaps) == 4
    assert await questions.memory.get(ASKING) == "{}"


async def test_an_owner_lets_a_server_in_and_shuts_it_out_again(world: Harness, mail: Mail) -> None:
    policy = world.services.owner_policy

    await policy.let_in(NEWCOMER, by=1)
    assert await policy.admits(NEWCOMER)
    await policy.shut_out(NEWCOMER)

    assert not await policy.admits(NEWCOMER)
    assert mail.asked == []


async def test_what_can_be_done_is_asked_of_a_servers_accounts_and_elsewhere_of_the_owners(
    world: Harness,
) -> None:
    accounts = world.services.accounts

    assert await accounts.capabilities_in(None) == (OHMYGPT,)
    assert await accounts.capabilities_in(GUILD) == (OHMYGPT,)
    assert not world.services.windows.remix_anywhere
