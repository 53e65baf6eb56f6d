"""The panel of a server's pools: one card that shows both, and stateless buttons that change everything.
Never here: what a change means (`changes`) and the modals (`modals`)."""

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
from bot.ui.card.cards import POOL_COLOUR, WAITING_COLOUR
from bot.ui.kit.escape import quoted
from bot.ui.kit.moderators import check_moderator
from bot.ui.kit.private import show_ephemeral
from bot.ui.kit.replies import AnyInteraction, answer_errors, client_of, locale_of
from bot.ui.pools import changes as pool_changes
from bot.ui.pools import modals as pool_windows
from bot.ui.pools.billing import key_lines, payer_lines, read_payers
from bot.ui.pools.usage import DEFAULT_DAYS, show_usage
from bot.ui.pools.wording import allowance_words, bar, charge_name, pool_name, role_name
from bot.ui.servers.lists import budget_lines
from bot.ui.servers.owners import is_owner

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Mapping

    from bot.domain.guilds import GuildSettings
    from bot.services.accounts.own_keys import KeyState
    from bot.services.accounts.owner_policy import ServerView
    from bot.services.servers.quota import PoolOverview
    from bot.ui.pools.billing import Payer

    Say = Callable[[Text], str]

RULES_SHOWN: Final = 8
PRICES_SHOWN: Final = 11
PAUSE_SHOWN: Final = 200


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
    COOLDOWN = "cooldown"
    PAUSE = "pause"
    RESUME = "resume"
    TOTAL = "total"
    PRICE = "price"
    GRANT = "grant"
    ZONE = "zone"
    USAGE = "usage"
    KEY = "key"
    KEY_TEST = "key_test"
    KEY_ASK = "key_ask"
    KEY_REMOVE = "key_remove"
    """The second press."""


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
        await answer_errors(
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
    asking_key = verb is Verb.KEY_ASK
    match verb, pool:
        case Verb.KEY_TEST, _:
            notice = await pool_changes.test_key(interaction)
        case Verb.KEY_REMOVE, _:
            notice = await pool_changes.remove_key(interaction)
        case ((Verb.ON | Verb.OFF), Pool()):
            notice = await pool_changes.switch(interaction, pool, on=verb is Verb.ON)
        case Verb.RESUME, _:
            notice = await pool_changes.resume(interaction, pool)
        case Verb.DEFAULT, Pool():
            notice = await pool_changes.set_default(interaction, pool)
        case Verb.ASK_OFF, Pool():
            asking = pool
    await show_panel(interaction, notice=notice, asking=asking, asking_key=asking_key)


def _window(interaction: AnyInteraction, verb: Verb, pool: Pool | None) -> discord.ui.Modal | None:
    """The window behind a button; its end draws the panel anew."""
    say = partial(client_of(interaction).catalogues.render, locale=locale_of(interaction))
    if pool is not None and verb in OF_POOL:
        return OF_POOL[verb](say, pool, show_panel)
    if verb is Verb.PAUSE:
        return pool_windows.PauseModal(say, pool, show_panel)
    window = OF_SERVER.get(verb)
    return None if window is None else window(say, show_panel)


OF_POOL: Final[Mapping[Verb, Callable[[Say, Pool, pool_windows.Show], discord.ui.Modal]]] = {
    Verb.RULE: pool_windows.RuleModal,
    Verb.COOLDOWN: pool_windows.CooldownModal,
    Verb.UNRULE: pool_windows.UnruleModal,
    Verb.TOTAL: pool_windows.TotalModal,
    Verb.PRICE: pool_windows.PriceModal,
}
OF_SERVER: Final[Mapping[Verb, Callable[[Say, pool_windows.Show], discord.ui.Modal]]] = {
    Verb.GRANT: pool_windows.GrantModal,
    Verb.ZONE: pool_windows.ZoneModal,
    Verb.KEY: pool_windows.KeyModal,
}


# -- drawing ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All that the panel shows."""

    settings: GuildSettings
    pools: tuple[PoolOverview, ...]
    payers: tuple[Payer, ...]
    own_key: KeyState
    budget: ServerView | None = None
    """What the owner lets the server draw."""
    notice: Text | None = None
    """What has just changed."""
    asking: Pool | None = None
    """The pool that is to be switched off, if the moderator presses once more."""
    asking_key: bool = False
    """Whether the same goes for the removal of the server's own key."""


async def show_panel(
    interaction: AnyInteraction,
    *,
    notice: Text | None = None,
    asking: Pool | None = None,
    asking_key: bool = False,
    controls: bool = True,
) -> None:
    """Read everything and put the panel into the answer."""
    guild_id = check_moderator(interaction)
    house = client_of(interaction)
    own_key = await house.services.own_keys.state(guild_id)
    to_owner = await is_owner(interaction)
    pools, payers, budget = await asyncio.gather(
        house.services.allowances.overview(guild_id),
        read_payers(house.services, guild_id, to_owner=to_owner),
        house.services.owner_policy.view(guild_id),
    )
    state = State(
        settings=await house.services.guilds.settings(guild_id),
        pools=pools,
        payers=payers,
        own_key=own_key,
        budget=budget,
        notice=notice,
        asking=asking,
        asking_key=asking_key,
    )
    say = partial(house.catalogues.render, locale=locale_of(interaction))
    await show_ephemeral(interaction, panel_view(state, say, controls=controls))


def panel_view(state: State, say: Say, *, controls: bool = True) -> discord.ui.LayoutView:
    """Draw the panel; without controls it only tells."""
    view = discord.ui.LayoutView(timeout=None)
    head: discord.ui.Container[Any] = discord.ui.Container(accent_colour=WAITING_COLOUR)
    head.add_item(discord.ui.TextDisplay("\n".join(_head(state, say))))
    view.add_item(head)
    for pool in state.pools:
        box: discord.ui.Container[Any] = discord.ui.Container(
            accent_colour=POOL_COLOUR[pool.pool] if _is_open(pool, state) else WAITING_COLOUR
        )
        box.add_item(discord.ui.TextDisplay("\n".join(_pool(pool, state.settings, say))))
        if _is_asked(pool, state):
            box.add_item(discord.ui.TextDisplay("\n".join(_question(pool, state, say))))
        if controls:
            for row in _controls(pool, state, say):
                box.add_item(discord.ui.ActionRow(*row))
        view.add_item(box)
    view.add_item(_key_box(state, say, controls=controls))
    if controls:
        view.add_item(
            discord.ui.ActionRow(
                *(
                    PanelButton.draw(verb, None, say(text(f"pool.button.{verb.value}")))
                    for verb in (Verb.REFRESH, Verb.USAGE, Verb.GRANT, Verb.ZONE)
                ),
                _pause_all(state, say),
            )
        )
    return view


def _head(state: State, say: Say) -> Iterable[str]:
    yield say(text("pool.panel"))
    if state.notice is not None:
        yield say(text("pool.notice", said=state.notice))
    yield from payer_lines(state.payers, say)
    if state.budget is not None and not all(payer.is_own for payer in state.payers):
        yield from budget_lines(state.budget, say)
    renews = state.pools[0].renews_at // 1_000
    yield "-# " + say(text("pool.day", zone=state.settings.zone, renews=renews))


def _pool(pool: PoolOverview, settings: GuildSettings, say: Say) -> Iterable[str]:
    pause = settings.pause_of(pool.pool)
    if not pool.offered:
        state = text("pool.state_not_offered")
    elif not pool.on:
        state = text("pool.state_off")
    elif pause is not None:
        state = text("pool.state_paused")
    else:
        state = text("pool.state_default" if pool.is_default else "pool.state_on")
    yield say(text("pool.title", pool=pool_name(pool.pool), state=state))
    if pause is not None:
        words: Text | str = quoted(pause.words, PAUSE_SHOWN) if pause.words else text("pause.no_words")
        yield say(text("pool.paused", words=words))
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


def _is_open(pool: PoolOverview, state: State) -> bool:
    """Whether members can make pictures there now."""
    return pool.on and pool.offered and state.settings.pause_of(pool.pool) is None


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
    paused = any(pause.pool is pool.pool for pause in state.settings.pauses)
    yield [
        button(Verb.RULE, style=discord.ButtonStyle.primary),
        button(Verb.COOLDOWN),
        button(Verb.UNRULE, disabled=not pool.rules),
        button(Verb.RESUME if paused else Verb.PAUSE),
    ]
    yield [switch, default, button(Verb.TOTAL), button(Verb.PRICE)]


def _pause_all(state: State, say: Say) -> PanelButton:
    """Stop both pools, or end that."""
    paused = any(pause.pool is None for pause in state.settings.pauses)
    label = text("pool.button.resume_all" if paused else "pool.button.pause_all")
    return PanelButton.draw(Verb.RESUME if paused else Verb.PAUSE, None, say(label))


def _key_box(state: State, say: Say, *, controls: bool) -> discord.ui.Container[Any]:
    """The server's own key: what may be known of it, and what can be done about it."""
    box: discord.ui.Container[Any] = discord.ui.Container(accent_colour=WAITING_COLOUR)
    box.add_item(discord.ui.TextDisplay("\n".join(key_lines(state.own_key, say))))
    asking = state.asking_key and state.own_key.key is not None
    if asking:
        stays = state.budget is None or state.budget.admitted
        box.add_item(discord.ui.TextDisplay(say(text("own_key.sure" if stays else "own_key.sure_outside"))))
    buttons = list(_key_controls(state, say, asking=asking)) if controls else []
    if buttons:
        box.add_item(discord.ui.ActionRow(*buttons))
    return box


def _key_controls(state: State, say: Say, *, asking: bool) -> Iterable[PanelButton]:
    def button(verb: Verb, label: str, **options: Any) -> PanelButton:
        return PanelButton.draw(verb, None, say(text(f"own_key.button.{label}")), **options)

    known, offered = state.own_key.key is not None, state.own_key.offered
    if asking:
        yield button(Verb.KEY_REMOVE, "remove_now", style=discord.ButtonStyle.danger)
        # Not the button below with the same words: a custom_id may stand once in a message.
        yield PanelButton.draw(Verb.REFRESH, Pool.NORMAL, say(text("own_key.button.keep")))
        return
    if offered:
        yield button(Verb.KEY, "replace" if known else "set", style=discord.ButtonStyle.primary)
    if offered and known:
        yield button(Verb.KEY_TEST, "test")
    if known:
        yield button(Verb.KEY_ASK, "remove")
