"""Keys that are made, changed, listed and deleted through an admin key (contract §5.4).
Never here: HTTP, and what a key may be used for (that is `accounts`)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from bot.sandbox.upstream import bodies
from bot.sandbox.upstream.accounts import MadeKey, Permission
from bot.sandbox.upstream.answers import ApiResponse, Refusal
from bot.sandbox.upstream.tasks import iso

if TYPE_CHECKING:
    from bot.sandbox.upstream.service import Service
    from bot.sandbox.upstream.submissions import Ask

MOST_KEYS = 5_000
LISTING_EVERY_S = 1.0
"""The list is given once a second; who asks sooner is refused."""
GRANTABLE = frozenset({Permission.MIDJOURNEY.value, Permission.FILES.value})


def make_key(service: Service, ask: Ask) -> ApiResponse:
    """A new key, told once."""
    made = service.accounts.made
    if sum(key.account == ask.account for key in made.values()) >= MOST_KEYS:
        raise Refusal(400, f"a user has {MOST_KEYS} api tokens at most")
    value = f"sk-{service.dice.getrandbits(240):060x}"
    made[value] = MadeKey(
        account=ask.account,
        remark=bodies.text(ask.fields, "remark") or "",
        expires=_moment(ask.fields),
        cap=_fee(ask.fields),
        permissions=_permissions(ask.fields),
        created=service.settings.clock(),
    )
    return ApiResponse(value, "New api token success")


def change_key(service: Service, ask: Ask) -> ApiResponse:
    """Set what was sent; the two required fields are required here as well."""
    key = _find(service, ask)
    key.cap, key.permissions = _fee(ask.fields), _permissions(ask.fields)
    if (remark := bodies.text(ask.fields, "remark")) is not None:
        key.remark = remark
    if "expired_at" in ask.fields:
        key.expires = _moment(ask.fields)
    key.disabled = str(ask.fields.get("is_disabled", key.disabled)).lower() == "true"
    return ApiResponse(None, "Update api token success")


def list_keys(service: Service, ask: Ask) -> ApiResponse:
    """Every key of the account, in clear; the ones that may do all are listed, too."""
    accounts, now = service.accounts, service.settings.clock()
    if now - accounts.listed.get(ask.account, -LISTING_EVERY_S) < LISTING_EVERY_S:
        raise Refusal(429, "too many requests: once a second")
    accounts.listed[ask.account] = now
    fixed = [
        {
            "key": value,
            "user_id": 1,
            "remark": "",
            "created_at": iso(0),
            "used_at": None,
            "expired_at": iso(now + 10 * 365 * 24 * 3600),
            "used_times": 0,
            "used_fee": "0.00",
            "max_fee": "0.00",
            "permissions": sorted(permission.value for permission in key.permissions),
            "is_admin": Permission.ADMIN in key.permissions,
            "is_disabled": False,
        }
        for value, key in accounts.keys.items()
        if key.account == ask.account
    ]
    made = [_listed(value, key) for value, key in accounts.made.items() if key.account == ask.account]
    return ApiResponse([*fixed, *made], f"get api tokens success, count: {len(fixed) + len(made)}")


def delete_key(service: Service, ask: Ask) -> ApiResponse:
    """It opens nothing from now on."""
    _find(service, ask)
    del service.accounts.made[str(bodies.text(ask.fields, "key"))]
    return ApiResponse(None, "Delete api token success")


def _find(service: Service, ask: Ask) -> MadeKey:
    key = service.accounts.made.get(bodies.text(ask.fields, "key") or "")
    if key is None or key.account != ask.account:
        raise Refusal(404, "api token not found")
    return key


def _listed(value: str, key: MadeKey) -> dict[str, Any]:
    return {
        "key": value,
        "user_id": 1,
        "remark": key.remark,
        "created_at": iso(key.created),
        "used_at": None if key.used_at is None else iso(key.used_at),
        "expired_at": iso(key.expires),
        "used_times": key.used_times,
        "used_fee": f"{key.used:.2f}",
        "max_fee": f"{key.cap:.2f}",
        "permissions": list(key.permissions),
        "is_admin": False,
        "is_disabled": key.disabled,
    }


def _moment(fields: dict[str, Any]) -> float:
    written = bodies.text(fields, "expired_at") or ""
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise Refusal(400, "expired_at must be an ISO 8601 time") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _fee(fields: dict[str, Any]) -> Decimal:
    written = bodies.text(fields, "max_fee") or ""
    try:
        fee = Decimal(written)
    except InvalidOperation:
        raise Refusal(400, "max_fee must be a number") from None
    if not fee.is_finite() or fee < 0:
        raise Refusal(400, "max_fee must be a number, 0 for no limit")
    return fee


def _permissions(fields: dict[str, Any]) -> tuple[str, ...]:
    wanted = bodies.text_list(fields, "permissions")
    if not wanted or not all(re.fullmatch(r"[a-z0-9-]+", one) for one in wanted):
        raise Refusal(400, "permissions must be an array of names")
    if not GRANTABLE.issuperset(wanted):
        raise Refusal(400, "such a permission cannot be granted")
    return tuple(wanted)
