"""The server's own key on the panel: brought through a window, tested, shown by nothing, removed by a second press.
Never here: which jobs it pays for (tests/services/accounts/test_own_keys.py)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from bot.domain.accounts import OwnAccount
from bot.domain.failures import Failure, FailureKind
from bot.domain.jobs import JobState
from bot.domain.pools import Pool
from bot.domain.ports import Showing
from bot.errors import RemoteError, RemoteFault
from bot.services.accounts.status import BELIEVED_MS, Condition
from bot.ui.card.cards import Cards
from bot.ui.pools.billing import Payer, payer_lines
from tests.cogs.moderation_harness import Gateway, moderated, seen
from tests.ui.builders import NOW, a_job, walk, words
from tests.ui.client_harness import CATALOGUES

if TYPE_CHECKING:
    from pathlib import Path

    from simcord.results import InteractionResult

    from bot.texts import Text
    from tests.cogs.moderation_harness import Moderated

KEY = "sk-a-key-that-nobody-may-read"
REFUSED = RemoteError(RemoteFault.KEY, "Unauthorized")


async def press(shop: Moderated, verb: str, panel: InteractionResult | None = None) -> InteractionResult:
    """Press a button of the panel's last box."""
    shown = panel or await shop.panel()
    assert shown.response is not None
    if verb == "key_remove":  # its button names the key that was shown
        return await shop.mo.click(shown.response, label="Remove the key")
    return await shop.mo.click(shown.response, custom_id=f"easel:2:pool:{verb}:-")


async def bring(shop: Moderated, key: str = KEY) -> str:
    """Open the window, write a key and send it; what the moderator then sees."""
    window = await press(shop, "key")
    assert window.modal is not None
    return seen(await shop.mo.submit_modal(window, {"key": key}))


def labels(result: InteractionResult) -> list[str]:
    """The buttons of the last box."""
    assert result.response is not None
    boxes = [c for c in result.response.components if c["type"] == 17]
    return [c["label"] for c in walk([boxes[-1]]) if c["type"] == 2]


async def test_a_server_without_a_key_is_told_what_one_is_good_for(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        panel = await shop.panel()

        assert "Server's own key · none" in seen(panel)
        assert "your account at the image service pays instead" in seen(panel)
        assert labels(panel) == ["Set a key…"]


async def test_a_key_that_works_is_stored_and_never_seen_again(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        said = await bring(shop)
        panel = await shop.panel()
        status = seen(await shop.mo.slash(shop.house.channel, "pool status"))
        history = await shop.services.guilds.audit(shop.guild_id)

        assert "✅ The key works and is now this server's own key." in said
        assert "Server's own key · set" in seen(panel)
        assert f"Set by <@{shop.mo.id}>" in seen(panel)
        assert labels(panel) == ["Replace…", "Test", "Remove…"]
        assert "Server's own key · set" in status
        assert await shop.services.accounts.for_chain(shop.guild_id, Pool.FAST) == f"guild:{shop.guild_id}:1"
        assert [entry.action for entry in history] == ["own_key_set"]
        for told in (said, seen(panel), status, repr(history)):
            assert KEY not in told
            assert KEY[3:11] not in told


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (REFUSED, "does not accept that key"),
        (RemoteError(RemoteFault.KEY, "lacks the permission midjourney"), "no Midjourney permission"),
        (RemoteError(RemoteFault.UNREACHED, "no connection"), "could not be tested"),
    ],
)
async def test_a_key_that_fails_its_test_changes_nothing(
    tmp_path: Path, trouble: RemoteError, said: str
) -> None:
    async with moderated(tmp_path) as shop:
        shop.brought[KEY] = Gateway(trouble=trouble)

        told = await bring(shop)

        assert said in told
        assert "Nothing was changed." in told
        assert "Server's own key · none" in seen(await shop.panel())


