"""Answers to paid calls, and what an answer that is no success stands for: four formats on one server (family §0.4).
Never here: I/O, clocks, and task objects (`tasks`)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from bot.domain.answers import Accepted, Answer, ExistingTask, WindowOpen
from bot.domain.failures import FailureKind
from bot.domain.tasks import TaskStatus
from bot.errors import RemoteError, RemoteFault
from bot.midjourney.mjproxy.refusals import Row, look_up
from bot.midjourney.mjproxy.tasks import read_id, read_status
from bot.midjourney.ohmygpt.envelope import clean, quote, retry_after, whole_number
from bot.midjourney.ohmygpt.remote_actions import word

if TYPE_CHECKING:
    from collections.abc import Mapping

SUCCESS: Final = 1
NOT_FOUND: Final = 3
GATEWAY_BROKE: Final = 5
EXISTED: Final = 21
IN_QUEUE: Final = 22
QUEUE_REJECTED: Final = 23
BANNED_PROMPT: Final = 24
OVERLOADED: Final = 30
"""The `code` of a submission's answer (family §0.5). Tables elsewhere that say otherwise contradict every source."""

_NEVER_RAN: Final = frozenset({301, 302, 303, 307, 308, 404, 405, 411, 413, 414, 415, 431})
"""Statuses by which a server says that no handler of it saw the request."""
_NO_ANSWER: Final = frozenset({408, 499})
_A_WINDOW: Final = re.compile(r"waiting for window|窗口等待|等待.{0,4}窗口", re.IGNORECASE)
_EXISTS: Final = "任务已存在"
_OHMYGPT: Final = "this looks like OhMyGPT's API, not like one of the /mj family"
_WEB_PAGE: Final = "this is a web page, not an API: the address may lack its path"


class ReplyFormat(Enum):
    """Which of its four ways of answering a server took."""

    SUBMIT = auto()
    """`{"code": 1, "description": …, "result": …}`."""
    FILTER = auto()
    """`{"success": false, "code": -1, "message": …}`: one proxy's exceptions, with HTTP 200 for business limits."""
    OPENAI = auto()
    """`{"error": {"message": …, "type": …}}`: a gateway, before it sent anything on."""
    OTHER = auto()
    """Plain text, nothing, a page, or JSON of a framework."""


@dataclass(frozen=True, slots=True)
class ParsedBody:
    """An answer taken apart; nothing in it can be wrong."""

    format: ReplyFormat
    code: int | None
    words: str
    fields: Mapping[str, Any]
    page: bool = False
    """Whether it is a page for people."""


def parse_body(body: bytes) -> ParsedBody:
    """Find out which format an answer has. Never raises."""
    read = read_json(body)
    if not isinstance(read, dict):
        text = clean(body.decode("utf-8", "replace")).strip()
        page = text[:200].lower().startswith(("<!doctype", "<html"))
        return ParsedBody(ReplyFormat.OTHER, None, "" if page else text, {}, page=page)
    error = read.get("error")
    if isinstance(error, dict):
        words = _join(error.get(name) for name in ("message", "type", "code"))
        return ParsedBody(ReplyFormat.OPENAI, None, words, error)
    code = whole_number(read.get("code"))
    words = _join(read.get(name) for name in ("description", "message", "msg", "type", "error"))
    if read.get("success") is False:
        return ParsedBody(ReplyFormat.FILTER, code, words, read)
    if code is not None and "statusCode" not in read:
        return ParsedBody(ReplyFormat.SUBMIT, code, words, read)
    return ParsedBody(ReplyFormat.OTHER, None, words, read)


def read_json(body: bytes) -> Any:
    """The JSON of a body, or None for what is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _join(parts: Any) -> str:
    return " ".join(dict.fromkeys(part for part in parts if isinstance(part, str) and part.strip()))


# -- submissions -------------------------------------------------------------------------------------------------------


def read_submission(status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    """Read the answer to a paid call, or raise `RemoteError` as `refusal` explains."""
    said = parse_body(body)
    if (
        said.format is not ReplyFormat.SUBMIT
        or said.code not in {SUCCESS, EXISTED, IN_QUEUE}
        or not _is_ok(status)
    ):
        raise refusal(status, headers, said)
    task_id = read_id(said.fields.get("result"))
    if task_id is None:
        raise RemoteError(RemoteFault.UNCLEAR, "accepted, but the answer holds no task id")
    properties = said.fields.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    earlier = word(properties.get("status"))
    if said.code == EXISTED and earlier is not None:
        return ExistingTask(task_id, read_status(earlier))
    # Gateways rewrite most 21 to 1 and keep the rest of the body (family §1.13): a window's, or an earlier task's.
    if said.code == EXISTED or properties.get("remix") is True or _A_WINDOW.search(said.words):
        return WindowOpen(task_id, word(properties.get("finalPrompt")))
    if said.code == SUCCESS and (_EXISTS in said.words or (earlier and "imageUrl" in properties)):
        return ExistingTask(task_id, read_status(earlier))
    ahead = whole_number(properties.get("numberOfQueues"))
    return Accepted(task_id, ahead if ahead is not None and ahead >= 0 else None)


def read_filled(status: int, headers: Mapping[str, str], body: bytes) -> Accepted:
    """Read the answer to a filled window, whose id is followed from now on: one server gives it a new one."""
    answer = read_submission(status, headers, body)
    if isinstance(answer, Accepted):
        return answer
    if isinstance(answer, ExistingTask) and answer.status is not TaskStatus.MODAL:
        return Accepted(answer.task_id)
    raise RemoteError(RemoteFault.UNCLEAR, "the window was answered, and the server still waits for it")


def read_upload(status: int, headers: Mapping[str, str], body: bytes) -> str:
    """Read the address of one uploaded picture (family §1.8)."""
    said = parse_body(body)
    if said.format is not ReplyFormat.SUBMIT or said.code != SUCCESS or not _is_ok(status):
        raise refusal(status, headers, said)
    listed = said.fields.get("result")
    address = word(listed[0] if isinstance(listed, list) and listed else listed)
    if address is None or not address.startswith(("https://", "http://")):
        raise RemoteError(RemoteFault.UNCLEAR, "the answer holds no address of the file")
    return address


def read_seed(status: int, headers: Mapping[str, str], body: bytes) -> str | None:
    """Read a picture's seed (family §3); None if the server has none to give."""
    said = parse_body(body)
    if said.format is ReplyFormat.SUBMIT and said.code == SUCCESS and _is_ok(status):
        given = said.fields.get("result", said.fields.get("seed"))
        seed = str(given) if isinstance(given, int) and not isinstance(given, bool) else word(given)
        return seed if seed is not None and re.fullmatch(r"[0-9]{1,20}", seed) else None
    error = refusal(status, headers, said)
    if error.fault is RemoteFault.REFUSED:
        return None
    raise error


