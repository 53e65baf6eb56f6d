"""A mask that somebody uploads instead of choosing squares: its window; and how choosing ends.
Never here: the squares (`picker`), and reading pictures.

The window is never handed to discord.py to keep: its custom_id says which job and which button (facts §3.4)."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final, cast

import discord

from bot.domain.keys import ButtonId, JobKey
from bot.domain.masks import MOST_MASK_BYTES
from bot.errors import UserError
from bot.services.intake.press import Pressed, PressOutcome
from bot.texts import text
from bot.ui.kit.buttons import own_modal, say_where
from bot.ui.kit.links import card_link
from bot.ui.kit.private import defer_update, localised
from bot.ui.kit.replies import NETWORK, asker_of, check_permissions, client_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.services.intake.region import Masked
    from bot.ui.kit.replies import AnyInteraction

log = logging.getLogger(__name__)

WORD: Final = "mask"
"""In the window's custom_id, with the button's position behind it: `mask-4`."""
FILE: Final = "file"
READ_S: Final = 30.0


def mask_window(interaction: AnyInteraction, key: JobKey, position: int) -> discord.ui.Modal:
    """Ask for a file."""
    modal = discord.ui.Modal(
        title=localised(interaction, text("region.upload_title")),
        custom_id=ButtonId(key, f"{WORD}-{position}").encode(),
    )
    modal.add_item(
        discord.ui.Label(
            text=localised(interaction, text("region.upload_file")),
            description=localised(interaction, text("region.upload_hint")),
            component=discord.ui.FileUpload(custom_id=FILE, required=True, min_values=1, max_values=1),
        )
    )
    modal.stop()  # discord.py keeps only windows that have not ended
    return modal


@own_modal(WORD)
async def take(interaction: AnyInteraction, key: JobKey, fields: Mapping[str, str]) -> None:
    """Begin the job with the uploaded mask; what is refused leaves the picker as it is."""
    data = cast("dict[str, Any]", interaction.data or {})
    upload = data.get("resolved", {}).get("attachments", {}).get(fields.get(FILE))
    size = 0 if upload is None else int(upload.get("size", 0))
    if not size:  # as with a bad prompt: refused at once, with nothing left in public
        raise UserError(text("mask.empty"))
    if size > MOST_MASK_BYTES:
        raise UserError(text("mask.too_large", limit=MOST_MASK_BYTES >> 20))
    check_permissions(interaction)
    asker = await defer_update(interaction)
    if asker is None:
        return
    position = int(str(data["custom_id"]).rpartition("-")[2])
    mask = await _read(interaction, str(upload["url"]))
    regions = client_of(interaction).services.regions
    await begin_region(interaction, await regions.prepare(asker, key, position, mask))


async def _read(interaction: AnyInteraction, url: str) -> bytes:
    """The file, which is as large as Discord has said."""
    try:
        async with asyncio.timeout(READ_S):
            content: bytes = await interaction.client.http.get_from_cdn(url)
    except (discord.HTTPException, *NETWORK) as error:
        log.warning("mask_not_read", extra={"interaction": interaction.id, "kind": type(error).__name__})
        raise UserError(text("mask.not_read")) from error
    return content


async def begin_region(interaction: AnyInteraction, ready: Masked | Pressed) -> None:
    """Begin the job and take the picker away, or lead to the job that the button has already.

    The press was answered by leaving the picker as it is, so the card gets a message of its own.
    """
    if isinstance(ready, Pressed):
        await say_where(interaction, ready)
        return
    locale = interaction.guild_locale or interaction.locale
    words = client_of(interaction).catalogues.render(text("region.starting"), locale.value)
    place = await interaction.followup.send(
        view=_words(words), wait=True, allowed_mentions=discord.AllowedMentions.none()
    )
    try:
        pressed = await client_of(interaction).services.regions.begin(
            asker_of(interaction, place.id), ready, channel_id=0, message_id=0
        )
    except Exception:
        await _take_away(interaction, place.id)
        raise
    if pressed.outcome is not PressOutcome.STARTED:
        await _take_away(interaction, place.id)
        await say_where(interaction, pressed)
        return
    link = card_link(pressed.job)
    said = (
        text("region.begun", key=pressed.job.key) if link is None else text("region.begun_there", link=link)
    )
    await interaction.edit_original_response(view=_words(localised(interaction, said)), attachments=[])


async def _take_away(interaction: AnyInteraction, message_id: int) -> None:
    """Remove the message that waited for a card."""
    try:
        await interaction.followup.delete_message(message_id)
    except (discord.HTTPException, *NETWORK) as error:
        log.info("placeholder_stays", extra={"interaction": interaction.id, "kind": type(error).__name__})


def _words(words: str) -> discord.ui.LayoutView:
    view = discord.ui.LayoutView(timeout=None)
    view.add_item(discord.ui.TextDisplay(words))
    return view
