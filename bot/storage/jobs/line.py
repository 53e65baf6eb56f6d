"""The line: in which order waiting jobs are sent, kept as turns, so that neither a claim nor a place reads the whole queue.
Never here: transactions, and what a worker does with what it claimed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import BigInteger, Boolean, Text, bindparam, select, text, update

from bot.storage.database import POSTGRES, SQLITE, lock
from bot.storage.prepared import Prepared
from bot.storage.tables import IN_LINE, IS_LIVE, IS_PUT_OFF, IS_QUEUED, IS_UPSTREAM, jobs

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import BindParameter, TextClause
    from sqlalchemy.engine import Connection
    from sqlalchemy.types import TypeEngine

    from bot.domain.jobs import Job

# Parties of a lane take turns (start-time fair queueing). A party's first job stands at the party's turn, its next ones
# at the turns after that; who has the same turn goes by when its party began to wait. A party that begins to wait stands
# at the lane's clock, the turn that was served last, or at its own next turn, whichever is later: nobody saves up turns.
# Within a party members take turns by the same rule (`jobs.turn`, `queue_parties.own_clock`).
# docs/decisions/0013-turns-are-kept-in-rows.md tells why.
#
# PostgreSQL: who comes takes its lane's row, then its party's; a claim takes lanes, then jobs, then parties. A job's end
# takes the job first and its lane last, and a claim wants no job that ends. Who takes several lanes holds the lock of
# submissions. So nobody waits in a circle.

SUBMISSIONS: Final = "submissions"
"""The lock of whoever takes several lanes."""
BROUGHT_BACK: Final = 500
"""So many jobs that were put off come back into line in one claim."""
FORGOTTEN_AFTER_MS: Final = 3_600_000
"""So long it is remembered whose turn is next of those who have nothing waiting."""

Lane = tuple[str, str]
"""Account and pool: what upstream limits as a whole."""
c = jobs.c

_TYPES: Final[dict[str, TypeEngine[Any]]] = {
    **dict.fromkeys(("now", "party", "user", "after_turn", "after_at", "old", "limit"), BigInteger()),
    **dict.fromkeys(("turn", "own_clock", "clock", "max_running", "first"), BigInteger()),
    **dict.fromkeys(("account", "pool", "after", "key"), Text()),
    **dict.fromkeys(("more", "full"), Boolean()),
}


def statement(sql: str) -> TextClause:
    """Bind each name with its type: PostgreSQL would take small numbers for 32-bit ones."""
    found = text(sql)
    names = [name for name in _TYPES if name in found._bindparams]  # noqa: SLF001 - what the text names
    typed: list[BindParameter[Any]] = [bindparam(name, type_=_TYPES[name]) for name in names]
    return found.bindparams(*typed)


def party_of(job: Job) -> int:
    """Whose turn it takes: its server's; in direct messages each person is a party of their own."""
    return -job.user_id if job.home is None else job.home


# -- into the line ---------------------------------------------------------------------------------------

_OWN_TURN: Final = Prepared(
    statement(
        f"""
    SELECT
        (SELECT MAX(turn) + 1 FROM jobs WHERE {IS_LIVE}
            AND account = :account AND pool = :pool AND party = :party AND user_id = :user) AS next,
        (SELECT own_clock FROM queue_parties
            WHERE account = :account AND pool = :pool AND party = :party) AS clock
    """
    )
)
_STANDS: Final = (
    f"(queue_parties.waits AND EXISTS (SELECT 1 FROM jobs AS j WHERE j.{IN_LINE} AND j.account = :account "
    "AND j.pool = :pool AND j.party = :party AND j.key <> :key))"
)
"""Whether others of the party stand in line: then it keeps its place."""
_CALLED: Final = "COALESCE(queue_lanes.called_at, excluded.called_at)"


