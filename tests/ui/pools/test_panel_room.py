"""The panel fits into a message, however much there is to say: its lists are as long as there is room for.
Never here: what its buttons do (test_panels)."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, cast

import discord
import pytest

from bot.domain.accounts import OwnAccount
from bot.domain.capabilities import BY_SERVER, ServerKind
from bot.domain.costs import Cost, Money
from bot.domain.pools import Pool, PoolRule
from bot.domain.prices import Charge, Price
from bot.domain.servers.guilds import GuildSettings, Pause, PoolTotals
from bot.domain.servers.own_keys import OwnKey
from bot.domain.tenancy import Ceiling, KnownServer, Used
from bot.domain.upstream_keys import UpstreamKey
from bot.services.accounts.own_keys import KeyState
from bot.services.accounts.owner_policy import ServerView
from bot.services.accounts.status import Condition
from bot.services.servers.quota import PoolOverview
from bot.texts import text
from bot.ui.pools.billing import Payer
from bot.ui.pools.panel import State, panel_view
from tests.ui.client_harness import CATALOGUES

if TYPE_CHECKING:
    from collections.abc import Sequence

GUILD: Final = 10**18
MOST: Final = 10**6
NOW: Final = 1_800_000_000_000
RATE: Final = cast("Any", SimpleNamespace(name="mj_" * 20, text="*" * 60))


def overview(pool: Pool, *, rules: int) -> PoolOverview:
    """A pool of which everything is said that can be."""
    rule = PoolRule(GUILD, pool, GUILD, MOST, MOST, MOST, MOST, MOST)
    return PoolOverview(
        pool=pool,
        on=True,
        offered=True,
        is_default=True,
        rules=tuple(replace(rule, role_id=GUILD + n) for n in range(1, rules + 1)),
        default=None,
        total=MOST,
        today=PoolTotals(MOST, MOST, MOST),
        renews_at=NOW,
        cost=Cost(10**9, MOST, MOST + 1),
    )


def state(pools: Sequence[Pool], *, payers: int, owner: bool, rules: int = 30) -> State:
    """A panel of which everything is said that can be."""
    condition = Condition(
        fault=None,
        latency_ms=99_999,
        read_at=NOW,
        credits_left=10**9 if owner else None,
        key=UpstreamKey(key="k", used=Decimal(10**9), cap=Decimal(10**9), expires_at=NOW, is_disabled=True)
        if owner
        else None,
        membership_end=NOW if owner else None,
        rates=[RATE] * 20 if owner else (),
        capabilities=replace(BY_SERVER[ServerKind.TRUEAI], seed=True, keeps_pool=False),
    )
    settings = GuildSettings(
        guild_id=GUILD,
        prices=tuple(Price(pool, charge, MOST) for pool in pools for charge in Charge),
        pauses=tuple(Pause(pool, "*_" * 150) for pool in pools),
        zone="America/Argentina/ComodRivadavia",
    )
    return State(
        settings=settings,
        pools=tuple(overview(pool, rules=rules) for pool in pools),
        payers=tuple(Payer([pool], is_own=False, condition=condition) for pool in pools[:payers]),
        own_key=KeyState(offered=True, key=OwnKey(OwnAccount(GUILD, 1), GUILD, NOW, NOW), readable=False),
        money=Money(34_000, "CNY"),
        budget=ServerView(
            server=KnownServer(guild_id=GUILD),
            admitted=True,
            ceiling=Ceiling(MOST, MOST),
            used=Used(MOST, MOST, MOST, MOST),
        ),
        notice=text("own_key.now_removed_outside"),
        asking=pools[-1],
        asking_key=True,
    )


@pytest.mark.parametrize("owner", [False, True])
@pytest.mark.parametrize("payers", [1, 4])
@pytest.mark.parametrize("pools", [2, 3, 4])
@pytest.mark.parametrize("language", CATALOGUES.languages)
def test_it_fits_into_a_message_in_every_language(
    language: str, pools: int, payers: int, *, owner: bool
) -> None:
    localize = partial(CATALOGUES.render, locale=language)

    view = panel_view(state(list(Pool)[:pools], payers=payers, owner=owner), localize)

    assert view.content_length() <= 4000
    assert view.total_children_count <= 40


def prices(given: State) -> list[str]:
    """What the panel's last line of prices lists."""
    view = panel_view(given, partial(CATALOGUES.render, locale="en"))
    shown = "\n".join(
        part.content for part in view.walk_children() if isinstance(part, discord.ui.TextDisplay)
    )
    *_, line = re.findall("Price in units: (.*); everything else: 1", shown)
    return cast("str", line).split(", ")


def test_prices_without_room_are_counted_and_those_with_room_are_all_there() -> None:
    crowded = state(list(Pool), payers=4, owner=True)
    *listed, rest = prices(replace(crowded, payers=()))

    assert rest == f"… and {len(Charge) - len(listed)} more"
    assert prices(crowded) == [f"… and {len(Charge)} more"]
    assert len(prices(state([Pool.FAST], payers=1, owner=False, rules=3))) == len(Charge)
