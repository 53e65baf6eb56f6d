"""The control endpoint: faults, and tasks moved by hand, from outside the process. Loopback only.
Never here: anything a client of the real service would meet."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiohttp import web

from bot.sandbox.upstream.answers import Refusal
from bot.sandbox.upstream.bodies import read_body
from bot.sandbox.upstream.faults import FAULTS, Fault, PlannedFault, read_fault
from bot.sandbox.upstream.views import plain_view

if TYPE_CHECKING:
    from bot.sandbox.upstream.service import Service

CALLS_SHOWN = 200


class Control:
    """Handlers under /control."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def routes(self) -> list[web.RouteDef]:
        """Everything under /control."""
        return [
            web.post("/control/fault", self._plan),
            web.delete("/control/fault", self._lift),
            web.get("/control/state", self._state),
            web.get("/control/calls", self._calls),
            web.post("/control/task", self._move),
            web.post("/control/time", self._time),
        ]

    async def _plan(self, request: web.Request) -> web.Response:
        fields = await self._fields(request)
        spelled = fields.get("fault")
        if not isinstance(spelled, str):
            raise _bad("fault is required")
        try:
            planned = planned_from(spelled, fields)
        except (TypeError, ValueError) as wrong:
            raise _bad(str(wrong)) from wrong
        return web.json_response(self._service.faults.add(planned).as_json(), status=201)

    async def _lift(self, request: web.Request) -> web.Response:
        _only_here(request)
        name = request.query.get("fault")
        if name is not None and name not in FAULTS:
            raise _bad(f"{name!r} is no fault")
        self._service.faults.lift(FAULTS[name] if name is not None else None)
        return web.json_response({"faults": [planned.as_json() for planned in self._service.faults]})

    async def _state(self, request: web.Request) -> web.Response:
        _only_here(request)
        service = self._service
        service.book.advance()
        return web.json_response(
            {
                "origin": service.origin,
                "manual": service.book.manual,
                "faults": [planned.as_json() for planned in service.faults],
                "known": {fault.value: fault.about for fault in Fault},
                "tasks": [plain_view(service, task) for task in service.book.tasks],
                "charges": [[charge.task_id, str(charge.credits)] for charge in service.accounts.charges],
                "balances": {account: str(left) for account, left in service.accounts.balances.items()},
                "calls": dict(service.log.counts),
            }
        )

    async def _calls(self, request: web.Request) -> web.Response:
        _only_here(request)
        since = int(request.query.get("since", "0") or 0)
        calls = self._service.log.calls
        shown = calls[since:] if since else calls[-CALLS_SHOWN:]
        return web.json_response({"total": len(calls), "calls": [call.as_json() for call in shown]})

    async def _move(self, request: web.Request) -> web.Response:
        fields = await self._fields(request)
        book = self._service.book
        try:
            task = book.get(int(fields.get("taskId", 0)))
        except (TypeError, ValueError):
            task = None
        if task is None:
            raise _bad("no such task")
        move = fields.get("do")
        if move == "finish":
            book.finish(task.id)
        elif move == "fail":
            book.fail(task.id, str(fields.get("reason", "Failed")))
        elif move == "progress" and isinstance(fields.get("percent"), int):
            book.progress(task.id, fields["percent"])
        else:
            raise _bad("do must be finish, fail (reason) or progress (percent)")
        book.advance()
        return web.json_response(plain_view(self._service, task))

    async def _time(self, request: web.Request) -> web.Response:
        fields = await self._fields(request)
        if fields.get("do") == "pause":
            self._service.book.pause()
        elif fields.get("do") == "resume":
            self._service.book.resume()
        else:
            raise _bad("do must be pause or resume")
        return web.json_response({"manual": self._service.book.manual})

    async def _fields(self, request: web.Request) -> dict[str, Any]:
        _only_here(request)
        try:
            return await read_body(request)
        except Refusal as refusal:
            raise _bad(refusal.message) from refusal


def planned_from(spelled: str, fields: dict[str, Any]) -> PlannedFault:
    """A fault from its spelling and the fields beside it; raises ValueError."""
    planned = read_fault(spelled)
    if "times" in fields:
        planned.left = None if fields["times"] is None else int(fields["times"])
    planned.chance = float(fields.get("chance", planned.chance))
    planned.endpoint = fields.get("endpoint", planned.endpoint)
    planned.task = int(fields["task"]) if fields.get("task") is not None else None
    planned.skip = int(fields.get("skip", 0))
    planned.seconds = float(fields.get("seconds", planned.seconds))
    planned.reason = fields.get("reason")
    return planned


def _only_here(request: web.Request) -> None:
    """Neither another machine nor a page that tricks a browser on this one may steer the service."""
    try:
        near = ip_address(request.remote or "").is_loopback
        host = urlsplit(f"//{request.host}").hostname or ""
        near = near and (host == "localhost" or ip_address(host).is_loopback)
    except ValueError:
        near = False
    if not near or "Origin" in request.headers:
        raise web.HTTPForbidden(text="only from this machine")


def _bad(message: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=message)
