"""The envelope around every answer, and which fault an answer that is no success stands for (contract §0.4, §8 row 2).
Never here: I/O, clocks, and what an endpoint promises inside `data`."""

from __future__ import annotations

import json
import re
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from bot.domain.failures import (
    LONGEST_JUDGED,
    FailureKind,
    is_shut_out,
    read_failure,
    speaks_of_the_prompt,
    without_echoes,
)
from bot.errors import RemoteError, RemoteFault

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

LONGEST_MESSAGE: Final = 500
"""Upstream's words are quoted to people; a page of them helps nobody."""
LONGEST_WAIT: Final = 3600.0
"""A Retry-After beyond an hour is a mistake or a tease."""

# A refusal may come under any code, so its words count too (contract §8 rows 2 and 19). Prompts can be echoed in
# it, hence whole phrases, and no echoes: a prompt must not look like an empty account or a rejected key.
_FULL: Final = re.compile(
    r"\bqueue (?:is |was )?(?:already )?full\b|\btoo many (?:requests|tasks|jobs)\b|\brate.?limit"
    r"|(?:队列|隊列|排队|排隊|任务|任務).{0,6}(?:已满|已滿|满了|滿了|过多|過多)|(?:请求|請求).{0,4}(?:频繁|頻繁)",
    re.IGNORECASE,
)
_POOR: Final = re.compile(
    r"insufficient[ _-]?(?:\w+[ _-])?(?:balance|quota|credits?|funds?)"
    r"|\b(?:balance|quota|credits?|funds?)\b[^.]{0,24}?\b(?:(?:in|not )sufficient|not enough|too low|exhausted|exceeded|used up)\b"
    r"|\bnot enough (?:\w+ )?(?:balance|quota|credits?|funds?)\b|\bout of (?:credits?|quota|funds?)\b"
    r"|(?:余额|餘額|额度|額度).{0,6}(?:不足|不够|不夠|用完|用尽|用盡|耗尽|耗盡)|欠费|欠費",
    re.IGNORECASE,
)
_PERHAPS_POOR: Final = re.compile(r"\bbalance\b|\binsufficient\b|余额|餘額|额度|額度", re.IGNORECASE)
_ABOUT_THE_KEY: Final = re.compile(
    r"\binvalid[ _](?:api[ _]?)?(?:key|token)(?![a-z])|invalid_token|\binsufficient[ _](?:permission|scope)"
    r"|\b(?:key|token) (?:is |was |has )?(?:been )?(?:invalid|expired|revoked)\b"
    r"|(?:令牌|密钥|密鑰).{0,6}(?:无效|無效|错误|錯誤|过期|過期)|无效的(?:令牌|密钥)|权限不足|權限不足",
    re.IGNORECASE,
)
_ABOUT_THE_REQUEST: Final = re.compile(r"\bparameter|\bfilter|参数|參數", re.IGNORECASE)

_NEVER_RAN: Final = frozenset({301, 307, 308, 404, 405, 411, 413, 414, 415, 431})
"""Statuses by which a server *in front of* the service says that it did not let the request through at all."""
_NO_ANSWER: Final = frozenset({408, 499})
"""Among 4xx these two alone mean that somebody stopped waiting, not that anybody said no."""


def open_envelope(status: int, headers: Mapping[str, str], body: bytes) -> Any:
    """Return `data` of a success: HTTP 2xx, an object, `statusCode` 200. Anything else raises `RemoteError`.

    The fault is worded for the caller of a *submission*, whose question is "may it have been accepted?":

    * THROTTLED, nothing was accepted: 429 anywhere; 503 with Retry-After; words like "queue full".
    * KEY, BALANCE, REFUSED, nothing was accepted: 401, 402, 403 and other 4xx of the service (in the HTTP status or
      in the body), and 4xx by which a proxy says that it did not pass the request on.
    * UNCLEAR, everything else: 5xx, HTML, no or broken JSON, no `statusCode`, an unknown code without known words.
    """
    envelope = _read_object(body)
    said = None if envelope is None else _code(envelope)
    if envelope is not None and said == HTTPStatus.OK and 200 <= status < 300:  # noqa: PLR2004 - contract §0.4's own words
        return envelope.get("data")
    words = _words(envelope or {})
    wait = retry_after(headers)
    fault = _fault(status, said, words, enveloped=envelope is not None, wait=wait)
    raise RemoteError(
        fault, quote(words) or _name(status, said, enveloped=envelope is not None), retry_after=wait
    )


def clean(text: str) -> str:
    """Drop what neither UTF-8 nor a database can hold: lone surrogates and NUL, both legal in JSON."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")


def quote(words: str) -> str:
    """Upstream's words on one line and of bearable length."""
    line = " ".join(clean(words).split())
    return line if len(line) <= LONGEST_MESSAGE else line[: LONGEST_MESSAGE - 1] + "…"


