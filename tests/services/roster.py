"""Who is a member of which server, as Discord would say if it were asked.
Never here: assertions; tests judge."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.servers.membership import Membership
from bot.errors import RetryLater

MEMBER = Membership(role_ids=frozenset(), joined_at=None, is_moderator=False, timed_out=False, locale="en-US")


class Roster:
    """The `MemberDirectory` of tests."""

    def __init__(self) -> None:
        self.members: dict[tuple[int, int], Membership] = {}
        self.open: set[int] = set()
        """Servers in which everybody is a member who was not sent away."""
        self.gone: set[tuple[int, int]] = set()
        self.silent = False
        """Discord does not answer."""
        self.asked: list[tuple[int, int, int | None]] = []

    def add(self, guild_id: int, user_id: int, **changes: object) -> None:
        """Let somebody be a member."""
        self.members[guild_id, user_id] = replace(MEMBER, **changes)  # type: ignore[arg-type]  # its field names

    def kick(self, guild_id: int, user_id: int) -> None:
        """Send somebody away."""
        self.members.pop((guild_id, user_id), None)
        self.gone.add((guild_id, user_id))

    async def find(self, guild_id: int, user_id: int, channel_id: int | None) -> Membership | None:
        """See the port."""
        self.asked.append((guild_id, user_id, channel_id))
        if self.silent:
            raise RetryLater("outage")
        everybody = guild_id in self.open and (guild_id, user_id) not in self.gone
        return self.members.get((guild_id, user_id), MEMBER if everybody else None)
