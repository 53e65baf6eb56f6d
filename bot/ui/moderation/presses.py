"""What moderators' buttons do: member view, live jobs, history. Who presses was checked before; each answers first.
Never here: how it looks, and what it means (services)."""

from __future__ import annotations

import io
import json
from functools import partial
from typing import TYPE_CHECKING, Final

import discord

from bot.domain.jobs import JobState
from bot.domain.keys import JobKey
from bot.errors import UserError
from bot.texts import text
from bot.ui.kit.moderators import ModButton, actor_of, guild_of, mod_button, sure_view, words_view
from bot.ui.kit.private import localised, show_ephemeral
from bot.ui.kit.replies import AnyInteraction, client_of, tell
from bot.ui.moderation.audit import PAGE, audit_view, last_change, undo_view
from bot.ui.moderation.members import live_view, member_view
from bot.ui.moderation.server_voice import server_teller

if TYPE_CHECKING:
    from bot.domain.guilds import AuditEntry
    from bot.texts import Text

LIVE: Final = 200
"""Jobs that the pages of `/mod jobs` go through."""
LOOK_BACK: Final = 200
"""Entries among which the last change that can be taken back is looked for."""


# -- a member ----------------------------------------------------------------------------------------------


async def show_member(interaction: AnyInteraction, user_id: int) -> None:
    """Put the view of a member into the answer."""
    seen = await client_of(interaction).services.moderation.member(guild_of(interaction), user_id)
    await show_ephemeral(interaction, member_view(seen, partial(localised, interaction)))


@mod_button("member")
async def look_at_member(interaction: AnyInteraction, about: str) -> None:
    """Go back to the member."""
    await interaction.response.defer()
    await show_member(interaction, int(about))


@mod_button("unblock")
async def unblock(interaction: AnyInteraction, about: str) -> None:
    """Lift the block, and show how things are now."""
    await interaction.response.defer()
    moderation = client_of(interaction).services.moderation
    await moderation.unblock(guild_of(interaction), actor_of(interaction), int(about))
    await show_member(interaction, int(about))


@mod_button("forgive")
async def forgive(interaction: AnyInteraction, about: str) -> None:
    """Take the strikes back, and show how things are now."""
    await interaction.response.defer()
    moderation = client_of(interaction).services.moderation
    await moderation.forgive(guild_of(interaction), actor_of(interaction), int(about))
    await show_member(interaction, int(about))


@mod_button("cancel_all")
async def ask_to_cancel_all(interaction: AnyInteraction, about: str) -> None:
    """Ask first."""
    await _ask(interaction, text("member.cancel_sure", user=about), "cancel_all_now", "yes_cancel", about)


@mod_button("cancel_all_now")
async def cancel_all(interaction: AnyInteraction, about: str) -> None:
    """Cancel all that a member has unfinished."""
    await interaction.response.defer()
    moderation = client_of(interaction).services.moderation
    n = await moderation.cancel_all(guild_of(interaction), actor_of(interaction), int(about))
    await show_member(interaction, int(about))
    await tell(interaction, text("member.cancelled" if n else "member.cancelled_none", n=n, user=about))


@mod_button("export")
async def export(interaction: AnyInteraction, about: str) -> None:
    """Hand over everything kept about a member, as a file that only the moderator sees."""
    await interaction.response.defer()
    moderation = client_of(interaction).services.moderation
    kept = await moderation.export(guild_of(interaction), actor_of(interaction), int(about))
    file = io.BytesIO(json.dumps(kept, ensure_ascii=False, indent=2).encode())
    await interaction.followup.send(
        localised(interaction, text("member.exported", user=about)),
        file=discord.File(file, filename=f"member-{about}.json"),
        ephemeral=True,
        allowed_mentions=discord.AllowedMentions.none(),
    )


@mod_button("erase")
async def ask_to_erase(interaction: AnyInteraction, about: str) -> None:
    """Ask first."""
    await _ask(interaction, text("member.erase_sure", user=about), "erase_now", "yes_erase", about)


@mod_button("erase_now")
async def erase(interaction: AnyInteraction, about: str) -> None:
    """Forget what a member wrote."""
    await interaction.response.defer()
    moderation = client_of(interaction).services.moderation
    done = await moderation.erase(guild_of(interaction), actor_of(interaction), int(about))
    await show_member(interaction, int(about))
    if done.running:
        said = text("member.erased_partly", emptied=done.jobs, running=done.running, user=about)
    else:
        said = text("member.erased", n=done.jobs, user=about)
    cards = await moderation.cards_left(guild_of(interaction), int(about))
    if cards:
        said = text("member.erased_cards", said=said, n=cards)
    await tell(interaction, said)


