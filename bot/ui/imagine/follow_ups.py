"""Room for the cards of a press that begins several jobs: a message of its own for each, in the same answer.
Never here: which jobs begin."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import discord

from bot.errors import UserError
from bot.texts import text
from bot.ui.kit.context import PLACEHOLDER
from bot.ui.kit.controls import words_view
from bot.ui.kit.error_sentences import NETWORK

if TYPE_CHECKING:
    from bot.services.admission.asker import Asker
    from bot.ui.kit.context import Context

log = logging.getLogger(__name__)


class FollowUps:
    """Room for the cards of one press: a follow-up message each (the `Places` of services)."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def open(self) -> Asker:
        """Post a message that the card takes the place of."""
        view = words_view(PLACEHOLDER)  # a message of components stays one
        try:
            message = await self._context.interaction.followup.send(
                view=view, wait=True, allowed_mentions=discord.AllowedMentions.none()
            )
        except (discord.HTTPException, *NETWORK) as error:
            log.warning("no_room_for_card", extra={"kind": type(error).__name__})
            raise UserError(text("trouble.discord")) from error
        return self._context.asker(message.id)

    async def shut(self, asker: Asker) -> None:
        """Take it away again."""
        if asker.reply.message_id is None:
            return
        try:
            await self._context.interaction.followup.delete_message(asker.reply.message_id)
        except (discord.HTTPException, *NETWORK) as error:
            log.info("placeholder_stays", extra={"kind": type(error).__name__})
