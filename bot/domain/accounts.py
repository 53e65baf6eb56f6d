"""Accounts of the image API by name: the owner's, and those behind the keys that servers brought themselves.
Never here: keys, and who may bring one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bot.domain.pools import Pool

DEFAULT_ACCOUNT: Final = "default"
"""The account of the key in the owner's configuration."""
ACCOUNT_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")
"""How the owner may call further accounts; it cannot look like a server's."""
_OWN: Final = re.compile(r"guild:([0-9]{1,20}):([1-9][0-9]{0,9})")

AccountMap = Mapping[tuple[int, "Pool | None"], str]
"""Which account a server draws on, in one pool or (None) in all."""


class ApiKind(StrEnum):
    """Which API an account speaks."""

    OHMYGPT = "ohmygpt"
    MJ_PROXY = "mj-proxy"
    """The `/mj/submit/…` family: self-hosted proxies, gateways and resellers."""


OWN_NAME: Final = {ApiKind.OHMYGPT: DEFAULT_ACCOUNT, ApiKind.MJ_PROXY: "mj-proxy"}
"""What the jobs of the default account carry: those of another kind are never taken for its own."""


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """The account behind a key that a server brought."""

    guild_id: int
    generation: int
    """Counted from 1, never used twice: what was begun with an earlier key belongs to that one."""

    @property
    def name(self) -> str:
        """As jobs carry it."""
        return f"guild:{self.guild_id}:{self.generation}"


def read_own(name: str) -> OwnAccount | None:
    """Read the name of a server's own account; None for one of the owner's."""
    match = _OWN.fullmatch(name)
    return None if match is None else OwnAccount(int(match[1]), int(match[2]))


def is_own(name: str) -> bool:
    """Whether it is a server's own account."""
    return read_own(name) is not None


def mapped(accounts: AccountMap, guild_id: int | None, pool: Pool) -> str | None:
    """What the owner's map says of a server and a pool; the more particular line wins. None: nothing."""
    if guild_id is None:
        return None
    return accounts.get((guild_id, pool)) or accounts.get((guild_id, None))
