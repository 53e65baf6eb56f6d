"""Settings that name what was deleted: they say so, and a moderator can take them away.
Never here: how a sentence is marked (tests/ui/kit/test_gone.py)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bot.domain.pools import Pool, PoolRule
from bot.domain.prices import Charge
from bot.domain.servers.access import ChannelPolicy, MediaRule, Treatment
from bot.domain.servers.prompt_rules import KindRule, ParameterLimit, PromptAddition
from tests.cogs.moderation_harness import moderated, seen
from tests.ui.builders import walk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.domain.servers.guilds import GuildSettings
    from tests.cogs.moderation_harness import Moderated

GONE = 10**17 + 1
"""Whatever it was."""
OTHER = 10**17 + 2
BUTTON = "easel:2:mod-not_found"


async def set_for(shop: Moderated, *ids: int) -> None:
    """Everything that a list can say of a role or channel is said of these."""

    def change(s: GuildSettings) -> GuildSettings:
        return replace(
            s,
            rules=tuple(PoolRule(s.guild_id, Pool.FAST, id_, 7, 1, 1) for id_ in ids),
            media=tuple(MediaRule(id_, Treatment.SPOILER) for id_ in ids),
            additions=tuple(PromptAddition(id_, suffix="at dusk") for id_ in ids),
            limits=tuple(ParameterLimit(id_, "chaos", allowed=False) for id_ in ids),
            kinds=tuple(KindRule(id_, Charge.BLEND, allowed=False) for id_ in ids),
            channels=ChannelPolicy((), ids),
            images=replace(s.images, channels=ids),
        )

    await shop.services.guilds.change(shop.guild_id, shop.boss, change)


async def tidy(shop: Moderated) -> Any:
    """Open the panel and its window of what is gone."""
    panel = await shop.mo.slash(shop.house.channel, "mod panel")
    assert panel.response is not None
    return await shop.mo.click(panel.response, custom_id=BUTTON)


async def test_whatever_lists_say_of_something_deleted_goes_at_once_and_nothing_else(tmp_path: Path) -> None:
    async with moderated(tmp_path, more=("cogs.moderation",)) as shop:
        there = shop.house.channel.id
        await set_for(shop, there, GONE)

        window = await tidy(shop)
        assert window.modal is not None
        (picker,) = [c["component"] for c in window.modal["components"]]
        said = seen(await shop.mo.submit_modal(window, {"gone": [str(GONE)]}))

        assert [option["value"] for option in picker["options"]] == [str(GONE)]
        assert picker["options"][0]["description"].startswith("Pool rules, Spoilers and age restriction")
        assert "not found" not in said
        now = await shop.settings()
        assert [rule.role_id for rule in now.rules] == [there]
        for rules in (now.media, now.additions, now.limits, now.kinds):
            assert [rule.target_id for rule in rules] == [there]
        assert (now.channels.denied, now.images.channels) == ((there,), (there,))


async def test_the_panel_names_what_is_gone_and_asks_only_then(tmp_path: Path) -> None:
    async with moderated(tmp_path, more=("cogs.moderation",)) as shop:
        await set_for(shop, shop.house.channel.id)
        calm = await shop.mo.slash(shop.house.channel, "mod panel")
        await set_for(shop, GONE)
        troubled = await shop.mo.slash(shop.house.channel, "mod panel")

        assert calm.response is not None
        assert troubled.response is not None
        assert BUTTON not in {c.get("custom_id") for c in walk(calm.response.components)}
        assert BUTTON in {c.get("custom_id") for c in walk(troubled.response.components)}
        shown = seen(troubled)
        assert f"a deleted role (`{GONE}`): 7 a day" in shown
        for line in ("🚫 ", "Only in ", "Spoilers and age restriction"):
            assert f"<#{GONE}> (not found)" in shown[shown.index(line) :]


async def test_the_command_takes_the_rule_of_a_deleted_role_by_its_id(tmp_path: Path) -> None:
    async with moderated(tmp_path, more=("cogs.moderation",)) as shop:
        await set_for(shop, GONE, OTHER)

        async def unrule(**options: Any) -> str:
            return seen(await shop.mo.slash(shop.house.channel, "pool unrule", pool="FAST", **options))

        offered = await shop.mo.autocomplete(shop.house.channel, "pool unrule", "gone", "1", pool="FAST")
        assert [choice["value"] for choice in offered] == [str(GONE), str(OTHER)]
        assert f"a deleted role (`{GONE}`)" in await unrule(gone=str(GONE))
        assert [rule.role_id for rule in (await shop.settings()).rules] == [OTHER]
        assert "choose a role, or with `gone`" in await unrule()
        assert "choose a role, or with `gone`" in await unrule(gone="Patrons")
        assert "not both" in await unrule(role=shop.role, gone=str(OTHER))


async def test_members_are_sent_to_no_channel_and_no_role_that_was_deleted(tmp_path: Path) -> None:
    async with moderated(tmp_path, more=("cogs.moderation",)) as shop:
        al = shop.house.guild.add_member(shop.house.env.create_user("al"))

        async def refused(change: Callable[[GuildSettings], GuildSettings]) -> str:
            await shop.services.guilds.change(shop.guild_id, shop.boss, change)
            return seen(await al.slash(shop.house.channel, "imagine", prompt="a fox", pool="FAST"))

        no_pool = await refused(lambda s: replace(s, rules=(PoolRule(s.guild_id, Pool.FAST, GONE, 7, 1, 1),)))
        nowhere = await refused(lambda s: replace(s, channels=ChannelPolicy((GONE,), ())))

        assert "Nobody has access to the FAST pool here: the roles that had it were deleted." in no_pool
        assert "the channels chosen for them are no longer there" in nowhere
        assert str(GONE) not in no_pool + nowhere
