"""Members as moderators mark them: blocks, strikes and grants, each change with the audit's line.
Never here: what a mark leads to, and the books (those are in `ledger` and `books`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from bot.domain.pools import Pool
from bot.domain.schedule import DAY
from bot.domain.servers.access import HOUR_MS
from bot.domain.servers.guilds import Actor, Block, Grant, GrantsLeft, Strike, Struck
from bot.storage.database import lock, plain
from bot.storage.jobs.ledger import LEFT, UNEXPIRED
from bot.storage.prepared import Prepared
from bot.storage.server_tables import TAKEN_BACK, blocks, grants, strikes
from bot.storage.servers.settings import record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Row
    from sqlalchemy.engine import Connection

    from bot.domain.servers.moderation import StrikePolicy
    from bot.storage.database import Database

STRIKES_KEPT: Final = 200
"""Of one member: twice as many as can be asked for before a block."""
STRIKES_AN_HOUR: Final = 1_000
"""Of one server: beyond it words are refused as ever, and nobody's are counted or told."""

b, s, g = blocks.c, strikes.c, grants.c


_BLOCK: Final = select(blocks).where(
    b.guild_id == bindparam("guild_"),
    b.user_id == bindparam("user_"),
    or_(b.until.is_(None), b.until > bindparam("now_")),
)


_BLOCKED: Final = Prepared(_BLOCK.with_only_columns(b.user_id))

_GIVEN: Final = select(g.id, g.units, LEFT).where(
    g.guild_id == bindparam("guild_"),
    g.user_id == bindparam("user_"),
    g.pool == bindparam("pool_"),
    UNEXPIRED,
)


