"""What pictures cost in the image service's credits and in money, as far as that is known.
Never here: units (that is `prices`), and asking for prices."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from bot.domain.pools import Pool
from bot.domain.prices import Charge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.balances import Priced

Rates = MappingProxyType[tuple[Pool, Charge | None], int]
"""Credits for one job, by pool and kind; None: every kind that is not named."""
MOST_CREDITS: Final = 10**12
_WORDS: Final[Mapping[str, Charge]] = MappingProxyType({charge.value: charge for charge in Charge})
_POOLS: Final[Mapping[str, Pool]] = MappingProxyType(
    {pool.value: pool for pool in Pool} | {"RELAX": Pool.NORMAL}
)
_WORD: Final = re.compile(r"[A-Za-z_]+")
_NUMBER: Final = re.compile(r"(?<![\w.])[0-9]+(?:\.[0-9]+)?(?![\w.])")


@dataclass(frozen=True, slots=True)
class Money:
    """What credits are worth."""

    credits: int
    """So many are one of the currency."""
    currency: str

    def of(self, credits_: int) -> float:
        """The amount, to the hundredth."""
        return float(round(Decimal(credits_) / self.credits, 2))


@dataclass(frozen=True, slots=True)
class Cost:
    """What several jobs cost together."""

    credits: int = 0
    priced: int = 0
    """Of how many jobs that is: the others' prices were not known when they began."""
    jobs: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.credits + other.credits, self.priced + other.priced, self.jobs + other.jobs)


def parse_rates(spelling: str) -> Rates:
    """Read `NORMAL=2040,FAST=6800,FAST/upscale=1700`: credits for one job. Raises ValueError with a sentence."""
    rates: dict[tuple[Pool, Charge | None], int] = {}
    for part in filter(None, (p.strip() for p in spelling.split(","))):
        where, _, number = (s.strip() for s in part.partition("="))
        name, _, kind = (s.strip() for s in where.partition("/"))
        pool, charge = _POOLS.get(name.upper()), _WORDS.get(kind.lower())
        if pool is None or (kind and charge is None) or not re.fullmatch("[0-9]{1,12}", number):
            kinds = ", ".join(_WORDS)
            raise ValueError(f"“{part}” must read POOL=credits or POOL/kind=credits; kinds are {kinds}")
        if (pool, charge) in rates:
            raise ValueError(f"names {where} twice")
        rates[pool, charge] = int(number)
    return MappingProxyType(rates)


def parse_money(spelling: str) -> Money | None:
    """Read `34000 CNY`: so many credits are one of a currency; `off`: unknown. Raises ValueError with a sentence."""
    if spelling.strip().lower() in {"", "off"}:
        return None
    match = re.fullmatch(r"([1-9][0-9]{0,11}) ?([A-Za-z]{3})", spelling.strip())
    if match is None:
        raise ValueError("must read credits and a currency's three letters, such as 34000 CNY, or off")
    return Money(int(match[1]), match[2].upper())


def read_rate(entry: Priced) -> tuple[Pool, Charge, int] | None:
    """Understand an entry of the image service's price list, whose shape nobody promised (contract §5.2).

    None unless it names one pool, one kind and one number of credits, and says that it means credits.
    """
    said = f"{entry.name} {entry.text}"
    words = _WORD.findall(said.replace("-", " "))
    pools = {_POOLS[w.upper()] for w in words if w.upper() in _POOLS}
    kinds = {_WORDS[w.lower()] for w in words if w.lower() in _WORDS}
    numbers = set(_NUMBER.findall(entry.text))
    if (len(pools), len(kinds), len(numbers)) != (1, 1, 1) or not re.search(
        r"\bcredits?\b", said, re.IGNORECASE
    ):
        return None
    credits_ = Decimal(numbers.pop())
    if credits_ > MOST_CREDITS:
        return None
    return pools.pop(), kinds.pop(), int(credits_.to_integral_value())
