"""What the panel's buttons do: open a modal, or change something and draw the panel anew.
Never here: the panel itself, and what a change means (changes)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.pools import Pool
from bot.errors import UserError
from bot.texts import text
from bot.ui.kit.choices import known
from bot.ui.kit.controls import component
from bot.ui.kit.deadline import read_first
from bot.ui.pools import changes as pool_changes
from bot.ui.pools import modals
from bot.ui.pools.panel import BUTTON, KEY_REMOVAL, KEY_SHOWN, MENU, POOL, Verb, show_panel
from bot.ui.pools.usage import DEFAULT_DAYS, show_usage

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    import discord

    from bot.texts import Localize
    from bot.ui.kit.context import Context


@component("pool", *BUTTON, moderators=True)
async def press(context: Context, verb: Verb, pool: Pool | None) -> None:
    """Do what a button is for."""
    await _do(context, verb, pool)


@component(MENU, POOL, moderators=True)
async def choose(context: Context, pool: Pool) -> None:
    """Do what was chosen in the menu that stands for a pool's buttons."""
    await _do(context, known(Verb, context.chosen or Verb.REFRESH), pool)


@component(KEY_REMOVAL, *KEY_SHOWN, moderators=True)
async def remove_key(context: Context, generation: int, at: int) -> None:
    """Remove the key about which it was asked, and no other."""
    await context.defer_update()
    try:
        notice = await pool_changes.remove_key(context, generation, at)
    except (
        UserError
    ) as refusal:  # said on the panel of now: the one that asked names a key that is there no more
        notice = refusal.text
    await show_panel(context, notice=notice)


async def _do(context: Context, verb: Verb, pool: Pool | None) -> None:
    if verb is Verb.UNRULE and pool is not None:
        asking_whose = modals.ask_whose_rule(context, pool)
        await context.open(await read_first(context, asking_whose, text("panel.slow")))
        return
    shown = await read_first(context, context.services.policy.shown(context.guild_id), text("panel.slow"))
    opened = _modal(context.localize, verb, pool, shown)
    if opened is not None:
        await context.open(opened)
        return
    if verb is Verb.USAGE:
        await show_usage(context, DEFAULT_DAYS)
        return
    await context.defer_update()
    notice = asking = None
    match verb, pool:
        case Verb.KEY_TEST, _:
            notice = await pool_changes.test_key(context)
        case ((Verb.ON | Verb.OFF), Pool()):
            notice = await pool_changes.switch(context, pool, on=verb is Verb.ON)
        case Verb.RESUME, _:
            notice = await pool_changes.resume(context, pool)
        case Verb.DEFAULT, Pool():
            notice = await pool_changes.set_default(context, pool)
        case Verb.ASK_OFF, Pool():
            asking = pool
    await show_panel(context, notice=notice, asking=asking, asking_key=verb in KEY_QUESTIONS)


def _modal(
    localize: Localize, verb: Verb, pool: Pool | None, shown: Collection[Pool]
) -> discord.ui.Modal | None:
    """The modal behind a button; its end draws the panel anew."""
    if verb is Verb.GRANT:
        return modals.grant_modal(localize, shown)
    if pool is not None and verb in OF_POOL:
        return OF_POOL[verb](localize, pool)
    if verb is Verb.PAUSE:
        return modals.pause_modal(localize, pool, pools=shown)
    draw = OF_SERVER.get(verb)
    return None if draw is None else draw(localize)


KEY_QUESTIONS: Final = (Verb.KEY_ASK, Verb.KEY_REMOVE)
"""An answer that names no key is no answer: it is asked once more."""
OF_POOL: Final[Mapping[Verb, Callable[[Localize, Pool], discord.ui.Modal]]] = {
    Verb.RULE: modals.rule_modal,
    Verb.COOLDOWN: modals.cooldown_modal,
    Verb.TOTAL: modals.total_modal,
    Verb.PRICE: modals.price_modal,
}
OF_SERVER: Final[Mapping[Verb, Callable[[Localize], discord.ui.Modal]]] = {
    Verb.ZONE: modals.zone_modal,
    Verb.KEY: modals.key_modal,
}
