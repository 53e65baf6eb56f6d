"""The seams to an account's money: what it has left, and what things cost.
Never here: keys, and who may see any of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from bot.domain.ports import ImageApi

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal


class Funds(Protocol):
    """What an account has left."""

    @property
    def total(self) -> Decimal:
        """All of it, in the platform's credits."""


class Priced(Protocol):
    """One entry of the price list."""

    @property
    def name(self) -> str:
        """What it is about."""

    @property
    def text(self) -> str:
        """What upstream writes about it."""


class BalanceApi(Protocol):
    """Where funds and prices can be read; both raise `RemoteError`."""

    async def balance(self) -> Funds:
        """Ask what is left."""

    async def rates(self) -> Sequence[Priced]:
        """Ask what things cost."""


class AccountApi(ImageApi, BalanceApi, Protocol):
    """All that can be done through one key."""
