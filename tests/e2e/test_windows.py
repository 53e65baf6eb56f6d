"""Windows through the whole bot at a server of the `/mj` family: Custom Zoom, a region with words, Remix, shorter prompts.
Never here: the engine's order of calls (tests/services/worker/test_windows.py), deaths (tests/faults), and accounts without windows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.servers.guilds import Actor
from bot.domain.servers.moderation import Match, WordRule
from bot.sandbox.mjproxy.faults import ProxyFault
from bot.sandbox.mjproxy.flavours import Flavour
from bot.sandbox.stage import GUILD_ID
from tests.e2e.seen import card_of
from tests.e2e.test_proxy import proxied
from tests.e2e.test_regions import REGION, a_file, choose, painted, picker

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from simcord.results import InteractionResult

    from bot.sandbox.mjproxy.server import SimulatedProxy
    from tests.e2e.harness import Harness
    from tests.e2e.seen import Card

ZOOM = "🔍 Custom Zoom"
EDIT = "✏️ Edit prompt"
FOX = "a paper fox --ar 3:2 --v 7"


async def single(world: Harness) -> Card:
    """A picture with a Custom Zoom and a Vary (Region)."""
    return await world.child(await world.grid(FOX), "U1")


async def send(world: Harness, window: InteractionResult, **fields: Any) -> InteractionResult:
    """Send a window."""
    assert window.modal is not None, "there is no window"
    return await world.place.member.submit_modal(window, fields)


def defaults(window: InteractionResult) -> dict[str, str]:
    """What a window's fields begin with."""
    found: dict[str, str] = {}

    def look(part: dict[str, Any]) -> None:
        if part.get("type") == 4:
            found[part["custom_id"]] = part.get("value") or ""
        for inner in (*part.get("components", ()), part.get("component")):
            if inner:
                look(inner)

    assert window.modal is not None, "there is no window"
    for row in window.modal["components"]:
        look(row)
    return found


def filled(proxy: SimulatedProxy) -> list[Mapping[str, Any]]:
    """The bodies of all calls that filled a window."""
    return [call.body for call in proxy.calls if call.endpoint == "modal"]


# -- Custom Zoom -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flavour", [Flavour.TRUEAI, Flavour.PLUS, Flavour.NEW_API])
async def test_custom_zoom_asks_and_sends_what_was_written(flavour: Flavour, tmp_path: Path) -> None:
    async with proxied(tmp_path, flavour) as (world, proxy):
        window = await world.press(await single(world), ZOOM)
        assert proxy.counts["action"] == 1  # nothing is sent before somebody has written
        assert defaults(window) == {"zoom": "2", "prompt": FOX}

        card = await world.finished(
            await send(world, window, zoom="1,4", prompt="a paper fox in a forest --ar 1:1 --v 7")
        )

        assert "Custom Zoom 1.4x" in card.words
        assert [body["prompt"] for body in filled(proxy)] == [
            "a paper fox in a forest --ar 1:1 --v 7 --zoom 1.4"
        ]
        assert (proxy.paid, proxy.broken_rules) == (3, [])


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"zoom": "3", "prompt": "a fox"}, "a number from 1 to 2"),
        ({"zoom": "far", "prompt": "a fox"}, "a number from 1 to 2"),
        ({"zoom": "1.5", "prompt": "a fox --zoom 5"}, "a number from 1 to 2"),
        ({"zoom": "1.5", "prompt": "a fox --aspekt 1:1"}, "`--aspekt`"),
        ({"zoom": "1.5", "prompt": "a fox --video"}, "`--video` makes clips"),
        ({"zoom": "1.5", "prompt": "a {red, blue} fox"}, "nothing was charged"),
    ],
)
async def test_what_cannot_be_sent_is_refused_before_anything_is_paid_and_given_back(
    fields: dict[str, str], said: str, tmp_path: Path
) -> None:
    async with proxied(tmp_path) as (world, proxy):
        window = await world.press(await single(world), ZOOM)

        refused = await send(world, window, **fields)

        assert proxy.counts["action"] == 1
        assert refused.response is not None
        assert refused.response.ephemeral
        answer = card_of(refused.response)
        if said != "nothing was charged":
            assert said in answer.words
        again = await world.press(answer, "✏️ Edit prompt")
        assert defaults(again)["prompt"].startswith(fields["prompt"].partition(" --zoom")[0])

        await world.finished(await send(world, again, zoom="1.5", prompt="a fox"))
        assert proxy.paid == 3


