"""Names for new jobs, and secrets for their addresses.
Never here: how a key is written and read (that is `bot.domain.keys`)."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Protocol

from bot.domain.keys import KEY_LENGTH, key_from_bits

if TYPE_CHECKING:
    from bot.domain.keys import JobKey


class Naming(Protocol):
    """Where new names come from (random outside tests)."""

    def key(self) -> JobKey:
        """A new job key."""

    def token(self) -> str:
        """A new webhook token: at least 128 random bits, safe in a URL."""


class RandomNaming:
    """Names from the operating system's random source."""

    def key(self) -> JobKey:
        """60 random bits: by 10 million jobs, the chance of one collision is about 1 in 23,000."""
        return key_from_bits(secrets.randbits(5 * KEY_LENGTH))

    def token(self) -> str:
        """192 random bits."""
        return secrets.token_urlsafe(24)
