"""Moderators' expressions that this installation does not understand: counted for the start and for `easel doctor`.
Never here: what they say, which is told to nobody but their server."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from bot.domain.servers.moderation import unreadable
from bot.errors import StartupError, StorageTrouble
from bot.finding import Finding
from bot.storage import open_storage
from bot.storage.schema import SchemaState

if TYPE_CHECKING:
    from bot.storage import Storage

log = logging.getLogger(__name__)

NAME: Final = "word rules"


async def warn_of_unread_rules(storage: Storage) -> None:
    """Tell the log at a start; what cannot be read now keeps no bot from starting."""
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
        return Finding(NAME, fine=True, words="this installation understands every expression")
    return Finding(
        NAME,
        fine=False,
        words=f"{rules} expressions on {servers} servers find nothing here: install the extra `re2`, where they were "
        "stored with it, or have moderators write them anew (`/mod words list` marks them)",
    )


async def _count(storage: Storage) -> tuple[int, int]:
    """How many rules, and on how many servers."""
    every = await storage.guilds.settings.word_rules()

    def compile_all() -> list[int]:
        return [len(found) for rules in every if (found := unreadable(rules))]

    counted = await asyncio.to_thread(compile_all)
    return sum(counted), len(counted)
