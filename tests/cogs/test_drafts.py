"""A prompt that was refused is not lost: a button gives it back, to its writer and for a while, with all that was said.
Never here: why prompts are refused."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from sqlalchemy import insert, select

from bot.domain.failures import Failure, FailureKind
from bot.domain.inputs import Input
from bot.domain.intake.prompts import PromptOptions
from bot.domain.jobs import JobKind, JobState, Route
from bot.domain.personal_items import DRAFT_LIFE_MS
from bot.domain.pools import Pool
from bot.domain.ports import Showing
from bot.domain.servers.access import PressPermission
from bot.domain.servers.moderation import Match, WordAction, WordRule
from bot.errors import UserError
from bot.services.admission.viewer import Viewer
from bot.services.history.preferences import People
from bot.services.intake.drafts import as_typed
from bot.storage.jobs.rows import inputs_of
from bot.storage.people_tables import drafts
from bot.storage.tables import inputs
from bot.ui.card.description import IDEA_WORDS
from bot.ui.card.shortened import SHORTER_WORDS
from bot.ui.kit.deadline import within_deadline
from tests.cogs.moderation_harness import Moderated, moderated, seen
from tests.fixtures.patience import SHORT_S, too_slowly
from tests.ui.builders import walk

if TYPE_CHECKING:
    from pathlib import Path

    import discord
    from simcord.results import InteractionResult, ResponseMessage

    from bot.domain.jobs import Job
    from bot.domain.people import Preferences


_FILE = io.BytesIO()
Image.new("RGB", (60, 40), "teal").save(_FILE, "PNG")
PNG = _FILE.getvalue()


def answer(result: InteractionResult) -> ResponseMessage:
    """The refusal."""
    return result.response or result.followups[-1]


def buttons(result: InteractionResult) -> list[str]:
    """What came with an answer."""
    answers = [*([result.response] if result.response else []), *result.followups]
    return [str(c["custom_id"]) for a in answers for c in walk(a.components) if c["type"] == 2]


def button(result: InteractionResult) -> str:
    """The one button that came with a refusal."""
    (found,) = buttons(result)
    return found


def prefilled(window: InteractionResult) -> str:
    """What stands in the window."""
    assert window.modal is not None
    (field,) = [c["component"] for c in window.modal["components"]]
    return str(field["value"])


async def begun(shop: Moderated, user_id: int | None = None) -> list[Job]:
    page = await shop.storage.archive.page(user_id or shop.house.ada.id, shop.guild_id, skip=0, limit=9)
    return list(page.jobs)


async def test_a_mistyped_prompt_is_edited_and_asked_for_again(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        ada, channel = shop.house.ada, shop.house.channel
        await shop.services.people.keep_set(ada.id, "ink", "--stylize 50")
        asked: dict[str, Any] = {"prompt": "a fox --chaso 5", "pool": "FAST", "aspect": "3:2", "set": "ink"}

        refused = await ada.slash(channel, "imagine", **asked)
        window = await ada.click(answer(refused), custom_id=button(refused))
        sent = await ada.submit_modal(window, {"prompt": "a fox --chaos 5 --ar 3:2"})

        assert "`--chaos`" in seen(refused)
        assert prefilled(window) == "a fox --chaso 5 --ar 3:2"
        assert sent.deferred
        (job,) = await begun(shop)
        assert (job.prompt, job.pool) == ("a fox --chaos 5 --ar 3:2 --stylize 50", Pool.FAST)


async def test_what_was_switched_off_is_off_in_a_prompt_that_is_edited_too(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        ada, channel = shop.house.ada, shop.house.channel
        await shop.services.people.prefer_suffix(ada.id, "--tile")

        refused = await ada.slash(channel, "imagine", prompt="a fox --aspekt 3:2", tile=False)
        window = await ada.click(answer(refused), custom_id=button(refused))
        kept = prefilled(window)
        await ada.submit_modal(window, {"prompt": kept.replace("--aspekt", "--aspect")})

        assert kept == "a fox --aspekt 3:2 --no-tile"
        assert [job.prompt for job in await begun(shop)] == ["a fox --aspect 3:2"]


async def test_an_option_set_that_is_not_read_in_time_is_not_taken_for_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with moderated(tmp_path) as shop:
        ada, read = shop.house.ada, People.preferences
        await shop.services.people.keep_set(ada.id, "ink", "--stylize 50")
        looks = iter([True])

        async def slow_at_first(people: People, user_id: int) -> Preferences:
            if next(looks, False):
                await too_slowly()
            return await read(people, user_id)

        monkeypatch.setattr(People, "preferences", slow_at_first)
        monkeypatch.setitem(within_deadline.__kwdefaults__ or {}, "within", SHORT_S)
        await ada.slash(shop.house.channel, "imagine", prompt="a fox --ink")

        assert [job.prompt for job in await begun(shop)] == ["a fox --stylize 50"]


async def test_a_prompt_with_a_forbidden_word_is_given_back_with_nothing_left_in_public(
    tmp_path: Path,
) -> None:
    async with moderated(tmp_path) as shop:
        ada, channel = shop.house.ada, shop.house.channel
        rule = WordRule(Match.WORD, "gore", WordAction.BLOCK)
        await shop.services.guilds.add_word(shop.guild_id, shop.boss, rule)

        refused = await ada.slash(channel, "imagine", prompt="a fox, gore")
        window = await ada.click(refused.followups[-1], custom_id=button(refused))
        again = await ada.submit_modal(window, {"prompt": "a fox, more gore"})
        fixed = await ada.click(again.followups[-1], custom_id=button(again))
        await ada.submit_modal(fixed, {"prompt": "a fox"})

        assert [m for m in channel.history(viewer=shop.house.bob) if "gore" in m.content] == []
        assert (prefilled(window), prefilled(fixed)) == ("a fox, gore", "a fox, more gore")
        assert [job.prompt for job in await begun(shop)] == ["a fox"]


async def test_a_pool_that_is_refused_gives_the_prompt_back_with_the_pool_in_its_words(
    tmp_path: Path,
) -> None:
    async with moderated(tmp_path) as shop:
        await shop.services.guilds.switch_pool(shop.guild_id, shop.boss, Pool.FAST, on=False)
        ada, channel = shop.house.ada, shop.house.channel

        by_option = await ada.slash(channel, "imagine", prompt="a fox", pool="FAST", chaos=9)
        by_words = await ada.slash(channel, "imagine", prompt="an owl --fast")
        window = await ada.click(answer(by_option), custom_id=button(by_option))
        typed = await ada.click(answer(by_words), custom_id=button(by_words))
        await ada.submit_modal(window, {"prompt": "a fox --chaos 9"})

        assert "FAST" in seen(by_option)
        assert "FAST" in seen(by_words)
        assert (prefilled(window), prefilled(typed)) == ("a fox --fast --chaos 9", "an owl --fast")
        assert [(job.prompt, job.pool) for job in await begun(shop)] == [("a fox --chaos 9", Pool.NORMAL)]


async def test_pictures_that_cannot_go_along_with_several_give_the_prompt_back(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        picture = ("fox.png", PNG)
        refused = await shop.house.ada.slash(
            shop.house.channel, "imagine", prompt="a {red, blue} fox", image1=picture
        )
        window = await shop.house.ada.click(answer(refused), custom_id=button(refused))

        assert "cannot go along with several pictures" in seen(refused)
        assert "attach them again" in seen(refused)
        assert prefilled(window) == "a {red, blue} fox"
        assert await begun(shop) == []


async def test_who_is_blocked_gets_no_button_that_would_be_refused_as_well(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        await shop.services.moderation.block(
            shop.guild_id, shop.boss, shop.house.ada.id, reason="spam", until=None
        )

        refused = await shop.house.ada.slash(shop.house.channel, "imagine", prompt="a fox")

        assert "spam" in seen(refused)
        assert await shop.storage.database.read(lambda cn: cn.execute(select(drafts)).all()) == []


async def test_only_the_writer_opens_a_draft_and_only_in_time_and_in_its_server(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        service, ada = shop.services.drafts, shop.house.ada
        key = await service.keep(
            PromptOptions(prompt="a fox"), user_id=ada.id, guild_id=shop.guild_id, pool=None, option_set=None
        )
        mine = Viewer(user_id=ada.id, guild_id=shop.guild_id, manages=False)

        assert (await service.open(mine, key)).prompt == "a fox"
        for viewer, says in (
            (replace(mine, user_id=shop.mo.id, manages=True), "draft.not_yours"),
            (replace(mine, guild_id=5), "draft.expired"),
        ):
            with pytest.raises(UserError) as refused:
                await service.open(viewer, key)
            assert refused.value.text.id == says

        await shop.house.env.advance_time(DRAFT_LIFE_MS / 1000 + 1)
        with pytest.raises(UserError) as refused:
            await service.open(mine, key)
        assert refused.value.text.id == "draft.expired"
        await service.tidy()
        assert await shop.storage.personal_items.draft(key) is None


async def test_a_remix_that_is_refused_keeps_the_pool_of_its_picture(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        ada, channel = shop.house.ada, shop.house.channel
        job = await shop.job(JobState.FAILED, pool=Pool.FAST)
        banned = replace(job, failure=Failure(FailureKind.BANNED_PROMPT))
        shown = await shop.house.publisher.show(Showing(banned, job.created_at), Route.POST, picture=None)
        (card,) = [m for m in channel.history(viewer=ada) if m.id == shown.message_id]
        window = await ada.click(card, custom_id=f"easel:2:edit:{job.key}")
        assert prefilled(window) == job.prompt

        refused = await ada.submit_modal(window, {"prompt": "a fox --chaso 3"})
        fixed = await ada.click(answer(refused), custom_id=button(refused))
        await ada.submit_modal(fixed, {"prompt": "a fox --chaos 3"})

        assert next((one.prompt, one.pool) for one in await begun(shop)) == ("a fox --chaos 3", Pool.FAST)


async def with_a_picture(shop: Moderated, **changes: Any) -> Job:
    """A picture that was refused upstream, and what it was made from."""
    given = Input(PNG, "image/png", "fox.png")
    job = await shop.job(inputs=1, **changes)
    await shop.storage.database.write(lambda cn: cn.execute(insert(inputs), inputs_of(job, [given])))
    ended = replace(
        job, state=JobState.FAILED, failure=Failure(FailureKind.BANNED_PROMPT), finished_at=job.created_at
    )
    await shop.storage.jobs.save(ended)
    return ended


async def shown(shop: Moderated, job: Job) -> discord.Message:
    where = await shop.house.publisher.show(Showing(job, job.created_at), Route.POST, picture=None)
    history = shop.house.channel.history(viewer=shop.house.ada)
    (card,) = [m for m in history if m.id == where.message_id]
    return card


async def strikes(shop: Moderated) -> int:
    return len((await shop.services.moderation.member(shop.guild_id, shop.house.ada.id)).strikes)


async def test_a_prompt_under_a_picture_that_is_refused_again_and_again_keeps_what_it_was_made_from(
    tmp_path: Path,
) -> None:
    async with moderated(tmp_path) as shop:
        ada, job = shop.house.ada, await with_a_picture(shop)
        window = await ada.click(await shown(shop, job), custom_id=f"easel:2:edit:{job.key}")

        for mistyped in ("a fox --chaso 3", "a fox --chasoo 3"):
            refused = await ada.submit_modal(window, {"prompt": mistyped})
            window = await ada.click(answer(refused), custom_id=button(refused))
        await ada.submit_modal(window, {"prompt": "a fox --chaos 3"})

        (mended, _) = await begun(shop)
        assert (mended.prompt, mended.inputs) == ("a fox --chaos 3", 1)
        assert mended.ancestor is not None
        assert mended.ancestor.key == job.key


async def test_an_edited_prompt_may_have_an_own_option_set(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        ada, job = shop.house.ada, await with_a_picture(shop)
        await shop.services.people.keep_set(ada.id, "mine", "--stylize 50")
        window = await ada.click(await shown(shop, job), custom_id=f"easel:2:edit:{job.key}")
        await ada.submit_modal(window, {"prompt": "a fox --mine"})

        assert (await begun(shop))[0].prompt == "a fox --stylize 50"


@pytest.mark.parametrize("prompt", ["a {red, blue} fox", "a fox --repeat 2"])
async def test_an_edited_prompt_for_several_is_offered_as_several(tmp_path: Path, prompt: str) -> None:
    async with moderated(tmp_path) as shop:
        ada, job = shop.house.ada, await shop.job(JobState.SUCCEEDED, pool=Pool.FAST)
        window = await ada.click(await shown(shop, job), custom_id=f"easel:2:remix:{job.key}")
        offered = await ada.submit_modal(window, {"prompt": prompt})
        (yes,) = [one for one in buttons(offered) if ":batch:" in one]
        assert answer(offered).ephemeral
        await ada.click(answer(offered), custom_id=yes)

        first, second, _ = await begun(shop)
        assert {one.pool for one in (first, second)} == {Pool.FAST}
        assert [one.ancestor and one.ancestor.key for one in (first, second)] == [job.key] * 2


@pytest.mark.parametrize(
    ("kind", "words", "told"), [("describe", "", "1️⃣ a paper owl"), ("shorten", "a paper owl", "1. owl")]
)
async def test_a_proposed_prompt_may_have_an_own_option_set(
    tmp_path: Path, kind: str, words: str, told: str
) -> None:
    async with moderated(tmp_path) as shop:
        ada = shop.house.ada
        await shop.services.people.keep_set(ada.id, "mine", "--stylize 50")
        job = await shop.job(JobState.SUCCEEDED, kind=JobKind(kind), prompt=words, result_text=told)
        word = (IDEA_WORDS if kind == "describe" else SHORTER_WORDS)[0]
        window = await ada.click(await shown(shop, job), custom_id=f"easel:2:{word}:{job.key}")
        await ada.submit_modal(window, {"prompt": "an owl --mine"})

        assert (await begun(shop))[0].prompt == "an owl --stylize 50"


@pytest.mark.parametrize("prompt", ["a fox --mine", "a {red, blue} fox"])
async def test_a_picture_of_a_message_goes_with_an_own_option_set_and_never_with_several(
    tmp_path: Path, prompt: str
) -> None:
    async with moderated(tmp_path, more=("cogs.pictures",)) as shop:
        ada, channel = shop.house.ada, shop.house.channel
        await shop.services.people.keep_set(ada.id, "mine", "--stylize 50")
        posted = await ada.send(channel, "mine", attachments=[("fox.png", PNG)])
        window = await ada.context_menu(channel, "Use as image prompt", posted)
        sent = await ada.submit_modal(window, {"prompt": prompt})

        if "{" in prompt:
            assert "cannot go along with several pictures" in seen(sent)
        jobs = [] if "{" in prompt else [("a fox --stylize 50", 1)]
        assert [(one.prompt, one.inputs) for one in await begun(shop)] == jobs


async def test_nobody_is_struck_for_words_of_a_picture_that_they_send_once_more(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        ada, job = shop.house.ada, await with_a_picture(shop, prompt="a paper gun")
        window = await ada.click(await shown(shop, job), custom_id=f"easel:2:edit:{job.key}")
        rule = WordRule(Match.WORD, "gun", WordAction.STRIKE)
        await shop.services.guilds.add_word(shop.guild_id, shop.boss, rule)

        for _ in range(3):
            refused = await ada.submit_modal(window, {"prompt": job.prompt})
            window = await ada.click(answer(refused), custom_id=button(refused))

        assert await strikes(shop) == 0


@pytest.mark.parametrize(
    ("kind", "words", "told"), [("describe", "", "1️⃣ a paper gun"), ("shorten", "a paper gun", "1. gun")]
)
async def test_nobody_is_struck_for_words_that_they_were_proposed(
    tmp_path: Path, kind: str, words: str, told: str
) -> None:
    async with moderated(tmp_path) as shop:
        ada = shop.house.ada
        job = await shop.job(JobState.SUCCEEDED, kind=JobKind(kind), prompt=words, result_text=told)
        word = (IDEA_WORDS if kind == "describe" else SHORTER_WORDS)[0]
        window = await ada.click(await shown(shop, job), custom_id=f"easel:2:{word}:{job.key}")
        rule = WordRule(Match.WORD, "gun", WordAction.STRIKE)
        await shop.services.guilds.add_word(shop.guild_id, shop.boss, rule)

        for prompt in ("a gun --chaso 3", "a gun", "a gun --repeat 2", "a gun"):
            refused = await ada.submit_modal(window, {"prompt": prompt})
            edit, *yes = sorted(buttons(refused), key=lambda one: ":draft:" not in one)
            window = await ada.click(answer(refused), custom_id=edit)
            if yes:  # several are offered, and their words judged as each of them begins
                await ada.click(answer(refused), custom_id=yes[0])

        assert await strikes(shop) == 0
        assert [one.key for one in await begun(shop)] == [job.key]


@pytest.mark.parametrize(
    ("kind", "words", "told"), [("describe", "", "1️⃣ a paper owl"), ("shorten", "a paper owl", "1. owl")]
)
async def test_whoever_may_not_press_begins_nothing_from_the_refusal_either(
    tmp_path: Path, kind: str, words: str, told: str
) -> None:
    async with moderated(tmp_path) as shop:
        bob = shop.house.bob
        job = await shop.job(JobState.SUCCEEDED, kind=JobKind(kind), prompt=words, result_text=told)
        word = (IDEA_WORDS if kind == "describe" else SHORTER_WORDS)[0]
        window = await bob.click(await shown(shop, job), custom_id=f"easel:2:{word}:{job.key}")
        only_hers = {"who": PressPermission.REQUESTER}
        await shop.services.guilds.set_values(shop.guild_id, shop.boss, "press", only_hers)

        for prompt in ("an owl", "an owl", "an owl --repeat 2"):
            refused = await bob.submit_modal(window, {"prompt": prompt})
            assert "only whoever asked" in seen(refused)
            window = await bob.click(answer(refused), custom_id=button(refused))

        assert [one.key for one in await begun(shop, bob.id)] == []


async def test_what_a_description_proposed_names_it_after_a_mistake_as_well(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        ada, told = shop.house.ada, "1️⃣ a paper owl"
        job = await shop.job(JobState.SUCCEEDED, kind=JobKind.DESCRIBE, prompt="", result_text=told)
        window = await ada.click(await shown(shop, job), custom_id=f"easel:2:{IDEA_WORDS[0]}:{job.key}")

        refused = await ada.submit_modal(window, {"prompt": "an owl --chaso 3"})
        window = await ada.click(answer(refused), custom_id=button(refused))
        await ada.submit_modal(window, {"prompt": "an owl --chaos 3"})

        (mended, _) = await begun(shop)
        assert mended.ancestor is not None
        assert (mended.ancestor.key, mended.prompt, mended.inputs) == (job.key, "an owl --chaos 3", 0)


async def test_another_pool_takes_the_pictures_of_a_refused_prompt_along(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        ada, job = shop.house.ada, await with_a_picture(shop, pool=Pool.FAST)
        window = await ada.click(await shown(shop, job), custom_id=f"easel:2:edit:{job.key}")
        await shop.services.guilds.switch_pool(shop.guild_id, shop.boss, Pool.FAST, on=False)

        refused = await ada.submit_modal(window, {"prompt": "a fox"})
        window = await ada.click(answer(refused), custom_id=button(refused))
        await ada.submit_modal(window, {"prompt": "a fox --relax"})

        assert prefilled(window) == "a fox --fast"
        (mended, _) = await begun(shop)
        assert (mended.prompt, mended.pool, mended.inputs) == ("a fox", Pool.NORMAL, 1)


async def test_several_of_a_prompt_whose_pictures_would_stay_behind_are_not_offered(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        ada, job = shop.house.ada, await with_a_picture(shop)
        window = await ada.click(await shown(shop, job), custom_id=f"easel:2:edit:{job.key}")

        refused = await ada.submit_modal(window, {"prompt": "a fox --repeat 2"})
        window = await ada.click(answer(refused), custom_id=button(refused))
        again = await ada.submit_modal(window, {"prompt": "a fox --repeat 2"})

        assert "picture" in seen(again)
        assert [one.key for one in await begun(shop)] == [job.key]
        window = await ada.click(answer(again), custom_id=button(again))
        await ada.submit_modal(window, {"prompt": "a fox"})
        assert [one.inputs for one in await begun(shop)] == [1, 1]


def test_what_was_typed_is_spelled_with_its_mistakes() -> None:
    options = PromptOptions(
        prompt=" a fox ", aspect="wide", version="niji 9", seed=7, no="text", raw=True, tile=False
    )

    assert as_typed(options) == "a fox --ar wide --niji 9 --seed 7 --no text --raw --no-tile"
    assert as_typed(PromptOptions(prompt="a", version="7", tile=True)) == "a --v 7 --tile"
