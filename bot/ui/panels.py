"""The panel of a server's pools: one card that shows both, and stateless buttons that change everything.
Never here: what a change means (pool_changes) and the windows (pool_windows)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self, cast

import discord
from typing_extensions import override

from bot.domain.pools import Pool
from bot.texts import Text, text
from bot.ui import pool_changes, pool_windows
from bot.ui.cards import POOL_COLOUR, WAITING_COLOUR
from bot.ui.moderators import check_moderator
from bot.ui.pool_words import allowance_words, bar, charge_name, pool_name, role_name
from bot.ui.private import show_privately
from bot.ui.replies import AnyInteraction, attended, house_of, locale_of
from bot.ui.usage import DEFAULT_DAYS, show_usage

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable

    from bot.domain.guilds import GuildSettings
    from bot.services.allowances import PoolOverview
    from bot.services.upstream import Condition

    Say = Callable[[Text], str]

RULES_SHOWN: Final = 8
PRICES_SHOWN: Final = 11
SLOW_MS: Final = 2_000


class Verb(StrEnum):
    """What a button of the panel is for."""

    REFRESH = "refresh"
    ON = "on"
    ASK_OFF = "ask_off"
    OFF = "off"
    """The second press."""
    DEFAULT = "default"
    RULE = "rule"
    UNRULE = "unrule"
    TOTAL = "total"
    PRICE = "price"
    GRANT = "grant"
    ZONE = "zone"
    USAGE = "usage"


class PanelButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=rf"easel-pool:1:(?P<verb>{'|'.join(Verb)}):(?P<pool>{'|'.join(Pool)}|-)",
):
    """A button of the panel, before and after any restart. Who presses it is checked at each press."""

    def __init__(self, item: discord.ui.Button[Any], verb: Verb, pool: Pool | None) -> None:
        super().__init__(item)
        self.verb, self.pool = verb, pool

    @classmethod
    def draw(
        cls,
        verb: Verb,
        pool: Pool | None,
        label: str,
        *,
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
        disabled: bool = False,
    ) -> Self:
        """Make a button."""
        button: discord.ui.Button[Any] = discord.ui.Button(
            label=label,
            style=style,
            disabled=disabled,
            custom_id=f"easel-pool:1:{verb.value}:{pool.value if pool else '-'}",
        )
        return cls(button, verb, pool)

    @classmethod
    @override
    async def from_custom_id(
        cls, interaction: AnyInteraction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Parse, nothing else."""
        pool = None if match["pool"] == "-" else Pool(match["pool"])
        return cls(cast("discord.ui.Button[Any]", item), Verb(match["verb"]), pool)

    @override
    async def callback(self, interaction: AnyInteraction) -> None:
        """Open a window, or change something and draw the panel anew."""
        await attended(
            interaction, partial(_pressed, interaction, self.verb, self.pool), reference=str(interaction.id)
        )


PANEL_DYNAMIC: Final = (PanelButton,)
"""What the client registers for the panel."""


async def _pressed(interaction: AnyInteraction, verb: Verb, pool: Pool | None) -> None:
    check_moderator(interaction)
    window = _window(interaction, verb, pool)
    if window is not None:
        await interaction.response.send_modal(window)
        return
    if verb is Verb.USAGE:
        await show_usage(interaction, DEFAULT_DAYS)
        return
    await interaction.response.defer()
    notice = asking = None
    match verb, pool:
        case ((Verb.ON | Verb.OFF), Pool()):
            notice = await pool_changes.switch(interaction, pool, on=verb is Verb.ON)
        case Verb.DEFAULT, Pool():
            notice = await pool_changes.set_default(interaction, pool)
        case Verb.ASK_OFF, Pool():
            asking = pool
    await show_panel(interaction, notice=notice, asking=asking)


def _window(interaction: AnyInteraction, verb: Verb, pool: Pool | None) -> discord.ui.Modal | None:
    """The window behind a button; its end draws the panel anew."""
    say = partial(house_of(interaction).catalogues.render, locale=locale_of(interaction))
    match verb, pool:
        case Verb.RULE, Pool():
            return pool_windows.RuleWindow(say, pool, show_panel)
        case Verb.UNRULE, Pool():
            return pool_windows.UnruleWindow(say, pool, show_panel)
        case Verb.TOTAL, Pool():
            return pool_windows.TotalWindow(say, pool, show_panel)
        case Verb.PRICE, Pool():
            return pool_windows.PriceWindow(say, pool, show_panel)
        case Verb.GRANT, _:
            return pool_windows.GrantWindow(say, show_panel)
        case Verb.ZONE, _:
            return pool_windows.ZoneWindow(say, show_panel)
    return None


# -- drawing ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All that the panel shows."""

    settings: GuildSettings
    pools: tuple[PoolOverview, ...]
    upstream: Condition
    notice: Text | None = None
    """What has just changed."""
    asking: Pool | None = None
    """The pool that is to be switched off, if the moderator presses once more."""


async def show_panel(
    interaction: AnyInteraction,
    *,
    notice: Text | None = None,
    asking: Pool | None = None,
    controls: bool = True,
) -> None:
    """Read everything and put the panel into the answer."""
    guild_id = check_moderator(interaction)
    house = house_of(interaction)
    pools, upstream = await asyncio.gather(
        house.services.allowances.overview(guild_id), house.services.upstream.look()
    )
    settings = await house.services.guilds.settings(guild_id)
    state = State(settings=settings, pools=pools, upstream=upstream, notice=notice, asking=asking)
    say = partial(house.catalogues.render, locale=locale_of(interaction))
    await show_privately(interaction, panel_view(state, say, controls=controls))


