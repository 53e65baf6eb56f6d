"""The card of `/prefer`: what one person prefers, with menus and buttons that change it at once. Stateless.
Never here: what a preference does (domain, services), and the modals (`modals`)."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self, cast

import discord
from typing_extensions import override

from bot.domain.people import NAME_LIMIT, NEVER, SETS_LIMIT, Preferences
from bot.domain.pools import Pool
from bot.domain.prompts import VERSIONS
from bot.texts import Text, text
from bot.ui.card.cards import WAITING_COLOUR
from bot.ui.kit.escape import plain, quoted
from bot.ui.kit.languages import name_of
from bot.ui.kit.private import localised, show_ephemeral
from bot.ui.kit.replies import AnyInteraction, answer_errors, client_of
from bot.ui.preferences import modals as preference_windows

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Sequence

    Say = Callable[[Text], str]

OPTIONS_SHOWN: Final = 60
SUFFIX_SHOWN: Final = 300
HINT_LIMIT: Final = 100
MENU_LIMIT: Final = 25
NEWS_CHOICES: Final = (30, 60, 180, 600)
USUAL: Final = "-"
"""The choice that takes a preference back."""


class Verb(StrEnum):
    """What a button of the card is for."""

    SHAPE = "shape"
    """Opens the window of aspect and suffix."""
    COPIES = "copies"
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
    """Opens the window of the chosen set."""


class PreferButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=rf"easel-prefer:1:(?P<verb>{'|'.join(Verb)})"
):
    """A button of the card. Whose preferences it changes, the press itself says: nobody else sees the message."""

    def __init__(self, item: discord.ui.Button[Any], verb: Verb) -> None:
        super().__init__(item)
        self.verb = verb

    @classmethod
    def draw(
        cls,
        verb: Verb,
        label: str,
        *,
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
        disabled: bool = False,
    ) -> Self:
        """Make a button."""
        custom_id = f"easel-prefer:1:{verb.value}"
        return cls(discord.ui.Button(label=label, style=style, disabled=disabled, custom_id=custom_id), verb)

    @classmethod
    @override
    async def from_custom_id(
        cls, interaction: AnyInteraction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Parse, nothing else."""
        return cls(cast("discord.ui.Button[Any]", item), Verb(match["verb"]))

    @override
    async def callback(self, interaction: AnyInteraction) -> None:
        """Open a window, or change something and draw the card anew."""
        await answer_errors(
            interaction, partial(_pressed, interaction, self.verb), reference=str(interaction.id)
        )


