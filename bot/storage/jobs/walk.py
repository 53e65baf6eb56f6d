"""A walk along the line: who stands first, who takes which free place, and whose turn is next then.
Never here: how a job comes into the line (that is `line`), and transactions."""

from __future__ import annotations

import heapq
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import bindparam, func, select, text

from bot.domain.accounts import is_own
from bot.domain.ports import MOST_AHEAD
from bot.storage import tenants
from bot.storage.database import POSTGRES, SQLITE
from bot.storage.jobs.line import statement
from bot.storage.prepared import Prepared
from bot.storage.tables import IN_LINE, IS_PUT_OFF, IS_UPSTREAM, jobs, queue_lanes

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.engine import Connection

    from bot.domain.keys import JobKey
    from bot.domain.tenancy import Ceiling
    from bot.storage.jobs.line import Lane

LANES: Final = 64
"""So many lanes are looked at in one claim at most, ..."""
BEHIND_MS: Final = 30_000
"""So long a claim may have waited for its transaction since it read the clock."""
SPARE: Final = 8
"""... and so many more than there are jobs to be taken: some were called for nothing."""
c = jobs.c

# -- along the line --------------------------------------------------------------------------------------

_FIELDS: Final = "j.key, j.user_id, j.guild_id, j.turn, j.created_at, j.running_limit, j.due_at"
_FIRST: Final = (
    f"SELECT * FROM jobs WHERE {IN_LINE} AND account = h.account AND pool = h.pool AND party = h.party "
    "ORDER BY turn, created_at, key LIMIT :first"
)
_JOINED: Final = {
    # SQLite has no LATERAL; PostgreSQL would run a subquery of IN for every job.
    SQLITE: f"LEFT JOIN jobs AS j ON j.key IN ({_FIRST.replace('*', 'key')})",
    POSTGRES: f"LEFT JOIN LATERAL ({_FIRST}) AS j ON TRUE",
}
_PARTIES: Final = {
    dialect: Prepared(
        statement(
            f"""
        SELECT h.party, h.turn AS at, h.since, {_FIELDS} FROM (
            SELECT account, pool, party, turn, since FROM queue_parties
            WHERE account = :account AND pool = :pool AND waits
                AND (turn, since, party) > (:after_turn, :after_at, :party)
            ORDER BY turn, since, party LIMIT :limit
        ) AS h {joined}
        ORDER BY h.turn, h.since, h.party, j.turn, j.created_at, j.key
        """
        )
    )
    for dialect, joined in _JOINED.items()
}
_MORE: Final = Prepared(
    statement(
        f"""
    SELECT {_FIELDS} FROM jobs AS j
    WHERE {IN_LINE} AND account = :account AND pool = :pool AND party = :party
        AND (turn, created_at, key) > (:after_turn, :after_at, :after)
    ORDER BY turn, created_at, key LIMIT :limit
    """
    )
)


class Waiting(NamedTuple):
    """A job in line, as far as its place is concerned."""

    key: JobKey
    user_id: int
    guild_id: int | None
    turn: int
    created_at: int
    running_limit: int | None
    """How many jobs its member may have upstream in this server."""
    due_at: int
    """In the future if it came since the claim read the clock, or if the clock was set back."""


@dataclass(slots=True)
class Party:
    """A party in line, and what was read of its jobs and not yet looked at."""

    party: int
    turn: int
    since: int
    known: deque[Waiting] = field(default_factory=deque)
    last: Waiting | None = None
    """The job that was read last; None: it has nothing waiting."""
    ended: bool = True
    served: int | None = None
    """The own turn of the job that was served last."""
    passed: set[int] = field(default_factory=set)
    """Its members who may have no more."""

    @property
    def place(self) -> tuple[int, int, int]:
        """Its place among the others."""
        return self.turn, self.since, self.party


