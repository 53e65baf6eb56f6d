"""`/mod prompts` and `/mod images`: what is added to prompts, what they may not have, and what may be put in.
Never here: what a rule means for a job (domain, `policy`), and how lists look (ui)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.domain.intake.parameters import BY_NAME
from bot.domain.prices import Charge
from bot.domain.servers.prompt_rules import (
    SUFFIX_LIMIT,
    KindRule,
    ParameterLimit,
    PromptAddition,
    key_of,
    name_of,
)
from bot.errors import UserError
from bot.texts import text
from bot.ui.kit.command_texts import localized
from bot.ui.kit.context import Context
from bot.ui.kit.moderators import ModeratorsOnly, Place
from bot.ui.moderation.prompt_lists import (
    addition_words,
    images_view,
    kind_words,
    limit_words,
    place_name,
    show_prompt_rules,
)
from bot.ui.moderation.setting_commands import setting_command
from cogs.jobs import SUGGESTIONS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.client import Easel
    from bot.domain.servers.guilds import Actor, Changed, GuildSettings
    from bot.services.servers.prompt_settings import PromptSettings
    from bot.texts import Text

KINDS = [
    app_commands.Choice(name=localized(f"pool.charge.{charge.value}"), value=charge.value)
    for charge in Charge
]
HOST_RULES = [
    app_commands.Choice(name=localized(f"choice.host.{rule}"), value=rule)
    for rule in ("allow", "deny", "clear")
]
ALLOWED = {"allow": True, "deny": False, "clear": None}
PARAMETERS_LIMIT = 300
NAME_LIMIT = 20
HOST_LIMIT = 200


class Prompts(ModeratorsOnly, name="prompts", description=localized("command.mod.prompts")):
    """What is added to prompts, and what is not allowed in them."""

    def __init__(self) -> None:
        super().__init__()
        self.add_command(setting_command("batch"))

    @app_commands.command(name="defaults", description=localized("command.mod.prompts.defaults"))
    @app_commands.describe(
        parameters=localized("command.mod.prompts.defaults.parameters"),
        channel=localized("command.mod.prompts.channel"),
        off=localized("command.mod.prompts.off"),
    )
    async def defaults(
        self,
        interaction: discord.Interaction[Easel],
        parameters: app_commands.Range[str, 1, PARAMETERS_LIMIT] = "",
        channel: Place | None = None,
        off: bool = False,  # noqa: FBT001, FBT002 - Discord passes options by name
    ) -> None:
        """Add parameters to prompts that have none of them."""
        context = Context(interaction)
        await _add(
            context, _rules(context).set_defaults, "defaults", ("parameters", parameters), channel, off=off
        )

    @app_commands.command(name="suffix", description=localized("command.mod.prompts.suffix"))
    @app_commands.describe(
        words=localized("command.mod.prompts.suffix.words"),
        channel=localized("command.mod.prompts.channel"),
        off=localized("command.mod.prompts.off"),
    )
    async def suffix(
        self,
        interaction: discord.Interaction[Easel],
        words: app_commands.Range[str, 1, SUFFIX_LIMIT] = "",
        channel: Place | None = None,
        off: bool = False,  # noqa: FBT001, FBT002 - Discord passes options by name
    ) -> None:
        """Put words behind every prompt."""
        context = Context(interaction)
        await _add(context, _rules(context).set_suffix, "suffix", ("words", words), channel, off=off)

    @app_commands.command(name="limit", description=localized("command.mod.prompts.limit"))
    @app_commands.describe(
        parameter=localized("command.mod.prompts.parameter"),
        most=localized("command.mod.prompts.limit.most"),
        channel=localized("command.mod.prompts.channel"),
    )
    async def limit(
        self,
        interaction: discord.Interaction[Easel],
        parameter: app_commands.Range[str, 1, NAME_LIMIT],
        most: app_commands.Range[float, 0, 4000],
        channel: Place | None = None,
    ) -> None:
        """Say how large a parameter's number may be."""
        await _limit(Context(interaction), parameter, channel, allowed=True, most=most)

    @app_commands.command(name="deny", description=localized("command.mod.prompts.deny"))
    @app_commands.describe(
        parameter=localized("command.mod.prompts.parameter"), channel=localized("command.mod.prompts.channel")
    )
    async def deny(
        self,
        interaction: discord.Interaction[Easel],
        parameter: app_commands.Range[str, 1, NAME_LIMIT],
        channel: Place | None = None,
    ) -> None:
        """Refuse prompts with a parameter."""
        await _limit(Context(interaction), parameter, channel, allowed=False)

    @app_commands.command(name="allow", description=localized("command.mod.prompts.allow"))
    @app_commands.describe(
        parameter=localized("command.mod.prompts.parameter"), channel=localized("command.mod.prompts.channel")
    )
    async def allow(
        self,
        interaction: discord.Interaction[Easel],
        parameter: app_commands.Range[str, 1, NAME_LIMIT],
        channel: Place | None = None,
    ) -> None:
        """Except a channel from what holds on the server, or take the server's own rule away."""
        context = Context(interaction)
        if channel is None:
            await _free(context, parameter, None)
        else:
            await _limit(context, parameter, channel, allowed=True)

    @app_commands.command(name="forget", description=localized("command.mod.prompts.forget"))
    @app_commands.describe(
        parameter=localized("command.mod.prompts.parameter"), channel=localized("command.mod.prompts.channel")
    )
    async def forget(
        self,
        interaction: discord.Interaction[Easel],
        parameter: app_commands.Range[str, 1, NAME_LIMIT],
        channel: Place | None = None,
    ) -> None:
        """Take away what was said of a parameter in one place."""
        await _free(Context(interaction), parameter, channel)

    @limit.autocomplete("parameter")
    @deny.autocomplete("parameter")
    @allow.autocomplete("parameter")
    @forget.autocomplete("parameter")
    async def suggest_parameter(
        self, _interaction: discord.Interaction[Easel], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Parameters that begin so."""
        begun = typed.strip().lstrip("-").lower()
        found = [name for name in BY_NAME if len(name) > 1 and name.startswith(begun)]
        return [app_commands.Choice(name=f"--{name}", value=name) for name in found[:SUGGESTIONS]]

    @app_commands.command(name="kind", description=localized("command.mod.prompts.kind"))
    @app_commands.describe(
        kind=localized("command.mod.prompts.kind.kind"),
        allowed=localized("command.mod.prompts.kind.allowed"),
        channel=localized("command.mod.prompts.channel"),
    )
    @app_commands.choices(kind=KINDS)
    async def kind(
        self,
        interaction: discord.Interaction[Easel],
        kind: str,
        allowed: bool,  # noqa: FBT001 - Discord passes options by name
        channel: Place | None = None,
    ) -> None:
        """Switch a kind of job off or on."""
        context = Context(interaction)
        await context.defer_ephemeral()
        guild_id, target = context.guild_id, _target(context, channel)
        changed = await _rules(context).set_kind(
            guild_id, context.actor, target, Charge(kind), allowed=allowed
        )
        await _reply(context, changed, kind_words(KindRule(target, Charge(kind), allowed), guild_id))

    @app_commands.command(name="list", description=localized("command.mod.prompts.list"))
    async def all(self, interaction: discord.Interaction[Easel]) -> None:
        """Show the first page of everything."""
        context = Context(interaction)
        await context.defer_ephemeral()
        await show_prompt_rules(context, 0)


class Images(ModeratorsOnly, name="images", description=localized("command.mod.images")):
    """Pictures that members put in, and addresses in prompts."""

    def __init__(self) -> None:
        super().__init__()
        self.add_command(setting_command("images"))

    @app_commands.command(name="channel", description=localized("command.mod.images.channel"))
    @app_commands.describe(
        channel=localized("command.mod.images.channel.channel"), on=localized("command.mod.images.channel.on")
    )
    async def channel(
        self,
        interaction: discord.Interaction[Easel],
        channel: Place,
        on: bool = True,  # noqa: FBT001, FBT002 - Discord passes options by name
    ) -> None:
        """Name a channel where pictures may be put in."""
        context = Context(interaction)
        await context.defer_ephemeral()
        changed = await _rules(context).set_image_channel(context.guild_id, context.actor, channel.id, on=on)
        await _show_images(context, changed)

    @app_commands.command(name="host", description=localized("command.mod.images.host"))
    @app_commands.describe(
        host=localized("command.mod.images.host.host"), rule=localized("command.mod.images.host.rule")
    )
    @app_commands.choices(rule=HOST_RULES)
    async def host(
        self, interaction: discord.Interaction[Easel], host: app_commands.Range[str, 1, HOST_LIMIT], rule: str
    ) -> None:
        """Allow or deny addresses at a host."""
        context = Context(interaction)
        await context.defer_ephemeral()
        changed = await _rules(context).set_host(context.guild_id, context.actor, host, allowed=ALLOWED[rule])
        await _show_images(context, changed)

    @app_commands.command(name="show", description=localized("command.mod.images.show"))
    async def show(self, interaction: discord.Interaction[Easel]) -> None:
        """Show what may be put in."""
        context = Context(interaction)
        await context.defer_ephemeral()
        settings = await context.services.guilds.settings(context.guild_id)
        await context.show(images_view(settings.images, context.localize))


def _rules(context: Context) -> PromptSettings:
    return context.services.prompt_settings


def _target(context: Context, channel: Place | None) -> int:
    return context.guild_id if channel is None else channel.id


async def _limit(
    context: Context,
    parameter: str,
    channel: Place | None,
    *,
    allowed: bool,
    most: float | None = None,
) -> None:
    await context.defer_ephemeral()
    guild_id, target = context.guild_id, _target(context, channel)
    changed = await _rules(context).limit_parameter(
        guild_id, context.actor, target, parameter, allowed=allowed, most=most
    )
    limit = ParameterLimit(target, key_of(parameter), allowed, most)
    await _reply(context, changed, limit_words(limit, guild_id))


async def _free(context: Context, parameter: str, channel: Place | None) -> None:
    await context.defer_ephemeral()
    guild_id, target = context.guild_id, _target(context, channel)
    changed = await _rules(context).free_parameter(guild_id, context.actor, target, parameter)
    place = place_name(target, guild_id)
    await _reply(context, changed, text("mod.prompt_free", place=place, name=name_of(key_of(parameter))))


async def _add(
    context: Context,
    change: Callable[[int, Actor, int, str], Awaitable[Changed]],
    sort: str,
    option: tuple[str, str],
    channel: Place | None,
    *,
    off: bool,
) -> None:
    """Set what is added to prompts, take it away, or without either show it; `option` is the name of one and its value."""
    await context.defer_ephemeral()
    target, (name, value) = _target(context, channel), option
    if value and off:
        raise UserError(text("settings.one_of", option=name, other="off"))
    if value or off:
        changed = await change(context.guild_id, context.actor, target, value)
        await _reply(context, changed, _added(changed.after, target, sort))
    else:
        settings = await context.services.guilds.settings(context.guild_id)
        await context.reply(_added(settings, target, sort))


def _added(settings: GuildSettings, target: int, sort: str) -> Text:
    now = next((a for a in settings.additions if a.target_id == target), PromptAddition(target))
    only = PromptAddition(target, **{sort: getattr(now, sort)})
    none = text(f"mod.prompt_no_{sort}", place=place_name(target, settings.guild_id))
    return next(iter(addition_words(only, settings.guild_id)), none)


async def _reply(context: Context, changed: Changed, done: Text) -> None:
    await context.reply(done if changed.entry is not None else text("mod.unchanged"))


async def _show_images(context: Context, changed: Changed) -> None:
    await context.show(images_view(changed.after.images, context.localize))
