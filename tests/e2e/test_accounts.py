"""A server brings a key of its own, in the whole bot between both stand-ins: who pays for what, before and after.
Never here: single rules of it (tests/services/accounts/test_own_keys.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.fernet import Fernet

from bot.sandbox.stage import GUILD_ID
from bot.sandbox.upstream.accounts import SANDBOX_KEY, Key
from tests.e2e.harness import open_world
from tests.ui.builders import words

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.harness import Harness

OWN_KEY, GUEST_KEY = "sk-of-this-server", "sk-of-a-guest"
KEYS = {SANDBOX_KEY: Key(), OWN_KEY: Key(account="theirs"), GUEST_KEY: Key(account="guests")}


async def panel_says(world: Harness, *verbs: str, key: str | None = None) -> str:
    """What the moderator sees after presses on the panel, and after sending the window if there is one."""
    robin, channel = world.place.moderator, world.place.channel
    shown = await robin.slash(channel, "pool panel")
    for verb in verbs:
        assert shown.response is not None
        button = {"label": verb} if " " in verb else {"custom_id": f"easel:2:pool:{verb}:-"}
        shown = await robin.click(shown.response, **button)
    if key is not None:
        shown = await robin.submit_modal(shown, {"key": key})
    answers = [*([shown.response] if shown.response else []), *shown.followups]
    return "\n".join(f"{answer.content}\n{words(answer.components)}" for answer in answers)


async def test_a_server_pays_with_its_own_key_until_it_is_removed(tmp_path: Path) -> None:
    async with open_world(tmp_path, keys=KEYS) as world:
        await world.restart(
            more={
                "EASEL_MASTER_KEY": Fernet.generate_key().decode(),
                "EASEL_ACCOUNTS": f"guest={GUEST_KEY}",
                "EASEL_ACCOUNT_OF": f"{GUILD_ID}/FAST=guest",
            }
        )
        first = await world.grid("a paper fox", pool="NORMAL")
        await world.grid("a paper crane", pool="FAST")

        assert "not accept that key" in await panel_says(world, "key", key="sk-nobody-has-this-one")
        assert "is now this server's own key" in await panel_says(world, "key", key=OWN_KEY)
        own = await world.grid("a paper owl", pool="FAST")
        await world.child(own, "U1")
        await world.child(first, "U2")
        assert "is removed" in await panel_says(world, "key_ask", "Remove the key")
        said = world.whisper(await world.press(own, "U3"))
        await world.grid("a paper boat", pool="NORMAL")

        assert "its buttons no longer work" in said
        assert [charge.account for charge in world.upstream.charges] == [
            "main",
            "guests",
            "theirs",
            "theirs",
            "main",
            "main",
        ]
