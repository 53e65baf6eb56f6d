"""Open answers as rows: written in groups, leased to the process that owes the words, deleted with them.
Never here: what is said to whom, and when."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, exists, insert, or_, select, text, update

from bot.domain.open_answers import AnswerKind, OpenAnswer
from bot.storage.people_tables import open_answers, told_answers
from bot.storage.prepared import Prepared
from bot.storage.tables import jobs

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import BindParameter
    from sqlalchemy.engine import Connection, Row

    from bot.storage.database import Database

log = logging.getLogger(__name__)

ASIDE_MS: Final = 3_600_000
"""For how long a row is left alone that cannot be read."""
c = open_answers.c
HAS_JOB: Final = exists().where(jobs.c.interaction_id == c.interaction_id)


_IDS: Final[BindParameter[Any]] = bindparam("ids_", expanding=True)
_IS_MINE: Final = c.owner == bindparam("owner_")
_DISOWN: Final = delete(open_answers).where(c.interaction_id.in_(_IDS), _IS_MINE)
_CLOSE: Final = delete(open_answers).where(c.interaction_id.in_(_IDS), or_(_IS_MINE, c.owner.is_(None)))
# Two processes may be handed the same interaction. Neither knows yet which of them answers it, so the row is nobody's: whoever
# answers has written before it does, so that the other, who hears of it after that, finds nothing of its own to delete.
_INSERT: Final = Prepared(
    text(
        f"INSERT INTO open_answers ({', '.join(c.keys())}) VALUES (:{', :'.join(c.keys())}) "  # noqa: S608 - names of ours
        "ON CONFLICT (interaction_id) DO UPDATE SET owner = NULL WHERE open_answers.owner <> excluded.owner"
    ).bindparams(*(bindparam(column.name, type_=column.type) for column in c))
)


class SqlAnswerStore:
    """The `AnswerStore` of bot.domain.open_answers, on SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(
        self,
        opened: Sequence[OpenAnswer],
        closed: Collection[int],
        disowned: Collection[int] = (),
        *,
        owner: str,
        until: int,
    ) -> None:
        """See the port."""

        def work(connection: Connection) -> None:
            for deletion, ids in ((_CLOSE, closed), (_DISOWN, disowned)):
                if ids:
                    connection.execute(deletion, {"ids_": list(ids), "owner_": owner})
            over = {*closed, *disowned}
            new = {one.interaction_id: one for one in opened if one.interaction_id not in over}
            mine = {"owner": owner, "lease_until": until}
            # Sorted, so that two processes with the same ones do not wait for each other in a circle.
            _INSERT.write_each(connection, [values_of(new[id_]) | mine for id_ in sorted(new)])

        # Somebody waits for an opening. A closing alone does wait for the disk: back after a power cut, it would be told wrongly.
        await self._database.write(work, synced=not opened)

    async def adopt(self, answers: Sequence[OpenAnswer], *, owner: str | None, until: int) -> None:
        """See the port."""

        def work(connection: Connection) -> None:
            ids = [answer.interaction_id for answer in answers]
            told = select(told_answers.c.interaction_id).where(told_answers.c.interaction_id.in_(ids))
            known = {*connection.execute(told).scalars()}
            new = [values_of(one) for one in answers if one.interaction_id not in known]
            _INSERT.write_each(connection, [one | {"owner": owner, "lease_until": until} for one in new])

        await self._database.write(work)

    async def renew(self, ids: Collection[int], now: int, *, owner: str, until: int) -> None:
        """See the port."""
        is_held = or_(c.owner == owner, c.owner.is_(None))
        living = (c.interaction_id.in_(ids), is_held, c.token_until > now)
        renewing = update(open_answers).where(*living).values(lease_until=until)
        await self._database.write(lambda cn: cn.execute(renewing))

    async def release(self, ids: Collection[int], *, owner: str, until: int) -> None:
        """See the port."""
        giving = (
            update(open_answers)
            .where(c.interaction_id.in_(ids), c.owner == owner)
            .values(owner=None, lease_until=until)
        )
        await self._database.write(lambda cn: cn.execute(giving))

    async def claim(
        self, owner: str, now: int, *, until: int, limit: int, but: Collection[int] = ()
    ) -> Sequence[OpenAnswer]:
        """See the port."""
        # What is held for longer than anything is ever set aside, a clock wrote that stood ahead.
        is_free = ~c.lease_until.between(now + 1, now + 2 * ASIDE_MS)
        free = select(c.interaction_id).where(is_free, c.interaction_id.not_in([*but]))
        lapsed = free.order_by(c.lease_until).limit(limit)
        found = await self._database.read(lambda cn: cn.execute(lapsed).scalars().all())
        if not found:
            return ()

        def take(connection: Connection) -> list[OpenAnswer]:
            still = (c.interaction_id.in_(found), is_free)
            connection.execute(delete(open_answers).where(*still, HAS_JOB))
            # Whoever comes second finds the lease moved on, and takes nothing.
            taking = (
                update(open_answers)
                .where(*still)
                .values(owner=owner, lease_until=until)
                .returning(open_answers)
            )
            taken, unreadable = _sorted(connection.execute(taking).all())
            if unreadable:
                aside = {"owner": None, "lease_until": now + ASIDE_MS}
                connection.execute(update(open_answers).where(c.interaction_id.in_(unreadable)).values(aside))
            if taken:
                ids = [one.interaction_id for one in taken]
                connection.execute(delete(told_answers).where(told_answers.c.interaction_id.in_(ids)))
                connection.execute(insert(told_answers), [{"interaction_id": id_, "at": now} for id_ in ids])
            return taken

        return await self._database.write(take)

    async def forget_recovered(self, before: int) -> int:
        """See the port."""
        old = told_answers.c.at < before
        some = select(told_answers.c.interaction_id).where(old).limit(1)
        if await self._database.read(lambda cn: cn.execute(some).one_or_none()) is None:
            return 0
        return await self._database.write(lambda cn: cn.execute(delete(told_answers).where(old)).rowcount)

    async def forget_tokens(self, now: int) -> int:
        """See the port."""
        dead = (c.token.is_not(None), c.token_until <= now)
        some = select(c.interaction_id).where(*dead).limit(1)
        if await self._database.read(lambda cn: cn.execute(some).one_or_none()) is None:
            return 0
        clearing = update(open_answers).where(*dead).values(token=None)
        return await self._database.write(lambda cn: cn.execute(clearing).rowcount)


