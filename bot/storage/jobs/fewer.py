"""An order that brought fewer pictures than were asked for: its member gets back what the missing ones cost.
Never here: jobs that brought none (their whole price goes back: `ledger.refund`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import insert, select, update

from bot.storage.jobs.ledger import OUTSTANDING, RESERVE
from bot.storage.server_tables import draws
from bot.storage.tables import jobs, ledger

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from bot.domain.jobs import Job

UNMADE: Final = "unmade"
"""The kind of the entry. The owner's part of it is nothing: what the service kept back may have been paid there."""


def give_back(connection: Connection, job: Job) -> None:
    """Book that a job costs less than was reserved; said twice it is booked once."""
    entries = select(ledger).where(ledger.c.job_key == job.key, ledger.c.kind.in_([RESERVE, UNMADE]))
    booked = connection.execute(entries).all()
    back = booked[0].units - job.units if len(booked) == 1 else 0
    if back <= 0:
        return
    connection.execute(update(jobs).where(jobs.c.key == job.key).values(units=job.units))
    same = {name: getattr(booked[0], name) for name in ("guild_id", "user_id", "pool", "job_key", "spent_at")}
    given = {"units": -back, "kind": UNMADE, "at": job.finished_at, "budget": 0, "credits": 0}
    connection.execute(insert(ledger).values(**same, **given))
    # Grants paid only what the day's own allowance lacked, so they come first.
    mine = (draws.c.job_key == job.key, OUTSTANDING)
    for drawn in connection.execute(select(draws).where(*mine).order_by(draws.c.grant_id.desc())).all():
        left = max(0, drawn.units - back)
        back -= drawn.units - left
        change = {"units": left} if left else {"returned_at": job.finished_at}
        connection.execute(update(draws).where(*mine, draws.c.grant_id == drawn.grant_id).values(**change))
