"""Pictures in Discord: attachments as commands and messages carry them, and the card of a job in a message of ours.
Never here: looking into them."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import discord

from bot.domain.inputs import AssignedPicture, InputRole, weigh
from bot.domain.keys import JobKey
from bot.errors import UserError
from bot.texts import text
from bot.ui.kit.error_sentences import NETWORK
from bot.ui.kit.message_parser import job_on, pictures_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.inputs import SourcePicture
    from bot.ui.kit.context import Context

log = logging.getLogger(__name__)

READ_S: Final = 60.0
"""For one file from Discord's store."""


@dataclass(frozen=True, slots=True)
class AttachedPicture:
    """An attachment as the `SourcePicture` of services."""

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


def attached(attachments: Iterable[discord.Attachment | None]) -> list[AttachedPicture]:
    """What was attached to a command; raises `UserError` at once for what is empty or too large."""
    given = [AttachedPicture(one) for one in attachments if one is not None]
    for one in given:
        weigh(one)
    return given


def assigned(
    options: Iterable[tuple[discord.Attachment | None, str | None]],
) -> list[tuple[discord.Attachment | None, InputRole]]:
    """The pictures of a command with what each is for; a role without its picture stands alone."""
    return [(one, InputRole(role or InputRole.IMAGE)) for one, role in options if one is not None or role]


def attached_to(pictures: Iterable[tuple[discord.Attachment | None, InputRole]]) -> list[SourcePicture]:
    """The same as services take them; raises `UserError` at once for what is missing, empty or too large."""
    given: list[SourcePicture] = []
    for one, role in pictures:
        if one is None:
            raise UserError(text("prompt.role_alone"))
        (picture,) = attached([one])
        given.append(picture if role is InputRole.IMAGE else AssignedPicture(picture, role))
    return given


@dataclass(frozen=True, slots=True)
class EmbeddedPicture:
    """A picture of a message that is no file of it: of an embed, a gallery, a sticker."""

    address: str


Picked = AttachedPicture | EmbeddedPicture | JobKey
"""What a menu over a message may be about."""


def picked(context: Context, message: discord.Message) -> Picked:
    """The first picture of a message, or the job whose card it is. Raises `UserError` if there is neither."""
    ours = message.author.id in {
        context.interaction.application_id,
        getattr(context.interaction.client.user, "id", None),
    }
    key = job_on(message) if ours else None
    if key is not None:
        return key
    for found in pictures_in(message):
        return EmbeddedPicture(found) if isinstance(found, str) else attached([found])[0]
    raise UserError(text("picture.none"))


async def picked_picture(context: Context, pick: Picked) -> SourcePicture:
    """What was picked as a picture; a card's comes from where it was made."""
    if isinstance(pick, AttachedPicture):
        return pick
    loader = context.services.image_loader
    return (
        loader.of_address(pick.address)
        if isinstance(pick, EmbeddedPicture)
        else await loader.of_card(context.viewer, pick)
    )
