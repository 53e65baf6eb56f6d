"""What transactions do with a job's rows: find, insert, write under its fence, withdraw, and what follows from that.
Never here: beginning and ending a transaction, and choosing jobs (that is `claims`)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, bindparam, delete, exists, insert, literal, or_, select, text, update

from bot.domain.jobs import UPSTREAM, JobState, Route
from bot.errors import LeaseLost, UserError
from bot.storage.database import lock
from bot.storage.jobs import erased, fewer, ledger, line, rows
from bot.storage.people_tables import open_answers, told_answers
from bot.storage.prepared import Prepared
from bot.storage.tables import HAS_PARENT, HAS_TASK, IS_LIVE, actions, deliveries, inputs, jobs
from bot.texts import text as sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from sqlalchemy.engine import Connection

    from bot.domain.inputs import Input
    from bot.domain.jobs import Job, ReplyTarget
    from bot.domain.keys import JobKey
    from bot.domain.pools import Allowance, ServerLimits
    from bot.domain.tenancy import Budget

CHUNK: Final = 500
"""Keys in one IN list: SQLite's oldest builds take 999 parameters."""

MOST_RUNNING: Final = 2**31 - 1
"""What the column takes; nobody has so many."""

c = jobs.c

# Statements that run for every job are built once: building costs more than running them.
_KEY: Final = select(jobs).where(c.key == bindparam("key_"))
BY_KEY: Final = Prepared(_KEY)
BY_KEY_LOCKED: Final = Prepared(_KEY.with_for_update())
BY_INTERACTION: Final = Prepared(select(jobs).where(c.interaction_id == bindparam("interaction_")))
_ENDED_WELL: Final = c.state == JobState.SUCCEEDED.value
_CHILD: Final = Prepared(
    select(jobs)
    .where(
        c.parent == bindparam("parent_"),
        c.position == bindparam("position_"),
        or_(text(IS_LIVE), _ENDED_WELL),
    )
    .order_by(_ENDED_WELL, c.created_at.desc(), c.key)
    .limit(1)
)
_PRESSED: Final = Prepared(
    select(c.position).where(
        text(HAS_PARENT),
        c.parent == bindparam("parent_"),
        text(f"state NOT IN ('{JobState.FAILED.value}', '{JobState.CANCELLED.value}')"),
    )
)
_LIVE_CHILD: Final = Prepared(
    select(c.key).where(c.parent == bindparam("parent_"), c.position == bindparam("position_"), text(IS_LIVE))
)
_BEGUN: Final = Prepared(select(c.key).where(c.interaction_id == bindparam("interaction_")))
_UNDISTURBED: Final = update(jobs).where(
    c.key == bindparam("key_"), c.fence == bindparam("fence_"), c.touched.is_(False)
)
_ANSWERED: Final = Prepared(
    delete(open_answers).where(open_answers.c.interaction_id == bindparam("interaction_"))
)
_TOLD: Final = Prepared(
    select(told_answers.c.at).where(told_answers.c.interaction_id == bindparam("interaction_"))
)
_ACTION: Final = (actions.c.custom_id, actions.c.label, actions.c.emoji)
_ACTIONS: Final = Prepared(
    select(*_ACTION).where(actions.c.job_key == bindparam("key_")).order_by(actions.c.position)
)
_ACTIONS_OF_MANY: Final = (
    select(actions.c.job_key, *_ACTION)
    .where(actions.c.job_key.in_(bindparam("keys_", expanding=True)))
    .order_by(actions.c.job_key, actions.c.position)
)


def chunks(keys: Collection[str]) -> Iterator[list[str]]:
    """Cut a collection into lists that fit one statement."""
    ordered = list(keys)
    for start in range(0, len(ordered), CHUNK):
        yield ordered[start : start + CHUNK]


# -- reading ---------------------------------------------------------------------------------------------


