"""`OhMyGptKeys`: the account's keys and its membership through the admin key, at most as fast as the service allows.
Never here: which key is made for whom, and a key in any error or log (contract §5.3, §5.4)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from aiolimiter import AsyncLimiter

from bot.domain.upstream_keys import PERMISSIONS, UpstreamKey
from bot.errors import RemoteError, RemoteFault
from bot.midjourney.ohmygpt.account import decimal
from bot.midjourney.ohmygpt.envelope import clean, open_envelope
from bot.midjourney.ohmygpt.wire import read_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import httpx

    from bot.midjourney.calls import Reader, T
    from bot.midjourney.ohmygpt.caller import Caller

_PREFIX: Final = "/api/v1/user/admin/"
LISTING_EVERY_S: Final = 1.1
"""Once a second by the service's clock, which sees requests a little closer together or farther apart than we do."""
CHANGES_PER_SECOND: Final = 10
DELETIONS_PER_SECOND: Final = 50
_TRUE: Final = frozenset({True, "1", "true"})


class OhMyGptKeys:
    """The `KeyAdmin` of bot.domain.upstream_keys. The documents show these calls as forms, so forms are sent."""

    def __init__(self, caller: Caller, admin_key: str) -> None:
        self._caller = caller
        self._admin_key = admin_key
        # Of one call each: a burst would be refused, and asked for again.
        self._listing = AsyncLimiter(1, LISTING_EVERY_S)
        self._changing = AsyncLimiter(1, 1 / CHANGES_PER_SECOND)
        self._deleting = AsyncLimiter(1, 1 / DELETIONS_PER_SECOND)

    async def keys(self) -> Sequence[UpstreamKey]:
        """See the port. Somebody else may list as well, so a list that came too soon is asked for once more."""
        try:
            return await self._list()
        except RemoteError as error:
            if error.fault is not RemoteFault.THROTTLED:
                raise
            return await self._list()

    async def _list(self) -> Sequence[UpstreamKey]:
        async with self._listing:
            pass  # a leaky bucket: to enter is to have paid
        return await self._call("get-api-tokens", {}, read_keys)

    async def make_key(self, *, remark: str, cap: int, expires_at: int) -> str:
        """See the port."""
        if cap < 1:  # 0 means "no cap" there: what was to be a limit would be none
            raise RemoteError(RemoteFault.REFUSED, "a cap is 1 credit at least")
        async with self._changing:
            pass
        fields = {
            "remark": remark,
            "expired_at": _iso(expires_at),
            "max_fee": str(cap),
            "permissions": json.dumps(PERMISSIONS),
        }
        return await self._call("new-api-token", fields, read_new_key)

    async def change_key(self, key: UpstreamKey) -> None:
        """See the port. All of it is sent: nobody promises that what is left out stays as it is."""
        async with self._changing:
            pass
        fields = {
            "key": key.key,
            "remark": key.remark,
            "max_fee": str(key.cap or 0),
            "permissions": json.dumps(key.permissions),
            "is_disabled": "true" if key.is_disabled else "false",
        }
        if key.expires_at is not None:
            fields["expired_at"] = _iso(key.expires_at)
        await self._call("update-api-token", fields, open_envelope)

    async def delete_key(self, key: str) -> None:
        """See the port."""
        async with self._deleting:
            pass
        await self._call("del-api-token", {"key": key}, open_envelope)

    async def membership_end(self) -> int | None:
        """See the port."""
        return await self._call("get-membership-expire-date", {}, read_membership)

    async def _call(self, name: str, fields: Mapping[str, str], read: Reader[T]) -> T:
        def build() -> httpx.Request:
            return self._caller.build("POST", _PREFIX + name, key=self._admin_key, data=dict(fields))

        return await self._caller.call(name, build, read)


def read_new_key(status: int, headers: Mapping[str, str], body: bytes) -> str:
    """Read a key that was made; an answer without one means that it may have been made all the same."""
    data = open_envelope(status, headers, body)
    if not isinstance(data, str) or not data.strip() or not data.strip().isascii():
        raise RemoteError(RemoteFault.UNCLEAR, "accepted, but the answer holds no key")
    return data.strip()


def read_keys(status: int, headers: Mapping[str, str], body: bytes) -> tuple[UpstreamKey, ...]:
    """Read the list. One without a list is an error: taken for an empty one, a key would be made twice."""
    data = open_envelope(status, headers, body)
    if not isinstance(data, list):
        raise RemoteError(RemoteFault.UNCLEAR, "the answer holds no list of keys")
    return tuple(
        _key(entry) for entry in data if isinstance(entry, dict) and isinstance(entry.get("key"), str)
    )


def read_membership(status: int, headers: Mapping[str, str], body: bytes) -> int | None:
    """Read when it ends: a time, an object with one in it, or nothing; the shape is not documented (contract §5.3)."""
    data = open_envelope(status, headers, body)
    values = data.values() if isinstance(data, dict) else (data,)
    return next((found for value in values if (found := read_time(value)) is not None), None)


def _key(entry: Mapping[str, Any]) -> UpstreamKey:
    cap = decimal(entry.get("max_fee"))
    permissions = entry.get("permissions")
    remark = entry.get("remark")
    return UpstreamKey(
        key=entry["key"],
        remark=clean(remark).strip() if isinstance(remark, str) else "",
        used=decimal(entry.get("used_fee")),
        cap=cap if cap is not None and cap > 0 else None,
        expires_at=read_time(entry.get("expired_at")),
        created_at=read_time(entry.get("created_at")),
        used_at=read_time(entry.get("used_at")),
        permissions=tuple(clean(p) for p in permissions if isinstance(p, str))
        if isinstance(permissions, list)
        else (),
        is_admin=_is_true(entry.get("is_admin")),
        is_disabled=_is_true(entry.get("is_disabled")),
    )


def _is_true(value: object) -> bool:
    return isinstance(value, bool | int | str) and value in _TRUE


def _iso(moment: int) -> str:
    return (
        datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )
