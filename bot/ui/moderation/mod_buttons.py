"""What moderators' buttons do: member view, live jobs, history. Who presses was checked before; each answers first.
Never here: how it looks, and what it means (services)."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
from typing import TYPE_CHECKING, Any, Final

import discord

from bot.domain.pools import Pool
from bot.domain.servers.guilds import GrantsLeft
from bot.errors import UserError
from bot.texts import text
from bot.ui.kit.controls import words_view
from bot.ui.kit.custom_ids import KEY, NUMBER, SNOWFLAKE, maybe, one_of
from bot.ui.kit.moderators import draw_mod_button, mod_button, sure_view
from bot.ui.moderation.audit import PAGE, audit_view, undo_view
from bot.ui.moderation.localizers import server_localizer
from bot.ui.moderation.members import live_view, member_view
from bot.ui.pools.wording import pool_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.keys import JobKey
    from bot.domain.servers.guilds import AuditEntry
    from bot.texts import Text
    from bot.ui.kit.context import Context

POOL: Final = one_of(Pool)
PLAIN_BYTES: Final = 8 * 1024 * 1024
"""A larger export is packed, to a tenth or so: Discord takes ten megabytes everywhere, what is around a file included."""


# -- a member ----------------------------------------------------------------------------------------------


async def show_member(context: Context, user_id: int) -> None:
    """Put the view of a member into the answer."""
    seen = await context.services.moderation.member(context.guild_id, user_id)
    await context.show(member_view(seen, context.localize))


@mod_button("member", SNOWFLAKE)
async def look_at_member(context: Context, user_id: int) -> None:
    """Go back to the member."""
    await context.defer_update()
    await show_member(context, user_id)


@mod_button("unblock", SNOWFLAKE)
async def unblock(context: Context, user_id: int) -> None:
    """Lift the block, and show how things are now."""
    await context.defer_update()
    moderation = context.services.moderation
    await moderation.unblock(context.guild_id, context.actor, user_id)
    await show_member(context, user_id)


@mod_button("forgive", SNOWFLAKE)
async def forgive(context: Context, user_id: int) -> None:
    """Take the strikes back, and show how things are now."""
    await context.defer_update()
    moderation = context.services.moderation
    await moderation.forgive(context.guild_id, context.actor, user_id)
    await show_member(context, user_id)


@mod_button("take_back", SNOWFLAKE, POOL)
async def ask_to_take_back(context: Context, user_id: int, pool: Pool) -> None:
    """Ask first, with what is left now."""
    await context.defer_update()
    await _ask_to_take_back(context, user_id, pool)


async def _ask_to_take_back(
    context: Context, user_id: int, pool: Pool, *, notice: Text | None = None
) -> None:
    left = await context.services.allowances.grants_left(context.guild_id, user_id, pool)
    if left.units == 0:
        await show_member(context, user_id)
        await context.reply(text("member.taken_back_none", user=str(user_id), pool=pool_name(pool)))
        return
    question = text("member.take_back_sure", n=left.units, user=str(user_id), pool=pool_name(pool))
    lines = [context.localize(said) for said in (notice, question) if said is not None]
    asked = (pool, left.newest, left.units)
    await _ask(context, "\n".join(lines), "take_back_now", "yes_take_back", user_id, *asked)


@mod_button("take_back_now", SNOWFLAKE, POOL, SNOWFLAKE, SNOWFLAKE)
async def take_back(context: Context, user_id: int, pool: Pool, newest: int, units: int) -> None:
    """End the grants if no more is left of them than was asked about, and none is later; else ask again."""
    await context.defer_update()
    allowances, asked = context.services.allowances, GrantsLeft(units, newest)
    try:
        n = await allowances.take_back(context.guild_id, context.actor, user_id, pool, asked)
    except UserError as refusal:
        if refusal.text.id != "member.take_back_stale":
            raise
        await _ask_to_take_back(context, user_id, pool, notice=refusal.text)
        return
    await show_member(context, user_id)
    said = "member.taken_back" if n else "member.taken_back_none"
    await context.reply(text(said, n=n, user=str(user_id), pool=pool_name(pool)))


@mod_button("cancel_all", SNOWFLAKE)
async def ask_to_cancel_all(context: Context, user_id: int) -> None:
    """Ask first."""
    await context.defer_update()
    question = context.localize(text("member.cancel_sure", user=str(user_id)))
    await _ask(context, question, "cancel_all_now", "yes_cancel", user_id)


@mod_button("cancel_all_now", SNOWFLAKE)
async def cancel_all(context: Context, user_id: int) -> None:
    """Cancel all that a member has unfinished."""
    await context.defer_update()
    moderation = context.services.moderation
    n = await moderation.cancel_all(context.guild_id, context.actor, user_id)
    await show_member(context, user_id)
    await context.reply(text("member.cancelled" if n else "member.cancelled_none", n=n, user=str(user_id)))


@mod_button("export", SNOWFLAKE)
async def export(context: Context, user_id: int) -> None:
    """Hand over everything kept about a member, as a file that only the moderator sees."""
    await context.defer_update()
    moderation = context.services.moderation
    kept = await moderation.export(context.guild_id, context.actor, user_id)
    await context.interaction.followup.send(
        context.localize(text("member.exported", user=str(user_id))),
        file=await asyncio.to_thread(_filed, kept, f"member-{user_id}.json"),
        ephemeral=True,
        allowed_mentions=discord.AllowedMentions.none(),
    )


def _filed(kept: Mapping[str, Any], name: str) -> discord.File:
    """A file that Discord takes; what was made in years is packed."""
    data = json.dumps(kept, ensure_ascii=False, indent=2).encode()
    if len(data) <= PLAIN_BYTES:
        return discord.File(io.BytesIO(data), filename=name)
    return discord.File(io.BytesIO(gzip.compress(data)), filename=f"{name}.gz")


@mod_button("erase", SNOWFLAKE)
async def ask_to_erase(context: Context, user_id: int) -> None:
    """Ask first."""
    await context.defer_update()
    question = context.localize(text("member.erase_sure", user=str(user_id)))
    await _ask(context, question, "erase_now", "yes_erase", user_id)


@mod_button("erase_now", SNOWFLAKE)
async def erase(context: Context, user_id: int) -> None:
    """Forget what a member wrote."""
    await context.defer_update()
    moderation = context.services.moderation
    done = await moderation.erase(context.guild_id, context.actor, user_id)
    await show_member(context, user_id)
    if done.running:
        said = text("member.erased_partly", emptied=done.jobs, running=done.running, user=str(user_id))
    else:
        said = text("member.erased", n=done.jobs, user=str(user_id))
    cards = await moderation.cards_left(context.guild_id, user_id)
    if cards:
        said = text("member.erased_cards", said=said, n=cards)
    await context.reply(said)


async def _ask(context: Context, question: str, word: str, label: str, user_id: int, *values: object) -> None:
    yes = draw_mod_button(
        word,
        user_id,
        *values,
        label=context.localize(text(f"button.{label}")),
        style=discord.ButtonStyle.danger,
    )
    back = draw_mod_button("member", user_id, label=context.localize(text("button.back")))
    await context.show(sure_view(question, yes, back))


# -- live jobs ---------------------------------------------------------------------------------------------


async def show_live(context: Context, page: int) -> None:
    """Put a page of live jobs into the answer."""
    jobs = await context.services.moderation.live_jobs(context.guild_id)
    await context.show(live_view(jobs, page, context.localize))


@mod_button("jobs", NUMBER)
async def show_jobs_page(context: Context, page: int) -> None:
    """Turn the page."""
    await context.defer_update()
    await show_live(context, page)


@mod_button("cancel", KEY, NUMBER)
async def cancel_one(context: Context, key: JobKey, page: int) -> None:
    """Cancel the job beside the button, and show what is left."""
    await context.defer_update()
    moderation = context.services.moderation
    await moderation.cancel(context.guild_id, context.actor, key)
    await show_live(context, page)


@mod_button("clear")
async def ask_to_clear(context: Context) -> None:
    """Ask first."""
    await context.defer_update()
    n = await context.services.moderation.waiting(context.guild_id)
    yes = draw_mod_button(
        "clear_now",
        label=context.localize(text("button.yes_clear")),
        style=discord.ButtonStyle.danger,
    )
    back = draw_mod_button("jobs", 0, label=context.localize(text("button.back")))
    question = text("modjobs.clear_sure", n=n)
    await context.show(sure_view(context.localize(question), yes, back))


@mod_button("clear_now")
async def clear(context: Context) -> None:
    """Cancel all that waits."""
    await context.defer_update()
    moderation = context.services.moderation
    n = await moderation.clear_queue(context.guild_id, context.actor)
    said = text("modjobs.cleared", n=n) if n else text("modjobs.cleared_none")
    await context.show(words_view(context.localize(said)))


# -- the history -------------------------------------------------------------------------------------------


async def show_audit(context: Context, before: int | None) -> None:
    """Put a page of the history into the answer, with the undo on the first."""
    guilds, guild_id = context.services.guilds, context.guild_id
    found = await guilds.audit(guild_id, before=before, limit=PAGE + 1)
    undo = await guilds.last_change(guild_id) if before is None else None
    view = audit_view(
        found[:PAGE],
        await server_localizer(context),
        more=len(found) > PAGE,
        first=before is None,
        undo=undo,
    )
    await context.show(view)


@mod_button("audit", maybe(SNOWFLAKE))
async def show_audit_page(context: Context, before: int | None) -> None:
    """Turn the page."""
    await context.defer_update()
    await show_audit(context, before)


@mod_button("undo", SNOWFLAKE)
async def ask_to_undo(context: Context, entry_id: int) -> None:
    """Show what would be taken back, and ask."""
    await context.defer_update()
    last = await _still_last(context, entry_id)
    localizer = await server_localizer(context)
    localize = localizer.localize
    yes = draw_mod_button(
        "undo_now", last.id, label=localize(text("button.yes_undo")), style=discord.ButtonStyle.danger
    )
    back = draw_mod_button("audit", None, label=localize(text("button.back")))
    await context.show(undo_view(last, localizer, yes=yes, back=back))


async def _still_last(context: Context, entry_id: int) -> AuditEntry:
    """The change that an undo would take back; raises `UserError` if it is not the one that the button names."""
    last = await context.services.guilds.last_change(context.guild_id)
    if last is None:
        raise UserError(text("settings.nothing_to_undo"))
    if last.id != entry_id:
        raise UserError(text("audit.changed_meanwhile"))
    return last


@mod_button("undo_now", SNOWFLAKE)
async def undo(context: Context, entry_id: int) -> None:
    """Take the last change back, if it still is the one that was asked about."""
    await context.defer_update()
    await _still_last(context, entry_id)
    await context.services.guilds.undo_last(context.guild_id, context.actor, entry_id)
    await show_audit(context, None)
    await context.reply(text("audit.undone_now"))
