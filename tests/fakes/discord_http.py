"""The way of a request through the wire double: read, counted, judged, perhaps struck by a fault, answered, written down.
Never here: what a route does."""

from __future__ import annotations

import asyncio
import json
import math
import socket
import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from aiohttp import BodyPartReader, web

from tests.fakes.discord_rest import Call
from tests.fakes.discord_rules import Judge, Refused, bad_form, problems_of
from tests.fakes.discord_traffic import Faults, FileMeta, Limited, RateLimits, RequestRecord
from tests.fakes.discord_writing import Upload

if TYPE_CHECKING:
    from tests.fakes.discord_replies import Replies
    from tests.fakes.discord_rest import Answer, Rest
    from tests.fakes.discord_traffic import Changes, Fault, Limits
    from tests.fakes.discord_world import Clock

PREFIX: Final = "/api/v10"
VIA: Final = "1.1 fake"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is to be answered."""

    status: int
    body: Any
    headers: dict[str, str]

    def response(self) -> web.Response:
        """As aiohttp sends it. The type is exactly application/json, without a charset (discord.py facts §3.7)."""
        if self.status == 204:
            return web.Response(status=204, headers=self.headers)
        data = json.dumps(self.body).encode()
        return web.Response(
            status=self.status, body=data, content_type="application/json", headers=self.headers
        )

    @property
    def code(self) -> int | None:
        """Discord's error code."""
        return self.body.get("code") if self.status >= 400 and isinstance(self.body, dict) else None


