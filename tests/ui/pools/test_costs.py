"""Credits and money beside units: on the panel, in a member's quota, in Info, in the chart's answer; nothing where nothing is known.
Never here: the sums (tests/storage/jobs/test_costs.py)."""

from __future__ import annotations

import asyncio
import io
from datetime import date
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import discord
import pytest
from babel import Locale
from PIL import Image, ImageChops

from bot.domain.costs import Cost, Money, parse_money, parse_rates, read_rate
from bot.domain.jobs import JobState
from bot.domain.pools import UNLIMITED, Pool
from bot.domain.prices import Charge
from bot.services.accounts.costs import Costs
from bot.ui.kit.controls import words_view
from bot.ui.pools.charts import Bar, usage_chart
from bot.ui.pools.wording import spent_words
from tests.cogs.moderation_harness import moderated, seen
from tests.ui.client_harness import CATALOGUES

if TYPE_CHECKING:
    from pathlib import Path

    from bot.domain.balances import Priced
    from bot.domain.ports import Clock
    from bot.domain.servers.guild_ports import BookStore, SharedState
    from tests.cogs.moderation_harness import Moderated

CNY = Money(34_000, "CNY")


async def spend(shop: Moderated, credits_: int | None, *, pool: Pool = Pool.NORMAL) -> str:
    """A picture of the moderator's at a price, or at one that nobody knows; its key."""
    shop.made += 1
    new = shop.house.job(
        JobState.QUEUED,
        key=f"{shop.made:012d}",
        root=f"{shop.made:012d}",
        interaction_id=50_000 + shop.made,
        webhook_token=f"priced-{shop.made}",
        pool=pool,
        user_id=shop.mo.id,
        home=shop.guild_id,
    )
    await shop.storage.jobs.insert(new, UNLIMITED, credits_=credits_)
    return new.key


async def informed(shop: Moderated, key: str) -> str:
    """What *Info* under a picture tells its requester."""
    channel = shop.house.bot.get_partial_messageable(shop.house.channel.id)
    view = words_view("a card", discord.ui.Button(label="Info", custom_id=f"easel:2:info:{key}"))
    return seen(await shop.mo.click(cast("Any", await channel.send(view=view)), label="Info"))


