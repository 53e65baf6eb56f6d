"""Prompts that a chat model improves: what comes back, what is kept of it, what stands in the way, and what each of it costs.
Never here: how answers are read (tests/domain/intake/test_prompt_help.py), windows (tests/e2e), and translations."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.domain.accounts import OwnAccount
from bot.domain.inputs import Shape
from bot.domain.intake.prompt_help import PATIENCE_S, Help
from bot.domain.intake.prompts import PromptOptions
from bot.domain.jobs import JobState
from bot.domain.pools import Pool
from bot.domain.prices import Charge
from bot.domain.servers.access import PressPermission
from bot.domain.servers.moderation import Match, WordAction, WordRule
from bot.domain.tasks import TaskStatus
from bot.domain.tenancy import Ceiling
from bot.errors import SettingsChanged, StorageTrouble
from bot.sandbox.upstream import Fault
from bot.services.admission.viewer import Viewer
from bot.services.intake.prompt_help import ATTEMPTS, MOST_ASKED, OFF_MS
from tests.fixtures.leaps import leap_in_silence
from tests.services.harness import GUILD, Harness
from tests.services.helped import ME, PRICE, furnish, open_helped, open_model
from tests.services.intake.test_pictures import AFile
from tests.services.server_harness import ADA, refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable
    from pathlib import Path

    from tests.services.helped import Helped


@pytest.fixture
async def helped(tmp_path: Path) -> AsyncIterator[Helped]:
    async with open_helped(tmp_path) as made:
        await made.price(PRICE)
        yield made


async def why(attempt: Awaitable[object]) -> str:
    return (await refusal(attempt)).id


async def strikes(helped: Helped) -> int:
    return len((await helped.server.moderation.member(GUILD, 1)).strikes)


# -- what comes of it ----------------------------------------------------------------------------------------


async def test_the_better_prompt_is_kept_to_be_edited_with_its_parameters_as_they_were(
    helped: Helped,
) -> None:
    prompt = "https://example.org/a.png a paper fox::2 ink::1 --ar 3:2 --seed 7"

    better = await helped.improved(prompt)

    assert better.before == prompt
    assert better.prompt != prompt
    assert better.prompt.startswith("https://example.org/a.png a paper fox, ")
    assert "::2 ink, " in better.prompt
    assert better.prompt.endswith("::1 --ar 3:2 --seed 7")
    draft = await helped.world.services.drafts.open(ME, better.key)
    assert (draft.prompt, draft.borrowed, draft.pool) == (better.prompt, better.prompt, Pool.NORMAL)
    assert (helped.asked, await helped.spent(), await helped.drawn()) == (1, PRICE, 1)
    assert await helped.world.all_jobs() == []


@pytest.mark.parametrize(
    ("named", "pool"), [(None, Pool.FAST), (Pool.NORMAL, Pool.NORMAL)], ids=["the speed's", "the option's"]
)
async def test_a_speed_and_an_own_option_set_in_the_words_hold_as_without_improve(
    helped: Helped, named: Pool | None, pool: Pool
) -> None:
    services = helped.world.services
    await services.people.keep_set(1, "mine", "in ink --ar 3:2")
    options = PromptOptions(prompt="a paper fox --mine --fast")
    key = await services.drafts.keep(options, user_id=1, guild_id=GUILD, pool=named, option_set=None)

    typed = await services.improving.typed(helped.server.asker(), options, named, None)
    again = await services.improving.of_draft(helped.server.asker(), ME, key)

    for better in (typed, again):
        assert better.before == "a paper fox in ink --ar 3:2"
        assert better.prompt.endswith(" --ar 3:2")
        assert (await services.drafts.open(ME, better.key)).pool is pool


async def test_what_was_switched_off_stays_off_however_often_it_is_improved(helped: Helped) -> None:
    improving, drafts = helped.world.services.improving, helped.world.services.drafts
    options = PromptOptions(prompt="a paper fox --tile --ar 3:2", raw=False, tile=False)

    typed = await improving.typed(helped.server.asker(), options, None, None)
    again = await improving.of_draft(helped.server.asker(), ME, typed.key)

    for better in (typed, again):
        assert better.prompt.endswith(" --ar 3:2")
        kept = (await drafts.open(ME, better.key)).prompt
        assert kept == f"{better.prompt} --no-raw --no-tile"


async def test_the_parameters_that_a_model_invents_do_not_come_back(helped: Helped) -> None:
    helped.model.fault(Fault.CHAT_PARAMETER, endpoint="chat")

    better = await helped.improved("a paper fox --ar 3:2")

    assert better.prompt.startswith("a paper fox, ")
    assert better.prompt.endswith(" --ar 3:2")
    assert "--turbo" not in better.prompt
    assert "evil.example" not in better.prompt
    assert "::3" not in better.prompt


async def test_a_prompt_without_words_is_no_question(helped: Helped) -> None:
    assert (
        await why(helped.improved("https://example.org/a.png https://example.org/b.png")) == "helper.no_words"
    )
    assert (helped.asked, await helped.questions()) == (0, [])


async def test_it_is_one_question_for_each_interaction(helped: Helped) -> None:
    asker = helped.server.asker()
    await helped.improved(asker=asker)

    assert await why(helped.improved(asker=asker)) == "helper.asked"
    assert (helped.asked, await helped.spent()) == (1, PRICE)


# -- cards and drafts ----------------------------------------------------------------------------------------


async def test_a_cards_prompt_is_improved_in_its_own_pool_and_names_its_ancestor(helped: Helped) -> None:
    job = await helped.server.imagine("a paper fox --ar 3:2", pool=Pool.FAST)

    better = await helped.world.services.improving.of_job(helped.server.asker(), ME, job.key)

    draft = await helped.world.services.drafts.open(ME, better.key)
    assert (draft.ancestor, draft.pool) == (job.key, Pool.FAST)
    assert better.prompt.endswith("--ar 3:2")
    assert "refused it for its words" not in str(helped.model.calls_to("chat")[0].body)


async def test_what_midjourney_refused_is_told_to_the_model(tmp_path: Path) -> None:
    async with open_model() as (model, api):
        world = Harness(tmp_path)
        furnish(world, api)
        await world.boot()
        world.upstream.template.update(ends=TaskStatus.FAILURE, reason="[Banned prompt detected] no")
        job = await world.ended(await world.imagine())
        assert job.state is JobState.FAILED

        better = await world.services.improving.of_job(world.asker(), ME, job.key)

        assert better.prompt.startswith("a paper fox, ")
        assert "refused it for its words" in str(model.calls_to("chat")[0].body)
        await world.kill()


async def test_a_blend_has_no_words_to_improve(helped: Helped) -> None:
    begun = await helped.world.services.blending.begin(
        helped.server.asker(),
        [AFile(data=b"a fox"), AFile(data=b"an owl")],
        shape=Shape.SQUARE,
        pool=Pool.FAST,
    )

    attempt = helped.world.services.improving.of_job(helped.server.asker(), ME, begun.job.key)

    assert await why(attempt) == "helper.no_words"
    assert helped.asked == 0


async def test_a_prompt_that_the_servers_words_refused_is_written_without_offence(helped: Helped) -> None:
    key = await helped.world.services.drafts.keep(
        PromptOptions(prompt="a paper fox --ar 3:2"),
        user_id=1,
        guild_id=GUILD,
        pool=Pool.FAST,
        option_set=None,
    )

    better = await helped.world.services.improving.of_draft(helped.server.asker(), ME, key)

    assert (await helped.world.services.drafts.open(ME, better.key)).pool is Pool.FAST
    assert better.prompt.endswith("--ar 3:2")
    assert "refused it for its words" in str(helped.model.calls_to("chat")[0].body)


async def test_whoever_may_not_press_under_a_picture_gets_no_better_prompt_of_it(helped: Helped) -> None:
    job = await helped.server.imagine("a paper fox")
    key = await helped.world.services.drafts.keep(
        PromptOptions(prompt="a fox"),
        user_id=2,
        guild_id=GUILD,
        pool=None,
        option_set=None,
        ancestor=job.key,
    )
    await helped.world.services.guilds.set_values(GUILD, ADA, "press", {"who": PressPermission.REQUESTER})
    bob = Viewer(user_id=2, guild_id=GUILD, manages=False)

    attempt = helped.world.services.improving.of_draft(helped.server.asker(2), bob, key)

    assert await why(attempt) == "refused.press_requester"
    assert helped.asked == 0


# -- rules ---------------------------------------------------------------------------------------------------


async def test_forbidden_words_strike_who_typed_them_and_nobody_is_asked(helped: Helped) -> None:
    await helped.server.guilds.add_word(GUILD, ADA, WordRule(Match.WORD, "fox", WordAction.STRIKE))

    assert await why(helped.improved()) == "refused.words_strike"
    assert (helped.asked, await strikes(helped), await helped.questions()) == (0, 1, [])


async def test_a_forbidden_word_of_the_models_strikes_nobody_and_is_not_shown(helped: Helped) -> None:
    await helped.server.guilds.add_word(GUILD, ADA, WordRule(Match.WORD, "wolf", WordAction.STRIKE))
    helped.model.fault(Fault.CHAT_SAYS, endpoint="chat", reason="<prompt>a paper wolf</prompt>")

    assert await why(helped.improved()) == "helper.answer_words"
    assert (await strikes(helped), await helped.spent()) == (0, PRICE)


async def test_a_pause_that_came_while_the_model_was_asked_is_named_as_what_it_is(
    helped: Helped, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat_of = helped.world.services.improving.helper.chat_of

    class Pausing:
        async def chat(self, model: str, *, instructions: str, words: str, seconds: float) -> str:
            way = chat_of(helped.world.services.accounts.fixed["default"])
            assert way is not None
            said = await way.chat(model, instructions=instructions, words=words, seconds=seconds)
            await helped.server.guilds.pause(GUILD, ADA, None, "closed for tonight")
            return said

    monkeypatch.setattr(helped.world.services.improving.helper, "chat_of", lambda _api: Pausing())

    assert await why(helped.improved()) == "refused.paused"


async def test_a_closed_pool_and_a_kind_that_is_not_allowed_ask_nobody(helped: Helped) -> None:
    await helped.world.services.prompt_settings.set_kind(GUILD, ADA, GUILD, Charge.HELP, allowed=False)

    assert await why(helped.improved()) == "refused.kind_other"
    assert (helped.asked, await helped.questions()) == (0, [])


async def test_outside_of_servers_nobody_is_asked(helped: Helped) -> None:
    asker = helped.server.asker()
    private = helped.server.elsewhere(asker, guild_id=None)

    assert await why(helped.improved(asker=private)) == "helper.off"
    assert (helped.asked, await helped.questions()) == (0, [])


# -- what it may cost ----------------------------------------------------------------------------------------


async def test_who_has_too_little_left_is_told_so_and_nobody_is_asked(helped: Helped) -> None:
    await helped.server.rule(Pool.NORMAL, 7, per_day=PRICE - 1)

    assert await why(helped.improved(asker=helped.server.asker(roles=(7,)))) == "refused.per_job"
    assert (helped.asked, await helped.spent()) == (0, 0)


async def test_the_owners_ceiling_holds_for_questions_too(helped: Helped) -> None:
    await helped.world.services.owner_policy.set_ceiling(GUILD, Ceiling(1, None, None, None))
    await helped.improved()

    assert await why(helped.improved()) == "refused.ceiling_day"
    assert (helped.asked, await helped.drawn()) == (1, 1)


async def test_a_question_begins_no_job_so_running_jobs_do_not_stand_in_its_way(helped: Helped) -> None:
    await helped.server.rule(Pool.NORMAL, 7, per_day=None, running=1, waiting=0)
    asker = helped.server.asker(roles=(7,))
    await helped.world.imagine(pool=Pool.NORMAL, asker=asker)

    assert (await helped.improved(asker=helped.server.asker(roles=(7,)))).prompt.startswith("a paper fox, ")


@pytest.mark.parametrize(
    "numbers", [{"per_day": 0}, {"per_day": 9, "running": 0, "waiting": 0}], ids=["no units", "none at once"]
)
async def test_whose_rule_gives_nothing_has_no_free_help_either(
    helped: Helped, numbers: dict[str, int]
) -> None:
    await helped.price(0)
    await helped.server.rule(Pool.NORMAL, GUILD, **numbers)
    await helped.server.rule(Pool.NORMAL, 7, 10)

    assert await why(helped.improved()) == "refused.per_nothing"
    assert (helped.asked, await helped.drawn()) == (0, 0)
    assert (await helped.improved(asker=helped.server.asker(2, roles=(7,)))).key


async def test_nobody_hammers_the_model_and_others_may_go_on_asking(helped: Helped) -> None:
    for _ in range(MOST_ASKED):
        await helped.improved()

    assert await why(helped.improved()) == "helper.too_often"
    assert helped.asked == MOST_ASKED
    assert (await helped.improved(asker=helped.server.asker(2))).key


@pytest.mark.parametrize(
    ("fault", "said", "books"),
    [
        (Fault.NO_BALANCE, "helper.balance", ["help", "help_refund"]),
        (Fault.RATE_LIMITED, "helper.busy", ["help", "help_refund"]),
        (Fault.REFUSED, "helper.refused", ["help", "help_refund"]),
        (Fault.BAD_KEY, "helper.key", ["help", "help_refund"]),
        (Fault.SERVER_ERROR, "helper.unclear", ["help"]),
        (Fault.NOT_JSON, "helper.unclear", ["help"]),
        (Fault.CHAT_NOTHING, "helper.answer_empty", ["help"]),
        (Fault.CHAT_DECLINES, "helper.answer_declined", ["help"]),
        (Fault.CHAT_FOREIGN, "helper.answer_language", ["help"]),
    ],
)
async def test_each_trouble_has_its_sentence_and_only_what_was_surely_not_paid_is_given_back(
    helped: Helped, fault: Fault, said: str, books: list[str]
) -> None:
    helped.model.fault(fault, endpoint="chat")

    assert await why(helped.improved()) == said
    assert await helped.questions() == books
    paid = "help_refund" not in books
    assert (await helped.spent(), await helped.drawn()) == ((PRICE, 1) if paid else (0, 0))
    assert helped.asked == 1


async def test_a_model_that_is_too_slow_is_not_waited_for_and_may_have_been_paid(
    helped: Helped, monkeypatch: pytest.MonkeyPatch
) -> None:
    leap_in_silence(monkeypatch, PATIENCE_S[Help.IMPROVE])
    helped.model.fault(Fault.HANG_AFTER, endpoint="chat")

    assert await why(helped.improved()) == "helper.unclear"
    assert await helped.questions() == ["help"]


async def test_a_key_that_is_refused_is_left_alone_for_a_while(helped: Helped) -> None:
    helped.model.fault(Fault.BAD_KEY, endpoint="chat")

    assert [await why(helped.improved()), await why(helped.improved())] == ["helper.key"] * 2
    assert helped.asked == 1
    helped.world.clock.move_to(helped.world.clock.now() + OFF_MS)
    assert (await helped.improved()).prompt.startswith("a paper fox, ")


# -- books in trouble ----------------------------------------------------------------------------------------


class Changing:
    """Books that find the server's settings changed, so many times."""

    def __init__(self, helped: Helped, times: int) -> None:
        self.books = helped.world.services.improving.helper.books
        self.times = times
        self.booked = 0

    async def book(self, *booking: object) -> bool:
        self.booked += 1
        if self.booked <= self.times:
            raise SettingsChanged(str(GUILD))
        assert self.books is not None
        return await self.books.book(*booking)  # type: ignore[arg-type]  # handed on as it came


