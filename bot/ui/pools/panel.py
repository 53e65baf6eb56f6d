"""The panel of a server's pools: one card that shows them all, and stateless buttons that change everything.
Never here: what a change means (`changes`), and what a button does (`panel_buttons`)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import discord

from bot.domain.days import zone_in_use
from bot.domain.pools import MIDJOURNEY_POOLS, USUAL_POOLS, Pool
from bot.domain.prices import Charge
from bot.texts import Localize, Text, text
from bot.ui.accounts.lists import budget_lines
from bot.ui.card.cards import POOL_COLOUR, WAITING_COLOUR
from bot.ui.kit.controls import StatelessView, custom_id_of
from bot.ui.kit.custom_ids import SNOWFLAKE, maybe, one_of
from bot.ui.kit.escape import quoted
from bot.ui.pools.billing import key_lines, payer_lines, read_payers
from bot.ui.pools.wording import allowance_words, bar, charge_name, pool_name, role_name, spent_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.costs import Money
    from bot.domain.servers.guilds import GuildSettings
    from bot.services.accounts.own_keys import KeyState
    from bot.services.accounts.owner_policy import ServerView
    from bot.services.servers.quota import PoolOverview
    from bot.ui.kit.context import Context
    from bot.ui.pools.billing import Payer


BUTTONS_UP_TO: Final = len(USUAL_POOLS)
"""More pools than so many have a menu each: a message has forty components (facts §3.4)."""
ROOM: Final = 4_000
"""Characters that a message may have (facts §3.4)."""
LENGTHS: Final = (len(Charge), 8, 6, 4, 3, 2, 1)
"""How much of each list is shown: the most that there is room for, or else nothing but how much there is."""
RULES_SHOWN: Final = 8
PAUSE_SHOWN: Final = 200
PAUSE_STEP: Final = 25
"""Characters of a pause's words for each entry that lists show, and once more."""


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
    """The second press as it was drawn before it named a key."""


POOL: Final = one_of(Pool)
BUTTON: Final = (one_of(Verb), maybe(POOL))
"""What a custom_id of the panel says."""
MENU: Final = "pool-menu"
KEY_REMOVAL: Final = "pool-key-remove"
KEY_SHOWN: Final = (SNOWFLAKE, SNOWFLAKE)
"""Which key the question was about, by generation and time: somebody may bring another before it is answered."""


def draw_button(verb: Verb, pool: Pool | None, label: str, **options: Any) -> discord.ui.Button[Any]:
    """Draw one; who presses it is checked at each press."""
    return discord.ui.Button(label=label, custom_id=custom_id_of("pool", verb, pool), **options)


# -- drawing ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All that the panel shows."""

    settings: GuildSettings
    pools: tuple[PoolOverview, ...]
    payers: tuple[Payer, ...]
    own_key: KeyState
    money: Money | None = None
    """What credits are worth."""
    budget: ServerView | None = None
    """What the owner lets the server draw."""
    notice: Text | None = None
    """What has just changed."""
    asking: Pool | None = None
    """The pool that is to be switched off, if the moderator presses once more."""
    asking_key: bool = False
    """Whether the same goes for the removal of the server's own key."""


async def show_panel(
    context: Context,
    *,
    notice: Text | None = None,
    asking: Pool | None = None,
    asking_key: bool = False,
    controls: bool = True,
) -> None:
    """Read everything and put the panel into the answer."""
    guild_id = context.moderator()
    client = context.client
    own_key = await client.services.own_keys.state(guild_id)
    to_owner = await context.is_owner()
    pools, payers, budget = await asyncio.gather(
        client.services.allowances.overview(guild_id),
        read_payers(client.services, guild_id, to_owner=to_owner),
        client.services.owner_policy.view(guild_id),
    )
    state = State(
        settings=await client.services.guilds.settings(guild_id),
        pools=pools,
        payers=payers,
        own_key=own_key,
        money=client.services.costs.money,
        budget=budget,
        notice=notice,
        asking=asking,
        asking_key=asking_key,
    )
    localize = context.localize
    await context.show(panel_view(state, localize, controls=controls))


def panel_view(state: State, localize: Localize, *, controls: bool = True) -> discord.ui.LayoutView:
    """Draw the panel, its lists as long as there is room for; without controls it only tells."""
    for most in LENGTHS:
        view = _drawn(state, localize, controls=controls, most=most)
        if view.content_length() <= ROOM:
            return view
    return _drawn(state, localize, controls=controls, most=0)


