"""Between a row of `jobs` and a `Job`: every field, both ways.
Never here: queries and connections."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from bot.domain.capabilities import Speed
from bot.domain.failures import Failure, FailureKind
from bot.domain.inputs import Input, InputRole, Shape
from bot.domain.jobs import Ancestor, Job, JobKind, JobState, Press, ReplyTarget, Route
from bot.domain.keys import JobKey
from bot.domain.pools import Pool
from bot.domain.server_side import ServerSide
from bot.domain.tasks import RemoteAction, RemoteTaskId
from bot.storage.database import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Row

log = logging.getLogger(__name__)

_unreadable: Final[set[str]] = set()
"""Keys of rows about which that has been said."""
MOST_LOGGED: Final = 10_000

Values = dict[str, Any]
"""Column names and what to write there."""
Fields = Mapping[Any, Any]
"""A row's values by the names of their columns (SQLAlchemy's rows take a column, too)."""

_NO_PRESS: Final[Values] = dict.fromkeys(
    (
        "parent",
        "position",
        "press_custom_id",
        "press_label",
        "press_parent_task",
        "press_channel_id",
        "press_message_id",
        "press_remix",
        "press_zoom",
    )
)


def _plain(words: str | None) -> str | None:
    return None if words is None else plain(words)


def identity(job: Job) -> Values:
    """What is decided when the job is accepted and never written again."""
    return {
        "key": job.key,
        "kind": job.kind.value,
        "root": job.root,
        "pool": job.pool.value,
        "prompt": plain(job.prompt),
        "account": job.account,
        "guild_id": job.home,
        "home_channel_id": job.home_channel,
        "user_id": job.user_id,
        "user_name": plain(job.user_name),
        "locale": job.locale,
        "interaction_id": job.interaction_id,
        "created_at": job.created_at,
        "units": job.units,
        "inputs": job.inputs,
        "shape": None if job.shape is None else job.shape.value,
        "subject": _plain(job.subject),
        "typed": _plain(job.typed),
        "webhook_token": job.webhook_token,
        **_press(job.press),
        **_ancestor(job.ancestor),
    }


def progress(job: Job) -> Values:
    """What a worker may change. Not the lease: a job in a worker's hands is older than its last renewal."""
    return {
        "notes": json.dumps(job.notes, ensure_ascii=False),
        "state": job.state.value,
        "sent_at": job.sent_at,
        "submitted_at": job.submitted_at,
        "changed_at": job.changed_at,
        "finished_at": job.finished_at,
        "task_id": job.task_id,
        "progress": job.progress,
        "discord_url": _plain(job.discord_url),
        "storage_key": _plain(job.storage_key),
        "result_text": _plain(job.result_text),
        "failure_kind": None if job.failure is None else job.failure.kind.value,
        "failure_words": None if job.failure is None else _plain(job.failure.words),
        "hold": job.hold,
        "unwanted": job.unwanted,
        "due_at": job.due_at,
        "tries": job.tries,
        "delivered_at": job.delivered_at,
        "route": None if job.route is None else job.route.value,
        "posting_at": job.posting_at,
        "server_ahead": job.server.ahead,
        "ran_at": None if job.server.ran_at is None else job.server.ran_at.value,
        "seed": job.server.seed,
        **reply(job.reply),
    }


def lease(job: Job) -> Values:
    """Who holds it."""
    return {"owner": job.owner, "lease_until": job.lease_until, "fence": job.fence}


def reply(target: ReplyTarget) -> Values:
    """Where its card is."""
    return {
        "channel_id": target.channel_id,
        "reply_guild_id": target.guild_id,
        "application_id": target.application_id,
        "token": target.token,
        "token_until": target.token_until,
        "message_id": target.message_id,
        "message_at": target.message_at,
        "upload_limit": target.upload_limit,
    }


def _press(press: Press | None) -> Values:
    if press is None:
        return _NO_PRESS
    return {
        "parent": press.parent,
        "position": press.position,
        "press_custom_id": plain(press.custom_id),
        "press_label": plain(press.label),
        "press_parent_task": press.parent_task,
        "press_channel_id": press.channel_id,
        "press_message_id": press.message_id,
        "press_remix": press.remix,
        "press_zoom": press.zoom,
    }


def _ancestor(ancestor: Ancestor | None) -> Values:
    return {
        "ancestor": None if ancestor is None else ancestor.key,
        "ancestor_channel_id": None if ancestor is None else ancestor.channel_id,
        "ancestor_message_id": None if ancestor is None else ancestor.message_id,
    }


def actions_of(job: Job) -> list[Values]:
    """The rows of `actions` that belong to a job."""
    return [
        {
            "job_key": job.key,
            "position": position,
            "custom_id": plain(action.custom_id),
            "label": plain(action.label),
            "emoji": plain(action.emoji),
        }
        for position, action in enumerate(job.actions)
    ]


