"""How pools are spoken of: allowances, rules and prices as texts, numbers as people type them, bars.
Never here: changes, cards and buttons."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from bot.domain.pools import Allowance, Pool, name_rule
from bot.errors import UserError
from bot.texts import Text, text
from bot.ui.kit.escape import quoted

if TYPE_CHECKING:
    from bot.domain.costs import Cost, Money
    from bot.domain.prices import Charge

BAR_LENGTH: Final = 14
UNLIMITED_WORDS: Final = frozenset({"unlimited", "∞", "inf", "infinite", "none", "-"})
NUMBER: Final = re.compile(r"[0-9]{1,9}|[0-9]{1,3}(?:[ .,'\u2019][0-9]{3}){1,2}")
"""Whole, perhaps with its thousands set apart in any country's way."""
TYPED_SHOWN: Final = 60


def pool_name(pool: Pool) -> Text:
    """The pool with its sign."""
    return text(f"pool.{pool.value}")


def role_name(role_id: int, guild_id: int) -> Text:
    """A role as Discord shows it, or everyone."""
    return name_rule(str(role_id), guild_id)


def amount(number: int | None) -> Text | int:
    """A number, or “unlimited”."""
    return text("pool.unlimited") if number is None else number


def allowance_words(allowance: Allowance) -> Text:
    """What an allowance gives."""
    said = text(
        "pool.allowance",
        per_day=amount(allowance.per_day),
        running=amount(allowance.running),
        waiting=amount(allowance.waiting),
    )
    if (allowance.per_day, allowance.running, allowance.waiting) == (None, None, None):
        said = text("pool.allowance_unlimited")
    if allowance.per_month is not None:
        said = text("pool.allowance_month", said=said, per_month=allowance.per_month)
    if allowance.cooldown:
        said = text("pool.allowance_rest", said=said, seconds=allowance.cooldown)
    return said


def cost(units: int) -> Text:
    """What something costs, or that it is free."""
    return text("pool.units", n=units) if units else text("pool.free")


def spent_words(cost: Cost, money: Money | None) -> Text | None:
    """What pictures cost at the image service, and what that is worth; None: nobody knows."""
    if not cost.priced:
        return None
    said = text("cost.credits", n=cost.credits)
    if money is not None:
        amount = money.of(cost.credits)
        said = text("cost.money", credits=said, amount=amount, currency=money.currency)
    if cost.priced < cost.jobs:
        return text("cost.part", cost=said, priced=cost.priced, jobs=cost.jobs)
    return said


def charge_name(charge: Charge) -> Text:
    """An action that has a price, in words."""
    return text(f"pool.charge.{charge.value}")


def bar(part: int, whole: int) -> str:
    """How much of something; never empty while there is some, never full before all."""
    if whole <= 0:
        return "▱" * BAR_LENGTH
    filled = max(0, min(BAR_LENGTH, part * BAR_LENGTH // whole))
    if part > 0:
        filled = max(1, filled)
    return "▰" * filled + "▱" * (BAR_LENGTH - filled)


def whole_number(typed: str) -> int | None:
    """The whole number that was typed, None if it is none. Full-width digits, as in Chinese and Japanese, are digits."""
    spelled = unicodedata.normalize("NFKC", typed).strip()
    return int(re.sub(r"\D", "", spelled)) if NUMBER.fullmatch(spelled) else None


def read_number(typed: str, *, unlimited: str = "unlimited") -> int | None:
    """Read a whole number, or a word for “unlimited” (None), also the reader's own; else raises `UserError`."""
    spelled = unicodedata.normalize("NFKC", typed).strip().casefold()
    if spelled in UNLIMITED_WORDS or spelled == unlimited.casefold():
        return None
    number = whole_number(typed)
    if number is None:
        raise UserError(text("pool.no_number", typed=quoted(typed, TYPED_SHOWN)))
    return number
