"""Puts the room together that knows who pays: accounts, keys, budgets and costs.
Never here: adapters; they come in through the ports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.services.accounts.accounts import Accounts
from bot.services.accounts.costs import Costs
from bot.services.accounts.monitor import AccountMonitor
from bot.services.accounts.own_keys import OwnKeys
from bot.services.accounts.owner_policy import OwnerPolicy
from bot.services.accounts.owner_questions import OwnerQuestions
from bot.services.accounts.pending_keys import PendingKeys
from bot.services.accounts.upstream_keys import UpstreamKeys

if TYPE_CHECKING:
    from bot.services.accounts.owner_policy import OwnerMail
    from bot.services.modlog.dispatcher import Dispatcher
    from bot.services.process import Ports, Terms


@dataclass(frozen=True, kw_only=True)
class AccountServices:
    """The services of the room."""

    accounts: Accounts
    owner_policy: OwnerPolicy
    owner_questions: OwnerQuestions
    own_keys: OwnKeys
    upstream_keys: UpstreamKeys
    costs: Costs
    mail: OwnerMail
    watch: AccountMonitor
    """Has to run beside the worker, in one process at least."""


def build_accounts(ports: Ports, terms: Terms, dispatcher: Dispatcher) -> AccountServices:
    """Wire them."""
    store, stores, clock = ports.store, ports.guilds, ports.clock
    own_keys = OwnKeys(
        store=stores.keys,
        jobs=store,
        vault=ports.vault,
        allowed=terms.server_keys,
        open_account=ports.open_account,
        hide=ports.hide,
        clock=clock,
        dispatcher=dispatcher,
    )
    owner_policy = OwnerPolicy(
        store=ports.tenants,
        terms=terms.owner_terms,
        clock=clock,
        memory=stores.memory,
        own_keys_offered=lambda: own_keys.offered,
    )
    accounts = Accounts(
        fixed=ports.accounts,
        balance_apis=ports.balance_apis,
        account_of=terms.account_of,
        own_name=terms.own_name,
        own=own_keys,
        owner=owner_policy,
        own_capabilities=terms.own_capabilities,
    )
    upstream_keys = UpstreamKeys(
        admin=ports.key_admin,
        own_keys=own_keys,
        find=accounts.find,
        jobs=store,
        pending=PendingKeys(stores.memory),
        clock=clock,
    )
    costs = Costs(
        books=stores.books, memory=stores.memory, clock=clock, stated=terms.credits, money=terms.credit_value
    )
    monitor = AccountMonitor(
        accounts=accounts,
        costs=costs,
        own_keys=own_keys,
        upstream_keys=upstream_keys,
        records=stores.records,
        memory=stores.memory,
        dispatcher=dispatcher,
        clock=clock,
        balance_low=terms.balance_low,
        mail=ports.mail,
    )
    return AccountServices(
        accounts=accounts,
        owner_policy=owner_policy,
        owner_questions=OwnerQuestions(
            policy=owner_policy, memory=stores.memory, clock=clock, mail=ports.mail
        ),
        own_keys=own_keys,
        upstream_keys=upstream_keys,
        costs=costs,
        mail=ports.mail,
        watch=monitor,
    )
