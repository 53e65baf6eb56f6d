"""Prompts that are sent in English: for whom, what is sent and shown, what it costs, and that trouble stops no picture.
Never here: how answers are read (tests/domain/intake/test_prompt_help.py), cards (tests/e2e), and who was interrupted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.intake.prompt_help import PATIENCE_S, Help
from bot.domain.pools import Pool
from bot.domain.prices import Charge
from bot.domain.servers.moderation import Match, WordAction, WordRule
from bot.domain.tenancy import Ceiling
from bot.errors import StorageTrouble
from bot.sandbox.upstream import Fault
from bot.services.intake.prompt_help import MOST_ASKED
from tests.services.harness import GUILD
from tests.services.helped import ENGLISH, GERMAN, PRICE, open_helped
from tests.services.server_harness import ADA, refusal, set_rule

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from tests.services.helped import Helped

KEY, OFF, ANSWER, LIMIT = (
    "note.untranslated_off",
    "note.untranslated",
    "note.untranslated_answer",
    "note.untranslated_limit",
)


@pytest.fixture
async def helped(tmp_path: Path) -> AsyncIterator[Helped]:
    """A server whose moderators want English."""
    async with open_helped(tmp_path) as made:
        await made.translating()
        yield made


# -- what is sent, and for whom ------------------------------------------------------------------------------


async def test_what_is_not_english_is_sent_in_english_with_its_parameters_untouched(helped: Helped) -> None:
    typed = f"https://example.org/a.png {GERMAN}::2 --ar 3:2 --no Wald --seed 7"

    job = await helped.server.imagine(typed)

    assert job.prompt == f"https://example.org/a.png {ENGLISH}::2 --ar 3:2 --no a forest --seed 7"
    assert (job.typed, job.notes) == (typed, ())
    assert (await helped.spent(), await helped.drawn()) == (1 + PRICE, 2)


@pytest.mark.parametrize(
    "prompt", ["a paper fox in the snow", "https://example.org/a.png https://b.example/c.png"]
)
async def test_english_and_mere_addresses_are_nobodys_question(helped: Helped, prompt: str) -> None:
    job = await helped.server.imagine(prompt)

    assert (job.prompt, job.typed, helped.asked) == (prompt, None, 0)


async def test_what_comes_back_as_it_was_is_shown_as_it_was(helped: Helped) -> None:
    helped.model.fault(Fault.CHAT_SAYS, endpoint="chat", reason="<prompt>Der Rosenkavalier</prompt>")

    job = await helped.server.imagine("der Rosenkavalier")

    assert (job.prompt, job.typed, job.notes, helped.asked) == ("der Rosenkavalier", None, (), 1)


async def test_a_members_own_word_comes_before_the_servers(helped: Helped) -> None:
    await helped.world.services.people.prefer_translation(1, on=False)
    assert (await helped.server.imagine(GERMAN)).prompt == GERMAN

    await helped.translating(on=False)
    assert (await helped.server.imagine(GERMAN, asker=helped.server.asker(2))).prompt == GERMAN
    await helped.world.services.people.prefer_translation(1, on=True)

    assert (await helped.server.imagine(GERMAN)).prompt == ENGLISH
    assert helped.asked == 1


async def test_without_a_model_the_setting_changes_nothing(
    helped: Helped, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(helped.world.services.improving.helper, "model", None)

    job = await helped.server.imagine(GERMAN)

    assert (job.prompt, job.notes, helped.asked) == (GERMAN, (), 0)


# -- words ---------------------------------------------------------------------------------------------------


async def test_a_word_that_was_typed_is_refused_before_anybody_is_asked(helped: Helped) -> None:
    await helped.server.guilds.add_word(GUILD, ADA, WordRule(Match.WORD, "fuchs", WordAction.STRIKE))

    assert (await refusal(helped.server.imagine(GERMAN))).id == "refused.words_strike"
    assert (helped.asked, await helped.world.ledger()) == (0, [])


async def test_a_word_that_only_the_translation_has_is_refused_and_strikes_nobody(helped: Helped) -> None:
    await helped.server.guilds.add_word(GUILD, ADA, WordRule(Match.WORD, "fox", WordAction.STRIKE))

    assert (await refusal(helped.server.imagine(GERMAN))).id == "refused.words"
    assert await helped.world.all_jobs() == []
    assert (await helped.spent(), await helped.drawn()) == (0, 1)
    assert not (await helped.server.moderation.member(GUILD, 1)).strikes


async def test_a_word_that_is_only_warned_of_is_noted_once_though_it_is_read_twice(helped: Helped) -> None:
    await helped.server.guilds.add_word(GUILD, ADA, WordRule(Match.WORD, "fuchs", WordAction.WARN))
    await helped.server.guilds.add_word(GUILD, ADA, WordRule(Match.WORD, "fox", WordAction.WARN))

    job = await helped.server.imagine(GERMAN)

    assert (job.prompt, job.notes) == (ENGLISH, ("note.words_warned",))


# -- pictures that are refused ---------------------------------------------------------------------------------


async def one_at_once(helped: Helped) -> None:
    await helped.server.rule(Pool.NORMAL, GUILD, 50, running=1, waiting=0)
    await helped.server.imagine()


async def a_rest(helped: Helped) -> None:
    await set_rule(
        helped.server.guilds,
        GUILD,
        ADA,
        Pool.NORMAL,
        GUILD,
        per_day=50,
        running=3,
        waiting=10,
        cooldown=3600,
    )
    await helped.server.imagine()


async def nothing(helped: Helped) -> None:
    await helped.server.rule(Pool.NORMAL, GUILD, 50, running=0, waiting=0)


async def no_clips(helped: Helped) -> None:
    await helped.world.services.prompt_settings.set_defaults(GUILD, ADA, GUILD, "--video")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (one_at_once, "refused.at_once"),
        (a_rest, "refused.cooldown"),
        (nothing, "refused.per_nothing"),
        (no_clips, "refused.video_off"),
    ],
)
async def test_for_a_picture_that_cannot_begin_nobody_is_asked_and_nothing_is_charged(
    helped: Helped, given: Callable[[Helped], Awaitable[None]], why: str
) -> None:
    await given(helped)
    before = (await helped.spent(), await helped.drawn())

    assert [(await refusal(helped.server.imagine(GERMAN))).id for _ in range(2)] == [why] * 2
    assert (helped.asked, await helped.questions()) == (0, [])
    assert (await helped.spent(), await helped.drawn()) == before


def meanwhile(
    helped: Helped, monkeypatch: pytest.MonkeyPatch, happens: Callable[[], Awaitable[object]]
) -> None:
    """Something happens while the model thinks."""
    chat_of = helped.world.services.improving.helper.chat_of

    class Thinking:
        async def chat(self, model: str, *, instructions: str, words: str, seconds: float) -> str:
            way = chat_of(helped.world.services.accounts.fixed["default"])
            assert way is not None
            await happens()
            return await way.chat(model, instructions=instructions, words=words, seconds=seconds)

    monkeypatch.setattr(helped.world.services.improving.helper, "chat_of", lambda _api: Thinking())


@pytest.mark.parametrize("fault", [None, Fault.CHAT_DECLINES])
async def test_who_is_refused_after_the_model_was_asked_pays_nothing_and_the_owners_count_keeps_it(
    helped: Helped, monkeypatch: pytest.MonkeyPatch, fault: Fault | None
) -> None:
    await helped.server.rule(Pool.NORMAL, GUILD, 50, running=1, waiting=0)
    if fault is not None:
        helped.model.fault(fault, endpoint="chat")
    meanwhile(helped, monkeypatch, helped.server.imagine)

    assert (await refusal(helped.server.imagine(GERMAN))).id == "refused.at_once"
    assert await helped.questions() == ["help", "help_refund"]
    assert (helped.asked, await helped.spent(), await helped.drawn()) == (1, 1, 2)


async def test_of_a_command_that_came_twice_no_words_are_paid_that_no_picture_has(
    helped: Helped, monkeypatch: pytest.MonkeyPatch
) -> None:
    asker = helped.server.asker()
    meanwhile(helped, monkeypatch, lambda: helped.server.imagine(GERMAN, asker=asker))

    job = await helped.server.imagine(GERMAN, asker=asker)

    assert (job.prompt, len(await helped.world.all_jobs())) == (GERMAN, 1)
    assert (helped.asked, await helped.spent()) == (1, 1)


# -- trouble -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "note", "is_paid"),
    [
        (Fault.BAD_KEY, KEY, False),
        (Fault.NO_BALANCE, OFF, False),
        (Fault.RATE_LIMITED, OFF, False),
        (Fault.REFUSED, OFF, False),
        (Fault.SERVER_ERROR, OFF, True),
        (Fault.EMPTY_BODY, OFF, True),
        (Fault.RESET_BEFORE, OFF, True),
        (Fault.CHAT_PROSE, ANSWER, True),
        (Fault.CHAT_FOREIGN, ANSWER, True),
        (Fault.CHAT_DECLINES, ANSWER, True),
    ],
)
async def test_a_helper_in_trouble_stops_no_picture_and_the_card_says_why(
    helped: Helped, fault: Fault, note: str, *, is_paid: bool
) -> None:
    helped.model.fault(fault, endpoint="chat")

    job = await helped.server.imagine(GERMAN)

    assert (job.prompt, job.typed, job.notes) == (GERMAN, None, (note,))
    assert helped.asked == 1
    assert await helped.spent() == 1 + (PRICE if is_paid else 0)


async def test_a_helper_that_is_too_slow_holds_no_picture_up(
    helped: Helped, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PATIENCE_S, Help.TRANSLATE, 0.05)
    helped.model.fault(Fault.HANG_AFTER, endpoint="chat")

    job = await helped.server.imagine(GERMAN)

    assert (job.prompt, job.typed, job.notes) == (GERMAN, None, (OFF,))


async def test_a_helper_that_is_too_dear_is_left_out_and_the_picture_is_not(helped: Helped) -> None:
    await helped.server.rule(Pool.NORMAL, 7, per_day=PRICE - 1)

    job = await helped.server.imagine(GERMAN, asker=helped.server.asker(roles=(7,)))

    assert (job.prompt, job.notes) == (GERMAN, (LIMIT,))
    assert (helped.asked, await helped.spent()) == (0, 1)


async def test_the_last_that_somebody_has_goes_into_a_picture_and_not_into_its_words(helped: Helped) -> None:
    await helped.server.rule(Pool.NORMAL, 7, per_day=PRICE)
    await helped.server.rule(Pool.NORMAL, 8, per_day=PRICE + 1)

    without = await helped.server.imagine(GERMAN, asker=helped.server.asker(1, roles=(7,)))
    enough = await helped.server.imagine(GERMAN, asker=helped.server.asker(2, roles=(8,)))

    assert (without.prompt, without.notes) == (GERMAN, (LIMIT,))
    assert (enough.prompt, helped.asked) == (ENGLISH, 1)


async def test_a_clip_that_the_server_itself_asks_for_has_its_whole_price_left(helped: Helped) -> None:
    helped.world.services.imagine.chains.intake.video = True
    await helped.server.guilds.set_price(GUILD, ADA, Pool.NORMAL, Charge.VIDEO, 8)
    await helped.world.services.prompt_settings.set_defaults(GUILD, ADA, GUILD, "--video")
    await helped.server.rule(Pool.NORMAL, GUILD, per_day=8 + PRICE - 1)

    job = await helped.server.imagine(GERMAN)

    assert (job.units, LIMIT in job.notes, helped.asked) == (8, True, 0)


async def test_the_last_of_the_owners_ceiling_goes_into_a_picture_too(helped: Helped) -> None:
    policy = helped.world.services.owner_policy
    await policy.set_ceiling(GUILD, Ceiling(1, None, None, None))
    without = await helped.server.imagine(GERMAN)
    await policy.set_ceiling(GUILD, Ceiling(3, None, None, None))

    enough = await helped.server.imagine(GERMAN)

    assert (without.prompt, without.notes, enough.prompt) == (GERMAN, (LIMIT,), ENGLISH)
    assert (helped.asked, await helped.drawn()) == (1, 3)


async def test_who_has_asked_too_often_gets_pictures_of_what_was_written(helped: Helped) -> None:
    await helped.price(0)
    for _ in range(MOST_ASKED):
        await helped.improved()

    job = await helped.server.imagine(GERMAN)

    assert (job.prompt, job.notes, helped.asked) == (GERMAN, (LIMIT,), MOST_ASKED)


async def test_books_that_cannot_be_written_stop_no_picture(
    helped: Helped, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise StorageTrouble("the disk is full")

    monkeypatch.setattr(helped.world.services.improving.helper.books, "book", full)

    job = await helped.server.imagine(GERMAN)

    assert (job.prompt, job.notes, helped.asked) == (GERMAN, (OFF,), 0)
