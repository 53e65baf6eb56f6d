"""What keeps the bot out of Discord, as one sentence for the operator and an exit status.
Never here: the connection, and troubles that pass while the bot goes on (that is `discord_errors`)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import aiohttp
import discord

from bot.errors import StartupDelayed, StartupError

if TYPE_CHECKING:
    from collections.abc import Iterator

INTENTS_DENIED: Final = 4014
CLOSED_FOR_GOOD: Final = {
    4004: "Discord no longer takes EASEL_DISCORD_TOKEN: copy the new one from the Bot page of the developer portal.",
    4010: "Discord knows no such shard: check EASEL_SHARD_COUNT and EASEL_SHARD_IDS.",
    4011: "Discord wants the bot on more shards: raise EASEL_SHARD_COUNT, or unset it to follow Discord's advice.",
    4012: "Discord no longer speaks this program's version of its gateway: install a newer Easel.",
    4013: "Discord knows no such intents: install a newer Easel.",
    INTENTS_DENIED: "Discord denies the bot the intents that it asks for: check the Bot page of the developer portal.",
}
"""What helps after those of Discord's gateway close codes after which a client must not come back as it was."""


@contextmanager
def discord_refusals() -> Iterator[None]:
    """Turn what keeps us out of Discord into a `StartupError`, or a `StartupDelayed` where time may mend it."""
    try:
        yield
    except discord.LoginFailure:
        raise StartupError(
            "Discord refused EASEL_DISCORD_TOKEN: copy it again from the Bot page of the developer portal."
        ) from None
    except (discord.ConnectionClosed, discord.PrivilegedIntentsRequired) as error:
        code = error.code if isinstance(error, discord.ConnectionClosed) else INTENTS_DENIED
        if code in CLOSED_FOR_GOOD:
            raise StartupError(CLOSED_FOR_GOOD[code]) from None
        raise StartupDelayed(f"Discord closed the connection for good (code {code}).") from None
    except (discord.HTTPException, discord.GatewayNotFound, aiohttp.ClientError, OSError) as error:
        raise StartupDelayed(
            f"Discord cannot be reached ({type(error).__name__}): check the network and EASEL_DISCORD_API."
        ) from error
