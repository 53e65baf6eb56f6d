"""What the database itself keeps about the queue: each waiting job's turn, and counts by lane and by turn.
Never here: questions about the queue (that is `jobs/places`), and the order in plain words (`jobs/fairness`)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import DDL, BigInteger, Column, Index, Integer, Table, Text, event, text

from bot.storage.tables import IS_QUEUED, IS_UPSTREAM, metadata

# Kept by triggers, not by the program: whatever writes a job, an older version beside this one too, keeps the line
# true. A change costs as much as one member has waiting (TURNS at most), however long the queue is. On PostgreSQL each
# change holds its lane's row until it commits; whoever changes several lanes, or locks waiting jobs, takes that first.

TURNS: Final = 64
"""A job's turn is at most so high. Only who has as many upstream, or before it, notices: those go by age."""

job_lanes = Table(
    "job_lanes",
    metadata,
    Column("account", Text, primary_key=True),
    Column("pool", Text, primary_key=True),
    Column("waiting", Integer, nullable=False),
    Column("running", Integer, nullable=False),
    # When it last sent a job, or else got its first: lanes with equally many upstream take turns.
    Column("sent_at", BigInteger, nullable=False),
    # Every change rewrites the row; room in its page keeps that off the indexes where it can be.
    postgresql_with={"fillfactor": 50},
    info={"kept": True},
)
_WAITS: Final = text("waiting > 0")
Index(
    "job_lanes_waiting",
    *(job_lanes.c[name] for name in ("running", "sent_at", "account", "pool")),
    sqlite_where=_WAITS,
    postgresql_where=_WAITS,
)

job_turns = Table(
    "job_turns",
    metadata,
    Column("account", Text, primary_key=True),
    Column("pool", Text, primary_key=True),
    Column("turn", Integer, primary_key=True, autoincrement=False),
    Column("waiting", Integer, nullable=False),
    postgresql_with={"fillfactor": 50},
    info={"kept": True},
)

_LIVE: Final = f"({IS_QUEUED} OR {IS_UPSTREAM})"


def _of(row: str, condition: str) -> str:
    return condition.replace("state", f"{row}.state")


def _counted(row: str, sign: str) -> str:
    """Count a row in or out of its lane. That lane's row is the lock: what is read after it is what others committed."""
    waits, runs = (f"CASE WHEN {_of(row, kind)} THEN 1 ELSE 0 END" for kind in (IS_QUEUED, IS_UPSTREAM))
    return (
        f"INSERT INTO job_lanes (account, pool, waiting, running, sent_at) "
        f"VALUES ({row}.account, {row}.pool, {sign}({waits}), {sign}({runs}), COALESCE({row}.sent_at, {row}.created_at)) "
        "ON CONFLICT (account, pool) DO UPDATE SET waiting = job_lanes.waiting + excluded.waiting, "
        "running = job_lanes.running + excluded.running, "
        "sent_at = CASE WHEN excluded.running > 0 THEN excluded.sent_at ELSE job_lanes.sent_at END"
    )


def _turn_counted(row: str, sign: str) -> str:
    return (
        f"INSERT INTO job_turns (account, pool, turn, waiting) "
        f"SELECT {row}.account, {row}.pool, {row}.turn, {sign}1 WHERE {row}.turn > 0 "
        "ON CONFLICT (account, pool, turn) DO UPDATE SET waiting = job_turns.waiting + excluded.waiting"
    )


def _own_turn(row: str) -> str:
    """Give a job that came a turn for the time being, and take it from one that went."""
    turn = f"CASE WHEN {_of(row, IS_QUEUED)} THEN {TURNS} ELSE 0 END"
    return f"UPDATE jobs SET turn = {turn} WHERE key = {row}.key AND turn <> {turn}"


def _numbered(row: str, least: str) -> str:
    """Number the jobs that a member has waiting in a lane, after what it has upstream there."""
    mine = f"account = {row}.account AND pool = {row}.pool AND user_id = {row}.user_id"
    running = f"(SELECT COUNT(*) FROM jobs WHERE {IS_UPSTREAM} AND {mine})"
    return (
        f"UPDATE jobs SET turn = due.turn FROM ("
        f"SELECT first.key, {least}({TURNS}, {running} + ROW_NUMBER() OVER (ORDER BY created_at, key)) AS turn "
        f"FROM (SELECT key, created_at FROM jobs WHERE {IS_QUEUED} AND {mine} "
        f"ORDER BY created_at, key LIMIT {TURNS + 1}) AS first"
        ") AS due WHERE jobs.key = due.key AND jobs.turn <> due.turn"
    )


def _changed(row: str, other: str) -> str:
    """Whether a job came into the queue, or left it, or began or ceased to be upstream."""
    return " OR ".join(f"({_of(row, kind)}) <> ({_of(other, kind)})" for kind in (IS_QUEUED, IS_UPSTREAM))


def _sqlite() -> list[str]:
    def trigger(name: str, moment: str, when: str, *steps: str) -> str:
        body = "; ".join(steps)
        return f"CREATE TRIGGER {name} AFTER {moment} ON jobs WHEN {when} BEGIN {body}; END"

    came = (_own_turn("NEW"), _numbered("NEW", "MIN"))
    went = (_counted("OLD", "-"),)
    return [
        trigger(
            "jobs_line_came",
            "INSERT",
            _of("NEW", _LIVE),
            *(_counted("NEW", "+"), _turn_counted("NEW", "+"), *came),  # a copied job brings its turn along
        ),
        trigger(
            "jobs_line_moved",
            "UPDATE OF state",
            _changed("NEW", "OLD"),
            *(*went, _counted("NEW", "+"), *came),
        ),
        trigger(
            "jobs_line_went",
            "DELETE",
            _of("OLD", _LIVE),
            *(*went, _turn_counted("OLD", "-"), _numbered("OLD", "MIN")),
        ),
        trigger(
            "jobs_line_turned",
            "UPDATE OF turn",
            "NEW.turn <> OLD.turn",
            *(_turn_counted("OLD", "-"), _turn_counted("NEW", "+")),
        ),
    ]


def _postgres() -> list[str]:
    def function(name: str, *steps: str) -> str:
        body = "; ".join(steps)
        return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; RETURN NULL; END $$"

    def trigger(name: str, moment: str, when: str) -> str:
        return f"CREATE TRIGGER {name} AFTER {moment} ON jobs FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {name}()"

    came = (_own_turn("NEW"), _numbered("NEW", "LEAST"))
    went = (_counted("OLD", "-"),)
    return [
        function("jobs_line_came", _counted("NEW", "+"), _turn_counted("NEW", "+"), *came),
        function("jobs_line_moved", *went, _counted("NEW", "+"), *came),
        function("jobs_line_went", *went, _turn_counted("OLD", "-"), _numbered("OLD", "LEAST")),
        function("jobs_line_turned", _turn_counted("OLD", "-"), _turn_counted("NEW", "+")),
        trigger("jobs_line_came", "INSERT", _of("NEW", _LIVE)),
        trigger("jobs_line_moved", "UPDATE OF state", _changed("NEW", "OLD")),
        trigger("jobs_line_went", "DELETE", _of("OLD", _LIVE)),
        trigger("jobs_line_turned", "UPDATE OF turn", "NEW.turn <> OLD.turn"),
    ]


for _dialect, _statements in (("sqlite", _sqlite()), ("postgresql", _postgres())):
    for _statement in _statements:
        event.listen(metadata, "after_create", DDL(_statement).execute_if(dialect=_dialect))  # type: ignore[no-untyped-call]  # the library's
