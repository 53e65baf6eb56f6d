"""A server's own key, in the sandbox: a moderator types it into the panel's window, and from then on it pays.
Never here: what panel and window say (tests/ui/pools/test_own_key.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.fernet import Fernet

from bot.sandbox.app import KEYS, OWN_KEY, everything
from tests.e2e.harness import open_world

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_key_that_the_sandbox_names_is_taken_and_pays(tmp_path: Path) -> None:
    async with open_world(tmp_path, keys=KEYS) as world:
        own = everything(world.upstream, master_key=Fernet.generate_key().decode(), listen="127.0.0.1:9")
        await world.restart(more=own)
        robin, channel = world.place.moderator, world.place.channel

        panel = await robin.slash(channel, "pool panel")
        assert panel.response is not None
        window = await robin.click(panel.response, custom_id="easel:2:pool:key:-")
        assert window.modal is not None
        await robin.submit_modal(window, {"key": OWN_KEY})
        await world.grid("a paper fox")

    assert [charge.account for charge in world.upstream.charges] == [KEYS[OWN_KEY].account]
