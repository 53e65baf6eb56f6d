"""*Use as image prompt*: a modal for the words that go with a picture of a message.
Never here: rules for prompts, and looking into pictures."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import discord

from bot.domain.keys import KEY_LENGTH, JobKey, key_from_bits
from bot.domain.prompts import PromptOptions, compose
from bot.errors import UserError
from bot.texts import text
from bot.ui.imagine.attachments import Addressed, Attached, Picked, given_by
from bot.ui.imagine.drafts import offered_back
from bot.ui.imagine.prompt_field import PROMPT, prompt_field
from bot.ui.kit.controls import component, form, modal
from bot.ui.kit.custom_ids import KEY

if TYPE_CHECKING:
    from bot.ui.kit.context import Context

CARD: Final = "usecard"
ATTACHMENT: Final = "usefile"
"""Words of the modal in its custom_id: behind the one stands a job's key, behind the other a place in `HELD`."""
START: Final = "start"
"""The button under a picture that opens the same modal."""
WEIGHT: Final = "weight"
WEIGHT_LIMIT: Final = 5
MOST_HELD: Final = 1_000


class Held:
    """Pictures of messages whose modals are open. Only the menu's own interaction tells of them, their addresses are too
    long for a custom_id, and a modal is answered in the process that opened it: a restart only costs opening it again."""

    def __init__(self) -> None:
        self._held: OrderedDict[JobKey, Attached | Addressed] = OrderedDict()

    def keep(self, attachment: Attached | Addressed) -> JobKey:
        """Keep it; the oldest makes room."""
        slot = key_from_bits(secrets.randbits(5 * KEY_LENGTH))
        self._held[slot] = attachment
        if len(self._held) > MOST_HELD:
            self._held.popitem(last=False)
        return slot

    def get(self, slot: JobKey) -> Attached | Addressed:
        """Read it; raises `UserError` if it is gone."""
        found = self._held.get(slot)
        if found is None:
            raise UserError(text("press.expired"))
        return found


HELD: Final = Held()


@component(START, KEY)
async def open_under_card(context: Context, key: JobKey) -> None:
    """Ask for the words that go with the picture of the card whose button was pressed."""
    await open_modal(context, key)


async def open_modal(context: Context, pick: Picked) -> None:
    """Ask for the words."""
    if isinstance(pick, (Attached, Addressed)):
        custom_id = begin_from_file.id(HELD.keep(pick))
    else:
        custom_id = begin_from_card.id(pick)
    weight = discord.ui.TextInput[Any](required=False, max_length=WEIGHT_LIMIT, custom_id=WEIGHT)
    drawn = form(
        context.say,
        custom_id,
        text("using.title"),
        (text("remix.prompt"), prompt_field(), text("using.hint")),
        (text("using.weight"), weight, text("using.weight_hint")),
    )
    await context.open(drawn)


@modal(CARD, KEY)
async def begin_from_card(context: Context, key: JobKey) -> None:
    """Begin a chain from the picture of a card of ours."""
    await _begin(context, key)


@modal(ATTACHMENT, KEY)
async def begin_from_file(context: Context, slot: JobKey) -> None:
    """Begin a chain from a message's picture."""
    await _begin(context, HELD.get(slot))


async def _begin(context: Context, pick: Picked) -> None:
    weight = context.fields.get(WEIGHT, "").strip().replace(",", ".")
    options = PromptOptions(prompt=context.fields.get(PROMPT, ""), weight=weight or None, pictures=1)
    async with offered_back(context, options):
        compose(options)  # a bad one is refused at once, with nothing left in public
        asker = await context.defer_public()
        services = context.services
        given = await given_by(context, pick)
        liked = await services.people.preferences(asker.user_id)
        options = replace(options, under=liked.under(None))
        address = pick.address if isinstance(pick, Addressed) else None
        await services.imagine.begin(
            asker, options, None, preferred=liked.pool, given=[given], address=address
        )
