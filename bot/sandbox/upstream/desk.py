"""The API's desk: every request is read, admitted, answered in the envelope and recorded.
Never here: what the endpoints do."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.sandbox.upstream.answers import ApiResponse, Envelope, Refusal
from bot.sandbox.upstream.bodies import read_body, text
from bot.sandbox.upstream.calls import Call, cut_base64
from bot.sandbox.upstream.faults import Scope
from bot.sandbox.upstream.misbehaviour import Misbehaviour, respond
from bot.sandbox.upstream.submissions import Ask

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from bot.sandbox.upstream.accounts import Permission
    from bot.sandbox.upstream.faults import PlannedFault
    from bot.sandbox.upstream.service import Service

log = logging.getLogger(__name__)

KEY_TAIL = 4
SHORTEST_KEY = 8


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of the API: who may use it and what it does."""

    name: str
    method: str
    path: str
    permission: Permission
    handle: Callable[[Ask, Mapping[str, str]], Awaitable[ApiResponse]]
    takes_model: bool = False
    bare: bool = False
    """Answers without the envelope, as OpenAI's API does; its refusals come in one with an HTTP status of their own."""


class Desk:
    """Serves endpoints, honestly or as the planned faults have it."""

    def __init__(self, service: Service, misbehaviour: Misbehaviour) -> None:
        self._service = service
        self._misbehaviour = misbehaviour

    def serve(self, endpoint: Endpoint) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """The aiohttp handler of an endpoint."""

        async def handler(request: web.Request) -> web.StreamResponse:
            return await self._serve(endpoint, request)

        return handler

    async def _serve(self, endpoint: Endpoint, request: web.Request) -> web.StreamResponse:
        fields: dict[str, Any] = {}
        refused: Refusal | None = None
        try:
            fields = await read_body(request)
        except Refusal as refusal:
            refused = refusal
        planned = self._service.faults.draw(Scope.BEFORE, endpoint=endpoint.name)
        if planned is not None:
            self._record(endpoint, request, fields, planned.fault.value, planned=planned)
            return await self._misbehaviour.answer(request, planned, None)
        try:
            if refused is not None:
                raise refused
            answer = await self._honest(endpoint, request, fields)
        except Refusal as refusal:
            self._record(endpoint, request, fields, f"{refusal.status_code} {refusal.message}")
            if endpoint.bare:
                return _bare_refusal(refusal)
            return respond(Envelope(refusal.status_code, refusal.message, extra=refusal.extra))
        told = _told(answer)
        planned = self._service.faults.draw(Scope.AFTER, endpoint=endpoint.name, task=answer.task_id)
        enveloped = Envelope(200, answer.message, answer.data)
        response = web.json_response(answer.data) if endpoint.bare else respond(enveloped)
        if planned is None:
            self._record(endpoint, request, fields, told, task_id=answer.task_id)
            return response
        outcome = f"{told}, but {planned.fault.value}"
        self._record(endpoint, request, fields, outcome, task_id=answer.task_id, planned=planned)
        return await self._misbehaviour.answer(request, planned, response)

    async def _honest(self, endpoint: Endpoint, request: web.Request, fields: dict[str, Any]) -> ApiResponse:
        authorization = request.headers.get("Authorization", "")
        now = self._service.settings.clock()
        account, key = self._service.accounts.admit(authorization, endpoint.permission, now)
        if endpoint.takes_model and text(fields, "model") != "midjourney":
            raise Refusal(400, "model must be midjourney")
        return await endpoint.handle(Ask(account, endpoint.name, fields, key), request.query)

    def _record(
        self,
        endpoint: Endpoint,
        request: web.Request,
        fields: dict[str, Any],
        outcome: str,
        *,
        task_id: int | None = None,
        planned: PlannedFault | None = None,
    ) -> None:
        key = request.headers.get("Authorization", "").rpartition(" ")[2]
        self._service.log.add(
            Call(
                at=self._service.settings.clock(),
                method=request.method,
                path=request.path,
                endpoint=endpoint.name,
                params=dict(request.query),
                body=cut_base64({**fields, "key": key_tail(fields["key"])} if "key" in fields else fields),
                key_tail=key_tail(key),
                outcome=outcome,
                task_id=task_id,
                fault=planned.fault.value if planned else None,
            )
        )


def _bare_refusal(refusal: Refusal) -> web.Response:
    """As OpenAI's API says no."""
    error = {
        "message": refusal.message,
        "type": "invalid_request_error",
        "code": refusal.extra.get("errorType"),
    }
    return web.json_response({"error": error}, status=refusal.status_code)


def key_tail(key: object) -> str:
    """All of a key that a log may show."""
    return str(key)[-KEY_TAIL:] if len(str(key)) >= SHORTEST_KEY else ""


def _told(answer: ApiResponse) -> str:
    """An answer in a few words."""
    if isinstance(answer.data, dict) and "status" in answer.data:
        return f"{answer.data['status']} {answer.data['progress'] or ''}".strip()
    if isinstance(answer.data, dict) and "tasks" in answer.data:
        return f"{len(answer.data['tasks'])} of {answer.data['total']} tasks"
    return str(answer.task_id) if answer.task_id is not None else answer.message
