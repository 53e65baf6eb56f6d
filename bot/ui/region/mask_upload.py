"""A mask that somebody uploads instead of choosing squares: its modal; and how choosing ends.
Never here: the squares (`picker`), and reading pictures."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

import discord

from bot.domain.intake.masks import MOST_MASK_BYTES, Cells
from bot.domain.intake.window_words import read_words
from bot.errors import UserError
from bot.services.intake.drafts import keeps_draft
from bot.services.intake.press import Pressed, PressOutcome
from bot.texts import text
from bot.ui.card.press import reply_existing
from bot.ui.imagine.prompt_field import PROMPT, prompt_field
from bot.ui.imagine.window_drafts import offer_draft
from bot.ui.kit.controls import custom_id_of, form, modal, words_view
from bot.ui.kit.custom_ids import KEY, NUMBER
from bot.ui.kit.error_sentences import NETWORK
from bot.ui.kit.links import card_link

if TYPE_CHECKING:
    from bot.domain.keys import JobKey
    from bot.services.intake.region import Masked
    from bot.texts import Text
    from bot.ui.kit.context import Context

log = logging.getLogger(__name__)

WORD: Final = "mask"
FILE: Final = "file"
READ_S: Final = 30.0


def mask_modal(context: Context, key: JobKey, position: int, words: str | None = None) -> discord.ui.Modal:
    """Ask for a file, and for words where there are any to begin with."""
    upload = discord.ui.FileUpload[Any](custom_id=FILE, required=True, min_values=1, max_values=1)
    field = (text("region.upload_file"), upload, text("region.upload_hint"))
    fields: list[tuple[Text, discord.ui.Item[Any], Text | None]] = [field]
    if words is not None:
        asked = prompt_field(words, required=False)
        fields.append((text("region.words_field"), asked, text("region.words_hint")))
    return form(context.localize, take.id(key, position), text("region.upload_title"), *fields)


@modal(WORD, KEY, NUMBER)
async def take(context: Context, key: JobKey, position: int) -> None:
    """Begin the job with the uploaded mask; what is refused leaves the picker as it is."""
    typed = context.fields.get(PROMPT)
    try:
        address = _address(context)  # as with a bad prompt: refused at once, with nothing left in public
        context.check_permissions()
        asker = await context.defer_update()
        liked = await context.services.people.preferences(asker.user_id)
        words = None if typed is None else read_words(typed, sets=liked.named())
        mask = await _read(context, address)
        regions = context.services.regions
        await begin_region(context, await regions.prepare(asker, key, position, mask, words=words))
    except UserError as refusal:
        if typed is None or not keeps_draft(refusal.text):
            raise
        await offer_draft(
            context,
            refusal.text,
            typed,
            # The same window once more: no squares are chosen.
            lambda draft: custom_id_of("cells-rewrite", key, position, Cells(), draft),
        )


def _address(context: Context) -> str:
    """Where the upload lies; raises `UserError` if it is empty or too large."""
    uploads = context.data.get("resolved", {}).get("attachments", {})
    upload = uploads.get(context.fields.get(FILE), {})
    size = int(upload.get("size", 0))
    if not size:
        raise UserError(text("mask.empty"))
    if size > MOST_MASK_BYTES:
        raise UserError(text("mask.too_large", limit=MOST_MASK_BYTES >> 20))
    return str(upload["url"])


async def _read(context: Context, url: str) -> bytes:
    """The file, which is as large as Discord has said."""
    try:
        async with asyncio.timeout(READ_S):
            content: bytes = await context.interaction.client.http.get_from_cdn(url)
    except (discord.HTTPException, *NETWORK) as error:
        log.warning(
            "mask_not_read", extra={"interaction": context.interaction.id, "kind": type(error).__name__}
        )
        raise UserError(text("mask.not_read")) from error
    return content


async def begin_region(context: Context, ready: Masked | Pressed) -> None:
    """Begin the job and take the picker away, or lead to the job that the button has already.

    The press was answered by leaving the picker as it is, so the card gets a message of its own.
    """
    if isinstance(ready, Pressed):
        await reply_existing(context, ready)
        return
    words = context.client.catalogues.render(text("region.starting"), context.guild_locale)
    place = await context.interaction.followup.send(
        view=words_view(words), wait=True, allowed_mentions=discord.AllowedMentions.none()
    )
    try:
        pressed = await context.services.regions.begin(
            context.asker(place.id), ready, channel_id=0, message_id=0
        )
    except Exception:
        await _take_away(context, place.id)
        raise
    if pressed.outcome is not PressOutcome.STARTED:
        await _take_away(context, place.id)
        await reply_existing(context, pressed)
        return
    link = card_link(pressed.job)
    said = (
        text("region.begun", key=pressed.job.key) if link is None else text("region.begun_there", link=link)
    )
    await context.show(words_view(context.localize(said)), files=())


async def _take_away(context: Context, message_id: int) -> None:
    """Remove the message that waited for a card."""
    try:
        await context.interaction.followup.delete_message(message_id)
    except (discord.HTTPException, *NETWORK) as error:
        log.info(
            "placeholder_stays", extra={"interaction": context.interaction.id, "kind": type(error).__name__}
        )