def read_cancelled(status: int, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the server says that it stopped to follow a task; an empty answer says nothing (family §1.14)."""
    said = parse_body(body)
    if _is_ok(status) and not body.strip():
        return False
    if said.format is ReplyFormat.SUBMIT and said.code == SUCCESS and _is_ok(status):
        return True
    error = refusal(status, headers, said)
    if error.fault in {RemoteFault.REFUSED, RemoteFault.UNCLEAR}:
        return False
    raise error


# -- refusals ----------------------------------------------------------------------------------------------------------


def refusal(status: int, headers: Mapping[str, str], said: ParsedBody) -> RemoteError:
    """Say what an answer that is no success means to the caller of a *submission*, who asks "may it be accepted?".

    * THROTTLED, nothing was accepted: HTTP 429, code 23 and 30, 503 with Retry-After, and the table's words.
    * KEY, BALANCE, REFUSED, nothing was accepted: the table's words, code 3 and 24, a status by which no handler ran.
    * UNCLEAR, everything else: code 5 and 9, HTTP 400 in the submit format, 5xx, a page, and every code 4 and exception
      whose words the table does not know.
    """
    wait = retry_after(headers)
    row = look_up(said.words)
    fault, kind = _meaning(status, said, row, wait)
    message = _name(status, said) if "statusCode" in said.fields or not said.words else quote(said.words)
    if row is not None and row.fault is fault and wait is None:
        wait = row.wait
    return RemoteError(fault, message, retry_after=wait, kind=kind)


def _meaning(
    status: int, said: ParsedBody, row: Row | None, wait: float | None
) -> tuple[RemoteFault, FailureKind | None]:
    if status == HTTPStatus.UNAUTHORIZED and (row is None or row.fault is not RemoteFault.BALANCE):
        return RemoteFault.KEY, FailureKind.KEY
    if row is not None and (
        status < HTTPStatus.INTERNAL_SERVER_ERROR or row.fault is not RemoteFault.REFUSED
    ):
        return row.fault, row.kind
    by_code = _BY_CODE.get(said.code) if said.code is not None else None
    if (
        by_code is not None
        and said.format is ReplyFormat.SUBMIT
        and status < HTTPStatus.INTERNAL_SERVER_ERROR
    ):
        return by_code
    if status == HTTPStatus.FORBIDDEN and not said.words:
        # With nothing in it, it is one proxy's black list of addresses, not a word about the key (family §0.3).
        return RemoteFault.REFUSED, FailureKind.ACCOUNT
    return _by_status(status, said, wait), None


_BY_CODE: Final[Mapping[int, tuple[RemoteFault, FailureKind | None]]] = {
    QUEUE_REJECTED: (RemoteFault.THROTTLED, FailureKind.QUEUE_FULL),
    OVERLOADED: (RemoteFault.THROTTLED, FailureKind.QUEUE_FULL),
    BANNED_PROMPT: (RemoteFault.REFUSED, FailureKind.BANNED_PROMPT),
    # "Unknown task" as often as "no free account"; never GONE unless the words say so: that would take a good
    # picture's buttons away (family §8).
    NOT_FOUND: (RemoteFault.REFUSED, FailureKind.UNKNOWN),
    GATEWAY_BROKE: (RemoteFault.UNCLEAR, None),
}


def _by_status(status: int, said: ParsedBody, wait: float | None) -> RemoteFault:
    match status:
        case HTTPStatus.TOO_MANY_REQUESTS:
            return RemoteFault.THROTTLED
        case HTTPStatus.SERVICE_UNAVAILABLE if wait is not None:
            return RemoteFault.THROTTLED
        case HTTPStatus.PAYMENT_REQUIRED:
            return RemoteFault.BALANCE
        case HTTPStatus.FORBIDDEN:
            return RemoteFault.KEY
        case _ if status in _NEVER_RAN and said.format is not ReplyFormat.SUBMIT:
            return RemoteFault.REFUSED
        case _ if 400 <= status < 500 and status not in _NO_ANSWER and said.format is ReplyFormat.OPENAI:  # noqa: PLR2004 - the 4xx class
            passed_on = "upstream" in said.words.lower()
            return RemoteFault.UNCLEAR if passed_on else RemoteFault.REFUSED
        case _:
            return RemoteFault.UNCLEAR


def _is_ok(status: int) -> bool:
    return 200 <= status < 300  # noqa: PLR2004 - the 2xx class


def _name(status: int, said: ParsedBody) -> str:
    if "statusCode" in said.fields:
        return _OHMYGPT
    if said.page:
        return f"HTTP {status}: {_WEB_PAGE}"
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}"
