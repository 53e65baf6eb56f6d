"""Questions to a chat model in the books: booked before they are asked, given back if nothing was asked.
Never here: jobs, and asking."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import and_, or_, select

from bot.domain.intake.prompt_help import asked_for, key_of
from bot.domain.schedule import CLOCKS_DIFFER_MS, HOUR
from bot.storage.database import lock
from bot.storage.jobs import ledger as entries
from bot.storage.people_tables import open_answers
from bot.storage.tables import jobs, ledger
from bot.storage.unclear import write_until_clear

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection

    from bot.domain.intake.prompt_help import HelpCall
    from bot.domain.pools import Allowance, ServerLimits
    from bot.domain.tenancy import Budget
    from bot.storage.database import Database
    from bot.storage.unclear import Pause


class SqlHelpBooks:
    """The `HelpBooks` of bot.domain.intake.prompt_help, on SQLite and PostgreSQL."""

    def __init__(self, database: Database, pause: Pause = asyncio.sleep) -> None:
        self._database, self._pause = database, pause

    async def book(
        self, call: HelpCall, allowance: Allowance, limits: ServerLimits | None, budget: Budget | None
    ) -> bool:
        """See the port."""
        member = f"member/{call.home}/{call.user_id}/{call.pool}"

        def work(connection: Connection) -> bool:
            lock(connection, member)
            if _is_known(connection, call):
                return False
            if call.beside is not None:
                # Where its picture is refused, or has its last unit taken, it is asked in vain.
                both = None if budget is None else replace(budget, cost=2 * budget.cost)
                whole = replace(call, units=call.units + call.beside)
                entries.check(connection, whole, allowance, limits, both)
            # A free question is the owner's to pay: whose rule gives nothing has one only with a granted unit left.
            least = replace(call, units=max(1, call.units)) if allowance.gives_nothing() else call
            drawn = entries.check(connection, least, allowance.without_jobs(), limits, budget)
            entries.reserve(connection, call, drawn if call.units else (), budget, kind=entries.HELP)
            return True

        def work_again(connection: Connection) -> bool:
            lock(connection, member)
            return _stands(connection, call) or work(connection)

        return await write_until_clear(self._database, work, self._pause, again=work_again)

    async def waive(self, interaction_id: int, at: int) -> None:
        """See the port."""

        def work(connection: Connection) -> None:
            for key in (key_of(interaction_id), *_without_picture(connection, interaction_id)):
                entries.waive(connection, key, at, kind=entries.HELP, back=entries.HELP_REFUND)

        await self._database.write(work)

    async def give_back(self, call: HelpCall, at: int) -> None:
        """See the port."""
        await self._database.write(
            lambda cn: entries.give_back(cn, call, at, kind=entries.HELP, back=entries.HELP_REFUND)
        )

    async def let_off(self, call: HelpCall, at: int) -> None:
        """See the port."""
        await self._database.write(
            lambda cn: entries.waive(cn, call.key, at, kind=entries.HELP, back=entries.HELP_REFUND)
        )


def _stands(connection: Connection, call: HelpCall) -> bool:
    """Whether it was booked at this moment: a twin of its interaction was booked at another."""
    e = ledger.c
    mine = select(e.id).where(e.kind == entries.HELP, e.job_key == call.key, e.at == call.created_at)
    return connection.execute(mine).one_or_none() is not None


def _is_known(connection: Connection, call: HelpCall) -> bool:
    """Whether it was booked by this interaction, or lately, for the same picture, by another press that stands."""
    back = ledger.alias("back")
    returned = select(back.c.id).where(back.c.job_key == ledger.c.job_key, back.c.kind == entries.HELP_REFUND)
    by_another = and_(
        ledger.c.user_id == call.user_id,
        ledger.c.guild_id == call.home,
        ledger.c.pool == call.pool.value,
        ledger.c.spent_at > call.created_at - HOUR,
        ledger.c.spent_at <= call.created_at + CLOCKS_DIFFER_MS,
        ledger.c.job_key.endswith(f"/{asked_for(call.key)}"),
        ~returned.exists(),
    )
    known = select(ledger.c.id).where(
        ledger.c.kind == entries.HELP, or_(ledger.c.job_key == call.key, by_another)
    )
    return connection.execute(known.limit(1)).one_or_none() is not None


def _without_picture(connection: Connection, interaction_id: int) -> Iterator[str]:
    """The questions for one picture each that an interaction booked, and no picture has the words of."""
    # Only through the one who asked does an index lead to them.
    asker = select(open_answers.c.user_id).where(open_answers.c.interaction_id == interaction_id)
    booked = select(ledger.c.job_key).where(
        ledger.c.user_id == asker.scalar_subquery(),
        ledger.c.kind == entries.HELP,
        ledger.c.job_key.startswith(f"{key_of(interaction_id)}/"),
    )
    keys = connection.execute(booked).scalars().all()
    pictured = select(jobs.c.interaction_id).where(
        jobs.c.interaction_id.in_([asked_for(key) for key in keys]), jobs.c.typed.is_not(None)
    )
    have = set(connection.execute(pictured).scalars())
    return (key for key in keys if asked_for(key) not in have)
