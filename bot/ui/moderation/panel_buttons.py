"""What the panel's buttons do: open a modal, show something else, or hand everything over; and what is sent with a modal.
Never here: the panel itself, what a modal asks, and what a change means (setting_changes)."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import discord

from bot.domain.servers.server_settings import COMMANDS
from bot.errors import UserError
from bot.texts import text
from bot.ui.kit.controls import modal
from bot.ui.kit.custom_ids import SNOWFLAKE, Field, one_of
from bot.ui.kit.deadline import read_first
from bot.ui.kit.moderators import draw_mod_button, mod_button
from bot.ui.kit.open_answers import NOBODY
from bot.ui.kit.rejected_modals import entered, given_back
from bot.ui.moderation.list_modals import LIST_MODALS
from bot.ui.moderation.panel import POOLS, show_panel
from bot.ui.moderation.setting_changes import ModalOrigin, apply, show_state
from bot.ui.moderation.setting_modal import read_values, setting_modal, touched
from bot.ui.moderation.setting_words import ITEMS
from bot.ui.moderation.stale_modals import reply_stale
from bot.ui.pools.panel import show_panel as show_pools

if TYPE_CHECKING:
    from bot.domain.servers.guilds import GuildSettings
    from bot.ui.kit.context import Context

NAME: Final = Field("[0-9a-z]{1,40}", str)
"""A command of settings, or a list."""


@mod_button("panel")
async def back_to_panel(context: Context) -> None:
    """Show how things are now."""
    await context.defer_update()
    await show_panel(context)


@mod_button("set", NAME, one_of(ModalOrigin))
async def open_modal(context: Context, name: str, origin: ModalOrigin) -> None:
    """Open the modal of a command or of a list; what follows is drawn where the button was."""
    if name == POOLS:
        await context.defer_update()
        await show_pools(context)
        return
    settings = await read_first(
        context, context.services.guilds.settings(context.guild_id), text("panel.slow")
    )
    if name in LIST_MODALS:
        await context.open(LIST_MODALS[name](context.localize, settings))
        return
    _check_known(name)
    await context.open(_window(context, name, origin, settings))


def _window(context: Context, command: str, origin: ModalOrigin, settings: GuildSettings) -> discord.ui.Modal:
    languages = sorted(context.client.catalogues.languages)
    custom_id = change_shown.id(command, origin, settings.revision)
    return setting_modal(context.localize, custom_id, command, settings, languages=languages)


@modal("mod-set", NAME, one_of(ModalOrigin), moderators=True)
async def change_settings(context: Context, command: str, origin: ModalOrigin) -> None:
    """A window that does not know what it showed: an earlier version drew it."""
    await _change(context, command, origin, None)


@modal("mod-turn", NAME, one_of(ModalOrigin), SNOWFLAKE, moderators=True)
async def change_shown(context: Context, command: str, origin: ModalOrigin, revision: int) -> None:
    """Change what is written otherwise than the window showed it."""
    await _change(context, command, origin, revision)


async def _change(context: Context, command: str, origin: ModalOrigin, revision: int | None) -> None:
    """Change what a command sets, and show it, or the panel, anew; what was not touched stays as others set it meanwhile."""
    _check_known(command)
    await context.defer_update()
    sections = {one.section for one in COMMANDS[command]}
    shown = await context.services.guilds.shown(context.guild_id, revision, sections)
    window = _window(context, command, origin, shown.settings)
    again = draw_mod_button("set", command, origin, label=context.localize(text("button.change")))
    async with given_back(context, window, again):
        values = touched(command, read_values(context, command), shown.settings)
        if values and not shown.known:
            await reply_stale(context, sections, entered(context, window), again)
            return
        changed = await apply(context, command, values)
        if changed is None:
            return  # the moderator is asked first
        notice = text("mod.unchanged" if changed.entry is None else "panel.changed")
        show = show_panel if origin is ModalOrigin.PANEL else partial(show_state, command=command)
        await show(context, notice=notice)


def _check_known(command: str) -> None:
    """Raise `UserError` for a command that a later version may have drawn."""
    if command not in COMMANDS:
        raise UserError(text("press.expired"))


@mod_button("panel_export")
async def export(context: Context) -> None:
    """Hand over everything that is set, as a file that only the moderator sees."""
    await context.defer_update()
    settings = await context.services.guilds.settings(context.guild_id)
    file = io.BytesIO(json.dumps(exported(settings), ensure_ascii=False, indent=2).encode())
    await context.interaction.followup.send(
        context.localize(text("panel.exported")),
        file=discord.File(file, filename=f"settings-{settings.guild_id}.json"),
        ephemeral=True,
        allowed_mentions=NOBODY,
    )


def exported(settings: GuildSettings) -> dict[str, Any]:
    """Everything that is set: declared values by the commands that set them, and lists as they are kept."""
    said: dict[str, Any] = {"guild_id": settings.guild_id, "revision": settings.revision}
    for declared in COMMANDS.values():
        about = declared[0].about
        said[f"/{about.spelled}"] = {one.about.option: one.read(settings) for one in declared}
    whole = asdict(settings)
    said |= {section: whole[section] for section in (*ITEMS, "channels", "pools")}
    hosts = ("channels", "hosts_allowed", "hosts_denied")
    said["images"] = {name: whole["images"][name] for name in hosts}
    return said