async def test_an_address_is_no_key(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        assert "Paste the key alone" in await bring(shop, "https://elsewhere.example/v1")
        assert shop.brought == {}


async def test_a_key_is_replaced_and_tested_and_removed_by_a_second_press(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        await bring(shop)
        assert "no longer work" in await bring(shop, "sk-another-one")
        assert "accepts this server's own key" in seen(await press(shop, "key_test"))
        shop.brought["sk-another-one"].trouble = REFUSED
        assert "does not accept that key" in seen(await press(shop, "key_test"))

        asked = await press(shop, "key_ask")
        assert "Remove the key?" in seen(asked)
        assert labels(asked) == ["Remove the key", "Keep it"]
        kept = await shop.mo.click(cast("Any", asked.response), custom_id="easel:2:pool:refresh:NORMAL")
        assert labels(kept) == ["Replace…", "Test", "Remove…"]
        removed = await press(shop, "key_remove", await press(shop, "key_ask"))

        assert "The key is removed" in seen(removed)
        assert labels(removed) == ["Set a key…"]


async def test_a_removal_that_was_asked_of_an_earlier_key_leaves_the_one_that_came_since(
    tmp_path: Path,
) -> None:
    async with moderated(tmp_path) as shop:
        await bring(shop)
        asked = await press(shop, "key_ask")
        await bring(shop, "sk-another-one")

        told = await shop.mo.click(cast("Any", asked.response), label="Remove the key")

        assert "another one now" in seen(told)
        assert "somebody" not in seen(told)  # it was the same person
        assert await shop.services.own_keys.holds(shop.guild_id, "sk-another-one")


async def test_a_window_that_is_sent_after_the_role_was_lost_changes_nothing(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        window = await press(shop, "key")
        shop.demote()

        told = seen(await shop.mo.submit_modal(window, {"key": KEY}))

        assert "not allowed" in told
        assert (shop.brought, await shop.storage.guilds.keys.current(shop.guild_id)) == ({}, None)


@pytest.mark.parametrize("verb", ["key", "key_test", "key_ask", "key_remove"])
async def test_a_button_that_is_pressed_after_the_role_was_lost_changes_nothing(
    tmp_path: Path, verb: str
) -> None:
    async with moderated(tmp_path) as shop:
        await bring(shop)
        panel = await (press(shop, "key_ask") if verb == "key_remove" else shop.panel())
        shop.demote()

        assert "not allowed" in seen(await press(shop, verb, panel))
        assert await shop.storage.guilds.keys.current(shop.guild_id) is not None


async def test_where_the_owner_offers_none_the_panel_says_so_in_a_sentence(tmp_path: Path) -> None:
    async with moderated(tmp_path, own_keys=False) as shop:
        panel = await shop.panel()
        assert "Server's own key · off" in seen(panel)
        assert "the bot's owner pays for all pictures." in seen(panel)
        assert labels(panel) == []

        await shop.storage.guilds.keys.replace(
            shop.guild_id, "sealed", instead_of=None, actor=shop.boss, at=1
        )
        resting = await shop.panel()
        assert "this server's key is not used" in seen(resting)
        assert labels(resting) == ["Remove…"]


async def test_a_key_that_nobody_can_read_any_more_is_asked_for_again(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        await shop.storage.guilds.keys.replace(
            shop.guild_id, "sealed", instead_of=None, actor=shop.boss, at=1
        )

        panel = seen(await shop.panel())

        assert "can no longer be read here" in panel


async def test_the_panel_shows_how_the_servers_own_account_does(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        shop.api.prices = [SimpleNamespace(name="midjourney-imagine", text="FAST 6800 credits")]
        assert "Prices" not in seen(await shop.panel())
        shop.own_application(shop.mo)
        assert "Prices: \u2068midjourney-imagine FAST 6800 credits\u2069" in seen(await shop.panel())
        await bring(shop)
        shop.brought[KEY].trouble = REFUSED
        shop.services.upstream._seen.clear()

        panel = seen(await shop.panel())

        assert "does not accept this server's own key.** Replace or remove it below" in panel
        assert "Prices" not in panel
        assert BELIEVED_MS


def test_several_accounts_are_told_apart_by_their_pools_and_long_price_lists_are_cut() -> None:
    rates = [SimpleNamespace(name=f"mj{n}", text="9") for n in range(9)]
    well = Condition(fault=None, latency_ms=9, read_at=None, credits_left=5, rates=rates)
    poor = Condition(fault=RemoteFault.BALANCE, latency_ms=9, read_at=None, credits_left=None)

    def localize(sentence: Text) -> str:
        return CATALOGUES.render(sentence, "en")

    payers = (
        Payer([Pool.NORMAL], is_own=False, condition=well),
        Payer([Pool.FAST], is_own=False, condition=poor),
    )
    lines = list(payer_lines(payers, localize))

    assert len(lines) == 6  # the last of each says what its server can do
    assert "NORMAL: 🟢" in lines[0]
    assert lines[2].endswith("; …")
    assert "mj8" not in lines[2]
    assert "FAST: 🔴" in lines[4]


@pytest.mark.parametrize(
    ("account", "said"), [(OwnAccount(7, 1).name, "this server's own key"), ("default", "this bot's key")]
)
def test_a_card_says_whose_key_is_refused(account: str, said: str) -> None:
    job = a_job(JobState.FAILED, account=account, failure=Failure(FailureKind.KEY))

    card = cast("Any", Cards(CATALOGUES).draw(Showing(job, NOW)))

    assert said in words(card.to_components())
