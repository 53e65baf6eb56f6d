"""Puts the worker together: what sends, looks up, follows and delivers.
Never here: what a person asks for, and adapters; they come in through the ports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.ports import PreviewPictures
from bot.services.accounts.speed_notices import SpeedNotices
from bot.services.worker.delivery import Delivery
from bot.services.worker.news import News
from bot.services.worker.previews import Previews
from bot.services.worker.progress import ProgressEditor
from bot.services.worker.reconcile import Reconciler
from bot.services.worker.submission import Submitter
from bot.services.worker.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.domain.jobs import Job, Route
    from bot.services.accounts.accounts import Accounts
    from bot.services.modlog.dispatcher import Dispatcher
    from bot.services.process import Ports, Terms


def build_worker(
    ports: Ports,
    terms: Terms,
    *,
    accounts: Accounts,
    dispatcher: Dispatcher,
    owe_copy: Callable[[Job, Route], Awaitable[None]],
) -> Worker:
    """Wire one process's worker with its editor of cards; nothing runs until `run`."""
    store, stores, clock, metrics, chance = (
        ports.store,
        ports.guilds,
        ports.clock,
        ports.metrics,
        terms.chance,
    )
    editor = ProgressEditor(
        store=store,
        publisher=ports.publisher,
        clock=clock,
        metrics=metrics,
        previews=Previews(
            pictures=ports.pictures if isinstance(ports.pictures, PreviewPictures) else None,
            settings=stores.settings,
            metrics=metrics,
        ),
    )
    return Worker(
        owner=terms.owner,
        store=store,
        submitter=Submitter(
            store=store,
            accounts=accounts,
            clock=clock,
            metrics=metrics,
            chance=chance,
            webhook_address=terms.webhook_address,
        ),
        reconciler=Reconciler(store=store, accounts=accounts, clock=clock, metrics=metrics, chance=chance),
        delivery=Delivery(
            store=store,
            publisher=ports.publisher,
            pictures=ports.pictures,
            editor=editor,
            dispatcher=dispatcher,
            clock=clock,
            metrics=metrics,
            chance=chance,
            owe_copy=owe_copy,
            strayed=SpeedNotices(memory=stores.memory, mail=ports.mail, clock=clock, metrics=metrics).check,
            is_news=News(people=ports.people, settings=stores.settings, usual=terms.news_after).is_news,
        ),
        editor=editor,
        accounts=accounts,
        webhooks=terms.webhooks,
        reads_per_second=terms.reads_per_second,
        clock=clock,
        metrics=metrics,
        chance=chance,
        max_running=min(terms.max_running, terms.owner_terms.of_account.at_once or terms.max_running),
        usual=terms.owner_terms.usual,
    )