def _calling(called_at: str) -> Prepared:
    return Prepared(
        statement(
            f"""
        INSERT INTO queue_lanes (account, pool, clock, called_at) VALUES (:account, :pool, 0, :now)
        ON CONFLICT (account, pool) DO UPDATE SET called_at = {called_at}
        """
        )
    )


_CALL: Final = _calling(_CALLED)
_CALL_IF_FREE: Final = _calling(
    f"CASE WHEN queue_lanes.is_full THEN queue_lanes.called_at ELSE {_CALLED} END"
)
_WAIT: Final = Prepared(
    statement(
        f"""
    INSERT INTO queue_parties (account, pool, party, turn, since, own_clock, waits)
    SELECT account, pool, :party, clock, :now, 0, TRUE FROM queue_lanes WHERE account = :account AND pool = :pool
    ON CONFLICT (account, pool, party) DO UPDATE SET
        turn = CASE WHEN excluded.turn > queue_parties.turn AND NOT {_STANDS}
            THEN excluded.turn ELSE queue_parties.turn END,
        since = CASE WHEN {_STANDS} THEN queue_parties.since ELSE excluded.since END,
        waits = TRUE
    """
    )
)
_WAITS: Final = (
    "EXISTS (SELECT 1 FROM queue_parties AS p WHERE p.account = :account AND p.pool = :pool AND p.waits)"
)
_LANE: Final = "account = :account AND pool = :pool"
_CALL_AT_AN_END: Final = {
    # Nothing is written where nobody waits and a place was free anyway, ...
    SQLITE: Prepared(
        statement(
            f"""
        UPDATE queue_lanes SET is_full = FALSE, called_at = CASE WHEN {_WAITS} THEN :now END
        WHERE {_LANE} AND called_at IS NULL AND (is_full OR {_WAITS})
        """
        )
    ),
    # ... but where others write beside us, only whoever holds the lane sees the same as the claim after it.
    POSTGRES: Prepared(
        statement(
            f"UPDATE queue_lanes SET is_full = FALSE, called_at = COALESCE(called_at, :now) WHERE {_LANE}"
        )
    ),
}


def standing(connection: Connection, job: Job) -> dict[str, Any]:
    """What a job's row says of its place, when it is accepted. Must hold the member's lock."""
    party = party_of(job)
    turn = _own_turn(connection, job.account, job.pool.value, party, job.user_id)
    return {"party": party, "turn": turn, "put_off": job.due_at > job.created_at}


def _own_turn(connection: Connection, account: str, pool: str, party: int, user: int) -> int:
    """The turn of a member's next job within its party."""
    asked = {"account": account, "pool": pool, "party": party, "user": user}
    ((next_, clock),) = _OWN_TURN.rows(connection, asked)
    return max(next_ or 0, clock or 0)


def join(connection: Connection, job: Job) -> None:
    """Have its party wait, and its lane looked at if a place may be free there.

    The last step of accepting: its lane is held until the commit.
    """
    if job.due_at <= job.created_at:
        here = {"account": job.account, "pool": job.pool.value, "now": job.created_at}
        _CALL_IF_FREE.write(connection, here)
        _WAIT.write(connection, here | {"party": party_of(job), "key": job.key})


def left_a_place(connection: Connection, job: Job, now: int) -> None:
    """A job is upstream no more: if others wait in its lane, have it looked at. The last step of its transaction."""
    here = {"account": job.account, "pool": job.pool.value, "now": now}
    _CALL_AT_AN_END[connection.dialect.name].write(connection, here)


# Also the rows that an older version of the program wrote: to those it is new who their party is.
_LAPSED: Final = Prepared(
    select(c.key, c.account, c.pool, c.party, c.guild_id, c.user_id, c.turn)
    .where(text(IS_PUT_OFF), c.due_at <= bindparam("now_"))
    .order_by(c.due_at, c.created_at, c.key)
    .limit(BROUGHT_BACK)
    .with_for_update(skip_locked=True)
)
_BACK_IN_LINE: Final = update(jobs).where(c.key == bindparam("key_"), text(IS_QUEUED))