def _drawn(state: State, localize: Localize, *, controls: bool, most: int) -> discord.ui.LayoutView:
    view = StatelessView()
    head: discord.ui.Container[Any] = discord.ui.Container(accent_colour=WAITING_COLOUR)
    head.add_item(discord.ui.TextDisplay("\n".join(_head(state, localize, most=most))))
    view.add_item(head)
    for pool in state.pools:
        box: discord.ui.Container[Any] = discord.ui.Container(
            accent_colour=POOL_COLOUR[pool.pool] if _is_open(pool, state) else WAITING_COLOUR
        )
        box.add_item(discord.ui.TextDisplay("\n".join(_pool(pool, state, localize, most=most))))
        if _is_asked(pool, state):
            box.add_item(discord.ui.TextDisplay("\n".join(_question(pool, state, localize))))
        if controls:
            for row in _controls(pool, state, localize):
                box.add_item(row)
        view.add_item(box)
    view.add_item(_key_box(state, localize, controls=controls))
    if controls:
        view.add_item(
            discord.ui.ActionRow(
                *(
                    draw_button(verb, None, localize(text(f"pool.button.{verb.value}")))
                    for verb in (Verb.REFRESH, Verb.USAGE, Verb.GRANT, Verb.ZONE)
                ),
                _pause_all(state, localize),
            )
        )
    return view


def _head(state: State, localize: Localize, *, most: int) -> Iterable[str]:
    yield localize(text("pool.panel"))
    if state.notice is not None:
        yield localize(text("pool.notice", said=state.notice))
    yield from payer_lines(state.payers, localize, most=most)
    if state.budget is not None and not all(payer.is_own for payer in state.payers):
        yield from budget_lines(state.budget, localize)
    renews = state.pools[0].renews_at // 1_000
    stored = state.settings.zone
    zone = zone_in_use(stored)
    if zone != stored:
        yield localize(text("pool.zone_unknown", zone=stored))
    yield "-# " + localize(text("pool.day", zone=zone, renews=renews))


def _pool(pool: PoolOverview, state: State, localize: Localize, *, most: int) -> Iterable[str]:
    settings = state.settings
    pause = settings.pause_of(pool.pool)
    if not pool.offered:
        now = text("pool.state_not_offered")
    elif not pool.on:
        now = text("pool.state_off")
    elif pause is not None:
        now = text("pool.state_paused")
    else:
        now = text("pool.state_default" if pool.is_default else "pool.state_on")
    yield localize(text("pool.title", pool=pool_name(pool.pool), state=now))
    if pause is not None:
        room = min(PAUSE_SHOWN, PAUSE_STEP * (most + 1))
        words: Text | str = quoted(pause.words, room) if pause.words else text("pause.no_words")
        yield localize(text("pool.paused", words=words))
    today = pool.today
    counts = {"running": today.running, "waiting": today.waiting}
    if pool.total is None:
        yield localize(text("pool.today", n=today.spent, **counts))
    else:
        yield localize(
            text("pool.today_of", bar=bar(today.spent, pool.total), n=today.spent, total=pool.total, **counts)
        )
    spent = spent_words(pool.cost, state.money)
    if spent is not None:
        yield localize(text("cost.today", cost=spent))
    yield from _rules(pool, settings.guild_id, localize, most=min(most, RULES_SHOWN))
    prices = [p for p in settings.prices if p.pool is pool.pool]
    if prices:
        listed = [localize(text("pool.price", kind=charge_name(p.charge), n=p.units)) for p in prices[:most]]
        if len(prices) > most:
            listed.append(localize(text("audit.more", n=len(prices) - most)))
        yield "-# " + localize(text("pool.prices", prices=", ".join(listed)))


def _rules(pool: PoolOverview, guild_id: int, localize: Localize, *, most: int) -> Iterable[str]:
    if not pool.rules and pool.default is not None:
        yield "- " + localize(
            text("pool.rule", role=text("rule.default"), allowance=allowance_words(pool.default))
        )
    for rule in pool.rules[:most]:
        role = role_name(rule.role_id, guild_id)
        yield "- " + localize(text("pool.rule", role=role, allowance=allowance_words(rule.allowance())))
    hidden = len(pool.rules) - most
    if hidden > 0:
        yield "-# " + localize(text("pool.more_rules", n=hidden))


def _is_open(pool: PoolOverview, state: State) -> bool:
    """Whether members can make pictures there now."""
    return pool.on and pool.offered and state.settings.pause_of(pool.pool) is None


def _is_asked(pool: PoolOverview, state: State) -> bool:
    """Whether it is on, and about to be switched off."""
    return state.asking is pool.pool and pool.on


