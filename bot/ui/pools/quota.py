"""`/quota`: what one member has left in each pool, when it renews, and which rule gives it.
Never here: counting, and what moderators see (`panel`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import discord

from bot.domain.pools import USUAL_POOLS
from bot.texts import Localize, text
from bot.ui.card.cards import POOL_COLOUR, WAITING_COLOUR
from bot.ui.kit.controls import StatelessView
from bot.ui.kit.escape import quoted
from bot.ui.pools.wording import amount, bar, pool_name, spent_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.domain.costs import Money
    from bot.domain.servers.guilds import Grant
    from bot.services.servers.quota import PoolQuota
    from bot.ui.kit.context import Context


GRANTS_SHOWN: Final = 5
REASON_SHOWN: Final = 100


async def show_quota(context: Context) -> None:
    """Answer with the member's own card."""
    asker = await context.defer_ephemeral()
    client = context.client
    quotas = await client.services.allowances.quota_of(asker)
    guild_id = asker.reply.guild_id
    grants = [] if guild_id is None else await client.services.allowances.grants(guild_id, asker.user_id)
    localize = context.localize
    await context.show(quota_view(quotas, grants, localize, client.services.costs.money))


def quota_view(
    quotas: Sequence[PoolQuota], grants: Sequence[Grant], localize: Localize, money: Money | None = None
) -> discord.ui.LayoutView:
    """Draw a box for each pool."""
    view = StatelessView()
    title = "quota.title" if len(quotas) <= len(USUAL_POOLS) else "quota.title_every"
    view.add_item(discord.ui.TextDisplay(localize(text(title, renews=quotas[0].renews_at // 1_000))))
    for quota in quotas:
        mine = [grant for grant in grants if grant.pool is quota.pool]
        box: discord.ui.Container[Any] = discord.ui.Container(
            accent_colour=WAITING_COLOUR if quota.allowance is None else POOL_COLOUR[quota.pool]
        )
        box.add_item(discord.ui.TextDisplay("\n".join(_lines(quota, mine, localize, money))))
        view.add_item(box)
    return view


def _lines(
    quota: PoolQuota, grants: Sequence[Grant], localize: Localize, money: Money | None
) -> Iterable[str]:
    yield f"### {localize(pool_name(quota.pool))}"
    allowance = quota.allowance
    if allowance is None:
        if quota.why is not None:
            yield localize(quota.why)
        return
    if quota.of is None or quota.left is None:
        yield localize(text("quota.unlimited"))
    else:
        yield localize(text("quota.left", bar=bar(quota.left, quota.of), n=quota.left, of=quota.of))
    if quota.left_this_month is not None:
        renews = quota.month_renews_at // 1_000
        of = allowance.per_month or 0
        yield localize(text("quota.left_this_month", n=quota.left_this_month, of=of, renews=renews))
    spent = spent_words(quota.cost, money)
    if spent is not None:
        yield localize(text("cost.today", cost=spent))
    if quota.granted:
        yield localize(text("quota.granted", n=quota.granted))
    if quota.server_left is not None and (
        quota.left is None or quota.server_left < quota.left + quota.granted
    ):
        yield localize(text("quota.server_left", n=quota.server_left))
    yield localize(
        text(
            "quota.at_once",
            running=quota.running,
            of_running=amount(allowance.running),
            waiting=quota.waiting,
            of_waiting=amount(allowance.waiting),
        )
    )
    if allowance.cooldown:
        yield localize(text("quota.rest", seconds=text("amount.seconds", n=allowance.cooldown)))
    for grant in grants[:GRANTS_SHOWN]:
        yield "-# " + _grant(grant, localize)
    if quota.rule is not None:
        yield "-# " + localize(text("quota.rule", rule=quota.rule))


def _grant(grant: Grant, localize: Localize) -> str:
    said = (
        text("quota.grant", n=grant.left, units=grant.units)
        if grant.expires_at is None
        else text("quota.grant_until", n=grant.left, units=grant.units, until=grant.expires_at // 1_000)
    )
    return localize(said) + (f" · {quoted(grant.reason, REASON_SHOWN)}" if grant.reason else "")
