"""A gateway's balance of a key (family §7); proxies have none.
Never here: I/O, and what an operator is told about it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import TYPE_CHECKING

from bot.errors import RemoteError, RemoteFault
from bot.midjourney.mjproxy.answers import parse_body, read_json, refusal
from bot.midjourney.ohmygpt.envelope import whole_number

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Usage:
    """What a key has left, in the gateway's units."""

    available: Decimal | None
    """None: the key has no limit of its own."""
    used: Decimal


def read_usage(status: int, headers: Mapping[str, str], body: bytes) -> Usage:
    """Read the answer of `GET /api/usage/token`."""
    read = read_json(body)
    data = read.get("data") if isinstance(read, dict) else None
    if status != HTTPStatus.OK or not isinstance(data, dict):
        raise refusal(status, headers, parse_body(body))
    available, used = whole_number(data.get("total_available")), whole_number(data.get("total_used"))
    unlimited = data.get("unlimited_quota") is True
    if available is None and not unlimited:
        raise RemoteError(RemoteFault.UNCLEAR, "the answer holds no balance")
    return Usage(None if unlimited else Decimal(available or 0), Decimal(used or 0))
