"""Addresses as people click them.
Never here: which addresses may be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from bot.domain.jobs import Job

LINK_LIMIT: Final = 600


def message_link(guild_id: int | None, channel_id: int, message_id: int) -> str:
    """The address of a message; one without a server is a direct message."""
    return f"https://discord.com/channels/{guild_id or '@me'}/{channel_id}/{message_id}"


def card_link(job: Job) -> str | None:
    """Where a job's card is, if it was ever shown."""
    reply = job.reply
    if reply.message_id is None:
        return None
    return message_link(reply.guild_id, reply.channel_id, reply.message_id)


def source_link(job: Job, channel_id: int, message_id: int | None) -> str | None:
    """Where the card is that a job was begun from, of which no server is kept; None if there is none, or nobody knows.

    A chain's cards are in its home server or in direct messages with one person, which are one channel.
    """
    reply = job.reply
    if not message_id:
        return None
    if channel_id == reply.channel_id:
        return message_link(reply.guild_id, channel_id, message_id)
    if job.home is not None and (reply.guild_id is None or channel_id == job.home_channel):
        return message_link(job.home, channel_id, message_id)
    return None


def shown_address(address: str) -> str:
    """An address for a Markdown link: it cannot end the brackets around it."""
    return quote(address, safe=":/?&=%#~+,;@!$'*")


def clickable(address: str | None) -> str | None:
    """An address for a link, if it is not so long that a message would have no room for it."""
    link = None if address is None else shown_address(address)
    return link if link is None or len(link) <= LINK_LIMIT else None
