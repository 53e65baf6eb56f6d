"""The owner's accounts as adapters: which kind of API each speaks, and what is shared between them.
Never here: how settings are written (`bot.account_settings`), and accounts behind keys that servers brought."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final, TypeAlias

from bot.account_settings import NamedAccount
from bot.domain.accounts import ApiKind
from bot.domain.capabilities import Speed, capabilities_of, speed_of
from bot.domain.engine_models import engine_model
from bot.domain.ports import unguarded
from bot.errors import RemoteError
from bot.midjourney.addresses import entry_for
from bot.midjourney.images import PictureSettings
from bot.midjourney.ohmygpt.client import DIRECT_ORIGIN, ApiSettings, MidjourneyApi
from bot.midjourney.ohmygpt.key_admin import OhMyGptKeys
from bot.midjourney.openai.chat import OpenAiChat

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.config import Settings
    from bot.domain.capabilities import Capabilities
    from bot.domain.ports import Clock, Guard, ImageApi, Metrics
    from bot.midjourney.mjproxy.client import MjProxyApi
    from bot.midjourney.mjproxy.routes import PoolRoute
    from bot.midjourney.ohmygpt.client import EngineOpener
    from bot.midjourney.transport import HttpClients

ASK_AGAIN_S: Final = (5.0, 10.0, 20.0, 60.0)
ASK_NEVER_S: Final = 86_400.0
ENGINE_HOST: Final = "oaidalleapiprodscus.blob.core.windows.net"
OwnersApi: TypeAlias = "MidjourneyApi | MjProxyApi"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerAccounts:
    """All that the owner pays for."""

    own_name: str
    """The default account's, as its jobs carry it."""
    apis: Mapping[str, OwnersApi]
    """By name, the default one first."""
    direct: MidjourneyApi
    """OhMyGPT's API, which keys that servers bring are for."""
    keys: OhMyGptKeys | None
    """The way to the account's keys; None without an admin key."""
    chat: OpenAiChat | None = None
    """Where chat models are asked with a key of their own; None: with each account's."""

    @property
    def own(self) -> OwnersApi:
        """The default account."""
        return self.apis[self.own_name]

    @property
    def pools_differ(self) -> bool:
        """Whether an account may have other pools than the usual ones."""
        return self.some_speak_mj or self.draws

    @property
    def some_speak_mj(self) -> bool:
        """Whether an account is at a server of the family: it is asked what it can do, and may open windows and shorten."""
        return any(not isinstance(api, MidjourneyApi) for api in self.apis.values())

    @property
    def draws(self) -> bool:
        """Whether the owner named a second engine, and an account has a key for it."""
        return self.direct.engine is not None

    def capabilities(self, name: str) -> Capabilities:
        """What an account can do, a server's own too."""
        return capabilities_of(self.apis.get(name, self.direct))

    async def learn(self, clock: Clock) -> None:
        """Run for ever: ask each server of the family what it is until all have answered; nothing of it costs."""
        unknown = [api for api in self.apis.values() if not isinstance(api, MidjourneyApi)]
        for tries in count():
            for api in unknown:
                with suppress(RemoteError):  # told where jobs, `/readyz` and `easel doctor` meet it
                    await api.learn()
            unknown = [api for api in unknown if not api.is_known]
            await clock.pause(ASK_AGAIN_S[min(tries, len(ASK_AGAIN_S) - 1)] if unknown else ASK_NEVER_S)

    @property
    def may_chat(self) -> bool:
        """Whether a chat model can be asked: with a key of its own, or with one of OhMyGPT's."""
        return self.chat is not None or any(isinstance(api, MidjourneyApi) for api in self.apis.values())

    @property
    def balances(self) -> dict[str, MidjourneyApi]:
        """Where funds can be read: a key of OhMyGPT's tells it, the default one's only with a key for it."""
        return {
            name: api
            for name, api in self.apis.items()
            if isinstance(api, MidjourneyApi) and (self.keys is not None or name != self.own_name)
        }


