"""Looking for a server's words in a prompt, where it takes nobody else's time.
Never here: what is found (domain), and what becomes of it (policy)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from bot.domain.servers.moderation import examine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.servers.moderation import Verdict, WordRule

FEW: Final = 25
"""Rules that take some milliseconds at most, even when they are read for the first time. Five hundred of them take seconds
then, and a good part of one ever after: all other servers' answers would wait for that."""


async def examined(words: str, rules: Sequence[WordRule]) -> Verdict:
    """The same as `examine`; many rules are gone through in a thread."""
    if len(rules) <= FEW:
        return examine(words, rules)
    return await asyncio.to_thread(examine, words, rules)
