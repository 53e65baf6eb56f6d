"""The books balance after any history: what is reserved and not given back is what stands for a picture.
Never here: single refusals (those are about accepting) and single grants (test_books.py)."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from typing_extensions import override

from bot.domain.days import day_of, month_of
from bot.domain.failures import Failure, FailureKind
from bot.domain.jobs import JobState, Route
from bot.domain.keys import JobKey
from bot.domain.pools import Allowance, Pool, ServerLimits
from bot.domain.servers.guilds import Actor
from bot.domain.tasks import RemoteTaskId
from bot.errors import LeaseLost, StorageTrouble, UserError
from bot.storage.server_tables import TAKEN_BACK, draws, grants
from bot.storage.tables import jobs, ledger
from tests.claims import claim_submissions, claim_work
from tests.storage.ledger_report import Tally
from tests.storage.making import LEASE, NOON, job, success

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection

    from bot.storage import SqlJobStore, Storage
    from bot.storage.database import Database

STEPS = (
    *("begin",) * 5,
    *("again", "submit", "submit", "claim", "fail", "fail", "time_out", "succeed", "succeed", "deliver"),
    *("cancel", "cancel", "abandon", "grant", "grant", "take_back", "night", "night", "crash"),
)
DAILY = 3
MONTHLY = 4
SERVER = 11
ZONE = "Asia/Kathmandu"
LAST_DAYS = 1_748_649_600_000 - 2 * 86_400_000
"""29 May 2025: a history of more than a few nights goes into another month."""
MEMBERS = (71, 72)
ADA = Actor(1, "Ada")


class Died(Exception):
    """The process died before it could commit."""


class Mortal:
    """A database whose next transaction is worked and never committed: what a killed process leaves behind."""

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.dying = False
        self.deaths = 0

    async def write(self, work: Callable[[Connection], Any]) -> Any:
        def run(connection: Connection) -> Any:
            result = work(connection)
            if self.dying:
                self.dying = False
                self.deaths += 1
                raise Died
            return result

        return await self._inner.write(run)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class History:
    """Jobs and grants of one server, taken through whatever hypothesis thinks of."""

    def __init__(self, storage: Storage, guild: int, *, cooldown: int = 0, at: int = NOON) -> None:
        self.storage = storage
        self.cooldown = cooldown
        self.refusals: Counter[str] = Counter()
        self.mortal = Mortal(storage.database)
        self.store: SqlJobStore = type(storage.jobs)(self.mortal)  # type: ignore[arg-type]  # it writes and reads
        self.guild = guild
        self.now = at
        self.keys: list[JobKey] = []
        self.owner = f"w{guild}"
        self.taken: list[tuple[int, int]] = []

    async def take(self, step: str, pick: int, units: int) -> None:
        self.now += 1
        key = self.keys[pick % len(self.keys)] if self.keys else JobKey("nothing")
        if step == "begin":
            try:
                begun = await self.store.insert(
                    job(
                        guild_id=self.guild,
                        user_id=MEMBERS[pick % 2],
                        units=units,
                        created_at=self.now,
                    ),
                    Allowance(DAILY, None, None, per_month=MONTHLY, cooldown=self.cooldown),
                    ServerLimits(0, ZONE, SERVER),
                )
            except UserError as refusal:
                self.refusals[refusal.text.id] += 1
            else:
                self.keys.append(begun.key)
        elif step == "submit":
            await claim_submissions(
                self.store, self.owner, self.now, lease_ms=LEASE, limit=2, max_running=1_000
            )
        elif step == "claim":
            await claim_work(self.store, self.owner, self.now, lease_ms=LEASE, limit=2)
        elif step == "abandon":
            await self.store.abandon(self.owner)
        elif step == "cancel":
            await self.store.cancel(key, self.now)
        elif step == "grant":
            await self.give(pick, units)
        elif step == "take_back":
            await self.take_back(MEMBERS[pick % 2])
        elif step == "night":
            self.now += 3_600_000 * 6
        elif step == "crash":
            self.mortal.dying = True
        else:
            await self.change(step, key)

    async def give(self, pick: int, units: int) -> None:
        """A grant for good, or one that expires within the history."""
        expires_at = None if pick % 3 == 0 else self.now + 3_600_000 * pick
        await self.storage.guilds.members.grant(
            self.guild,
            MEMBERS[pick % 2],
            Pool.NORMAL,
            units=units,
            reason="",
            expires_at=expires_at,
            actor=ADA,
            at=self.now,
        )

    async def take_back(self, member: int) -> None:
        """End a member's grants: what they have left is taken, exactly."""
        members, here = self.storage.guilds.members, (self.guild, member, Pool.NORMAL)
        asked = await members.grants_left(*here, self.now)
        assert await members.take_back(*here, asked, actor=ADA, at=self.now) == asked.units
        assert (await members.grants_left(*here, self.now)).units == 0
        if asked.units:
            self.taken.append((member, self.now))

    async def change(self, step: str, key: JobKey) -> None:
        at = await self.store.get(key)
        if at is None:
            return
        known = {JobState.SUBMITTED, JobState.RUNNING}
        after = None
        if step == "again":
            after = at
        elif step == "fail" and not at.is_terminal:
            after = at.failed(Failure(FailureKind.UNKNOWN), self.now)
        elif step == "time_out" and at.state in known:
            after = at.failed(Failure(FailureKind.TIMED_OUT), self.now)
        elif step == "succeed" and at.state is JobState.SUBMITTING:
            after = at.submitted(RemoteTaskId(at.key), self.now)
        elif step == "succeed" and (at.state in known or at.is_watched(self.now)):
            after = at.observed(success(at.key), self.now)
        elif step == "deliver" and at.is_terminal:
            after = at.delivered(Route.REPLY, self.now)
        if after is not None:
            with suppress(LeaseLost):
                await (self.store.release if step == "deliver" else self.store.save)(after)