async def test_words_that_the_server_forbids_are_refused_in_a_window_too(tmp_path: Path) -> None:
    async with proxied(tmp_path) as (world, proxy):
        picture = await single(world)
        await world.app.services.guilds.add_word(GUILD_ID, Actor(1, "mod"), WordRule(Match.WORD, "tiger"))

        refused = await send(world, await world.press(picture, ZOOM), zoom="2", prompt="a paper tiger")

        assert "tiger" in world.whisper(refused)
        assert proxy.counts["action"] == 1
        assert "tiger" not in str(proxy.calls[-1].body)


async def test_a_window_that_is_sent_twice_begins_one_job(tmp_path: Path) -> None:
    async with proxied(tmp_path) as (world, proxy):
        picture = await single(world)
        first, second = await world.press(picture, ZOOM), await world.press(picture, ZOOM)

        card = await send(world, first, zoom="1.5", prompt="a fox")
        again = await send(world, second, zoom="1.8", prompt="an owl")
        await world.finished(card)

        assert "already" in world.whisper(again)
        assert [body["prompt"] for body in filled(proxy)] == ["a fox --zoom 1.5"]
        assert (proxy.paid, proxy.broken_rules) == (3, [])


async def test_words_of_a_zoom_that_midjourney_refuses_are_edited_under_their_card(tmp_path: Path) -> None:
    async with proxied(tmp_path) as (world, proxy):
        window = await world.press(await single(world), ZOOM)
        proxy.fault(ProxyFault.BANNED_WORD, endpoint="modal")
        card = await world.says(await send(world, window, zoom="1.4", prompt="a sore fox"), "word filter")
        again = await world.press(card, EDIT)

        assert defaults(again) == {"zoom": "1.4", "prompt": "a sore fox"}
        await world.finished(await send(world, again, zoom="1.4", prompt="a fox"))
        assert filled(proxy)[-1]["prompt"] == "a fox --zoom 1.4"


# -- a region with words -----------------------------------------------------------------------------------------


async def test_chosen_squares_take_words(tmp_path: Path) -> None:
    async with proxied(tmp_path) as (world, proxy):
        opened = await world.press(await single(world), REGION)
        await choose(world, opened, "A1", "B1")
        window = await world.press(picker(opened), "Repaint with words…")
        assert defaults(window) == {"prompt": FOX}

        card = await painted(world, await send(world, window, prompt="a red moon --v 7"))

        assert "a red moon" in card.words
        (body,) = filled(proxy)
        assert body["prompt"] == "a red moon --v 7"
        assert body["maskBase64"].startswith("data:image/png;base64,")
        assert (proxy.paid, proxy.broken_rules) == (3, [])


async def test_an_uploaded_mask_takes_words(tmp_path: Path) -> None:
    async with proxied(tmp_path) as (world, proxy):
        opened = await world.press(await single(world), REGION)
        window = await world.press(picker(opened), "Upload a mask…")
        assert defaults(window) == {"prompt": FOX}

        await painted(world, await send(world, window, file=("mask.png", a_file()), prompt="a red moon"))

        assert [body["prompt"] for body in filled(proxy)] == ["a red moon"]


async def test_left_empty_the_words_stay(tmp_path: Path) -> None:
    async with proxied(tmp_path) as (world, proxy):
        opened = await world.press(await single(world), REGION)
        await choose(world, opened, "A1")
        window = await world.press(picker(opened), "Repaint with words…")

        await painted(world, await send(world, window, prompt=" "))

        assert [body["prompt"] for body in filled(proxy)] == [FOX]


async def test_forbidden_words_of_a_region_are_given_back_with_its_squares(tmp_path: Path) -> None:
    async with proxied(tmp_path) as (world, proxy):
        opened = await world.press(await single(world), REGION)
        await choose(world, opened, "C2")
        window = await world.press(picker(opened), "Repaint with words…")

        refused = await send(world, window, prompt="a moon --aspekt 1:1")
        answers = [one for one in refused.followups if one.ephemeral]
        again = await world.press(card_of(answers[-1]), "✏️ Edit prompt")

        assert defaults(again) == {"prompt": "a moon --aspekt 1:1"}
        assert proxy.counts["action"] == 1
        await painted(world, await send(world, again, prompt="a moon"))
        assert [body["prompt"] for body in filled(proxy)] == ["a moon"]


