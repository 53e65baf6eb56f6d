"""Where a call of the family goes and how it says who pays: the base address, a pool's path, one header (family §0.2).
Never here: I/O, bodies' other fields, and two headers at once: one server takes the worse of two."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from bot.domain.capabilities import ServerKind, Speed
from bot.errors import RemoteError, RemoteFault
from bot.midjourney.addresses import checked_origin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.tasks import RemoteTaskId

ROOT: Final = "/mj"
PREFIXES: Final[Mapping[Speed, str]] = MappingProxyType(
    {Speed.RELAX: "mj-relax", Speed.FAST: "mj-fast", Speed.TURBO: "mj-turbo"}
)
"""Path prefixes by which gateways with prefixes, resellers and one proxy choose the speed, and with it the price."""
_PREFIX: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SENDABLE_KEY: Final = re.compile(r"[!-~]+")


class Auth(StrEnum):
    """How the key is sent (family §0.3)."""

    SECRET = "secret"  # noqa: S105 - a name of a header's style, no secret
    """`mj-api-secret`: what every program of the family takes."""
    BEARER = "bearer"
    """`Authorization: Bearer …`: what some resellers insist on. It breaks one proxy, so it is never sent besides."""
    RAW = "raw"
    """`Authorization` with the bare key."""


@dataclass(frozen=True, slots=True)
class PoolRoute:
    """How an account asks for one speed. Reads go by the account's own key and address, whatever stands here."""

    prefix: str | None = None
    """A word before `/mj`, such as `mj-relax`."""
    filtered: bool = False
    """Whether `accountFilter` names the speed. It names exactly one: two are a fall-through that may cost more."""
    key: str | None = field(default=None, repr=False)
    """A key of its own: the one thing that chooses a speed on gateways whose channels decide."""
    instance: str | None = None
    """`accountFilter.instanceId`: pins the speed to one of the server's Discord accounts."""
    remark: str | None = None

    def __post_init__(self) -> None:
        if self.prefix is not None and not _PREFIX.fullmatch(self.prefix):
            raise ValueError(f"{self.prefix!r} is no path prefix")

    @property
    def root(self) -> str:
        """The path before `/submit/…`."""
        return f"/{self.prefix}{ROOT}" if self.prefix else ROOT

    def account_filter(self, speed: Speed) -> dict[str, Any] | None:
        """`accountFilter` of a submission; None if there is nothing to filter by."""
        wanted = {
            "modes": [speed.value] if self.filtered else None,
            "instanceId": self.instance,
            "remark": self.remark,
        }
        return {name: value for name, value in wanted.items() if value} or None


_PLAIN: Final = PoolRoute()


def usual_routes(server: ServerKind, *, prefixed: bool = True) -> dict[Speed, PoolRoute]:
    """How a server is asked for each speed unless the owner says otherwise (family §6.1, §6.2); `prefixed` is whether it
    was seen to know the paths of pools."""
    match server:
        case ServerKind.NOVI:
            # Another path than /mj is a 404 there, and it knows no filter.
            return dict.fromkeys((Speed.RELAX, Speed.FAST), _PLAIN)
        case ServerKind.PLUS:
            return dict.fromkeys(Speed, PoolRoute(filtered=True))
        case ServerKind.NEW_API if not prefixed:
            # Its oldest versions have no other path than /mj. Later ones drop the prefix, and forks may price by it.
            return dict.fromkeys(Speed, PoolRoute(filtered=True))
        case _:
            return {speed: PoolRoute(prefix, filtered=True) for speed, prefix in PREFIXES.items()}


def checked_base(written: str, setting: str) -> str:
    """The address without a slash or `/mj` at its end: people paste either. Raises `StartupError`."""
    return checked_origin(written, setting).removesuffix(ROOT).rstrip("/")


def authorization(auth: Auth, key: str) -> dict[str, str]:
    """The one header that says who pays. Raises `RemoteError` for a key that no header can hold."""
    if not _SENDABLE_KEY.fullmatch(key):
        # httpx would raise errors of its own, with the key in them.
        raise RemoteError(RemoteFault.KEY, "the key is empty or holds characters that no key has")
    match auth:
        case Auth.SECRET:
            return {"mj-api-secret": key}
        case Auth.BEARER:
            return {"Authorization": f"Bearer {key}"}
        case Auth.RAW:
            return {"Authorization": key}


def of_task(task_id: RemoteTaskId | str, what: str) -> str:
    """`/task/{id}/{what}`, whatever is in the id."""
    return f"/task/{quote(task_id, safe='')}/{what}"
