"""`/ops keys`: keys with a cap and an end for servers and accounts, for the application's owner.
Never here: what a key is made of (services), and how anything looks (ui)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.domain.upstream_keys import read_end
from bot.errors import UserError
from bot.texts import text
from bot.ui.accounts.upstream_keys import key_line, key_list, made_words, question
from bot.ui.kit.command_texts import localized
from bot.ui.kit.context import Context
from bot.ui.kit.escape import quoted

if TYPE_CHECKING:
    from bot.client import Easel
    from bot.services.accounts.upstream_keys import UpstreamKeys

SHOWN = 40
SUGGESTIONS = 25


class Keys(app_commands.Group, name="keys", description=localized("command.ops.keys")):
    """Budgets that the image service itself keeps."""

    @app_commands.command(name="list", description=localized("command.ops.keys.list"))
    async def show(self, interaction: discord.Interaction[Easel]) -> None:
        """All that were made here."""
        context = Context(interaction)
        keys = await _of_owner(context)
        await context.send_ephemeral(
            content=key_list(await keys.every(), context.localize, await _names(context))
        )

    @app_commands.command(name="create", description=localized("command.ops.keys.create"))
    @app_commands.rename(subject="for")
    @app_commands.describe(
        subject=localized("command.ops.keys.for"),
        cap=localized("command.ops.keys.credits"),
        until=localized("command.ops.keys.until"),
    )
    async def create(
        self, interaction: discord.Interaction[Easel], subject: str, cap: int, until: str
    ) -> None:
        """Make one; a server's goes straight into the vault."""
        context = Context(interaction)
        keys = await _of_owner(context)
        made = await keys.make(
            subject.strip(),
            cap=cap,
            expires_at=_end_of(until, context.services.jobs.now()),
            actor=context.actor,
        )
        await context.send_ephemeral(content=made_words(made, context.localize, await _names(context)))
        if made.key is not None:
            await keys.mark_key_shown(made.view.tag)

    @app_commands.command(name="cap", description=localized("command.ops.keys.cap"))
    @app_commands.describe(key=localized("command.ops.key"), cap=localized("command.ops.keys.credits"))
    async def cap(self, interaction: discord.Interaction[Easel], key: str, cap: int) -> None:
        """Set another cap."""
        context = Context(interaction)
        keys = await _of_owner(context)
        await context.send_ephemeral(
            content=key_line(await keys.cap(key, cap), context.localize, await _names(context))
        )

    @app_commands.command(name="disable", description=localized("command.ops.keys.disable"))
    @app_commands.describe(key=localized("command.ops.key"))
    async def disable(self, interaction: discord.Interaction[Easel], key: str) -> None:
        """Let one open nothing."""
        context = Context(interaction)
        keys = await _of_owner(context)
        await context.send_ephemeral(
            content=key_line(await keys.disable(key), context.localize, await _names(context))
        )

    @app_commands.command(name="enable", description=localized("command.ops.keys.enable"))
    @app_commands.describe(key=localized("command.ops.key"))
    async def enable(self, interaction: discord.Interaction[Easel], key: str) -> None:
        """Let it open the account again."""
        context = Context(interaction)
        keys = await _of_owner(context)
        await context.send_ephemeral(
            content=key_line(await keys.disable(key, disabled=False), context.localize, await _names(context))
        )

    @app_commands.command(name="delete", description=localized("command.ops.keys.delete"))
    @app_commands.describe(key=localized("command.ops.key"))
    async def delete(self, interaction: discord.Interaction[Easel], key: str) -> None:
        """Ask, and delete at the press of a button."""
        context = Context(interaction)
        keys = await _of_owner(context)
        await context.show(question(await keys.one(key), context.localize, await _names(context)))

    @create.autocomplete("subject")
    async def suggest_server(
        self, interaction: discord.Interaction[Easel], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Known servers whose name or id holds what was typed."""
        context = Context(interaction)
        if not await context.is_owner():
            return []
        wanted = typed.strip().casefold()
        return [
            app_commands.Choice(name=f"{name or '?'} ({id_})"[-100:], value=id_)
            for id_, name in (await _names(context)).items()
            if wanted in f"{name} {id_}".casefold()
        ][:SUGGESTIONS]


async def _names(context: Context) -> dict[str, str]:
    return {str(v.server.guild_id): v.server.name for v in await context.services.owner_policy.every()}


async def _of_owner(context: Context) -> UpstreamKeys:
    """Answer first; then only for the owner."""
    await context.defer_ephemeral()
    await context.owner()
    return context.services.upstream_keys


def _end_of(typed: str, now: int) -> int:
    try:
        return read_end(typed, now)
    except ValueError:
        raise UserError(text("keys.end_form", typed=quoted(typed, SHOWN))) from None