async def _ask(interaction: AnyInteraction, question: Text, word: str, label: str, user_id: str) -> None:
    await interaction.response.defer()
    yes = ModButton.draw(
        word, user_id, label=localised(interaction, text(f"button.{label}")), style=discord.ButtonStyle.danger
    )
    back = ModButton.draw("member", user_id, label=localised(interaction, text("button.back")))
    await show_ephemeral(interaction, sure_view(interaction, question, yes=yes, back=back))


# -- live jobs ---------------------------------------------------------------------------------------------


async def show_live(interaction: AnyInteraction, page: int) -> None:
    """Put a page of live jobs into the answer."""
    jobs = await client_of(interaction).services.moderation.live_jobs(guild_of(interaction), limit=LIVE)
    await show_ephemeral(interaction, live_view(jobs, page, partial(localised, interaction)))


@mod_button("jobs")
async def turn_jobs(interaction: AnyInteraction, about: str) -> None:
    """Turn the page."""
    await interaction.response.defer()
    await show_live(interaction, int(about or "0"))


@mod_button("cancel")
async def cancel_one(interaction: AnyInteraction, about: str) -> None:
    """Cancel the job beside the button, and show what is left."""
    await interaction.response.defer()
    key, _, page = about.partition("-")
    moderation = client_of(interaction).services.moderation
    await moderation.cancel(guild_of(interaction), actor_of(interaction), JobKey(key))
    await show_live(interaction, int(page or "0"))


@mod_button("clear")
async def ask_to_clear(interaction: AnyInteraction, _about: str) -> None:
    """Ask first."""
    await interaction.response.defer()
    jobs = await client_of(interaction).services.moderation.live_jobs(guild_of(interaction), limit=LIVE)
    n = sum(job.state is JobState.QUEUED for job in jobs)
    yes = ModButton.draw(
        "clear_now",
        label=localised(interaction, text("button.yes_clear")),
        style=discord.ButtonStyle.danger,
    )
    back = ModButton.draw("jobs", 0, label=localised(interaction, text("button.back")))
    question = text("modjobs.clear_sure", n=n)
    await show_ephemeral(interaction, sure_view(interaction, question, yes=yes, back=back))


@mod_button("clear_now")
async def clear(interaction: AnyInteraction, _about: str) -> None:
    """Cancel all that waits."""
    await interaction.response.defer()
    moderation = client_of(interaction).services.moderation
    n = await moderation.clear_queue(guild_of(interaction), actor_of(interaction))
    said = text("modjobs.cleared", n=n) if n else text("modjobs.cleared_none")
    await show_ephemeral(interaction, words_view(interaction, said))


# -- the history -------------------------------------------------------------------------------------------


async def show_audit(interaction: AnyInteraction, before: int | None) -> None:
    """Put a page of the history into the answer, with the undo on the first."""
    guilds, guild_id = client_of(interaction).services.guilds, guild_of(interaction)
    found = await guilds.audit(guild_id, before=before, limit=PAGE + 1)
    undo = last_change(await guilds.audit(guild_id, limit=LOOK_BACK)) if before is None else None
    view = audit_view(
        found[:PAGE],
        await server_teller(interaction),
        more=len(found) > PAGE,
        first=before is None,
        undo=undo,
    )
    await show_ephemeral(interaction, view)


@mod_button("audit")
async def turn_audit(interaction: AnyInteraction, about: str) -> None:
    """Turn the page."""
    await interaction.response.defer()
    await show_audit(interaction, int(about) if about else None)


@mod_button("undo")
async def ask_to_undo(interaction: AnyInteraction, about: str) -> None:
    """Show what would be taken back, and ask."""
    await interaction.response.defer()
    last = await _still_last(interaction, about)
    if last is None:
        raise UserError(text("settings.nothing_to_undo"))
    teller = await server_teller(interaction)
    say = teller.say
    yes = ModButton.draw(
        "undo_now", last.id, label=say(text("button.yes_undo")), style=discord.ButtonStyle.danger
    )
    back = ModButton.draw("audit", label=say(text("button.back")))
    await show_ephemeral(interaction, undo_view(last, teller, yes=yes, back=back))


async def _still_last(interaction: AnyInteraction, about: str) -> AuditEntry | None:
    """The change that an undo would take back; raises `UserError` if it is not the one that the button names."""
    guilds = client_of(interaction).services.guilds
    last = last_change(await guilds.audit(guild_of(interaction), limit=LOOK_BACK))
    if last is not None and last.id != int(about):
        raise UserError(text("audit.changed_meanwhile"))
    return last


@mod_button("undo_now")
async def undo(interaction: AnyInteraction, about: str) -> None:
    """Take the last change back, if it still is the one that was asked about."""
    await interaction.response.defer()
    guilds, guild_id = client_of(interaction).services.guilds, guild_of(interaction)
    await _still_last(interaction, about)
    await guilds.undo_last(guild_id, actor_of(interaction))
    await show_audit(interaction, None)
    await tell(interaction, text("audit.undone_now"))
