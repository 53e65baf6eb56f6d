"""One server of the family as one object: its manners, what its owner set, its records, and the shared service behind it.
Never here: HTTP handlers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.sandbox.mjproxy.faults import ProxyFaultPlan
from bot.sandbox.mjproxy.flavours import MANNERS, SPEEDS, Flavour, Manners
from bot.sandbox.mjproxy.records import Record, RecordBook

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.sandbox.upstream.service import Service


@dataclass(slots=True, kw_only=True)
class ProxyState:
    """State shared by all handlers."""

    flavour: Flavour
    service: Service
    guest: bool = False
    """Whether a wrong key is silently a guest."""
    fixed_speed: str | None = None
    """The speed of the account behind it, where its owner set one."""
    remix: bool = False
    """Whether the account is in Remix mode: V, reroll and pan open windows by themselves."""
    uploads: bool = True
    batch: bool = True
    """Whether `list-by-condition` is there, as with every known program."""
    lag: float = 0.0
    """Seconds between a gateway's polls; a real one's are 15."""
    server_address: str = "http://localhost:3000"
    """Where a gateway believes to be."""
    speeds_of_keys: Mapping[str, str] = field(default_factory=dict)
    """Which channel, and so which speed, a gateway's key leads to."""
    id_prefix: str = ""
    records: RecordBook = field(init=False)
    faults: ProxyFaultPlan = field(default_factory=ProxyFaultPlan)
    broken_rules: list[str] = field(default_factory=list)
    """What a client did that no client may do."""

    def __post_init__(self) -> None:
        self.records = RecordBook(prefix=self.id_prefix)

    @property
    def manners(self) -> Manners:
        """How this flavour behaves."""
        return MANNERS[self.flavour]

    def speed(self, *, key: str, prefix: str | None, modes: list[str], parent: Record | None) -> str:
        """The speed that a task runs at, whatever was asked for (family §6)."""
        if self.fixed_speed is not None:
            return self.fixed_speed
        if self.flavour is Flavour.NEW_API:
            return self.speeds_of_keys.get(key, "FAST")
        if parent is not None:
            # One proxy forgets the parent's speed, and takes whatever is fastest.
            return parent.ran if self.manners.follows_parent else "FAST"
        by_path = prefix.removeprefix("mj-").upper() if prefix else None
        if by_path in SPEEDS:
            return by_path
        wanted = [mode for mode in modes if mode in SPEEDS] if self.flavour is not Flavour.ONE_HUB else []
        return wanted[0] if wanted else "FAST"