class SqlMemberStore:
    """The `MemberStore` of bot.domain.servers.guild_ports, on SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- blocks ------------------------------------------------------------------------------------------

    async def block_of(self, guild_id: int, user_id: int, now: int) -> Block | None:
        """See the port."""
        asked = {"guild_": guild_id, "user_": user_id, "now_": now}

        def look(connection: Connection) -> Block | None:
            if _BLOCKED.value(connection, asked) is None:  # as nearly always
                return None
            row = connection.execute(_BLOCK, asked).one_or_none()
            return None if row is None else _read_block(row)

        return await self._database.read(look)

    async def blocks(self, guild_id: int, now: int) -> Sequence[Block]:
        """See the port."""
        query = select(blocks).where(b.guild_id == guild_id, _holds(now)).order_by(b.at.desc(), b.user_id)
        return await self._database.read(lambda cn: [_read_block(row) for row in cn.execute(query)])

    async def block(self, guild_id: int, block: Block) -> Block | None:
        """See the port."""

        def work(connection: Connection) -> Block | None:
            replaced = _replace_block(connection, guild_id, block)
            record(
                connection,
                guild_id,
                actor=block.by,
                at=block.at,
                action="block",
                subject=block.user_id,
                before=_as_json(replaced),
                after=_as_json(block),
            )
            return replaced

        return await self._database.write(work)

    async def unblock(self, guild_id: int, user_id: int, *, actor: Actor, at: int) -> Block | None:
        """See the port."""

        def work(connection: Connection) -> Block | None:
            lock(connection, f"marks/{guild_id}/{user_id}")
            lifted = _take_block(connection, guild_id, user_id)
            if lifted is None or (lifted.until is not None and lifted.until <= at):
                return None
            record(
                connection,
                guild_id,
                actor=actor,
                at=at,
                action="unblock",
                subject=user_id,
                before=_as_json(lifted),
            )
            return lifted

        return await self._database.write(work)

    # -- strikes -----------------------------------------------------------------------------------------

    async def strike(
        self,
        guild_id: int,
        user_id: int,
        *,
        interaction_id: int,
        why: str,
        at: int,
        policy: StrikePolicy,
        by: Actor,
    ) -> Struck:
        """See the port."""

        def work(connection: Connection) -> Struck:
            lock(connection, f"marks/{guild_id}/{user_id}")
            known = select(s.id).where(s.interaction_id == interaction_id)
            lately = select(func.count()).where(s.guild_id == guild_id, s.at > at - HOUR_MS)
            known_already = connection.execute(known).one_or_none() is not None
            fresh = not known_already and connection.execute(lately).scalar_one() < STRIKES_AN_HOUR
            if not fresh and not known_already:
                return Struck(0, None, fresh)
            if fresh:
                connection.execute(
                    insert(strikes).values(
                        guild_id=guild_id,
                        user_id=user_id,
                        interaction_id=interaction_id,
                        why=plain(why),
                        at=at,
                        spent=False,
                    )
                )
                _forget_oldest(connection, guild_id, user_id)
            mine = (s.guild_id == guild_id, s.user_id == user_id, s.spent.is_(False))
            count = _counting(connection, guild_id, user_id, at - policy.days * DAY)
            if not fresh or count < policy.limit:
                return Struck(count, None, fresh)
            connection.execute(update(strikes).where(*mine).values(spent=True))
            until = at + policy.block_hours * HOUR_MS
            _block_for_strikes(connection, guild_id, Block(user_id, until, plain(why), by, at))
            return Struck(count, until, fresh)

        return await self._database.write(work)

    async def strikes(self, guild_id: int, user_id: int, *, since: int = 0, limit: int) -> Sequence[Strike]:
        """See the port."""
        query = (
            select(strikes)
            .where(s.guild_id == guild_id, s.user_id == user_id)
            .order_by(s.at.desc(), s.id.desc())
            .limit(limit)
        )
        return await self._database.read(
            lambda cn: [
                Strike(row.user_id, row.at, row.why, row.spent or row.at <= since)
                for row in cn.execute(query)
            ]
        )

    async def counting(self, guild_id: int, user_id: int, *, since: int) -> int:
        """See the port."""
        return await self._database.read(lambda cn: _counting(cn, guild_id, user_id, since))

    async def forgive(self, guild_id: int, user_id: int, *, since: int = 0, actor: Actor, at: int) -> int:
        """See the port."""

        def work(connection: Connection) -> int:
            lock(connection, f"marks/{guild_id}/{user_id}")
            mine = (s.guild_id == guild_id, s.user_id == user_id, s.spent.is_(False))
            n = _counting(connection, guild_id, user_id, since)
            if n:  # the older ones, too: they would count again if moderators gave strikes more days
                connection.execute(update(strikes).where(*mine).values(spent=True))
                record(
                    connection,
                    guild_id,
                    actor=actor,
                    at=at,
                    action="forgive",
                    subject=user_id,
                    before={"strikes": n},
                    after={"strikes": 0},
                )
            return n

        return await self._database.write(work)

    # -- grants ------------------------------------------------------------------------------------------

    async def grant(
        self,
        guild_id: int,
        user_id: int,
        pool: Pool,
        *,
        units: int,
        reason: str,
        expires_at: int | None,
        actor: Actor,
        at: int,
    ) -> Grant:
        """See the port."""
        values = {
            "guild_id": guild_id,
            "user_id": user_id,
            "pool": pool.value,
            "units": units,
            "reason": plain(reason),
            "by_id": actor.user_id,
            "by_name": plain(actor.name),
            "at": at,
            "expires_at": expires_at,
        }
        told = {name: values[name] for name in ("pool", "units", "reason", "expires_at")}

        def work(connection: Connection) -> int:
            number: int = connection.execute(insert(grants).values(values).returning(g.id)).scalar_one()
            record(connection, guild_id, actor=actor, at=at, action="grant", subject=user_id, after=told)
            return number

        number = await self._database.write(work)
        return Grant(number, user_id, pool, units, units, reason, actor, at, expires_at)

    async def grants(self, guild_id: int, user_id: int, now: int) -> Sequence[Grant]:
        """See the port."""
        query = (
            select(grants, LEFT)
            .where(g.guild_id == guild_id, g.user_id == user_id, UNEXPIRED)
            .where(g.pool.in_([pool.value for pool in Pool]))  # not those of a newer version's pools
            .order_by(g.pool, g.expires_at.is_(None), g.expires_at, g.id)
        )
        found = await self._database.read(lambda cn: cn.execute(query, {"now_": now}).all())
        return [_read_grant(row) for row in found if row.left > 0]

    async def grants_left(self, guild_id: int, user_id: int, pool: Pool, now: int) -> GrantsLeft:
        """See the port."""
        asked = {"guild_": guild_id, "user_": user_id, "pool_": pool.value, "now_": now}
        return _left_of(await self._database.read(lambda cn: list(cn.execute(_GIVEN, asked))))

    async def take_back(
        self, guild_id: int, user_id: int, pool: Pool, asked: GrantsLeft, *, actor: Actor, at: int
    ) -> int | None:
        """See the port. Whoever draws on grants holds the same lock."""
        whose = {"guild_": guild_id, "user_": user_id, "pool_": pool.value, "now_": at}

        def work(connection: Connection) -> int | None:
            lock(connection, f"member/{guild_id}/{user_id}/{pool}")
            given = connection.execute(_GIVEN, whose).all()
            left = _left_of(given)
            if left.units == 0:
                return 0
            if left.units > asked.units or left.newest > asked.newest:
                return None
            # What was drawn stays paid. A grant that is over gets no refund to be used, those with nothing left included.
            ended = [{"grant_": row.id, "paid_": row.units - row.left} for row in given]
            one = update(grants).where(g.id == bindparam("grant_"))
            connection.execute(one.values(units=bindparam("paid_"), expires_at=TAKEN_BACK), ended)
            told = {"pool": pool.value, "units": left.units}
            record(connection, guild_id, actor=actor, at=at, action="take_back", subject=user_id, after=told)
            return left.units

        return await self._database.write(work)


def _holds(now: int) -> ColumnElement[bool]:
    return or_(b.until.is_(None), b.until > now)


def _take_block(connection: Connection, guild_id: int, user_id: int) -> Block | None:
    taken = delete(blocks).where(b.guild_id == guild_id, b.user_id == user_id).returning(blocks)
    row = connection.execute(taken).one_or_none()
    return None if row is None else _read_block(row)


def _replace_block(connection: Connection, guild_id: int, block: Block) -> Block | None:
    lock(connection, f"marks/{guild_id}/{block.user_id}")
    replaced = _take_block(connection, guild_id, block.user_id)
    connection.execute(
        insert(blocks).values(
            guild_id=guild_id,
            user_id=block.user_id,
            until=block.until,
            reason=plain(block.reason),
            by_id=block.by.user_id,
            by_name=plain(block.by.name),
            at=block.at,
        )
    )
    return replaced


def _counting(connection: Connection, guild_id: int, user_id: int, since: int) -> int:
    mine = (s.guild_id == guild_id, s.user_id == user_id, s.spent.is_(False), s.at > since)
    return connection.execute(select(func.count()).where(*mine)).scalar_one()


def _forget_oldest(connection: Connection, guild_id: int, user_id: int) -> None:
    """Keep a member's latest strikes: more than can count at once."""
    mine = (s.guild_id == guild_id, s.user_id == user_id)
    kept = select(s.at).where(*mine).order_by(s.at.desc()).offset(STRIKES_KEPT - 1).limit(1)
    connection.execute(delete(strikes).where(*mine, s.at < kept.scalar_subquery()))


