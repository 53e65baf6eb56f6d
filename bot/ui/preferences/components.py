"""What the controls of `/prefer`'s card do: its buttons and menus, and the modals behind them.
Never here: the card itself, and what a preference does (domain, services)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import discord

from bot.domain.people import NAME_LIMIT, NOBODYS, OPTIONS_LIMIT
from bot.domain.pools import Pool
from bot.errors import UserError
from bot.texts import text
from bot.ui.kit.choices import known
from bot.ui.kit.controls import component, form, modal
from bot.ui.kit.custom_ids import REST, one_of
from bot.ui.kit.deadline import read_first
from bot.ui.kit.rejected_modals import given_back
from bot.ui.preferences.card import NEXT, USUAL, Menu, Verb, draw_button, show_preferences, versions_for

if TYPE_CHECKING:
    from bot.domain.people import OptionSet, Preferences
    from bot.texts import Localize
    from bot.ui.kit.context import Context

ASPECT_LIMIT: Final = 20


@component("prefer", one_of(Verb))
async def press(context: Context, verb: Verb) -> None:
    """Open a modal, or change something and draw the card anew."""
    people, user_id = context.services.people, context.user_id
    match verb:
        case Verb.SHAPE:
            await context.open(shape_modal(context.localize, await _preferences(context)))
            return
        case Verb.ADD:
            await context.open(set_modal(context.localize, None))
            return
    await context.defer_update()
    notice = None
    if verb is Verb.COPIES:
        await people.toggle_copies(user_id)
    elif verb is Verb.REMIX:
        await people.toggle_remix(user_id)
    elif verb is Verb.TRANSLATE:
        known = await people.preferences(user_id)
        await people.prefer_translation(user_id, on=NEXT[known.translate])
    elif verb is Verb.FORGET:
        await people.forget(user_id)
        notice = text("prefer.forgotten")
    await show_preferences(context, notice=notice, asking=verb is Verb.ASK_FORGET)


async def _preferences(context: Context) -> Preferences:
    return await read_first(context, context.services.people.preferences(context.user_id), text("panel.slow"))


@component("prefer-set", REST)
async def open_set(context: Context, name: str) -> None:
    """Open the modal of a set, or of a new one; also once more, after what was written there was refused."""
    await context.open(set_modal(context.localize, (await _preferences(context)).find(name)))


@component("prefer-menu", one_of(Menu))
async def choose(context: Context, menu: Menu) -> None:
    """Change what was chosen, or open the modal of the chosen set."""
    people, user_id, value = context.services.people, context.user_id, context.chosen or USUAL
    if menu is Menu.SETS:
        await open_set(context, value)
        return
    await context.defer_update()
    chosen = None if value == USUAL else value
    match menu:
        case Menu.POOL:
            await people.prefer_pool(user_id, None if chosen is None else known(Pool, chosen))
        case Menu.VERSION:
            if chosen is not None and chosen not in versions_for(await people.preferences(user_id)):
                raise UserError(text("press.expired"))
            await people.prefer_version(user_id, chosen)
        case Menu.LANGUAGE:
            if chosen is not None and chosen not in context.client.catalogues.languages:
                raise UserError(text("press.expired"))
            await people.prefer_language(user_id, chosen)
        case Menu.NEWS:
            await people.prefer_news(user_id, None if chosen is None else known(int, chosen))
    await show_preferences(context)


# -- modals ------------------------------------------------------------------------------------------------------


def shape_modal(localize: Localize, known: Preferences) -> discord.ui.Modal:
    """Aspect and suffix."""
    aspect = discord.ui.TextInput[Any](
        custom_id="aspect", required=False, max_length=ASPECT_LIMIT, default=known.aspect or ""
    )
    suffix = discord.ui.TextInput[Any](
        custom_id="suffix",
        required=False,
        max_length=OPTIONS_LIMIT,
        default=known.suffix[:OPTIONS_LIMIT],
        style=discord.TextStyle.paragraph,
    )
    return form(
        localize,
        keep_shape.id(),
        text("prefer.window.shape"),
        (text("prefer.window.aspect"), aspect, text("prefer.window.aspect_hint")),
        (text("prefer.window.suffix"), suffix, text("prefer.window.suffix_hint")),
    )


@modal("prefer-shape")
async def keep_shape(context: Context) -> None:
    """Keep both."""
    await context.defer_update()
    people, user_id, written = context.services.people, context.user_id, context.fields
    again = draw_button(Verb.SHAPE, context.localize(text("button.shape")))
    async with given_back(context, shape_modal(context.localize, NOBODYS), again):
        await people.prefer_aspect(user_id, written.get("aspect", "").strip() or None)
        await people.prefer_suffix(user_id, written.get("suffix", ""))
        await show_preferences(context)


def set_modal(localize: Localize, known: OptionSet | None) -> discord.ui.Modal:
    """A named option set; without options a known one is removed."""
    name = discord.ui.TextInput[Any](
        custom_id="name", max_length=NAME_LIMIT, default="" if known is None else known.name
    )
    options = discord.ui.TextInput[Any](
        custom_id="options",
        required=known is None,
        max_length=OPTIONS_LIMIT,
        default="" if known is None else known.options[:OPTIONS_LIMIT],
        style=discord.TextStyle.paragraph,
    )
    hint = "prefer.window.options_hint" if known is None else "prefer.window.options_remove_hint"
    return form(
        localize,
        keep_set.id("" if known is None else known.name),
        text("prefer.window.set"),
        (text("prefer.window.name"), name, text("prefer.window.name_hint")),
        (text("prefer.window.options"), options, text(hint)),
    )


@modal("prefer-set", REST)
async def keep_set(context: Context, old: str) -> None:
    """Keep it, in the place of the set of that old name if there is one."""
    await context.defer_update()
    people, user_id, written = context.services.people, context.user_id, context.fields
    options = written.get("options", "")
    label = context.localize(text("button.change"))
    again = discord.ui.Button[Any](label=label, custom_id=open_set.id(old))
    async with given_back(context, set_modal(context.localize, None), again):
        if old and not options.strip():
            await people.drop_set(user_id, old)
            notice = text("prefer.set_dropped")
        else:
            await people.keep_set(user_id, written.get("name", ""), options, instead=old or None)
            notice = text("prefer.set_kept")
        await show_preferences(context, notice=notice)
