"""What goes wrong, as people read it: one clear sentence on the card, or a private refusal before anything is paid.
Never here: the wording of every failure (tests/domain) and of the wires (tests/midjourney)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
import pytest

from bot.sandbox.upstream import Fault
from tests.e2e.harness import lose_edits

if TYPE_CHECKING:
    from tests.e2e.harness import Harness

NOWHERE = "http://127.0.0.1:9"
"""The discard port: nobody listens there."""


# -- refused before anything is paid ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prompt", "says"),
    [
        ("   ", "prompt is empty"),
        ("--v 7", "prompt is empty"),
        ("a fox --sylize 200", "`--stylize`"),
        ("a fox --chaos 900", "0 to 100"),
        ("a fox --ar wide", "16:9"),
        ("a fox --repeat 10", "that one asks for 10"),
        ("a {red, blue} fox", "Start them?"),
    ],
)
async def test_a_prompt_that_cannot_work_is_explained_in_private(
    world: Harness, prompt: str, says: str
) -> None:
    asked = await world.imagine(prompt)

    assert says in world.whisper(asked)
    assert not world.upstream.calls
    assert not world.channel() or all(card.message.ephemeral for card in world.channel())


@pytest.mark.parametrize(
    ("missing", "says"),
    [
        ("attach_files", "Attach Files"),
        ("send_messages", "Send Messages"),
    ],
)
async def test_without_the_permission_to_show_pictures_nothing_is_begun(
    world: Harness, missing: str, says: str
) -> None:
    guild = world.place.channel.guild
    assert guild is not None
    closed = guild.create_text_channel(
        "closed", overwrites={guild.roles["Easel"]: discord.PermissionOverwrite(**{missing: False})}
    )

    asked = await world.imagine("a paper fox", channel=closed)

    assert says in world.whisper(asked)
    assert not world.upstream.calls


# -- begun, and not told -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", [1, 2])
async def test_whoever_began_several_pictures_is_never_told_that_nothing_was_charged(
    world: Harness, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    offer = world.whispered(await world.imagine("a {red, blue} fox"))
    lose_edits(monkeypatch, lost)

    begun = await world.press(offer, "▶️ Start 2 pictures")

    words = [answer.content for answer in begun.followups if answer.ephemeral]
    await world.until(lambda: len(world.accepted) == 2, "two pictures")
    assert [said.startswith("It has begun") for said in words] == [True] * (lost - 1)


# -- said on the card ------------------------------------------------------------------------------------------


async def test_a_banned_prompt_is_told_with_midjourneys_own_words(world: Harness) -> None:
    asked = await world.imagine("a splatterfest")

    card = await world.says(asked, "word filter")

    assert "splatterfest" in card.words
    assert "Nothing was taken from your allowance" in card.words
    assert not card.buttons
    assert not card.pictures


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Fault.BAD_KEY, "does not accept this bot's key"),
        (Fault.NO_BALANCE, "no credit left"),
        (Fault.MODAL, "⚠️"),
        (Fault.NO_PICTURE, "⚠️"),
        (Fault.CREDITS_EXHAUSTED, "cannot work right now"),
        (Fault.CHINESE_REASON, "⚠️"),
        (Fault.FAILED_SPELLING, "⚠️"),
    ],
)
async def test_what_the_image_service_refuses_becomes_a_sentence_on_the_card(
    world: Harness, fault: Fault, says: str
) -> None:
    world.upstream.fault(fault, times=None)
    asked = await world.imagine("a paper fox")

    card = await world.says(asked, says, within=240)

    assert "⚠️" in card.words
    assert not card.buttons
    assert "Nothing was taken from your allowance" in card.words
    assert len(world.submissions) == 1


async def test_a_service_that_is_throttled_keeps_the_place_and_is_asked_again(world: Harness) -> None:
    world.upstream.fault(Fault.RATE_LIMITED, endpoint="submit", times=3)
    asked = await world.imagine("a paper fox")
    held = await world.says(asked, "Midjourney is full right now")

    card = await world.finished(asked)

    assert not held.buttons
    assert card.buttons[0] == "U1"
    assert len(world.accepted) == len(world.upstream.charges) == 1


async def test_a_service_that_cannot_be_reached_is_waited_for(world: Harness) -> None:
    await world.restart(more={"EASEL_OHMYGPT_ORIGIN": NOWHERE})
    asked = await world.imagine("a paper fox")
    await world.says(asked, "cannot be reached right now")

    await world.restart()
    card = await world.finished(asked)

    assert card.buttons[0] == "U1"
    assert len(world.accepted) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault.HTML_502_AFTER,
        Fault.RESET_AFTER,
        Fault.NOT_JSON,
        Fault.EMPTY_BODY,
        Fault.DATA_ZERO,
        Fault.DATA_NULL,
        Fault.DATA_TEXT,
        Fault.DATA_LIST,
    ],
)
async def test_a_picture_whose_acceptance_got_lost_is_found_and_paid_once(
    world: Harness, fault: Fault
) -> None:
    planned = world.upstream.fault(fault, endpoint="imagine")
    asked = await world.imagine("a paper fox")

    card = await world.finished(asked, within=120)

    assert planned.hits == 1
    assert card.buttons[0] == "U1"
    assert len(world.submissions) == len(world.upstream.charges) == 1


async def test_a_submission_that_vanished_is_told_and_never_sent_twice(world: Harness) -> None:
    world.upstream.fault(Fault.HTML_502_BEFORE, endpoint="imagine")
    asked = await world.imagine("a paper fox")

    card = await world.says(asked, "⚠️", within=20 * 60)

    assert not card.buttons
    assert len(world.submissions) == 1
    assert not world.accepted


async def test_a_service_that_never_answers_holds_up_neither_people_nor_other_pictures(
    world: Harness,
) -> None:
    world.guard.patient = False
    world.upstream.fault(Fault.HANG_BEFORE, endpoint="imagine")
    await world.imagine("a picture that hangs")

    other = await world.imagine("a paper fox")

    assert other.acknowledged
    assert "a paper fox" in world.shown(other).words


# -- pictures that do not come ---------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [Fault.PICTURE_404, Fault.PICTURE_500, Fault.PICTURE_NOT_AN_IMAGE])
async def test_a_picture_that_one_place_does_not_have_is_taken_from_another(
    world: Harness, fault: Fault
) -> None:
    world.upstream.fault(fault)

    card = await world.grid()

    assert len(card.pictures) == 1


async def test_a_picture_at_a_host_that_is_not_allowed_is_not_fetched_but_its_buttons_work(
    world: Harness,
) -> None:
    world.upstream.fault(Fault.PICTURE_REDIRECT, times=None)
    grid = await world.grid()
    world.upstream.lift()

    single = await world.child(grid, "U1")

    assert "does not allow" in grid.words
    assert not grid.pictures
    assert len(single.pictures) == 1


# -- what people write -----------------------------------------------------------------------------------------


async def test_a_speed_flag_is_taken_out_and_chooses_the_pool_of_a_new_chain(world: Harness) -> None:
    card = await world.grid("a paper fox --fast --ar 3:2")

    assert "The speed in the prompt chose the pool" in card.words
    assert [call.body["prompt"] for call in world.submissions] == ["a paper fox --ar 3:2"]
    assert [task.pool for task in world.accepted] == ["FAST"]


@pytest.mark.parametrize(
    "prompt",
    [
        "@everyone look, <@1456074443980800005> and <@&1300000000000000000>",
        "**bold** _sly_ `code` ||hidden|| [a link](https://example.com) # heading",
        "שועל מנייר, ثعلب من ورق",
        "🦊 🦊 🦊 and 👩‍👩‍👧‍👦",
        "long " * 799 + "fox!!",
    ],
    ids=["mentions", "markdown", "right to left", "emoji", "4,000 characters"],
)
async def test_whatever_people_write_reaches_midjourney_and_the_card_without_harm(
    world: Harness, prompt: str
) -> None:
    card = await world.grid(prompt)

    stored = world.env.backend.get_message(world.place.channel.id, card.message.id)
    assert card.buttons[0] == "U1"
    assert not stored.mention_everyone
    assert len(card.words) <= 4000
    assert [task.prompt for task in world.accepted] == [prompt]


async def test_a_card_that_was_deleted_meanwhile_comes_back_as_a_new_message(world: Harness) -> None:
    asked = await world.imagine("a paper fox")
    await world.pass_time(1)
    first = world.shown(asked)
    await world.place.moderator.delete(first.message)

    await world.until(lambda: any(card.buttons for card in world.channel()), "a new card")

    [card] = world.channel()
    assert card.message.id != first.message.id
    assert card.buttons[0] == "U1"
    assert len(card.pictures) == 1
    assert len(world.accepted) == 1