class PreferMenu(
    discord.ui.DynamicItem[discord.ui.Select[Any]],
    template=rf"easel-prefer-menu:1:(?P<menu>{'|'.join(Menu)})",
):
    """A menu of the card."""

    def __init__(self, item: discord.ui.Select[Any], menu: Menu) -> None:
        super().__init__(item)
        self.menu = menu

    @classmethod
    def draw(cls, menu: Menu, placeholder: str, options: Sequence[discord.SelectOption]) -> Self:
        """Make a menu."""
        item: discord.ui.Select[Any] = discord.ui.Select(
            custom_id=f"easel-prefer-menu:1:{menu.value}",
            placeholder=placeholder,
            options=list(options)[:MENU_LIMIT],
        )
        return cls(item, menu)

    @classmethod
    @override
    async def from_custom_id(
        cls, interaction: AnyInteraction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Parse, nothing else."""
        return cls(cast("discord.ui.Select[Any]", item), Menu(match["menu"]))

    @override
    async def callback(self, interaction: AnyInteraction) -> None:
        """Change what was chosen."""
        values = cast("dict[str, Any]", interaction.data or {}).get("values") or [USUAL]
        await answer_errors(
            interaction,
            partial(_chosen, interaction, self.menu, str(values[0])),
            reference=str(interaction.id),
        )


PREFERENCES_DYNAMIC: Final = (PreferButton, PreferMenu)
"""What the client registers for the card."""


async def _pressed(interaction: AnyInteraction, verb: Verb) -> None:
    people, user_id = client_of(interaction).services.people, interaction.user.id
    say = partial(localised, interaction)
    match verb:
        case Verb.SHAPE:
            known = await people.preferences(user_id)
            await interaction.response.send_modal(preference_windows.ShapeModal(say, known, show_preferences))
            return
        case Verb.ADD:
            await interaction.response.send_modal(preference_windows.SetModal(say, None, show_preferences))
            return
    await interaction.response.defer()
    notice = None
    if verb is Verb.COPIES:
        await people.toggle_copies(user_id)
    elif verb is Verb.FORGET:
        await people.forget(user_id)
        notice = text("prefer.forgotten")
    await show_preferences(interaction, notice=notice, asking=verb is Verb.ASK_FORGET)


async def _chosen(interaction: AnyInteraction, menu: Menu, value: str) -> None:
    people, user_id = client_of(interaction).services.people, interaction.user.id
    if menu is Menu.SETS:
        found = (await people.preferences(user_id)).find(value)
        window = preference_windows.SetModal(partial(localised, interaction), found, show_preferences)
        await interaction.response.send_modal(window)
        return
    await interaction.response.defer()
    chosen = None if value == USUAL else value
    match menu:
        case Menu.POOL:
            await people.prefer_pool(user_id, None if chosen is None else Pool(chosen))
        case Menu.VERSION:
            await people.prefer_version(user_id, chosen)
        case Menu.LANGUAGE:
            await people.prefer_language(user_id, chosen)
        case Menu.NEWS:
            await people.prefer_news(user_id, None if chosen is None else int(chosen))
    await show_preferences(interaction)


# -- drawing ---------------------------------------------------------------------------------------------------


async def show_preferences(
    interaction: AnyInteraction, *, notice: Text | None = None, asking: bool = False
) -> None:
    """Put the card into the answer; with `asking` it asks whether all is to be forgotten."""
    house = client_of(interaction)
    known = await house.services.people.preferences(interaction.user.id)
    say = partial(localised, interaction)
    view = preferences_view(known, house.catalogues.languages, say, notice=notice, asking=asking)
    await show_ephemeral(interaction, view)


def preferences_view(
    known: Preferences,
    languages: Sequence[str],
    say: Say,
    *,
    notice: Text | None = None,
    asking: bool = False,
) -> discord.ui.LayoutView:
    """Draw the card."""
    view = discord.ui.LayoutView(timeout=None)
    box: discord.ui.Container[Any] = discord.ui.Container(accent_colour=WAITING_COLOUR)
    view.add_item(box)
    head = [say(text("prefer.title"))]
    if notice is not None:
        head.append(say(text("pool.notice", said=notice)))
    box.add_item(discord.ui.TextDisplay("\n".join(head)))
    if asking:
        box.add_item(discord.ui.TextDisplay(say(text("prefer.forget_sure"))))
        yes = PreferButton.draw(Verb.FORGET, say(text("button.forget_now")), style=discord.ButtonStyle.danger)
        row: discord.ui.ActionRow[Any] = discord.ui.ActionRow(
            yes, PreferButton.draw(Verb.KEEP, say(text("button.keep")))
        )
        box.add_item(row)
        return view
    box.add_item(discord.ui.TextDisplay("\n".join(_facts(known, say))))
    for menu in (
        _pools(known, say),
        _versions(known, say),
        _languages(known, languages, say),
        news_menu(known, say),
    ):
        box.add_item(discord.ui.ActionRow(menu))
    box.add_item(discord.ui.ActionRow(*_buttons(known, say)))
    box.add_item(discord.ui.Separator())
    box.add_item(discord.ui.TextDisplay("\n".join(_sets(known, say))))
    if known.sets:
        box.add_item(discord.ui.ActionRow(_set_menu(known, say)))
    add = PreferButton.draw(Verb.ADD, say(text("button.add_set")), disabled=len(known.sets) >= SETS_LIMIT)
    box.add_item(discord.ui.ActionRow(add))
    return view


def _facts(known: Preferences, say: Say) -> Iterable[str]:
    usual = say(text("prefer.usual"))
    yield say(text("prefer.aspect", value=usual if known.aspect is None else f"`{known.aspect}`"))
    none = say(text("prefer.none"))
    yield say(text("prefer.suffix", value=quoted(known.suffix, SUFFIX_SHOWN) if known.suffix else none))
    yield say(text("prefer.copies_on" if known.copies else "prefer.copies_off"))
    if known.copies_refused:
        yield "-# " + say(text("prefer.copies_refused"))


def _sets(known: Preferences, say: Say) -> Iterable[str]:
    if not known.sets:
        yield say(text("prefer.sets_none"))
        return
    yield say(text("prefer.sets", n=len(known.sets), limit=SETS_LIMIT))
    for one in known.sets:
        yield f"- **{quoted(one.name, NAME_LIMIT + 8)}** {quoted(one.options, OPTIONS_SHOWN)}"


def _pools(known: Preferences, say: Say) -> PreferMenu:
    options = [_option(say(text("prefer.choose_usual_pool")), USUAL, is_chosen=known.pool is None)]
    options += [
        _option(
            say(text("prefer.choose_pool", pool=text(f"pool.{pool.value}"))),
            pool.value,
            is_chosen=known.pool is pool,
        )
        for pool in Pool
    ]
    return PreferMenu.draw(Menu.POOL, say(text("prefer.choose_usual_pool")), options)


def _versions(known: Preferences, say: Say) -> PreferMenu:
    names = VERSIONS if known.version is None or known.version in VERSIONS else (known.version, *VERSIONS)
    options = [_option(say(text("prefer.choose_usual_version")), USUAL, is_chosen=known.version is None)]
    options += [
        _option(say(text("prefer.choose_version", version=name)), name, is_chosen=known.version == name)
        for name in names
    ]
    return PreferMenu.draw(Menu.VERSION, say(text("prefer.choose_usual_version")), options)


def _languages(known: Preferences, languages: Sequence[str], say: Say) -> PreferMenu:
    usual = say(text("prefer.choose_usual_language"))
    options = [_option(usual, USUAL, is_chosen=known.language is None)]
    options += [
        _option(
            say(text("prefer.choose_language", language=name_of(language))),
            language,
            is_chosen=known.language == language,
        )
        for language in sorted(languages, key=name_of)
    ]
    return PreferMenu.draw(Menu.LANGUAGE, usual, options)


def news_menu(known: Preferences, say: Say) -> PreferMenu:
    """When a result comes as a new message that pings."""
    own = known.news_after or 0
    offered = sorted({*NEWS_CHOICES, *({own} if own > 0 else ())})
    names: dict[int, Text] = {NEVER: text("prefer.news_never"), 0: text("prefer.news_always")}
    names |= {n: text("prefer.news_after", seconds=n) for n in offered}
    usual = say(text("prefer.news_usual"))
    options = [_option(usual, USUAL, is_chosen=known.news_after is None)]
    options += [_option(say(name), str(n), is_chosen=known.news_after == n) for n, name in names.items()]
    return PreferMenu.draw(Menu.NEWS, usual, options)


def _set_menu(known: Preferences, say: Say) -> PreferMenu:
    options = [
        discord.SelectOption(label=one.name, value=one.name, description=plain(one.options, HINT_LIMIT))
        for one in known.sets
    ]
    return PreferMenu.draw(Menu.SETS, say(text("prefer.choose_set")), options)


def _buttons(known: Preferences, say: Say) -> Iterable[PreferButton]:
    yield PreferButton.draw(Verb.SHAPE, say(text("button.shape")))
    yield PreferButton.draw(
        Verb.COPIES, say(text("button.copies_stop" if known.copies else "button.copies_start"))
    )
    yield PreferButton.draw(Verb.ASK_FORGET, say(text("button.forget")))


def _option(label: str, value: str, *, is_chosen: bool) -> discord.SelectOption:
    return discord.SelectOption(label=label, value=value, default=is_chosen)
