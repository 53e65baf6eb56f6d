"""One job as moderators see it, found by its key, with what they can do about it: cancel, take the result away.
Never here: the list of live jobs (members), and what an act means (services)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import discord

from bot.domain.jobs import NOTE_REMOVED, JobState
from bot.texts import Localize, Text, text
from bot.ui.card.titles import press_name
from bot.ui.jobs.lists import state_of
from bot.ui.kit.controls import StatelessView
from bot.ui.kit.custom_ids import KEY
from bot.ui.kit.escape import quoted
from bot.ui.kit.links import card_link
from bot.ui.kit.moderators import draw_mod_button, mod_button, sure_view
from bot.ui.pools.wording import cost

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.jobs import Job
    from bot.domain.keys import JobKey
    from bot.ui.kit.context import Context


PROMPT_LIMIT: Final = 1_500
LABEL_LIMIT: Final = 40
CALM: Final = discord.Colour(0x5865F2)
DANGER: Final = discord.ButtonStyle.danger


async def show_job(context: Context, key: JobKey) -> None:
    """Put the view of one job into the answer."""
    job = await context.services.moderation.job(context.guild_id, key)
    await context.show(job_view(job, context.localize))


def job_view(job: Job, localize: Localize) -> discord.ui.LayoutView:
    """Draw it."""
    box: discord.ui.Container[Any] = discord.ui.Container(accent_colour=CALM)
    box.add_item(discord.ui.TextDisplay("\n".join(localize(line) for line in _facts(job, localize))))
    if job.prompt:
        box.add_item(discord.ui.TextDisplay(quoted(job.prompt, PROMPT_LIMIT)))
    box.add_item(discord.ui.ActionRow(*_buttons(job, localize)))
    return StatelessView(box)


def _facts(job: Job, localize: Localize) -> Iterable[Text]:
    yield text("modjob.title", key=job.key, state=state_of(job))
    pool, at = text(f"pool.{job.pool.value}"), job.created_at // 1000
    yield text("modjob.made", cost=cost(job.units), user=str(job.user_id), pool=pool, at=at)
    if job.press is not None:
        button = press_name(job.press, localize, LABEL_LIMIT)
        yield text("modjob.pressed", button=button, key=job.press.parent)
    link = card_link(job)
    if link is not None:
        yield text("modjob.card", link=link)
    if NOTE_REMOVED in job.notes:
        yield text(NOTE_REMOVED)
    if not job.prompt:
        yield text("modjob.forgotten")


def _buttons(job: Job, localize: Localize) -> Iterable[discord.ui.Button[Any]]:
    if not job.is_terminal and not job.unwanted:
        yield draw_mod_button("cancel_job", job.key, label=localize(text("button.cancel")), style=DANGER)
    if job.state is JobState.SUCCEEDED and NOTE_REMOVED not in job.notes:
        yield draw_mod_button("remove", job.key, label=localize(text("button.remove_result")), style=DANGER)
    yield draw_mod_button("member", job.user_id, label=localize(text("button.its_member")))


@mod_button("job", KEY)
async def look(context: Context, key: JobKey) -> None:
    """Go back to the job."""
    await context.defer_update()
    await show_job(context, key)


@mod_button("cancel_job", KEY)
async def cancel(context: Context, key: JobKey) -> None:
    """Cancel it, and show how it stands."""
    await context.defer_update()
    moderation = context.services.moderation
    await moderation.cancel(context.guild_id, context.actor, key)
    await show_job(context, key)


@mod_button("remove", KEY)
async def ask_to_remove(context: Context, key: JobKey) -> None:
    """Ask first."""
    await context.defer_update()
    yes = draw_mod_button("remove_now", key, label=context.localize(text("button.yes_remove")), style=DANGER)
    back = draw_mod_button("job", key, label=context.localize(text("button.back")))
    question = text("modjob.remove_sure", key=key)
    await context.show(sure_view(context.localize(question), yes, back))


@mod_button("remove_now", KEY)
async def remove(context: Context, key: JobKey) -> None:
    """Take the result away, and show what is left."""
    await context.defer_update()
    moderation = context.services.moderation
    removed = await moderation.remove(context.guild_id, context.actor, key)
    await show_job(context, key)
    link = card_link(removed.job)
    if removed.card_is_gone or link is None:
        await context.reply(text("modjob.removed", key=key))
    else:
        await context.reply(text("modjob.removed_but_card", key=key, link=link))