def panel_view(state: State, say: Say, *, controls: bool = True) -> discord.ui.LayoutView:
    """Draw the panel; without controls it only tells."""
    view = discord.ui.LayoutView(timeout=None)
    head: discord.ui.Container[Any] = discord.ui.Container(accent_colour=WAITING_COLOUR)
    head.add_item(discord.ui.TextDisplay("\n".join(_head(state, say))))
    view.add_item(head)
    for pool in state.pools:
        box: discord.ui.Container[Any] = discord.ui.Container(
            accent_colour=POOL_COLOUR[pool.pool] if pool.on and pool.offered else WAITING_COLOUR
        )
        box.add_item(discord.ui.TextDisplay("\n".join(_pool(pool, state.settings, say))))
        if _is_asked(pool, state):
            box.add_item(discord.ui.TextDisplay("\n".join(_question(pool, state, say))))
        if controls:
            for row in _controls(pool, state, say):
                box.add_item(discord.ui.ActionRow(*row))
        view.add_item(box)
    if controls:
        view.add_item(
            discord.ui.ActionRow(
                *(
                    PanelButton.draw(verb, None, say(text(f"pool.button.{verb.value}")))
                    for verb in (Verb.REFRESH, Verb.USAGE, Verb.GRANT, Verb.ZONE)
                )
            )
        )
    return view


def _head(state: State, say: Say) -> Iterable[str]:
    yield say(text("pool.panel"))
    if state.notice is not None:
        yield say(text("pool.notice", said=state.notice))
    yield say(_upstream(state.upstream))
    if state.upstream.credits_left is not None:
        yield say(text("pool.balance", n=state.upstream.credits_left))
    renews = state.pools[0].renews_at // 1_000
    yield "-# " + say(text("pool.day", zone=state.settings.zone, renews=renews))


def _upstream(upstream: Condition) -> Text:
    if upstream.fault is not None:
        return text(f"pool.upstream.{upstream.fault.value}")
    kind = "pool.upstream_slow" if upstream.latency_ms >= SLOW_MS else "pool.upstream_well"
    if upstream.read_at is None:
        return text(kind, latency=upstream.latency_ms)
    return text(
        "pool.upstream_read", said=text(kind, latency=upstream.latency_ms), at=upstream.read_at // 1_000
    )


def _pool(pool: PoolOverview, settings: GuildSettings, say: Say) -> Iterable[str]:
    if not pool.offered:
        state = text("pool.state_not_offered")
    elif not pool.on:
        state = text("pool.state_off")
    else:
        state = text("pool.state_default" if pool.is_default else "pool.state_on")
    yield say(text("pool.title", pool=pool_name(pool.pool), state=state))
    today = pool.today
    counts = {"running": today.running, "waiting": today.waiting}
    if pool.total is None:
        yield say(text("pool.today", n=today.spent, **counts))
    else:
        yield say(
            text("pool.today_of", bar=bar(today.spent, pool.total), n=today.spent, total=pool.total, **counts)
        )
    yield from _rules(pool, settings.guild_id, say)
    prices = [p for p in settings.prices if p.pool is pool.pool][:PRICES_SHOWN]
    if prices:
        listed = ", ".join(say(text("pool.price", kind=charge_name(p.charge), n=p.units)) for p in prices)
        yield "-# " + say(text("pool.prices", prices=listed))


def _rules(pool: PoolOverview, guild_id: int, say: Say) -> Iterable[str]:
    if not pool.rules and pool.default is not None:
        yield "- " + say(
            text("pool.rule", role=text("rule.default"), allowance=allowance_words(pool.default))
        )
    for rule in pool.rules[:RULES_SHOWN]:
        role = role_name(rule.role_id, guild_id)
        yield "- " + say(text("pool.rule", role=role, allowance=allowance_words(rule.allowance())))
    hidden = len(pool.rules) - RULES_SHOWN
    if hidden > 0:
        yield "-# " + say(text("pool.more_rules", n=hidden))


def _is_asked(pool: PoolOverview, state: State) -> bool:
    """Whether it is on, and about to be switched off."""
    return state.asking is pool.pool and pool.on


def _question(pool: PoolOverview, state: State, say: Say) -> Iterable[str]:
    yield say(text("pool.off_sure", pool=pool_name(pool.pool)))
    if not any(other.on and other.offered for other in state.pools if other is not pool):
        yield say(text("pool.off_sure_last"))


def _controls(pool: PoolOverview, state: State, say: Say) -> Iterable[list[PanelButton]]:
    def button(verb: Verb, **options: Any) -> PanelButton:
        return PanelButton.draw(verb, pool.pool, say(text(f"pool.button.{verb.value}")), **options)

    if _is_asked(pool, state):
        yield [
            button(Verb.OFF, style=discord.ButtonStyle.danger),
            PanelButton.draw(Verb.REFRESH, pool.pool, say(text("pool.button.keep"))),
        ]
        return
    switch = (
        button(Verb.ASK_OFF)
        if pool.on
        else button(Verb.ON, style=discord.ButtonStyle.success, disabled=not pool.offered)
    )
    default = button(Verb.DEFAULT, disabled=pool.is_default or not (pool.on and pool.offered))
    yield [button(Verb.RULE, style=discord.ButtonStyle.primary), button(Verb.UNRULE, disabled=not pool.rules)]
    yield [switch, default, button(Verb.TOTAL), button(Verb.PRICE)]
