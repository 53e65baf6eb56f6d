"""Numbers that stand for interactions, where one press begins several jobs and a second press must begin none of them again.
Never here: what is begun."""

from __future__ import annotations

import hashlib


def synthetic_id(name: str) -> int:
    """A number that no interaction of Discord's has: those are positive. The same name gives the same number."""
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return -1 - (int.from_bytes(digest, "big") >> 2)