class Front:
    """What the REST side answers."""

    def __init__(
        self,
        rest: Rest,
        replies: Replies,
        changes: Changes,
        clock: Clock,
        *,
        token: str,
        limits: Limits | None,
        oracle: bool,
    ) -> None:
        self.requests: list[RequestRecord] = []
        self.findings: list[str] = []
        """What Discord's document or its prose rejects in requests that were received."""
        self.drift: list[str] = []
        """Where answers of the double are not what Discord would send; filled when `checks_answers` is set."""
        self.checks_answers = False
        self.rate_limited: list[RequestRecord] = []
        self.judge = Judge(switched_on=oracle)
        self.faults = Faults()
        self.limits = None if limits is None else RateLimits(clock, limits)
        self._rest = rest
        self._replies = replies
        self._changes = changes
        self._clock = clock
        self._token = token

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        at = self._clock.now()
        try:
            call = await _read(request)
        except (ConnectionError, asyncio.IncompleteReadError, web.RequestPayloadError):
            return web.Response(status=499)  # the client died while it sent; nobody reads this
        except (ValueError, UnicodeDecodeError):
            call = Call(request.method, request.path.removeprefix(PREFIX), dict(request.query), None)
            return self._finish(call, at, Outcome(400, bad_form({"/": "not JSON"}).body(), {}), fault=None)
        fault = self.faults.take(call.method, call.path, uploads=bool(call.files))
        if fault is not None and fault.before_effect:
            await fault.wait()
            if fault.refuses:
                return self._struck(request, call, at, fault)
        outcome = self._work(call, authorization=request.headers.get("Authorization"))
        if fault is not None and not fault.before_effect:
            self._changes.notify()
            await fault.wait()
            if fault.refuses:
                return self._struck(request, call, at, fault)
        return self._finish(call, at, outcome, fault=fault)

    # -- inside --------------------------------------------------------------------------------------------

    def _struck(self, request: web.Request, call: Call, at: float, fault: Fault) -> web.StreamResponse:
        if fault.status is None:
            self._note(call, at, None, None, faulted=True)
            _reset(request)
            return web.Response(status=500)  # the connection is gone; aiohttp wants something to return
        headers = {"Via": VIA} if fault.via else {}
        if fault.status == 429:
            headers["Retry-After"] = str(math.ceil(fault.retry_after))
            if fault.via:
                reset = self._clock.now() + fault.retry_after
                headers |= {
                    "X-RateLimit-Limit": "5",
                    "X-RateLimit-Remaining": "0",
                    "X-RateLimit-Reset": f"{reset:.3f}",
                    "X-RateLimit-Reset-After": f"{fault.retry_after:.3f}",
                    "X-RateLimit-Bucket": "asked-for",
                    "X-RateLimit-Scope": "user",
                }
        return self._finish(call, at, Outcome(fault.status, fault.body(), headers), fault=fault)

    def _work(self, call: Call, *, authorization: str | None) -> Outcome:
        headers = {"Via": VIA}
        if self.limits is not None:
            counted = self.limits.hit(call.method, call.path)
            if isinstance(counted, Limited):
                return self._too_many(
                    counted.retry_after, headers | counted.headers, everywhere=counted.everywhere
                )
            headers |= counted
        try:
            status, body = self._dispatch(call, authorization)
        except Refused as refusal:
            if refusal.status == 429:
                body = refusal.body()
                return self._too_many(refusal.retry_after or 1.0, headers, body=body)
            return Outcome(refusal.status, refusal.body(), headers)
        return Outcome(status, body, headers)

    @staticmethod
    def _too_many(
        after: float, headers: dict[str, str], *, everywhere: bool = False, body: dict[str, Any] | None = None
    ) -> Outcome:
        shown = {"message": "You are being rate limited.", "code": 0} | (body or {})
        shown |= {"retry_after": round(after, 3), "global": everywhere}
        return Outcome(429, shown, headers | {"Retry-After": str(math.ceil(after))})

    def _dispatch(self, call: Call, authorization: str | None) -> Answer:
        found = self._replies.routes.find(call.method, call.path)
        if found is None:
            if authorization != f"Bot {self._token}" and call.path != "/gateway":
                raise Refused(0, status=401, message="401: Unauthorized")
            found = self._rest.routes.find(call.method, call.path)
        if found is None:
            self.findings.append(f"ERROR {call.method} {call.path}: the double does not know this route")
            raise Refused(0, status=404, message="404: Not Found")
        handler, parts = found
        problems = problems_of(self._judge(call))
        if problems:
            raise bad_form(problems)
        try:
            answer = handler(replace(call, parts=parts))
        except Refused:
            raise
        except Exception as error:
            self.findings.append(f"ERROR {call.method} {call.path}: the double broke: {error!r}")
            raise
        self._changes.notify()
        return answer

    def _judge(self, call: Call) -> list[Any]:
        found = self.judge.request(call.method, call.path, call.query, call.body)
        if call.body is None and not call.files and call.method in ("GET", "DELETE"):
            found = [one for one in found if one.level == "error"]
        self.findings += [str(one) for one in found]
        return found

    def _finish(self, call: Call, at: float, outcome: Outcome, *, fault: Fault | None) -> web.Response:
        record = self._note(call, at, outcome.status, outcome.code, faulted=fault is not None)
        if outcome.status == 429:
            self.rate_limited.append(record)
        if self.checks_answers and fault is None:
            body = None if outcome.status == 204 else outcome.body
            self.drift += self.judge.answer(call.method, call.path, outcome.status, body)
        return outcome.response()

    def _note(
        self, call: Call, at: float, status: int | None, code: int | None, *, faulted: bool
    ) -> RequestRecord:
        metas = tuple(FileMeta(one.part, one.filename, len(one.data), one.content_type) for one in call.files)
        record = RequestRecord(
            at, call.method, call.path, dict(call.query), call.body, metas, status, code, faulted
        )
        self.requests.append(record)
        self._changes.notify()
        return record


async def _read(request: web.Request) -> Call:
    path, query = request.path.removeprefix(PREFIX), dict(request.query)
    if request.content_type != "multipart/form-data":
        raw = await request.read()
        return Call(request.method, path, query, json.loads(raw) if raw else None)
    body: Any = None
    files: list[Upload] = []
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            raise ValueError("a part within a part")  # noqa: TRY004 - the request is malformed, not a type of ours
        data = bytes(await part.read(decode=False))
        if part.filename is not None:
            kind = part.headers.get("Content-Type", "application/octet-stream")
            files.append(Upload(part.name or "", part.filename, data, kind))
        elif part.name == "payload_json":
            body = json.loads(data)
    return Call(request.method, path, query, body, tuple(files))


def _reset(request: web.Request) -> None:
    """Cut the connection so hard that the other side reads "connection reset by peer"."""
    transport = request.transport
    if transport is None:
        return
    raw = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
