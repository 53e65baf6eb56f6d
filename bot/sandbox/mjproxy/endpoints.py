"""The endpoints of a server: paths with and without a prefix, keys, faults of an exchange, and the log of calls.
Never here: what an endpoint does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.sandbox.mjproxy.faults import BEFORE, ProxyFault
from bot.sandbox.mjproxy.flavours import Flavour
from bot.sandbox.mjproxy.replies import PAGE, Reply, exception, no_such_path, refused, respond, submitted
from bot.sandbox.mjproxy.submitting import Visit, queue_full
from bot.sandbox.upstream.answers import Refusal
from bot.sandbox.upstream.bodies import read_body
from bot.sandbox.upstream.calls import Call, cut_base64
from bot.sandbox.upstream.faults import Scope
from bot.sandbox.upstream.gallery import NotThere

if TYPE_CHECKING:
    from bot.sandbox.mjproxy.reading import Reading
    from bot.sandbox.mjproxy.records import Record
    from bot.sandbox.mjproxy.state import ProxyState
    from bot.sandbox.mjproxy.submitting import Submitting
    from bot.sandbox.upstream.gallery import Gallery
    from bot.sandbox.upstream.misbehaviour import Misbehaviour

_PATH = re.compile(r"/(?:(?P<prefix>[\w-]+)/)?mj/(?P<rest>.+)")
_OF_TASK = re.compile(r"task/(?P<id>[^/]+)/(?P<what>fetch|image-seed|cancel)")
_AFTER = (ProxyFault.TAKEN_400, ProxyFault.TAKEN_NO_ROW, ProxyFault.TAKEN_500, ProxyFault.NO_RESULT)


class Endpoints:
    """Serves every path but those of pictures."""

    def __init__(
        self,
        proxy: ProxyState,
        submitting: Submitting,
        reading: Reading,
        misbehaviour: Misbehaviour,
        gallery: Gallery,
    ) -> None:
        self._proxy = proxy
        self._submitting = submitting
        self._reading = reading
        self._misbehaviour = misbehaviour
        self._gallery = gallery

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """The aiohttp handler."""
        match = _PATH.fullmatch(request.path)
        rest = match["rest"] if match else request.path
        of_task = _OF_TASK.fullmatch(rest)
        endpoint = of_task["what"] if of_task else rest.rpartition("/")[2]
        bad: Reply | None = None
        try:
            fields = await read_body(request)
        except Refusal as refusal:
            fields, bad = {}, refused(4, f"参数错误: {refusal.message}")
        if rest.startswith("image/"):
            return await self._picture(rest.removeprefix("image/"))
        planned = self._proxy.service.faults.draw(Scope.BEFORE, endpoint=endpoint)
        if planned is not None:
            self._record(request, endpoint, fields, planned.fault.value, 200, None)
            return await self._misbehaviour.answer(request, planned, None)
        record: Record | None = None
        try:
            if bad is not None:
                raise bad
            self._strike_before(endpoint)
            visit = self._admit(request, match["prefix"] if match else None, endpoint, fields)
            body, record = await self._behind(request, rest, visit)
            response = respond(body)
            told = record.id if record is not None else "ok"
            self._strike_after(endpoint, record)
        except Reply as reply:
            response, told = reply.response(), str(reply.body)
        self._record(request, endpoint, fields, told, response.status, record)
        return await self._after(request, endpoint, record, response)

    async def _after(
        self, request: web.Request, endpoint: str, record: Record | None, response: web.Response
    ) -> web.StreamResponse:
        task = record.task.id if record is not None and record.task is not None else None
        planned = self._proxy.service.faults.draw(Scope.AFTER, endpoint=endpoint, task=task)
        if planned is None:
            return response
        return await self._misbehaviour.answer(request, planned, response)

    async def _behind(self, request: web.Request, rest: str, visit: Visit) -> tuple[Any, Record | None]:
        self._proxy.service.book.advance()
        of_task = _OF_TASK.fullmatch(rest)
        if of_task is not None and (request.method == "POST") == (of_task["what"] == "cancel"):
            does = {
                "fetch": self._reading.one,
                "image-seed": self._reading.seed,
                "cancel": self._reading.cancel,
            }
            return does[of_task["what"]](visit, of_task["id"]), None
        match request.method, rest:
            case "POST", _ if rest.startswith("submit/"):
                return await self._existing(visit) or await self._submitting.serve(visit)
            case "POST", "task/list-by-condition" | "task/list-by-ids":
                return self._reading.by_ids(visit, visit.endpoint), None
            case "POST", "task/query":
                return self._reading.page(visit), None
            case "GET", "task/list":
                return self._reading.every(visit), None
            case "GET", "/api/usage/token":
                return self._reading.usage(visit), None
            case _:
                raise no_such_path(request.path)

    async def _existing(self, visit: Visit) -> tuple[Any, Record | None] | None:
        """The faults that name an earlier task instead of making one."""
        earlier = next((record for record in self._proxy.records if record.task is not None), None)
        if earlier is None:
            return None
        if self._proxy.faults.strikes(ProxyFault.REUSED_ID, visit.endpoint):
            return submitted(1, "提交成功", earlier.id), None
        if self._proxy.faults.strikes(ProxyFault.EXISTS, visit.endpoint):
            return submitted(21, "任务已存在", earlier.id, status="SUCCESS", imageUrl=""), None
        return None

    # -- keys --------------------------------------------------------------------------------------------------------

    def _admit(
        self, request: web.Request, prefix: str | None, endpoint: str, fields: dict[str, Any]
    ) -> Visit:
        proxy, secret = self._proxy, request.headers.get("mj-api-secret", "")
        written = request.headers.get("Authorization", "")
        if secret and written:
            proxy.broken_rules.append("two headers with a key")
        manners = proxy.manners
        if manners.secret_only:
            key = secret.removeprefix("Bearer ")
        elif manners.raw_first:
            key = written or secret
        else:
            key = written.removeprefix("Bearer ") if written and written != "midjourney-proxy" else secret
        known = proxy.service.accounts.keys.get(key)
        if known is None and not proxy.guest:
            raise self._unknown_key()
        if prefix is not None and prefix not in manners.prefixes:
            if "*" not in manners.prefixes:
                raise no_such_path(request.path)
            if proxy.flavour is Flavour.ONE_HUB:
                raise refused(4, "无效的加速模式", status=400)
        speed = prefix if prefix in {"mj-relax", "mj-fast", "mj-turbo"} else None
        return Visit(known.account if known is not None else "main", key, speed, endpoint, fields)

    def _unknown_key(self) -> Reply:
        match self._proxy.flavour:
            case Flavour.NEW_API:
                return Reply(401, {"error": {"message": "无效的令牌", "type": "new_api_error"}})
            case Flavour.TRUEAI:
                return Reply(401, "Authorization header missing.")
            case _:
                return Reply(401, "")

    # -- faults ------------------------------------------------------------------------------------------------------

    def _strike_before(self, endpoint: str) -> None:
        proxy = self._proxy
        answers = {
            ProxyFault.WRONG_KEY: Reply(401, ""),
            ProxyFault.WRONG_PATH: Reply(404, "404 page not found"),
            ProxyFault.WEB_PAGE: Reply(200, PAGE),
            ProxyFault.OTHER_KIND: Reply(
                200, {"statusCode": 400, "message": "model must be midjourney", "data": None}
            ),
            ProxyFault.NO_ACCOUNT: refused(3, "无可用的账号实例"),
            ProxyFault.QUEUE_FULL: queue_full(proxy),
            ProxyFault.OVERLOADED: refused(30, "当前分组负载已饱和", status=429),
            ProxyFault.BANNED_WORD: refused(24, "可能包含敏感词", bannedWord="gore"),
            ProxyFault.NO_QUOTA: refused(4, "quota_not_enough", status=400),
            ProxyFault.BLACKLISTED: Reply(403, ""),
        }
        for fault in BEFORE:
            if proxy.faults.strikes(fault, endpoint):
                raise answers[fault]

    def _strike_after(self, endpoint: str, record: Record | None) -> None:
        if record is None:
            return
        answers = {
            ProxyFault.TAKEN_400: refused(5, "do_request_failed", status=400),
            ProxyFault.TAKEN_NO_ROW: refused(4, "insert_midjourney_task_failed", status=400),
            ProxyFault.TAKEN_500: exception("操作失败", status=500),
            ProxyFault.NO_RESULT: refused(1, "提交成功"),
        }
        for fault in _AFTER:
            if self._proxy.faults.strikes(fault, endpoint):
                record.forgotten = fault is ProxyFault.TAKEN_NO_ROW
                raise answers[fault]

    # -- the rest ----------------------------------------------------------------------------------------------------

    async def _picture(self, task_id: str) -> web.StreamResponse:
        """A gateway's own copy of a picture; no key is asked for."""
        try:
            task = self._reading.picture_url(task_id).task
            service = self._proxy.service
            links: tuple[str | None, str | None] = (None, None)
            if task is not None:
                state = service.book.state(task)
                links = service.picture_links(task, state.status, state.percent)
            preview = service.own_path(links[0]) if links[0] is not None and links[1] is None else None
            drawn = await self._gallery.fetch(*(preview or (f"/api/v1/content/mj-generated/{links[1]}", {})))
        except Reply as reply:
            return reply.response()
        except NotThere as missing:
            return respond(missing.words, missing.status)
        return web.Response(body=drawn.content, content_type=drawn.content_type)

    def _record(
        self,
        request: web.Request,
        endpoint: str,
        fields: dict[str, Any],
        outcome: str,
        status: int,
        record: Record | None,
    ) -> None:
        service = self._proxy.service
        service.log.add(
            Call(
                at=service.settings.clock(),
                method=request.method,
                path=request.path,
                endpoint=endpoint,
                params=dict(request.query),
                body=cut_base64(fields),
                key_tail="",
                outcome=outcome,
                status=status,
                task_id=record.task.id if record is not None and record.task is not None else None,
            )
        )
