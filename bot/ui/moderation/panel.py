"""The panel of a server: everything that is set, in words, with a button beside each kind of thing to change it.
Never here: pools in detail (their own panel), modals, and what a change means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import discord

from bot.domain.servers.server_settings import COMMANDS
from bot.services.servers.named_places import named_places
from bot.texts import text
from bot.ui.kit.controls import StatelessView
from bot.ui.kit.gone import channel_named, is_gone
from bot.ui.kit.moderators import draw_mod_button
from bot.ui.moderation.localizers import own_localizer
from bot.ui.moderation.pages import few
from bot.ui.moderation.prompt_lists import image_lines, prompt_rules
from bot.ui.moderation.setting_changes import CALM, ModalOrigin
from bot.ui.moderation.setting_words import ITEMS, command_lines, title_of
from bot.ui.pools.wording import pool_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.servers.guilds import GuildSettings
    from bot.texts import Text
    from bot.ui.kit.context import Context
    from bot.ui.moderation.setting_words import Localizer

LISTED: Final = 8
"""Entries of a list that the panel shows."""
PLACES: Final = 10
ROOM: Final = 340
"""Characters of one list,"""
ROOM_OF_IMAGES: Final = 100
"""and of each of the three about pictures put in, which have a command of their own that shows them."""
ROW: Final = 5
POOLS: Final = "pools"
GROUPS: Final = (
    (POOLS,),
    ("press", "gate", "strikes"),
    ("channels", "media", "images"),
    ("words", "prompts", "batch"),
)
"""What stands together; the last group is everything else that is declared."""
NOT_FOUND: Final = "not_found"
"""The button that is there only where a list names what is gone."""
POOL_SECTIONS: Final = ("pauses", "rules", "totals", "prices")


async def show_panel(context: Context, *, notice: Text | None = None) -> None:
    """Read everything and put the panel into the answer."""
    settings = await context.services.guilds.settings(context.guild_id)
    helps = context.services.improving.helper.offered
    guild = context.interaction.guild
    gone = any(is_gone(guild, id_) for id_ in named_places(settings))
    await context.show(panel_view(settings, own_localizer(context), notice=notice, helps=helps, gone=gone))


def panel_view(
    settings: GuildSettings,
    localizer: Localizer,
    *,
    notice: Text | None = None,
    helps: bool = True,
    gone: bool = False,
) -> discord.ui.LayoutView:
    """Draw the panel; without a chat model that `helps`, nothing can be translated; `gone`: a list names what is."""
    view = StatelessView()
    head = [localizer.localize(text("panel.title"))]
    if notice is not None:
        head.append(localizer.localize(notice))
    view.add_item(discord.ui.TextDisplay("\n".join(head)))
    grouped = {name for group in GROUPS for name in group}
    shown = [
        name for name, declared in COMMANDS.items() if helps or not any(d.about.needs_model for d in declared)
    ]
    for group in (*GROUPS, tuple(command for command in shown if command not in grouped)):
        box: discord.ui.Container[Any] = discord.ui.Container(accent_colour=CALM)
        box.add_item(discord.ui.TextDisplay("\n".join(_lines(group, settings, localizer))))
        for start in range(0, len(group), ROW):
            box.add_item(
                discord.ui.ActionRow(
                    *(
                        draw_mod_button(
                            "set", name, ModalOrigin.PANEL, label=f"{localizer.localize(_title(name))}…"
                        )
                        for name in group[start : start + ROW]
                    )
                )
            )
        view.add_item(box)
    more = discord.ui.ActionRow[Any](
        draw_mod_button("panel", label=localizer.localize(text("pool.button.refresh"))),
        draw_mod_button("audit", None, label=localizer.localize(text("button.history"))),
        draw_mod_button("panel_export", label=localizer.localize(text("button.export"))),
        draw_mod_button("welcome", label=localizer.localize(text("button.setup"))),
    )
    if gone:
        label = f"{localizer.localize(text('panel.not_found'))}…"
        more.add_item(draw_mod_button(NOT_FOUND, label=label, style=discord.ButtonStyle.primary))
    view.add_item(more)
    return view


def _title(name: str) -> Text:
    if name in COMMANDS:
        return title_of(name)
    return text("panel.prompts" if name == "prompts" else f"section.{name}")


def _lines(group: tuple[str, ...], settings: GuildSettings, localizer: Localizer) -> Iterable[str]:
    for name in group:
        if name == "images":
            lines = list(image_lines(settings.images, localizer.localize, room=ROOM_OF_IMAGES))
        elif name in COMMANDS:
            lines = command_lines(name, settings, localizer)
        else:
            lines = _list(name, settings, localizer)
        first, *rest = [line.removeprefix("### ") for line in lines]
        if name == "images":
            yield f"**{first}**"
        else:
            yield f"**{localizer.localize(_title(name))}** · {first}"
        yield from rest


def _list(name: str, settings: GuildSettings, localizer: Localizer) -> list[str]:
    localize = localizer.localize
    if name == "channels":
        return list(_channels(settings, localizer))
    if name == "prompts":
        lines = [localize(line) for line in prompt_rules(settings)]
        title = text("mod.prompts", n=len(lines)) if lines else text("mod.prompts_none")
        return [localize(title), *_few(lines, localize)]
    if name == POOLS:
        return list(_pools(settings, localizer))
    lines = [ITEMS[name][1](item, localizer) for item in getattr(settings, name)]
    if name == "words":
        title = text("mod.words", n=len(lines)) if lines else text("mod.words_none")
    else:
        title = text("panel.media") if lines else text("panel.media_none")
    return [localize(title), *_few(lines, localize)]


def _few(lines: Iterable[str], localize: Any) -> Iterable[str]:
    return (f"• {line}" for line in few(lines, LISTED, localize, room=ROOM))


def _channels(settings: GuildSettings, localizer: Localizer) -> Iterable[str]:
    policy = settings.channels
    if not policy.allowed and not policy.denied:
        yield localizer.localize(text("mod.channels_none"))
    for sign, channels in (("✅", policy.allowed), ("🚫", policy.denied)):
        if channels:
            named = [localizer.localize(channel_named(channel)) for channel in channels]
            yield f"{sign} {' '.join(few(named, PLACES, localizer.localize, room=ROOM))}"


def _pools(settings: GuildSettings, localizer: Localizer) -> Iterable[str]:
    lines = [
        localizer.localize(text("section.pool_off", pool=pool_name(pool))) for pool in settings.pools.off
    ]
    for section in POOL_SECTIONS:
        lines += [ITEMS[section][1](item, localizer) for item in getattr(settings, section)]
    yield localizer.localize(text("panel.pools" if lines else "panel.pools_none"))
    yield from _few(lines, localizer.localize)
