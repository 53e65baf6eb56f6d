"""Buttons of our own under a card: cancel, show, info, send, star, delete. Each checks who presses when it is pressed.
Never here: what they do to a job (services), and what opens a window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot.errors import UserError
from bot.services.admission.authorization import Operation
from bot.texts import text
from bot.ui.jobs.job_info import show_info
from bot.ui.kit.controls import component, words_view
from bot.ui.kit.custom_ids import KEY, SNOWFLAKE
from bot.ui.kit.links import card_link

if TYPE_CHECKING:
    from bot.domain.keys import JobKey
    from bot.ui.kit.context import Context


@component("cancel", KEY)
async def cancel(context: Context, key: JobKey) -> None:
    """Withdraw a job as far as that is possible."""
    await context.defer_ephemeral()
    services = context.services
    said = await services.jobs.cancel(context.viewer, key)
    await audit_act_on_other(context, "cancel", key)
    await context.reply(said)


@component("show", KEY)
async def show(context: Context, key: JobKey) -> None:
    """Show a finished job to this person, with live buttons."""
    asker = await context.defer_ephemeral()
    await context.services.redelivery.show(context.viewer, asker, key, public=False)


@component("info", KEY)
async def info(context: Context, key: JobKey) -> None:
    """Show all there is to know."""
    await context.defer_ephemeral()
    await show_info(context, key)


@component("send", KEY)
async def send(context: Context, key: JobKey) -> None:
    """Send the file to this person."""
    await context.defer_ephemeral()
    services, viewer = context.services, context.viewer
    job = await services.jobs.get_authorized(viewer, key, Operation.SEND)
    said = await services.redelivery.send(
        viewer, key, locale=context.locale, link=card_link(job), nonce=str(context.interaction.id)
    )
    await context.reply(said)


@component("star", KEY)
async def star(context: Context, key: JobKey) -> None:
    """Add it to this person's favourites, or take it away."""
    await context.defer_ephemeral()
    favourites = context.services.favourites
    await context.reply(await favourites.toggle(context.viewer, key))


# -- deleting takes two presses ----------------------------------------------------------------------------


@component("delete", KEY)
async def ask_to_delete(context: Context, key: JobKey) -> None:
    """Ask before a card is deleted: the one above the button, or from a private copy the job's public one."""
    await context.defer_ephemeral()
    job = await context.services.jobs.get_managed(context.viewer, key, Operation.DELETE)
    message = context.interaction.message
    if message is not None and not message.flags.ephemeral:
        channel_id, message_id = message.channel.id, message.id
    elif job.reply.message_id is not None:
        channel_id, message_id = job.reply.channel_id, job.reply.message_id
    else:
        raise UserError(text("jobs.nothing_to_delete", key=key))
    button = discord.ui.Button[Any](
        style=discord.ButtonStyle.danger,
        label=context.localize(text("button.delete_now")),
        custom_id=drop.id(key, channel_id, message_id),
    )
    await context.show(words_view(context.localize(text("jobs.delete_sure")), button))


@component("drop", KEY, SNOWFLAKE, SNOWFLAKE)
async def drop(context: Context, key: JobKey, channel_id: int, message_id: int) -> None:
    """Delete it at the second press, which says which message it is about: a job's card may have several copies."""
    await context.defer_update()
    said = await context.services.redelivery.take_down(
        context.viewer, key, channel_id=channel_id, message_id=message_id
    )
    await audit_act_on_other(context, "delete_card", key)
    await context.show(words_view(context.localize(said)))


async def audit_act_on_other(context: Context, action: str, key: JobKey) -> None:
    """Have the audit know what a moderator did to another member's job."""
    if context.is_moderator:
        moderation = context.services.moderation
        await moderation.audit_act_on_other(context.interaction.guild_id, context.actor, action, key)
