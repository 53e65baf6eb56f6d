"""Job keys: our own names for jobs.
Never here: what is stored under them."""

from __future__ import annotations

import re
from typing import NewType

JobKey = NewType("JobKey", str)
"""Our own name for a job: 12 characters of Crockford's base 32, 60 random bits. Shown to users, safe in a URL."""

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
KEY_LENGTH = 12
KEY_PATTERN = rf"[{ALPHABET}]{{{KEY_LENGTH}}}"

_MISREAD = str.maketrans({"i": "1", "l": "1", "o": "0", "u": "v"})


def key_from_bits(bits: int) -> JobKey:
    """Spell 60 bits (from the caller's random source) as a job key."""
    if not 0 <= bits < 1 << (5 * KEY_LENGTH):
        raise ValueError("a job key has 60 bits")
    return JobKey("".join(ALPHABET[bits >> (5 * i) & 31] for i in reversed(range(KEY_LENGTH))))


def parse_key(typed: str) -> JobKey | None:
    """Read a key as a person types it: any case, dashes and spaces ignored, i/l/o/u forgiven; None if it is none."""
    spelled = re.sub(r"[\s-]+", "", typed).lower().translate(_MISREAD)
    return JobKey(spelled) if re.fullmatch(KEY_PATTERN, spelled) else None