def whole_number(value: object) -> int | None:
    """Read an int, an integral float or ASCII digits; anything else, booleans too, is no number."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str):
        digits = value.strip()
        # 19 digits hold every 63-bit id; int() of thousands of digits would raise.
        return int(digits) if re.fullmatch(r"[+-]?[0-9]{1,19}", digits) else None
    return None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks us to wait: a number, or a date measured against the answer's own `Date`."""
    found = {name.lower(): value.strip() for name, value in headers.items()}
    written = found.get("retry-after", "")
    if re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", written):
        return min(float(written), LONGEST_WAIT)
    until, now = _date(written), _date(found.get("date", ""))
    if until is None or now is None:
        return None
    return min(max((until - now).total_seconds(), 0.0), LONGEST_WAIT)


def _date(written: str) -> datetime | None:
    try:
        read = parsedate_to_datetime(written)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return read if read.tzinfo is not None else None


def _read_object(body: bytes) -> dict[str, Any] | None:
    try:
        # Broken JSON, bytes that are no text and numbers of thousands of digits raise ValueError.
        read = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def _code(envelope: Mapping[str, Any]) -> int | None:
    """The code inside the body; the `code` spelling can report a failure, never a success (contract §0.4)."""
    if "statusCode" in envelope:
        return whole_number(envelope["statusCode"])
    code = whole_number(envelope.get("code"))
    return None if code == HTTPStatus.OK else code


def _words(envelope: Mapping[str, Any]) -> str:
    """What the body says in words, wherever the family of such services puts it."""
    error = envelope.get("error")
    inner = error if isinstance(error, dict) else {"message": error}
    places = (
        *(envelope.get(name) for name in ("message", "msg", "description", "errorType", "code")),
        *(inner.get(name) for name in ("message", "type", "code")),
    )
    return " ".join(dict.fromkeys(text for text in places if isinstance(text, str) and text.strip()))


def _name(status: int, said: int | None, *, enveloped: bool) -> str:
    try:
        http = f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        http = f"HTTP {status}"
    if not enveloped:
        return f"{http}, and the body is not the service's JSON"
    return f"{http}, statusCode {said}" if said is not None else f"{http}, without a statusCode"


def _fault(status: int, said: int | None, words: str, *, enveloped: bool, wait: float | None) -> RemoteFault:
    codes = {status, said}
    if said == HTTPStatus.OK:
        # The body says yes and HTTP says no: whatever it is, it is not clear.
        return RemoteFault.UNCLEAR
    if HTTPStatus.TOO_MANY_REQUESTS in codes or (
        HTTPStatus.SERVICE_UNAVAILABLE in codes and wait is not None
    ):
        return RemoteFault.THROTTLED
    if not enveloped:
        return _fault_of_code(status) if status in _NEVER_RAN | {401, 402, 403} else RemoteFault.UNCLEAR
    if said == HTTPStatus.UNAUTHORIZED and status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return RemoteFault.KEY
    words = words[:LONGEST_JUDGED]
    is_about_the_prompt = _is_about_the_prompt(words)
    if is_about_the_prompt:
        words = without_echoes(words)
    if _FULL.search(words):
        return RemoteFault.THROTTLED
    if _POOR.search(words):
        return RemoteFault.BALANCE
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return RemoteFault.UNCLEAR
    return _fault_of_envelope(
        status if said is None else said, words, is_about_the_prompt=is_about_the_prompt
    )


def _fault_of_envelope(code: int, words: str, *, is_about_the_prompt: bool) -> RemoteFault:
    fault = _fault_of_code(code)
    # A 403 may be a word about the prompt, too; a 401 and a 402 never are.
    if fault is not RemoteFault.REFUSED and code != HTTPStatus.FORBIDDEN:
        return fault
    if _ABOUT_THE_KEY.search(words) or is_shut_out(words, beside_the_prompt=is_about_the_prompt):
        return RemoteFault.KEY
    if is_about_the_prompt:
        return RemoteFault.REFUSED
    if fault is RemoteFault.REFUSED and _PERHAPS_POOR.search(words) and not _ABOUT_THE_REQUEST.search(words):
        return RemoteFault.BALANCE
    return fault


def _is_about_the_prompt(words: str) -> bool:
    """Whether it is this one request that is refused, for what it says or would show."""
    shown = {FailureKind.BANNED_PROMPT, FailureKind.OUTPUT_FILTERED}
    return speaks_of_the_prompt(words) or read_failure(words).kind in shown


def _fault_of_code(code: int) -> RemoteFault:
    match code:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return RemoteFault.KEY
        case HTTPStatus.PAYMENT_REQUIRED:
            return RemoteFault.BALANCE
        case _ if code in _NEVER_RAN or (400 <= code < 500 and code not in _NO_ANSWER):  # noqa: PLR2004 - the 4xx class
            return RemoteFault.REFUSED
        case _:
            return RemoteFault.UNCLEAR
