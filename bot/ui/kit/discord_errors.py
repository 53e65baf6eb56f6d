"""What Discord's refusals and its network's failures mean for a job that is to be shown (facts §3.6, peers F5 to F35).
Never here: sentences for people, and what to do about it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import aiohttp
import discord

from bot.errors import RetryLater, RouteClosed, TooLarge

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TIMEOUT_S: Final = 120
"""discord.py has no time limit of its own for a request; ten megabytes pass within this on a slow line."""

REJECTED: Final = 50035
"""“Invalid form body”: something on the card is not to Discord's liking."""
WORDS_REFUSED: Final = frozenset({200000, 200001, 240000})
"""A filter of the server, or of links, found something in what the card says; the same without those words passes."""
THREAD_ARCHIVED: Final = 50083
TOO_LARGE: Final = 40005

CLOSED: Final = {
    10003: "channel_gone",
    10008: "message_gone",
    10015: "token_expired",
    10062: "token_expired",
    30046: "too_many_edits",  # of a message older than an hour; a new message is seen at once
    50001: "missing_access",
    50005: "not_our_message",
    50007: "dms_closed",
    50013: "missing_permission",
    50027: "token_expired",
    50083: "thread_archived",
    50278: "dms_closed",  # no server in common any more
    160005: "thread_locked",
}

GATEWAY_TROUBLE_S: Final = 5.0
THROTTLED_S: Final = 10.0
BANNED_S: Final = 60.0
"""After an answer that is no JSON of Discord's: a ban by address, which more requests only prolong."""


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """Let out `RouteClosed`, `RetryLater` and `TooLarge` only, whatever discord.py and the network raise."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            yield
    except discord.HTTPException as error:
        raise meaning(error) from error
    except discord.RateLimited as error:
        raise RetryLater("rate_limited", delay=error.retry_after) from error
    except (
        aiohttp.ClientError,
        OSError,
    ) as error:  # a reset is 104 on Linux, which discord.py does not retry
        raise RetryLater(f"network_{type(error).__name__}", delay=GATEWAY_TROUBLE_S) from error
    except RuntimeError as error:
        if "closed" not in str(error).lower():
            raise
        raise RetryLater("session_closed", delay=GATEWAY_TROUBLE_S) from error


def meaning(error: discord.HTTPException) -> Exception:
    """What `translated` lets out for it."""
    if error.code == TOO_LARGE or error.status == 413:  # noqa: PLR2004 - HTTP's own number
        return TooLarge(f"discord {error.code}")
    if error.code in CLOSED:
        return RouteClosed(CLOSED[error.code])
    if error.status == 429:  # noqa: PLR2004 - as above
        return RetryLater("rate_limited", delay=_asked(error))
    if error.status == 408 or error.status >= 500:  # noqa: PLR2004 - as above; 408 is a REST proxy's own
        return RetryLater(f"discord_{error.status}", delay=GATEWAY_TROUBLE_S)
    if error.status == 401 or (error.status == 403 and not error.code):  # noqa: PLR2004 - as above
        # The bot's own token, or Cloudflare: neither says anything about this message.
        return RetryLater(f"discord_{error.status}", delay=BANNED_S)
    return RouteClosed(f"discord_{error.status}_{error.code}")


def _asked(error: discord.HTTPException) -> float:
    """Seconds that Discord, or a proxy in front of it, asked for."""
    try:
        return max(0.0, float(error.response.headers["Retry-After"]))
    except (KeyError, TypeError, ValueError):
        return THROTTLED_S
