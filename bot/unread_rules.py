"""Moderators' expressions that this installation does not understand: counted for the log and for `easel doctor`.
Never here: what they say, which is told to nobody but their server."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from bot.domain.servers.expressions import READS_ALL
from bot.domain.servers.moderation import compiles
from bot.errors import StartupError, StorageTrouble
from bot.finding import Finding
from bot.storage import open_storage
from bot.storage.schema import SchemaState

if TYPE_CHECKING:
    from bot.storage import Storage

log = logging.getLogger(__name__)

NAME: Final = "word rules"
MOST: Final = 2_000
"""Looked at: our own matcher takes some milliseconds for one, and a count that is too low says enough."""


async def warn_of_unread_rules(storage: Storage) -> None:
    """Tell the log, beside a bot that runs; with RE2 there is nothing to tell, and nothing is read."""
    if READS_ALL:
        return
    try:
        rules, servers = await _count(storage)
    except StorageTrouble as trouble:
        log.warning("word_rules_not_read", extra={"reason": str(trouble)})
        return
    if rules:
        log.warning("word_rules_find_nothing", extra={"rules": rules, "servers": servers})


async def examine_rules(database: str, state: SchemaState | None) -> Finding:
    """The doctor's look at them."""
    if state is not SchemaState.CURRENT:
        return Finding(NAME, fine=True, words="none were looked at: the database comes first")
    try:
        async with open_storage(database, migrate=False) as storage:
            rules, servers = await _count(storage)
    except (StartupError, StorageTrouble):
        return Finding(NAME, fine=False, words="cannot be read while the database cannot")
    if not rules:
        return Finding(
            NAME,
            fine=True,
            words=f"this installation understands every expression (it looks at {MOST:,} at most)",
        )
    return Finding(
        NAME,
        fine=False,
        words=f"{rules} expressions on {servers} servers find nothing here: install the extra `re2`, where they were "
        "stored with it, or have moderators write them anew (`/mod words list` marks them)",
    )


async def _count(storage: Storage) -> tuple[int, int]:
    """How many rules, and on how many servers: one after the other, each in a thread and between turns of the loop."""
    rules = servers = looked = 0
    async with aclosing(storage.guilds.settings.expressions(limit=MOST)) as every:
        async for found in every:
            unread = 0
            for rule in found[: MOST - looked]:
                unread += not await asyncio.to_thread(compiles, rule)
            rules, servers, looked = rules + unread, servers + bool(unread), looked + len(found)
            if looked >= MOST:
                break
    return rules, servers