def _block_for_strikes(connection: Connection, guild_id: int, block: Block) -> None:
    """Block for strikes, and never for less than somebody had blocked the member already."""
    query = select(blocks).where(b.guild_id == guild_id, b.user_id == block.user_id)
    row = connection.execute(query).one_or_none()
    known = None if row is None else _read_block(row)
    if known is not None and (known.until is None or known.until >= (block.until or 0)):
        return
    _replace_block(connection, guild_id, block)
    record(
        connection,
        guild_id,
        actor=block.by,
        at=block.at,
        action="block",
        subject=block.user_id,
        before=_as_json(known),
        after=_as_json(block),
    )


def _read_block(row: Row[Any]) -> Block:
    return Block(row.user_id, row.until, row.reason, Actor(row.by_id, row.by_name), row.at)


def _read_grant(row: Row[Any]) -> Grant:
    return Grant(
        id=row.id,
        user_id=row.user_id,
        pool=Pool(row.pool),
        units=row.units,
        left=row.left,
        reason=row.reason,
        by=Actor(row.by_id, row.by_name),
        at=row.at,
        expires_at=row.expires_at,
    )


def _left_of(given: Sequence[Any]) -> GrantsLeft:
    return GrantsLeft(sum(row.left for row in given), max((row.id for row in given), default=0))


def _as_json(block: Block | None) -> dict[str, Any]:
    return {} if block is None else {"until": block.until, "reason": block.reason}
