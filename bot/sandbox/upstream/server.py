"""The simulated upstream as one thing to open, look into and close: the HTTP server and the levers for tests.
Never here: rules of the service."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from aiohttp import web

from bot.sandbox.upstream.accounts import Permission
from bot.sandbox.upstream.answers import Answer, Envelope
from bot.sandbox.upstream.archive import dump, load
from bot.sandbox.upstream.control import Control
from bot.sandbox.upstream.desk import Desk, Endpoint
from bot.sandbox.upstream.faults import PlannedFault
from bot.sandbox.upstream.gallery import CDN_PREFIX, PUBLIC_PREFIX, STORE_PREFIX, Gallery
from bot.sandbox.upstream.keys import change_key, delete_key, list_keys, make_key
from bot.sandbox.upstream.management import balance, membership, rates, upload
from bot.sandbox.upstream.misbehaviour import Misbehaviour, respond
from bot.sandbox.upstream.picture_window import PictureWindow
from bot.sandbox.upstream.queries import query, query_page
from bot.sandbox.upstream.service import Service, Settings
from bot.sandbox.upstream.submissions import Ask, Submissions
from bot.sandbox.upstream.tasks import Status
from bot.sandbox.upstream.views import plain_view
from bot.sandbox.upstream.webhooks import Webhooks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from bot.sandbox.upstream.accounts import Charge
    from bot.sandbox.upstream.calls import Call
    from bot.sandbox.upstream.faults import Fault
    from bot.sandbox.upstream.tasks import Task

LARGEST_BODY = 64 * 1024 * 1024
MIDJOURNEY = "/api/v1/ai/draw/mj/"


class SimulatedUpstream:
    """OhMyGPT's Midjourney API on loopback. Open it with `async with`; options are the fields of `Settings`."""

    def __init__(
        self, settings: Settings | None = None, *, host: str = "127.0.0.1", port: int = 0, **options: Any
    ) -> None:
        self._address = (host, port)
        self._service = Service(replace(settings or Settings(), **options))
        self._misbehaviour = Misbehaviour()
        self._gallery = Gallery(self._service)
        self._webhooks = Webhooks(self._service)
        self._submissions = Submissions(self._service, self._gallery.fetch_own, self._webhooks.watch)
        self._runner: web.AppRunner | None = None

    # -- life ----------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        """Open the port and begin to post webhooks."""
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        host, port = self._address
        site = web.TCPSite(self._runner, host, port, reuse_address=True)
        await site.start()
        bound = self._runner.addresses[0]
        self._service.origin = f"http://{host}:{bound[1]}"
        await self._webhooks.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of everything that waits, and close."""
        self._misbehaviour.closing.set()
        await self._webhooks.close()
        if self._runner is not None:
            await self._runner.cleanup()

    # -- addresses -----------------------------------------------------------------------------------------------

    @property
    def origin(self) -> str:
        """The API's origin, without a slash at the end."""
        return self._service.origin

    @property
    def storage(self) -> str:
        """The picture store's origin: `/api/v1/content/mj-generated/{key}` follows."""
        return self._service.origin

    @property
    def wsrv(self) -> str:
        """The stand-in for wsrv: `?url=…` follows."""
        return f"{self._service.origin}/wsrv/"

    @property
    def host(self) -> str:
        """`127.0.0.1:PORT`, for an allow-list of picture hosts."""
        return self._service.host

    # -- looking in ----------------------------------------------------------------------------------------------

    @property
    def calls(self) -> list[Call]:
        """Every request but those to /control, oldest first."""
        return self._service.log.calls

    @property
    def counts(self) -> Mapping[str, int]:
        """How many requests each endpoint got, ever."""
        return self._service.log.counts

    @property
    def tasks(self) -> list[Task]:
        """Accepted submissions in order: exactly one each."""
        self._service.book.advance()
        return self._service.book.tasks

    @property
    def charges(self) -> list[Charge]:
        """What each accepted submission cost."""
        return self._service.accounts.charges

    @property
    def webhooks_sent(self) -> list[tuple[str, dict[str, Any]]]:
        """Every webhook that went out: address and body."""
        return self._webhooks.sent

    @property
    def service(self) -> Service:
        """Everything else, for tests that need it: accounts, files, assets, settings."""
        return self._service

    def view(self, task_id: int) -> dict[str, Any]:
        """A task's fifteen fields as they truly are, past all faults."""
        self._service.book.advance()
        return plain_view(self._service, self._task(task_id))

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
            return self._service.faults.add(fault)
        return self._service.faults.add(
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
        self._service.faults.lift(fault)

    # -- levers --------------------------------------------------------------------------------------------------

    def finish(self, task_id: int) -> None:
        """End a task now as it was meant to end."""
        self._task(task_id)
        self._service.book.finish(task_id)

    def fail(self, task_id: int, reason: str, status: Status = Status.FAILURE) -> None:
        """End a task now with this failReason."""
        self._task(task_id)
        self._service.book.fail(task_id, reason, status)

    def progress(self, task_id: int, percent: int) -> None:
        """Put a task at this percent; it stays there until it is moved again."""
        self._task(task_id)
        self._service.book.progress(task_id, percent)

    def pause(self) -> None:
        """Stop automatic progress."""
        self._service.book.pause()

    def resume(self) -> None:
        """Let time pass again."""
        self._service.book.resume()

    async def flush_webhooks(self) -> None:
        """Send what changed up to now and wait until it was sent."""
        await self._webhooks.flush()

    async def picture(self, task_id: int) -> bytes:
        """The bytes that a finished task's addresses serve, past all faults."""
        key = self.view(task_id)["imageS3Url"]
        return (await self._gallery.fetch(f"{STORE_PREFIX}{key}", {})).content

    # -- survival ------------------------------------------------------------------------------------------------

    def dump(self) -> dict[str, Any]:
        """Everything worth keeping, as JSON."""
        return dump(self._service)

    def load(self, dumped: Mapping[str, Any]) -> None:
        """What `dump` gave; tasks that had not ended run again."""
        for task in load(self._service, dumped):
            self._webhooks.watch(task)

    # -- wiring --------------------------------------------------------------------------------------------------

    def _task(self, task_id: int) -> Task:
        task = self._service.book.get(task_id)
        if task is None:
            raise KeyError(f"no task {task_id}")
        return task

    def _application(self) -> web.Application:
        application = web.Application(client_max_size=LARGEST_BODY, middlewares=[_envelope_for_unknown])
        desk = Desk(self._service, self._misbehaviour)
        window = PictureWindow(self._service, self._gallery, self._misbehaviour)
        for endpoint in self._endpoints():
            application.router.add_route(endpoint.method, endpoint.path, desk.serve(endpoint))
        for prefix, name in ((STORE_PREFIX, "store"), (CDN_PREFIX, "cdn"), (PUBLIC_PREFIX, "file")):
            application.router.add_get(f"{prefix}{{key:.+}}", window.serve(name))
        application.router.add_get("/wsrv/", window.serve("wsrv"))
        application.router.add_routes(Control(self._service).routes())
        return application

    def _endpoints(self) -> list[Endpoint]:
        submissions, service = self._submissions, self._service
        draw, files, admin = Permission.MIDJOURNEY, Permission.FILES, Permission.ADMIN

        def plain(does: Callable[[Service, Ask], Answer]) -> Any:
            async def handle(ask: Ask, params: Mapping[str, str]) -> Answer:
                del params
                return does(service, ask)

            return handle

        def submit(does: Callable[[Ask], Any]) -> Any:
            async def handle(ask: Ask, params: Mapping[str, str]) -> Answer:
                del params
                answer: Answer = await does(ask)
                return answer

            return handle

        async def page(ask: Ask, params: Mapping[str, str]) -> Answer:
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
