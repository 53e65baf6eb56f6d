"""The card that greets a new server, and its window: channels, log, pools and a first rule, chosen with pickers.
Never here: when a server is greeted (cogs), and everything else that can be set (panel)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from typing_extensions import override

from bot.domain.access import Pressers
from bot.domain.pools import UNLIMITED, UNSAID, AllowanceChange, Pool
from bot.texts import text
from bot.ui.kit.moderators import ModButton, actor_of, guild_of, mod_button
from bot.ui.kit.private import defer_ephemeral, defer_update, show_ephemeral
from bot.ui.kit.replies import client_of
from bot.ui.moderation.panel import show_panel
from bot.ui.moderation.server_voice import own_teller
from bot.ui.moderation.setting_changes import CALM, check_writable
from bot.ui.moderation.setting_modal import LINE_LIMIT, Window, channel_picker, picker
from bot.ui.pools.wording import pool_name, read_number

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.guilds import GuildSettings
    from bot.texts import Text
    from bot.ui.kit.replies import AnyInteraction

    Say = Callable[[Text], str]

PICKED = 25


def greeting(*, admitted: bool, own_keys: bool) -> Text:
    """What a new server should know first."""
    if admitted:
        return text("server.hello")
    return text("server.hello_outside_key" if own_keys else "server.hello_outside")


def welcome_view(greeted: Text, say: Say) -> discord.ui.LayoutView:
    """Draw the card. Everybody may read it; its buttons ask who presses."""
    box: discord.ui.Container[Any] = discord.ui.Container(accent_colour=CALM)
    box.add_item(discord.ui.TextDisplay(say(greeted)))
    box.add_item(discord.ui.TextDisplay(say(text("welcome.steps"))))
    box.add_item(
        discord.ui.ActionRow(
            ModButton.draw("setup", label=say(text("button.setup")), style=discord.ButtonStyle.primary),
            ModButton.draw("panel_new", label=say(text("button.all_settings"))),
        )
    )
    view = discord.ui.LayoutView(timeout=None)
    view.add_item(box)
    return view


async def show_welcome(interaction: AnyInteraction) -> None:
    """Put the card into a private answer, as the server stands today."""
    services = client_of(interaction).services
    admitted = await services.owner_policy.admits(guild_of(interaction))
    words = greeting(admitted=admitted, own_keys=services.own_keys.offered)
    await show_ephemeral(interaction, welcome_view(words, own_teller(interaction).say))


@mod_button("welcome")
async def welcome_again(interaction: AnyInteraction, _about: str) -> None:
    """Show the card in the place of the panel."""
    if await defer_update(interaction) is not None:
        await show_welcome(interaction)


@mod_button("panel_new")
async def open_panel(interaction: AnyInteraction, _about: str) -> None:
    """Show the panel beside the card, which may be everybody's."""
    if await defer_ephemeral(interaction) is not None:
        await show_panel(interaction)


@mod_button("setup")
async def open_setup(interaction: AnyInteraction, _about: str) -> None:
    """Open the window with what is set now."""
    services = client_of(interaction).services
    settings = await services.guilds.settings(guild_of(interaction))
    say = own_teller(interaction).say
    offered = [pool for pool in Pool if services.policy.deployment(pool) is not None]
    await interaction.response.send_modal(SetupModal(say, settings, offered))


class SetupModal(Window):
    """The first five decisions."""

    def __init__(self, say: Say, settings: GuildSettings, offered: list[Pool]) -> None:
        super().__init__(say, text("button.setup"), show_panel)
        self._offered = offered
        log = () if settings.log_channel is None else (settings.log_channel,)
        self.channels = channel_picker("channels", settings.channels.allowed[:PICKED], most=PICKED)
        self.log = channel_picker("log", log, most=1, text_only=True)
        pools = [(pool.value, say(pool_name(pool)), pool not in settings.pools.off) for pool in offered]
        self.pools = picker("pools", pools, most=max(1, len(pools)))
        self.per_day: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="per_day", required=False, max_length=LINE_LIMIT
        )
        known = [
            (who.value, say(text(f"choice.press.{who.value}")), who is settings.press.who)
            for who in Pressers
            if who is not Pressers.ROLE or settings.press.who is Pressers.ROLE
        ]
        self.press = picker("press", known)
        self.ask(text("welcome.channels"), self.channels, hint=text("welcome.channels_hint"))
        self.ask(text("welcome.log"), self.log, hint=text("welcome.log_hint"))
        self.ask(text("welcome.pools"), self.pools)
        self.ask(text("welcome.per_day"), self.per_day, hint=text("welcome.per_day_hint"))
        self.ask(text("welcome.press"), self.press, hint=text("setting.exempt"))

    @override
    async def answer(self, interaction: AnyInteraction) -> object | None:
        """Beside the card, which may be everybody's."""
        return await defer_ephemeral(interaction)

    @override
    async def change(self, interaction: AnyInteraction) -> Text:
        """Check everything first, so that a slip leaves nothing half done."""
        unlimited = self.say(text("pool.unlimited"))
        typed = self.per_day.value.strip()
        per_day = read_number(typed, unlimited=unlimited) if typed else UNSAID
        log = self.log.values[0].id if self.log.values else None
        if log is not None:
            check_writable(interaction, log)
        wanted = {Pool(value) for value in self.pools.values}
        services, guild_id, actor = (
            client_of(interaction).services,
            guild_of(interaction),
            actor_of(interaction),
        )
        guilds = services.guilds
        now = await guilds.settings(guild_id)
        if per_day is not UNSAID:
            for pool in sorted(wanted):
                base = services.policy.deployment(pool) or UNLIMITED
                await guilds.change_rule(
                    guild_id, actor, pool, guild_id, AllowanceChange(per_day=per_day), otherwise=base
                )
        await guilds.set_channels(
            guild_id,
            actor,
            allowed=[channel.id for channel in self.channels.values] + list(now.channels.allowed[PICKED:]),
            denied=now.channels.denied,
        )
        for pool in self._offered:
            await guilds.switch_pool(guild_id, actor, pool, on=pool in wanted)
        await guilds.set_values(
            guild_id, actor, "press", {"who": self.press.values[0], "role": now.press.role_id}
        )
        await guilds.set_log_channel(guild_id, actor, log)
        return text("welcome.done")