def values_of(answer: OpenAnswer) -> dict[str, object]:
    """Its columns by name; a lease is the row's."""
    return {
        "interaction_id": answer.interaction_id,
        "application_id": answer.application_id,
        "token": answer.token,
        "token_until": answer.token_until,
        "channel_id": answer.channel_id,
        "guild_id": answer.guild_id,
        "user_id": answer.user_id,
        "locale": answer.locale,
        "kind": answer.kind.value,
        "at": answer.at,
    }


def _sorted(found: Sequence[Row[Any]]) -> tuple[list[OpenAnswer], list[int]]:
    """Those that this program can read, and the others: another version may tell them."""
    read: list[OpenAnswer] = []
    unreadable: list[int] = []
    for row in found:
        try:
            read.append(_read(row))
        except ValueError as error:
            more = {"interaction": row.interaction_id, "reason": str(error)[:200]}
            log.error("answer_not_read", extra=more)  # noqa: TRY400 - the reason is the whole story
            unreadable.append(row.interaction_id)
    return read, unreadable


def _read(row: Row[Any]) -> OpenAnswer:
    return OpenAnswer(
        interaction_id=row.interaction_id,
        application_id=row.application_id,
        token=row.token,
        token_until=row.token_until,
        channel_id=row.channel_id,
        guild_id=row.guild_id,
        user_id=row.user_id,
        locale=row.locale,
        kind=AnswerKind(row.kind),
        at=row.at,
    )
