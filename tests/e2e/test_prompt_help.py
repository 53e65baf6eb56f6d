"""The prompt helper from a member's side: Improve under a card and in the command, prompts that are sent in English.
Never here: every way in which an answer can be read (domain)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.days import day_of
from bot.domain.jobs import JobState
from bot.domain.keys import JobKey
from bot.domain.pools import Pool
from bot.domain.prices import Charge
from bot.domain.servers.guilds import Actor
from bot.domain.servers.moderation import Match, WordAction, WordRule
from bot.sandbox.stage import GUILD_ID
from bot.sandbox.upstream import Fault
from bot.ui.kit.custom_ids import key_on
from tests.e2e.harness import lose_edits, open_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.domain.days import Day
    from tests.e2e.harness import Harness
    from tests.e2e.seen import Card

MODEL = {"EASEL_HELPER_MODEL": "gpt-4o-mini"}
ROBIN = Actor(1, "robin")
GERMAN = "ein Fuchs im Schnee"
ENGLISH = "a fox in the snow"


@pytest.fixture
async def helped(tmp_path: Path) -> AsyncIterator[Harness]:
    """A world in which the owner has named a chat model."""
    async with open_world(tmp_path) as world:
        await world.restart(more=MODEL)
        yield world


def card_key(card: Card) -> JobKey:
    key = key_on(card.button("ℹ️ Info").custom_id)  # noqa: RUF001 - the button's own sign
    assert key is not None
    return JobKey(key)


def asked(world: Harness) -> int:
    return len(world.upstream.calls_to("chat"))


async def translating(world: Harness) -> None:
    await world.app.services.guilds.set_values(GUILD_ID, ROBIN, "translate", {"on": True})


async def test_without_a_model_nothing_of_it_is_shown(world: Harness) -> None:
    grid = await world.grid()

    assert "✨ Improve" not in grid.own
    assert not world.app.services.improving.helper.offered
    told = await world.app.bot._payloads()
    assert "improve" not in {o["name"] for c in told if c["name"] == "imagine" for o in c["options"]}
    assert "translate" not in {o["name"] for c in told if c["name"] == "mod" for o in c["options"]}


async def test_improve_shows_a_better_prompt_in_a_window_and_begins_what_is_sent(helped: Harness) -> None:
    grid = await helped.grid("a paper fox --ar 3:2 --v 7")

    shown = await helped.press(grid, "✨ Improve")
    card = helped.shown(shown)

    assert shown.response is not None
    assert shown.response.ephemeral
    assert "a paper fox, " in card.words
    assert len(helped.accepted) == 1  # nothing was paid to Midjourney
    window = await helped.press(card, "✏️ Use it or edit it")
    assert window.modal is not None
    (field,) = [part["component"] for part in window.modal["components"]]
    better = field["value"]
    assert better.startswith("a paper fox, ")
    assert better.endswith("--ar 3:2 --v 7")
    begun = await helped.place.member.submit_modal(window, {"prompt": better})
    await helped.finished(begun)
    assert helped.accepted[-1].prompt == better


async def test_the_button_of_an_improved_prompt_outlives_a_restart(helped: Harness) -> None:
    grid = await helped.grid()
    card = helped.shown(await helped.press(grid, "✨ Improve"))

    await helped.restart(more=MODEL, killed=True)
    window = await helped.press(card, "✏️ Use it or edit it")

    assert window.modal is not None


async def test_imagine_can_ask_for_a_better_prompt_first(helped: Harness) -> None:
    shown = helped.shown(await helped.imagine("a paper fox", improve=True))

    assert "a paper fox, " in shown.words
    assert not helped.accepted


async def test_a_prompt_in_another_language_is_sent_in_english_and_the_card_shows_both(
    helped: Harness,
) -> None:
    await translating(helped)

    card = await helped.grid(f"{GERMAN} --ar 3:2")

    assert helped.accepted[-1].prompt == f"{ENGLISH} --ar 3:2"
    assert GERMAN in card.words
    assert f"Sent in English: \u2068{ENGLISH}" in card.words
    await helped.restart(more=MODEL, killed=True)
    job = await helped.app.services.jobs.store.get(card_key(card))
    assert job is not None
    assert (job.typed, job.prompt) == (f"{GERMAN} --ar 3:2", f"{ENGLISH} --ar 3:2")


async def test_an_english_prompt_is_nobodys_question(helped: Harness) -> None:
    await translating(helped)

    await helped.grid("a paper fox in the snow")

    assert asked(helped) == 0


async def test_a_member_says_for_themselves(helped: Harness) -> None:
    await translating(helped)
    await helped.app.services.people.prefer_translation(helped.place.member.id, on=False)

    await helped.grid(GERMAN)

    assert asked(helped) == 0
    assert helped.accepted[-1].prompt == GERMAN


@pytest.mark.parametrize(
    "fault",
    [
        Fault.BAD_KEY,
        Fault.NO_BALANCE,
        Fault.RATE_LIMITED,
        Fault.REFUSED,
        Fault.SERVER_ERROR,
        Fault.HTML_502_BEFORE,
        Fault.NOT_JSON,
        Fault.EMPTY_BODY,
        Fault.RESET_BEFORE,
        Fault.CHAT_PROSE,
        Fault.CHAT_FOREIGN,
        Fault.CHAT_NOTHING,
        Fault.CHAT_DECLINES,
    ],
)
async def test_a_helper_in_trouble_stops_no_picture(helped: Harness, fault: Fault) -> None:
    await translating(helped)
    helped.upstream.fault(fault, endpoint="chat")

    card = await helped.grid(GERMAN)

    assert helped.accepted[-1].prompt == GERMAN
    assert "Not translated" in card.words
    assert asked(helped) == 1  # a paid call is never made again by itself


@pytest.mark.parametrize("fault", [Fault.CHAT_LEAD, Fault.CHAT_FENCE, Fault.CHAT_PARAMETER, Fault.CHAT_PARTS])
async def test_what_stands_around_a_translation_is_taken_off(helped: Harness, fault: Fault) -> None:
    await translating(helped)
    helped.upstream.fault(fault, endpoint="chat")

    await helped.grid(f"{GERMAN} --ar 3:2")

    assert helped.accepted[-1].prompt == f"{ENGLISH} --ar 3:2"


async def test_a_word_that_only_the_translation_has_is_refused_and_strikes_nobody(helped: Harness) -> None:
    await translating(helped)
    rule = WordRule(Match.WORD, "fox", WordAction.STRIKE)
    await helped.app.services.guilds.add_word(GUILD_ID, ROBIN, rule)

    answer = await helped.imagine(GERMAN)

    assert "“fox”" in helped.whisper(answer)
    assert not helped.accepted
    member = await helped.app.services.moderation.member(GUILD_ID, helped.place.member.id)
    assert not member.strikes


async def test_a_word_that_was_typed_strikes_and_nobody_is_asked(helped: Harness) -> None:
    await translating(helped)
    rule = WordRule(Match.WORD, "fuchs", WordAction.STRIKE)
    await helped.app.services.guilds.add_word(GUILD_ID, ROBIN, rule)

    await helped.imagine(GERMAN)

    assert asked(helped) == 0
    member = await helped.app.services.moderation.member(GUILD_ID, helped.place.member.id)
    assert len(member.strikes) == 1


async def test_help_costs_what_moderators_say_and_what_was_not_paid_is_given_back(helped: Harness) -> None:
    services = helped.app.services
    await translating(helped)
    await services.guilds.set_price(GUILD_ID, ROBIN, Pool.NORMAL, Charge.HELP, 3)
    before = (await services.owner_policy.view(GUILD_ID)).used.today

    await helped.grid(GERMAN)
    after_one = await services.policy.stores.books.totals(GUILD_ID, helped_day(helped))
    helped.upstream.fault(Fault.RATE_LIMITED, endpoint="chat")
    await helped.grid("ein Fuchs im Wald")
    after_two = await services.policy.stores.books.totals(GUILD_ID, helped_day(helped))

    assert after_one[Pool.NORMAL].spent == 4
    assert after_two[Pool.NORMAL].spent == 5
    assert (await services.owner_policy.view(GUILD_ID)).used.today == before + 3


def helped_day(world: Harness) -> Day:
    return day_of(world.clock.now())


async def test_what_an_unclear_question_may_have_cost_stays_in_the_books(helped: Harness) -> None:
    await translating(helped)
    await helped.app.services.guilds.set_price(GUILD_ID, ROBIN, Pool.NORMAL, Charge.HELP, 3)
    helped.upstream.fault(Fault.NOT_JSON, endpoint="chat")

    await helped.grid(GERMAN)

    books = helped.app.services.policy.stores.books
    assert (await books.totals(GUILD_ID, helped_day(helped)))[Pool.NORMAL].spent == 4


@pytest.mark.parametrize("lost", [1, 2])
async def test_a_better_prompt_that_cannot_be_shown_costs_nothing(
    helped: Harness, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    services, grid = helped.app.services, await helped.grid()
    await services.guilds.set_price(GUILD_ID, ROBIN, Pool.NORMAL, Charge.HELP, 3)
    lose_edits(monkeypatch, lost)

    said = helped.whisper(await helped.press(grid, "✨ Improve"))
    await services.answers.settle()

    spent = (await services.policy.stores.books.totals(GUILD_ID, helped_day(helped)))[Pool.NORMAL].spent
    assert ("Nothing was charged" in said, spent) == ((False, 4) if lost == 1 else (True, 1))


async def test_a_key_that_is_refused_is_left_alone_for_a_while(helped: Harness) -> None:
    helped.upstream.fault(Fault.BAD_KEY, endpoint="chat")

    first = await helped.imagine("a paper fox", improve=True)
    second = await helped.imagine("a paper fox", improve=True)

    assert "refuses its key" in helped.shown(first).words
    assert "refuses its key" in helped.shown(second).words
    assert asked(helped) == 1


async def test_what_midjourney_refused_can_be_improved(helped: Harness) -> None:
    helped.upstream.fault(Fault.FAILS)
    answer = await helped.imagine("a paper fox")
    card = await helped.says(answer, "Nothing was taken")
    job = await helped.app.services.jobs.store.get(card_key(card))
    assert job is not None
    assert job.state is JobState.FAILED

    better = helped.shown(await helped.press(card, "✨ Improve"))

    assert "a paper fox, " in better.words
    assert "refused it for its words" in str(helped.upstream.calls_to("chat")[-1].body)


async def test_a_forbidden_word_of_the_helper_is_told_and_strikes_nobody(helped: Harness) -> None:
    rule = WordRule(Match.WORD, "wolf", WordAction.STRIKE)
    await helped.app.services.guilds.add_word(GUILD_ID, ROBIN, rule)
    helped.upstream.fault(Fault.CHAT_SAYS, endpoint="chat", reason="<prompt>a paper wolf</prompt>")

    answer = await helped.imagine("a paper fox", improve=True)

    assert "does not allow" in helped.shown(answer).words
    member = await helped.app.services.moderation.member(GUILD_ID, helped.place.member.id)
    assert not member.strikes


async def test_nobody_can_hammer_the_helper(helped: Harness) -> None:
    for _ in range(20):
        await helped.imagine("a paper fox", improve=True)

    answer = await helped.imagine("a paper fox", improve=True)

    assert asked(helped) == 20
    assert "20 times" in helped.shown(answer).words


async def test_a_refused_order_of_the_second_engines_offers_no_better_prompt_of_midjourneys(
    tmp_path: Path,
) -> None:
    async with open_world(tmp_path, more={**MODEL, "EASEL_ENGINE_MODEL": "gpt-image-1.5"}) as world:
        await world.app.services.guilds.add_word(
            GUILD_ID, ROBIN, WordRule(Match.WORD, "gore", WordAction.BLOCK)
        )
        place = world.place
        drawn = await place.member.slash(place.channel, "draw", prompt="gore", size="1536x1024", number=2)
        typed = await place.member.slash(place.channel, "imagine", prompt="gore")

        assert world.whispered(drawn).own == ["✏️ Edit prompt"]
        assert world.whispered(typed).own == ["✏️ Edit prompt", "✨ Improve"]
