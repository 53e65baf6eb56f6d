"""The account's own calls: balance, prices and file upload, read as tolerantly as their thin documentation asks.
Never here: I/O, and what an operator is told about them (contract §5)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from bot.errors import RemoteError, RemoteFault
from bot.midjourney.ohmygpt.envelope import clean, open_envelope

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

"""Four independent programs divide by it (contract §5.1); configurable where it is shown."""
MOST_RATES: Final = 50
MOST_DIGITS: Final = 18
"""An amount of more before its point is a mistake; one that begins further behind it is nothing."""
_LONGEST_RATE: Final = 300
_ABOUT_MIDJOURNEY: Final = re.compile(r"midjourney|(?<![a-z])mj(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Balance:
    """What is left, in the platform's credits."""

    paid: Decimal
    free: Decimal
    """The daily free credit."""

    @property
    def total(self) -> Decimal:
        """Both together."""
        return self.paid + self.free


@dataclass(frozen=True, slots=True)
class Rate:
    """One entry of the price list that speaks of Midjourney; its shape is not documented, so it stays text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file that upstream keeps for us."""

    id: str
    address: str
    """Public only if it was uploaded as public."""


def read_balance(status: int, headers: Mapping[str, str], body: bytes) -> Balance:
    """Read the balance (contract §5.1): decimal texts, numbers too; the free part may be missing."""
    data = open_envelope(status, headers, body)
    paid = decimal(data.get("balance")) if isinstance(data, dict) else None
    if paid is None:
        raise RemoteError(RemoteFault.UNCLEAR, "the answer holds no balance")
    return Balance(paid=paid, free=decimal(data.get("free_balance")) or Decimal(0))


def read_rates(status: int, headers: Mapping[str, str], body: bytes) -> tuple[Rate, ...]:
    """Read whatever the price list says of Midjourney (contract §5.2); empty if it says nothing."""
    data = open_envelope(status, headers, body)
    rates: list[Rate] = []
    for name, value in _mentions(data, ""):
        text = _plain(name, value)
        rates.append(Rate(clean(name)[:_LONGEST_RATE], clean(text)[:_LONGEST_RATE]))
        if len(rates) == MOST_RATES:
            break
    return tuple(rates)


def read_upload(status: int, headers: Mapping[str, str], body: bytes, *, storage: str) -> Uploaded:
    """Read the id of an uploaded file (contract §5.5) and build its public address."""
    data = open_envelope(status, headers, body)
    id_ = data.get("fileUniqueID") if isinstance(data, dict) else None
    if not isinstance(id_, str) or not id_.strip() or clean(id_) != id_:
        raise RemoteError(RemoteFault.UNCLEAR, "the answer holds no file id")
    return Uploaded(id=id_, address=f"{storage}/api/v1/f/pub/{quote(id_, safe='')}")


def _plain(name: str, value: object) -> str:
    """An entry as people read it, if it is a flat one: its words and numbers, without the name again."""
    inner = list(value.values()) if isinstance(value, dict) else [value]
    if not all(isinstance(part, str | int | float) for part in inner):
        return json.dumps(value, ensure_ascii=False)
    return " ".join(str(part) for part in inner if part != name) or name


def decimal(value: object) -> Decimal | None:
    """Read an amount of credits, written as text or number; None for anything else, and for one that is absurd."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        read = Decimal(str(value).strip())
    except (InvalidOperation, ValueError):
        return None
    # As a whole number 1e1000000 takes a minute to write out, and beyond the limits of sums an exception ends it.
    if not read.is_finite() or read.adjusted() > MOST_DIGITS:
        return None
    return read if read.adjusted() >= -MOST_DIGITS else Decimal(0)


def _mentions(data: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Walk down to the entries whose key or name speaks of Midjourney; json gave a tree, so this ends."""
    waiting: list[tuple[str, Any]] = [(path, data)]
    while waiting:
        name, value = waiting.pop(0)
        names = [text for text in value.values() if isinstance(text, str)] if isinstance(value, dict) else []
        if _ABOUT_MIDJOURNEY.search(name) or any(map(_ABOUT_MIDJOURNEY.search, names)):
            yield name or next(iter(filter(_ABOUT_MIDJOURNEY.search, names)), ""), value
        elif isinstance(value, dict):
            waiting += [(str(key), inner) for key, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(value_, value_) if isinstance(value_, str) else ("", value_) for value_ in value]
