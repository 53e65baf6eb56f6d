"""Questions to a chat model in the books: booked before they are asked, given back if nothing was asked.
Never here: jobs, and asking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from bot.domain.prompt_help import key_of
from bot.storage.database import lock
from bot.storage.jobs import ledger as entries
from bot.storage.tables import ledger

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from bot.domain.pools import Allowance, ServerLimits
    from bot.domain.prompt_help import HelpCall
    from bot.domain.tenancy import Budget
    from bot.storage.database import Database


class SqlHelpBooks:
    """The `HelpBooks` of bot.domain.prompt_help, on SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def book(
        self, call: HelpCall, allowance: Allowance, limits: ServerLimits | None, budget: Budget | None
    ) -> bool:
        """See the port."""

        def work(connection: Connection) -> bool:
            lock(connection, f"member/{call.home}/{call.user_id}/{call.pool}")
            known = select(ledger.c.id).where(ledger.c.job_key == call.key, ledger.c.kind == entries.HELP)
            if connection.execute(known).one_or_none() is not None:
                return False
            drawn = entries.check(connection, call, allowance, limits, budget)
            entries.reserve(connection, call, drawn, budget, kind=entries.HELP)
            return True

        return await self._database.write(work)

    async def let_off(self, interaction_id: int, at: int) -> None:
        """See the port."""
        key = key_of(interaction_id)
        await self._database.write(
            lambda cn: entries.let_off(cn, key, at, kind=entries.HELP, back=entries.HELP_REFUND)
        )

    async def give_back(self, call: HelpCall, at: int) -> None:
        """See the port."""
        await self._database.write(
            lambda cn: entries.give_back(cn, call, at, kind=entries.HELP, back=entries.HELP_REFUND)
        )