_guilds = iter(range(1_000, 10_000_000))


class Books:
    """Everything that the books of one server say, read at once."""

    def __init__(self, connection: Connection, guild: int) -> None:
        def read(query: Any) -> list[Any]:
            return list(connection.execute(query))

        self.entries = read(select(ledger).where(ledger.c.guild_id == guild))
        self.jobs = {row.key: row for row in read(select(jobs).where(jobs.c.guild_id == guild))}
        self.grants = {row.id: row for row in read(select(grants).where(grants.c.guild_id == guild))}
        self.draws = [d for d in read(select(draws)) if d.grant_id in self.grants]
        self.taken: list[tuple[int, int]] = []
        """Whose grants were taken back, and when: their rows do not say."""

    def end_of(self, grant: Any) -> int | None:
        """When it ends, or was taken back."""
        end: int | None = grant.expires_at
        if end != TAKEN_BACK:
            return end
        return min(at for member, at in self.taken if member == grant.user_id and at >= grant.at)

    def booked(self, key: str) -> int:
        """What a job stands for in the ledger."""
        return sum(e.units for e in self.entries if e.job_key == key)

    def drawn(self, key: str) -> int:
        """What of it grants pay."""
        return sum(d.units for d in self.draws if d.job_key == key and d.returned_at is None)

    @override
    def __repr__(self) -> str:
        return f"{self.entries} {self.draws}"


@given(
    history=st.lists(
        st.tuples(st.sampled_from(STEPS), st.integers(0, 9), st.integers(0, 4)), min_size=15, max_size=60
    ),
    cooldown=st.sampled_from([0, 0, 4 * 3_600]),
)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_the_books_balance_after_any_history_of_jobs_grants_nights_and_crashes(
    storage: Storage, history: list[tuple[str, int, int]], cooldown: int
) -> None:
    told = History(storage, next(_guilds), cooldown=cooldown, at=LAST_DAYS)
    tally = _tally(storage)
    ever_refundable: set[str] = set()

    for step, pick, units in history:
        tally.steps[step] += 1
        try:
            await told.take(step, pick, units)
        except Died:
            tally.deaths[step] += 1
        for key in told.keys:
            stored = await storage.jobs.get(key)
            if stored is not None and stored.refund_due:
                ever_refundable.add(key)

    books = await storage.database.read(lambda cn: Books(cn, told.guild))
    books.taken = told.taken
    _judge(books, ever_refundable, cooldown)
    _count(tally, told, books, ever_refundable)
    event(f"grants drawn: {bool(books.draws)}")
    event(f"refunded: {bool(ever_refundable)}")
    event(f"crashed: {any(step == 'crash' for step, *_ in history)}")


