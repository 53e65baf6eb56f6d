"""`/help`: the commands that this person may use here, each a click away, and how to begin.
Never here: what a command does, and whether Discord lets somebody use it (it has the last word)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import discord
from discord import app_commands

from bot.texts import Localize, text
from bot.ui.kit.command_texts import CatalogueTranslator, localized
from bot.ui.kit.controls import StatelessView

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bot.domain.capabilities import Capabilities
    from bot.services.admission.asker import Asker
    from bot.ui.kit.context import BotClient, Context

    AnyCommand = app_commands.Command[Any, ..., Any] | app_commands.Group

MAKERS: Final = frozenset({"imagine", "blend", "describe", "shorten", "draw"}) | {
    localized("menu.describe").message,
    localized("menu.use").message,
}
"""Commands and menus that begin something in a pool: of no use where none is open."""
NEEDS: Final[dict[str, Callable[[Capabilities], bool]]] = {
    "shorten": lambda capabilities: capabilities.shorten,
    "draw": lambda capabilities: capabilities.engine is not None,
}
"""Commands that not every image API can serve, and what it takes."""
TEXT_LIMIT: Final = 3_000


async def show_help(context: Context, asker: Asker) -> None:
    """Put the list into the answer."""
    client = context.client
    ids = await client.command_ids()
    quotas = await client.services.allowances.quota_of(asker)
    makes = any(quota.allowance is not None for quota in quotas)
    found = client.tree.get_commands(type=discord.AppCommandType.chat_input)
    capabilities = await client.services.accounts.capabilities_in(context.interaction.guild_id)
    commands = [c for c in found if _is_usable(c, context) and _is_served(c, capabilities)]
    menus = [
        await _name_at_discord(menu, client, context.interaction.locale)
        for menu in client.tree.get_commands(type=discord.AppCommandType.message)
        if _is_usable(menu, context) and (makes or menu.name not in MAKERS)
    ]
    helps = client.services.improving.helper.offered
    await context.show(help_view(commands, menus, ids, context.localize, makes=makes, helps=helps))


def help_view(
    commands: Sequence[AnyCommand],
    menus: Sequence[str],
    ids: Mapping[str, int],
    localize: Localize,
    *,
    makes: bool,
    helps: bool = False,
) -> discord.ui.LayoutView:
    """Draw it; `makes` says whether any pool is open, `helps` whether a chat model writes prompts."""
    view = StatelessView()
    box: discord.ui.Container[Any] = discord.ui.Container()
    view.add_item(box)
    head = [localize(text("help.title")), localize(text("help.begin" if makes else "help.no_pool"))]
    box.add_item(discord.ui.TextDisplay("\n".join(head)))
    everyone = [c for c in commands if c.default_permissions is None and (makes or c.name not in MAKERS)]
    lines = [_line(leaf, ids, localize) for command in everyone for leaf in _leaves(command)]
    box.add_item(discord.ui.TextDisplay("\n".join(lines)[:TEXT_LIMIT]))
    if menus:
        names = ", ".join(f"**{name}**" for name in sorted(menus))
        box.add_item(discord.ui.TextDisplay("-# " + localize(text("help.menus", menus=names))))
    if helps and makes:
        box.add_item(discord.ui.TextDisplay("-# " + localize(text("help.prompts"))))
    moderators = [c for c in commands if c.default_permissions is not None]
    if moderators:
        box.add_item(discord.ui.Separator())
        told = [
            localize(text("help.moderators")),
            *(_summary(command, ids, localize) for command in moderators),
        ]
        box.add_item(discord.ui.TextDisplay("\n".join(told)))
    return view


async def _name_at_discord(menu: app_commands.ContextMenu, client: BotClient, locale: discord.Locale) -> str:
    """A menu's name as Discord shows it to this person: in their Discord's language, whatever `/prefer` says."""
    told = await menu.get_translated_payload(client.tree, CatalogueTranslator(client.catalogues))
    return str((told.get("name_localizations") or {}).get(locale.value, menu.name))


def _is_usable(command: AnyCommand | app_commands.ContextMenu, context: Context) -> bool:
    """Whether Discord offers it to this person here, as far as a command says so itself."""
    needed = command.default_permissions
    if needed is not None and not (
        context.interaction.permissions.administrator or needed <= context.interaction.permissions
    ):
        return False
    return context.interaction.guild_id is not None or not command.guild_only


def _is_served(command: AnyCommand, capabilities: Iterable[Capabilities]) -> bool:
    """Whether an account of this server can do what the command is for."""
    needs = NEEDS.get(command.name)
    return needs is None or any(map(needs, capabilities))


def _leaves(command: AnyCommand) -> Iterable[AnyCommand]:
    if not isinstance(command, app_commands.Group):
        yield command
        return
    for inner in command.commands:
        yield from _leaves(inner)


def _line(command: AnyCommand, ids: Mapping[str, int], localize: Localize) -> str:
    return f"{_mention(command, ids)} {_about(command, localize)}"


def _summary(command: AnyCommand, ids: Mapping[str, int], localize: Localize) -> str:
    """A moderators' group: the way in, and how much more there is."""
    leaves = list(_leaves(command))
    first = next((leaf for leaf in leaves if leaf.name in {"panel", "member"}), leaves[0])
    more = localize(text("help.more", n=len(leaves) - 1)) if len(leaves) > 1 else ""
    return f"{_mention(first, ids)} {_about(command, localize)} {more}".rstrip()


def _mention(command: AnyCommand, ids: Mapping[str, int]) -> str:
    """A command to be clicked, or its name while nobody knows its id."""
    name = command.qualified_name
    id_ = ids.get(name.partition(" ")[0])
    return f"`/{name}`" if id_ is None else f"</{name}:{id_}>"


def _about(command: AnyCommand, localize: Localize) -> str:
    """The description under which the catalogues know it."""
    return localize(text("command." + command.qualified_name.replace(" ", ".")))
