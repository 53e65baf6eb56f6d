"""The card of `/prefer`: what one person prefers, with menus and buttons that change it at once. Stateless.
Never here: what a preference does (domain, services), and what a control does (`components`)."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import discord

from bot.domain.intake.prompts import VERSIONS
from bot.domain.people import NAME_LIMIT, NEVER, SETS_LIMIT, Preferences
from bot.domain.pools import MIDJOURNEY_POOLS, USUAL_POOLS, Pool
from bot.texts import Localize, Text, text
from bot.ui.card.cards import WAITING_COLOUR
from bot.ui.kit.controls import StatelessView, custom_id_of
from bot.ui.kit.escape import plain, quoted
from bot.ui.kit.languages import name_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from bot.ui.kit.context import Context


OPTIONS_SHOWN: Final = 60
SUFFIX_SHOWN: Final = 300
HINT_LIMIT: Final = 100
MENU_LIMIT: Final = 25
NEWS_CHOICES: Final = (30, 60, 180, 600)
TRANSLATES: Final = {None: "usual", True: "on", False: "off"}
NEXT: Final = {None: True, True: False, False: None}
"""What the button makes of whether prompts are sent in English."""
USUAL: Final = "-"
"""The choice that takes a preference back."""


class Verb(StrEnum):
    """What a button of the card is for."""

    SHAPE = "shape"
    """Opens the modal of aspect and suffix."""
    COPIES = "copies"
    REMIX = "remix"
    TRANSLATE = "translate"
    ADD = "add"
    ASK_FORGET = "ask_forget"
    FORGET = "forget"
    """The second press."""
    KEEP = "keep"


class Menu(StrEnum):
    """What a menu of the card is for."""

    POOL = "pool"
    VERSION = "version"
    LANGUAGE = "language"
    NEWS = "news"
    """When a slow result comes as a message that pings."""
    SETS = "sets"
    """Opens the modal of the chosen set."""


def draw_button(verb: Verb, label: str, **options: Any) -> discord.ui.Button[Any]:
    """Draw one. Whose preferences it changes, the press itself says: nobody else sees the message."""
    return discord.ui.Button(label=label, custom_id=custom_id_of("prefer", verb), **options)


def draw_menu(
    menu: Menu, placeholder: str, options: Sequence[discord.SelectOption]
) -> discord.ui.Select[Any]:
    """Draw a menu."""
    custom_id = custom_id_of("prefer-menu", menu)
    return discord.ui.Select(custom_id=custom_id, placeholder=placeholder, options=list(options)[:MENU_LIMIT])


# -- drawing ---------------------------------------------------------------------------------------------------


async def show_preferences(context: Context, *, notice: Text | None = None, asking: bool = False) -> None:
    """Put the card into the answer; with `asking` it asks whether all is to be forgotten."""
    client = context.client
    known = await client.services.people.preferences(context.user_id)
    localize = context.localize
    pools = await client.services.policy.shown(context.interaction.guild_id)
    view = preferences_view(
        known,
        client.catalogues.languages,
        localize,
        pools=pools,
        notice=notice,
        asking=asking,
        remix=client.services.windows.remix_anywhere,
        helps=client.services.improving.helper.offered,
    )
    await context.show(view)


def preferences_view(
    known: Preferences,
    languages: Sequence[str],
    localize: Localize,
    *,
    pools: Collection[Pool] = USUAL_POOLS,
    notice: Text | None = None,
    asking: bool = False,
    remix: bool = False,
    helps: bool = False,
) -> discord.ui.LayoutView:
    """Draw the card; `remix` says whether any account can ask for other words, `helps` whether a model can translate."""
    view = StatelessView()
    box: discord.ui.Container[Any] = discord.ui.Container(accent_colour=WAITING_COLOUR)
    view.add_item(box)
    head = [localize(text("prefer.title"))]
    if notice is not None:
        head.append(localize(text("pool.notice", said=notice)))
    box.add_item(discord.ui.TextDisplay("\n".join(head)))
    if asking:
        box.add_item(discord.ui.TextDisplay(localize(text("prefer.forget_sure"))))
        yes = draw_button(Verb.FORGET, localize(text("button.forget_now")), style=discord.ButtonStyle.danger)
        row: discord.ui.ActionRow[Any] = discord.ui.ActionRow(
            yes, draw_button(Verb.KEEP, localize(text("button.keep")))
        )
        box.add_item(row)
        return view
    box.add_item(discord.ui.TextDisplay("\n".join(_facts(known, localize, remix=remix, helps=helps))))
    for menu in (
        _pools(known, pools, localize),
        _versions(known, localize),
        _languages(known, languages, localize),
        news_menu(known, localize),
    ):
        box.add_item(discord.ui.ActionRow(menu))
    box.add_item(discord.ui.ActionRow(*_buttons(known, localize, remix=remix, helps=helps)))
    box.add_item(discord.ui.Separator())
    box.add_item(discord.ui.TextDisplay("\n".join(_sets(known, localize))))
    if known.sets:
        box.add_item(discord.ui.ActionRow(_set_menu(known, localize)))
    add = draw_button(Verb.ADD, localize(text("button.add_set")), disabled=len(known.sets) >= SETS_LIMIT)
    box.add_item(discord.ui.ActionRow(add))
    return view


def _facts(known: Preferences, localize: Localize, *, remix: bool, helps: bool) -> Iterable[str]:
    usual = localize(text("prefer.usual"))
    yield localize(text("prefer.aspect", value=usual if known.aspect is None else f"`{known.aspect}`"))
    none = localize(text("prefer.none"))
    yield localize(text("prefer.suffix", value=quoted(known.suffix, SUFFIX_SHOWN) if known.suffix else none))
    yield localize(text("prefer.copies_on" if known.copies else "prefer.copies_off"))
    if known.copies_refused:
        yield "-# " + localize(text("prefer.copies_refused"))
    if remix:
        yield localize(text("prefer.remix_on" if known.remix else "prefer.remix_off"))
    if helps:
        yield localize(text(f"prefer.translate_{TRANSLATES[known.translate]}"))


def _sets(known: Preferences, localize: Localize) -> Iterable[str]:
    if not known.sets:
        yield localize(text("prefer.sets_none"))
        return
    yield localize(text("prefer.sets", n=len(known.sets), limit=SETS_LIMIT))
    for one in known.sets:
        yield f"- **{quoted(one.name, NAME_LIMIT + 8)}** {quoted(one.options, OPTIONS_SHOWN)}"


def _pools(known: Preferences, pools: Collection[Pool], localize: Localize) -> discord.ui.Select[Any]:
    options = [_option(localize(text("prefer.choose_usual_pool")), USUAL, is_chosen=known.pool is None)]
    options += [
        _option(
            localize(text("prefer.choose_pool", pool=text(f"pool.{pool.value}"))),
            pool.value,
            is_chosen=known.pool is pool,
        )
        for pool in MIDJOURNEY_POOLS
        if pool in pools or pool is known.pool
    ]
    return draw_menu(Menu.POOL, localize(text("prefer.choose_usual_pool")), options)


def versions_for(known: Preferences) -> tuple[str, ...]:
    """The models to choose from: those that we know, and one that was typed."""
    return VERSIONS if known.version is None or known.version in VERSIONS else (known.version, *VERSIONS)


def _versions(known: Preferences, localize: Localize) -> discord.ui.Select[Any]:
    names = versions_for(known)
    options = [_option(localize(text("prefer.choose_usual_version")), USUAL, is_chosen=known.version is None)]
    options += [
        _option(localize(text("prefer.choose_version", version=name)), name, is_chosen=known.version == name)
        for name in names
    ]
    return draw_menu(Menu.VERSION, localize(text("prefer.choose_usual_version")), options)


def _languages(known: Preferences, languages: Sequence[str], localize: Localize) -> discord.ui.Select[Any]:
    usual = localize(text("prefer.choose_usual_language"))
    options = [_option(usual, USUAL, is_chosen=known.language is None)]
    options += [
        _option(
            localize(text("prefer.choose_language", language=name_of(language))),
            language,
            is_chosen=known.language == language,
        )
        for language in sorted(languages, key=name_of)
    ]
    return draw_menu(Menu.LANGUAGE, usual, options)


def news_menu(known: Preferences, localize: Localize) -> discord.ui.Select[Any]:
    """When a result comes as a new message that pings."""
    own = known.news_after or 0
    offered = sorted({*NEWS_CHOICES, *({own} if own > 0 else ())})
    names: dict[int, Text] = {NEVER: text("prefer.news_never"), 0: text("prefer.news_always")}
    names |= {n: text("prefer.news_after", seconds=n) for n in offered}
    usual = localize(text("prefer.news_usual"))
    options = [_option(usual, USUAL, is_chosen=known.news_after is None)]
    options += [_option(localize(name), str(n), is_chosen=known.news_after == n) for n, name in names.items()]
    return draw_menu(Menu.NEWS, usual, options)


def _set_menu(known: Preferences, localize: Localize) -> discord.ui.Select[Any]:
    options = [
        discord.SelectOption(label=one.name, value=one.name, description=plain(one.options, HINT_LIMIT))
        for one in known.sets
    ]
    return draw_menu(Menu.SETS, localize(text("prefer.choose_set")), options)


def _buttons(
    known: Preferences, localize: Localize, *, remix: bool, helps: bool
) -> Iterable[discord.ui.Button[Any]]:
    yield draw_button(Verb.SHAPE, localize(text("button.shape")))
    yield draw_button(
        Verb.COPIES, localize(text("button.copies_stop" if known.copies else "button.copies_start"))
    )
    if remix:
        yield draw_button(
            Verb.REMIX, localize(text("button.remix_stop" if known.remix else "button.remix_start"))
        )
    if helps:
        label = text(f"button.translate_{TRANSLATES[NEXT[known.translate]]}")
        yield draw_button(Verb.TRANSLATE, localize(label))
    yield draw_button(Verb.ASK_FORGET, localize(text("button.forget")))


def _option(label: str, value: str, *, is_chosen: bool) -> discord.SelectOption:
    return discord.SelectOption(label=label, value=value, default=is_chosen)
