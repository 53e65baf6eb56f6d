"""How much a server's moderators may write in a time: changes of settings, bytes of history, acts on members and jobs.
Never here: the history itself (storage), and limits of what is not written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cachetools import LRUCache

from bot.domain.schedule import HOUR
from bot.services.admission.rate_limits import SERVERS, RateLimit

if TYPE_CHECKING:
    from bot.domain.ports import Clock
    from bot.domain.servers.guild_ports import SettingsStore
    from bot.domain.servers.guilds import AuditEntry

CHANGES: Final = 200
"""Of one server's settings in an hour: each is a write, a line of the audit and a message."""
HISTORY_BYTES: Final = 256 * 1024
"""In a day: some thousands of usual changes."""
ACTS: Final = 500
"""Of one server's moderators on members and jobs in an hour: each is a line of the history, too."""
RECALLED: Final = CHANGES + ACTS
"""Lines of the history that are read when a process hears of a server for the first time."""
OF_SETTINGS: Final = frozenset({"settings", "undo"})


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class WriteLimits:
    """What was written stands in the history, so a restart does not begin anew."""

    store: SettingsStore
    clock: Clock
    _changes: RateLimit = field(init=False)
    _bytes: RateLimit = field(init=False)
    _acts: RateLimit = field(init=False)
    _recalled: LRUCache[int, bool] = field(init=False, default_factory=lambda: LRUCache(SERVERS))

    def __post_init__(self) -> None:
        self._changes = RateLimit(self.clock, most=CHANGES, within_ms=HOUR, refusal="refused.ration_settings")
        self._bytes = RateLimit(self.clock, HISTORY_BYTES, 24 * HOUR, "refused.ration_history")
        self._acts = RateLimit(self.clock, most=ACTS, within_ms=HOUR, refusal="refused.ration_acts")

    async def take_change(self, guild_id: int) -> None:
        """Use a change of settings; raises `UserError` if none is left, or the day's history is full."""
        await self._recall(guild_id)
        self._bytes.ask(guild_id)
        self._changes.take(guild_id)

    async def take_act(self, guild_id: int) -> None:
        """Use an act on members or jobs; raises `UserError` if none is left."""
        await self._recall(guild_id)
        self._acts.take(guild_id)

    def record(self, entry: AuditEntry) -> None:
        """Count what a change took of the day's history."""
        self._bytes.count(entry.guild_id, entry.size)

    async def _recall(self, guild_id: int) -> None:
        if self._recalled.get(guild_id):
            return
        entries = await self.store.audit(guild_id, before=None, limit=RECALLED)
        if self._recalled.get(guild_id):  # somebody else did so meanwhile
            return
        for limit in (self._changes, self._bytes, self._acts):
            limit.forget(guild_id)
        for entry in reversed(entries):
            of_settings = entry.action in OF_SETTINGS
            (self._changes if of_settings else self._acts).count(guild_id, 1, at=entry.at)
            if of_settings:
                self._bytes.count(guild_id, entry.size, at=entry.at)
        self._recalled[guild_id] = True
