"""A prompt that asks for several jobs: the card that names them and their price, and begins them when its asker says so.
Never here: how many are allowed and what they cost (services)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import discord

from bot.domain.keys import ButtonId
from bot.services.intake.batches import NAMED
from bot.texts import listed, text
from bot.ui.imagine.describe import FollowUps
from bot.ui.kit.buttons import JobButton, own_button
from bot.ui.kit.escape import quoted
from bot.ui.kit.private import answer_ephemeral, defer_update, localised, viewer_of
from bot.ui.kit.replies import AnyInteraction, check_permissions, client_of

if TYPE_CHECKING:
    from bot.domain.keys import JobKey
    from bot.services.intake.batches import BatchStarted, Offer
    from bot.texts import Text

START: Final = "batch"
REFUSE: Final = "batch-no"
EDIT: Final = "draft"
"""The button of a refused prompt opens this one, too: what waits is kept like one."""
LINE: Final = 160
"""Characters of each prompt that the card shows."""


async def show_offer(interaction: AnyInteraction, offer: Offer) -> None:
    """Ask this person alone; nothing is begun yet."""

    def say(words: Text) -> str:
        return localised(interaction, words)

    n = len(offer.prompts)
    lines = [say(text("batch.offer", n=n, pool=text(f"pool.{offer.pool.value}"), units=offer.units))]
    lines += [f"{number}. {quoted(one, LINE)}" for number, one in enumerate(offer.prompts[:NAMED], 1)]
    if n > NAMED:
        lines.append("…")
    view = discord.ui.LayoutView(timeout=None)
    view.add_item(discord.ui.TextDisplay("\n".join(lines)))
    row: discord.ui.ActionRow[Any] = discord.ui.ActionRow(
        JobButton.draw(
            ButtonId(offer.key, START),
            label=say(text("button.batch_start", n=n)),
            emoji="▶️",
            style=discord.ButtonStyle.success,
        ),
        JobButton.draw(
            ButtonId(offer.key, EDIT),
            label=say(text("button.edit")),
            emoji="✏️",
            style=discord.ButtonStyle.secondary,
        ),
        JobButton.draw(
            ButtonId(offer.key, REFUSE),
            label=say(text("button.cancel")),
            emoji="✖️",
            style=discord.ButtonStyle.secondary,
        ),
    )
    view.add_item(row)
    await answer_ephemeral(interaction, view)


@own_button(START)
async def start(interaction: AnyInteraction, key: JobKey) -> None:
    """Begin each of them with a card of its own in the channel, and say here what came of it."""
    check_permissions(interaction)
    if await defer_update(interaction) is None:
        return
    batches = client_of(interaction).services.batches
    started = await batches.start(viewer_of(interaction), key, FollowUps(interaction))
    await _replace(interaction, _told(started))


@own_button(REFUSE)
async def refuse(interaction: AnyInteraction, _key: JobKey) -> None:
    """Begin nothing."""
    if await defer_update(interaction) is not None:
        await _replace(interaction, text("batch.refused"))


async def _replace(interaction: AnyInteraction, words: Text) -> None:
    """The card becomes a sentence: its buttons have done what they were for."""
    view = discord.ui.LayoutView(timeout=None)
    view.add_item(discord.ui.TextDisplay(localised(interaction, words)))
    await interaction.edit_original_response(view=view, allowed_mentions=discord.AllowedMentions.none())


def _told(started: BatchStarted) -> Text:
    lines: list[Text] = []
    if started.begun:
        lines.append(text("describe.all_begun", n=len(started.begun)))
    if started.known:
        lines.append(text("describe.all_running", n=started.known))
    reasons = list(dict.fromkeys(why.id for _, why in started.refused))
    for reason in reasons:
        same = [(number, why) for number, why in started.refused if why.id == reason]
        numbers = [text("describe.number", n=number) for number, _ in same]
        lines.append(text("describe.all_refused", n=len(numbers), numbers=listed(numbers), why=same[0][1]))
    said, *more = lines
    for line in more:
        said = text("describe.lines", first=said, second=line)
    return said
