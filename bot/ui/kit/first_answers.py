"""An interaction's first answer: Discord takes one, and a try whose own answer got lost may have been it.
Never here: what is answered, and that it is noted before."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, TypeVar

import discord

from bot.errors import EaselError
from bot.ui.kit.error_sentences import NETWORK
from bot.ui.kit.open_answers import NOT_DELIVERED, NOT_OURS
from bot.ui.kit.tries import watched

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")

log = logging.getLogger(__name__)

Answer = discord.InteractionResponseType

UNKNOWN_INTERACTION: Final = 10062
ALREADY_ANSWERED: Final = 40060
IN_DOUBT: Final = "easel.in_doubt"
"""In an interaction's extras: the first answer of ours that may have arrived, though no answer to it came back."""


class NotOurs(EaselError):
    """The interaction is dead, or another process answered it: nothing is to be done, and nobody to be told."""


async def first_answer(
    interaction: discord.Interaction[Any], kind: Answer, send: Callable[[], Awaitable[T]]
) -> T | None:
    """Send the first answer, and once more where the network failed; None: a try before had arrived.

    Discord refuses a second answer. If a try before is in doubt, that one was the first; else another handler's was, and
    that raises `NotOurs`, as it does when nobody can answer any more. (A 5xx of ours beside another process's answer cannot
    be told apart: then the interaction's one job keeps a picture from beginning twice.)
    """
    extras = interaction.extras
    with watched() as tries:
        try:
            try:
                return await send()
            except NETWORK:
                return await send()
        except (discord.HTTPException, *NETWORK) as error:
            if tries.in_doubt:
                extras.setdefault(IN_DOUBT, kind)
            code = error.code if isinstance(error, discord.HTTPException) else None
            if code not in {UNKNOWN_INTERACTION, ALREADY_ANSWERED}:
                raise
            if code == UNKNOWN_INTERACTION or IN_DOUBT not in extras:
                log.warning("interaction_not_ours", extra={"interaction": interaction.id, "code": code})
                # In doubt it stays noted: if a try did arrive, whoever looks later says so in its place.
                extras[NOT_DELIVERED if IN_DOUBT in extras else NOT_OURS] = True
                raise NotOurs(str(code)) from error
    arrived: Answer = extras[IN_DOUBT]
    log.info("answer_had_arrived", extra={"interaction": interaction.id, "kind": arrived.name})
    interaction.response._response_type = arrived  # noqa: SLF001 - private: else it counts as unanswered for good
    return None
