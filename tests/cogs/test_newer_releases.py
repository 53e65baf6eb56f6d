"""After a step back to this release: what a newer one drew is answered with one clear sentence, and changes nothing.
Never here: buttons alone (tests/ui/card/test_presses.py), and forms of earlier releases (tests/ui/kit/test_custom_ids.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
import pytest

from bot.domain.people import Preferences
from bot.ui.kit.controls import COMPONENTS, component
from tests.cogs.moderation_harness import Moderated, moderated
from tests.ui.builders import words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from simcord.results import InteractionResult

    from bot.ui.kit.context import Context

OPENER = "opens-a-window"
BUG = "Something went wrong"


def seen(result: InteractionResult) -> str:
    """All that this person alone was told; the pressed message, which all can read, stays as it was."""
    answers = [*([result.response] if result.response else []), *result.followups]
    (told,) = [answer for answer in answers if answer.ephemeral]
    return f"{told.content}\n{words(told.components)}"


async def drawn(shop: Moderated, *items: discord.ui.Item[Any]) -> discord.Message:
    """A message of the bot's with controls of another release."""
    view = discord.ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    channel = shop.house.bot.get_partial_messageable(shop.house.channel.id, guild_id=shop.guild_id)
    message = await channel.send("from another time", view=view)
    view.stop()
    return message


async def chosen(shop: Moderated, custom_id: str, value: str) -> str:
    """What a moderator hears who chooses something in a menu."""
    options = [discord.SelectOption(label="Old", value=value)]
    menu: discord.ui.Select[Any] = discord.ui.Select(custom_id=custom_id, options=options)
    return seen(await shop.mo.select(await drawn(shop, menu), [value], custom_id=custom_id))


@pytest.fixture
def windows() -> Iterator[list[discord.ui.Modal]]:
    """Windows of another release, which a button opens one after the other."""
    waiting: list[discord.ui.Modal] = []

    @component(OPENER)
    async def opens(context: Context) -> None:
        await context.open(waiting.pop())

    yield waiting
    del COMPONENTS[OPENER]


async def sent(
    shop: Moderated, windows: list[discord.ui.Modal], custom_id: str, values: dict[str, str]
) -> InteractionResult:
    """What comes of a window in which these menus were chosen from, or these lines were written."""
    window = discord.ui.Modal(title="Old", custom_id=custom_id)
    for name, value in values.items():
        options = [discord.SelectOption(label="Old", value=value)]
        line: discord.ui.Item[Any] = discord.ui.TextInput(custom_id=name, required=False)
        menu: discord.ui.Item[Any] = discord.ui.Select(custom_id=name, options=options)
        label: discord.ui.Item[Any] = discord.ui.Label(text="Old", component=menu if value else line)
        window.add_item(label)
    window.stop()
    windows.append(window)
    button: discord.ui.Button[Any] = discord.ui.Button(label="Open", custom_id=f"easel:2:{OPENER}")
    opened = await shop.mo.click(await drawn(shop, button), label="Open")
    return await shop.mo.submit_modal(
        opened, {name: [value] if value else value for name, value in values.items()}
    )


@pytest.mark.parametrize(
    "custom_id",
    [
        "easel:3:prefer-menu:pool",
        "easel:2:prefer-colour:pool",
        "easel:2:prefer-menu:colour",
        "easel:2:prefer-menu:pool:more",
        "easel:2:pool-menu:HYPER",
    ],
)
async def test_a_menu_of_a_newer_release_says_so(tmp_path: Path, custom_id: str) -> None:
    async with moderated(tmp_path) as shop:
        said = await chosen(shop, custom_id, "FAST")

    assert "nothing was changed" in said
    assert "This button" not in said


@pytest.mark.parametrize(
    ("custom_id", "value"),
    [
        ("easel:2:prefer-menu:pool", "HYPER"),
        ("easel:2:prefer-menu:language", "tlh"),
        ("easel:2:prefer-menu:version", "9"),
        ("easel:2:prefer-menu:news", "at-once"),
        ("easel:2:pool-menu:FAST", "burst"),
    ],
)
async def test_a_choice_that_only_a_newer_release_knows_changes_nothing(
    tmp_path: Path, custom_id: str, value: str
) -> None:
    async with moderated(tmp_path) as shop:
        before = await shop.settings()

        said = await chosen(shop, custom_id, value)

        assert "nothing was changed" in said
        assert BUG not in said
        assert await shop.settings() == before
        assert await shop.storage.people.preferences(shop.mo.id) == Preferences()


@pytest.mark.parametrize(
    ("custom_id", "values"),
    [
        ("easel:3:pool-grant", {"pool": "FAST"}),
        ("easel:2:pool-gift", {"pool": "FAST"}),
        ("easel:2:pool-price:HYPER", {"kind": "IMAGINE"}),
        ("easel:2:pool-price:FAST:more", {"kind": "IMAGINE"}),
        ("easel:2:pool-price:FAST", {"kind": "hologram", "units": ""}),
        ("easel:2:pool-price:FAST", {"sort": "IMAGINE"}),
        ("easel:2:mod-media", {"treatment": "blur", "on": "True"}),
        ("easel:2:mod-media", {"on": "True"}),
        ("easel:2:mod-prompts:0", {"defaults": "", "kinds": "hologram"}),
        ("easel:2:mod-decide-shown:0:FAST", {"pools": "HYPER", "press": "everyone"}),
        ("easel:2:mod-decide-shown:0:FAST", {"pools": "FAST", "press": "friends"}),
        ("easel:2:mod-turn:press:panel:0", {"who": "friends"}),
        ("easel:2:mod-turn:press:panel:0", {"friends": "all"}),
        ("easel:2:mod-turn:language:panel:0", {"language": "tlh"}),
        ("easel:2:mod-turn:language:panel:7", {"language": "tlh"}),
        ("easel:2:mod-set:language:panel", {"language": "tlh"}),
        ("easel:2:mod-turn:images:panel:0", {"on": "True", "kinds": "HOLOGRAM"}),
        ("easel:2:mod-turn:colours:panel:0", {"who": "all"}),
    ],
)
async def test_a_window_of_a_newer_release_says_so_and_changes_nothing(
    tmp_path: Path, windows: list[discord.ui.Modal], custom_id: str, values: dict[str, str]
) -> None:
    async with moderated(tmp_path) as shop:
        before = await shop.settings()

        said = seen(await sent(shop, windows, custom_id, values))

        assert "nothing was changed" in said
        assert BUG not in said
        assert await shop.settings() == before


async def test_a_rule_with_a_newer_kind_of_match_is_given_back(
    tmp_path: Path, windows: list[discord.ui.Modal]
) -> None:
    async with moderated(tmp_path) as shop:
        said = seen(
            await sent(
                shop,
                windows,
                "easel:2:mod-words",
                {"pattern": "gore", "match": "sound", "action": "block"},
            )
        )

        assert "nothing was changed" in said
        assert "gore" in said
        assert not (await shop.settings()).words
