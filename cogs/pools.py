"""`/quota` for members and `/pool` for moderators: each command answers at once and hands over.
Never here: what a change does and says (bot.ui.pools.changes), the panel, the chart."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands
from typing_extensions import override

from bot.domain.days import zones
from bot.domain.pools import UNSET, AllowanceChange, NewLimit
from bot.domain.prices import Charge
from bot.domain.servers.access import HOURS_LIMIT, REASON_LIMIT
from bot.errors import UserError
from bot.services.servers.bounds import NUMBER_LIMIT
from bot.services.servers.edits import COOLDOWN_LIMIT
from bot.services.servers.settings import PAUSE_LIMIT
from bot.texts import text
from bot.ui.kit.command_texts import localized
from bot.ui.kit.context import AnyInteraction, Context
from bot.ui.pools import changes as pool_changes
from bot.ui.pools.gone_roles import read_whose, suggest_gone_role
from bot.ui.pools.options import (
    AUTOMATIC,
    NAMES,
    NAMES_OR_AUTOMATIC,
    read_any_pool,
    read_pool,
    suggest_name,
    suggest_name_or_automatic,
)
from bot.ui.pools.panel import show_panel
from bot.ui.pools.quota import show_quota
from bot.ui.pools.usage import DEFAULT_DAYS, MOST_DAYS, show_usage

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from bot.client import Easel
    from bot.texts import Text

KINDS = [
    app_commands.Choice(name=localized(f"pool.charge.{charge.value}"), value=charge.value)
    for charge in Charge
]
SUGGESTIONS = 25
ZONE_LIMIT = 60
Amount = app_commands.Range[int, 0, NUMBER_LIMIT]


class QuotaCog(commands.Cog):
    """What members ask about themselves."""

    @app_commands.command(name="quota", description=localized("command.quota"))
    @app_commands.guild_only()
    async def quota(self, interaction: discord.Interaction[Easel]) -> None:
        """Show what is left."""
        await show_quota(Context(interaction))


class PoolCog(commands.Cog):
    """What moderators decide about pools. Discord hides the commands from others; we check again."""

    pool = app_commands.Group(
        name="pool",
        description=localized("command.pool"),
        guild_only=True,
        default_permissions=discord.Permissions(manage_guild=True),
    )

    @override
    async def interaction_check(self, interaction: AnyInteraction, /) -> bool:
        """Whether this person manages the server right now, whatever Discord was told about the command."""
        return Context(interaction).is_moderator

    @pool.command(name="panel", description=localized("command.pool.panel"))
    async def panel(self, interaction: discord.Interaction[Easel]) -> None:
        """Show the pools with buttons for everything."""
        context = Context(interaction)
        await context.defer_ephemeral()
        await show_panel(context)

    @pool.command(name="status", description=localized("command.pool.status"))
    async def status(self, interaction: discord.Interaction[Easel]) -> None:
        """Show the same without buttons."""
        context = Context(interaction)
        await context.defer_ephemeral()
        await show_panel(context, controls=False)

    @pool.command(name="rule", description=localized("command.pool.rule"))
    @app_commands.describe(
        pool=localized("command.pool.pool"),
        role=localized("command.pool.role"),
        per_day=localized("command.pool.rule.per_day"),
        running=localized("command.pool.rule.running"),
        waiting=localized("command.pool.rule.waiting"),
        unlimited=localized("command.pool.rule.unlimited"),
        per_month=localized("command.pool.rule.per_month"),
        cooldown=localized("command.pool.rule.cooldown"),
    )
    @app_commands.choices(pool=NAMES)
    @app_commands.autocomplete(pool=suggest_name)
    async def rule(
        self,
        interaction: discord.Interaction[Easel],
        pool: str,
        role: discord.Role,
        per_day: Amount | None = None,
        running: Amount | None = None,
        waiting: Amount | None = None,
        unlimited: bool = False,  # noqa: FBT001, FBT002 - Discord passes options by name
        per_month: Amount | None = None,
        cooldown: app_commands.Range[int, 0, COOLDOWN_LIMIT] | None = None,
    ) -> None:
        """Give a role an allowance; `unlimited` is meant for the numbers that are not named."""
        context = Context(interaction)
        rest: NewLimit = None if unlimited else UNSET
        day, run, wait, month = (rest if n is None else n for n in (per_day, running, waiting, per_month))
        pace = UNSET if cooldown is None else cooldown
        numbers = AllowanceChange(day, run, wait, month, pace)
        meant = await read_any_pool(context, pool)
        await _confirm(context, pool_changes.set_rule(context, meant, role.id, numbers))

    @pool.command(name="unrule", description=localized("command.pool.unrule"))
    @app_commands.describe(
        pool=localized("command.pool.pool"),
        role=localized("command.pool.role"),
        gone=localized("command.pool.unrule.gone"),
    )
    @app_commands.choices(pool=NAMES)
    @app_commands.autocomplete(pool=suggest_name, gone=suggest_gone_role)
    async def unrule(
        self,
        interaction: discord.Interaction[Easel],
        pool: str,
        role: discord.Role | None = None,
        gone: str | None = None,
    ) -> None:
        """Take a role's rule away; a role that was deleted is named by its id."""
        context = Context(interaction)
        meant, whose = await read_any_pool(context, pool), read_whose(role, gone)
        await _confirm(context, pool_changes.remove_rule(context, meant, whose))

    @pool.command(name="enable", description=localized("command.pool.enable"))
    @app_commands.describe(pool=localized("command.pool.pool"))
    @app_commands.choices(pool=NAMES)
    @app_commands.autocomplete(pool=suggest_name)
    async def enable(self, interaction: discord.Interaction[Easel], pool: str) -> None:
        """Switch a pool on."""
        context = Context(interaction)
        meant = await read_any_pool(context, pool)
        await _confirm(context, pool_changes.switch(context, meant, on=True))

    @pool.command(name="disable", description=localized("command.pool.disable"))
    @app_commands.describe(pool=localized("command.pool.pool"))
    @app_commands.choices(pool=NAMES)
    @app_commands.autocomplete(pool=suggest_name)
    async def disable(self, interaction: discord.Interaction[Easel], pool: str) -> None:
        """Show the panel with the question that a second press answers."""
        context = Context(interaction)
        await context.defer_ephemeral()
        await show_panel(context, asking=await read_any_pool(context, pool))

    @pool.command(name="pause", description=localized("command.pool.pause"))
    @app_commands.describe(
        words=localized("command.pool.pause.words"), pool=localized("command.pool.pause.pool")
    )
    @app_commands.choices(pool=NAMES)
    @app_commands.autocomplete(pool=suggest_name)
    async def pause(
        self,
        interaction: discord.Interaction[Easel],
        words: app_commands.Range[str, 1, PAUSE_LIMIT] = "",
        pool: str | None = None,
    ) -> None:
        """Stop a pool, or everything, for a while."""
        context = Context(interaction)
        stopped = None if pool is None else await read_any_pool(context, pool)
        await _confirm(context, pool_changes.pause(context, stopped, words))

    @pool.command(name="resume", description=localized("command.pool.resume"))
    @app_commands.describe(pool=localized("command.pool.resume.pool"))
    @app_commands.choices(pool=NAMES)
    @app_commands.autocomplete(pool=suggest_name)
    async def resume(self, interaction: discord.Interaction[Easel], pool: str | None = None) -> None:
        """End a pause, or all of them."""
        context = Context(interaction)
        resumed = None if pool is None else await read_any_pool(context, pool)
        await _confirm(context, pool_changes.resume(context, resumed))

    @pool.command(name="default", description=localized("command.pool.default"))
    @app_commands.describe(pool=localized("command.pool.default.pool"))
    @app_commands.choices(pool=NAMES_OR_AUTOMATIC)
    @app_commands.autocomplete(pool=suggest_name_or_automatic)
    async def default(self, interaction: discord.Interaction[Easel], pool: str | None = None) -> None:
        """Choose the pool of commands that name none, or leave it to the deployment; without one, say which it is."""
        context = Context(interaction)
        if pool is None:
            await _confirm(context, pool_changes.describe_default(context))
            return
        chosen = None if pool == AUTOMATIC else await read_pool(context, pool)
        await _confirm(context, pool_changes.set_default(context, chosen))

    @pool.command(name="total", description=localized("command.pool.total"))
    @app_commands.describe(
        pool=localized("command.pool.pool"),
        per_day=localized("command.pool.total.per_day"),
        off=localized("command.pool.total.off"),
    )
    @app_commands.choices(pool=NAMES)
    @app_commands.autocomplete(pool=suggest_name)
    async def total(
        self,
        interaction: discord.Interaction[Easel],
        pool: str,
        per_day: Amount | None = None,
        off: bool = False,  # noqa: FBT001, FBT002 - Discord passes options by name
    ) -> None:
        """Limit the whole server, or lift the limit; without either, say what it is."""
        context = Context(interaction)
        meant = await read_any_pool(context, pool)
        if per_day is None and not off:
            await _confirm(context, pool_changes.describe_total(context, meant))
            return
        if per_day is not None and off:
            raise UserError(text("settings.one_of", option="per_day", other="off"))
        await _confirm(context, pool_changes.set_total(context, meant, per_day))

    @pool.command(name="price", description=localized("command.pool.price"))
    @app_commands.describe(
        pool=localized("command.pool.pool"),
        kind=localized("command.pool.price.kind"),
        units=localized("command.pool.price.units"),
    )
    @app_commands.choices(pool=NAMES, kind=KINDS)
    @app_commands.autocomplete(pool=suggest_name)
    async def price(
        self, interaction: discord.Interaction[Easel], pool: str, kind: str, units: Amount | None = None
    ) -> None:
        """Say what a kind of job costs; without units, what it costs now."""
        context = Context(interaction)
        meant = await read_any_pool(context, pool)
        if units is None:
            await _confirm(context, pool_changes.describe_price(context, meant, Charge(kind)))
            return
        await _confirm(context, pool_changes.set_price(context, meant, Charge(kind), units))

    @pool.command(name="zone", description=localized("command.pool.zone"))
    @app_commands.describe(name=localized("command.pool.zone.name"))
    async def zone(
        self, interaction: discord.Interaction[Easel], name: app_commands.Range[str, 1, ZONE_LIMIT]
    ) -> None:
        """Choose where the day begins at midnight."""
        context = Context(interaction)
        await _confirm(context, pool_changes.set_zone(context, name))

    @zone.autocomplete("name")
    async def suggest_zone(
        self, _interaction: discord.Interaction[Easel], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Zones that hold what was typed."""
        return [app_commands.Choice(name=name, value=name) for name in zones_like(typed)]

    @pool.command(name="grant", description=localized("command.pool.grant"))
    @app_commands.describe(
        member=localized("command.pool.grant.member"),
        units=localized("command.pool.grant.units"),
        pool=localized("command.pool.pool"),
        reason=localized("command.pool.grant.reason"),
        hours=localized("command.pool.grant.hours"),
    )
    @app_commands.choices(pool=NAMES)
    @app_commands.autocomplete(pool=suggest_name)
    async def grant(
        self,
        interaction: discord.Interaction[Easel],
        member: discord.User,
        units: app_commands.Range[int, 1, NUMBER_LIMIT],
        pool: str,
        reason: app_commands.Range[str, 0, REASON_LIMIT] = "",
        hours: app_commands.Range[int, 1, HOURS_LIMIT] | None = None,
    ) -> None:
        """Give a member extra units."""
        context = Context(interaction)
        meant = await read_any_pool(context, pool)
        given = pool_changes.grant(context, member.id, meant, units=units, reason=reason, hours=hours)
        await _confirm(context, given)

    @pool.command(name="usage", description=localized("command.pool.usage"))
    @app_commands.describe(days=localized("command.pool.usage.days"))
    async def usage(
        self,
        interaction: discord.Interaction[Easel],
        days: app_commands.Range[int, 1, MOST_DAYS] = DEFAULT_DAYS,
    ) -> None:
        """Show a chart and attach the numbers."""
        await show_usage(Context(interaction), days)


async def _confirm(context: Context, change: Coroutine[Any, Any, Text]) -> None:
    """Answer first, change then, and say what is now true."""
    with closing(change):
        await context.defer_ephemeral()
        await context.reply(await change)


def zones_like(typed: str) -> list[str]:
    """Time zones for a beginning: those that begin so first, then those whose city does, then the rest."""
    begun = typed.strip().lower().replace(" ", "_")

    def nearness(name: str) -> tuple[bool, bool, bool, str]:
        lower = name.lower()
        return (
            not lower.startswith(begun),
            not lower.rpartition("/")[2].startswith(begun),
            "/" not in name and name != "UTC",
            name,
        )

    return sorted((z for z in zones() if begun in z.lower()), key=nearness)[:SUGGESTIONS]


async def setup(bot: commands.Bot) -> None:
    """Discord.py's entry into an extension."""
    await bot.add_cog(QuotaCog())
    await bot.add_cog(PoolCog())
