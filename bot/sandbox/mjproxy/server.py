"""A server of the family as one thing to open, look into and close; every request is admitted, answered and recorded.
Never here: what endpoints do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from aiohttp import web

from bot.sandbox.mjproxy.doors import Doors
from bot.sandbox.mjproxy.faults import Planned, ProxyFault
from bot.sandbox.mjproxy.flavours import Flavour
from bot.sandbox.mjproxy.house import House
from bot.sandbox.mjproxy.reading import Reading
from bot.sandbox.mjproxy.submitting import Submitting
from bot.sandbox.mjproxy.views import true_view
from bot.sandbox.mjproxy.workshop import Workshop
from bot.sandbox.upstream.faults import Fault, PlannedFault
from bot.sandbox.upstream.gallery import CDN_PREFIX, PUBLIC_PREFIX, Gallery
from bot.sandbox.upstream.misbehaviour import Misbehaviour
from bot.sandbox.upstream.picture_window import PictureWindow
from bot.sandbox.upstream.service import Service, Settings
from bot.sandbox.upstream.webhooks import Webhooks

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from bot.sandbox.mjproxy.records import Record
    from bot.sandbox.upstream.calls import Call
    from bot.sandbox.upstream.tasks import Task

LARGEST_BODY = 64 * 1024 * 1024
OF_HOUSE = frozenset(
    {
        "guest",
        "fixed_speed",
        "remix",
        "uploads",
        "batch",
        "lag",
        "server_address",
        "speeds_of_keys",
        "id_prefix",
    }
)


class SimulatedProxy:
    """One flavour on loopback. Open it with `async with`; options are the fields of `House` and of `Settings`."""

    def __init__(
        self,
        flavour: Flavour = Flavour.TRUEAI,
        settings: Settings | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        **options: Any,
    ) -> None:
        self._address = (host, port)
        own = {name: options.pop(name) for name in list(options) if name in OF_HOUSE}
        self.service = Service(replace(settings or Settings(), **options))
        self.house = House(flavour=flavour, service=self.service, **own)
        self._misbehaviour = Misbehaviour()
        self._gallery = Gallery(self.service)
        self._webhooks = Webhooks(self.service, view=self._posted)
        self._workshop = Workshop(self.service, self._gallery.fetch_own, self._webhooks.watch)
        self._runner: web.AppRunner | None = None

    def _posted(self, service: Service, task: Task) -> dict[str, Any]:
        del service
        record = self.house.records.of_task(task)
        return true_view(self.house, record) if record is not None else {}

    async def __aenter__(self) -> Self:
        """Open the port and begin to post webhooks."""
        application = web.Application(client_max_size=LARGEST_BODY)
        window = PictureWindow(self.service, self._gallery, self._misbehaviour)
        for prefix, name in ((CDN_PREFIX, "cdn"), (PUBLIC_PREFIX, "file")):
            application.router.add_get(f"{prefix}{{key:.+}}", window.serve(name))
        application.router.add_get("/wsrv/", window.serve("wsrv"))
        doors = Doors(
            self.house,
            Submitting(self.house, self._workshop),
            Reading(self.house),
            self._misbehaviour,
            self._gallery,
        )
        application.router.add_route("*", "/{path:.*}", doors.serve)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        host, port = self._address
        await web.TCPSite(self._runner, host, port, reuse_address=True).start()
        self.service.origin = f"http://{host}:{self._runner.addresses[0][1]}"
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

    # -- looking in --------------------------------------------------------------------------------------------------

    @property
    def origin(self) -> str:
        """What an owner puts into the settings."""
        return self.service.origin

    @property
    def host(self) -> str:
        """`127.0.0.1:PORT`, for an allow-list of picture hosts."""
        return self.service.host

    @property
    def wsrv(self) -> str:
        """The stand-in for wsrv: `?url=…` follows."""
        return f"{self.service.origin}/wsrv/"

    @property
    def calls(self) -> list[Call]:
        """Every request, oldest first."""
        return self.service.log.calls

    @property
    def counts(self) -> Mapping[str, int]:
        """How many requests each endpoint got."""
        return self.service.log.counts

    @property
    def records(self) -> list[Record]:
        """Every id that was given out and is still known, oldest first."""
        self.service.book.advance()
        return list(self.house.records)

    @property
    def paid(self) -> int:
        """How many tasks were accepted and charged."""
        return len(self.service.accounts.charges)

    @property
    def broken_rules(self) -> list[str]:
        """What the client did that no client may do."""
        return self.house.broken_rules

    @property
    def webhooks_sent(self) -> list[tuple[str, dict[str, Any]]]:
        """Every webhook that went out: address and body."""
        return self._webhooks.sent

    def record(self, record_id: str) -> Record:
        """A record, forgotten ones not; raises KeyError."""
        found = self.house.records.get(record_id)
        if found is None:
            raise KeyError(record_id)
        return found

    # -- faults and levers -------------------------------------------------------------------------------------------

    def fault(
        self,
        fault: ProxyFault | Fault | Planned | PlannedFault,
        *,
        times: int | None = 1,
        endpoint: str | None = None,
        seconds: float = 2.0,
        reason: str | None = None,
    ) -> Planned | PlannedFault:
        """Plan a fault of the family's, or one of those that both stand-ins share."""
        if isinstance(fault, Planned):
            return self.house.faults.add(fault)
        if isinstance(fault, PlannedFault):
            return self.service.faults.add(fault)
        if isinstance(fault, ProxyFault):
            return self.house.faults.add(Planned(fault, left=times, endpoint=endpoint))
        return self.service.faults.add(
            PlannedFault(fault, left=times, endpoint=endpoint, seconds=seconds, reason=reason)
        )

    def finish(self, record_id: str) -> None:
        """End a task now as it was meant to end."""
        self.service.book.finish(self._task(record_id).id)

    def fail(self, record_id: str, reason: str) -> None:
        """End a task now with this failReason."""
        self.service.book.fail(self._task(record_id).id, reason)

    def progress(self, record_id: str, percent: int) -> None:
        """Put a task at this percent."""
        self.service.book.progress(self._task(record_id).id, percent)

    def forget(self, record_id: str) -> None:
        """Restart: the server no longer knows this task."""
        self.record(record_id).forgotten = True

    async def flush_webhooks(self) -> None:
        """Send what changed up to now and wait until it was sent."""
        await self._webhooks.flush()

    def _task(self, record_id: str) -> Task:
        task = self.record(record_id).task
        if task is None:
            raise KeyError(f"{record_id} is a window that nobody answered")
        return task