def open_accounts(
    settings: Settings, clients: HttpClients, *, guard: Guard = unguarded, metrics: Metrics | None = None
) -> OwnerAccounts:
    """Make an adapter for each of the owner's accounts. Raises `StartupError` for an address that is none."""
    default = NamedAccount(settings.api_key, settings.api_kind, settings.api_url, settings.api_auth)
    admin = settings.api_admin_key
    is_ohmygpt = settings.api_kind is ApiKind.OHMYGPT
    direct = MidjourneyApi(
        clients,
        ApiSettings(
            key=settings.api_key.get_secret_value(),
            origin=settings.api_url if is_ohmygpt else DIRECT_ORIGIN,
            storage=settings.api_storage,
            admin_key=None if admin is None else admin.get_secret_value(),
            reads_per_second=settings.reads_per_second,
            form=settings.form_encoding,
        ),
        guard=guard,
        metrics=metrics,
        open_engine=_engine_of(settings),
    )

    def opened(name: str | None, account: NamedAccount) -> OwnersApi:
        here = account if account.kind is not None else _at_default(account, default)
        key = here.key.get_secret_value()
        if here.kind is ApiKind.MJ_PROXY:
            from bot.midjourney.mjproxy.client import MjProxyApi, ProxySettings  # noqa: PLC0415 - for those who have one

            proxy = ProxySettings(
                key=key,
                url=here.url or settings.api_url,
                auth=here.auth,
                routes=_routes_of(settings, name),
                asks_server=True,
                reads_per_second=settings.reads_per_second,
            )
            return MjProxyApi(clients, proxy, guard=guard, metrics=metrics)
        if name is None:
            return direct
        return direct.with_key(key, origin=here.url)

    apis = {settings.own_name: opened(None, default)}
    apis |= {name: opened(name, account) for name, account in settings.accounts.items()}
    keys = None if admin is None else OhMyGptKeys(direct.caller, admin.get_secret_value())
    chat = None
    if settings.helper_key is not None:
        caller = direct.caller if settings.helper_url is None else direct.caller.at(settings.helper_url)
        chat = OpenAiChat(caller, settings.helper_key.get_secret_value())
    return OwnerAccounts(own_name=settings.own_name, apis=apis, direct=direct, keys=keys, chat=chat)


def chat_of(api: ImageApi) -> OpenAiChat | None:
    """The way to chat models with an account's own key; None: its server has none."""
    return OpenAiChat(api.caller, api.key) if isinstance(api, MidjourneyApi) else None


def _engine_of(settings: Settings) -> EngineOpener | None:
    model = None if settings.engine_model is None else engine_model(settings.engine_model)
    if model is None:
        return None
    from bot.midjourney.openai.images import ImagesApi  # noqa: PLC0415 - for those who named one

    return lambda caller, key: ImagesApi(caller, key, model)


def picture_settings(settings: Settings) -> PictureSettings:
    """Where pictures may come from: a server of the family hands out its own copies, at its own address."""
    return PictureSettings(
        storage=settings.api_storage,
        wsrv=settings.wsrv_origin,
        hosts=(*settings.image_hosts, *dict.fromkeys(_own_hosts(settings)), *_engine_hosts(settings)),
    )


def _engine_hosts(settings: Settings) -> tuple[str, ...]:
    """Where OpenAI's own pictures lie for an hour, if an answer has addresses."""
    return () if settings.engine_model is None else (ENGINE_HOST,)


def _own_hosts(settings: Settings) -> Iterator[str]:
    of_default = settings.api_url if settings.api_kind is ApiKind.MJ_PROXY else None
    of_accounts = (account.url for account in settings.accounts.values() if account.kind is ApiKind.MJ_PROXY)
    for url in (of_default, *of_accounts):
        if url and (entry := entry_for(url)) is not None:
            yield entry


def _at_default(account: NamedAccount, default: NamedAccount) -> NamedAccount:
    return NamedAccount(account.key, default.kind, default.url, default.auth)


def _routes_of(settings: Settings, name: str | None) -> Mapping[Speed, PoolRoute] | None:
    """What the owner says of an account's pools; it then offers those alone."""
    said = {
        speed_of(pool): setting.route
        for (account, pool), setting in settings.pool_routes.items()
        if account == name
    }
    return said or None