def _question(pool: PoolOverview, state: State, localize: Localize) -> Iterable[str]:
    yield localize(text("pool.off_sure", pool=pool_name(pool.pool)))
    if not any(other.on and other.offered for other in state.pools if other is not pool):
        yield localize(text("pool.off_sure_last"))


def _controls(pool: PoolOverview, state: State, localize: Localize) -> Iterable[discord.ui.ActionRow[Any]]:
    def button(verb: Verb, **options: Any) -> discord.ui.Button[Any]:
        return draw_button(verb, pool.pool, localize(text(f"pool.button.{verb.value}")), **options)

    if _is_asked(pool, state):
        yield discord.ui.ActionRow(
            button(Verb.OFF, style=discord.ButtonStyle.danger),
            draw_button(Verb.REFRESH, pool.pool, localize(text("pool.button.keep"))),
        )
        return
    paused = any(pause.pool is pool.pool for pause in state.settings.pauses)
    switch = Verb.ASK_OFF if pool.on else Verb.ON
    first = (Verb.RULE, Verb.COOLDOWN, Verb.UNRULE, Verb.RESUME if paused else Verb.PAUSE)
    second = (switch, Verb.DEFAULT, Verb.TOTAL, Verb.PRICE)
    useless = {
        Verb.UNRULE: not pool.rules,
        Verb.ON: not pool.offered,
        Verb.DEFAULT: pool.is_default or pool.pool not in MIDJOURNEY_POOLS or not (pool.on and pool.offered),
    }
    if len(state.pools) > BUTTONS_UP_TO:
        options = [
            discord.SelectOption(label=localize(text(f"pool.button.{verb.value}")), value=verb.value)
            for verb in (*first, *second)
            if not useless.get(verb)
        ]
        menu: discord.ui.Select[Any] = discord.ui.Select(
            custom_id=custom_id_of(MENU, pool.pool),
            placeholder=localize(text("pool.menu", pool=pool_name(pool.pool))),
            options=options,
        )
        yield discord.ui.ActionRow(menu)
        return
    styles = {Verb.RULE: discord.ButtonStyle.primary, Verb.ON: discord.ButtonStyle.success}
    for verbs in (first, second):
        yield discord.ui.ActionRow(
            *(
                button(
                    verb,
                    style=styles.get(verb, discord.ButtonStyle.secondary),
                    disabled=useless.get(verb, False),
                )
                for verb in verbs
            )
        )


def _pause_all(state: State, localize: Localize) -> discord.ui.Button[Any]:
    """Stop every pool, or end that."""
    paused = any(pause.pool is None for pause in state.settings.pauses)
    stop = "pool.button.pause_all" if len(state.pools) <= BUTTONS_UP_TO else "pool.button.pause_every"
    label = text("pool.button.resume_all" if paused else stop)
    return draw_button(Verb.RESUME if paused else Verb.PAUSE, None, localize(label))


def _key_box(state: State, localize: Localize, *, controls: bool) -> discord.ui.Container[Any]:
    """The server's own key: what may be known of it, and what can be done about it."""
    box: discord.ui.Container[Any] = discord.ui.Container(accent_colour=WAITING_COLOUR)
    box.add_item(discord.ui.TextDisplay("\n".join(key_lines(state.own_key, localize))))
    asking = state.asking_key and state.own_key.key is not None
    if asking:
        stays = state.budget is None or state.budget.admitted
        box.add_item(
            discord.ui.TextDisplay(localize(text("own_key.sure" if stays else "own_key.sure_outside")))
        )
    buttons = list(_key_controls(state, localize, asking=asking)) if controls else []
    if buttons:
        box.add_item(discord.ui.ActionRow(*buttons))
    return box


def _key_controls(state: State, localize: Localize, *, asking: bool) -> Iterable[discord.ui.Button[Any]]:
    def button(verb: Verb, label: str, **options: Any) -> discord.ui.Button[Any]:
        return draw_button(verb, None, localize(text(f"own_key.button.{label}")), **options)

    key, offered = state.own_key.key, state.own_key.offered
    known = key is not None
    if asking and key is not None:
        yield discord.ui.Button(
            label=localize(text("own_key.button.remove_now")),
            style=discord.ButtonStyle.danger,
            custom_id=custom_id_of(KEY_REMOVAL, key.account.generation, key.at),
        )
        # Not the button below with the same words: a custom_id may stand once in a message.
        yield draw_button(Verb.REFRESH, Pool.NORMAL, localize(text("own_key.button.keep")))
        return
    if offered:
        yield button(Verb.KEY, "replace" if known else "set", style=discord.ButtonStyle.primary)
    if offered and known:
        yield button(Verb.KEY_TEST, "test")
    if known:
        yield button(Verb.KEY_ASK, "remove")