async def test_words_of_a_region_that_midjourney_refuses_are_edited_under_its_card(tmp_path: Path) -> None:
    async with proxied(tmp_path) as (world, proxy):
        opened = await world.press(await single(world), REGION)
        await choose(world, opened, "C2")
        proxy.fault(ProxyFault.BANNED_WORD, endpoint="modal")
        await send(world, await world.press(picker(opened), "Repaint with words…"), prompt="a sore moon")

        def refused() -> list[Card]:
            return [card for card in world.channel() if "word filter" in card.words]

        await world.until(lambda: bool(refused()), "the refusal", within=120)
        (card,) = refused()
        mistaken = await send(world, await world.press(card, EDIT), prompt="a moon --aspekt 1:1")
        assert mistaken.response is not None
        again = await world.press(card_of(mistaken.response), EDIT)
        assert defaults(again) == {"prompt": "a moon --aspekt 1:1"}
        await world.finished(await send(world, again, prompt="a moon"))

        first, second = filled(proxy)
        assert (first["prompt"], second["prompt"]) == ("a sore moon", "a moon")
        assert first["maskBase64"] == second["maskBase64"]


# -- Remix -------------------------------------------------------------------------------------------------------


async def remix_on(world: Harness) -> None:
    shown = await world.place.member.slash(world.place.channel, "prefer show")
    await world.press(picker(shown), "Switch Remix on")
    assert "✅ on" in picker(shown).words


@pytest.mark.parametrize("face", ["V2", "🔄"])
async def test_with_remix_on_a_variation_asks_for_words(face: str, tmp_path: Path) -> None:
    async with proxied(tmp_path) as (world, proxy):
        grid = await world.grid(FOX)
        await remix_on(world)
        window = await world.press(grid, face)
        assert defaults(window) == {"prompt": FOX}

        card = await world.finished(await send(world, window, prompt="a paper owl --v 7"))

        assert "· Remix" in card.words
        assert [body["prompt"] for body in filled(proxy)] == ["a paper owl --v 7"]
        await world.child(card, "U1")  # what is made from it begins at once
        assert (proxy.paid, proxy.broken_rules) == (3, [])


async def test_other_words_that_midjourney_refuses_are_edited_under_their_card(tmp_path: Path) -> None:
    async with proxied(tmp_path) as (world, proxy):
        grid = await world.grid(FOX)
        await remix_on(world)
        proxy.fault(ProxyFault.BANNED_WORD, endpoint="modal")
        sent = await send(world, await world.press(grid, "V2"), prompt="a sore owl")
        card = await world.says(sent, "word filter", within=120)
        window = await world.press(card, EDIT)

        assert defaults(window) == {"prompt": "a sore owl"}
        owl = await world.finished(await send(world, window, prompt="an owl"))
        assert "· Remix" in owl.words
        assert f"/{grid.message.id})" in owl.words
        assert [body["prompt"] for body in filled(proxy)] == ["a sore owl", "an owl"]


async def test_without_it_a_variation_begins_at_once(tmp_path: Path) -> None:
    async with proxied(tmp_path) as (world, proxy):
        await world.child(await world.grid(FOX), "V2")

        assert proxy.counts["modal"] == 0
        assert proxy.paid == 2


async def test_where_the_account_cannot_nobody_is_asked(tmp_path: Path) -> None:
    async with proxied(tmp_path, Flavour.NEW_API) as (world, proxy):
        grid = await world.grid(FOX)
        shown = await world.place.member.slash(world.place.channel, "prefer show")

        assert "Remix" not in picker(shown).words
        assert "Switch Remix on" not in picker(shown).buttons
        await world.child(grid, "V2")
        assert proxy.counts["modal"] == 0


# -- shorter prompts ---------------------------------------------------------------------------------------------

LONG = "a very small paper fox that sits in a dark green forest at night and looks at the moon"


