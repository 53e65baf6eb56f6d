"""*Use as image prompt*: a window for the words that go with a picture of a message.
Never here: rules for prompts, and looking into pictures."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import discord

from bot.domain.keys import KEY_LENGTH, ButtonId, JobKey, key_from_bits
from bot.domain.prompts import PromptOptions, compose
from bot.errors import UserError
from bot.texts import text
from bot.ui.imagine.attachments import Addressed, Attached, Picked, given_by
from bot.ui.kit.buttons import own_button, own_modal
from bot.ui.kit.private import localised
from bot.ui.kit.prompt_modal import PROMPT, prompt_modal
from bot.ui.kit.replies import AnyInteraction, client_of, defer_public

if TYPE_CHECKING:
    from collections.abc import Mapping

CARD: Final = "usecard"
ATTACHMENT: Final = "usefile"
"""Words of the window in its custom_id: behind the one stands a job's key, behind the other a place in `HELD`."""
START: Final = "start"
"""The button under a picture that opens the same window."""
WEIGHT: Final = "weight"
WEIGHT_LIMIT: Final = 5
MOST_HELD: Final = 1_000


class Held:
    """Pictures of messages whose windows are open. Only the menu's own interaction tells of them, their addresses are too
    long for a custom_id, and a window is answered in the process that opened it: a restart only costs opening it again."""

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


@own_button(START)
async def open_under_card(interaction: AnyInteraction, key: JobKey) -> None:
    """Ask for the words that go with the picture of the card whose button was pressed."""
    await open_modal(interaction, key)


async def open_modal(interaction: AnyInteraction, pick: Picked) -> None:
    """Ask for the words."""
    id_ = (
        ButtonId(HELD.keep(pick), ATTACHMENT)
        if isinstance(pick, (Attached, Addressed))
        else ButtonId(pick, CARD)
    )
    modal = prompt_modal(
        interaction,
        id_,
        title=text("using.title"),
        label=text("remix.prompt"),
        hint=text("using.hint"),
    )
    modal.add_item(
        discord.ui.Label(
            text=localised(interaction, text("using.weight")),
            description=localised(interaction, text("using.weight_hint")),
            component=discord.ui.TextInput(required=False, max_length=WEIGHT_LIMIT, custom_id=WEIGHT),
        )
    )
    await interaction.response.send_modal(modal)


@own_modal(CARD)
async def begin_from_card(interaction: AnyInteraction, key: JobKey, fields: Mapping[str, str]) -> None:
    """Begin a chain from the picture of a card of ours."""
    await _begin(interaction, key, fields)


@own_modal(ATTACHMENT)
async def begin_from_file(interaction: AnyInteraction, slot: JobKey, fields: Mapping[str, str]) -> None:
    """Begin a chain from an attachment."""
    await _begin(interaction, HELD.get(slot), fields)


async def _begin(interaction: AnyInteraction, pick: Picked, fields: Mapping[str, str]) -> None:
    weight = fields.get(WEIGHT, "").strip().replace(",", ".")
    options = PromptOptions(prompt=fields.get(PROMPT, ""), weight=weight or None, pictures=1)
    compose(options)  # a bad one is refused at once, with nothing left in public
    asker = await defer_public(interaction)
    if asker is not None:
        services = client_of(interaction).services
        given = await given_by(interaction, pick)
        liked = await services.people.preferences(asker.user_id)
        options = replace(options, under=liked.under(None))
        await services.imagine.begin(asker, options, None, preferred=liked.pool, given=[given])