def inputs_of(job: Job, inputs: Sequence[Input], *, first: int = 0) -> list[Values]:
    """The rows of `inputs` that belong to a job, from a position on."""
    return [
        {
            "job_key": job.key,
            "position": position,
            "role": one.role.value,
            "media_type": one.media_type,
            "filename": plain(one.filename),
            "source_url": _plain(one.source_url),
            "address": one.address,
            "address_until": one.address_until,
            "data": one.data,
        }
        for position, one in enumerate(inputs, first)
    ]


def read_input(row: Row[Any]) -> Input:
    """Read a row of `inputs`."""
    return Input(
        data=bytes(row.data),
        media_type=row.media_type,
        filename=row.filename,
        role=InputRole(row.role),
        source_url=row.source_url,
        address=row.address,
        address_until=row.address_until,
    )


def read_job(r: Fields) -> Job:
    """Read a row of `jobs`; its actions are in a table of their own."""
    return Job(
        key=JobKey(r["key"]),
        kind=JobKind(r["kind"]),
        root=JobKey(r["root"]),
        pool=Pool(r["pool"]),
        prompt=r["prompt"],
        account=r["account"],
        home=r["guild_id"],
        home_channel=r["home_channel_id"],
        user_id=r["user_id"],
        user_name=r["user_name"],
        locale=r["locale"],
        interaction_id=r["interaction_id"],
        reply=_read_reply(r),
        created_at=r["created_at"],
        press=_read_press(r),
        ancestor=_read_ancestor(r),
        notes=tuple(json.loads(r["notes"])),
        units=r["units"],
        inputs=r["inputs"],
        shape=None if r["shape"] is None else Shape(r["shape"]),
        subject=r["subject"],
        typed=r["typed"],
        state=JobState(r["state"]),
        sent_at=r["sent_at"],
        submitted_at=r["submitted_at"],
        changed_at=r["changed_at"],
        finished_at=r["finished_at"],
        webhook_token=r["webhook_token"],
        task_id=None if r["task_id"] is None else RemoteTaskId(r["task_id"]),
        progress=r["progress"],
        discord_url=r["discord_url"],
        storage_key=r["storage_key"],
        result_text=r["result_text"],
        failure=None
        if r["failure_kind"] is None
        else Failure(FailureKind(r["failure_kind"]), r["failure_words"]),
        hold=r["hold"],
        unwanted=bool(r["unwanted"]),
        due_at=r["due_at"],
        tries=r["tries"],
        delivered_at=r["delivered_at"],
        route=None if r["route"] is None else Route(r["route"]),
        posting_at=r["posting_at"],
        server=ServerSide(r["server_ahead"], None if r["ran_at"] is None else Speed(r["ran_at"]), r["seed"]),
        owner=r["owner"],
        lease_until=r["lease_until"],
        fence=r["fence"],
    )


def read_jobs(found: Iterable[Fields]) -> list[Job]:
    """Read rows of `jobs`; one that cannot be read, such as a newer version's, is left out, and said once."""
    read = []
    for row in found:
        try:
            read.append(read_job(row))
        except (ValueError, TypeError, KeyError) as error:
            _set_aside(row["key"], error)
    return read


def _set_aside(key: str, error: Exception) -> None:
    if key in _unreadable:
        return
    if len(_unreadable) >= MOST_LOGGED:
        _unreadable.clear()
    _unreadable.add(key)
    log.error("row_not_read", extra={"job": key, "reason": f"{type(error).__name__}: {error}"[:200]})


def _read_reply(r: Fields) -> ReplyTarget:
    return ReplyTarget(
        channel_id=r["channel_id"],
        guild_id=r["reply_guild_id"],
        application_id=r["application_id"],
        token=r["token"],
        token_until=r["token_until"],
        message_id=r["message_id"],
        message_at=r["message_at"],
        upload_limit=r["upload_limit"],
    )


def _read_press(r: Fields) -> Press | None:
    if r["parent"] is None:
        return None
    return Press(
        parent=JobKey(r["parent"]),
        position=r["position"],
        custom_id=r["press_custom_id"],
        label=r["press_label"],
        parent_task=RemoteTaskId(r["press_parent_task"]),
        channel_id=r["press_channel_id"],
        message_id=r["press_message_id"],
        remix=bool(r["press_remix"]),  # None in rows from before
        zoom=r["press_zoom"],
    )


def _read_ancestor(r: Fields) -> Ancestor | None:
    if r["ancestor"] is None:
        return None
    return Ancestor(
        key=JobKey(r["ancestor"]),
        channel_id=r["ancestor_channel_id"],
        message_id=r["ancestor_message_id"],
    )


def with_actions(job: Job, found: Sequence[Sequence[str]]) -> Job:
    """Give a job the actions that were read for it, in their order: each a custom_id, a label and an emoji."""
    return replace(job, actions=tuple(RemoteAction(*one) for one in found)) if found else job