async def test_a_setting_that_changed_meanwhile_is_read_anew(
    helped: Helped, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = Changing(helped, 2)
    monkeypatch.setattr(helped.world.services.improving.helper, "books", books)

    await helped.improved()

    assert (books.booked, await helped.spent()) == (3, PRICE)


async def test_settings_that_never_hold_still_are_trouble_and_cost_nothing(
    helped: Helped, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(helped.world.services.improving.helper, "books", Changing(helped, ATTEMPTS))

    with pytest.raises(StorageTrouble):
        await helped.improved()

    assert (helped.asked, await helped.questions()) == (0, [])


async def test_a_disk_that_fails_as_it_is_given_back_changes_nothing_of_what_is_said(
    helped: Helped, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    books = helped.world.services.improving.helper.books
    assert books is not None

    async def full(*_: object) -> None:
        await asyncio.sleep(0)
        raise StorageTrouble("the disk is full")

    monkeypatch.setattr(books, "give_back", full)
    helped.model.fault(Fault.RATE_LIMITED, endpoint="chat")

    assert await why(helped.improved()) == "helper.busy"
    assert "help_not_given_back" in caplog.text


# -- whether there is any help -------------------------------------------------------------------------------


async def test_without_a_model_nothing_is_offered_and_whoever_asks_is_told_so(world: Harness) -> None:
    improving = world.services.improving

    assert not improving.helper.offered
    attempt = improving.typed(world.asker(), PromptOptions(prompt="a paper fox"), None, None)
    assert await why(attempt) == "helper.off"


async def test_an_account_whose_server_has_no_chat_models_offers_nothing(
    helped: Helped, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper = helped.world.services.improving.helper
    assert helper.offered

    monkeypatch.setattr(helper, "chat_of", lambda _api: None)

    assert not helper.offered
    assert await why(helped.improved()) == "helper.off"


async def test_the_owners_other_address_is_asked_for_the_owners_accounts_alone(
    helped: Helped, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper = helped.world.services.improving.helper
    monkeypatch.setattr(helper, "own_api", helper.chat_of(helped.world.services.accounts.fixed["default"]))
    monkeypatch.setattr(helper, "chat_of", lambda _api: None)

    assert helper.offered
    assert (await helped.improved()).key
    brought = OwnAccount(GUILD, 1).name
    attempt = helper.ask(helped.server.asker(), Help.IMPROVE, "a fox", pool=Pool.NORMAL, account=brought)
    assert await why(attempt) == "helper.off"
    assert helped.asked == 1
