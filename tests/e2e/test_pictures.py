"""Pictures go in by commands, menus and buttons, and what comes of them is seen: the whole bot between both stand-ins.
Never here: single rules of it (tests/services/intake/test_pictures.py) and codecs (tests/midjourney/test_image_loader.py)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import discord
import pytest
from PIL import Image

from bot.domain.servers.guilds import Actor
from bot.sandbox.stage import GUILD_ID
from bot.sandbox.upstream import Fault
from bot.ui.imagine.use_as_prompt import HELD
from tests.e2e.seen import card_of
from tests.e2e.test_regions import REGION, card, choose, picker

if TYPE_CHECKING:
    from tests.e2e.harness import Harness


def painted(colour: str = "teal", size: tuple[int, int] = (60, 40)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


def moving() -> bytes:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=80)
    return file.getvalue()


RED, BLUE = ("red.png", painted("crimson")), ("blue.png", painted("navy"))


async def test_a_blend_comes_as_a_grid_whose_buttons_work(world: Harness) -> None:
    member, channel = world.place.member, world.place.channel

    asked = await member.slash(channel, "blend", image1=RED, image2=BLUE, shape="PORTRAIT", pool="FAST")
    grid = await world.finished(asked)
    single = await world.child(grid, "U1")

    assert "**Blend of 2 pictures · portrait**" in grid.words
    assert len(grid.pictures) == len(single.pictures) == 1
    assert "🔁 Edit prompt" not in grid.own
    assert (world.accepted[0].action, world.accepted[0].pool) == ("BLEND", "FAST")
    listed = world.shown(await member.slash(channel, "jobs list"))
    assert "Blend of 2 pictures" in listed.words


async def test_a_description_leads_to_pictures_one_by_one_and_all_at_once_after_a_restart(
    world: Harness,
) -> None:
    member, channel = world.place.member, world.place.channel
    asked = await member.slash(channel, "describe", image=RED, pool="FAST")
    card = await world.says(asked, "Description of \u2068red.png")
    card = await world.says(asked, "crimson")
    assert card.own[:4] == ["Imagine 1", "Imagine 2", "Imagine 3", "Imagine 4"]
    assert card.own[4:] == ["🎉 Imagine all", "🔄 Describe again", "ℹ️ Info", "🗑️ Delete"]  # noqa: RUF001 - as above
    assert card.buttons == []

    await world.restart()
    window = await world.press(card, "Imagine 1")
    sent = await member.submit_modal(window, {"prompt": "a crimson fox --ar 3:2"})
    fox = await world.finished(sent)
    assert "From [this description]" in fox.words
    assert [(task.pool, task.prompt) for task in world.accepted][-1] == ("FAST", "a crimson fox --ar 3:2")

    said = (await world.press(card, "🎉 Imagine all")).followups[-1]
    again = (await world.press(card, "🎉 Imagine all")).followups[-1]
    await world.until(
        lambda: sum("From [this description]" in c.words and bool(c.pictures) for c in world.channel()) == 5,
        "five pictures of the description",
        within=120,
    )
    assert said.ephemeral
    assert said.content == "4 pictures have started, each with its own card here."
    assert again.content == "4 are already being made, from the last press."
    assert sum(task.action == "IMAGINE" for task in world.accepted) == 5


async def test_a_mistake_in_an_edited_idea_is_given_back_and_mended(world: Harness) -> None:
    member = world.place.member
    described = await world.says(await member.slash(world.place.channel, "describe", image=RED), "crimson")

    window = await world.press(described, "Imagine 1")
    refused = await member.submit_modal(window, {"prompt": "a crimson fox --chaso 5"})
    assert refused.response is not None
    answer = card_of(refused.response)
    again = await world.press(answer, "\u270f\ufe0f Edit prompt")
    sent = await member.submit_modal(again, {"prompt": "a crimson fox --chaos 5"})
    fox = await world.finished(sent)

    assert refused.response.ephemeral
    assert "--chaso" in answer.words
    assert fox.pictures
    assert world.accepted[-1].prompt == "a crimson fox --chaos 5"


async def test_the_menu_describes_a_picture_of_a_message_and_of_a_card(world: Harness) -> None:
    member, channel = world.place.member, world.place.channel
    posted = await member.send(channel, "look", attachments=[("notes.txt", b"words"), BLUE])

    theirs = await world.says(await member.context_menu(channel, "Describe picture", posted), "navy")
    grid = await world.grid("a paper fox")
    ours = await member.context_menu(channel, "Describe picture", grid.message)
    card = await world.says(ours, "**4**")  # its title does not leave with it

    assert "Description of \u2068blue.png" in theirs.words
    assert "Imagine 4" in card.own
    again = await world.press(theirs, "🔄 Describe again")
    assert "The same picture as [here]" in (await world.says(again, "navy")).words


async def test_a_message_s_picture_becomes_part_of_a_prompt_and_a_remix_takes_it_along(
    world: Harness,
) -> None:
    member, channel = world.place.member, world.place.channel
    posted = await member.send(channel, attachments=[BLUE])
    window = await member.context_menu(channel, "Use as image prompt", posted)

    sent = await member.submit_modal(window, {"prompt": "a paper fox", "weight": "1,5"})
    card = await world.finished(sent)
    remixed = await member.submit_modal(await world.press(card, "🔁 Edit prompt"), {"prompt": "a paper owl"})
    owl = await world.finished(remixed)

    assert "**\u2068a paper fox --iw 1.5\u2069**" in card.words
    assert "with 1 picture" in card.words
    assert "http" not in card.words.partition("\n")[0]
    assert "with 1 picture" in owl.words
    prompts = [task.prompt or "" for task in world.accepted]
    assert all(prompt.startswith(f"{world.upstream.storage}/api/v1/f/pub/") for prompt in prompts)
    assert [prompt.partition(" ")[2] for prompt in prompts] == ["a paper fox --iw 1.5", "a paper owl"]


async def test_imagine_takes_pictures_and_their_weight(world: Harness) -> None:
    card = await world.finished(await world.imagine("a paper fox", image1=RED, image3=BLUE, weight=2.0))

    assert "with 2 pictures" in card.words
    assert len((world.accepted[0].prompt or "").split("http")) == 3
    assert (world.accepted[0].prompt or "").endswith("a paper fox --iw 2")


async def test_a_card_is_used_as_an_image_prompt_too(world: Harness) -> None:
    member, grid = world.place.member, await world.grid("a paper fox")
    window = await member.context_menu(world.place.channel, "Use as image prompt", grid.message)
    await world.restart()

    card = await world.finished(await member.submit_modal(window, {"prompt": "in the rain", "weight": ""}))

    assert "with 1 picture" in card.words


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (("fox.png", b"%PDF-1.7 words"), "fox.png is not a picture"),
        (("fox.gif", moving()), "fox.gif is animated"),
    ],
    ids=["pdf", "gif"],
)
async def test_what_is_no_picture_is_refused_in_private_and_leaves_nothing(
    world: Harness, file: tuple[str, bytes], said: str
) -> None:
    asked = await world.place.member.slash(world.place.channel, "describe", image=file)

    assert said in world.whisper(asked)
    assert world.channel() == []
    assert world.submissions == []


async def test_a_message_without_a_picture_or_deleted_meanwhile_is_told_so(world: Harness) -> None:
    member, channel = world.place.member, world.place.channel
    words = await member.send(channel, "only words", attachments=[("notes.txt", b"words")])
    posted = await member.send(channel, attachments=[BLUE])
    window = await member.context_menu(channel, "Use as image prompt", posted)

    none = world.whisper(await member.context_menu(channel, "Describe picture", words))
    world.env.backend.cdn._blobs.clear()  # Discord forgets a file with its message
    gone = world.whisper(await member.submit_modal(window, {"prompt": "a fox", "weight": ""}))

    assert "no picture attached" in none
    assert "That picture is gone" in gone
    assert world.submissions == []


async def test_a_window_that_was_open_over_a_restart_begins_its_picture(world: Harness) -> None:
    member, channel = world.place.member, world.place.channel
    posted = await member.send(channel, attachments=[BLUE])
    window = await member.context_menu(channel, "Use as image prompt", posted)
    HELD.clear()

    card = await world.finished(await member.submit_modal(window, {"prompt": "a fox", "weight": ""}))

    assert card.pictures
    assert len(world.submissions) == 1


async def test_a_window_whose_message_is_gone_after_a_restart_says_so(world: Harness) -> None:
    member, channel = world.place.member, world.place.channel
    posted = await member.send(channel, attachments=[BLUE])
    window = await member.context_menu(channel, "Use as image prompt", posted)
    HELD.clear()
    await posted.delete()

    said = world.whisper(await member.submit_modal(window, {"prompt": "a fox", "weight": ""}))

    assert "That picture is gone" in said
    assert world.submissions == []


async def test_a_window_with_a_mistake_is_answered_in_private(world: Harness) -> None:
    member, channel = world.place.member, world.place.channel
    posted = await member.send(channel, attachments=[BLUE])
    window = await member.context_menu(channel, "Use as image prompt", posted)

    said = world.whisper(await member.submit_modal(window, {"prompt": "a fox", "weight": "9"}))

    assert "--iw" in said
    assert world.submissions == []


async def test_a_weight_without_pictures_is_refused(world: Harness) -> None:
    asked = await world.imagine("a fox", weight=1.0)

    assert "attach one as image1" in world.shown(asked).words
    assert world.submissions == []


AGAIN = "🔄 Try again"


@pytest.mark.parametrize("command", ["blend", "describe"])
async def test_what_failed_is_tried_again_with_the_same_pictures_after_a_restart(
    world: Harness, command: str
) -> None:
    pictures = {"image1": RED, "image2": BLUE} if command == "blend" else {"image": RED}
    world.upstream.fault(Fault.FAILS)
    asked = await world.place.member.slash(world.place.channel, command, **pictures)
    failed = await world.says(asked, "⚠️")
    await world.restart()

    again = await world.press(failed, AGAIN)

    if command == "blend":
        assert len((await world.finished(again)).pictures) == 1
    else:
        assert "crimson" in (await world.says(again, "crimson")).words
    first, second = world.submissions
    assert second.body == first.body


async def test_a_region_that_failed_is_tried_again_with_its_mask(world: Harness) -> None:
    single = await world.child(await world.grid("a paper fox --v 7"), "U1")
    opened = await world.press(single, REGION)
    await choose(world, opened, "A1", "B1")
    world.upstream.fault(Fault.FAILS)
    repainting = await world.press(picker(opened), "Repaint")
    await world.until(lambda: AGAIN in card(repainting).own, "a failed card")

    again = await world.finished(await world.press(card(repainting), AGAIN))

    first, second = world.submissions[-2:]
    assert len(again.pictures) == 1
    assert second.body["base64Mask"] == first.body["base64Mask"]


async def test_a_picture_of_an_embed_obeys_the_rules_about_links(world: Harness) -> None:
    member, channel = world.place.member, world.place.channel
    await world.app.services.guilds.set_values(GUILD_ID, Actor(1, "mod"), "images", {"links": False})
    bot = world.app.bot.get_partial_messageable(channel.id)
    embed = discord.Embed(title="A fox").set_image(url="https://pictures.example/fox.png")
    posted = await bot.send(embed=embed)
    window = await member.context_menu(channel, "Use as image prompt", posted)

    refused = await member.submit_modal(window, {"prompt": "a fox in the snow", "weight": ""})

    assert "does not take links" in world.whisper(refused)
    assert world.submissions == []