def find(connection: Connection, query: Prepared, **values: object) -> Job | None:
    """Read the one job that a query over `jobs` names, with its actions."""
    found = with_actions(connection, rows.read_jobs(query.by_name(connection, values)))
    return found[0] if found else None


def child_of(connection: Connection, parent: JobKey, position: int) -> Job | None:
    """Read the live child of a button, or else its latest one that succeeded."""
    return find(connection, _CHILD, parent_=parent, position_=position)


def pressed(connection: Connection, parent: JobKey) -> frozenset[int]:
    """Read the positions of the buttons whose child lives or succeeded."""
    return frozenset(_PRESSED.column(connection, {"parent_": parent})) - {None}


def with_actions(connection: Connection, found: Sequence[Job]) -> list[Job]:
    """Read the actions of those that have some: they come with success and never change again."""
    ended = [job.key for job in found if job.state is JobState.SUCCEEDED]
    of_job: dict[str, list[Sequence[str]]] = {}
    if len(ended) == 1:
        of_job[ended[0]] = list(_ACTIONS.rows(connection, {"key_": ended[0]}))
        ended = []
    for chunk in chunks(ended):
        for key, *action in connection.execute(_ACTIONS_OF_MANY, {"keys_": chunk}):
            of_job.setdefault(key, []).append(action)
    return [rows.with_actions(job, of_job.get(job.key, ())) for job in found]


def inputs_of(connection: Connection, key: JobKey) -> list[Input]:
    """Read what goes along with a job."""
    i = inputs.c
    found = connection.execute(select(inputs).where(i.job_key == key).order_by(i.position))
    return [rows.read_input(row) for row in found]


def is_anothers(connection: Connection, job: Job) -> bool:
    """Whether another job has this one's task: one account upstream may have several names here."""
    query = select(c.key).where(c.task_id == job.task_id, text(HAS_TASK), c.key != job.key).limit(1)
    return connection.execute(query).one_or_none() is not None


# -- accepting -------------------------------------------------------------------------------------------


_INSERT: Final = Prepared(insert(jobs))


def insert_job(
    connection: Connection,
    job: Job,
    allowance: Allowance,
    limits: ServerLimits | None = None,
    taken_along: Sequence[Input] = (),
    budget: Budget | None = None,
    credits_: int | None = None,
    *,
    answers: int | None = None,
) -> Job:
    """Find the job that this interaction or this button already began, or insert it within the allowance."""
    # First the lock, then the look: a twin of this very interaction must be found, not counted.
    lock(connection, f"member/{job.home}/{job.user_id}/{job.pool}")
    key = _BEGUN.value(connection, {"interaction_": job.interaction_id})
    if key is None and job.press is not None:
        pressed_ = {"parent_": job.press.parent, "position_": job.press.position}
        key = _LIVE_CHILD.value(connection, pressed_)
    if key is not None and (earlier := find(connection, BY_KEY, key_=key)) is not None:
        return earlier
    _take_answer(connection, job.interaction_id if answers is None else answers)
    drawn = ledger.check(connection, job, allowance, limits, budget)
    # A limit of nothing running would keep an accepted job waiting for ever; a stored rule may hold any number.
    running = None if allowance.running is None else min(max(1, allowance.running), MOST_RUNNING)
    values = {
        **rows.identity(job),
        **rows.progress(job),
        **rows.lease(job),
        **line.standing(connection, job),
        "running_limit": running,
        "erased": erased.inherited(connection, job),
    }
    _INSERT.write(connection, values)
    if taken_along:
        connection.execute(insert(inputs), rows.inputs_of(job, taken_along))
    ledger.reserve(connection, job, drawn, budget, credits_)
    line.join(connection, job)
    return job


def _take_answer(connection: Connection, interaction_id: int) -> None:
    """From here on the job answers its person; raises `UserError` if another process tells them that nothing began.

    Deleting the row waits for whoever is taking it, so one of the two sees what the other did.
    """
    asked = {"interaction_": interaction_id}
    _ANSWERED.write(connection, asked)
    if _TOLD.value(connection, asked) is not None:
        raise UserError(sentence("answer.interrupted"))


