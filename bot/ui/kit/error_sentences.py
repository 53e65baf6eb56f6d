"""What people are told of what went wrong, where it is no bug of ours.
Never here: telling it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import aiohttp
import discord
from discord import app_commands

from bot.errors import RetryLater, RouteClosed, StorageTrouble, UserError, WriteUnclear
from bot.texts import text
from bot.ui.kit.discord_errors import CLOSED, meaning

if TYPE_CHECKING:
    from bot.texts import Text

NETWORK: Final = (aiohttp.ClientError, OSError, discord.RateLimited)
"""What discord.py lets through when Discord cannot be reached (facts §3.6); TimeoutError is an OSError."""

DISCORD_TROUBLE: Final = text("trouble.discord")
DISMISSED: Final = frozenset({"channel_gone", "message_gone"})
"""The message went that was to be changed: whoever dismissed it waits for nothing."""
EXPIRED: Final = "token_expired"
"""The work took longer than Discord waits for an answer."""

SENTENCES: Final[tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...]] = (
    (WriteUnclear, WriteUnclear.said),
    (StorageTrouble, StorageTrouble.said),
    (app_commands.TransformerError, "trouble.option"),
    ((app_commands.CommandSignatureMismatch, app_commands.CommandNotFound), "trouble.command_outdated"),
    (app_commands.NoPrivateMessage, "refused.server_only"),
    (app_commands.CheckFailure, "refused.not_allowed"),
    ((RouteClosed, RetryLater, *NETWORK), DISCORD_TROUBLE.id),
)
"""What is no bug of ours, the particular before the general."""


def sentence_for(error: BaseException) -> Text | None:
    """What the person can do about it; None for a bug of ours."""
    if isinstance(error, app_commands.CommandInvokeError):
        return sentence_for(error.original)
    if isinstance(error, UserError):
        return error.text
    if isinstance(error, discord.HTTPException):  # of most refusals we should have known better
        is_passing = CLOSED.get(error.code) == EXPIRED or isinstance(meaning(error), RetryLater)
        return DISCORD_TROUBLE if is_passing else None
    for kinds, id_ in SENTENCES:
        if isinstance(error, kinds):
            return text(id_)
    return None


def is_dismissed(error: BaseException) -> bool:
    """Whether there is nothing left to be changed, and nobody who waits for it."""
    return isinstance(error, discord.HTTPException) and CLOSED.get(error.code) in DISMISSED
