"""The order of the queue as plain Python over rows: what the database's turns, counts and claims are held to.
Never here: SQL, and anything the program uses."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from bot.domain.accounts import is_own
from bot.domain.jobs import UPSTREAM, JobState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bot.domain.keys import JobKey

Lane = tuple[str, str]


class Row(NamedTuple):
    """What of a stored job decides on its place."""

    key: JobKey
    account: str
    pool: str
    user_id: int
    guild_id: int | None
    created_at: int
    due_at: int
    running_limit: int | None
    state: JobState

    @property
    def lane(self) -> Lane:
        return self.account, self.pool


class Place(NamedTuple):
    """A place in a line; the smallest goes first."""

    share: int
    """How many jobs its user would have upstream if it went next."""
    created_at: int
    key: JobKey


def lines(rows: Sequence[Row]) -> Mapping[Lane, list[Place]]:
    """Put each lane in order."""
    of_user = Counter((*row.lane, row.user_id) for row in rows if row.state in UPSTREAM)
    found: dict[Lane, list[Place]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row.created_at, row.key)):
        if row.state is JobState.QUEUED:
            of_user[*row.lane, row.user_id] += 1
            found[row.lane].append(Place(of_user[*row.lane, row.user_id], row.created_at, row.key))
    for line in found.values():
        line.sort()
    return found


def next_in_line(
    rows: Sequence[Row], now: int, *, max_running: int, ceilings: Mapping[int | None, int], usual: int | None
) -> Mapping[Lane, list[JobKey]]:
    """Who of each lane takes its free places: all stand in one line, and who may not go now is passed over."""
    by_key = {row.key: row for row in rows}
    chosen: dict[Lane, list[JobKey]] = {}
    for lane, line in lines(rows).items():
        upstream = [row for row in rows if row.lane == lane and row.state in UPSTREAM]
        of_server, of_member = _counts(upstream)
        taken = chosen[lane] = []
        for place in line:
            row = by_key[place.key]
            member = (row.user_id, row.guild_id)
            ceiling = None if is_own(lane[0]) else ceilings.get(row.guild_id, usual)
            if (
                len(upstream) + len(taken) < max_running
                and row.due_at <= now
                and (row.running_limit is None or of_member[member] < row.running_limit)
                and (ceiling is None or of_server[row.guild_id] < ceiling)
            ):
                of_member[member] += 1
                of_server[row.guild_id] += 1
                taken.append(row.key)
    return chosen


def _counts(rows: Iterable[Row]) -> tuple[Counter[int | None], Counter[tuple[int, int | None]]]:
    rows = list(rows)
    return Counter(row.guild_id for row in rows), Counter((row.user_id, row.guild_id) for row in rows)
