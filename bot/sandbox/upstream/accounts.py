"""Keys and what they may do, balances and prices (contract §0.2, §5).
Never here: HTTP, tasks."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.sandbox.upstream.answers import Refusal
from bot.sandbox.upstream.tasks import Kind, Pool

if TYPE_CHECKING:
    from collections.abc import Mapping

SANDBOX_KEY = "sk-sandbox"
START_BALANCE = Decimal(3_400_000)
"""100 CNY at 34 000 credits each (contract §5.1)."""

PRICES: dict[Pool, int] = {Pool.FAST: 6800, Pool.NORMAL: 2040, Pool.TURBO: 13600}
"""Credits of a grid. Real prices are not published; these are ours."""
PRICE_WEIGHTS: dict[Kind, Decimal] = {
    Kind.SINGLE: Decimal("0.25"),
    Kind.FINE: Decimal(2),
    Kind.REEL: Decimal(8),
    Kind.CLIP: Decimal("0.25"),
    Kind.TEXT: Decimal("0.25"),
    Kind.NOTE: Decimal(0),
}


class Permission(StrEnum):
    """What a key can be allowed to do."""

    MIDJOURNEY = "midjourney"
    FILES = "file-v1"
    ADMIN = "admin"
    CHAT = "chat"


@dataclass(frozen=True, slots=True)
class Key:
    """A key's permissions and the account it draws on."""

    permissions: frozenset[Permission] = frozenset(Permission)
    account: str = "main"


@dataclass(slots=True)
class MadeKey:
    """A key that was made through an admin key, with its limits."""

    account: str
    remark: str
    expires: float
    cap: Decimal
    """Credits that may be paid with it; 0: no limit."""
    permissions: tuple[str, ...]
    created: float
    used: Decimal = Decimal(0)
    used_times: int = 0
    used_at: float | None = None
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Charge:
    """What one accepted submission cost."""

    task_id: int
    account: str
    pool: Pool
    credits: Decimal


def price(pool: Pool, kind: Kind) -> Decimal:
    """Credits that a task of this kind costs."""
    return PRICES[pool] * PRICE_WEIGHTS.get(kind, Decimal(1))


@dataclass(slots=True)
class Accounts:
    """All keys and the money behind them."""

    keys: Mapping[str, Key] = field(default_factory=lambda: {SANDBOX_KEY: Key()})
    balances: dict[str, Decimal] = field(default_factory=dict)
    charges: list[Charge] = field(default_factory=list)
    made: dict[str, MadeKey] = field(default_factory=dict)
    listed: dict[str, float] = field(default_factory=dict)
    """When each account's keys were listed last."""

    def __post_init__(self) -> None:
        for key in self.keys.values():
            self.balances.setdefault(key.account, START_BALANCE)

    def admit(self, authorization: str, permission: Permission, now: float) -> tuple[str, str]:
        """The account behind a bearer key, and the key; refuses in the body, with HTTP 200 (contract §0.4)."""
        scheme, _, written = authorization.partition(" ")
        value = written.strip() if scheme.lower() == "bearer" else ""
        key, made = self.keys.get(value), self.made.get(value)
        if key is not None:
            account, allowed = key.account, permission in key.permissions
        elif made is not None and not made.disabled and now < made.expires:
            account, allowed = made.account, permission.value in made.permissions
        else:
            raise Refusal(401, "Unauthorized: the api key is not valid")
        if not allowed:
            raise Refusal(401, f"Unauthorized: the api key lacks the permission {permission.value}")
        return account, value

    def check(self, account: str, key: str, cost: Decimal) -> None:
        """Refuse a submission that the balance, or the key's cap, does not cover."""
        made = self.made.get(key)
        if made is not None and 0 < made.cap < made.used + cost:
            raise Refusal(402, "the quota of this api key is exceeded", errorType="insufficient_quota_error")
        if self.balances[account] < cost:
            raise Refusal(402, "the balance is not sufficient", errorType="insufficient_balance_error")

    def charge(self, charge: Charge, key: str, now: float) -> None:
        """Take the money of an accepted submission."""
        self.charges.append(charge)
        self.pay(charge.account, key, charge.credits, now)

    def pay(self, account: str, key: str, cost: Decimal, now: float) -> None:
        """Take the money of whatever it is."""
        self.balances[account] -= cost
        made = self.made.get(key)
        if made is not None:
            made.used += cost
            made.used_times += 1
            made.used_at = now
