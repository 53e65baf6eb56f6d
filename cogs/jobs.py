"""`/jobs`: members cancel, bring back and look through what they made; moderators anybody's in their server.
Never here: who may do what (services), and how it looks (ui)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands
from typing_extensions import override

from bot.domain.keys import JobKey, parse_key
from bot.domain.schedule import DAY, HOUR, MINUTE
from bot.errors import UserError
from bot.texts import Text, text
from bot.ui.card.titles import plain_title
from bot.ui.jobs import job_buttons
from bot.ui.jobs.job_info import show_info
from bot.ui.jobs.lists import queue_view, show_history
from bot.ui.kit.command_texts import localized
from bot.ui.kit.context import Context
from bot.ui.kit.deadline import within_deadline
from bot.ui.kit.escape import plain
from bot.ui.kit.message_parser import job_on

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from typing import Any

    from bot.client import Easel
    from bot.domain.jobs import Job

SUGGESTIONS = 25
SUGGESTION_LIMIT = 100
"""Discord's limits of suggestions (peers F31)."""
KEY_LIMIT = 40
"""A key with whatever dashes and blanks people put into it."""


class JobsCog(commands.Cog):
    """Looks after jobs."""

    def __init__(self, bot: commands.Bot) -> None:
        self._bot = bot
        self._menu = app_commands.ContextMenu(name=localized("menu.info"), callback=self.about)
        self._menu.guild_only = True

    @override
    async def cog_load(self) -> None:
        """A menu of messages is no member of a cog: it is added by hand."""
        self._bot.tree.add_command(self._menu)

    @override
    async def cog_unload(self) -> None:
        """And taken away by hand."""
        self._bot.tree.remove_command(self._menu.name, type=self._menu.type)

    async def about(self, interaction: discord.Interaction[Easel], message: discord.Message) -> None:
        """Show all there is to know of the job on a card."""
        context = Context(interaction)
        await context.defer_ephemeral()
        ours = interaction.client.user is not None and message.author.id == interaction.client.user.id
        key = job_on(message) if ours else None
        if key is None:
            raise UserError(text("menu.no_card"))
        await show_info(context, key)

    jobs = app_commands.Group(name="jobs", description=localized("command.jobs"), guild_only=True)

    @jobs.command(name="cancel", description=localized("command.jobs.cancel"))
    @app_commands.describe(job=localized("command.jobs.cancel.job"))
    async def cancel(
        self, interaction: discord.Interaction[Easel], job: app_commands.Range[str, 1, KEY_LIMIT]
    ) -> None:
        """Withdraw a job as far as that is possible."""
        await job_buttons.cancel(Context(interaction), named(job))

    @cancel.autocomplete("job")
    async def suggest_live(
        self, interaction: discord.Interaction[Easel], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Own jobs that have not ended; a moderator finds everybody's after them."""
        context = Context(interaction)
        found = context.services.jobs.to_cancel(context.viewer, typed)
        return await choices(context, found)

    @jobs.command(name="show", description=localized("command.jobs.show"))
    @app_commands.describe(
        job=localized("command.jobs.show.job"), public=localized("command.jobs.show.public")
    )
    async def show(
        self,
        interaction: discord.Interaction[Easel],
        job: app_commands.Range[str, 1, KEY_LIMIT],
        public: bool = False,  # noqa: FBT001, FBT002 - Discord passes options by name
    ) -> None:
        """Bring a finished job here, with its picture and live buttons."""
        context = Context(interaction)
        key = named(job)
        asker = await (context.defer_public() if public else context.defer_ephemeral())
        redelivery = context.services.redelivery
        await redelivery.show(context.viewer, asker, key, public=public)

    @show.autocomplete("job")
    async def suggest_finished(
        self, interaction: discord.Interaction[Easel], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Own pictures, the newest first."""
        context = Context(interaction)
        found = context.services.jobs.to_show(context.viewer, typed)
        return await choices(context, found)

    @jobs.command(name="list", description=localized("command.jobs.list"))
    @app_commands.describe(what=localized("command.jobs.list.what"))
    @app_commands.choices(
        what=[
            app_commands.Choice(name=localized(f"choice.list.{what}"), value=what)
            for what in ("mine", "favourites")
        ]
    )
    async def history(self, interaction: discord.Interaction[Easel], what: str = "mine") -> None:
        """Show the first page of the member's jobs, or of their favourites."""
        context = Context(interaction)
        await context.defer_ephemeral()
        await show_history(context, 0, stars=what == "favourites")

    @jobs.command(name="queue", description=localized("command.jobs.queue"))
    async def queue(self, interaction: discord.Interaction[Easel]) -> None:
        """Show what waits and runs."""
        context = Context(interaction)
        await context.defer_ephemeral()
        queue = await context.services.jobs.queue(context.viewer)
        await context.show(queue_view(queue, context.localize))


def named(typed: str) -> JobKey:
    """Read a key as people write it; raises `UserError` for anything else."""
    key = parse_key(typed)
    if key is None:
        raise UserError(text("jobs.no_key"))
    return key


async def choices(
    context: Context, found: Coroutine[Any, Any, Sequence[Job]]
) -> list[app_commands.Choice[str]]:
    """Name jobs as suggestions: key, age and the start of the prompt. In trouble there are none; a key can be typed."""
    jobs = await within_deadline(found, ())
    now = context.services.jobs.now()
    return [
        app_commands.Choice(
            name=plain(
                f"{job.key} · {context.localize(age(now - job.created_at))} · {plain_title(job, context.localize)}",
                SUGGESTION_LIMIT,
            ),
            value=job.key,
        )
        for job in jobs[:SUGGESTIONS]
    ]


def age(passed: int) -> Text:
    """How long ago that was, roughly: a suggestion has no time that Discord would write itself."""
    for unit, name in ((DAY, "days"), (HOUR, "hours"), (MINUTE, "minutes")):
        if passed >= unit:
            return text(f"ago.{name}", n=passed // unit)
    return text("ago.now")


async def setup(bot: commands.Bot) -> None:
    """Discord.py's entry into an extension."""
    await bot.add_cog(JobsCog(bot))
