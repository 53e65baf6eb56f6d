"""What moderators should hear of jobs that went wrong: a rejected key, an empty balance, a missing permission, troubles.
Never here: failures that are the prompt's (their cards say enough), and how events are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.accounts import is_own
from bot.domain.failures import FailureKind
from bot.domain.jobs import JobState
from bot.domain.pool_speeds import other_speed, pool_at
from bot.domain.servers.guild_ports import EventKind, ModEvent
from bot.texts import Text, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.domain.capabilities import Speed
    from bot.domain.jobs import Job
    from bot.domain.pools import Pool

MISSING_PERMISSION: Final = "missing_permission"
"""What the publisher calls a channel in which the bot may not write."""

_TROUBLES: Final = frozenset(
    {
        FailureKind.ACCOUNT,
        FailureKind.LOST,
        FailureKind.QUEUE_FULL,
        FailureKind.SERVER_CANCELLED,
        FailureKind.SERVER_TIMED_OUT,
        FailureKind.UNKNOWN,
        FailureKind.UNREACHABLE,
    }
)


def speed_words(pool: Pool, ran_at: Speed) -> dict[str, Text]:
    """The pool that was asked for, and the one in which it ran."""
    return {"pool": text(f"pool.{pool.value}"), "ran_in": text(f"pool.{pool_at(ran_at).value}")}


def undeliverable_event(job: Job, why: str) -> ModEvent | None:
    """What a finished job tells that could be shown nowhere; None if `events_of` says it better."""
    if MISSING_PERMISSION in why.split(", "):
        return None
    channel = job.reply.channel_id
    return ModEvent(
        EventKind.MISSING_PERMISSION,
        f"lost/{channel}",
        text("log.lost_way", channel=str(channel), user=str(job.user_id), key=job.key),
        subject=job.user_id,
        job=job.key,
    )


def events_of(job: Job, reasons: Sequence[str]) -> Iterator[ModEvent]:
    """What a delivered job tells moderators; `reasons` says why better ways to show it were closed."""
    if MISSING_PERMISSION in reasons:
        channel = job.reply.channel_id
        yield ModEvent(
            EventKind.MISSING_PERMISSION,
            f"permission/{channel}",
            text("log.missing_permission", channel=str(channel)),
            subject=job.user_id,
            job=job.key,
        )
    ran_at = other_speed(job)
    if ran_at is not None:
        said = text("log.left_pool", **speed_words(job.pool, ran_at), key=job.key)
        yield ModEvent(EventKind.LEFT_POOL, f"pool/{job.account}/{job.pool.value}", said, job=job.key)
    if job.failure is None or job.state is not JobState.FAILED:
        return
    kind, own = job.failure.kind, is_own(job.account)
    if kind is FailureKind.KEY:
        said = text("log.own_key_rejected" if own else "log.key_rejected")
        yield ModEvent(EventKind.KEY_REJECTED, "key", said, job=job.key)
    elif kind is FailureKind.BALANCE:
        said = text("log.own_balance_low" if own else "log.balance_low")
        yield ModEvent(EventKind.BALANCE_LOW, "balance", said, job=job.key)
    elif kind in _TROUBLES:
        yield ModEvent(EventKind.ERROR, f"failure/{kind.value}", job.failure.text, job=job.key)
