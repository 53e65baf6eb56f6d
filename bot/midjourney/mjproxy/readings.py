"""Answers to readings: one task, many, a page, the free call that proves the address, and a webhook's hint (family §3, §4).
Never here: I/O, and what an answer to a paid call means (`answers`)."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from bot.domain.answers import TagSearchResult
from bot.domain.failures import FailureKind
from bot.domain.tasks import TaskPage
from bot.errors import RemoteError, RemoteFault
from bot.midjourney.mjproxy.answers import ReplyFormat, parse_body, read_json, refusal
from bot.midjourney.mjproxy.tasks import read_task, read_tasks
from bot.midjourney.ohmygpt.envelope import whole_number
from bot.midjourney.ohmygpt.remote_actions import word
from bot.midjourney.ohmygpt.webhook import LONGEST_BODY, WebhookHint

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.domain.tasks import TaskSnapshot

_EMPTY: Final = frozenset({b"", b"null"})
LONGEST_LIST: Final = 32 * 1024 * 1024
"""All that a busy server keeps: some 25,000 tasks."""
_LONGEST_REFUSAL: Final = 64 * 1024
_PIECE: Final = 256 * 1024
_LONGEST_ENTRY: Final = 1024 * 1024
_SPACE: Final = " \t\r\n"
_OPENS: Final = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*\[[ \t\r\n]*")
_GAP: Final = re.compile(r"[ \t\r\n]*([,\]])[ \t\r\n]*")
_DECODER: Final = json.JSONDecoder()


def read_one(status: int, headers: Mapping[str, str], body: bytes, *, base: str) -> TaskSnapshot | None:
    """Read one task; None if the server does not know it: an empty answer, `null`, or a gateway's HTTP 400."""
    if 200 <= status < 300:  # noqa: PLR2004 - the 2xx class
        if body.strip() in _EMPTY:
            return None
        task = read_task(read_json(body), base=base)
        if task is not None:
            return task
    said = parse_body(body)
    error = refusal(status, headers, said)
    # A wrong path is a 404 too, but it does not speak of tasks: it must not make us believe that a paid task is gone.
    if error.fault is RemoteFault.REFUSED and error.kind is FailureKind.GONE:
        return None
    raise error


def read_many(status: int, headers: Mapping[str, str], body: bytes, *, base: str) -> tuple[TaskSnapshot, ...]:
    """Read a bare list of tasks; anything else is an error, never an empty list."""
    listed = read_json(body)
    if status == HTTPStatus.OK and isinstance(listed, list):
        return read_tasks(listed, base=base)
    raise refusal(status, headers, parse_body(body))


def read_whole(
    status: int, headers: Mapping[str, str], body: bytes, *, base: str, tag: str | None
) -> tuple[TaskSnapshot, ...]:
    """Read a list of all that a server keeps, or what bears the tag of it: it may be long, so it is read in a thread."""
    opened = _OPENS.match(body)
    if status != HTTPStatus.OK or opened is None:
        raise refusal(status, headers, parse_body(body[:_LONGEST_REFUSAL]))
    try:
        return read_tasks(_entries(body, opened.end(), tag), base=base)
    except (ValueError, RecursionError):
        raise RemoteError(RemoteFault.UNCLEAR, "the list of tasks cannot be read") from None


def _entries(body: bytes, start: int, tag: str | None) -> Iterator[Any]:
    """A list's entries one by one: a long list that is read in one go, in whatever thread, holds up every other."""
    # Latin-1 keeps each byte; an entry becomes what it is by itself.
    pieces = (body[at : at + _PIECE].decode("latin-1") for at in range(start, len(body), _PIECE))
    text, at = next(pieces, ""), 0
    if text.strip(_SPACE) == "]":
        return
    while True:
        found = _entry(text, at)
        if found is None:  # it goes on in the next piece, or is none
            piece = next(pieces, "")
            if not piece or len(text) - at > _LONGEST_ENTRY:
                raise ValueError("no list of tasks")
            text, at = (text[at:] + piece).lstrip(_SPACE), 0
            continue
        entry, end, gap = found
        if tag is None or (isinstance(entry, dict) and word(entry.get("state")) == tag):
            yield json.loads(text[at:end].encode("latin-1"))
        at = gap.end()
        if gap[1] == "]":
            break
    if text[at:] or next(pieces, "").strip(_SPACE):
        raise ValueError("more than a list")


def _entry(text: str, at: int) -> tuple[Any, int, re.Match[str]] | None:
    try:
        entry, end = _DECODER.raw_decode(text, at)
    except ValueError:
        return None
    gap = _GAP.match(text, end)
    return None if gap is None else (entry, end, gap)


def read_page(status: int, headers: Mapping[str, str], body: bytes, *, base: str) -> TaskPage:
    """Read a page as Spring writes them: `content` and `totalElements`."""
    read = read_json(body)
    listed = read.get("content") if isinstance(read, dict) else None
    if status != HTTPStatus.OK or not isinstance(read, dict) or not isinstance(listed, list):
        raise refusal(status, headers, parse_body(body))
    tasks = read_tasks(listed, base=base)
    return TaskPage(total=max(whole_number(read.get("totalElements")) or 0, len(tasks)), tasks=tasks)


def cut_page(tasks: tuple[TaskSnapshot, ...], number: int, size: int) -> TaskPage:
    """A page of a list that came whole."""
    return TaskPage(total=len(tasks), tasks=tasks[(number - 1) * size : number * size])


def find_tag(tasks: tuple[TaskSnapshot, ...], tag: str, *, complete: bool) -> TagSearchResult:
    """Look for a tag of ours. One that came back changed is not ours: a wrong match would be paid for twice."""
    return TagSearchResult(next((task for task in tasks if task.tag == tag), None), complete=complete)


def read_hint(body: bytes) -> WebhookHint | None:
    """Read a webhook's bare task object; None for anything else. It wakes, and is believed in nothing else."""
    if len(body) > LONGEST_BODY:
        return None
    task = read_task(read_json(body), base="")
    return None if task is None else WebhookHint(task_id=task.task_id, status=task.status)


def require_list(status: int, headers: Mapping[str, str], body: bytes) -> None:
    """The answer to asking for no tasks at all must be an empty list: then address and key are good."""
    if status == HTTPStatus.OK and isinstance(read_json(body), list):
        return
    said = parse_body(body)
    error = refusal(status, headers, said)
    if error.fault is RemoteFault.UNCLEAR and status < HTTPStatus.INTERNAL_SERVER_ERROR:
        # A free call: nothing can have been accepted, so whatever this is, it is not the service we look for.
        raise RemoteError(RemoteFault.REFUSED, error.message, kind=error.kind)
    if (
        status == HTTPStatus.NOT_FOUND
        and said.format is ReplyFormat.OTHER
        and "statusCode" not in said.fields
    ):
        raise RemoteError(
            RemoteFault.REFUSED, "nothing of the /mj family answers here: the address or its path is wrong"
        )
    raise error