# -- writing ---------------------------------------------------------------------------------------------


def write(connection: Connection, job: Job, *, giving_back: bool, brought: Sequence[Input] = ()) -> None:
    """Write all that a worker may change if its fence holds, and what follows from it; else `LeaseLost`."""
    values = {**rows.progress(job), **_out_of_line(job), "key_": job.key, "fence_": job.fence}
    if giving_back:
        values |= {"owner": None, "lease_until": 0}
    if not connection.execute(_UNDISTURBED, values).rowcount:
        job = _merge(connection, job)
    if brought:  # said twice they are written once
        i = inputs.c
        connection.execute(delete(inputs).where(i.job_key == job.key, i.position >= job.inputs))
        connection.execute(insert(inputs), rows.inputs_of(job, brought, first=job.inputs))
        fewer.give_back(connection, job)
    _settle(connection, job)
    if not job.is_delivered and (job.is_terminal or job.state is JobState.QUEUED):
        line.left_a_place(connection, job, job.changed_at)


def _out_of_line(job: Job) -> rows.Values:
    """What a worker gives back to the queue waits for a time."""
    return {"put_off": True} if job.state is JobState.QUEUED else {}


def _merge(connection: Connection, job: Job) -> Job:
    """Write a job to whose row somebody wrote while it was being sent: keep both, and take it from its worker.

    Raises `LeaseLost` if it is not the worker's job any more.
    """
    found = BY_KEY_LOCKED.by_name(connection, {"key_": job.key})
    if not found or found[0]["fence"] != job.fence:
        raise LeaseLost(job.key)
    stored = rows.read_job(found[0])
    merged = replace(
        job,
        unwanted=stored.unwanted,
        reply=stored.reply,
        owner=None,
        lease_until=0,
        fence=stored.fence + 1,
    )
    if merged.unwanted and merged.state is JobState.QUEUED:
        # It was cancelled while it was being sent, and the server took nothing: it must not be sent again.
        merged = merged.cancelled(merged.changed_at)
    _overwrite(connection, merged)
    return merged


def _overwrite(connection: Connection, job: Job) -> None:
    """Write a job whose row this transaction has locked, lease and all."""
    connection.execute(
        update(jobs).where(c.key == job.key),
        {**rows.progress(job), **_out_of_line(job), **rows.lease(job), "touched": False},
    )


def _settle(connection: Connection, job: Job) -> None:
    """Write what follows from a job's state; said twice it is written once."""
    if job.refund_due:
        ledger.refund(connection, job)
    if job.state is JobState.SUCCEEDED and job.actions and not job.is_delivered:
        connection.execute(delete(actions).where(actions.c.job_key == job.key))
        connection.execute(insert(actions), rows.actions_of(job))
    if job.delivered_at is not None and job.route is not None:
        d = deliveries.c
        row = (job.key, job.delivered_at, job.route.value, job.reply.channel_id, job.reply.message_id)
        values = (literal(value, column.type) for value, column in zip(row, d, strict=True))
        known = exists().where(d.job_key == job.key, d.at == job.delivered_at)
        connection.execute(insert(deliveries).from_select(d.keys(), select(*values).where(~known)))
    if job.is_terminal:
        erased.keep(connection, job.key, at=job.delivered_at or job.finished_at or job.changed_at)


def address_inputs(connection: Connection, job: Job, given: Sequence[Input]) -> None:
    """Write where a job's inputs can be fetched if its fence holds, else `LeaseLost`; held until the commit."""
    mine = select(c.key).where(c.key == job.key, c.fence == job.fence).with_for_update()
    if connection.execute(mine).one_or_none() is None:
        raise LeaseLost(job.key)
    i = inputs.c
    for position, one in enumerate(given):
        values = {"address": one.address, "address_until": one.address_until}
        connection.execute(update(inputs).where(i.job_key == job.key, i.position == position), values)


# -- beside the worker -----------------------------------------------------------------------------------


