"""A server of the family: every request is admitted, answered and recorded; and the levers for tests.
Never here: what endpoints do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from bot.sandbox.mjproxy.archive import dump, load
from bot.sandbox.mjproxy.endpoints import Endpoints
from bot.sandbox.mjproxy.faults import Planned, ProxyFault
from bot.sandbox.mjproxy.flavours import Flavour
from bot.sandbox.mjproxy.reading import Reading
from bot.sandbox.mjproxy.state import ProxyState
from bot.sandbox.mjproxy.submitting import Submitting
from bot.sandbox.mjproxy.views import true_view
from bot.sandbox.mjproxy.workshop import Workshop
from bot.sandbox.upstream.faults import Fault, PlannedFault
from bot.sandbox.upstream.loopback import LoopbackServer
from bot.sandbox.upstream.service import Service, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from bot.sandbox.mjproxy.records import Record
    from bot.sandbox.upstream.tasks import Task

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


class SimulatedProxy(LoopbackServer):
    """One flavour on loopback. Open it with `async with`; options are the fields of `ProxyState` and of `Settings`."""

    def __init__(
        self,
        flavour: Flavour = Flavour.TRUEAI,
        settings: Settings | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        **options: Any,
    ) -> None:
        own = {name: options.pop(name) for name in list(options) if name in OF_HOUSE}
        service = Service(replace(settings or Settings(), **options))
        super().__init__(service, host=host, port=port, view=self._posted)
        self.state = ProxyState(flavour=flavour, service=service, **own)
        self._workshop = Workshop(service, self._gallery.fetch_own, self._webhooks.watch)

    def _posted(self, service: Service, task: Task) -> dict[str, Any]:
        del service
        record = self.state.records.of_task(task)
        return true_view(self.state, record) if record is not None else {}

    @override
    def _add_routes(self, application: web.Application) -> None:
        endpoints = Endpoints(
            self.state,
            Submitting(self.state, self._workshop),
            Reading(self.state),
            self._misbehaviour,
            self._gallery,
        )
        application.router.add_route("*", "/{path:.*}", endpoints.serve)

    @override
    def dump(self) -> dict[str, Any]:
        return dump(self.state)

    @override
    def load(self, dumped: Mapping[str, Any]) -> None:
        for task in load(self.state, dumped):
            self._webhooks.watch(task)

    # -- looking in --------------------------------------------------------------------------------------------------

    @property
    def records(self) -> list[Record]:
        """Every id that was given out and is still known, oldest first."""
        self.service.book.advance()
        return list(self.state.records)

    @property
    def broken_rules(self) -> list[str]:
        """What the client did that no client may do."""
        return self.state.broken_rules

    def record(self, record_id: str) -> Record:
        """A record, forgotten ones not; raises KeyError."""
        found = self.state.records.get(record_id)
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
            return self.state.faults.add(fault)
        if isinstance(fault, PlannedFault):
            return self.service.faults.add(fault)
        if isinstance(fault, ProxyFault):
            return self.state.faults.add(Planned(fault, left=times, endpoint=endpoint))
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

    def _task(self, record_id: str) -> Task:
        task = self.record(record_id).task
        if task is None:
            raise KeyError(f"{record_id} is a window that nobody answered")
        return task
