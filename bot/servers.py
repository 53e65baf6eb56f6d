"""`easel servers`: the owner's policy over the database alone, and a server as one line of a terminal.
Never here: Discord, and what the policy means."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bot.clock import SystemClock
from bot.services.accounts.owner_policy import OwnerPolicy, OwnerTerms
from bot.storage.opening import open_storage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.config import LocalSettings
    from bot.services.accounts.owner_policy import ServerView


@asynccontextmanager
async def owner_policy(settings: LocalSettings) -> AsyncIterator[OwnerPolicy]:
    """Open it as the bot would; raises `StartupError` if the database cannot be used."""
    async with open_storage(settings.database, migrate=False) as storage:
        yield OwnerPolicy(
            store=storage.tenants,
            terms=OwnerTerms(access=settings.servers, usual=settings.server_ceiling),
            clock=SystemClock(),
            memory=storage.meta,
        )


def line(view: ServerView) -> str:
    """One server."""
    server, used = view.server, view.used
    state = "let in" if view.admitted else "shut out" if server.shut_at is not None else "not let in"
    name = "".join(c if c.isprintable() else "?" for c in server.name) or "(never seen)"
    gone = ", the bot has left" if server.left_at is not None else ""
    return (
        f"{server.guild_id}  {state}{gone}  {name}  owner {server.owner_id or '?'}  today {used.today}, month {used.month}, "
        f"running {used.running}, waiting {used.waiting}  ceiling {view.ceiling}"
    )
