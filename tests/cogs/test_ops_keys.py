"""`/ops keys` makes, caps and deletes keys for the application's owner alone; the panel shows what they hold to.
Never here: what breaks on the way (tests/services/accounts/test_upstream_keys.py)."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import discord
import pytest

from bot.domain.schedule import HOUR
from bot.domain.upstream_keys import UpstreamKey
from cogs.servers import Ops
from tests.cogs.moderation_harness import moderated, seen
from tests.services.accounts_harness import Office

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from simcord.results import InteractionResult

    from tests.cogs.moderation_harness import Moderated


class Counter:
    """Where the owner does it."""

    def __init__(self, shop: Moderated, office: Office) -> None:
        self.shop, self.office = shop, office

    async def do(self, name: str, **options: Any) -> InteractionResult:
        return await self.shop.mo.slash(self.shop.house.channel, f"ops keys {name}", **options)

    async def make(self, subject: str | None = None, cap: int = 10_000) -> str:
        given = {"for": subject or str(self.shop.guild_id), "cap": cap, "until": "30d"}
        return seen(await self.do("create", **given))


@asynccontextmanager
async def counter(folder: Path, *, owner: bool = True) -> AsyncIterator[Counter]:
    office = Office()
    async with moderated(folder, key_admin=office) as shop:
        here = discord.Object(shop.guild_id)
        shop.house.bot.tree.add_command(Ops(), guild=here)
        await shop.house.bot.tree.sync(guild=here)
        await shop.let_through_here("ops", shop.mo)
        if owner:
            shop.own_application(shop.mo)
        yield Counter(shop, office)


async def panel(shop: Moderated) -> str:
    """The panel, past what is believed for a moment."""
    shop.services.upstream._seen.clear()
    shop.services.upstream_keys._listed.clear()
    return seen(await shop.panel())


async def test_nobody_but_the_owner_may_look_make_or_delete(tmp_path: Path) -> None:
    async with counter(tmp_path, owner=False) as at:
        for name, options in (
            ("list", {}),
            ("create", {"for": "studio", "cap": 5, "until": "30d"}),
            ("cap", {"key": "studio", "cap": 5}),
            ("disable", {"key": "studio"}),
            ("enable", {"key": "studio"}),
            ("delete", {"key": "studio"}),
        ):
            assert "Only the bot's owner" in seen(await at.do(name, **options)), name

        assert at.office.made == 0


@pytest.mark.parametrize("typed", [str(2**63), "9" * 20, "007", "1_000", "\uff11\uff12", "+5", "`" * 60])
async def test_a_server_that_cannot_be_is_refused_before_a_key_is_made(tmp_path: Path, typed: str) -> None:
    async with counter(tmp_path) as at:
        said = await at.make(typed)

        assert "neither a server's id nor a name" in said
        assert at.office.made == 0


async def test_a_key_is_made_capped_disabled_and_deleted_after_a_question(tmp_path: Path) -> None:
    async with counter(tmp_path) as at:
        made = await at.make()
        office, here = at.office, str(at.shop.guild_id)
        office.spend(8_000)
        assert "that server's own key now" in made
        assert "sk-" not in made
        assert "8,000 of 10,000 credits spent (80 %)" in seen(await at.do("list"))
        assert "one other key, which is not shown" in seen(await at.do("list"))
        assert "(40 %)" in seen(await at.do("cap", key=here, cap=20_000))
        assert "disabled" in seen(await at.do("disable", key=here))
        assert "in use" in seen(await at.do("enable", key=here))

        asked = await at.do("delete", key=here)
        assert "Delete this key for good?" in seen(asked)
        assert asked.response is not None
        tag = office.listed[-1].tag
        kept = await at.shop.mo.click(asked.response, custom_id=f"easel:2:upstream-key:keep:{tag}")
        assert len(office.listed) == 2
        again = await at.do("delete", key=here)
        assert again.response is not None
        gone = await at.shop.mo.click(again.response, custom_id=f"easel:2:upstream-key:delete:{tag}")
        assert kept is not gone
        assert len(office.listed) == 1
        assert (await at.shop.services.own_keys.state(at.shop.guild_id)).key is None


async def test_a_server_is_named_where_its_name_is_known_and_suggested_to_the_owner(tmp_path: Path) -> None:
    async with counter(tmp_path) as at:
        here, name = at.shop.guild_id, "Fox *den*"
        await at.shop.services.owner_policy.note(here, name=name, owner_id=None, owners=frozenset())
        await at.shop.services.owner_policy.let_in(here, by=None)
        made = await at.make()
        listed = seen(await at.do("list"))

        assert "Fox" in made
        assert f"({here})" in listed
        assert "*den*" not in listed.replace("\\*", "")


async def test_an_accounts_key_is_shown_once_to_its_maker(tmp_path: Path) -> None:
    async with counter(tmp_path) as at:
        assert "sk-made-1" in await at.make("studio")
        assert "There is a key for studio already" in await at.make("studio")
        assert "sk-" not in seen(await at.do("list"))


async def test_bad_input_is_one_sentence(tmp_path: Path) -> None:
    async with counter(tmp_path) as at:
        assert "1 at least" in await at.make(cap=0)
        past = await at.do("create", **{"for": "studio", "cap": 5, "until": "2020-01-01"})
        assert "has passed already" in seen(past)
        odd = await at.do("create", **{"for": "studio", "cap": 5, "until": "soon"})
        assert "is no end" in seen(odd)
        assert "at most 32 characters" in await at.make("a" * 40)
        assert at.office.made == 0


async def test_the_panel_shows_spent_of_cap_its_end_and_the_memberships_and_no_balance_of_the_owner(
    tmp_path: Path,
) -> None:
    async with counter(tmp_path) as at:
        at.office.ends = at.shop.house.clock.now() + 100 * 24 * HOUR
        await at.make()
        at.office.spend(2_500)
        at.shop.own_application(at.shop.house.ada)

        shown = await panel(at.shop)

        assert "2,500 of 10,000 credits of the key's cap spent (25 %)" in shown
        assert "The key ends <t:" in shown
        assert "The membership of its account ends <t:" in shown
        assert "credits left" not in shown
        await at.shop.services.upstream_keys.disable(str(at.shop.guild_id))
        assert "has disabled the key" in await panel(at.shop)


async def test_moderators_see_nothing_of_the_owners_key_and_the_owner_does(tmp_path: Path) -> None:
    async with counter(tmp_path) as at:
        at.office.listed.append(
            UpstreamKey(key="sk-of-the-owner", remark="mine", expires_at=1_900_000_000_000)
        )
        assert "The key ends" in await panel(at.shop)
        at.shop.own_application(at.shop.house.ada)
        assert "The key ends" not in await panel(at.shop)
