"""Job keys, and the `custom_id` of our buttons: a version, a key, a position, nothing more.
Never here: what a button means (the row carries that)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NewType, Self

JobKey = NewType("JobKey", str)
"""Our own name for a job: 12 characters of Crockford's base 32, 60 random bits. Shown to users, safe in a URL."""

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
KEY_LENGTH = 12
KEY_PATTERN = rf"[{ALPHABET}]{{{KEY_LENGTH}}}"
CUSTOM_ID_LIMIT = 100
"""Discord's limit for a component's custom_id; discord.py does not check it (discord.py facts §3.4)."""

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


@dataclass(frozen=True, slots=True)
class ButtonId:
    """A button of ours: `easel:1:<job key>:<position>`.

    The position is the index of an upstream action, or a lower-case word for a button of our own (`info`, `remix`).
    """

    key: JobKey
    position: int | str

    TEMPLATE = rf"easel:1:(?P<key>{KEY_PATTERN}):(?P<position>[0-9]{{1,3}}|[a-z][a-z0-9_-]{{0,30}})"
    """What the dynamic item matches in full. Another version's ids must not match it."""

    FOREIGN_TEMPLATE = rf"easel:(?!1:{KEY_PATTERN}:(?:[0-9]{{1,3}}|[a-z][a-z0-9_-]{{0,30}})\Z)(?s:.*)"
    """Everything else with our prefix, disjoint from TEMPLATE: both would run if both matched (facts §3.4)."""

    def encode(self) -> str:
        """Spell the custom_id; raises ValueError if it could not be read back or exceeds 100 characters."""
        spelled = f"easel:1:{self.key}:{self.position}"
        if len(spelled) > CUSTOM_ID_LIMIT:
            raise ValueError(
                f"a custom_id has at most {CUSTOM_ID_LIMIT} characters, this one has {len(spelled)}"
            )
        if not re.fullmatch(self.TEMPLATE, spelled):
            raise ValueError(f"{spelled!r} is not a custom_id that this version can read back")
        return spelled

    @classmethod
    def decode(cls, custom_id: str) -> Self | None:
        """Read a custom_id of this version; None for anything else."""
        match = re.fullmatch(cls.TEMPLATE, custom_id)
        if match is None:
            return None
        position = match["position"]
        return cls(JobKey(match["key"]), int(position) if position.isdigit() else position)