def cancel(connection: Connection, key: JobKey, now: int, *, only_queued: bool = False) -> Job | None:
    """Withdraw a queued job or mark a sent one unwanted, and take it from its worker; None if it had ended.

    `only_queued` leaves alone what was sent, and returns None.
    """
    job = find(connection, BY_KEY_LOCKED, key_=key)
    if job is None or job.is_terminal or (only_queued and job.state is not JobState.QUEUED):
        return None
    if job.state is JobState.SUBMITTING and job.owner is not None and job.lease_until >= now:
        # It is being sent this moment, and taking it away would lose the id of a task that we pay for. The worker's
        # next write keeps this mark and loses the lease.
        connection.execute(update(jobs).where(c.key == key), {"unwanted": True, "touched": True})
        return replace(job, unwanted=True)
    job = replace(job, unwanted=True) if job.state in UPSTREAM else job.cancelled(now)
    job = replace(job, owner=None, lease_until=0, fence=job.fence + 1)
    _overwrite(connection, job)
    _settle(connection, job)
    return job


def remove_result(connection: Connection, key: JobKey) -> Job | None:
    """Empty a job's outcome and mark it; whoever was delivering it loses it. None if it brought nothing."""
    job = find(connection, BY_KEY_LOCKED, key_=key)
    if job is None or job.state is not JobState.SUCCEEDED:
        return None
    removed = job.removed()
    _overwrite(connection, replace(removed, owner=None, lease_until=0, fence=job.fence + 1))
    for table in (actions, inputs):
        connection.execute(delete(table).where(table.c.job_key == key))
    return removed


def move_card(
    connection: Connection,
    key: JobKey,
    reply: ReplyTarget,
    notes: Sequence[str] = (),
    *,
    without: Collection[str] = (),
    unless: Callable[[Job], bool] | None = None,
) -> bool:
    """Write where a job's card is now, and keep where it was: the message stands there still.

    A worker that holds the job would write the old place back: it is taken away. Nothing is written, and False
    returned, where `unless` is true of the job as it is now.
    """
    job = find(connection, BY_KEY_LOCKED, key_=key)
    if job is None or (unless is not None and unless(job)):
        return False
    if reply.message_id is not None and job.reply.message_id not in {None, reply.message_id}:
        _keep_place(connection, job)
    kept = [note for note in job.notes if note not in without]
    said = json.dumps(tuple(dict.fromkeys((*kept, *notes))), ensure_ascii=False)
    values = {**rows.reply(reply), "notes": said}
    if job.owner is not None and job.state is JobState.SUBMITTING:
        values["touched"] = (
            True  # as in `cancel`: what is being sent stays with its worker until it has written
        )
    elif job.owner is not None:
        values |= {"owner": None, "lease_until": 0, "fence": job.fence + 1}
    connection.execute(update(jobs).where(and_(c.key == key)), values)
    erased.keep(connection, key, at=reply.message_at or job.changed_at)
    return True


def keep_place(connection: Connection, key: JobKey, reply: ReplyTarget) -> None:
    """Note a message that is about to show a job, whether it then does or not."""
    job = find(connection, BY_KEY_LOCKED, key_=key)
    if job is not None and reply.message_id is not None:
        _keep_place(connection, replace(job, reply=reply))
        erased.keep(connection, key, at=reply.message_at or job.changed_at)


def _keep_place(connection: Connection, job: Job) -> None:
    """Whoever removes the result, or is erased, has to reach this message, too."""
    d = deliveries.c
    known = connection.execute(select(d.at, d.message_id).where(d.job_key == job.key)).all()
    if any(row.message_id == job.reply.message_id for row in known):
        return
    at = job.reply.message_at or job.changed_at
    while any(row.at == at for row in known):  # two in one millisecond
        at += 1
    route = (job.route or Route.REPLY).value
    place = (job.key, at, route, job.reply.channel_id, job.reply.message_id)
    connection.execute(insert(deliveries).values(place))