class Line:
    """A walk along a lane's line, which reads little more than it is asked for: `at_once` parties, and jobs of a party."""

    def __init__(
        self, connection: Connection, lane: Lane, clock: int, *, at_once: int, first: int = 1
    ) -> None:
        self.clock = clock
        self.parties: dict[int, Party] = {}
        self._connection = connection
        self._here = {"account": lane[0], "pool": lane[1]}
        self._at_once = at_once
        self._first = first
        self._next: list[tuple[int, int, int]] = []
        self._read_to: tuple[int, int, int] | None = (-1, -1, 0)

    def step(self) -> tuple[Party, Waiting] | None:
        """The next job and its party, which stays in front until it is served or leaves; None at the end."""
        while True:
            while self._read_to is not None and (not self._next or self._next[0] > self._read_to):
                self._read_parties(self._read_to)
            if not self._next:
                return None
            party = self.parties[self._next[0][2]]
            if (job := self._first_of(party)) is not None:
                return party, job
            self.leave()

    def serve(self, party: Party) -> None:
        """The job in front takes its party's turn; the party goes on to its next one."""
        heapq.heappop(self._next)
        turn, job = party.turn, party.known.popleft()
        party.turn = max(turn, self.clock) + 1
        self.clock = max(turn, self.clock)
        party.served = max(job.turn, party.served or 0)
        heapq.heappush(self._next, party.place)

    def skip(self, party: Party) -> None:
        """Not the job in front: its party's next one."""
        party.known.popleft()

    def leave(self) -> None:
        """Nothing more of the party in front."""
        heapq.heappop(self._next)

    def _read_parties(self, after: tuple[int, int, int]) -> None:
        turn, since, party = after
        asked: dict[str, Any] = {**self._here, "after_turn": turn, "after_at": since, "party": party}
        asked |= {"limit": self._at_once, "first": self._first}
        last, count = after, 0
        for number, at, began, *job in _PARTIES[self._connection.dialect.name].rows(self._connection, asked):
            one = self.parties.get(number)
            if one is None:
                one = self.parties[number] = Party(number, at, began)
                heapq.heappush(self._next, one.place)
                last, count = one.place, count + 1
            if job[0] is not None:
                one.last = Waiting(*job)
                one.known.append(one.last)
                one.ended = len(one.known) < self._first
        self._read_to = last if count == self._at_once else None

    def _first_of(self, party: Party) -> Waiting | None:
        while True:
            while party.known and party.known[0].user_id in party.passed:
                party.known.popleft()
            if party.known:
                return party.known[0]
            if party.ended or party.last is None:
                return None
            last = party.last
            asked: dict[str, Any] = {**self._here, "party": party.party, "limit": self._at_once}
            asked |= {"after_turn": last.turn, "after_at": last.created_at, "after": last.key}
            party.known.extend(Waiting(*row) for row in _MORE.rows(self._connection, asked))
            party.ended = len(party.known) < self._at_once
            if party.known:
                party.last = party.known[-1]


_CLOCK: Final = Prepared(
    select(queue_lanes.c.clock).where(
        queue_lanes.c.account == bindparam("account"), queue_lanes.c.pool == bindparam("pool")
    )
)


STANDS: Final = Prepared(select(c.key).where(c.key == bindparam("key_"), text(IN_LINE)))


def front(connection: Connection, lane: Lane) -> list[JobKey]:
    """Those who stand first in line, in order: MOST_AHEAD, and one more if there is one."""
    clock = _CLOCK.value(connection, {"account": lane[0], "pool": lane[1]}) or 0
    line = Line(connection, lane, clock, at_once=MOST_AHEAD + 1, first=2)
    found: list[JobKey] = []
    while len(found) <= MOST_AHEAD and (step := line.step()) is not None:
        found.append(step[1].key)
        line.serve(step[0])
    return found


# -- claiming --------------------------------------------------------------------------------------------

