"""How accounts of the image API are written in settings: which kind of server, where, which key, and how a pool is asked for.
Never here: which settings there are, and the adapters that are made of them (`bot.image_accounts`)."""

from __future__ import annotations

import re
from collections.abc import Mapping  # pydantic reads the annotations when the program runs
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final

from pydantic import PlainValidator, SecretStr

from bot.domain.accounts import ACCOUNT_NAME, ApiKind
from bot.domain.pools import MIDJOURNEY_POOLS, Pool
from bot.midjourney.mjproxy.routes import Auth, PoolRoute
from bot.setting_types import address_of

SERVER_FORM: Final = re.compile(
    r"(ohmygpt|mj-proxy)(?:\+(secret|bearer|raw))?:(https?://[^|]+)\|(.+)", re.IGNORECASE
)
_ROUTE: Final = re.compile(r"(?:([a-z][a-z0-9_-]{0,31})/)?([A-Z]+)=(.+)", re.IGNORECASE)
_ACCOUNT_FORMS: Final = "must be names with keys, such as studio=sk-…,home=mj-proxy:https://mj.example|key"
_ROUTE_FORMS: Final = "must be pools with ways to ask for them, such as NORMAL=prefix:mj-relax|filter,FAST=key:sk-…,studio/FAST=plain"


@dataclass(frozen=True, slots=True)
class NamedAccount:
    """One of the owner's further accounts."""

    key: SecretStr
    kind: ApiKind | None = None
    """None: a key at the server of the default account."""
    url: str | None = None
    auth: Auth = Auth.SECRET

    @property
    def secret(self) -> SecretStr:
        """What no log may show."""
        return self.key


@dataclass(frozen=True, slots=True)
class RouteSetting:
    """How one account asks for one pool."""

    route: PoolRoute

    @property
    def secret(self) -> SecretStr | None:
        """What no log may show."""
        return None if self.route.key is None else SecretStr(self.route.key)


PoolRoutes = Mapping[tuple[str | None, Pool], RouteSetting]
"""By account (None: the default one) and pool."""


def read_accounts(value: object) -> Mapping[str, NamedAccount]:
    """Read `studio=sk-…,home=mj-proxy:https://mj.example|key`; raises `ValueError`, which shows no key."""
    if isinstance(value, Mapping):
        return value
    accounts: dict[str, NamedAccount] = {}
    for part in filter(None, re.split(r"[\s,]+", str(value))):
        name, given, written = part.partition("=")
        name = name.lower()
        if not (given and ACCOUNT_NAME.fullmatch(name) and re.fullmatch(r"[!-~]+", written)):
            raise ValueError(_ACCOUNT_FORMS)
        if name in accounts:
            raise ValueError(f"names the account {name} twice")
        accounts[name] = _account(written)
    return accounts


def _account(written: str) -> NamedAccount:
    match = SERVER_FORM.fullmatch(written)
    if match is None:
        if re.match(r"(?i)(?:ohmygpt|mj-proxy)(?:\+\w*)?:", written):
            raise ValueError(_ACCOUNT_FORMS)
        return NamedAccount(SecretStr(written))
    kind = ApiKind(match[1].lower())
    if kind is ApiKind.OHMYGPT and match[2]:
        raise ValueError(_ACCOUNT_FORMS)
    auth = Auth((match[2] or Auth.SECRET).lower())
    return NamedAccount(SecretStr(match[4]), kind, address_of("http", "https")(match[3]), auth)


def read_routes(value: object) -> PoolRoutes:
    """Read `NORMAL=prefix:mj-relax|filter,studio/FAST=key:sk-…`; raises `ValueError`, which shows no key."""
    if isinstance(value, Mapping):
        return value
    routes: dict[tuple[str | None, Pool], RouteSetting] = {}
    for part in filter(None, re.split(r"[\s,]+", str(value))):
        match = _ROUTE.fullmatch(part)
        if match is None or match[2].upper() not in MIDJOURNEY_POOLS:
            raise ValueError(_ROUTE_FORMS)
        place = (match[1].lower() if match[1] else None, Pool(match[2].upper()))
        if place in routes:
            raise ValueError("names a pool of an account twice")
        routes[place] = RouteSetting(_route(match[3]))
    return routes


def _route(written: str) -> PoolRoute:
    route = PoolRoute()
    if written.lower() == "plain":
        return route
    for part in written.split("|"):
        what, _, word = part.partition(":")
        if what.lower() == "filter" and not word:
            route = replace(route, filtered=True)
        elif what.lower() in {"prefix", "key", "instance", "remark"} and re.fullmatch(r"[!-~]+", word):
            more: dict[str, Any] = {what.lower(): word}
            try:
                route = replace(route, **more)
            except ValueError:
                raise ValueError(_ROUTE_FORMS) from None
        else:
            raise ValueError(_ROUTE_FORMS)
    return route


NamedAccounts = Annotated[Mapping[str, NamedAccount], PlainValidator(read_accounts)]
Routes = Annotated[PoolRoutes, PlainValidator(read_routes)]