_TALLIES: dict[str, Tally] = {}


def _tally(storage: Storage) -> Tally:
    name = "postgresql" if "Postgres" in type(storage.database).__name__ else "sqlite"
    return _TALLIES.setdefault(name, Tally(name))


def _count(tally: Tally, told: History, books: Books, ever_refundable: set[str]) -> None:
    tally.histories += 1
    tally.refusals += told.refusals
    tally.jobs += len(books.jobs)
    tally.refunded += len(ever_refundable)
    tally.drawn += sum(d.units for d in books.draws if d.returned_at is None)
    tally.booked += sum(e.units for e in books.entries)
    tally.owed += sum(row.units for key, row in books.jobs.items() if key not in ever_refundable)
    tally.write()


def _judge(books: Books, ever_refundable: set[str], cooldown: int) -> None:
    # every job stands for its whole price, or, once its units were due back, for nothing, whatever came later
    for key, row in books.jobs.items():
        owed = 0 if key in ever_refundable else row.units
        assert books.booked(key) == owed, key
        assert books.drawn(key) <= owed
    assert {e.job_key for e in books.entries} == set(books.jobs), "an entry for a job that never was, or none"

    # no grant pays more than it is, nor after its time, nor for anybody else
    for number, grant in books.grants.items():
        mine = [d for d in books.draws if d.grant_id == number]
        assert sum(d.units for d in mine if d.returned_at is None) <= grant.units
        assert all(d.units > 0 for d in mine)
        end = books.end_of(grant)
        assert all(end is None or d.spent_at < end for d in mine)
        assert all(books.jobs[d.job_key].user_id == grant.user_id for d in mine)

    # nobody's own units of a day or a month, and no server's of a day, exceed what the rules gave
    own: defaultdict[tuple[int, int], int] = defaultdict(int)
    monthly: defaultdict[tuple[int, int], int] = defaultdict(int)
    server: defaultdict[int, int] = defaultdict(int)
    for key, row in books.jobs.items():
        day, month = day_of(row.created_at, ZONE).start, month_of(row.created_at, ZONE).start
        own[day, row.user_id] += books.booked(key) - books.drawn(key)
        monthly[month, row.user_id] += books.booked(key) - books.drawn(key)
        server[day] += books.booked(key)
    assert all(0 <= units <= DAILY for units in own.values())
    assert all(0 <= units <= MONTHLY for units in monthly.values())
    assert all(0 <= units <= SERVER for units in server.values())

    # between two jobs of a member that stand for pictures there is the rest that the rule asks for
    for member in MEMBERS:
        mine = [row for key, row in books.jobs.items() if key not in ever_refundable]
        times = sorted(row.created_at for row in mine if row.user_id == member)
        assert all(later - earlier >= cooldown * 1_000 for earlier, later in pairwise(times))


async def test_refunds_in_a_race_are_booked_once(storage: Storage) -> None:
    waiting = await storage.jobs.insert(job(units=4), Allowance(None, None, None))

    await asyncio.gather(*(storage.jobs.cancel(waiting.key, NOON) for _ in range(5)))

    query = select(ledger.c.kind, ledger.c.units).order_by(ledger.c.id)
    rows = await storage.database.read(lambda cn: [tuple(row) for row in cn.execute(query)])
    assert rows == [("reserve", 4), ("refund", -4)]


async def test_a_process_that_dies_before_it_commits_leaves_no_trace_in_the_books(storage: Storage) -> None:
    told = History(storage, next(_guilds))
    told.mortal.dying = True

    with suppress(Died, StorageTrouble):
        await told.store.insert(job(guild_id=told.guild), Allowance(1, None, None))

    count = select(func.count()).select_from(ledger).where(ledger.c.guild_id == told.guild)
    assert await storage.database.read(lambda cn: cn.execute(count).scalar_one()) == 0
    await told.store.insert(job(guild_id=told.guild), Allowance(1, None, None))