class _Lapsed(NamedTuple):
    key: str
    account: str
    pool: str
    party: int | None
    guild_id: int | None
    user_id: int
    turn: int | None


def requeue(connection: Connection, now: int) -> None:
    """Put those into line whose time has come. Must hold the lock of submissions."""
    found = [_Lapsed(*row) for row in _LAPSED.rows(connection, {"now_": now})]
    parties = {
        row.key: row.party or (-row.user_id if row.guild_id is None else row.guild_id) for row in found
    }
    call(connection, {(row.account, row.pool) for row in found}, now)
    for account, pool, party in sorted({(row.account, row.pool, parties[row.key]) for row in found}):
        here = {"account": account, "pool": pool, "party": party}
        _WAIT.write(connection, here | {"now": now, "key": ""})
    for row in found:
        turn, party = row.turn, parties[row.key]
        if turn is None:
            turn = _own_turn(connection, row.account, row.pool, party, row.user_id)
        connection.execute(_BACK_IN_LINE, {"key_": row.key, "party": party, "turn": turn, "put_off": False})


# -- now and then ----------------------------------------------------------------------------------------

UNCALLED: Final = statement(
    f"""
    SELECT account, pool FROM queue_lanes AS l
    WHERE called_at IS NULL
        AND (is_full OR EXISTS (SELECT 1 FROM queue_parties AS p WHERE p.account = l.account AND p.pool = l.pool AND p.waits))
        AND (SELECT COUNT(*) FROM jobs AS k WHERE k.{IS_UPSTREAM} AND k.account = l.account AND k.pool = l.pool)
            < :max_running
    """
)
"""Lanes with a free place that nothing called: an older version ended a job, a ceiling was lifted, there are more places now."""
_IDLE: Final = statement(
    f"""
    DELETE FROM queue_parties WHERE NOT waits AND since < :old AND NOT EXISTS (
        SELECT 1 FROM jobs AS k WHERE k.{IS_UPSTREAM} AND k.account = queue_parties.account
            AND k.pool = queue_parties.pool AND k.party = queue_parties.party
    )
    """
)
_WAITS_IN: Final = statement("SELECT account, pool FROM queue_parties WHERE party = :party AND waits")
_EMPTY: Final = statement(
    """
    DELETE FROM queue_lanes WHERE called_at IS NULL AND NOT EXISTS (
        SELECT 1 FROM queue_parties AS p WHERE p.account = queue_lanes.account AND p.pool = queue_lanes.pool
    )
    """
)


def call(connection: Connection, lanes: Collection[Lane], now: int) -> None:
    """Have these lanes looked at. Must hold the lock of submissions."""
    for account, pool in sorted(lanes):
        _CALL.write(connection, {"account": account, "pool": pool, "now": now})


def call_beside(connection: Connection, lanes: Collection[Lane], now: int) -> None:
    """The same beside claims, which take lanes in another order. Before any lane is taken in this transaction."""
    lock(connection, SUBMISSIONS)
    call(connection, lanes, now)


def call_for(connection: Connection, party: int) -> None:
    """Have the lanes looked at first in which a party waits. As `call_beside`."""
    call_beside(
        connection, [(row.account, row.pool) for row in connection.execute(_WAITS_IN, {"party": party})], 0
    )


def forget_parties(connection: Connection, now: int) -> None:
    """Forget whose turn is next of those who have had nothing waiting for long."""
    connection.execute(_IDLE, {"old": now - FORGOTTEN_AFTER_MS})


def forget_lanes(connection: Connection) -> None:
    """Forget lanes in which nobody is. Apart from parties: whoever comes takes the lane first, and then its party."""
    lock(connection, SUBMISSIONS)  # it takes lanes in any order
    connection.execute(_EMPTY)
