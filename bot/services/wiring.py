"""Puts the services together, room by room: what a process needs to accept, send, follow and deliver jobs.
Never here: adapters; they come in through the ports (`process` lists them)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.services.accounts.status import AccountStatus
from bot.services.accounts_wiring import AccountServices, build_accounts
from bot.services.admission.authorization import Authorizer
from bot.services.history.dm_outbox import DmQueue
from bot.services.history.preferences import People
from bot.services.history.upstream_requests import UpstreamRequests
from bot.services.history_wiring import HistoryServices, build_history
from bot.services.housekeeping import Housekeeping
from bot.services.intake_wiring import IntakeServices, build_intake
from bot.services.modlog.dispatcher import Dispatcher
from bot.services.presence import Presence
from bot.services.servers_wiring import ServerServices, build_servers
from bot.services.worker_wiring import build_worker

if TYPE_CHECKING:
    from bot.services.process import Ports, Terms
    from bot.services.worker.progress import ProgressEditor
    from bot.services.worker.worker import Worker


@dataclass(frozen=True, kw_only=True)
class Services(IntakeServices, HistoryServices, ServerServices, AccountServices):
    """What the adapters (commands, buttons, the web) call."""

    worker: Worker
    editor: ProgressEditor
    """Runs inside the worker; a process without a worker runs it alone, for the first cards."""
    dispatcher: Dispatcher
    """Has to run beside the worker, in every process."""
    upstream: AccountStatus
    housekeeping: Housekeeping
    """Has to run beside the worker, in one process at least."""
    presence: Presence


def build(ports: Ports, terms: Terms) -> Services:
    """Wire one process's services; nothing runs until `worker.run()`."""
    stores, clock, metrics = ports.guilds, ports.clock, ports.metrics
    dispatcher = Dispatcher(
        settings=stores.settings, records=stores.records, modlog=ports.modlog, clock=clock, metrics=metrics
    )
    authorizer = Authorizer(ports.directory)
    people = People(store=ports.people, clock=clock)
    queue = DmQueue(people=people, store=ports.personal_items, clock=clock)

    payers = build_accounts(ports, terms, dispatcher)
    accounts = payers.accounts
    worker = build_worker(
        ports,
        terms,
        accounts=accounts,
        dispatcher=dispatcher,
        owe_copy=queue.enqueue,
    )
    upstream_requests = UpstreamRequests(store=ports.store, accounts=accounts, clock=clock)
    servers = build_servers(ports, accounts, upstream_requests, worker, dispatcher)
    history = build_history(
        ports,
        terms,
        upstream_requests=upstream_requests,
        authorizer=authorizer,
        people=people,
        queue=queue,
        policy=servers.policy,
        worker=worker,
        dispatcher=dispatcher,
    )
    requests = build_intake(
        ports,
        terms,
        payers=payers,
        servers=servers,
        history=history,
        authorizer=authorizer,
        worker=worker,
        dispatcher=dispatcher,
    )
    housekeeping = Housekeeping(
        records=stores.records,
        drafts=requests.drafts,
        own_keys=payers.own_keys,
        clock=clock,
        metrics=metrics,
        retention_days=terms.retention_days,
    )
    return Services(
        **vars(payers),
        **vars(servers),
        **vars(history),
        **vars(requests),
        worker=worker,
        editor=worker.editor,
        dispatcher=dispatcher,
        upstream=AccountStatus(
            accounts=accounts,
            upstream_keys=payers.upstream_keys,
            clock=clock,
            trackers=worker.trackers,
        ),
        housekeeping=housekeeping,
        presence=Presence(
            housekeeping=housekeeping,
            owner_policy=payers.owner_policy,
            moderation=servers.moderation,
            memory=stores.memory,
        ),
    )
