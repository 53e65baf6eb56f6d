"""The buttons under a description: Imagine 1 to 4 open a window, Imagine all and Describe again begin at once.
Never here: what a description says, and rules for prompts, pools and allowances."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Final

import discord

from bot.domain.keys import ButtonId, JobKey
from bot.domain.prompts import PromptOptions, compose
from bot.errors import UserError
from bot.texts import Text, listed, text
from bot.ui.card.description import DESCRIBE_AGAIN, IDEA_WORDS, IMAGINE_ALL
from bot.ui.kit.buttons import own_button, own_modal
from bot.ui.kit.links import card_link
from bot.ui.kit.private import viewer_of
from bot.ui.kit.prompt_modal import PROMPT, prompt_modal
from bot.ui.kit.replies import (
    NETWORK,
    PLACEHOLDER,
    AnyInteraction,
    asker_of,
    check_permissions,
    client_of,
    defer_public,
    tell,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.services.admission.asker import Asker
    from bot.services.intake.describe import Harvest

log = logging.getLogger(__name__)

READ_S: Final = 2.0
"""A window must be the first answer, so the row is read before it; the answer itself needs the rest of three seconds."""


async def open_idea(number: int, interaction: AnyInteraction, key: JobKey) -> None:
    """Show one of the prompts to be edited."""
    try:
        async with asyncio.timeout(READ_S):
            job, idea = await client_of(interaction).services.describing.idea(
                viewer_of(interaction), key, number
            )
    except TimeoutError:
        raise UserError(text("describe.slow")) from None
    window = prompt_modal(
        interaction,
        ButtonId(key, IDEA_WORDS[number]),
        title=text("describe.window", n=number + 1),
        label=text("remix.prompt"),
        hint=text("describe.window_pool", pool=text(f"pool.{job.pool.value}")),
        prompt=idea,
    )
    await interaction.response.send_modal(window)


async def imagine_idea(interaction: AnyInteraction, key: JobKey, fields: Mapping[str, str]) -> None:
    """Begin a chain with the prompt as it was edited."""
    prompt = fields.get(PROMPT, "")
    compose(PromptOptions(prompt=prompt))  # a bad one is refused at once, with nothing left in public
    asker = await defer_public(interaction)
    if asker is not None:
        describing = client_of(interaction).services.describing
        await describing.imagine(asker, viewer_of(interaction), key, prompt)


for _number, _word in enumerate(IDEA_WORDS):
    own_button(_word)(partial(open_idea, _number))
    own_modal(_word)(imagine_idea)


@own_button(DESCRIBE_AGAIN[0])
async def describe_again(interaction: AnyInteraction, key: JobKey) -> None:
    """Describe the same picture once more."""
    asker = await defer_public(interaction)
    if asker is None:
        return
    begun = await client_of(interaction).services.describing.again(asker, viewer_of(interaction), key)
    if not begun.fresh and begun.job.reply.message_id != asker.reply.message_id:
        link = card_link(begun.job)
        where = "elsewhere" if link is None else "there"
        await tell(interaction, text(f"press.running_{where}", link=link or "", key=begun.job.key))


# -- all at once -------------------------------------------------------------------------------------------


class FollowUps:
    """Room for the cards of one press: a follow-up message each (the `Places` of services)."""

    def __init__(self, interaction: AnyInteraction) -> None:
        self._interaction = interaction

    async def open(self) -> Asker:
        """Post a message that the card takes the place of."""
        view = discord.ui.LayoutView(timeout=None)
        view.add_item(discord.ui.TextDisplay(PLACEHOLDER))  # a message of components stays one
        try:
            message = await self._interaction.followup.send(
                view=view, wait=True, allowed_mentions=discord.AllowedMentions.none()
            )
        except (discord.HTTPException, *NETWORK) as error:
            log.warning("no_room_for_card", extra={"kind": type(error).__name__})
            raise UserError(text("trouble.discord")) from error
        return asker_of(self._interaction, message.id)

    async def shut(self, asker: Asker) -> None:
        """Take it away again."""
        if asker.reply.message_id is None:
            return
        try:
            await self._interaction.followup.delete_message(asker.reply.message_id)
        except (discord.HTTPException, *NETWORK) as error:
            log.info("placeholder_stays", extra={"kind": type(error).__name__})


@own_button(IMAGINE_ALL[0])
async def imagine_all(interaction: AnyInteraction, key: JobKey) -> None:
    """Begin a chain with each prompt, and say what came of it."""
    check_permissions(interaction)
    await interaction.response.defer()
    describing = client_of(interaction).services.describing
    harvest = await describing.imagine_all(viewer_of(interaction), key, FollowUps(interaction))
    await tell(interaction, _told(harvest))


def _told(harvest: Harvest) -> Text:
    """How many began, how many run already, and why the others did not."""
    lines: list[Text] = []
    if harvest.begun:
        lines.append(text("describe.all_begun", n=len(harvest.begun)))
    if harvest.running:
        lines.append(text("describe.all_running", n=len(harvest.running)))
    reasons: list[Text] = []
    for _, why in harvest.refused:
        reasons += [] if why in reasons else [why]
    for why in reasons:
        numbers = [text("describe.number", n=number) for number, reason in harvest.refused if reason == why]
        lines.append(text("describe.all_refused", n=len(numbers), numbers=listed(numbers), why=why))
    said, *more = lines
    for line in more:
        said = text("describe.lines", first=said, second=line)
    return said
