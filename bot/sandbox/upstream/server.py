"""OhMyGPT's API as a server: its endpoints, and the levers for tests.
Never here: rules of the service."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from aiohttp import web
from typing_extensions import override

from bot.sandbox.upstream.accounts import Permission
from bot.sandbox.upstream.answers import ApiResponse, Envelope
from bot.sandbox.upstream.archive import dump, load
from bot.sandbox.upstream.chat import ENDPOINT, complete
from bot.sandbox.upstream.control import Control
from bot.sandbox.upstream.desk import Desk, Endpoint
from bot.sandbox.upstream.drawing import DrawCall, DrawingDesk
from bot.sandbox.upstream.faults import PlannedFault
from bot.sandbox.upstream.gallery import STORE_PREFIX
from bot.sandbox.upstream.keys import change_key, delete_key, list_keys, make_key
from bot.sandbox.upstream.loopback import LARGEST_BODY, LoopbackServer
from bot.sandbox.upstream.management import balance, membership, rates, upload
from bot.sandbox.upstream.misbehaviour import respond
from bot.sandbox.upstream.queries import query, query_page
from bot.sandbox.upstream.service import Service, Settings
from bot.sandbox.upstream.submissions import Ask, Submissions
from bot.sandbox.upstream.tasks import Status
from bot.sandbox.upstream.views import plain_view

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.sandbox.upstream.accounts import Charge
    from bot.sandbox.upstream.calls import Call
    from bot.sandbox.upstream.faults import Fault
    from bot.sandbox.upstream.tasks import Task

MIDJOURNEY = "/api/v1/ai/draw/mj/"


class SimulatedUpstream(LoopbackServer):
    """OhMyGPT's Midjourney API on loopback. Open it with `async with`; options are the fields of `Settings`."""

    windows: ClassVar[Mapping[str, str]] = {STORE_PREFIX: "store", **LoopbackServer.windows}

    def __init__(
        self, settings: Settings | None = None, *, host: str = "127.0.0.1", port: int = 0, **options: Any
    ) -> None:
        super().__init__(Service(replace(settings or Settings(), **options)), host=host, port=port)
        self.drawn: list[DrawCall] = []
        """Calls of the second engine that were paid for."""
        self._submissions = Submissions(self.service, self._gallery.fetch_own, self._webhooks.watch)

    @property
    def storage(self) -> str:
        """The picture store's origin: `/api/v1/content/mj-generated/{key}` follows."""
        return self.service.origin

    # -- looking in ----------------------------------------------------------------------------------------------

    @property
    def tasks(self) -> list[Task]:
        """Accepted submissions in order: exactly one each."""
        self.service.book.advance()
        return self.service.book.tasks

    @property
    def charges(self) -> list[Charge]:
        """What each accepted submission cost."""
        return self.service.accounts.charges

    def view(self, task_id: int) -> dict[str, Any]:
        """A task's fifteen fields as they truly are, past all faults."""
        self.service.book.advance()
        return plain_view(self.service, self._task(task_id))

    def calls_to(self, endpoint: str) -> list[Call]:
        """The requests to one endpoint."""
        return [call for call in self.calls if call.endpoint == endpoint]

    # -- faults --------------------------------------------------------------------------------------------------

    def fault(
        self,
        fault: Fault | PlannedFault,
        *,
        times: int | None = 1,
        chance: float = 1.0,
        endpoint: str | None = None,
        task: int | None = None,
        skip: int = 0,
        seconds: float = 2.0,
        reason: str | None = None,
    ) -> PlannedFault:
        """Plan a fault: it strikes `times` times (None: always), after letting `skip` occasions pass.

        `endpoint` is an endpoint's name, `submit` or `query`; what it returns counts its `hits`.
        """
        if isinstance(fault, PlannedFault):
            return self.service.faults.add(fault)
        return self.service.faults.add(
            PlannedFault(
                fault,
                left=times,
                chance=chance,
                endpoint=endpoint,
                task=task,
                skip=skip,
                seconds=seconds,
                reason=reason,
            )
        )

    def lift(self, fault: Fault | None = None) -> None:
        """Forget all planned faults, or those of one name."""
        self.service.faults.lift(fault)

    # -- levers --------------------------------------------------------------------------------------------------

    def finish(self, task_id: int) -> None:
        """End a task now as it was meant to end."""
        self._task(task_id)
        self.service.book.finish(task_id)

    def fail(self, task_id: int, reason: str, status: Status = Status.FAILURE) -> None:
        """End a task now with this failReason."""
        self._task(task_id)
        self.service.book.fail(task_id, reason, status)

    def progress(self, task_id: int, percent: int) -> None:
        """Put a task at this percent; it stays there until it is moved again."""
        self._task(task_id)
        self.service.book.progress(task_id, percent)

    def pause(self) -> None:
        """Stop automatic progress."""
        self.service.book.pause()

    def resume(self) -> None:
        """Let time pass again."""
        self.service.book.resume()

    async def picture(self, task_id: int) -> bytes:
        """The bytes that a finished task's addresses serve, past all faults."""
        key = self.view(task_id)["imageS3Url"]
        return (await self._gallery.fetch(f"{STORE_PREFIX}{key}", {})).content

    # -- survival ------------------------------------------------------------------------------------------------

    @override
    def dump(self) -> dict[str, Any]:
        """Everything worth keeping, as JSON."""
        return dump(self.service)

    @override
    def load(self, dumped: Mapping[str, Any]) -> None:
        """What `dump` gave; tasks that had not ended run again."""
        for task in load(self.service, dumped):
            self._webhooks.watch(task)

    # -- wiring --------------------------------------------------------------------------------------------------

    def _task(self, task_id: int) -> Task:
        task = self.service.book.get(task_id)
        if task is None:
            raise KeyError(f"no task {task_id}")
        return task

    @override
    def _application(self) -> web.Application:
        return web.Application(client_max_size=LARGEST_BODY, middlewares=[_envelope_for_unknown])

    @override
    def _add_routes(self, application: web.Application) -> None:
        desk = Desk(self.service, self._misbehaviour)
        for endpoint in self._endpoints():
            application.router.add_route(endpoint.method, endpoint.path, desk.serve(endpoint))
        application.router.add_routes(DrawingDesk(self.service, self._misbehaviour, self.drawn).routes())
        application.router.add_routes(Control(self.service).routes())

    def _endpoints(self) -> list[Endpoint]:
        submissions, service = self._submissions, self.service
        draw, files, admin = Permission.MIDJOURNEY, Permission.FILES, Permission.ADMIN

        def plain(does: Callable[[Service, Ask], ApiResponse]) -> Any:
            async def handle(ask: Ask, params: Mapping[str, str]) -> ApiResponse:
                del params
                return does(service, ask)

            return handle

        def submit(does: Callable[[Ask], Any]) -> Any:
            async def handle(ask: Ask, params: Mapping[str, str]) -> ApiResponse:
                del params
                answer: ApiResponse = await does(ask)
                return answer

            return handle

        async def page(ask: Ask, params: Mapping[str, str]) -> ApiResponse:
            return query_page(service, ask, params)

        return [
            Endpoint(
                "imagine", "POST", f"{MIDJOURNEY}imagine", draw, submit(submissions.imagine), takes_model=True
            ),
            Endpoint(
                "action", "POST", f"{MIDJOURNEY}action", draw, submit(submissions.action), takes_model=True
            ),
            Endpoint(
                "blend", "POST", f"{MIDJOURNEY}blend", draw, submit(submissions.blend), takes_model=True
            ),
            Endpoint(
                "describe",
                "POST",
                f"{MIDJOURNEY}describe",
                draw,
                submit(submissions.describe),
                takes_model=True,
            ),
            Endpoint("query", "POST", f"{MIDJOURNEY}query", draw, plain(query), takes_model=True),
            Endpoint("query-mj-tasks", "POST", f"{MIDJOURNEY}query-mj-tasks", draw, page, takes_model=True),
            Endpoint("balance", "POST", "/api/v1/user/admin/balance", admin, plain(balance)),
            Endpoint("model-rates", "GET", "/api/v1/pay/model-rates", admin, plain(rates)),
            Endpoint(
                "membership",
                "POST",
                "/api/v1/user/admin/get-membership-expire-date",
                admin,
                plain(membership),
            ),
            *(
                Endpoint(name, "POST", f"/api/v1/user/admin/{name}", admin, plain(does))
                for name, does in (
                    ("new-api-token", make_key),
                    ("update-api-token", change_key),
                    ("get-api-tokens", list_keys),
                    ("del-api-token", delete_key),
                )
            ),
            Endpoint(ENDPOINT, "POST", "/v1/chat/completions", Permission.CHAT, plain(complete), bare=True),
            Endpoint("upload", "POST", "/api/v1/user/files/upload", files, plain(upload)),
        ]


@web.middleware
async def _envelope_for_unknown(
    request: web.Request, handler: Callable[[web.Request], Any]
) -> web.StreamResponse:
    """Unknown addresses of the API answer in its envelope."""
    try:
        response: web.StreamResponse = await handler(request)
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed) as missing:
        return respond(Envelope(missing.status, missing.reason), missing.status)
    return response
