"""The order of the line in plain Python, one job after the other: what the rows, the places and the claims are held to.
Never here: SQL, and anything the program uses."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.domain.accounts import is_own

if TYPE_CHECKING:
    from collections.abc import Iterator

Lane = tuple[str, str]


@dataclass
class Job:
    """What of a job decides on its place."""

    key: str
    lane: Lane
    user: int
    guild: int | None
    created_at: int
    due_at: int
    limit: int | None
    turn: int = 0
    state: str = "put off"
    """Or `waits`, `upstream`, `over`."""

    @property
    def party(self) -> int:
        return -self.user if self.guild is None else self.guild


@dataclass
class Party:
    """Whose turn is when."""

    turn: int = 0
    since: int = 0
    own_clock: int = 0


@dataclass
class PlainLine:
    """All lanes, by their rules; `max_running`, and how many of each server may be upstream on the owner's accounts."""

    max_running: int
    ceilings: dict[int | None, int]
    usual: int | None
    jobs: dict[str, Job] = field(default_factory=dict)
    clocks: Counter[Lane] = field(default_factory=Counter)
    parties: dict[tuple[Lane, int], Party] = field(default_factory=dict)

    def come(self, job: Job, now: int) -> None:
        """A job is accepted: after its member's others, but not before the turn that is served now."""
        mine = [
            one.turn + 1
            for one in self.jobs.values()
            if (one.lane, one.party, one.user) == (job.lane, job.party, job.user) and one.state != "over"
        ]
        party = self.parties.get((job.lane, job.party))
        job.turn = max([*mine, party.own_clock if party else 0])
        self.jobs[job.key] = job
        if job.due_at <= now:
            self._stand([job], now)

    def time(self, now: int) -> None:
        """Those whose time has come stand in line again."""
        back = [job for job in self.jobs.values() if job.state == "put off" and job.due_at <= now]
        for lane, party in {(job.lane, job.party) for job in back}:
            self._stand([job for job in back if (job.lane, job.party) == (lane, party)], now)

    def _stand(self, some: list[Job], now: int) -> None:
        lane, number = some[0].lane, some[0].party
        party = self.parties.setdefault((lane, number), Party(self.clocks[lane], now))
        if not any(job.lane == lane and job.party == number for job in self._waiting()):
            party.turn, party.since = max(party.turn, self.clocks[lane]), now
        for job in some:
            job.state = "waits"

    def _waiting(self) -> Iterator[Job]:
        return (job for job in self.jobs.values() if job.state == "waits")

    def line(self, lane: Lane) -> list[str]:
        """Everybody of a lane, in order."""
        places = []
        for number in {job.party for job in self._waiting() if job.lane == lane}:
            party = self.parties[lane, number]
            mine = [job for job in self._waiting() if (job.lane, job.party) == (lane, number)]
            mine.sort(key=lambda job: (job.turn, job.created_at, job.key))
            for n, job in enumerate(mine):
                turn = max(party.turn, self.clocks[lane]) + n if n else party.turn
                places.append((turn, party.since, number, n, job.key))
        return [place[-1] for place in sorted(places)]

    def claimable(self, lane: Lane) -> list[str]:
        """Who takes the free places of a lane: whoever is next and may."""
        trial = PlainLine(self.max_running, self.ceilings, self.usual)
        trial.jobs = {key: Job(**vars(job)) for key, job in self.jobs.items()}
        trial.parties = {key: Party(**vars(party)) for key, party in self.parties.items()}
        trial.clocks = Counter(self.clocks)
        taken: list[str] = []
        while (key := trial._next(lane)) is not None:
            trial.serve(key)
            taken.append(key)
        return taken

    def _next(self, lane: Lane) -> str | None:
        upstream = [job for job in self.jobs.values() if job.lane == lane and job.state == "upstream"]
        if len(upstream) >= self.max_running:
            return None
        of_server = Counter(job.guild for job in upstream)
        of_member = Counter((job.user, job.guild) for job in upstream)

        def may(job: Job) -> bool:
            ceiling = None if is_own(lane[0]) else self.ceilings.get(job.guild, self.usual)
            return (ceiling is None or of_server[job.guild] < ceiling) and (
                job.limit is None or of_member[job.user, job.guild] < job.limit
            )

        # A member who may have no more is passed over, and their party goes on to another's job in the same turn.
        free = []
        for number in {job.party for job in self._waiting() if job.lane == lane}:
            party = self.parties[lane, number]
            mine = [job for job in self._waiting() if (job.lane, job.party) == (lane, number)]
            passed: set[int] = set()
            for job in sorted(mine, key=lambda one: (one.turn, one.created_at, one.key)):
                if job.user not in passed and may(job):
                    free.append((party.turn, party.since, number, job.key))
                    break
                passed.add(job.user)
        return min(free)[-1] if free else None

    def serve(self, key: str) -> None:
        """It is sent: its party's turn is over, and nobody has saved up earlier ones."""
        job = self.jobs[key]
        party, clock = self.parties[job.lane, job.party], self.clocks[job.lane]
        job.state = "upstream"
        party.turn, self.clocks[job.lane] = max(party.turn, clock) + 1, max(party.turn, clock)
        party.own_clock = max(party.own_clock, job.turn)
