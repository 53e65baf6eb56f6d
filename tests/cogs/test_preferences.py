"""`/prefer`: a private card whose menus, buttons and windows change one's own preferences at once, after a restart too.
Never here: what a preference does to a prompt (tests/domain/test_people.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.people import SETS_LIMIT, OptionSet, Preferences
from bot.domain.pools import Pool
from bot.ui.kit.escape import quoted
from bot.ui.preferences.card import USUAL, preferences_view
from tests.cogs.moderation_harness import Moderated, moderated, seen
from tests.ui.builders import walk
from tests.ui.client_harness import CATALOGUES

if TYPE_CHECKING:
    from pathlib import Path

    from simcord.results import InteractionResult, ResponseMessage

    from bot.texts import Text

FULL = Preferences(
    pool=Pool.FAST,
    aspect="16:9",
    version="9",
    suffix="in ink " * 60,
    sets=tuple(OptionSet(f"set {n:02}" + "x" * 26, "--no text " * 45) for n in range(SETS_LIMIT)),
    copies_refused=True,
    language="en",
)


def say(words: Text) -> str:
    return CATALOGUES.render(words, "en")


async def card(shop: Moderated) -> ResponseMessage:
    shown = await shop.house.ada.slash(shop.house.channel, "prefer show")
    assert shown.response is not None
    assert shown.response.ephemeral
    return shown.response


async def liked(shop: Moderated) -> Preferences:
    """What is stored, past every cache."""
    return await shop.storage.people.preferences(shop.house.ada.id)


def fields(window: InteractionResult) -> dict[str, str]:
    """What stands in a window."""
    assert window.modal is not None
    inputs = [c["component"] for c in window.modal["components"]]
    return {field["custom_id"]: field.get("value", "") for field in inputs}


async def test_menus_change_a_preference_and_take_it_back(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        ada, shown = shop.house.ada, await card(shop)
        choices = (("pool", "FAST"), ("version", "niji 6"), ("language", "en"))

        for menu, value in choices:
            await ada.select(shown, [value], custom_id=f"easel:2:prefer-menu:{menu}")
        assert await liked(shop) == Preferences(pool=Pool.FAST, version="niji 6", language="en")
        assert shop.services.people.language(ada.id) == "en"

        for menu, _ in choices:
            await ada.select(shown, [USUAL], custom_id=f"easel:2:prefer-menu:{menu}")
        assert await liked(shop) == Preferences()


async def test_aspect_and_suffix_are_written_in_a_window_and_checked(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        ada, shown = shop.house.ada, await card(shop)
        button = "easel:2:prefer:shape"

        window = await ada.click(shown, custom_id=button)
        await ada.submit_modal(window, {"aspect": "16:9", "suffix": "in ink --s 50"})
        assert await liked(shop) == Preferences(aspect="16:9", suffix="in ink --s 50")

        again = await ada.click(shown, custom_id=button)
        assert fields(again) == {"aspect": "16:9", "suffix": "in ink --s 50"}
        refused = await ada.submit_modal(again, {"aspect": "", "suffix": "--foo 3"})
        for kept in ("`--foo`", "```\n--foo 3\n```"):
            assert kept in seen(refused)
        assert await liked(shop) == Preferences(suffix="in ink --s 50")


async def test_option_sets_are_made_changed_and_removed_on_the_card(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        ada, shown = shop.house.ada, await card(shop)

        window = await ada.click(shown, custom_id="easel:2:prefer:add")
        await ada.submit_modal(window, {"name": "wide", "options": "--ar 21:9"})
        opened = await ada.select(shown, ["wide"], custom_id="easel:2:prefer-menu:sets")
        assert fields(opened) == {"name": "wide", "options": "--ar 21:9"}
        await ada.submit_modal(opened, {"name": "wider", "options": "--ar 32:9"})
        assert (await liked(shop)).sets == (OptionSet("wider", "--ar 32:9"),)

        opened = await ada.select(shown, ["wider"], custom_id="easel:2:prefer-menu:sets")
        await ada.submit_modal(opened, {"name": "wider", "options": " "})
        assert await liked(shop) == Preferences()


@pytest.mark.parametrize("old", ["", "ink"])
async def test_an_option_set_with_a_slip_is_given_back(tmp_path: Path, old: str) -> None:
    async with moderated(tmp_path) as shop:
        ada = shop.house.ada
        if old:
            await shop.services.people.keep_set(ada.id, old, "--s 5")
        shown = await card(shop)
        typed = "black ink on rice paper, very fine lines --stylise 300"
        window = await (
            ada.select(shown, [old], custom_id="easel:2:prefer-menu:sets")
            if old
            else ada.click(shown, custom_id="easel:2:prefer:add")
        )

        refused = await ada.submit_modal(
            window, {"name": "fine_ink_on_the_best_rice_paper", "options": typed}
        )
        for kept in ("`--stylise`", quoted("fine_ink_on_the_best_rice_paper", 80), f"```\n{typed}\n```"):
            assert kept in seen(refused)
        again = await ada.click(refused.followups[-1], custom_id=f"easel:2:prefer-set:{old}")
        assert fields(again) == {"name": old, "options": "--s 5" if old else ""}
        await ada.submit_modal(again, {"name": "fine ink", "options": "--stylize 300"})

        assert (await liked(shop)).sets == (OptionSet("fine ink", "--stylize 300"),)


async def test_those_who_type_have_verbs(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        ada, channel = shop.house.ada, shop.house.channel

        kept = await ada.slash(channel, "prefer set", name="ink", options="black ink --no text")
        suffix = await ada.slash(channel, "prefer suffix", words="--s 50")
        suggested = await ada.autocomplete(channel, "prefer unset", "name", "i")
        assert await liked(shop) == Preferences(
            suffix="--s 50", sets=(OptionSet("ink", "black ink --no text"),)
        )
        assert "The set is saved" in seen(kept)
        assert "Added to every prompt" in seen(suffix)
        assert [choice["value"] for choice in suggested] == ["ink"]

        await ada.slash(channel, "prefer unset", name="INK")
        gone = await ada.slash(channel, "prefer suffix")
        missing = await ada.slash(channel, "prefer unset", name="INK")
        assert "Nothing is added" in seen(gone)
        assert "no option set" in seen(missing)
        assert await liked(shop) == Preferences()


async def test_a_suffix_that_could_not_be_added_leaves_the_one_that_is_and_nothing_else_is_said(
    tmp_path: Path,
) -> None:
    async with moderated(tmp_path) as shop:
        ada, channel = shop.house.ada, shop.house.channel
        await ada.slash(channel, "prefer suffix", words="in ink")

        refused = await ada.slash(channel, "prefer suffix", words="--fast")

        assert "`--fast`" in seen(refused)
        assert await liked(shop) == Preferences(suffix="in ink")
        emptied = await ada.slash(channel, "prefer suffix", words="--repeat 1")
        assert "Nothing is added" in seen(emptied)
        assert await liked(shop) == Preferences()


async def test_everything_is_forgotten_after_a_second_press(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        ada, channel = shop.house.ada, shop.house.channel
        await shop.services.people.keep_set(ada.id, "ink", "--s 50")

        asked = await ada.slash(channel, "prefer forget")
        assert asked.response is not None
        assert "for good" in seen(asked)
        await ada.click(asked.response, custom_id="easel:2:prefer:keep")
        assert (await liked(shop)).sets

        shown = await card(shop)
        await ada.click(shown, custom_id="easel:2:prefer:ask_forget")
        await ada.click(shown, custom_id="easel:2:prefer:forget")
        assert await liked(shop) == Preferences()


async def test_copies_are_switched_on_and_off(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        ada, shown = shop.house.ada, await card(shop)

        await ada.click(shown, custom_id="easel:2:prefer:copies")
        assert (await liked(shop)).copies
        await ada.click(shown, custom_id="easel:2:prefer:copies")
        assert not (await liked(shop)).copies


@pytest.mark.parametrize("known", [Preferences(), FULL])
@pytest.mark.parametrize("asking", [False, True])
def test_the_card_fits_into_a_message_however_much_is_preferred(known: Preferences, *, asking: bool) -> None:
    view = preferences_view(known, ["en"], say, asking=asking)

    components = view.to_components()  # type: ignore[no-untyped-call]  # discord.py leaves it bare
    parts: list[dict[str, Any]] = list(walk(components))
    assert view.content_length() <= 4000
    assert view.total_children_count <= 40
    for menu in (part for part in parts if part["type"] == 3):
        assert 1 <= len(menu["options"]) <= 25
        assert sum(option.get("default", False) for option in menu["options"]) <= 1
        assert all(len(option["label"]) <= 100 for option in menu["options"])
