"""*Use as image prompt*: a modal for the words that go with a picture of a message.
Never here: rules for prompts, and looking into pictures."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import discord

from bot.domain.intake.drawing import words_of_order
from bot.domain.intake.prompts import PromptOptions
from bot.errors import UserError
from bot.services.admission.authorization import Operation, origin_of
from bot.texts import text
from bot.ui.imagine.attachments import AttachedPicture, EmbeddedPicture, Picked, picked, picked_picture
from bot.ui.imagine.drafts import check_early, offered_back
from bot.ui.imagine.prompt_field import PROMPT, prompt_field
from bot.ui.kit.controls import component, form, modal
from bot.ui.kit.custom_ids import KEY, SNOWFLAKE
from bot.ui.kit.deadline import read_first
from bot.ui.kit.error_sentences import NETWORK

if TYPE_CHECKING:
    from bot.domain.keys import JobKey
    from bot.ui.kit.context import Context

CARD: Final = "usecard"
MESSAGE: Final = "usemsg"
"""Words of the modal in its custom_id: behind the one stands a job's key, behind the other a message's id."""
ATTACHMENT: Final = "usefile"
"""As earlier versions drew it."""
START: Final = "start"
"""The button under a picture that opens the same modal."""
TO_MIDJOURNEY: Final = "midjourney"
"""The same under a picture of the second engine's."""
WEIGHT: Final = "weight"
WEIGHT_LIMIT: Final = 5
MOST_HELD: Final = 1_000


HELD: Final[OrderedDict[tuple[int, int | None, int], AttachedPicture | EmbeddedPicture]] = OrderedDict()
"""Pictures of messages whose modals were opened here, by who opened them, channel and message: it saves reading a message
again, and lets a picture be used from where the bot may not read. Its loss costs only that."""


def _place(context: Context, message_id: int) -> tuple[int, int | None, int]:
    """A modal's custom_id is whatever its sender says: who they are, and where, is what Discord says."""
    return context.user_id, context.interaction.channel_id, message_id


def _hold(context: Context, message_id: int, found: AttachedPicture | EmbeddedPicture) -> None:
    """Keep it; the oldest makes room."""
    HELD[_place(context, message_id)] = found
    if len(HELD) > MOST_HELD:
        HELD.popitem(last=False)


@component(START, KEY)
async def open_under_card(context: Context, key: JobKey) -> None:
    """Ask for the words that go with the picture of the card whose button was pressed."""
    await _open(context, begin_from_card.id(key))


async def open_for_message(context: Context, message: discord.Message) -> None:
    """Ask for the words that go with a message's picture; raises `UserError` if it has none."""
    pick = picked(context, message)
    if isinstance(pick, (AttachedPicture, EmbeddedPicture)):
        _hold(context, message.id, pick)
        await _open(context, begin_from_message.id(message.id))
    else:
        await _open(context, begin_from_card.id(pick))


@component(TO_MIDJOURNEY, KEY)
async def open_under_drawing(context: Context, key: JobKey) -> None:
    """The same for a picture of the second engine's, with the words that it was drawn from."""
    reading = context.services.jobs.get_authorized(context.viewer, key, Operation.PICTURE)
    job = await read_first(context, reading, text("window.slow"))
    await _open(context, begin_from_card.id(key), words_of_order(job.prompt))


async def _open(context: Context, custom_id: str, words: str | None = None) -> None:
    weight = discord.ui.TextInput[Any](required=False, max_length=WEIGHT_LIMIT, custom_id=WEIGHT)
    drawn = form(
        context.localize,
        custom_id,
        text("using.title"),
        (text("remix.prompt"), prompt_field(words), text("using.hint")),
        (text("using.weight"), weight, text("using.weight_hint")),
    )
    await context.open(drawn)


@modal(CARD, KEY)
async def begin_from_card(context: Context, key: JobKey) -> None:
    """Begin a chain from the picture of a card of ours."""
    await _begin(context, key)


@modal(ATTACHMENT, KEY)
async def begin_from_file(_context: Context, _slot: JobKey) -> None:
    """A window that an earlier version drew: which picture it was about was known to its process alone."""
    raise UserError(text("press.expired"))


@modal(MESSAGE, SNOWFLAKE)
async def begin_from_message(context: Context, message_id: int) -> None:
    """Begin a chain from a message's picture."""
    await _begin(context, message_id)


async def _begin(context: Context, pick: JobKey | int) -> None:
    weight = context.fields.get(WEIGHT, "").strip().replace(",", ".")
    options = PromptOptions(prompt=context.fields.get(PROMPT, ""), weight=weight or None, pictures=1)
    refusal: UserError | None = None
    try:
        if await check_early(context, options):  # a bad one is refused with nothing left in public
            refusal = UserError(text("prompt.several_with_pictures"))
    except UserError as why:
        refusal = why
    asker = await (context.defer_public if refusal is None else context.defer_ephemeral)()
    services = context.services
    # Only read here: whether they may begin is asked where a refusal gives the words back.
    card = (
        None
        if isinstance(pick, int)
        else await services.jobs.get_authorized(context.viewer, pick, Operation.INFO)
    )
    async with offered_back(context, options, of=None if card is None else origin_of(card)):
        if refusal is not None:
            raise refusal
        liked = await services.people.preferences(asker.user_id)
        options = replace(options, under=liked.under(None), sets=liked.named())
        if card is not None:
            await services.imagine.begin_from(asker, card, options, preferred=liked.pool)
        elif isinstance(pick, int):
            source = await _read(context, pick)
            given = await picked_picture(context, source)
            address = source.address if isinstance(source, EmbeddedPicture) else None
            await services.imagine.begin(
                asker, options, None, preferred=liked.pool, given=[given], address=address
            )


async def _read(context: Context, message_id: int) -> Picked:
    """The picture of a message in this channel. Raises `UserError`, also if the bot may not read the message again."""
    held = HELD.get(_place(context, message_id))
    if held is not None:
        return held
    channel = context.interaction.client.get_partial_messageable(context.interaction.channel_id or 0)
    try:
        return picked(context, await channel.fetch_message(message_id))
    except discord.NotFound:
        raise UserError(text("picture.gone")) from None
    except (discord.HTTPException, *NETWORK) as trouble:
        raise UserError(text("press.expired")) from trouble
