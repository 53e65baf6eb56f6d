"""Puts the room together that knows what exists already: jobs, their cards, what people keep and prefer.
Never here: adapters; they come in through the ports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.services.history.dm_outbox import DmOutbox, DmQueue
from bot.services.history.erased_cards import ErasedCards
from bot.services.history.favourites import Favourites
from bot.services.history.jobs import Jobs
from bot.services.history.redelivery import Redelivery
from bot.services.history.thumbnails import Thumbnails

if TYPE_CHECKING:
    from bot.services.admission.authorization import Authorizer
    from bot.services.history.preferences import People
    from bot.services.history.upstream_requests import UpstreamRequests
    from bot.services.modlog.dispatcher import Dispatcher
    from bot.services.process import Ports, Terms
    from bot.services.servers.policy import GuildPolicy
    from bot.services.worker.worker import Worker


@dataclass(frozen=True, kw_only=True)
class HistoryServices:
    """The services of the room."""

    jobs: Jobs
    upstream_requests: UpstreamRequests
    redelivery: Redelivery
    favourites: Favourites
    thumbnails: Thumbnails
    people: People
    """Has to run beside the worker, in every process."""
    copies: DmOutbox
    """Has to run beside the worker, in every process that delivers."""
    erased_cards: ErasedCards
    """As above."""


def build_history(
    ports: Ports,
    terms: Terms,
    *,
    upstream_requests: UpstreamRequests,
    authorizer: Authorizer,
    people: People,
    queue: DmQueue,
    policy: GuildPolicy,
    worker: Worker,
    dispatcher: Dispatcher,
) -> HistoryServices:
    """Wire them."""
    store, clock = ports.store, ports.clock
    jobs = Jobs(
        store=store,
        archive=ports.archive,
        authorizer=authorizer,
        clock=clock,
        wakeup=worker,
        show=worker.editor.changed,
        policy=policy,
        server=upstream_requests,
    )
    redelivery = Redelivery(
        jobs=jobs,
        store=store,
        publisher=ports.publisher,
        pictures=ports.pictures,
        clock=clock,
        address_of=ports.address_of,
    )
    outbox = DmOutbox(
        queue=queue,
        people=people,
        store=ports.personal_items,
        jobs=store,
        redelivery=redelivery,
        publisher=ports.publisher,
        clock=clock,
        link_of=terms.link_of,
    )
    return HistoryServices(
        jobs=jobs,
        upstream_requests=upstream_requests,
        redelivery=redelivery,
        favourites=Favourites(jobs=jobs, store=ports.personal_items, clock=clock),
        thumbnails=Thumbnails(publisher=ports.publisher, clock=clock),
        people=people,
        copies=outbox,
        erased_cards=ErasedCards(
            records=ports.guilds.records,
            jobs=store,
            publisher=ports.publisher,
            dispatcher=dispatcher,
            clock=clock,
        ),
    )
