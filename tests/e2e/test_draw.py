"""The second engine as people see it: drawn, drawn again, varied, edited, taken to Midjourney, and offered where that refuses.
Never here: the adapter's faults one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cryptography.fernet import Fernet

from bot.sandbox.app import KEYS, OWN_KEY, everything
from bot.sandbox.upstream import Fault
from tests.e2e.harness import open_world
from tests.e2e.seen import card_of
from tests.e2e.test_pictures import RED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from simcord.results import InteractionResult

    from tests.e2e.harness import Harness

MODEL = "gpt-image-1.5"


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Harness]:
    async with open_world(tmp_path, more={"EASEL_ENGINE_MODEL": MODEL}) as world:
        yield world


async def draw(world: Harness, prompt: str, **options: Any) -> InteractionResult:
    return await world.place.member.slash(world.place.channel, "draw", prompt=prompt, **options)


async def test_an_order_becomes_a_card_with_its_picture_and_its_buttons(studio: Harness) -> None:
    card = await studio.finished(await draw(studio, "a paper fox reading a letter"))

    assert "a paper fox reading a letter" in card.words
    assert "DRAW" in card.words
    assert card.buttons == ["🔄 Again", "🪄 Vary"]
    assert len(card.pictures) == 1
    assert [call.fields["prompt"] for call in studio.upstream.drawn] == ["a paper fox reading a letter"]
    assert not studio.submissions


async def test_again_draws_the_same_order_anew_and_vary_edits_the_picture_itself(studio: Harness) -> None:
    first = await studio.finished(await draw(studio, "a paper fox", size="1536x1024", quality="high"))
    again = await studio.child(first, "🔄 Again")
    varied = await studio.child(again, "🪄 Vary")

    one, two, three = studio.upstream.drawn
    assert one.fields["size"] == two.fields["size"] == three.fields["size"] == "1536x1024"
    assert one.fields["quality"] == two.fields["quality"] == "high"
    assert (one.pictures, two.pictures) == ((), ())
    assert three.pictures == two.drawn
    assert "Again" in again.words
    assert "Vary" in varied.words
    assert [call.endpoint for call in studio.upstream.calls if call.endpoint.startswith("draw")] == [
        "draw",
        "draw",
        "draw-edit",
    ]


async def test_several_pictures_stand_side_by_side_and_each_can_be_varied(studio: Harness) -> None:
    card = await studio.finished(await draw(studio, "a paper boat", number=3))

    assert len(card.pictures) == len(set(card.pictures)) == 3
    assert card.buttons == ["🔄 Again", "🪄 Vary 1", "🪄 Vary 2", "🪄 Vary 3"]
    await studio.child(card, "🪄 Vary 2")
    first, second = studio.upstream.drawn
    assert second.pictures == (first.drawn[1],)


async def test_an_edited_prompt_begins_another_order(studio: Harness) -> None:
    card = await studio.finished(await draw(studio, "a paper fox", number=2))
    opened = await studio.press(card, "🔁 Edit prompt")
    sent = await studio.place.member.submit_modal(opened, {"prompt": "a paper owl --size 1024x1536"})
    edited = await studio.finished(sent)

    assert [call.fields["prompt"] for call in studio.upstream.drawn] == ["a paper fox", "a paper owl"]
    assert studio.upstream.drawn[1].fields["size"] == "1024x1536"
    assert "From the prompt of" in edited.words


async def test_edited_words_that_are_refused_keep_the_pictures_of_their_order(studio: Harness) -> None:
    card = await studio.finished(await draw(studio, "a paper fox", image=RED))
    opened = await studio.press(card, "🔁 Edit prompt")
    refused = await studio.place.member.submit_modal(opened, {"prompt": "a paper owl --size 7"})
    again = await studio.press(card_of(refused.followups[-1]), "✏️ Edit prompt")
    sent = await studio.place.member.submit_modal(again, {"prompt": "a paper owl"})
    edited = await studio.finished(sent)

    one, two = studio.upstream.drawn
    assert len(one.pictures) == 1
    assert two.pictures == one.pictures
    assert "From the prompt of" in edited.words


async def test_a_drawn_picture_goes_to_midjourney_as_an_image_prompt(studio: Harness) -> None:
    card = await studio.finished(await draw(studio, "a paper fox"))
    opened = await studio.press(card, "⛵ To Midjourney")
    sent = await studio.place.member.submit_modal(opened, {"prompt": "the same fox in snow"})
    await studio.finished(sent)

    (task,) = studio.accepted
    assert task.pool == "NORMAL"
    assert task.prompt is not None
    address, _, words = task.prompt.partition(" ")
    assert words == "the same fox in snow"
    assert address.startswith("http")


async def test_a_picture_may_be_given_to_start_from(studio: Harness) -> None:
    await studio.finished(await draw(studio, "a paper fox"))
    image = ("fox.png", studio.upstream.drawn[0].drawn[0])
    card = await studio.finished(await draw(studio, "make it blue", image=image))
    await studio.child(card, "🔄 Again")

    _, edited, again = studio.upstream.drawn
    assert len(edited.pictures) == 1
    assert again.pictures == edited.pictures


async def test_what_midjourney_refuses_can_be_drawn_instead(studio: Harness) -> None:
    studio.upstream.fault(Fault.REFUSED, reason="[Banned prompt] no", endpoint="imagine")
    asked = await studio.imagine("a paper fox --ar 16:9 --stylize 200")
    card = await studio.says(asked, "word filter")
    drawn = await studio.finished(await studio.press(card, f"🎨 Draw with {MODEL}"))

    (call,) = studio.upstream.drawn
    assert call.fields["prompt"] == "a paper fox"
    assert call.fields["size"] == "1536x1024"
    assert "meant for Midjourney" in drawn.words
    assert "left out" in drawn.words
    assert "nearest size" in drawn.words


async def test_where_a_pool_is_paused_the_refusal_offers_the_engine(studio: Harness) -> None:
    place = studio.place
    await place.owner.slash(place.channel, "pool pause", pool="NORMAL", words="back soon")
    refused = await studio.imagine("a paper fox")
    offer = studio.whispered(refused)
    assert "paused" in offer.words
    drawn = await studio.finished(await studio.press(offer, f"🎨 Draw with {MODEL}"))

    assert "a paper fox" in drawn.words
    assert len(studio.upstream.drawn) == 1


async def test_a_refused_order_is_given_back_with_its_options(studio: Harness) -> None:
    refused = await draw(studio, "a paper fox", size="1x1")
    offer = studio.whispered(refused)
    assert "1x1" in offer.words
    opened = await studio.press(offer, "✏️ Edit prompt")
    await studio.finished(
        await studio.place.member.submit_modal(opened, {"prompt": "a paper fox --size 1024x1024"})
    )
    assert studio.upstream.drawn[0].fields["size"] == "1024x1024"


async def test_the_engines_refusal_costs_nothing_and_its_prompt_can_be_mended(studio: Harness) -> None:
    studio.upstream.fault(Fault.DRAW_REFUSED)
    asked = await draw(studio, "a paper fox")
    card = await studio.says(asked, "safety check refused")
    opened = await studio.press(card, "✏️ Edit prompt")
    await studio.finished(await studio.place.member.submit_modal(opened, {"prompt": "a paper owl"}))

    assert [call.fields["prompt"] for call in studio.upstream.drawn] == ["a paper owl"]


async def test_the_card_works_after_a_restart_and_without_what_was_kept(studio: Harness) -> None:
    card = await studio.finished(await draw(studio, "a paper fox"))
    await studio.restart()
    await studio.pass_time(1)
    job = studio.upstream.drawn[0]
    varied = await studio.child(card, "🪄 Vary")

    assert varied.pictures
    assert studio.upstream.drawn[1].pictures == job.drawn


async def test_where_no_model_is_named_nothing_of_it_is_seen(world: Harness) -> None:
    world.upstream.fault(Fault.REFUSED, reason="[Banned prompt] no", endpoint="imagine")
    card = await world.says(await world.imagine("a paper fox"), "word filter")

    assert not any("Draw" in face for face in card.own)
    assert "draw" not in {command.name for command in world.app.bot.tree.get_commands()}


@pytest.mark.parametrize("fault", [Fault.DRAW_ADDRESS, Fault.DRAW_HUGE])
async def test_whatever_way_a_picture_comes_in_it_is_shown(studio: Harness, fault: Fault) -> None:
    studio.upstream.fault(fault)
    card = await studio.finished(await draw(studio, "a paper fox"))

    assert len(card.pictures) == 1
    varied = await studio.child(card, "🪄 Vary")
    assert varied.pictures
    assert len(studio.upstream.drawn) == 2


async def test_a_page_instead_of_an_answer_is_said_to_be_lost_and_only_its_member_sends_it_again(
    studio: Harness,
) -> None:
    studio.upstream.fault(Fault.DRAW_HTML)
    asked = await draw(studio, "a paper fox")
    card = await studio.says(asked, "nobody can tell")
    await studio.pass_time(120)
    assert len(studio.upstream.drawn) == 1

    again = await studio.finished(await studio.press(card, "🔄 Try again"))
    assert again.pictures
    assert len(studio.upstream.drawn) == 2


async def test_a_key_that_may_not_draw_is_said_once_on_a_card_and_then_at_once(studio: Harness) -> None:
    studio.upstream.fault(Fault.DRAW_FORBIDDEN, times=None)
    await studio.says(await draw(studio, "a paper fox"), "may not use the second engine")
    refused = await draw(studio, "a paper owl")

    assert f"may not use {MODEL}" in studio.whisper(refused)
    assert studio.upstream.counts["draw"] == 1
    assert (await studio.grid("a paper fox")).pictures


async def test_a_servers_own_key_pays_for_what_it_draws(tmp_path: Path) -> None:
    async with open_world(tmp_path, keys=KEYS) as world:
        own = everything(world.upstream, master_key=Fernet.generate_key().decode(), listen="127.0.0.1:9")
        await world.restart(more=own)
        robin, channel = world.place.moderator, world.place.channel
        panel = await robin.slash(channel, "pool panel")
        assert panel.response is not None
        window = await robin.click(panel.response, custom_id="easel:2:pool:key:-")
        await robin.submit_modal(window, {"key": OWN_KEY})

        await world.finished(await draw(world, "a paper fox"))

    assert [call.account for call in world.upstream.drawn] == [KEYS[OWN_KEY].account]


async def test_moderators_rule_over_its_pool_as_over_any_other_and_no_prompt_of_midjourneys_gets_in(
    studio: Harness,
) -> None:
    owner, channel, member = studio.place.owner, studio.place.channel, studio.place.member
    assert channel.guild is not None
    await owner.slash(channel, "pool rule", pool="DRAW", role=channel.guild.default_role, per_day=7)
    await owner.slash(channel, "pool price", pool="DRAW", kind="draw", units=3)
    await studio.finished(await draw(studio, "a paper fox", number=2))
    assert "used 6 of 7" in studio.whisper(await draw(studio, "a paper owl"))

    astray = await studio.imagine("a paper fox", pool="DRAW")
    assert "NORMAL" in studio.whisper(astray)
    refused = await owner.slash(channel, "pool default", pool="DRAW")
    assert "NORMAL" in studio.whisper(refused)
    asked = await owner.slash(channel, "pool disable", pool="DRAW")
    assert asked.response is not None
    await owner.click(asked.response, custom_id="easel:2:pool:off:DRAW")
    off = await member.slash(channel, "draw", prompt="a paper owl")
    assert "switched off" in studio.whisper(off)
    assert len(studio.upstream.drawn) == 1
    assert not studio.accepted