HAS_ROOM: Final = Prepared(
    statement(
        f"""
    SELECT 1 WHERE EXISTS (SELECT 1 FROM queue_lanes WHERE called_at IS NOT NULL)
        OR EXISTS (SELECT 1 FROM jobs WHERE {IS_PUT_OFF} AND due_at <= :now)
    """
    )
)
_CALLED: Final = Prepared(
    select(queue_lanes.c.account, queue_lanes.c.pool, queue_lanes.c.clock)
    .where(text("called_at IS NOT NULL"))
    .order_by(queue_lanes.c.called_at)
    .limit(bindparam("limit"))
    .with_for_update()
)
_RUNNING: Final = Prepared(
    select(c.user_id, c.guild_id, func.count())
    .where(text(IS_UPSTREAM), c.account == bindparam("account"), c.pool == bindparam("pool"))
    .group_by(c.user_id, c.guild_id)
)
_MARK_LANE: Final = Prepared(
    statement(
        "UPDATE queue_lanes SET clock = :clock, is_full = :full, called_at = CASE WHEN :more THEN called_at END "
        "WHERE account = :account AND pool = :pool"
    )
)
_MARK_PARTY: Final = Prepared(
    statement(
        f"""
    UPDATE queue_parties SET turn = :turn,
        own_clock = CASE WHEN own_clock > :own_clock THEN own_clock ELSE :own_clock END,
        waits = EXISTS (
            SELECT 1 FROM jobs AS j WHERE j.{IN_LINE} AND j.account = :account AND j.pool = :pool AND j.party = :party
        )
    WHERE account = :account AND pool = :pool AND party = :party
    """
    )
)


class Choice(NamedTuple):
    """Who takes the free places of a lane."""

    lane: Lane
    keys: list[JobKey]
    line: Line
    more: bool
    """Whether places are left for a next claim."""
    full: bool
    """Whether no place is left in the lane, if all of them are taken."""


def choose(connection: Connection, now: int, *, max_running: int, limit: int, usual: Ceiling) -> list[Choice]:
    """Choose who takes the free places of those lanes in which something happened. Must hold the lock of submissions.

    On the owner's accounts no server takes more places of a lane than its ceiling (`usual`, where it has none) allows.
    """
    chosen: list[Choice] = []
    for account, pool, clock in _CALLED.rows(connection, {"limit": min(limit + SPARE, LANES)}):
        if limit <= 0:
            break
        chosen.append(_of_lane(connection, (account, pool), clock, now, max_running, limit, usual))
        limit -= len(chosen[-1].keys)
    return chosen


def _of_lane(
    connection: Connection, lane: Lane, clock: int, now: int, max_running: int, limit: int, usual: Ceiling
) -> Choice:
    of_member: Counter[tuple[int, int | None]] = Counter()
    of_server: Counter[int | None] = Counter()
    for user, guild, n in _RUNNING.rows(connection, {"account": lane[0], "pool": lane[1]}):
        of_member[user, guild] = n
        of_server[guild] += n
    room = max_running - of_server.total()
    line = Line(connection, lane, clock, at_once=max(1, min(room, limit, MOST_AHEAD)) + 1)
    ceilings: dict[int | None, int | None] = {}
    keys: list[JobKey] = []
    came_meanwhile = False
    while len(keys) < min(room, limit) and (step := line.step()) is not None:
        party, job = step
        if not is_own(lane[0]):
            if job.guild_id not in ceilings:
                unknown = {one.known[0].guild_id for one in line.parties.values() if one.known}
                ceilings |= tenants.at_once(connection, usual, unknown - ceilings.keys())
            ceiling = ceilings[job.guild_id]
            if ceiling is not None and of_server[job.guild_id] >= ceiling:
                line.leave()
                continue
        if job.due_at > now:
            came_meanwhile = came_meanwhile or job.due_at <= now + BEHIND_MS
            line.skip(party)
            continue
        member = (job.user_id, job.guild_id)
        if job.running_limit is not None and of_member[member] >= job.running_limit:
            party.passed.add(job.user_id)
            continue
        of_member[member] += 1
        of_server[job.guild_id] += 1
        keys.append(job.key)
        line.serve(party)
    # Whoever came since this claim read the clock called the lane once; that call stays for the next claim.
    more = came_meanwhile or len(keys) == limit < room
    return Choice(lane, keys, line, more=more, full=len(keys) >= room)


def mark(connection: Connection, choices: Collection[Choice], *, complete: bool) -> None:
    """Write down whose turn is next, after the chosen were taken; `complete` says that each of them was."""
    for choice in choices:
        here = {"account": choice.lane[0], "pool": choice.lane[1]}
        marks = {"clock": choice.line.clock, "more": choice.more, "full": choice.full and complete}
        _MARK_LANE.write(connection, here | marks)
        for party in choice.line.parties.values():
            if party.served is not None or party.last is None:
                asked = {"party": party.party, "turn": party.turn, "own_clock": party.served or 0}
                _MARK_PARTY.write(connection, here | asked)
