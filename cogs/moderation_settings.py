"""`/mod`'s settings of a server: strikes, who presses, newcomers, pictures, log channel, language, retention.
Never here: pools (their own commands), and what a setting means (services)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.domain.access import Pressers, Treatment
from bot.domain.people import NEVER
from bot.errors import UserError
from bot.services.servers.settings import RETENTION_LIMIT
from bot.services.worker.news import NEWS_AFTER
from bot.texts import text
from bot.ui.kit.command_texts import said
from bot.ui.kit.context import Context
from bot.ui.kit.languages import name_of
from bot.ui.kit.moderators import ModeratorsOnly, Place, draw_mod_button, sure_view

if TYPE_CHECKING:
    from bot.client import Easel
    from bot.domain.guilds import Changed
    from bot.texts import Text

HOURS_LIMIT = 24 * 365
STRIKES_LIMIT = 100
DAYS_LIMIT = 365
LONGEST_WAIT_S = 86_400
SUGGESTIONS = 25
WHO = [app_commands.Choice(name=said(f"choice.press.{who.value}"), value=who.value) for who in Pressers]
TREATMENTS = [
    app_commands.Choice(name=said(f"choice.media.{what.value}"), value=what.value) for what in Treatment
]


class Settings(ModeratorsOnly, name="settings", description=said("command.mod")):
    """Commands that stand in `/mod` itself: this group is never registered, it only holds them."""

    @app_commands.command(name="strikes", description=said("command.mod.strikes"))
    @app_commands.describe(
        count=said("command.mod.strikes.count"),
        hours=said("command.mod.strikes.hours"),
        days=said("command.mod.strikes.days"),
    )
    async def strikes(
        self,
        interaction: discord.Interaction[Easel],
        count: app_commands.Range[int, 1, STRIKES_LIMIT],
        hours: app_commands.Range[int, 1, HOURS_LIMIT],
        days: app_commands.Range[int, 1, DAYS_LIMIT] | None = None,
    ) -> None:
        """Say how many strikes block a member, and for how long."""
        context = Context(interaction)
        await context.defer_ephemeral()
        changed = await context.services.guilds.set_strikes(
            context.guild_id, context.actor, limit=count, block_hours=hours, days=days
        )
        await _say(context, changed, _strikes(count, changed.after.strikes.days, hours))

    @app_commands.command(name="press", description=said("command.mod.press"))
    @app_commands.describe(who=said("command.mod.press.who"), role=said("command.mod.press.role"))
    @app_commands.choices(who=WHO)
    async def press(
        self, interaction: discord.Interaction[Easel], who: str, role: discord.Role | None = None
    ) -> None:
        """Choose who may press the buttons under others' pictures."""
        context = Context(interaction)
        await context.defer_ephemeral()
        role_id = None if role is None else role.id
        changed = await context.services.guilds.set_press(
            context.guild_id, context.actor, Pressers(who), role_id
        )
        await _say(context, changed, text(f"mod.press_{who}", role=str(role_id)))

    @app_commands.command(name="gate", description=said("command.mod.gate"))
    @app_commands.describe(
        server_hours=said("command.mod.gate.server"), account_hours=said("command.mod.gate.account")
    )
    async def gate(
        self,
        interaction: discord.Interaction[Easel],
        server_hours: app_commands.Range[int, 0, HOURS_LIMIT],
        account_hours: app_commands.Range[int, 0, HOURS_LIMIT],
    ) -> None:
        """Say how long newcomers wait."""
        context = Context(interaction)
        await context.defer_ephemeral()
        changed = await context.services.guilds.set_gate(
            context.guild_id,
            context.actor,
            hours_on_server=server_hours,
            hours_of_account=account_hours,
        )
        await _say(context, changed, _gate(server_hours, account_hours))

    @app_commands.command(name="media", description=said("command.mod.media"))
    @app_commands.describe(
        treatment=said("command.mod.media.treatment"),
        on=said("command.mod.media.on"),
        channel=said("command.mod.media.channel"),
        role=said("command.mod.media.role"),
    )
    @app_commands.choices(treatment=TREATMENTS)
    async def media(
        self,
        interaction: discord.Interaction[Easel],
        treatment: str,
        on: bool,  # noqa: FBT001 - Discord passes options by name
        channel: Place | None = None,
        role: discord.Role | None = None,
    ) -> None:
        """Treat pictures of a channel, or of a role's members, specially."""
        context = Context(interaction)
        if channel is not None and role is not None:
            raise UserError(text("mod.media_one"))
        await context.defer_ephemeral()
        guild_id = context.guild_id
        target_id = channel.id if channel is not None else role.id if role is not None else guild_id
        changed = await context.services.guilds.set_media(
            guild_id, context.actor, target_id, Treatment(treatment), on=on
        )
        target = _target(channel, role, guild_id)
        done = text(f"mod.media_{treatment}", target=target) if on else text("mod.media_off", target=target)
        await _say(context, changed, done)

    @app_commands.command(name="log", description=said("command.mod.log"))
    @app_commands.describe(channel=said("command.mod.log.channel"))
    async def log(
        self, interaction: discord.Interaction[Easel], channel: discord.TextChannel | None = None
    ) -> None:
        """Choose where moderators hear of things."""
        context = Context(interaction)
        await context.defer_ephemeral()
        if channel is not None:
            _check_writable(channel)
        channel_id = None if channel is None else channel.id
        changed = await context.services.guilds.set_log_channel(context.guild_id, context.actor, channel_id)
        done = text("mod.log_off") if channel_id is None else text("mod.log", channel=str(channel_id))
        await _say(context, changed, done)

    @app_commands.command(name="language", description=said("command.mod.language"))
    @app_commands.describe(language=said("command.mod.language.language"))
    async def language(
        self,
        interaction: discord.Interaction[Easel],
        language: app_commands.Range[str, 1, 40] | None = None,
    ) -> None:
        """Choose the language of public cards."""
        context = Context(interaction)
        await context.defer_ephemeral()
        if language is not None and language not in context.house.catalogues.languages:
            raise UserError(text("mod.no_such_language"))
        changed = await context.services.guilds.set_locale(context.guild_id, context.actor, language)
        if language is None:
            done = text("mod.language_auto")
        else:
            done = text("mod.language", language=name_of(language, context.locale))
        await _say(context, changed, done)

    @app_commands.command(name="pings", description=said("command.mod.pings"))
    @app_commands.describe(after=said("command.mod.pings.after"))
    async def pings(
        self,
        interaction: discord.Interaction[Easel],
        after: app_commands.Range[int, NEVER, LONGEST_WAIT_S] | None = None,
    ) -> None:
        """Say when a slow picture pings whoever asked; without a number, show what is set."""
        context = Context(interaction)
        await context.defer_ephemeral()
        guilds = context.services.guilds
        if after is None:
            known = (await guilds.settings(context.guild_id)).news_after
            await context.tell(news_words(NEWS_AFTER if known is None else known))
            return
        changed = await guilds.set_news_after(context.guild_id, context.actor, after)
        await _say(context, changed, news_words(after))

    @language.autocomplete("language")
    async def suggest_language(
        self, interaction: discord.Interaction[Easel], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Languages that have a catalogue, by their names in the moderator's own."""
        context = Context(interaction)
        known = context.house.catalogues.languages
        named = {language: name_of(language, context.locale) for language in sorted(known)}
        wanted = typed.casefold().strip()
        found = [
            (id_, name) for id_, name in named.items() if wanted in f"{id_} {name} {name_of(id_)}".casefold()
        ]
        return [app_commands.Choice(name=name, value=id_) for id_, name in found[:SUGGESTIONS]]

    @app_commands.command(name="retention", description=said("command.mod.retention"))
    @app_commands.describe(days=said("command.mod.retention.days"))
    async def retention(
        self,
        interaction: discord.Interaction[Easel],
        days: app_commands.Range[int, 1, RETENTION_LIMIT] | None = None,
    ) -> None:
        """Say how long prompts are kept; asks first, because older ones go at once."""
        context = Context(interaction)
        await context.defer_ephemeral()
        if days is not None:
            yes = draw_mod_button(
                "retention",
                days,
                label=context.say(text("button.yes_retention")),
                style=discord.ButtonStyle.danger,
            )
            question = text("mod.retention_sure", n=days)
            await context.show(sure_view(context.say(question), yes))
            return
        changed = await context.services.guilds.set_retention(context.guild_id, context.actor, None)
        await _say(context, changed, text("mod.retention_off"))


async def _say(context: Context, changed: Changed, done: Text) -> None:
    await context.tell(done if changed.entry is not None else text("mod.unchanged"))


def _strikes(count: int, days: int, hours: int) -> Text:
    return text(
        "mod.strikes",
        count=text("amount.strikes", n=count),
        days=text("amount.days", n=days),
        hours=text("amount.hours", n=hours),
    )


def _gate(server_hours: int, account_hours: int) -> Text:
    """What is asked of newcomers; what is not asked is not named."""
    server, account = text("amount.hours", n=server_hours), text("amount.hours", n=account_hours)
    if server_hours and account_hours:
        return text("mod.gate", server=server, account=account)
    if server_hours:
        return text("mod.gate_server", server=server)
    return text("mod.gate_account", account=account) if account_hours else text("mod.gate_open")


def _target(
    channel: Place | None,
    role: discord.Role | None,
    guild_id: int,
) -> Text | str:
    if channel is not None:
        return f"<#{channel.id}>"
    return text("mod.everyone") if role is None or role.id == guild_id else f"<@&{role.id}>"


def _check_writable(channel: discord.TextChannel) -> None:
    """Raise `UserError` for a log channel in which nothing could ever be told."""
    held = channel.permissions_for(channel.guild.me)
    if not (held.view_channel and held.send_messages):
        raise UserError(text("mod.log_closed", channel=str(channel.id)))


def news_words(after: int) -> Text:
    """When a slow picture pings, in a sentence."""
    if after == NEVER:
        return text("mod.pings_never")
    return text("mod.pings_always") if after == 0 else text("mod.pings_after", seconds=after)