async def test_every_place_shows_credits_and_money_beside_units(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        shop.services.costs.money = CNY
        await spend(shop, 2_040)
        await spend(shop, 4_760, pool=Pool.FAST)
        key = await spend(shop, 1_360)

        panel = seen(await shop.panel())
        quota = seen(await shop.mo.slash(shop.house.channel, "quota"))
        usage = seen(await shop.mo.slash(shop.house.channel, "pool usage"))
        info = await informed(shop, key)

        for place in (panel, quota):
            assert "Spent today: 3,400 credits (0.1 CNY)" in place
            assert "Spent today: 4,760 credits (0.14 CNY)" in place
        assert "Spent: 8,160 credits (0.24 CNY)" in usage
        assert "1,360 credits (0.04 CNY)" in info


async def test_what_is_not_known_is_not_shown(tmp_path: Path) -> None:
    async with moderated(tmp_path) as shop:
        shop.services.costs.money = CNY
        key = await spend(shop, None)

        for shown in (
            await shop.panel(),
            await shop.mo.slash(shop.house.channel, "quota"),
            await shop.mo.slash(shop.house.channel, "pool usage"),
        ):
            assert "💰" not in seen(shown)
            assert "CNY" not in seen(shown)
        assert "Cost" not in await informed(shop, key)


@pytest.mark.parametrize(
    ("cost", "money", "said"),
    [
        (Cost(), CNY, None),
        (Cost(0, 0, 3), CNY, None),
        (Cost(1, 1, 1), None, "1 credit"),
        (Cost(6_800, 2, 2), CNY, "6,800 credits (0.2 CNY)"),
        (Cost(6_800, 2, 5), None, "6,800 credits, price known for 2 of 5"),
    ],
)
def test_a_cost_says_how_much_of_it_is_known(cost: Cost, money: Money | None, said: str | None) -> None:
    words = spent_words(cost, money)

    assert (None if words is None else CATALOGUES.render(words, "en")) == said


def test_money_stands_in_the_chart_where_every_price_is_known_and_nowhere_else() -> None:
    def drawn(cost: Cost, money: Money | None) -> Image.Image:
        bars = [Bar(date(2026, 3, 1), {Pool.NORMAL: 2}, {Pool.NORMAL: cost})]
        return Image.open(io.BytesIO(usage_chart(bars, Locale("en"), money=money))).convert("RGB")

    plain = drawn(Cost(), None)
    assert ImageChops.difference(plain, drawn(Cost(6_800, 2, 2), CNY)).getbbox() is not None
    for cost, money in ((Cost(6_800, 1, 2), CNY), (Cost(6_800, 2, 2), None), (Cost(0, 0, 2), CNY)):
        assert ImageChops.difference(plain, drawn(cost, money)).getbbox() is None


# -- where prices come from ------------------------------------------------------------------------------


def entry(name: str, said: str) -> Priced:
    return cast("Priced", SimpleNamespace(name=name, text=said))


@pytest.mark.parametrize(
    ("name", "said", "read"),
    [
        ("midjourney-imagine", "FAST 6800 credits", (Pool.FAST, Charge.IMAGINE, 6_800)),
        ("midjourney-upscale", "NORMAL 510.00 credits", (Pool.NORMAL, Charge.UPSCALE, 510)),
        ("midjourney-imagine", "6800 credits", None),
        ("midjourney", "FAST 6800 credits", None),
        ("midjourney-imagine", "FAST 6800", None),
        ("midjourney-imagine", "FAST 9000000000000 credits", None),
        ("midjourney-imagine", "FAST 0.2 CNY", None),
        ("midjourney-imagine", "FAST 6800 credits, 7000 at night", None),
        ("midjourney-imagine", "NORMAL or FAST 6800 credits", None),
        ("mj", '{"fast": {"imagine": 9}}', None),
    ],
)
def test_an_entry_of_the_price_list_is_understood_or_left_alone(
    name: str, said: str, read: tuple[Pool, Charge, int] | None
) -> None:
    assert read_rate(entry(name, said)) == read


def test_an_owners_prices_and_the_worth_of_credits_are_read() -> None:
    rates = parse_rates("NORMAL=2040, fast=6800,FAST/upscale=1700")
    assert rates == {(Pool.NORMAL, None): 2_040, (Pool.FAST, None): 6_800, (Pool.FAST, Charge.UPSCALE): 1_700}
    assert parse_money("34000 cny") == CNY
    assert parse_money("off") is None
    assert CNY.of(3_400) == 0.1


@pytest.mark.parametrize(
    "spelling", ["SLOW=5", "FAST", "FAST=-5", "FAST/fly=5", "FAST=5,FAST=6", "FAST=many"]
)
def test_prices_that_are_none_are_refused(spelling: str) -> None:
    with pytest.raises(ValueError, match=r"must read|twice"):
        parse_rates(spelling)


@pytest.mark.parametrize("spelling", ["34000", "CNY", "0 CNY", "34000 yuan", "1.5 EUR"])
def test_a_worth_that_is_none_is_refused(spelling: str) -> None:
    with pytest.raises(ValueError, match="34000 CNY"):
        parse_money(spelling)


class Shared:
    """What the processes share."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    async def get(self, key: str) -> str | None:
        return self.kept.get(key)

    async def swap(self, key: str, old: str | None, new: str) -> bool:
        if self.kept.get(key) != old:
            return False
        self.kept[key] = new
        return True


def costs(shared: Shared, stated: str = "") -> Costs:
    clock = cast("Clock", SimpleNamespace(now=lambda: 0))
    books = cast("BookStore", None)
    return Costs(books=books, memory=cast("SharedState", shared), clock=clock, stated=parse_rates(stated))


def test_the_owners_word_stands_above_the_list_and_the_list_is_shared() -> None:
    async def told() -> None:
        shared = Shared()
        listed = [
            entry("midjourney-imagine", "FAST 6800 credits"),
            entry("midjourney-imagine", "NORMAL 2040 credits"),
        ]
        await costs(shared).learn([*listed, entry("midjourney-imagine", "NORMAL 9 credits")])
        other = costs(shared, "FAST/upscale=1700,FAST/imagine=5")

        assert await other.of_one(Pool.FAST, Charge.IMAGINE) == 5
        assert await costs(shared).of_one(Pool.FAST, Charge.IMAGINE) == 6_800
        assert await other.of_one(Pool.NORMAL, Charge.IMAGINE) is None  # it has two prices there
        assert await other.of_one(Pool.FAST, Charge.PAN) is None
        assert await costs(shared, "FAST=7").of_one(Pool.FAST, Charge.PAN) == 7
        await costs(shared).learn([])
        assert await costs(shared).of_one(Pool.FAST, Charge.IMAGINE) == 6_800

    asyncio.run(told())
