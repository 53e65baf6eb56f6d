"""Words that were erased stay erased: what was on its way at that time is emptied as it ends, and its cards are noted.
Never here: who is erased, and whose pictures carry the words on (that is `bot.storage.servers.erasure`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, case, delete, insert, or_, select, update

from bot.domain.jobs import TERMINAL, JobState
from bot.storage.prepared import Prepared
from bot.storage.server_tables import standing_cards
from bot.storage.tables import EMPTIED, ERASED, FORGOTTEN, OWN, WORDS, deliveries, inputs, jobs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

    from bot.domain.jobs import Job

PATIENCE_MS: Final = 60_000
"""Until a card that is being written at this moment stands."""

c, d, s = jobs.c, deliveries.c, standing_cards.c
ENDED: Final = c.state.in_([state.value for state in JobState if state in TERMINAL])
_MARK: Final = select(c.erased, c.guild_id).where(c.key == bindparam("key_"), c.erased.is_not(None))
_IS_MARKED: Final = Prepared(select(c.key).where(c.key == bindparam("key_"), c.erased.is_not(None)))
# What is not shown yet, or may surprise us late, is kept and never shown.
_NEEDED_TOKEN: Final = case((c.delivered_at.is_(None), c.token), else_=None)
_HIDDEN: Final = case(
    (or_(c.delivered_at.is_(None), c.state == JobState.FAILED.value), True), else_=c.unwanted
)


def mark(connection: Connection, keys: Sequence[str], whose: str) -> int:
    """Mark these jobs, and empty those that ended; the others follow as they end. Returns how many were emptied.

    First the mark, then the look: a job that ends meanwhile waits for the one, or is seen by the other.
    """
    values = {"erased": OWN, "user_name": ERASED} if whose == OWN else {"erased": WORDS}
    unmarked = or_(c.erased.is_(None), c.erased == WORDS)
    connection.execute(update(jobs).where(c.key.in_(keys), unmarked).values(values))
    return _empty(connection, keys, whose)


def _empty(connection: Connection, keys: Sequence[str], whose: str) -> int:
    more: dict[str, object] = {**FORGOTTEN, "unwanted": _HIDDEN} if whose == OWN else dict(EMPTIED)
    values = {**more, "token": _NEEDED_TOKEN}
    ended = select(c.key).where(c.key.in_(keys), ENDED)
    connection.execute(delete(inputs).where(inputs.c.job_key.in_(ended)))
    return connection.execute(update(jobs).where(c.key.in_(keys), ENDED).values(values)).rowcount


def keep(connection: Connection, key: str, *, at: int) -> None:
    """After a job was written: if it is marked, nothing that its worker had read before comes back, and its card goes."""
    row = connection.execute(_MARK, {"key_": key}).one_or_none()
    if row is None:  # as nearly always
        return
    ended = _empty(connection, [key], row.erased)
    if ended or row.erased == OWN:
        note(connection, row.guild_id, [key], own=row.erased == OWN, at=at)


def inherited(connection: Connection, job: Job) -> str | None:
    """The mark of a job that is to be inserted: its words were copied from one that was erased in this moment, or since
    a window with them was opened: none is opened of a job without words."""
    if job.press is None:
        origin = None if job.ancestor is None else job.ancestor.key
    else:
        origin = None if job.press.remix else job.press.parent
    if origin is None or not (job.prompt or job.subject):
        return None
    return WORDS if is_marked(connection, origin) else None


def is_marked(connection: Connection, key: str) -> bool:
    """Whether a job's words were erased, or will be as it ends."""
    return _IS_MARKED.value(connection, {"key_": key}) is not None


def note(connection: Connection, guild_id: int | None, keys: Sequence[str], *, own: bool, at: int) -> None:
    """Note the cards of these jobs, and where they were shown besides; those noted before stay as they are."""
    cards = select(c.message_id, c.channel_id, c.key).where(c.key.in_(keys), c.message_id.is_not(None))
    shown = select(d.message_id, d.channel_id, d.job_key).where(
        d.job_key.in_(keys), d.message_id.is_not(None)
    )
    if not own:
        cards = cards.where(ENDED)  # until then the words stand there because they are needed
    found = {row[0]: row for query in (cards, shown) for row in connection.execute(query)}
    known = set(connection.execute(select(s.message_id).where(s.message_id.in_(found))).scalars())
    fresh = [
        {
            "message_id": message_id,
            "channel_id": channel_id,
            "guild_id": guild_id,
            "job_key": key,
            "own": own,
            "due_at": at + PATIENCE_MS,
            "tries": 0,
        }
        for message_id, channel_id, key in found.values()
        if message_id not in known
    ]
    if fresh:
        connection.execute(insert(standing_cards), fresh)
