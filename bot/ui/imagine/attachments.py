"""Pictures in Discord: attachments as commands and messages carry them, and the card of a job in a message of ours.
Never here: looking into them."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import discord

from bot.domain.inputs import weigh
from bot.errors import UserError
from bot.texts import text
from bot.ui.kit.error_sentences import NETWORK
from bot.ui.kit.message_parser import job_on

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.inputs import Given
    from bot.domain.keys import JobKey
    from bot.ui.kit.context import Context

log = logging.getLogger(__name__)

READ_S: Final = 60.0
"""For one file from Discord's store."""
PICTURE_NAMES: Final = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".avif", ".heic", ".bmp", ".tif", ".tiff")


@dataclass(frozen=True, slots=True)
class Attached:
    """An attachment as the `Given` of services."""

    attachment: discord.Attachment

    @property
    def filename(self) -> str:
        """As Discord keeps it."""
        return self.attachment.filename

    @property
    def size(self) -> int:
        """As Discord says."""
        return self.attachment.size

    @property
    def url(self) -> str:
        """Signed, good for about a day."""
        return self.attachment.url

    async def read(self) -> bytes:
        """Fetch it from Discord's store."""
        try:
            async with asyncio.timeout(READ_S):
                return await self.attachment.read()
        except discord.NotFound:
            raise UserError(text("picture.gone")) from None
        except (discord.HTTPException, *NETWORK) as error:
            log.info("attachment_not_read", extra={"kind": type(error).__name__})
            raise UserError(text("picture.unreadable")) from error


def attached(attachments: Iterable[discord.Attachment | None]) -> list[Attached]:
    """What was attached to a command; raises `UserError` at once for what is empty or too large."""
    given = [Attached(one) for one in attachments if one is not None]
    for one in given:
        weigh(one)
    return given


def picked(context: Context, message: discord.Message) -> Attached | JobKey:
    """The first picture of a message, or the job whose card it is. Raises `UserError` if there is neither."""
    ours = message.author.id in {
        context.interaction.application_id,
        getattr(context.interaction.client.user, "id", None),
    }
    key = job_on(message) if ours else None
    if key is not None:
        return key
    for attachment in message.attachments:
        kind = attachment.content_type or ""
        if kind.startswith("image/") or attachment.filename.lower().endswith(PICTURE_NAMES):
            return attached([attachment])[0]
    raise UserError(text("picture.none"))


async def given_by(context: Context, pick: Attached | JobKey) -> Given:
    """What was picked as a picture; a card's comes from where it was made."""
    if isinstance(pick, Attached):
        return pick
    return await context.services.image_loader.of_job(context.viewer, pick)
