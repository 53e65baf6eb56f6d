"""Puts the room together that knows what a server's moderators decided.
Never here: adapters; they come in through the ports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.services.servers.moderation import Moderation
from bot.services.servers.policy import GuildPolicy
from bot.services.servers.prompt_settings import PromptSettings
from bot.services.servers.quota import Allowances
from bot.services.servers.settings import Guilds

if TYPE_CHECKING:
    from bot.services.accounts.accounts import Accounts
    from bot.services.history.upstream_requests import UpstreamRequests
    from bot.services.modlog.dispatcher import Dispatcher
    from bot.services.process import Ports
    from bot.services.worker.worker import Worker


@dataclass(frozen=True, kw_only=True)
class ServerServices:
    """The services of the room."""

    guilds: Guilds
    prompt_settings: PromptSettings
    policy: GuildPolicy
    allowances: Allowances
    moderation: Moderation


def build_servers(
    ports: Ports,
    accounts: Accounts,
    upstream_requests: UpstreamRequests,
    worker: Worker,
    dispatcher: Dispatcher,
) -> ServerServices:
    """Wire them."""
    stores, clock = ports.guilds, ports.clock
    guilds = Guilds(store=stores.settings, clock=clock, dispatcher=dispatcher)
    policy = GuildPolicy(
        guilds=guilds,
        stores=stores,
        fallback=ports.policy,
        clock=clock,
        dispatcher=dispatcher,
        accounts=accounts,
    )
    allowances = Allowances(guilds=guilds, policy=policy, stores=stores, clock=clock, dispatcher=dispatcher)
    moderation = Moderation(
        guilds=guilds,
        policy=policy,
        stores=stores,
        jobs=ports.store,
        archive=ports.archive,
        publisher=ports.publisher,
        wakeup=worker,
        show=worker.editor.changed,
        drop=upstream_requests.drop,
        clock=clock,
        dispatcher=dispatcher,
    )
    return ServerServices(
        guilds=guilds,
        prompt_settings=PromptSettings(guilds),
        policy=policy,
        allowances=allowances,
        moderation=moderation,
    )
