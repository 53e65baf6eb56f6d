"""One job as moderators see it, found by its key, with what they can do about it: cancel, take the result away.
Never here: the list of live jobs (members), and what an act means (services)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import discord

from bot.domain.jobs import NOTE_REMOVED, JobState
from bot.domain.keys import JobKey
from bot.texts import Text, text
from bot.ui.jobs.lists import state_of
from bot.ui.kit.escape import quoted
from bot.ui.kit.links import card_link
from bot.ui.kit.moderators import ModButton, actor_of, guild_of, mod_button, sure_view
from bot.ui.kit.private import localised, show_ephemeral
from bot.ui.kit.replies import client_of, tell
from bot.ui.pools.wording import cost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bot.domain.jobs import Job
    from bot.ui.kit.replies import AnyInteraction

    Say = Callable[[Text], str]

PROMPT_LIMIT: Final = 1_500
LABEL_LIMIT: Final = 40
CALM: Final = discord.Colour(0x5865F2)
DANGER: Final = discord.ButtonStyle.danger


async def show_job(interaction: AnyInteraction, key: JobKey) -> None:
    """Put the view of one job into the answer."""
    job = await client_of(interaction).services.moderation.job(guild_of(interaction), key)
    await show_ephemeral(interaction, job_view(job, partial(localised, interaction)))


def job_view(job: Job, say: Say) -> discord.ui.LayoutView:
    """Draw it."""
    box: discord.ui.Container[Any] = discord.ui.Container(accent_colour=CALM)
    box.add_item(discord.ui.TextDisplay("\n".join(say(line) for line in _facts(job))))
    if job.prompt:
        box.add_item(discord.ui.TextDisplay(quoted(job.prompt, PROMPT_LIMIT)))
    box.add_item(discord.ui.ActionRow(*_buttons(job, say)))
    view = discord.ui.LayoutView(timeout=None)
    view.add_item(box)
    return view


def _facts(job: Job) -> Iterable[Text]:
    yield text("modjob.title", key=job.key, state=state_of(job))
    pool, at = text(f"pool.{job.pool.value}"), job.created_at // 1000
    yield text("modjob.made", cost=cost(job.units), user=str(job.user_id), pool=pool, at=at)
    if job.press is not None:
        yield text("modjob.pressed", button=quoted(job.press.label, LABEL_LIMIT), key=job.press.parent)
    link = card_link(job)
    if link is not None:
        yield text("modjob.card", link=link)
    if NOTE_REMOVED in job.notes:
        yield text(NOTE_REMOVED)
    if not job.prompt:
        yield text("modjob.forgotten")


def _buttons(job: Job, say: Say) -> Iterable[ModButton]:
    if not job.is_terminal and not job.unwanted:
        yield ModButton.draw("cancel_job", job.key, label=say(text("button.cancel")), style=DANGER)
    if job.state is JobState.SUCCEEDED and NOTE_REMOVED not in job.notes:
        yield ModButton.draw("remove", job.key, label=say(text("button.remove_result")), style=DANGER)
    yield ModButton.draw("member", job.user_id, label=say(text("button.its_member")))


@mod_button("job")
async def look(interaction: AnyInteraction, about: str) -> None:
    """Go back to the job."""
    await interaction.response.defer()
    await show_job(interaction, JobKey(about))


@mod_button("cancel_job")
async def cancel(interaction: AnyInteraction, about: str) -> None:
    """Cancel it, and show how it stands."""
    await interaction.response.defer()
    moderation = client_of(interaction).services.moderation
    await moderation.cancel(guild_of(interaction), actor_of(interaction), JobKey(about))
    await show_job(interaction, JobKey(about))


@mod_button("remove")
async def ask_to_remove(interaction: AnyInteraction, about: str) -> None:
    """Ask first."""
    await interaction.response.defer()
    yes = ModButton.draw(
        "remove_now", about, label=localised(interaction, text("button.yes_remove")), style=DANGER
    )
    back = ModButton.draw("job", about, label=localised(interaction, text("button.back")))
    question = text("modjob.remove_sure", key=about)
    await show_ephemeral(interaction, sure_view(interaction, question, yes=yes, back=back))


@mod_button("remove_now")
async def remove(interaction: AnyInteraction, about: str) -> None:
    """Take the result away, and show what is left."""
    await interaction.response.defer()
    moderation = client_of(interaction).services.moderation
    removed = await moderation.remove(guild_of(interaction), actor_of(interaction), JobKey(about))
    await show_job(interaction, JobKey(about))
    link = card_link(removed.job)
    if removed.card_is_gone or link is None:
        await tell(interaction, text("modjob.removed", key=about))
    else:
        await tell(interaction, text("modjob.removed_but_card", key=about, link=link))