@pytest.mark.parametrize("flavour", [Flavour.TRUEAI, Flavour.PLUS, Flavour.NEW_API])
async def test_a_prompt_is_shortened_and_each_shorter_one_becomes_a_picture(
    flavour: Flavour, tmp_path: Path
) -> None:
    async with proxied(tmp_path, flavour) as (world, proxy):
        asked = await world.place.member.slash(
            world.place.channel, "shorten", prompt=f"{LONG} --ar 3:2", pool="FAST"
        )
        card = await world.says(asked, "Counts most")
        assert [f"Imagine {n}" for n in range(1, 6)] == card.own[:5]

        window = await world.press(card, "Imagine 3")
        shorter = defaults(window)["prompt"]
        assert shorter.endswith(" --ar 3:2")
        assert len(shorter) < len(LONG)
        picture = await world.finished(await send(world, window, prompt=shorter))

        assert "From" in picture.words
        assert [call.body["prompt"] for call in proxy.calls if call.endpoint == "imagine"] == [shorter]
        assert (proxy.paid, proxy.broken_rules) == (2, [])


async def test_a_server_that_cannot_shorten_says_so_and_nothing_is_charged(tmp_path: Path) -> None:
    async with proxied(tmp_path, Flavour.NOVI) as (world, proxy):
        asked = await world.place.member.slash(world.place.channel, "shorten", prompt=LONG)

        assert "cannot be shortened" in world.whisper(asked)
        assert proxy.paid == 0


async def test_forbidden_words_are_not_shortened(tmp_path: Path) -> None:
    async with proxied(tmp_path) as (world, proxy):
        await world.app.services.guilds.add_word(GUILD_ID, Actor(1, "mod"), WordRule(Match.WORD, "moon"))

        asked = await world.place.member.slash(world.place.channel, "shorten", prompt=LONG)

        assert "moon" in world.whisper(asked)
        assert proxy.paid == 0


# -- what goes wrong ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (ProxyFault.WINDOW_GONE, "had closed the window"),
        (ProxyFault.WINDOW_DIES, "waited too long for Midjourney"),
    ],
)
async def test_a_window_that_dies_is_one_clear_sentence_and_the_same_words_can_be_sent_again(
    fault: ProxyFault, said: str, tmp_path: Path
) -> None:
    async with proxied(tmp_path) as (world, proxy):
        picture = await single(world)
        proxy.fault(fault)

        sent = await send(world, await world.press(picture, ZOOM), zoom="1.5", prompt="a fox")
        card = await world.says(sent, "Nothing was taken from your allowance", within=120)
        assert said in card.words
        assert len(filled(proxy)) == 1

        again = await world.finished(await world.press(card, "🔄 Try again"))
        assert "Custom Zoom 1.5x" in again.words
        assert [body["prompt"] for body in filled(proxy)] == ["a fox --zoom 1.5"] * 2
        assert proxy.broken_rules == []


async def test_a_button_of_a_server_that_forgot_the_task_is_one_clear_sentence(tmp_path: Path) -> None:
    async with proxied(tmp_path) as (world, proxy):
        picture = await single(world)
        for record in proxy.records:
            record.forgotten = True

        sent = await send(world, await world.press(picture, ZOOM), zoom="1.5", prompt="a fox")
        card = await world.says(sent, "Nothing was taken from your allowance", within=120)

        assert "no longer knows this picture" in card.words
        assert filled(proxy) == []
        assert proxy.paid == 2


async def test_ids_that_begin_with_a_zero_go_through_every_window(tmp_path: Path) -> None:
    async with proxied(tmp_path, id_prefix="00") as (world, proxy):
        picture = await single(world)

        await world.finished(await send(world, await world.press(picture, ZOOM), zoom="1.5", prompt="a fox"))

        assert all(record.id.startswith("00") for record in proxy.records)
        assert [body["taskId"] for body in filled(proxy)] == [proxy.records[-1].id]
        assert proxy.broken_rules == []


async def test_a_server_that_asks_for_no_words_is_told_of_on_the_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with proxied(tmp_path) as (world, _):
        grid = await world.grid(FOX)
        await remix_on(world)
        window = await world.press(grid, "V2")
        monkeypatch.setattr("bot.sandbox.mjproxy.submitting._MAY_REMIX", frozenset())

        card = await world.finished(await send(world, window, prompt="an owl"))

        assert "did not ask" in card.words
