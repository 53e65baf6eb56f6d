"""`/imagine` with choices or repeats asks first, in Discord as people see it; pictures have roles; sets stand in prompts.
Never here: how choices are written out (tests/domain/intake/test_batches.py), and prices (tests/services/intake/test_batches.py)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.inputs import InputRole, sent_prompt
from bot.domain.pools import Pool
from tests.cogs.moderation_harness import moderated, seen
from tests.midjourney.drawing import still
from tests.services.server_harness import ADA, set_rule
from tests.ui.builders import walk

if TYPE_CHECKING:
    from pathlib import Path

    from simcord.results import InteractionResult, ResponseMessage

    from bot.domain.jobs import Job
    from tests.cogs.moderation_harness import Moderated


def buttons(result: InteractionResult) -> list[str]:
    answers = [*([result.response] if result.response else []), *result.followups]
    return [str(c["custom_id"]) for a in answers for c in walk(a.components) if c["type"] == 2]


def controls(card: ResponseMessage) -> list[tuple[str, str]]:
    """Every button of a card as it is now, with its words."""
    return [(str(c["custom_id"]), str(c["label"])) for c in walk(card.components) if c["type"] == 2]


async def begun(shop: Moderated) -> list[Job]:
    page = await shop.storage.archive.page(shop.house.ada.id, shop.guild_id, skip=0, limit=20)
    return list(page.jobs)


async def test_several_jobs_are_announced_with_their_price_and_begin_once_after_a_yes(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        ada, channel = shop.house.ada, shop.house.channel

        asked = await ada.slash(channel, "imagine", prompt="a {red, green} fox --fast", aspect="3:2")
        before, said = await begun(shop), seen(asked)
        card = asked.response or asked.followups[-1]
        start, edit, _no = buttons(asked)
        window = await ada.click(card, custom_id=edit)
        await ada.click(card, custom_id=start)

        assert before == []
        assert card.ephemeral
        assert "**2** pictures" in said
        assert "Units in all: **2**" in said
        assert "a green fox --ar 3:2" in said.replace("\\", "")
        assert window.modal is not None
        jobs = await begun(shop)
        assert sorted(job.prompt for job in jobs) == ["a green fox --ar 3:2", "a red fox --ar 3:2"]
        assert {job.pool for job in jobs} == {Pool.FAST}


async def test_those_that_were_refused_can_be_begun_later_from_the_same_card(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        ada, channel = shop.house.ada, shop.house.channel
        asked = await ada.slash(channel, "imagine", prompt="a {red, green, blue, grey} fox --fast")
        card = asked.response or asked.followups[-1]
        start, edit, _no = buttons(asked)
        await set_rule(
            shop.services.guilds,
            shop.guild_id,
            ADA,
            Pool.FAST,
            shop.guild_id,
            per_day=3,
            running=None,
            waiting=None,
        )

        await ada.click(card, custom_id=start)
        some, kept = len(await begun(shop)), controls(card)
        await shop.set_unlimited(ADA)
        await ada.click(card, custom_id=start)

        assert some == 3
        assert kept == [(start, "Start 1 picture"), (edit, "Edit prompt")]
        assert sorted(job.prompt for job in await begun(shop)) == [
            f"a {one} fox" for one in ("blue", "green", "grey", "red")
        ]
        assert controls(card) == []


async def test_a_no_begins_nothing(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        ada, channel = shop.house.ada, shop.house.channel
        asked = await ada.slash(channel, "imagine", prompt="a fox --repeat 3")

        await ada.click(asked.response or asked.followups[-1], custom_id=buttons(asked)[2])

        assert await begun(shop) == []


async def test_more_than_the_server_allows_is_given_back_to_be_edited(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        refused = await shop.house.ada.slash(shop.house.channel, "imagine", prompt="a fox --repeat 9")

        assert "that one asks for 9" in seen(refused)
        assert len(buttons(refused)) == 1
        assert await begun(shop) == []


async def test_a_set_stands_in_the_prompt_like_a_parameter(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        ada, channel = shop.house.ada, shop.house.channel
        await shop.services.people.keep_set(ada.id, "mine", "--stylize 50 --ar 3:2")

        await ada.slash(channel, "imagine", prompt="a fox --mine")

        assert [job.prompt for job in await begun(shop)] == ["a fox --stylize 50 --ar 3:2"]


async def test_a_set_may_stand_beside_a_repeat(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        ada, channel = shop.house.ada, shop.house.channel
        await shop.services.people.keep_set(ada.id, "mine", "--ar 3:2")

        asked = await ada.slash(channel, "imagine", prompt="a fox --mine --repeat 2")
        window = await ada.click(asked.response or asked.followups[-1], custom_id=buttons(asked)[1])
        again = await ada.submit_modal(window, {"prompt": "a fox --mine --repeat 3"})

        assert "**2** pictures" in seen(asked)
        assert "**3** pictures" in seen(again)
        assert await begun(shop) == []


async def test_each_picture_has_its_role_and_is_sent_as_it(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        ada, channel = shop.house.ada, shop.house.channel
        pictures = [(f"{n}.png", still("PNG")) for n in "abc"]

        await ada.slash(
            channel,
            "imagine",
            prompt="a fox --sref 12 --tile",
            image1=pictures[0],
            image2=pictures[1],
            role2="style",
            image3=pictures[2],
            role3="omni",
        )

        (job,) = await begun(shop)
        inputs = await shop.storage.jobs.inputs(job.key)
        assert [one.role for one in inputs] == [InputRole.IMAGE, InputRole.STYLE, InputRole.OMNI]
        placed = [replace(one, address=f"https://a.example/{n}") for n, one in enumerate(inputs)]
        assert sent_prompt(job.prompt, placed) == (
            "https://a.example/0 a fox --sref 12 https://a.example/1 --tile --oref https://a.example/2"
        )


async def test_a_role_without_its_picture_and_a_bad_picture_give_the_prompt_back(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        ada, channel = shop.house.ada, shop.house.channel
        alone = await ada.slash(channel, "imagine", prompt="a fox", role1="style")
        bad = await ada.slash(
            channel,
            "imagine",
            prompt="a fox",
            image1=("a.png", still("PNG", (1, 1))),
        )

        assert "attached none" in seen(alone)
        assert "attach them again" in seen(bad)
        assert "1 × 1" in seen(bad)  # noqa: RUF001 - the sign of multiplication
        assert (len(buttons(alone)), len(buttons(bad))) == (1, 1)
        assert await begun(shop) == []
